"""Whole libraries: whatever stops a run, and wherever it is done, the same rows come out, each once."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from itertools import islice

import cloudpickle
import numpy as np
import pyarrow as pa
import pytest
from batch_runs import explain_library as explain_any
from batch_runs import worker_of
from conftest import ROOT
from pyarrow import parquet
from rdkit import Chem

from molxai.batch import run as library
from molxai.batch.checkpoint import Parts, Tally, parts_folder
from molxai.batch.columns import entries_of, rows_of
from molxai.batch.engines import here, on_ray, processes
from molxai.batch.records import FORMATS
from molxai.batch.run import Library, merge
from molxai.benchmarks.interruption import campaign
from molxai.cli import main
from molxai.explanation.inputs import entries
from molxai.explanation.record import KEYS

POINTS = 20
"""Moments at which a run is killed."""

explain_library = partial(explain_any, chunk=12)
"""Nine parts for the table of a hundred rows."""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A hundred rows with columns of their own, three of which are no molecules."""
    drugs = [
        one["smiles"]
        for one in csv.DictReader((ROOT / "datasets/drugs/drugs.csv").read_text().splitlines())
    ]
    path = tmp_path_factory.mktemp("table") / "library.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["name", "smiles", "plate", "row"])
        for i in range(100):
            smiles = ["C1CC", "", "c1cc"][i // 33] if i % 33 == 13 else drugs[i % len(drugs)]
            out.writerow([f"molecule {i}", smiles, f"P{i % 7}, „x“", i * 2])
    return path


def attribution(saved_model, **settings):
    return worker_of(saved_model, extras=("plate", "row"), **settings)


@pytest.fixture(scope="module")
def undisturbed(table, saved_model, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "out.parquet"
    assert explain_library(attribution(saved_model), Library((str(table),)), output) == Tally(
        100, 3
    )
    assert not parts_folder(output).exists()
    return output.read_bytes()


def test_every_row_is_there_once_and_in_order(undisturbed, tmp_path):
    (tmp_path / "out.parquet").write_bytes(undisturbed)
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [one["row"] for one in rows] == list(range(100)) and [one["id"] for one in rows] == [
        f"molecule {i}" for i in range(100)
    ]
    assert tuple(rows[0])[: len(KEYS)] == KEYS
    failed = [one for one in rows if one["status"] == "error"]
    assert [one["row"] for one in failed] == [13, 46, 79] and all(
        one["error"] and one["relevance"] is None for one in failed
    )
    for one in rows:
        assert one["plate"] == f"P{one['row'] % 7}, „x“" and one["input.row"] == str(
            2 * one["row"]
        )  # what records call "row" is theirs
        if one["status"] == "ok":
            assert len(one["relevance"]) == Chem.MolFromSmiles(one["input"]).GetNumAtoms()
            assert abs(one["gap"]) <= 1e-3 * max(abs(one["logit"]), 1e-3)
            assert sum(one["relevance"]) == pytest.approx(one["logit"], abs=1e-4)


def test_killed_at_any_moment_it_resumes_to_the_same_bytes(table, saved_model, tmp_path):
    found = campaign(attribution(saved_model), Library((str(table),)), tmp_path, POINTS, 12)
    assert found.same and not found.left and found.finished >= 1
    assert found.killed >= POINTS / 2


class StoppedError(Exception):
    pass


def stopping(after):
    """An engine that fails after so many chunks."""

    def engine(work, chunks):
        yield from islice(here(work, chunks), after)
        raise StoppedError

    return engine


def stopped(saved_model, table, output, after=4, **settings):
    with pytest.raises(StoppedError):
        explain_library(
            attribution(saved_model, **settings), Library((str(table),)), output, stopping(after)
        )
    return Parts(output)


@pytest.mark.parametrize("after", [0, 1, 5, 8])
def test_only_missing_parts_are_done_again(table, saved_model, undisturbed, tmp_path, after):
    output, done = tmp_path / "out.parquet", []
    stopped(saved_model, table, output, after)

    def counting(work, chunks):
        for place, made in here(work, chunks):
            done.append(place)
            yield place, made

    assert explain_library(
        attribution(saved_model), Library((str(table),)), output, counting, resume=True
    ) == Tally(100, 3)
    assert done == list(range(after, 9)) and output.read_bytes() == undisturbed


@pytest.mark.parametrize("harm", ["truncated", "empty", "flipped", "foreign"])
def test_a_damaged_part_is_done_again(table, saved_model, undisturbed, tmp_path, harm):
    output = tmp_path / "out.parquet"
    part = stopped(saved_model, table, output).path(2)
    content = bytearray(part.read_bytes())
    if harm == "flipped":
        content[len(content) // 3] ^= 0xFF
    part.write_bytes(
        {
            "truncated": content[: len(content) // 2],
            "empty": b"",
            "flipped": content,
            "foreign": b"PAR1 nothing",
        }[harm]
    )
    explain_library(attribution(saved_model), Library((str(table),)), output, resume=True)
    assert output.read_bytes() == undisturbed


def test_another_run_is_refused_with_the_reason(table, saved_model, tmp_path):
    output = tmp_path / "out.parquet"
    stopped(saved_model, table, output)
    with pytest.raises(
        ValueError, match=r"out\.parquet\.parts holds an unfinished run: add --resume"
    ):
        explain_library(attribution(saved_model), Library((str(table),)), output)
    with pytest.raises(
        ValueError, match=r'with method "lrp", this one has "gradient-input": repeat its command'
    ):
        explain_library(
            attribution(saved_model, method="gradient-input"),
            Library((str(table),)),
            output,
            resume=True,
        )
    other = tmp_path / "library.csv"
    other.write_text(table.read_text() + "late,CCO,P,1\n")
    with pytest.raises(
        ValueError, match="holds an unfinished run with inputs .*SHA-256 .*--restart"
    ):
        explain_library(attribution(saved_model), Library((str(other),)), output, resume=True)
    assert len(list(parts_folder(output).glob("part-*"))) == 4  # nothing was lost by asking


def test_shards_join_to_the_whole(table, saved_model, undisturbed, tmp_path):
    rows, together = Library((str(table),)), tmp_path / "out.parquet"
    for i in (2, 0, 1):  # all into one folder
        explain_library(attribution(saved_model), rows, together, shard=(i, 3))
    assert not together.exists()
    assert (
        merge(together, [parts_folder(together)]) == Tally(100, 3)
        and together.read_bytes() == undisturbed
    )
    apart = [tmp_path / f"shard-{i}.parquet" for i in range(2)]  # each on a machine of its own
    counts = [
        explain_library(attribution(saved_model), rows, one, shard=(i, 2))
        for i, one in enumerate(apart)
    ]
    assert sum(one.rows for one in counts) == 100 and min(one.rows for one in counts) > 40
    joined = tmp_path / "joined.parquet"
    merge(joined, [parts_folder(one) for one in apart])
    assert joined.read_bytes() == undisturbed


def test_a_missing_shard_is_named(table, saved_model, tmp_path, capsys):
    output = tmp_path / "out.parquet"
    assert main(["merge", "-o", str(output)]) == 1
    assert "no unfinished run in" in capsys.readouterr().err
    explain_library(attribution(saved_model), Library((str(table),)), output, shard=(1, 2))
    assert main(["merge", "-o", str(output)]) == 1
    assert "part 0 of 9 is missing or damaged" in capsys.readouterr().err and not output.exists()
    other = tmp_path / "other.parquet"
    explain_library(
        attribution(saved_model, method="saliency"), Library((str(table),)), other, shard=(0, 2)
    )
    assert main(["merge", "-o", str(output), str(output), str(other)]) == 1
    assert "are of different runs" in capsys.readouterr().err


def test_processes_give_the_same(table, saved_model, undisturbed, tmp_path):
    output = tmp_path / "out.parquet"
    explain_library(
        attribution(saved_model), Library((str(table),)), output, partial(processes, workers=2)
    )
    assert output.read_bytes() == undisturbed


def echo(rows):
    """Light work, for workers that live shortly."""
    return pa.table({"row": rows["row"]})


class Dying:
    """Work in which the process is killed before the chunk with this row is done, so many times."""

    def __init__(self, work, marks, row, times):
        self.work, self.marks, self.row, self.times = work, marks, row, times

    def __call__(self, rows):
        died = len(list(self.marks.iterdir()))
        if self.row in rows["row"] and died < self.times:
            (self.marks / str(died)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.work(rows)


cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not know the tests


def numbered(table):
    return ((place, rows_of(rows)) for place, rows in Library((str(table),)).chunks(12))


def test_a_killed_worker_loses_nothing(table, tmp_path):
    found = dict(processes(Dying(echo, tmp_path, 30, 1), numbered(table), 2))
    assert found == dict(here(echo, numbered(table))) and len(found) == 9
    assert len(list(tmp_path.iterdir())) == 1


def test_ray_gives_the_same_and_a_killed_actor_loses_nothing(table, saved_model, tmp_path):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    work = attribution(saved_model).table
    expected = dict(here(work, numbered(table)))
    found = dict(on_ray(Dying(work, tmp_path, 30, 1), numbered(table), 2))
    assert found.keys() == expected.keys() and all(
        found[place].equals(expected[place]) for place in found
    )
    assert len(list(tmp_path.iterdir())) == 1


def test_without_ray_one_line_names_the_extra(table, saved_model, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert (
        main(
            [
                "explain",
                str(table),
                "-m",
                str(saved_model),
                "-o",
                str(tmp_path / "o.parquet"),
                "--engine",
                "ray",
            ]
        )
        == 2
    )
    assert "pip install 'molxai[ray]'" in capsys.readouterr().err


def test_a_full_disk_keeps_what_is_done(
    table, saved_model, undisturbed, monkeypatch, capsys, tmp_path
):
    output, write, left = (
        tmp_path / "out.parquet",
        parquet.ParquetWriter.write_table,
        iter(range(3)),
    )

    def full(self, *args, **kwargs):
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        return write(self, *args, **kwargs)

    monkeypatch.setattr(parquet.ParquetWriter, "write_table", full)
    monkeypatch.setattr(library, "CHUNK", 12)
    monkeypatch.setattr(sys, "argv", ["molxai", "explain", "library.csv", "-o", "out.parquet"])
    arguments = [
        "explain",
        str(table),
        "-m",
        str(saved_model),
        "-o",
        str(output),
        "-n",
        "0",
        "--target",
        "pred",
    ]
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert (
        "No space left on device" in said
        and "go on with: molxai explain library.csv -o out.parquet --resume" in said
    )
    assert len(list(parts_folder(output).glob("part-*"))) == 3 and not output.exists()
    monkeypatch.undo()
    monkeypatch.setattr(library, "CHUNK", 12)
    assert main([*arguments, "--resume"]) == 0
    assert output.read_bytes() == undisturbed


def test_ctrl_c_ends_workers_and_names_the_command(table, saved_model, tmp_path):
    """As the installed program, with worker processes, on a file that takes long."""
    long = tmp_path / "long.csv"
    lines = table.read_text().splitlines()
    long.write_text("\n".join([lines[0], *lines[1:13] * 2000]))
    command = [
        sys.executable,
        "-m",
        "molxai.cli",
        "explain",
        str(long),
        "-m",
        str(saved_model),
        "-o",
        str(tmp_path / "out.parquet"),
        "-n",
        "1",
    ]
    program = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=ROOT
    )
    parts = parts_folder(tmp_path / "out.parquet")
    deadline = time.monotonic() + 120
    while not list(parts.glob("part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to the program and to its workers
    _, said = program.communicate(timeout=60)
    assert program.returncode == 130 and "Traceback" not in said
    assert "molxai: interrupted; what is done is kept in" in said and said.strip().endswith(
        "--resume"
    )
    assert list(parts.glob("part-*.parquet"))
    with suppress(ProcessLookupError):  # nobody is left of the program's group
        for _ in range(100):
            os.killpg(program.pid, 0)
            time.sleep(0.1)
        pytest.fail("workers outlive the program")


def test_formats_hold_the_same(table, saved_model, tmp_path):
    """Every format of one library, features included."""
    for kind in FORMATS:
        settings = attribution(saved_model, features=True, blocks=kind == ".sdf")
        explain_library(settings, Library((str(table),)), tmp_path / f"out{kind}")
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert json.loads((tmp_path / "out.json").read_text()) == rows
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == rows
    with (tmp_path / "out.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert [json.loads(one["relevance"] or "null") for one in cells] == [
        one["relevance"] for one in rows
    ]
    assert [json.loads(one["features"] or "null") for one in cells] == [
        one["features"] for one in rows
    ]
    assert [one["error"] for one in cells] == [one["error"] or "" for one in rows]


def test_sdf_sets_relevance_on_the_atoms(table, saved_model, tmp_path):
    explain_library(
        attribution(saved_model, blocks=True), Library((str(table),)), tmp_path / "out.sdf"
    )
    explain_library(attribution(saved_model), Library((str(table),)), tmp_path / "out.parquet")
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    read = list(Chem.SDMolSupplier(str(tmp_path / "out.sdf")))
    assert len(read) == 100
    for mol, one in zip(read, rows, strict=True):
        assert (
            mol.GetProp("_Name") == one["id"]
            and mol.GetProp("status") == one["status"]
            and mol.GetProp("plate") == one["plate"]
        )
        if one["status"] == "error":
            assert mol.GetNumAtoms() == 0 and mol.GetProp("error") == one["error"]
            continue
        assert [atom.GetSymbol() for atom in mol.GetAtoms()] == [
            atom.GetSymbol() for atom in Chem.MolFromSmiles(one["input"]).GetAtoms()
        ]
        assert [atom.GetDoubleProp("molxai_relevance") for atom in mol.GetAtoms()] == pytest.approx(
            one["relevance"], rel=1e-5
        )
    again = (
        tmp_path / "again.parquet"
    )  # what was written can be explained again, to the same numbers
    explain_library(worker_of(saved_model), Library((str(tmp_path / "out.sdf"),)), again)
    repeated = parquet.read_table(again).to_pylist()
    assert [one["logit"] for one in repeated if one["status"] == "ok"] == pytest.approx(
        [one["logit"] for one in rows if one["logit"] is not None]
    )


def test_an_sdf_explained_again_has_the_new_relevances(table, saved_model, tmp_path):
    """And whatever stands in its properties comes through."""
    first, second = tmp_path / "one.sdf", tmp_path / "two.sdf"
    copy = tmp_path / "odd.csv"
    rows = [["a\nb", "CCO", "no", ">10", "x\n\n$$$$\ny"], ["c", "CCN", "", "", ""]]
    with copy.open("w", newline="") as file:
        csv.writer(file).writerows([["name", "smiles", "_Name", "IC50", "note"], *rows])
    again = [
        "explain",
        str(first),
        "-m",
        str(saved_model),
        "--method",
        "gradient-input",
        "-q",
        "-o",
    ]
    assert main(["explain", str(copy), "-m", str(saved_model), "-o", str(first), "-q"]) == 0
    assert main([*again, str(second)]) == 0 and main([*again, str(tmp_path / "two.parquet")]) == 0
    rows, read = (
        parquet.read_table(tmp_path / "two.parquet").to_pylist(),
        list(Chem.SDMolSupplier(str(second))),
    )
    assert len(read) == len(rows) == 2
    for mol, one in zip(read, rows, strict=True):
        assert [atom.GetDoubleProp("molxai_relevance") for atom in mol.GetAtoms()] == pytest.approx(
            one["relevance"], rel=1e-5
        )
        assert mol.GetProp("method") == "gradient-input"
    assert (
        rows[0]["id"] == "a b"
        and rows[0]["IC50"] == ">10"
        and rows[0]["note"].split() == ["x", "$$$$", "y"]
    )


def test_parts_of_another_run_are_none(table, saved_model, undisturbed, tmp_path):
    """Not even where somebody deleted the manifest."""
    output = tmp_path / "out.parquet"
    parts = stopped(saved_model, table, output, 3, method="gradient-input")
    (parts.folder / "manifest.json").unlink()
    explain_library(attribution(saved_model), Library((str(table),)), output)
    assert output.read_bytes() == undisturbed


@pytest.mark.parametrize("name", ["manifest.json", "total.json"])
def test_a_damaged_note_is_named(table, saved_model, capsys, tmp_path, name):
    output = tmp_path / "out.parquet"
    explain_library(attribution(saved_model), Library((str(table),)), output, shard=(0, 1))
    (parts_folder(output) / name).write_text("")
    assert main(["merge", "-o", str(output)]) == 1
    assert f"{name} is damaged" in capsys.readouterr().err


def test_strict_is_kept_on_resuming(table, saved_model, tmp_path):
    output = tmp_path / "out.parquet"
    parts = stopped(saved_model, table, output, 4)
    with pytest.raises(ValueError, match="row 13: RDKit cannot read"):
        explain_library(
            attribution(saved_model), Library((str(table),)), output, resume=True, strict=True
        )
    assert len(list(parts.folder.glob("part-*"))) == 4 and not output.exists()


@pytest.mark.parametrize("relevances", [True, False])
def test_memory_that_a_row_does_not_get_is_its_own_error(saved_model, monkeypatch, relevances):
    from molxai.batch import rows as batch
    from molxai.explanation import explainer

    def refusing(plain):
        def run(model, graphs, *rest):
            if any(one.nodes == 4 for one in graphs):
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return plain(model, graphs, *rest)

        return run

    monkeypatch.setattr(explainer, "batch_for", refusing(explainer.batch_for))
    monkeypatch.setattr(batch, "predict_each", refusing(batch.predict_each))
    made = attribution(saved_model, relevances=relevances)(
        {"input": np.array(["CCO", "CCCN", "CC"])}
    )
    assert made["status"].tolist() == ["ok", "error", "ok"] and "allocate" in made["error"][1]


def test_digits_are_no_sdf(saved_digit_model, capsys, tmp_path):
    np.savez(tmp_path / "digits.npz", images=np.zeros((2, 28, 28), dtype=np.uint8))
    assert (
        main(
            [
                "explain",
                str(tmp_path / "digits.npz"),
                "-m",
                str(saved_digit_model),
                "-o",
                str(tmp_path / "o.sdf"),
            ]
        )
        == 2
    )
    assert "an SDF holds molecules" in capsys.readouterr().err


def test_a_cluster_that_is_not_there_is_named(table, saved_model, capsys, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.raises(ValueError, match="nothing answers at 127.0.0.1:1 .*check --ray-address"):
        list(on_ray(echo, numbered(table), 1, "127.0.0.1:1"))
    arguments = [
        "explain",
        str(table),
        "-m",
        str(saved_model),
        "-o",
        str(tmp_path / "o.csv"),
        "--ray-address",
        "127.0.0.1:1",
    ]
    assert main(arguments) == 2 and "for --engine ray" in capsys.readouterr().err


def test_packed_files_are_read(table, saved_model, undisturbed, tmp_path):
    packed = tmp_path / "library.csv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes()))
    explain_library(attribution(saved_model), Library((str(packed),)), tmp_path / "out.parquet")
    assert (tmp_path / "out.parquet").read_bytes() == undisturbed
    packed.write_bytes(gzip.compress(table.read_bytes())[:-20])
    assert (
        main(
            [
                "explain",
                str(packed),
                "-m",
                str(saved_model),
                "-o",
                str(tmp_path / "o.csv"),
                "-n",
                "0",
            ]
        )
        == 1
    )


def test_a_chunk_is_a_dictionary_of_arrays(table, saved_model):
    """What engines of other makes are handed: arrays in, arrays out."""
    rows = rows_of(list(islice(entries([str(table)]), 20)))
    assert all(isinstance(column, np.ndarray) and len(column) == 20 for column in rows.values())
    assert [one.extras["plate"] for one in entries_of(rows)] == [
        f"P{i % 7}, „x“" for i in range(20)
    ]
    made = attribution(saved_model)(rows)
    assert all(isinstance(column, np.ndarray) and len(column) == 20 for column in made.values())
    plain = attribution(saved_model)({"input": np.array(["CCO", "C1CC", "c1ccccc1"])})
    assert (
        plain["status"].tolist() == ["ok", "error", "ok"]
        and len(plain["relevance"][2]) == 6
        and plain["row"].tolist() == [0, 1, 2]
    )
    with pytest.raises(ValueError, match="a column 'input' of SMILES is needed"):
        attribution(saved_model)({"smiles": np.array(["CCO"])})


def test_digits_go_the_same_way(saved_digit_model, tmp_path):
    from conftest import stroke_image

    pictures = np.stack([np.roll(stroke_image(), shift, 1) for shift in range(-4, 5)] * 3)
    np.savez(tmp_path / "digits.npz", images=(255 * pictures).astype(np.uint8))
    work = worker_of(saved_digit_model)
    for engine, name in ((here, "a.parquet"), (partial(processes, workers=1), "b.parquet")):
        assert explain_library(
            work, Library((str(tmp_path / "digits.npz"),)), tmp_path / name, engine
        ) == Tally(27)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    rows = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert rows[5]["id"] == "digits#5" and all(len(one["relevance"]) > 40 for one in rows)


def test_predictions_go_the_same_way(table, saved_model, undisturbed, tmp_path):
    output = tmp_path / "said.parquet"
    settings = {"relevances": False}
    parts = stopped(saved_model, table, output, 3, **settings)
    assert explain_library(
        attribution(saved_model, **settings), Library((str(table),)), output, resume=True
    ) == Tally(100, 3)
    assert not parts.folder.exists()
    (tmp_path / "out.parquet").write_bytes(undisturbed)
    said, known = (
        parquet.read_table(tmp_path / name).to_pylist() for name in ("said.parquet", "out.parquet")
    )
    for one, other in zip(said, known, strict=True):
        same = ("id", "row", "input", "status", "error", "prediction", "plate")
        assert [one[name] for name in same] == [other[name] for name in same] and one[
            "relevance"
        ] is None
        assert (one["logit"] is None) == (other["logit"] is None)
        assert one["logit"] is None or one["logit"] == pytest.approx(abs(other["logit"]), abs=1e-5)


def test_large_molecules_are_records_of_errors(saved_model, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("smiles\nCCO\n" + "C" * 50 + "\n")
    output = tmp_path / "o.jsonl"
    assert (
        main(
            [
                "explain",
                str(table),
                "-m",
                str(saved_model),
                "-o",
                str(output),
                "--max-atoms",
                "40",
                "-q",
            ]
        )
        == 0
    )
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert (
        rows[0]["status"] == "ok"
        and rows[1]["error"] == "50 heavy atoms: the limit is 40, remove or split the molecule"
    )


def test_one_row_that_is_refused_takes_no_other_with_it(saved_model, monkeypatch, tmp_path):
    from molxai.explanation.explainer import Explainer

    plain = Explainer.explain

    def refusing(self, subjects, targets):
        if any(one.smiles == "CCN" for one in subjects):
            raise ValueError("not this one")
        return plain(self, subjects, targets)

    monkeypatch.setattr(Explainer, "explain", refusing)
    made = attribution(saved_model)({"input": np.array(["CCO", "CCN", "CCC"])})
    assert made["status"].tolist() == ["ok", "error", "ok"] and made["error"][1] == "not this one"


def test_extra_columns_can_be_left_out(table, saved_model, tmp_path):
    output = tmp_path / "o.parquet"
    assert (
        main(
            [
                "explain",
                str(table),
                "-m",
                str(saved_model),
                "-o",
                str(output),
                "--drop-extra-columns",
                "-q",
                "-n",
                "0",
            ]
        )
        == 0
    )
    assert tuple(parquet.read_schema(output).names) == KEYS


def test_the_input_is_not_written_over(table, saved_model, capsys, tmp_path):
    copy = tmp_path / "library.csv"
    copy.write_bytes(table.read_bytes())
    assert (
        main(
            [
                "explain",
                str(copy),
                "-m",
                str(saved_model),
                "-o",
                str(tmp_path / "." / "library.csv"),
            ]
        )
        == 2
    )
    assert "is the input" in capsys.readouterr().err and copy.read_bytes() == table.read_bytes()


def test_columns_of_any_name_are_carried(saved_model, tmp_path):
    names = ["smiles", "row", "input.row", "content", "extra:x", "größe, „a“", "kind"]
    copy = tmp_path / "odd.csv"
    with copy.open("w", newline="") as file:
        csv.writer(file).writerows([names, ["CCO", "a", "b", "c", "d", "e\nf", "g"]])
    assert (
        main(
            ["explain", str(copy), "-m", str(saved_model), "-o", str(tmp_path / "o.parquet"), "-q"]
        )
        == 0
    )
    (one,) = parquet.read_table(tmp_path / "o.parquet").to_pylist()
    assert one["row"] == 0 and one["input.row"] == "a" and one["input.input.row"] == "b"
    assert [one[name] for name in ("content", "extra:x", "größe, „a“", "kind")] == [
        "c",
        "d",
        "e\nf",
        "g",
    ]


def test_strict_writes_nothing(table, saved_model, capsys, tmp_path):
    output = tmp_path / "o.parquet"
    assert (
        main(
            [
                "explain",
                str(table),
                "-m",
                str(saved_model),
                "-o",
                str(output),
                "--strict",
                "-q",
                "-n",
                "0",
            ]
        )
        == 1
    )
    assert "row 13: RDKit cannot read" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_bad_usage_of_shards(table, saved_model, capsys, tmp_path):
    for shard in ("3/3", "1", "a/b", "-1/2"):
        arguments = [
            "explain",
            str(table),
            "-m",
            str(saved_model),
            "-o",
            str(tmp_path / "o.parquet"),
            f"--shard={shard}",
        ]
        assert main(arguments) == 2 and "i/n is needed" in capsys.readouterr().err
    assert main(["explain", "CCO", "--resume"]) == 2
    assert "give -o with" in capsys.readouterr().err


def test_types_of_columns(undisturbed, tmp_path):
    (tmp_path / "out.parquet").write_bytes(undisturbed)
    columns = parquet.read_schema(tmp_path / "out.parquet")
    assert (
        columns.field("relevance").type == pa.list_(pa.float32())
        and columns.field("gap").type == pa.float64()
    )
    assert (
        columns.field("row").type == pa.int64() and columns.field("prediction").type == pa.string()
    )
