"""Letters of atoms: readable where bonds are short, never larger than in ACS style."""

import re

import numpy as np
import pytest
from test_labels import ERYTHROMYCIN, PACLITAXEL

from graphormer.graphs.molecules import molecule
from molxai.chemistry.schemes import parts
from molxai.rendering.labels import OVER_ATOM
from molxai.rendering.layout import DISC, layout
from molxai.rendering.letters import FONT_SIZE
from molxai.rendering.molecule import draw_molecule, lay_out
from molxai.rendering.outline import SMALLEST_HOLE, outline
from molxai.rendering.ramp import low_of

CAPITAL = 0.71
"""Height of a capital letter as a share of the size of the font."""

CROWDED = "CC" + 12 * "C(C)(O)C(F)(c1ccc(Br)cc1)" + "C"
"""A molecule that nobody can lay out without atoms on one another."""


def drawing(smiles, **options):
    mol = molecule(smiles).mol
    return draw_molecule(mol, [0.1] * mol.GetNumAtoms(), 1.0, (400, 300), "svg", **options)


def letter_size(svg, atom):
    """Size of the font of the letter of an atom, from its outline."""
    (path,) = re.findall(rf"<path class='atom-{atom}' d='(M[^']*)' fill", svg)
    heights = [float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", path)]
    return (max(heights) - min(heights)) / CAPITAL


@pytest.mark.parametrize(
    "scale, size",
    [(30, 18.0), (20.83, 12.5), (15, 12.5), (10, 10 * FONT_SIZE), (6, 6 * FONT_SIZE), (3, 4.0)],
)
def test_letters_are_as_large_as_words_if_bonds_leave_room(scale, size):
    svg = drawing("FCC", scale=scale)
    assert letter_size(svg, 0) == pytest.approx(size, rel=0.1)


def test_a_crowded_molecule_has_no_marks_of_rdkit():
    assert not re.search("#FF0000|#ff0000", drawing(CROWDED))


@pytest.mark.parametrize("smiles", ["C12C3C4C1C5C2C3C45", "C1C2CC3CC1CC(C2)C3", "C1CC2CCC1C2"])
def test_the_outline_of_a_cage_has_no_specks(smiles):
    laid_out = layout(molecule(smiles).mol)
    atoms = range(len(laid_out.places))
    points = np.concatenate(outline(laid_out, list(atoms)))
    for atom in atoms:  # the line is around all of them
        angles = points - laid_out.places[atom]
        assert (angles.min(0) < 0).all() and (angles.max(0) > 0).all()
    for piece in outline(laid_out, list(atoms)):
        near = np.linalg.norm(points[:, None] - piece[[0, -1]], axis=2).min(1) < SMALLEST_HOLE
        assert np.ptp(points[near], axis=0).max() >= SMALLEST_HOLE


@pytest.mark.parametrize("smiles", [PACLITAXEL, ERYTHROMYCIN])
def test_no_line_of_a_label_could_cross_fewer_atoms(smiles):
    mol = molecule(smiles).mol
    groups = [part.atoms for part in parts(mol, "functional-groups") if len(part.atoms) < 9]
    laid_out = lay_out(mol, parts=[(atoms, "a long name −0.12") for atoms in groups])
    for label, atoms in zip(laid_out.labels, groups, strict=True):
        if label.leader(DISC) is None:
            continue
        others = np.delete(laid_out.places, list(atoms), axis=0)
        crossed = [atoms_on(label, laid_out.places[atom], others) for atom in atoms]
        lengths = [length(label, laid_out.places[atom]) for atom in atoms]
        taken = atoms_on(label, label.near, others)
        for atom in range(len(atoms)):
            detour = lengths[atom] - length(label, label.near)
            assert detour >= OVER_ATOM * (taken - crossed[atom]) - 1e-6


def start(label, end):
    return np.clip(end, label.centre - label.half, label.centre + label.half)


def length(label, end):
    return np.linalg.norm(end - start(label, end))


def atoms_on(label, end, others):
    """How many discs a line from the label to an atom runs over, in small steps."""
    line = start(label, end) + np.linspace(0, 1, 400)[:, None] * (end - start(label, end))
    return (np.linalg.norm(line[:, None] - others, axis=2).min(0) < DISC).sum()


def test_values_that_differ_by_rounding_are_equal():
    assert low_of([0.0887400508, 0.0887400657], 0.0887400657) == 0
    assert low_of([0.0887, 0.0889], 0.0889) == 0.0887
