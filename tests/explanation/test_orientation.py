"""A series on its common core: the same place for the same atoms, whoever draws and whenever."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

import molxai
from graphormer.graphs.molecules import molecule
from molxai import Explainer
from molxai.explanation.inputs import Inputs
from molxai.explanation.orientation import (
    LEAST_CORE,
    SAMPLE,
    orientation_in,
    orientation_of,
)
from molxai.rendering.layout import flat_copy

AMIDES = (
    "O=C(NC)c1cccc(F)c1",
    "CCNC(=O)c1cc(Cl)ccc1",
    "c1cc(C(=O)NC(F)F)cc(OC)c1",
    "O=C(NCc1ccccc1)c1cccc(Br)c1.Cl",
    "N(C(C)C)C(=O)c1cccc(C#N)c1",
)
ODD = ("[Na+].[Cl-]", "CCO", "C1CC1", "not a molecule", "[Fe]")
CORE = "O=C(N)c1cccc(*)c1"
"""A benzamide with a label at the meta position."""

META = "O=C(N)c1cc([F,Cl,Br,$(OC),$(C#N)])ccc1"


def molecules(*smiles):
    return [molecule(text) for text in smiles]


def places(mol, core):
    """Where the atoms of a core lie in the drawing, from their middle."""
    query = Chem.MolFromSmarts(core)
    drawn = flat_copy(mol)
    points = drawn.GetConformer().GetPositions()[list(mol.GetSubstructMatch(query)), :2]
    return points - points.mean(0)


@pytest.mark.parametrize("core", ["mcs", CORE, "NC(=O)c1ccccc1", "C1(C(N)=O)=CC=CC=C1"])
def test_the_core_lies_alike_in_all(core):
    series = molecules(*AMIDES)
    orientation = orientation_of(series, core)
    assert orientation.reference == AMIDES[0]
    first = places(orientation.lay_out(series[0].mol), META)
    usual = []
    for subject in series:
        laid_out = orientation.lay_out(subject.mol)
        limit = 0.6 if "." in subject.smiles else 0.05  # a counterion may turn it a little
        assert np.abs(places(laid_out, META) - first).max() < limit, subject
        usual.append(np.abs(places(subject.mol, META) - first).max())
    assert max(usual) > 0.5


def test_a_core_is_found_in_spite_of_odd_rows():
    readable = [text for text in ODD if text != "not a molecule"]
    orientation = orientation_of(molecules(*readable[:1], *AMIDES, *readable[1:3]), "mcs")
    core = Chem.MolFromSmarts(orientation.core)
    assert core.GetNumAtoms() >= LEAST_CORE
    assert all(subject.mol.HasSubstructMatch(core) for subject in molecules(*AMIDES))
    for odd in molecules(*readable):
        assert orientation.lay_out(odd.mol) is odd.mol


@pytest.mark.parametrize(
    ("smiles", "core", "words"),
    [
        (("CCO", "c1ccncc1", "[Na+].[Cl-]"), "mcs", "no core in common"),
        (("c1ccccc1",), "mcs", "two molecules or more"),
        ((), "mcs", "two molecules or more"),
        (AMIDES, "c1ccsc1", "none of the molecules has the core 'c1ccsc1'"),
        (AMIDES, "c1ccccc", "RDKit cannot read the core 'c1ccccc'"),
        (AMIDES, "C", "fewer than two atoms"),
        (AMIDES, "[*:1]C", "fewer than two atoms"),
    ],
)
def test_what_gives_no_direction_is_refused(smiles, core, words):
    with pytest.raises(ValueError, match=words):
        orientation_of(molecules(*smiles), core)


def test_the_first_molecules_decide():
    others = ["C1CCCCC1" + "C" * (number % 7) for number in range(SAMPLE)]
    many = orientation_of(molecules(*AMIDES, *others), "mcs")
    assert many == orientation_of(molecules(*AMIDES, *others, *AMIDES * 9), "mcs")
    assert orientation_of(molecules(*others, *AMIDES), CORE).reference == AMIDES[0]


def test_inputs_that_cannot_be_read_are_passed_over(tmp_path):
    path = tmp_path / "series.smi"
    path.write_text("\n".join((*ODD[3:], *AMIDES)))
    assert orientation_in(Inputs([str(path)]), "mcs", 600).reference == AMIDES[0]
    with pytest.raises(ValueError, match="these are digits"):
        orientation_in(Inputs(["seven.png"]), "mcs", 600)


def test_a_grid_is_drawn_on_the_core(tmp_path):
    explanations = Explainer("bace")([*AMIDES[:3], "CCO"])
    as_drawn = molxai.grid(explanations)
    aligned = molxai.grid(explanations, align="mcs", path=tmp_path / "grid.svg")
    assert as_drawn.draw() != aligned.draw()
    assert [cell.relevance.tolist() for cell in aligned.cells] == [
        cell.relevance.tolist() for cell in explanations
    ]
    first, second, *_ = (cell.subject.mol for cell in aligned.cells)
    assert np.abs(places(first, META) - places(second, META)).max() < 0.05
    with pytest.raises(ValueError, match="none of the molecules"):
        molxai.grid(explanations, align="c1ccsc1")


@pytest.fixture
def table():
    with Path("s.csv").open("w", newline="") as file:
        rows = [(f"m{place}", text) for place, text in enumerate((*AMIDES, *ODD) * 3)]
        csv.writer(file).writerows([("id", "smiles"), *rows])


def pictures(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_workers_and_a_resumed_run_draw_alike(command, table, monkeypatch):
    assert command("explain", "s.csv", "-o", "one", "--align", "mcs", "-n", "0")[0] == 0
    assert command("explain", "s.csv", "-o", "two", "--align", "mcs", "-n", "2")[0] == 0
    assert command("explain", "s.csv", "-o", "plain", "-n", "0")[0] == 0
    assert pictures("one") == pictures("two")
    assert len(pictures("one")) == 27 and pictures("one") != pictures("plain")
    changed = [name for name, text in pictures("one").items() if text != pictures("plain")[name]]
    numbers = {int(name[:5]) % 10 for name in changed}
    assert numbers == {1, 2, 3, 4}  # the first lies as it does, odd rows have no core


def test_another_core_is_another_run(command, table, monkeypatch):
    from molxai.batch import run as running

    monkeypatch.setattr(running, "CHUNK", 800)

    def stop(self, tables, explainer):
        raise OSError("the disk is full")

    from molxai.batch.pictures import PictureFolder

    write = PictureFolder.write
    monkeypatch.setattr(PictureFolder, "write", stop)
    assert command("explain", "s.csv", "-o", "maps", "--align", "mcs", "-n", "0")[0] == 1
    monkeypatch.setattr(PictureFolder, "write", write)
    code, _, error = command(
        "explain", "s.csv", "-o", "maps", "--align", CORE, "-n", "0", "--resume"
    )
    assert code == 1 and "unfinished run with products" in error
    assert (
        command("explain", "s.csv", "-o", "maps", "--align", "mcs", "--resume", "-n", "0")[0] == 0
    )
    assert command("explain", "s.csv", "-o", "one", "--align", "mcs", "-n", "0")[0] == 0
    assert pictures("maps") == pictures("one")


def test_the_report_is_drawn_on_the_core(command, table):
    assert command("report", "s.csv", "-o", "a.html", "--align", "mcs", "--methods", "lrp")[0] == 0
    assert command("report", "s.csv", "-o", "b.html", "--methods", "lrp")[0] == 0
    drawings = [drawn(path) for path in ("a.html", "b.html")]
    changed = [row for row, (one, two) in enumerate(zip(*drawings, strict=True)) if one != two]
    assert {1, 2, 3} <= {row % 10 for row in changed} <= {1, 2, 3, 4}


def drawn(path):
    text = Path(path).read_text()
    start = text.index('<script id="data" type="application/json">')
    data = json.loads(text[text.index(">", start) + 1 : text.index("</script>", start)])
    place = data["views"]["keys"].index("molecule")
    return [row[place] for row in data["views"]["rows"]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("CCO", "-o", "x.png", "--align", "mcs"), "--align: for several molecules"),
        (("s.csv", "-o", "x.json", "--align", "mcs"), "--align: for pictures only"),
        (("s.csv", "--align", "mcs"), "--align: for pictures only"),
    ],
)
def test_align_is_refused_where_it_does_nothing(command, table, arguments, words):
    code, _, error = command("explain", *arguments)
    assert code == 2 and words in error
