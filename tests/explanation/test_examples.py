"""Every example in the docstrings of rules, explanations and PyG's classes runs."""

import doctest
import importlib

import pytest
from conftest import ROOT

ROOMS = ("rules", "explanation", "pyg")

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for room in ROOMS
    for path in sorted((ROOT / "molxai" / room).rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    results = doctest.testmod(importlib.import_module(name))
    assert results.attempted and not results.failed
