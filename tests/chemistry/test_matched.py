"""Matched pairs: every atom is common, gained or lost, and together they make the difference."""

import csv
import json
import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SMALL, random_model
from PIL import Image
from rdkit import Chem

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from molxai.chemistry.pair import matched_pair
from molxai.explanation.explainer import Explainer

DRUGS = {
    row["name"]: row["smiles"]
    for row in csv.DictReader((ROOT / "datasets/drugs/drugs.csv").read_text().splitlines())
}

PAIRS = {
    "one group": ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(C)Cc1ccc(cc1)CC(=O)O"),
    "linker": ("c1ccccc1C(=O)Nc1ccccn1", "c1ccccc1S(=O)(=O)Nc1ccccn1"),
    "ring": ("O=C(O)c1ccccc1", "O=C(O)c1ccncc1"),
    "warhead": (DRUGS["verubecestat"], DRUGS["atabecestat"]),
    "salts": ("[Na+].CC(=O)[O-]", "[Na+].CCC(=O)[O-]"),
    "one atom": ("C", "CC"),
    "enantiomers": ("N[C@@H](C)C(=O)O", "N[C@H](C)C(=O)O"),
    "E and Z": ("F/C=C/Cl", "F/C=C\\Cl"),
    "itself": ("FC(F)(F)c1ccccc1", "c1ccc(cc1)C(F)(F)F"),
    "rings opened": ("C1CC1", "CCC"),
}


@pytest.fixture(scope="module", params=["lrp", "lrp biases", "gradient-input"])
def explainer(request):
    config = replace(SMALL, bias=True, activation="gelu") if "biases" in request.param else SMALL
    card = Card("untrained", config, MOLECULES.name, ("effect",), ("no", "yes"))
    return Explainer.from_network(random_model(config), card, request.param.split()[0])


@pytest.mark.parametrize("name", PAIRS)
def test_the_difference_is_what_its_parts_make(explainer, name):
    pair = matched_pair(explainer, *PAIRS[name])
    assert pair.a.target == pair.b.target and pair.delta == pair.b.logit - pair.a.logit
    sizes = max(1.0, float(pair.a.relevance.abs().sum()), float(pair.b.relevance.abs().sum()))
    assert abs(math.fsum(pair.split.values()) - pair.delta) <= 1e-12 * sizes
    for side, (explanation, pieces) in enumerate(((pair.a, pair.lost), (pair.b, pair.gained))):
        atoms = [one[side] for one in pair.alignment.pairs] + [
            atom for piece in pieces for atom in piece.atoms
        ]
        assert sorted(atoms) == list(range(len(explanation.relevance)))
    symbols = pair.a.subject.symbols, pair.b.subject.symbols
    assert all(symbols[0][i] == symbols[1][j] for i, j in pair.alignment.pairs)
    assert math.fsum(change for _, change in pair.changes) == pytest.approx(
        pair.split["common"], abs=1e-12
    )


@pytest.mark.parametrize(
    ("name", "lost", "gained"),
    [
        ("one group", ["*C"], []),
        ("linker", ["*C(*)=O"], ["*S(*)(=O)=O"]),
        ("ring", ["*c1ccccc1"], ["*c1ccncc1"]),
        ("salts", [], ["*C"]),
        ("one atom", [], ["*C"]),
        ("enantiomers", [], []),
        ("E and Z", [], []),
        ("itself", [], []),
    ],
)
def test_what_was_changed_is_found(explainer, name, lost, gained):
    pair = matched_pair(explainer, *PAIRS[name])
    assert [one.smiles for one in pair.lost] == lost and [
        one.smiles for one in pair.gained
    ] == gained


def test_a_molecule_differs_from_itself_by_nothing(explainer):
    pair = matched_pair(explainer, *PAIRS["itself"])
    assert pair.delta == pytest.approx(0, abs=1e-12) and not pair.alignment.stereo
    assert max(abs(change) for _, change in pair.changes) <= 1e-12


def test_stereo_is_told_apart(explainer):
    assert matched_pair(explainer, *PAIRS["enantiomers"]).alignment.stereo == ((1, 1),)
    assert matched_pair(explainer, *PAIRS["E and Z"]).alignment.stereo == ((1, 1), (2, 2))


