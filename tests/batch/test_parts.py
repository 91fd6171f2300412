"""The folder of an unfinished run: damaged parts are done again or named in one line.

No two runs work in it at once.
"""

import json
import os
import random
import signal
import subprocess
import sys

import pyarrow as pa
import pytest
from batch_runs import explain_library, worker_of
from conftest import ROOT
from pyarrow import parquet

from molxai.batch.checkpoint import MANIFEST, RUN, TOTAL, Parts, Tally, parts_folder
from molxai.batch.locks import WHOLE
from molxai.batch.run import merge
from molxai.cli import main
from molxai.explanation.inputs import Inputs

DAMAGED = 60
"""Damaged folders."""

CHUNK = 4


@pytest.fixture(scope="module")
def run(saved_model, tmp_path_factory):
    """A run with all chunks done but not joined yet, and what they are joined to."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "t.csv").write_text(
        "smiles\n" + "\n".join("C" * n + "O" for n in range(1, 11)) + "\n"
    )
    work = worker_of(saved_model)
    rows = Inputs((str(folder / "t.csv"),))
    explain_library(work, rows, folder / "o.jsonl", shard=(0, 1), chunk=CHUNK)
    explain_library(work, rows, folder / "whole.jsonl", chunk=CHUNK)
    return work, rows, parts_folder(folder / "o.jsonl"), (folder / "whole.jsonl").read_bytes()


@pytest.fixture
def again(run, tmp_path):
    """A copy of that run's folder: its output, how to resume it, and the whole output."""
    work, rows, parts, whole = run
    output = tmp_path / "o.jsonl"
    copy(parts, parts_folder(output))
    return output, lambda: explain_library(work, rows, output, resume=True, chunk=CHUNK), whole


def copy(source, target):
    target.mkdir(exist_ok=True)
    for path in target.iterdir():
        path.unlink()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


ODD = [
    "",
    "{}",
    "[]",
    "null",
    '"text"',
    "7",
    "[" * 3000,
    '{"chunks": {}, "rows": 3}',
    '{"chunks": "3", "rows": "10"}',
]
ODD += [
    '{"chunks": -3, "rows": 10}',
    '{"chunks": 3, "rows": 2}',
    '{"chunks": true, "rows": 10}',
    '{"chunks": 1e400, "rows": 10}',
]
ODD += ['{"chunks": 99999999999, "rows": 99999999999}', "\x00", '{"rows": 10}']


