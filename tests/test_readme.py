"""The README's Python and its commands run as printed."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from molxai.cli import main

README = (ROOT / "README.md").read_text()

BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.S)

PYTHON = [block for language, block in BLOCKS if language == "python"]

SHOWN = ("molxai explain", "molxai predict", "molxai compare", "molxai report")
COMMANDS = [
    line.split("#")[0].strip()
    for language, block in BLOCKS
    for line in block.splitlines()
    if not language and line.startswith(SHOWN)
]


def test_there_is_something_to_run():
    assert PYTHON and len(COMMANDS) >= 5


EXTRA = (
    "pandas",
    "ray",
    "fastapi",
    "transformers",
    "hypothesis",
    "beartype",
    "selenium",
    "httpx2",
    "uvicorn",
)
"""What `pip install -e .` alone does not bring."""


@pytest.mark.parametrize("block", PYTHON)
def test_python_runs_without_extras(block, tmp_path):
    hidden = f"import sys; sys.modules.update(dict.fromkeys({EXTRA!r}))\n"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", hidden + block], cwd=tmp_path, env=environment, check=True
    )
    assert {path.name for path in tmp_path.iterdir()} == {"ibuprofen.png", "series.svg"}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("datasets").symlink_to(ROOT / "datasets")
    assert main(shlex.split(command)[1:]) == 0


@pytest.mark.parametrize(
    "block", re.findall(r"```python\n(.*?)```", (ROOT / "docs/pyg.md").read_text(), re.S)
)
def test_documented_python_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(block, {})


def test_the_documented_pool_runs(tmp_path):
    (script,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/scale.md").read_text(), re.S)
    (tmp_path / "pool.py").write_text(script)
    completed = subprocess.run(
        [sys.executable, "pool.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    output = completed.stdout
    assert output.count("ok") == 3 and "[3, 7]" in output and "[13, None]" in output


def test_pictures_are_there():
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(pictures) >= 2 and all((ROOT / path).is_file() for path in pictures)


def test_the_set_up_is_two_commands():
    """The checks of a release run these two lines as printed."""
    assert len(re.findall(r"^pip install -e.*$", README, re.M)) == 2
