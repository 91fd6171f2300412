"""The house keeps its order: import directions, no code among the data, doctests that run."""

import shutil

import pytest
from conftest import ROOT
from house import FACES, FLOOR, House, imported

HOUSE = House()

CHEMISTRY = {
    f"graphormer/{name}"
    for name in (
        *(
            f"smiles/{name}"
            for name in ("reading", "bounds", "hydrogens", "marks", "ordered_smiles")
        ),
        *("graphs/atoms", "graphs/molecules", "data/splits", "evaluation/fingerprints"),
        *("pretraining/descriptors", "pretraining/recombination"),
    )
}

ONLY = {
    "rdkit": CHEMISTRY,
    "skimage": {"graphormer/graphs/slic", "graphormer/readers/pictures"},
}
"""Files of graphormer that alone may import these."""


def test_imports_go_one_way():
    """At any depth of a file, lazily or for the type checker alone: every import counts."""
    assert HOUSE.forbidden() == []


@pytest.mark.parametrize(
    "line", ["from molxai import Explainer", "import molxai", "from molxai.cli import app"]
)
def test_an_import_from_a_package_itself_counts(tmp_path, line):
    shutil.copytree(ROOT / "graphormer", tmp_path / "graphormer")
    shutil.copytree(ROOT / "molxai", tmp_path / "molxai")
    file = tmp_path / "graphormer/training/own.py"
    file.write_text(f"def fit():\n    {line}\n", encoding="utf-8")
    assert [start for start, _ in House(tmp_path).forbidden()] == ["graphormer/training/own"]


def test_no_files_import_each_other_in_a_circle():
    assert HOUSE.circles() == []


def test_every_room_stands_on_a_floor():
    assert {room for room in HOUSE.rooms if room not in FACES} == set(FLOOR)


@pytest.mark.parametrize("place", sorted(HOUSE.sources))
def test_few_files_know_a_library(place):
    tops = {name.split(".")[0] for name in imported(HOUSE.sources[place])}
    for library, places in ONLY.items():
        assert not place.startswith("graphormer/") or library not in tops or place in places


@pytest.mark.parametrize("place", sorted(HOUSE.sources))
def test_a_file_is_called_by_what_it_holds(place):
    assert not {"utils", "common", "helpers", "base", "misc"} & set(place.split("/"))


def test_data_is_not_code():
    assert not [
        path for path in (ROOT / "datasets").rglob("*") if path.suffix in {".py", ".pyi", ".ipynb"}
    ]


def test_every_data_set_has_a_card():
    folders = [path for path in (ROOT / "datasets").iterdir() if path.is_dir()]
    assert {path.name for path in folders} >= {"bace", "mnist", "drugs", "series", "digits"}
    assert all((path / "CARD.md").exists() for path in folders)


def test_sample_molecules_can_all_be_read():
    from molxai.explanation.inputs import read_inputs

    drugs = list(read_inputs([str(ROOT / "datasets/drugs/drugs.csv")]))
    assert len(drugs) >= 30 and not [one for one in drugs if one.error]
    assert {"verubecestat", "lanabecestat", "atabecestat"} <= {one.id.lower() for one in drugs}
