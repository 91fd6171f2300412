"""The README's Python and its commands run as printed."""

import re
import shlex
from pathlib import Path

import pytest
from conftest import ROOT

from molxai.cli import main

README = (ROOT / "README.md").read_text()

BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.S)

PYTHON = [block for language, block in BLOCKS if language == "python"]

COMMANDS = [
    line.split("#")[0].strip()
    for language, block in BLOCKS
    for line in block.splitlines()
    if not language and line.startswith(("molxai explain", "molxai predict", "molxai compare")) and "-m mine" not in line
]


def test_there_is_something_to_run():
    assert len(PYTHON) >= 2 and len(COMMANDS) >= 5


@pytest.mark.parametrize("block", PYTHON)
def test_python_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(block, {})


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("datasets").symlink_to(ROOT / "datasets")
    assert main(shlex.split(command)[1:]) == 0


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", (ROOT / "docs/pyg.md").read_text(), re.S))
def test_documented_python_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(block, {})


def test_links_lead_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(), flags=re.S)
        links = re.findall(r"\]\(([^)#]+)[^)]*\)", prose)
        assert not [link for link in links if "://" not in link and not (page.parent / link).exists()], page


def test_pictures_are_there():
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(shown) >= 2 and all((ROOT / path).is_file() for path in shown)
