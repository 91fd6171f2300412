"""Words beside parts of a molecule: none on another or the drawing; of very many, the largest."""

import re

import numpy as np
import pytest
from rdkit import Chem
from svg_texts import PARTS, texts
from test_rendering import IBUPROFEN, RELEVANCE, explanation

from graphormer.graphs.molecules import molecule
from molxai.chemistry.fragments import MOST_LABELS, fragment_labels, fragments
from molxai.chemistry.schemes import parts
from molxai.explanation.pictures import draw
from molxai.rendering.molecule import lay_out

PACLITAXEL = (
    "CC(=O)O[C@H]1C(=O)[C@@]2(C)[C@H]([C@H](OC(=O)c3ccccc3)[C@]3(O)C[C@H](OC(=O)[C@H](O)[C@@H](NC(=O)c4ccccc4)c4ccccc4)C(C)=C1C3(C)C)"
    "[C@]1(OC(C)=O)CO[C@@H]1C[C@@H]2O"
)
ATORVASTATIN = "CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CC[C@@H](O)C[C@@H](O)CC(=O)O"
ERYTHROMYCIN = (
    "CCC1C(C(C(C(=O)C(CC(C(C(C(C(C(=O)O1)C)OC2CC(C(C(O2)C)O)(C)OC)C)"
    "OC3C(C(CC(O3)C)N(C)C)O)(C)O)C)C)O)(C)O"
)
MORPHINE = "CN1CCC23C4C1CC5=C2C(=C(C=C5)O)OC3C(C=C4)O"
PEPTIDE = "HAEGTFTSDVSSYLEGQAAKEFIAWLVKGRG"
"""Residues of a peptide as long as a drug: 238 atoms, 82 functional groups."""


def touching(labels):
    pairs = [(a, b) for place, a in enumerate(labels) for b in labels[:place]]
    return [
        (a.text, b.text) for a, b in pairs if (np.abs(a.centre - b.centre) < a.half + b.half).all()
    ]


@pytest.mark.parametrize("scheme", ["functional-groups", "brics"])
@pytest.mark.parametrize(
    "smiles",
    [
        PACLITAXEL,
        ATORVASTATIN,
        ERYTHROMYCIN,
        MORPHINE,
        "CC(C)(C)C(C)(C)C(C)(C)C",
        "CCO",
        "[Na+].[Cl-]",
    ],
)
def test_labels_lie_neither_on_one_another_nor_on_atoms(smiles, scheme):
    mol = molecule(smiles).mol
    laid = lay_out(mol, parts=[(part.atoms, f"{part.name} −0.12") for part in parts(mol, scheme)])
    assert not touching(laid.labels)
    for one in laid.labels:
        assert not (np.abs(laid.places - one.centre) < one.half).all(1).any(), one.text
        assert (one.centre - one.half >= laid.low - 1e-9).all() and (
            one.centre + one.half <= laid.high + 1e-9
        ).all()
        through = [
            other.text for other in laid.labels if other is not one and on_the_way(one, other)
        ]
        assert not through, (one.text, through)


def on_the_way(one, other):
    """Whether the line from a label to its part runs through another label, in small steps."""
    steps = one.centre + np.linspace(0, 1, 200)[:, None] * (one.near - one.centre)
    return (np.abs(steps - other.centre) < other.half - 0.05).all(1).any()


def test_of_very_many_parts_the_largest_are_named():
    made = molecule(Chem.MolToSmiles(Chem.MolFromSequence(PEPTIDE)))
    known = explanation(made, np.sin(np.arange(len(made.symbols))).tolist())
    named = fragment_labels(known, "functional-groups")
    kept = {atoms for atoms, text in named if text}
    each = {one.atoms: abs(one.relevance) for one in fragments(known)}
    assert len(named) == len(each) == 82 and len(kept) == MOST_LABELS
    assert min(each[atoms] for atoms in kept) >= max(
        value for atoms, value in each.items() if atoms not in kept
    )
    laid = lay_out(made.mol, parts=named)
    assert len(laid.labels) == MOST_LABELS and len(laid.parts) == 82 and not touching(laid.labels)


def test_the_caption_says_how_many_parts_are_named():
    known = explanation(molecule(IBUPROFEN), RELEVANCE)
    bare = draw(known, parts=[*PARTS[:2], (PARTS[2][0], "")])
    assert "2 of 3 parts are named, those of largest magnitude." in " ".join(texts(bare))
    assert "parts are named" not in " ".join(texts(draw(known, parts=PARTS)))


@pytest.mark.parametrize(
    "smiles, words",
    [
        ("O=C(c1ccccc1)N1CCCCC1", {"phenyl", "amide C=O", "piperidine"}),
        ("CC(C)CN(C)C(=O)c1cccnc1", {"isobutyl", "pyridine"}),
        ("CCOc1ccccc1", {"phenyl", "O", "C2H5"}),
    ],
)
def test_labels_of_brics_are_words(smiles, words):
    """A chemist reads no SMILES with open ends; tables keep them."""
    made = molecule(smiles)
    labels = fragment_labels(explanation(made, [0.1] * len(made.symbols)), "brics")
    names = {text.rpartition(" ")[0] for _, text in labels}
    assert words <= names
    assert not any("*" in name for name in names)


@pytest.mark.parametrize("scheme", ["brics", "scaffold", "rings"])
def test_a_long_name_keeps_its_number(scheme):
    made = molecule("CC" * 16 + "c1nc2ccc3ccccc3c2c2c1OCC(C1CCOC1)O2")
    labels = fragment_labels(explanation(made, [0.1] * len(made.symbols)), scheme)
    laid = lay_out(made.mol, parts=labels)
    assert all(re.search(r" [+-]\d+\.\d\d$", label.text) for label in laid.labels)
