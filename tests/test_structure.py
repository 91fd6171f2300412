"""The house keeps its order: import directions, no code among the data, doctests that run."""

import ast
import doctest
import importlib

import pytest
from conftest import ROOT

SOURCES = sorted((*ROOT.glob("graphormer/**/*.py"), *ROOT.glob("molxai/**/*.py")))

CHEMISTRY = {
    f"graphormer/{name}.py"
    for name in (
        *(f"smiles/{name}" for name in ("reading", "bounds", "hydrogens", "marks", "ordered_smiles")),
        *("graphs/molecules", "data/splits", "evaluation/fingerprints"),
        *("pretraining/descriptors", "pretraining/recombination"),
    )
}

ONLY = {"rdkit": CHEMISTRY, "skimage": {"graphormer/graphs/superpixels.py", "graphormer/readers/pictures.py"}}
"""The only files of graphormer that may import these: one idea of chemistry each, and picture files are resized."""


def imported(path):
    """Top-level and full names of everything a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path):
    place, names = path.relative_to(ROOT).as_posix(), list(imported(path))
    tops = {name.split(".")[0] for name in names}
    if place.startswith("graphormer/"):
        assert "molxai" not in tops
        for library, places in ONLY.items():
            assert library not in tops or place in places
    if place.startswith("molxai/rendering/"):
        assert not any(name.startswith("molxai.explainers") for name in names)
    if not place.startswith("molxai/cli/"):
        assert not any(name.startswith("molxai.cli") for name in names)
    assert path.stem not in {"utils", "common", "helpers", "base", "misc"}


def test_data_is_not_code():
    assert not [path for path in (ROOT / "datasets").rglob("*") if path.suffix in {".py", ".pyi", ".ipynb"}]


def test_every_data_set_has_a_card():
    folders = [path for path in (ROOT / "datasets").iterdir() if path.is_dir()]
    assert {path.name for path in folders} >= {"bace", "mnist", "drugs", "digits"}
    assert all((path / "CARD.md").exists() for path in folders)


@pytest.mark.parametrize("name", ["molxai.rendering.colour"])
def test_examples_in_docstrings(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_sample_molecules_can_all_be_read():
    from molxai.inputs import read_inputs

    drugs = list(read_inputs([str(ROOT / "datasets/drugs/drugs.csv")]))
    assert len(drugs) >= 30 and not [one for one in drugs if one.error]
    assert {"verubecestat", "lanabecestat", "atabecestat"} <= {one.id.lower() for one in drugs}
