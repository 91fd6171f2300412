"""Indices of atoms stand in free room: on no bond, no letter and no other index."""

import re

import numpy as np
import pytest
from rdkit import Chem
from test_layout import CYCLOSPORIN, ERYTHROMYCIN, FERROCENE, ODD
from test_rendering import IBUPROFEN

from graphormer.graphs.molecules import molecule
from molxai.rendering.indices import number_atoms
from molxai.rendering.layout import PIXELS, layout
from molxai.rendering.letters import FONT_SIZE, draw_letters
from molxai.rendering.look import Look
from molxai.rendering.molecule import draw_molecule
from molxai.rendering.segments import enters_box

VERUBECESTAT = "CN1C(N)=N[C@](C)(CS1(=O)=O)c1cc(NC(=O)c2ccc(F)cn2)ccc1F"
ROOMY = (
    IBUPROFEN,
    VERUBECESTAT,
    ERYTHROMYCIN,
    ODD["sildenafil citrate"][0],
    ODD["quinuclidine"][0],
    "C",
    "[Fe+2]",
    "C[N+](=O)[O-]",
    "[125I]c1ccccc1",
)
"""Molecules with room for every index."""


def letters(laid):
    """Middles of the letters of atoms, in Å."""
    drawing = draw_letters(laid.mol, PIXELS * 1.5, round(PIXELS * FONT_SIZE), 1)
    origin = laid.mol.GetConformer().GetPositions()[0, :2]
    offsets = [np.array([letter.x, letter.y]) - drawing.places[0] for letter in drawing.letters]
    return [origin + offset / PIXELS * [1, -1] for offset in offsets]


@pytest.mark.parametrize("smiles", ROOMY)
def test_an_index_lies_on_nothing(smiles):
    laid = number_atoms(layout(molecule(smiles).mol))
    assert [index.text for index in laid.indices] == [str(atom) for atom in range(len(laid.places))]
    starts, ends = laid.places[laid.bonds].transpose(1, 0, 2)
    for index in laid.indices:
        assert not enters_box(starts, ends, index.centre, index.half).any(), index.text
        for letter in letters(laid):
            assert not (np.abs(letter - index.centre) < index.half + 0.2).all(), index.text
        for other in laid.indices:
            apart = np.abs(other.centre - index.centre) >= other.half + index.half
            assert other is index or apart.any(), (index.text, other.text)


@pytest.mark.parametrize("smiles", [*ROOMY, CYCLOSPORIN, FERROCENE])
def test_an_index_is_nearest_to_its_own_atom(smiles):
    laid = number_atoms(layout(molecule(smiles).mol))
    strays = [
        index.text
        for index in laid.indices
        if np.linalg.norm(laid.places - index.centre, axis=1).argmin() != int(index.text)
    ]
    assert len(strays) <= 0.05 * len(laid.places)
    for index in laid.indices:
        assert (index.centre - index.half >= laid.low - 1e-9).all()
        assert (index.centre + index.half <= laid.high + 1e-9).all()


def test_a_picture_writes_each_index_once_and_smaller_than_letters():
    mol = Chem.MolFromSmiles(VERUBECESTAT)
    relevance = [0.1] * mol.GetNumAtoms()
    svg = draw_molecule(mol, relevance, 1.0, (600, 400), "svg", Look(atom_numbers=True))
    written = re.findall(r"<text [^>]*fill='#595959'[^>]*>(\d+)</text>", svg)
    assert sorted(map(int, written)) == list(range(mol.GetNumAtoms()))
    plain = draw_molecule(mol, relevance, 1.0, (600, 400), "svg")
    assert "<text" not in plain


@pytest.mark.parametrize("smiles", ["C", "O", "[Fe+2]", "[NH4+].[Cl-]", "CCO.O"])
def test_letters_of_a_lone_atom_are_around_its_disc(smiles):
    laid = layout(molecule(smiles).mol)
    drawing = draw_letters(laid.mol, PIXELS * 1.5, round(PIXELS * FONT_SIZE), 1)
    shift = laid.places - laid.mol.GetConformer().GetPositions()[:, :2]
    for atom in laid.mol.GetAtoms():
        if atom.GetDegree():
            continue
        label = [letter for letter in drawing.letters if letter.atom == atom.GetIdx()]
        size = max(letter.size for letter in label)
        across = [letter.x for letter in label if letter.size == size]
        x, _ = drawing.places[atom.GetIdx()]
        disc = x + shift[atom.GetIdx(), 0] * PIXELS
        assert abs((min(across) + max(across)) / 2 - disc) < 2