def test_the_other_way_round(explainer):
    a, b = PAIRS["warhead"]
    there, back = matched_pair(explainer, a, b, "yes"), matched_pair(explainer, b, a, "yes")
    assert {(j, i) for i, j in there.alignment.pairs} == set(back.alignment.pairs)
    assert there.delta == pytest.approx(-back.delta, abs=1e-12) and there.split[
        "gained"
    ] == pytest.approx(-back.split["lost"], abs=1e-12)


def test_the_order_of_the_atoms_does_not_matter(explainer):
    a, b = (Chem.MolFromSmiles(one) for one in PAIRS["warhead"])
    order = np.random.default_rng(0).permutation(b.GetNumAtoms()).tolist()
    plain, shuffled = (
        matched_pair(explainer, a, b, 1),
        matched_pair(explainer, a, Chem.RenumberAtoms(b, order), 1),
    )
    assert {(i, order[j]) for i, j in shuffled.alignment.pairs} == set(plain.alignment.pairs)
    assert shuffled.split == pytest.approx(plain.split, abs=1e-12)


@pytest.mark.parametrize(("a", "b"), [("C", "N"), ("CCO", "c1ccccc1"), ("[Na+].[Cl-]", "O")])
def test_nothing_in_common(explainer, a, b):
    with pytest.raises(ValueError, match="nothing in common"):
        matched_pair(explainer, a, b)


@pytest.fixture
def run(command):
    return partial(command, "compare")


def test_the_command_says_what_the_file_holds(run):
    assert run(*PAIRS["warhead"], "-o", "pair.json")[0] == 0
    made = json.loads(Path("pair.json").read_text())
    parts = [made[f"delta_{name}"] for name in ("common", "gained", "lost", "token", "bias", "gap")]
    assert sum(parts) == pytest.approx(made["delta_logit"], abs=1e-9)
    assert (
        made["delta_logit"] == made["b"]["logit"] - made["a"]["logit"]
        and made["a"]["target"] == made["b"]["target"]
    )
    code, out, _ = run(*PAIRS["warhead"])
    shown = {line.strip().split("  ")[0]: float(line.split()[-1]) for line in out.splitlines()[1:4]}
    assert code == 0 and shown["difference, B − A"] == pytest.approx(made["delta_logit"], abs=1e-4)


@pytest.mark.parametrize("name", ["warhead", "enantiomers", "salts", "one atom", "itself"])
def test_changed_atoms_are_outlined_on_one_scale(run, name):
    assert run(*PAIRS[name], "-o", "pair.svg")[0] == 0
    run(*PAIRS[name], "-o", "pair.json")
    made = json.loads(Path("pair.json").read_text())
    changed = sum(len(one["atoms"]) for one in made["lost"] + made["gained"]) + 2 * sum(
        one["stereo_differs"] for one in made["pairs"]
    )
    classes = [one.get("class", "") for one in ET.parse("pair.svg").iter()]
    outlined = [name for line in classes for name in line.split() if name.startswith("around-")]
    assert len(outlined) == changed
    assert "Δ" in Path("pair.svg").read_text()


def test_a_picture_in_pixels(run):
    assert run(*PAIRS["linker"], "-o", "pair.png")[0] == 0
    with Image.open("pair.png") as picture:
        assert picture.width == 971


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("CCO", "N#N"), "nothing in common"),
        (("CCO", "CCN", "CCC"), "compare takes one, or two"),
        (("CCO", "CCN", "--methods", "lrp,random"), "name one"),
        (("CCO", "CCN", "-o", "x.gif"), "must end in"),
        (("CCO", "C1C"), "cannot read"),
        (("CCO", "CCN", "--endpoint", "none"), "no endpoint 'none'"),
    ],
)
def test_faults_are_one_line(run, arguments, said):
    code, out, error = run(*arguments)
    assert code > 0 and said in error and error.count("\n") == 1 and not out


def test_digits_are_no_pair(run, saved_digit_model):
    pictures = [ROOT / f"datasets/digits/{name}.png" for name in ("0-a", "0-b")]
    code, _, error = run(*pictures, model=saved_digit_model)
    assert code == 1 and "two molecules" in error and error.count("\n") == 1


def test_untrusted_names_do_not_break_the_picture(run):
    Path("a.smi").write_text("CCCO <script>alert(1)</script>&\n")
    Path("b.smi").write_text("CCCN \u202e]]>$x$\n")
    assert run("a.smi", "b.smi", "-o", "pair.svg")[0] == 0
    assert not [one for one in ET.parse("pair.svg").iter() if one.tag.endswith("script")]
