"""Ctrl-C and SIGTERM at any moment: one line, the signal's exit code, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import ROOT

from molxai.batch.checkpoint import parts_folder

SHARED_MEMORY = Path("/dev/shm")
"""Where Linux shows shared memory as files."""

DEADLINE = 120
"""Seconds for what takes two on a machine that is not busy."""

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
"""Exit code after each signal."""


def program(*arguments, folder):
    """The program as it is installed, in its own process group, with its own temporary folder."""
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "molxai.cli", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=folder,
        env=environment,
    )


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def shared_memory():
    """Names of what worker processes share."""
    return {path.name for path in SHARED_MEMORY.glob("*loky*")} if SHARED_MEMORY.exists() else set()


@pytest.fixture
def long(tmp_path):
    table = tmp_path / "long.csv"
    table.write_text("smiles\n" + "CC(=O)Oc1ccccc1C(=O)O\n" * 20_000)
    return table


def test_a_signal_to_end_a_run_keeps_what_is_done_and_leaves_nothing_behind(
    long, saved_model, tmp_path
):
    temporary = tmp_path / "temporary"
    output = tmp_path / "out.parquet"
    temporary.mkdir()
    before = shared_memory()
    run = program("explain", long, "-m", saved_model, "-o", output, "-n", 2, folder=temporary)
    wait_for(lambda: list(parts_folder(output).glob("part-*.parquet")))
    run.terminate()  # to the program alone, as `kill` and batch systems do
    _, error = run.communicate(timeout=DEADLINE)
    assert run.returncode == 143
    assert error.count("\n") == 1
    assert error.startswith("molxai: interrupted; what is done is kept in")
    assert error.strip().endswith("--resume")
    assert not list(temporary.iterdir())
    assert not [name for name in shared_memory() - before if f"-{run.pid}-" in name]
    with suppress(ProcessLookupError):  # nobody is left of the program's group
        for _ in range(100):
            os.killpg(run.pid, 0)
            time.sleep(0.1)
        pytest.fail("workers outlive the program")


@pytest.mark.parametrize("number", CODES)
@pytest.mark.parametrize("name", ["typer", "torch"])
def test_a_signal_while_libraries_are_imported_is_one_line(tmp_path, name, number):
    code = (
        "import importlib.abc, os, sys\n"
        "class Sender(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {name!r}: os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Sender())\n"
        "sys.argv = ['molxai', 'explain', 'CCO', '-o', 'o.csv']\n"
        "from molxai.cli import entry\n"
        "entry()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert process.returncode == CODES[number] and process.stderr == "molxai: interrupted\n"
    assert not list(tmp_path.iterdir())


def test_ctrl_c_while_pictures_are_written(long, saved_model, tmp_path):
    folder = tmp_path / "maps"
    long.write_text("\n".join(long.read_text().splitlines()[:400]))
    run = program("explain", long, "-m", saved_model, "-o", folder, folder=tmp_path)
    wait_for(lambda: list(folder.glob("*.svg")))
    run.send_signal(signal.SIGINT)
    _, error = run.communicate(timeout=DEADLINE)
    assert run.returncode == 130 and error.count("\n") == 1
    assert error.startswith("molxai: interrupted; what is done is kept in")
    assert error.strip().endswith("--resume")
    assert not [path for path in folder.iterdir() if path.suffix != ".svg"]
