"""Whole libraries: whatever stops a run, and wherever it is done, each row comes out once."""

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
from molxai.batch.run import chunks_of, merge
from molxai.batch.writers import FORMATS
from molxai.benchmarks.interruption import campaign
from molxai.cli import main
from molxai.explanation.inputs import Inputs, entries
from molxai.explanation.record import KEYS

POINTS = 20
"""Moments at which a run is killed."""

explain_library = partial(explain_any, chunk=12)
"""Nine parts for the table of a hundred rows."""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A hundred rows with columns of their own, three of which are no molecules."""
    lines = (ROOT / "datasets/drugs/drugs.csv").read_text().splitlines()
    drugs = [row["smiles"] for row in csv.DictReader(lines)]
    path = tmp_path_factory.mktemp("table") / "library.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["name", "smiles", "plate", "row"])
        for i in range(100):
            smiles = ["C1CC", "", "c1cc"][i // 33] if i % 33 == 13 else drugs[i % len(drugs)]
            out.writerow([f"molecule {i}", smiles, f"P{i % 7}, „x“", i * 2])
    return path


def command(source, model, output, *options):
    """Words of a command that explains a file."""
    return ["explain", str(source), "-m", str(model), "-o", str(output), *options]


def worker_with_columns(saved_model, **settings):
    """A worker for the table, with its other columns."""
    return worker_of(saved_model, extras=("plate", "row"), **settings)


@pytest.fixture(scope="module")
def undisturbed(table, saved_model, tmp_path_factory):
    output = tmp_path_factory.mktemp("whole") / "out.parquet"
    assert explain_library(
        worker_with_columns(saved_model), Inputs((str(table),)), output
    ) == Tally(100, 3)
    assert not parts_folder(output).exists()
    return output.read_bytes()


def test_every_row_is_there_once_and_in_order(undisturbed, tmp_path):
    (tmp_path / "out.parquet").write_bytes(undisturbed)
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["row"] for row in rows] == list(range(100))
    assert [row["id"] for row in rows] == [f"molecule {i}" for i in range(100)]
    assert tuple(rows[0])[: len(KEYS)] == KEYS
    bad_rows = [row for row in rows if row["status"] == "error"]
    assert [row["row"] for row in bad_rows] == [13, 46, 79]
    assert all(row["error"] and row["relevance"] is None for row in bad_rows)
    for row in rows:
        assert row["plate"] == f"P{row['row'] % 7}, „x“"
        # What records call "row" is their own, so the table's column has another name.
        assert row["input.row"] == str(2 * row["row"])
        if row["status"] == "ok":
            assert len(row["relevance"]) == Chem.MolFromSmiles(row["input"]).GetNumAtoms()
            assert abs(row["gap"]) <= 1e-3 * max(abs(row["logit"]), 1e-3)
            assert sum(row["relevance"]) == pytest.approx(row["logit"], abs=1e-4)


def test_killed_at_any_moment_it_resumes_to_the_same_bytes(table, saved_model, tmp_path):
    worker = worker_with_columns(saved_model)
    result = campaign(worker, Inputs((str(table),)), tmp_path, POINTS, 12)
    assert result.same and not result.left and result.finished >= 1
    assert result.killed >= POINTS / 2


class StoppedError(Exception):
    pass


def stop_after(after):
    """An engine that fails after so many chunks."""

    def engine(work, chunks):
        yield from islice(here(work, chunks), after)
        raise StoppedError

    return engine


def stop_run(saved_model, table, output, after=4, **settings):
    """The parts of a run that fails after so many chunks."""
    with pytest.raises(StoppedError):
        explain_library(
            worker_with_columns(saved_model, **settings),
            Inputs((str(table),)),
            output,
            stop_after(after),
        )
    return Parts(output)


@pytest.mark.parametrize("after", [0, 1, 5, 8])
def test_only_missing_parts_are_done_again(table, saved_model, undisturbed, tmp_path, after):
    output = tmp_path / "out.parquet"
    numbers = []
    stop_run(saved_model, table, output, after)

    def count(work, chunks):
        for number, table in here(work, chunks):
            numbers.append(number)
            yield number, table

    assert explain_library(
        worker_with_columns(saved_model), Inputs((str(table),)), output, count, resume=True
    ) == Tally(100, 3)
    assert numbers == list(range(after, 9)) and output.read_bytes() == undisturbed


@pytest.mark.parametrize("harm", ["truncated", "empty", "flipped", "foreign"])
def test_a_damaged_part_is_done_again(table, saved_model, undisturbed, tmp_path, harm):
    output = tmp_path / "out.parquet"
    part = stop_run(saved_model, table, output).path(2)
    content = bytearray(part.read_bytes())
    if harm == "flipped":
        content[len(content) // 3] ^= 0xFF
    contents = {
        "truncated": content[: len(content) // 2],
        "empty": b"",
        "flipped": content,
        "foreign": b"PAR1 nothing",
    }
    part.write_bytes(contents[harm])
    explain_library(worker_with_columns(saved_model), Inputs((str(table),)), output, resume=True)
    assert output.read_bytes() == undisturbed


def test_another_run_is_refused_with_the_reason(table, saved_model, tmp_path):
    output = tmp_path / "out.parquet"
    stop_run(saved_model, table, output)
    with pytest.raises(
        ValueError, match=r"out\.parquet\.parts holds an unfinished run: add --resume"
    ):
        explain_library(worker_with_columns(saved_model), Inputs((str(table),)), output)
    with pytest.raises(
        ValueError,
        match=r'with methods \["lrp"\], this one has \["gradient-input"\]: repeat its command',
    ):
        explain_library(
            worker_with_columns(saved_model, method="gradient-input"),
            Inputs((str(table),)),
            output,
            resume=True,
        )
    longer_table = tmp_path / "library.csv"
    longer_table.write_text(table.read_text() + "late,CCO,P,1\n")
    with pytest.raises(
        ValueError, match="holds an unfinished run with inputs .*SHA-256 .*--restart"
    ):
        explain_library(
            worker_with_columns(saved_model), Inputs((str(longer_table),)), output, resume=True
        )
    assert len(list(parts_folder(output).glob("part-*"))) == 4  # nothing was lost by asking


def test_shards_join_to_the_whole(table, saved_model, undisturbed, tmp_path):
    rows = Inputs((str(table),))
    together = tmp_path / "out.parquet"
    for i in (2, 0, 1):  # all into one folder
        explain_library(worker_with_columns(saved_model), rows, together, shard=(i, 3))
    assert not together.exists()
    assert merge(together, [parts_folder(together)]) == Tally(100, 3)
    assert together.read_bytes() == undisturbed
    apart = [tmp_path / f"shard-{i}.parquet" for i in range(2)]  # each on a machine of its own
    sizes = []
    for i, output in enumerate(apart):
        worker = worker_with_columns(saved_model)
        sizes.append(explain_library(worker, rows, output, shard=(i, 2)).rows)
    assert sum(sizes) == 100 and min(sizes) > 40
    whole = tmp_path / "whole.parquet"
    merge(whole, [parts_folder(output) for output in apart])
    assert whole.read_bytes() == undisturbed


def test_a_missing_shard_is_named(table, saved_model, tmp_path, capsys):
    output = tmp_path / "out.parquet"
    assert main(["merge", "-o", str(output)]) == 1
    assert "no unfinished run in" in capsys.readouterr().err
    explain_library(worker_with_columns(saved_model), Inputs((str(table),)), output, shard=(1, 2))
    assert main(["merge", "-o", str(output)]) == 1
    assert "part 0 of 9 is missing or damaged" in capsys.readouterr().err and not output.exists()
    different = tmp_path / "different.parquet"
    explain_library(
        worker_with_columns(saved_model, method="saliency"),
        Inputs((str(table),)),
        different,
        shard=(0, 2),
    )
    assert main(["merge", "-o", str(output), str(output), str(different)]) == 1
    assert "are of different runs" in capsys.readouterr().err


def test_processes_give_the_same(table, saved_model, undisturbed, tmp_path):
    output = tmp_path / "out.parquet"
    explain_library(
        worker_with_columns(saved_model),
        Inputs((str(table),)),
        output,
        partial(processes, workers=2),
    )
    assert output.read_bytes() == undisturbed


def echo(rows):
    """Light work, for workers that live shortly."""
    return pa.table({"row": rows["row"]})


class Dying:
    """Work in which the process is killed before the chunk with this row is done, so many times."""

    def __init__(self, work, marks, row, times):
        self.work = work
        self.marks = marks
        self.row = row
        self.times = times

    def __call__(self, rows):
        deaths = len(list(self.marks.iterdir()))
        if self.row in rows["row"] and deaths < self.times:
            (self.marks / str(deaths)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.work(rows)


cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not know the tests


def numbered_chunks(table):
    return ((number, rows_of(rows)) for number, rows in chunks_of(Inputs((str(table),)), 12))


def test_a_killed_worker_loses_nothing(table, tmp_path):
    tables = dict(processes(Dying(echo, tmp_path, 30, 1), numbered_chunks(table), 2))
    assert tables == dict(here(echo, numbered_chunks(table))) and len(tables) == 9
    assert len(list(tmp_path.iterdir())) == 1


def test_ray_gives_the_same_and_a_killed_actor_loses_nothing(table, saved_model, tmp_path):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    work = worker_with_columns(saved_model).table
    expected = dict(here(work, numbered_chunks(table)))
    tables = dict(on_ray(Dying(work, tmp_path, 30, 1), numbered_chunks(table), 2))
    assert tables.keys() == expected.keys()
    assert all(tables[number].equals(expected[number]) for number in tables)
    assert len(list(tmp_path.iterdir())) == 1


def test_without_ray_one_line_names_the_extra(table, saved_model, monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(command(table, saved_model, tmp_path / "o.parquet", "--engine", "ray")) == 2
    assert "pip install 'molxai[ray]'" in capsys.readouterr().err


def test_a_full_disk_keeps_what_is_done(
    table, saved_model, undisturbed, monkeypatch, capsys, tmp_path
):
    output = tmp_path / "out.parquet"
    write = parquet.ParquetWriter.write_table
    remaining = iter(range(3))

    def write_until_full(self, *args, **kwargs):
        if next(remaining, None) is None:
            raise OSError(28, "No space left on device")
        return write(self, *args, **kwargs)

    monkeypatch.setattr(parquet.ParquetWriter, "write_table", write_until_full)
    monkeypatch.setattr(library, "CHUNK", 12)
    monkeypatch.setattr(sys, "argv", ["molxai", "explain", "library.csv", "-o", "out.parquet"])
    arguments = command(table, saved_model, output, "-n", "0", "--target", "pred")
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "continue with: molxai explain library.csv -o out.parquet --resume" in error
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
    arguments = command(long, saved_model, tmp_path / "out.parquet", "-n", "1")
    program = subprocess.Popen(
        [sys.executable, "-m", "molxai.cli", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=ROOT,
    )
    parts = parts_folder(tmp_path / "out.parquet")
    deadline = time.monotonic() + 120
    while not list(parts.glob("part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to the program and to its workers
    _, error = program.communicate(timeout=60)
    assert program.returncode == 130 and "Traceback" not in error
    assert "molxai: interrupted; what is done is kept in" in error
    assert error.strip().endswith("--resume")
    assert list(parts.glob("part-*.parquet"))
    with suppress(ProcessLookupError):  # nobody is left of the program's group
        for _ in range(100):
            os.killpg(program.pid, 0)
            time.sleep(0.1)
        pytest.fail("workers outlive the program")


def test_formats_hold_the_same(table, saved_model, tmp_path):
    """Every format of one library, features included."""
    for kind in FORMATS:
        settings = worker_with_columns(saved_model, features=True, blocks=kind == ".sdf")
        explain_library(settings, Inputs((str(table),)), tmp_path / f"out{kind}")
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert json.loads((tmp_path / "out.json").read_text()) == rows
    assert [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()] == rows
    with (tmp_path / "out.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    for name in ("relevance", "features"):
        values = [json.loads(row[name] or "null") for row in cells]
        assert values == [row[name] for row in rows]
    assert [row["error"] for row in cells] == [row["error"] or "" for row in rows]


def test_sdf_sets_relevance_on_the_atoms(table, saved_model, tmp_path):
    library = Inputs((str(table),))
    explain_library(worker_with_columns(saved_model, blocks=True), library, tmp_path / "out.sdf")
    explain_library(worker_with_columns(saved_model), library, tmp_path / "out.parquet")
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    mols = list(Chem.SDMolSupplier(str(tmp_path / "out.sdf")))
    assert len(mols) == 100
    for mol, row in zip(mols, rows, strict=True):
        assert mol.GetProp("_Name") == row["id"]
        assert mol.GetProp("status") == row["status"]
        assert mol.GetProp("plate") == row["plate"]
        if row["status"] == "error":
            assert mol.GetNumAtoms() == 0 and mol.GetProp("error") == row["error"]
            continue
        assert symbols(mol) == symbols(Chem.MolFromSmiles(row["input"]))
        assert atom_relevance(mol) == pytest.approx(row["relevance"], rel=1e-5)
    # What was written can be explained again, to the same numbers.
    again = tmp_path / "again.parquet"
    explain_library(worker_of(saved_model), Inputs((str(tmp_path / "out.sdf"),)), again)
    repeated = parquet.read_table(again).to_pylist()
    logits = [row["logit"] for row in rows if row["logit"] is not None]
    assert [row["logit"] for row in repeated if row["status"] == "ok"] == pytest.approx(logits)


def symbols(mol):
    return [atom.GetSymbol() for atom in mol.GetAtoms()]


def atom_relevance(mol):
    return [atom.GetDoubleProp("molxai_relevance") for atom in mol.GetAtoms()]


def test_an_sdf_explained_again_has_the_new_relevances(table, saved_model, tmp_path):
    """And whatever stands in its properties comes through."""
    first = tmp_path / "first.sdf"
    second = tmp_path / "second.sdf"
    records = tmp_path / "second.parquet"
    copy = tmp_path / "odd.csv"
    cells = [["a\nb", "CCO", "no", ">10", "x\n\n$$$$\ny"], ["c", "CCN", "", "", ""]]
    with copy.open("w", newline="") as file:
        csv.writer(file).writerows([["name", "smiles", "_Name", "IC50", "note"], *cells])
    method = ["--method", "gradient-input", "-q"]
    assert main(command(copy, saved_model, first, "-q")) == 0
    assert main(command(first, saved_model, second, *method)) == 0
    assert main(command(first, saved_model, records, *method)) == 0
    rows = parquet.read_table(records).to_pylist()
    mols = list(Chem.SDMolSupplier(str(second)))
    assert len(mols) == len(rows) == 2
    for mol, row in zip(mols, rows, strict=True):
        assert atom_relevance(mol) == pytest.approx(row["relevance"], rel=1e-5)
        assert mol.GetProp("method") == "gradient-input"
    assert rows[0]["id"] == "a b" and rows[0]["IC50"] == ">10"
    assert rows[0]["note"].split() == ["x", "$$$$", "y"]


def test_parts_of_another_run_are_none(table, saved_model, undisturbed, tmp_path):
    """Not even where somebody deleted the manifest."""
    output = tmp_path / "out.parquet"
    parts = stop_run(saved_model, table, output, 3, method="gradient-input")
    (parts.folder / "manifest.json").unlink()
    explain_library(worker_with_columns(saved_model), Inputs((str(table),)), output)
    assert output.read_bytes() == undisturbed


@pytest.mark.parametrize("name", ["manifest.json", "total.json"])
def test_a_damaged_note_is_named(table, saved_model, capsys, tmp_path, name):
    output = tmp_path / "out.parquet"
    explain_library(worker_with_columns(saved_model), Inputs((str(table),)), output, shard=(0, 1))
    (parts_folder(output) / name).write_text("")
    assert main(["merge", "-o", str(output)]) == 1
    assert f"{name} is damaged" in capsys.readouterr().err


def test_strict_is_kept_on_resuming(table, saved_model, tmp_path):
    output = tmp_path / "out.parquet"
    parts = stop_run(saved_model, table, output, 4)
    with pytest.raises(ValueError, match="row 13: RDKit cannot read"):
        explain_library(
            worker_with_columns(saved_model),
            Inputs((str(table),)),
            output,
            resume=True,
            strict=True,
        )
    assert len(list(parts.folder.glob("part-*"))) == 4 and not output.exists()


@pytest.mark.parametrize("relevances", [True, False])
def test_memory_that_a_row_does_not_get_is_its_own_error(saved_model, monkeypatch, relevances):
    from molxai.explanation import base_explainer, explainer

    def limit(plain):
        def run(model, graphs, *rest):  # graphs, or a batch of them
            if 4 in graphs.sizes:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return plain(model, graphs, *rest)

        return run

    monkeypatch.setattr(base_explainer, "placed", limit(base_explainer.placed))
    monkeypatch.setattr(explainer, "predict_each", limit(explainer.predict_each))
    records = worker_with_columns(saved_model, relevances=relevances)(
        {"input": np.array(["CCO", "CCCN", "CC"])}
    )
    assert records["status"].tolist() == ["ok", "error", "ok"] and "allocate" in records["error"][1]


def test_digits_are_no_sdf(saved_digit_model, capsys, tmp_path):
    np.savez(tmp_path / "digits.npz", images=np.zeros((2, 28, 28), dtype=np.uint8))
    assert main(command(tmp_path / "digits.npz", saved_digit_model, tmp_path / "o.sdf")) == 2
    assert "an SDF holds molecules" in capsys.readouterr().err


def test_a_cluster_that_is_not_there_is_named(table, saved_model, capsys, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.raises(ValueError, match="nothing answers at 127.0.0.1:1 .*check --ray-address"):
        list(on_ray(echo, numbered_chunks(table), 1, "127.0.0.1:1"))
    arguments = command(table, saved_model, tmp_path / "o.csv", "--ray-address", "127.0.0.1:1")
    assert main(arguments) == 2 and "for --engine ray" in capsys.readouterr().err


def test_packed_files_are_read(table, saved_model, undisturbed, tmp_path):
    packed = tmp_path / "library.csv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes()))
    explain_library(
        worker_with_columns(saved_model), Inputs((str(packed),)), tmp_path / "out.parquet"
    )
    assert (tmp_path / "out.parquet").read_bytes() == undisturbed
    packed.write_bytes(gzip.compress(table.read_bytes())[:-20])
    assert main(command(packed, saved_model, tmp_path / "o.csv", "-n", "0")) == 1


def test_a_chunk_is_a_dictionary_of_arrays(table, saved_model):
    """What engines of other projects get and give: arrays in, arrays out."""
    rows = rows_of(list(islice(entries([str(table)]), 20)))
    assert all(isinstance(column, np.ndarray) and len(column) == 20 for column in rows.values())
    plates = [entry.extras["plate"] for entry in entries_of(rows)]
    assert plates == [f"P{i % 7}, „x“" for i in range(20)]
    records = worker_with_columns(saved_model)(rows)
    assert all(isinstance(column, np.ndarray) and len(column) == 20 for column in records.values())
    plain = worker_with_columns(saved_model)({"input": np.array(["CCO", "C1CC", "c1ccccc1"])})
    assert plain["status"].tolist() == ["ok", "error", "ok"]
    assert len(plain["relevance"][2]) == 6 and plain["row"].tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="a column 'input' of SMILES is needed"):
        worker_with_columns(saved_model)({"smiles": np.array(["CCO"])})


def test_digits_go_the_same_way(saved_digit_model, tmp_path):
    from conftest import stroke_image

    pictures = np.stack([np.roll(stroke_image(), shift, 1) for shift in range(-4, 5)] * 3)
    np.savez(tmp_path / "digits.npz", images=(255 * pictures).astype(np.uint8))
    work = worker_of(saved_digit_model)
    for engine, name in ((here, "a.parquet"), (partial(processes, workers=1), "b.parquet")):
        assert explain_library(
            work, Inputs((str(tmp_path / "digits.npz"),)), tmp_path / name, engine
        ) == Tally(27)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    rows = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert rows[5]["id"] == "digits#5" and all(len(row["relevance"]) > 40 for row in rows)


def test_predictions_go_the_same_way(table, saved_model, undisturbed, tmp_path):
    output = tmp_path / "predictions.parquet"
    worker = worker_with_columns(saved_model, relevances=False)
    parts = stop_run(saved_model, table, output, 3, relevances=False)
    tally = explain_library(worker, Inputs((str(table),)), output, resume=True)
    assert tally == Tally(100, 3)
    assert not parts.folder.exists()
    (tmp_path / "explanations.parquet").write_bytes(undisturbed)
    predictions = parquet.read_table(output).to_pylist()
    explanations = parquet.read_table(tmp_path / "explanations.parquet").to_pylist()
    for prediction, explanation in zip(predictions, explanations, strict=True):
        for name in ("id", "row", "input", "status", "error", "prediction", "plate"):
            assert prediction[name] == explanation[name]
        assert prediction["relevance"] is None
        if explanation["logit"] is None:
            assert prediction["logit"] is None
        else:
            assert prediction["logit"] == pytest.approx(abs(explanation["logit"]), abs=1e-5)


def test_large_molecules_are_records_of_errors(saved_model, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("smiles\nCCO\n" + "C" * 50 + "\n")
    output = tmp_path / "o.jsonl"
    assert main(command(table, saved_model, output, "--max-atoms", "40", "-q")) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert rows[0]["status"] == "ok"
    assert rows[1]["error"] == "50 heavy atoms: the limit is 40, remove or split the molecule"


def test_one_row_that_is_refused_takes_no_other_with_it(saved_model, monkeypatch, tmp_path):
    from molxai.explanation.explainer import Explainer

    plain = Explainer.explain

    def refuse(self, subjects, targets):
        if any(subject.smiles == "CCN" for subject in subjects):
            raise ValueError("not this one")
        return plain(self, subjects, targets)

    monkeypatch.setattr(Explainer, "explain", refuse)
    records = worker_with_columns(saved_model)({"input": np.array(["CCO", "CCN", "CCC"])})
    assert records["status"].tolist() == ["ok", "error", "ok"]
    assert records["error"][1] == "not this one"


def test_extra_columns_can_be_left_out(table, saved_model, tmp_path):
    output = tmp_path / "o.parquet"
    assert main(command(table, saved_model, output, "--drop-extra-columns", "-q", "-n", "0")) == 0
    assert tuple(parquet.read_schema(output).names) == KEYS


def test_the_input_is_not_written_over(table, saved_model, capsys, tmp_path):
    copy = tmp_path / "library.csv"
    copy.write_bytes(table.read_bytes())
    assert main(command(copy, saved_model, tmp_path / "." / "library.csv")) == 2
    assert "is the input" in capsys.readouterr().err and copy.read_bytes() == table.read_bytes()


def test_columns_of_any_name_are_carried(saved_model, tmp_path):
    names = ["smiles", "row", "input.row", "content", "extra:x", "größe, „a“", "kind"]
    copy = tmp_path / "odd.csv"
    with copy.open("w", newline="") as file:
        csv.writer(file).writerows([names, ["CCO", "a", "b", "c", "d", "e\nf", "g"]])
    assert main(command(copy, saved_model, tmp_path / "o.parquet", "-q")) == 0
    (row,) = parquet.read_table(tmp_path / "o.parquet").to_pylist()
    assert row["row"] == 0 and row["input.row"] == "a" and row["input.input.row"] == "b"
    assert row["content"] == "c" and row["extra:x"] == "d"
    assert row["größe, „a“"] == "e\nf" and row["kind"] == "g"


def test_strict_writes_nothing(table, saved_model, capsys, tmp_path):
    output = tmp_path / "o.parquet"
    assert main(command(table, saved_model, output, "--strict", "-q", "-n", "0")) == 1
    assert "row 13: RDKit cannot read" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_bad_usage_of_shards(table, saved_model, capsys, tmp_path):
    for shard in ("3/3", "1", "a/b", "-1/2"):
        arguments = command(table, saved_model, tmp_path / "o.parquet", f"--shard={shard}")
        assert main(arguments) == 2 and "i/n is needed" in capsys.readouterr().err
    assert main(["explain", "CCO", "--resume"]) == 2
    assert "leave out --resume" in capsys.readouterr().err
    folder = tmp_path / "maps"
    assert main(command(table, saved_model, folder, "--shard=0/2")) == 2
    assert "--shard is for files of records" in capsys.readouterr().err and not folder.exists()


def test_types_of_columns(undisturbed, tmp_path):
    (tmp_path / "out.parquet").write_bytes(undisturbed)
    columns = parquet.read_schema(tmp_path / "out.parquet")
    assert columns.field("relevance").type == pa.list_(pa.float32())
    assert columns.field("gap").type == pa.float64()
    assert columns.field("row").type == pa.int64()
    assert columns.field("prediction").type == pa.string()