@pytest.mark.parametrize("content", ODD)
@pytest.mark.parametrize("name", [MANIFEST, TOTAL])
def test_a_damaged_note_costs_a_line(again, capsys, name, content):
    output, resume, whole = again
    (parts_folder(output) / name).write_text(content)
    assert main(["merge", "-o", str(output), "-q"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("molxai: ")
    if name == TOTAL:  # it is written anew
        assert resume() == Tally(10) and output.read_bytes() == whole
    else:
        with pytest.raises(
            ValueError, match="manifest.json is damaged|holds an unfinished run with"
        ):
            resume()


def rewrite(path, change):
    """Change a part, which belongs to its run all the same."""
    table = parquet.read_table(path)
    metadata = {RUN: table.schema.metadata[RUN]}
    parquet.write_table(change(table).replace_schema_metadata(metadata), path)


CHANGES = {
    "no rows": lambda table: table.slice(0, 0),
    "fewer rows": lambda table: table.slice(0, 2),
    "no columns": lambda table: table.select([]),
    "a column less": lambda table: table.drop_columns(["status"]),
    "rows twice": lambda table: pa.concat_tables([table, table]),
    "other rows": lambda table: table.set_column(1, "row", pa.array([7, 7, 7, 7])),
    "rows without numbers": lambda table: table.set_column(
        1, "row", pa.array([None] * 4, pa.int64())
    ),
    "text for numbers": lambda table: table.set_column(1, "row", pa.array(list("abcd"))),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("number", [0, 1])
def test_a_part_that_cannot_be_of_the_run_is_missing(again, capsys, change, number):
    output, resume, whole = again
    rewrite(Parts(output).path(number), CHANGES[change])
    assert main(["merge", "-o", str(output), "-q"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "is missing or damaged" in error or "of different runs" in error
    if change != "fewer rows":
        assert resume() == Tally(10) and output.read_bytes() == whole


def test_damaged_folders_are_joined_rightly_or_told_in_a_line(run, tmp_path):
    """A seeded campaign of flipped, cut, missing and exchanged files."""
    chance = random.Random(29)
    failures = 0
    _, _, parts, whole = run
    output = tmp_path / "o.jsonl"
    for _ in range(DAMAGED):
        folder = parts_folder(output)
        copy(parts, folder)
        harm(folder, chance)
        try:
            merge(output, [folder])
        except (ValueError, OSError) as error:
            failures += 1
            assert "\n" not in str(error)
        else:
            assert output.read_bytes() == whole
    assert failures > DAMAGED / 2


def harm(folder, chance):
    path = chance.choice(sorted(folder.iterdir()))
    content = bytearray(path.read_bytes())
    kind = chance.choice(["flip", "flip", "cut", "remove", "exchange", "empty"])
    if kind == "flip" and content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del content[chance.randrange(len(content) + 1) :]
    elif kind == "remove":
        path.unlink()
        return
    elif kind == "exchange":
        content = bytearray(chance.choice(sorted(folder.iterdir())).read_bytes())
    else:
        content = bytearray()
    path.write_bytes(content)


def test_another_method_meets_a_run_at_work_and_stops(run, tmp_path, saved_model, capsys):
    """And a lock that nobody holds any longer blocks nobody."""
    work, rows, _, whole = run
    output = tmp_path / "o.jsonl"
    meetings = []

    def meet(do, chunks):
        for number, chunk in chunks:
            if not meetings:
                arguments = [
                    "explain",
                    rows.sources[0],
                    "-m",
                    str(saved_model),
                    "--method",
                    "saliency",
                    "-o",
                    str(output),
                    "--restart",
                ]
                meetings.append(
                    subprocess.run(
                        [sys.executable, "-m", "molxai.cli", *arguments],
                        cwd=ROOT,
                        capture_output=True,
                        text=True,
                    )
                )
            yield number, do(chunk)

    assert explain_library(work, rows, output, meet, chunk=CHUNK) == Tally(10)
    assert output.read_bytes() == whole
    error = meetings[0].stderr
    assert meetings[0].returncode == 1 and error.count("\n") == 1
    assert f"another run (process {os.getpid()} on " in error and "is at work on" in error
    folder = parts_folder(output)
    folder.mkdir()
    (folder / WHOLE).write_text("process 1 on elsewhere, since 2001-01-01 00:00:00")
    assert explain_library(work, rows, output, chunk=CHUNK) == Tally(10)


HOLDER = """
import sys, time
from pathlib import Path
from molxai.batch.locks import alone_in
shard = tuple(map(int, sys.argv[2:])) or None
with alone_in(Path(sys.argv[1]), shard):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ((), (), False),
        ((), (0, 2), False),
        ((0, 2), (), False),
        ((0, 2), (0, 2), False),
        ((0, 2), (1, 2), True),
    ],
)
def test_shards_work_beside_each_other_and_whole_runs_alone(tmp_path, first, second, together):
    from molxai.batch.locks import alone_in

    command = [sys.executable, "-c", HOLDER, str(tmp_path), *map(str, first)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout.readline() == b"held\n"
    if together:
        with alone_in(tmp_path, second):
            pass
    else:
        with (
            pytest.raises(ValueError, match=rf"another run \(process {holder.pid} on "),
            alone_in(tmp_path, second or None),
        ):
            pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with alone_in(tmp_path, second or None):  # the lock is gone with its process
        pass
    holder.stdout.close()


def test_a_file_that_was_changed_is_another_input_and_the_line_says_how_to_go_on(
    run, saved_model, tmp_path, capsys
):
    output = tmp_path / "o.jsonl"
    table = tmp_path / "t.csv"
    table.write_text("smiles\nCCO\nCCN\nCCC\n")
    work = worker_of(saved_model)
    explain_library(work, Inputs((str(table),)), output, shard=(0, 2), chunk=2)
    table.write_text("smiles\nCCO\nCCN\nCCCl\n")
    with pytest.raises(ValueError) as caught:
        explain_library(work, Inputs((str(table),)), output, resume=True, chunk=2)
    message = str(caught.value)
    assert "names and the SHA-256 of their bytes" in message
    assert "add --restart to discard that run" in message
    assert explain_library(work, Inputs((str(table),)), output, restart=True, chunk=2) == Tally(3)
    assert [json.loads(line)["input"] for line in output.open()] == ["CCO", "CCN", "CCCl"]
    arguments = ["explain", table, "-m", saved_model, "-o", output, "--restart", "--resume"]
    assert main(list(map(str, arguments))) == 2
    assert "give one of them" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_folder_is_named(saved_model, tmp_path):
    table, output = tmp_path / "t.csv", tmp_path / "o.jsonl"
    table.write_text("smiles\nCCO\nCCN\nCCC\n")
    parts_folder(output).write_text("")
    with pytest.raises(
        ValueError, match=r"o\.jsonl\.parts is a file: a folder of this name is needed"
    ):
        explain_library(worker_of(saved_model), Inputs((str(table),)), output, chunk=2)


def test_a_loop_of_links_costs_a_line(saved_model, tmp_path, capsys):
    table = tmp_path / "t.csv"
    output = tmp_path / "o.csv"
    folder = tmp_path / "loop"
    table.write_text("smiles\nCCO\nCCN\n")
    for path in (output, folder):
        path.symlink_to(tmp_path / f"{path.name}.other")
        (tmp_path / f"{path.name}.other").symlink_to(path)
    command_lines = (
        ["explain", str(output), "-o", str(tmp_path / "x.csv")],
        ["explain", str(table), "-o", str(folder / "x.csv")],
        ["explain", str(table), "-o", str(folder)],
        ["train", str(output), "-o", str(tmp_path / "m")],
        ["train", str(folder / "p.npz"), "-o", str(tmp_path / "m")],
    )
    for arguments in command_lines:
        model = ["-m", str(saved_model)] if arguments[0] == "explain" else []
        assert main([*arguments, *model]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    assert main(["explain", str(table), "-m", str(saved_model), "-o", str(output), "-q"]) == 0
    assert output.is_file() and not output.is_symlink()  # a whole file takes the place of the link
