"""Pairs and series on their common core: the core lies as it does there, and nothing on it."""

import numpy as np
import pytest
from rdkit import Chem

from molxai.chemistry.alignment import alignment
from molxai.rendering.core_layout import layout_on
from molxai.rendering.crowding import Structure, near_pairs
from molxai.rendering.depiction import BOND, bond_lengths, flat_copy
from molxai.rendering.relaxation import CROWDED

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
FELODIPINE_LIKE = "CCOC(=O)C1=C(C)NC(C)=C(C1c1ccccc1)C(=O)OC"
PAIRS = (
    ("Oc1ccccc1C(=O)O", ASPIRIN),
    (ASPIRIN, "Oc1ccccc1C(=O)O"),
    ("OC(=O)c1ccccc1", "CC(C)(C)c1cccc(C(C)(C)C)c1C(=O)O"),
    ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(C)Cc1ccc(cc1)C(C)C(=O)OCCN(CC)CC"),
    ("CN1CCC[C@H]1c1cccnc1", "CN1CCC[C@@H]1c1cccnc1"),
    ("CCCCCCc1ccccc1", "C1CCc2ccccc2C1"),
    ("Oc1cccc2ccccc12", "CC(=O)Oc1cccc2cccc(OC(C)=O)c12"),
    ("COc1ccc2cc(ccc2c1)C(C)C(=O)O.[Na]", "COc1ccc2cc(ccc2c1)C(C)C(=O)O.Cl"),
    ("OC(=O)c1ccccc1", "O=C(O)c1ccccc1-c1ccccc1C(=O)O"),
    (
        FELODIPINE_LIKE,
        "CCOC(=O)C1=C(C)NC(C)=C(C1c1ccccc1[N+](=O)[O-])C(=O)OCCN(C)Cc1ccccc1",
    ),
    ("CCc1ccccc1CC", "C1Cc2ccccc2CCCCCCCCCCC1"),
    ("c1ccccc1C(=O)NC", "c1ccccc1C(=O)N(C(C)(C)C)C(C)(C)C"),
)


def places(mol):
    return mol.GetConformer().GetPositions()[:, :2]


def both(a, b):
    """The first molecule, the second one laid out on it, and their pairs of atoms."""
    first, second = (Chem.MolFromSmiles(smiles) for smiles in (a, b))
    pairs = alignment(
        first, second, [0.0] * first.GetNumAtoms(), [0.0] * second.GetNumAtoms()
    ).anchor
    reference = flat_copy(first)
    return reference, layout_on(second, reference, pairs), pairs


@pytest.mark.parametrize("a, b", PAIRS)
def test_no_two_atoms_of_an_aligned_molecule_lie_on_one_another(a, b):
    _, laid_out, _ = both(a, b)
    drawn = flat_copy(laid_out)
    pairs, _ = near_pairs(places(drawn) / BOND, Structure.of(drawn), CROWDED)
    assert not len(pairs)


@pytest.mark.parametrize("a, b", PAIRS)
def test_the_core_lies_as_in_the_reference(a, b):
    """Except for a branch that would lie on what is new: most atoms stay."""
    reference, laid_out, pairs = both(a, b)
    there, here = (list(atoms) for atoms in zip(*pairs, strict=True))
    offsets = np.linalg.norm(places(laid_out)[here] - places(reference)[there], axis=1)
    assert np.mean(offsets < 0.05) >= 0.7


@pytest.mark.parametrize(
    "a, b",
    [
        ("C/C=C/c1ccccc1", r"C/C=C\c1ccccc1"),
        (r"OC(=O)/C=C\C(=O)O", "OC(=O)/C=C/C(=O)O"),
        (r"CC/C(=C(\c1ccccc1)c1ccc(O)cc1)c1ccccc1", "CC/C(=C(/c1ccccc1)c1ccc(O)cc1)c1ccccc1"),
    ],
)
def test_a_double_bond_is_drawn_as_its_own_isomer(a, b):
    """The core of E and Z isomers cannot be the same: the second would be drawn as the first."""
    _, laid_out, _ = both(a, b)
    drawn = Chem.MolFromMolBlock(Chem.MolToMolBlock(laid_out))
    assert Chem.MolToSmiles(drawn) == Chem.CanonSmiles(b)


def test_what_has_no_common_atoms_is_laid_out_as_usual():
    mol = Chem.MolFromSmiles(ASPIRIN)
    laid_out = layout_on(mol, flat_copy(mol), ())
    assert np.allclose(places(laid_out), places(flat_copy(mol)))


def test_atoms_keep_their_indices_and_the_molecule_its_own_layout():
    mol = Chem.MolFromSmiles(ASPIRIN)
    laid_out = layout_on(mol, flat_copy(Chem.MolFromSmiles("Oc1ccccc1C(=O)O")), ((0, 3), (1, 4)))
    symbols = [atom.GetSymbol() for atom in laid_out.GetAtoms()]
    assert symbols == [atom.GetSymbol() for atom in mol.GetAtoms()]
    assert mol.GetNumConformers() == 0


def test_a_core_is_turned_rather_than_squeezed():
    """RDKit shortens a bond of the acetyl beside the acid to half if the ring is to stay."""
    acid = flat_copy(Chem.MolFromSmiles("Oc1ccccc1C(=O)O"))
    aspirin = Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O")
    laid_out = layout_on(aspirin, acid, [(atom, atom + 3) for atom in range(10)])
    places = laid_out.GetConformer().GetPositions()
    assert bond_lengths(laid_out, places).min() > 0.9 * BOND
