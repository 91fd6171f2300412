import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from molxai.chemistry.near_pairs import difference, distant_neighbours


def mol(smiles):
    return Chem.MolFromSmiles(smiles)


def symbols(molecule, atoms):
    return sorted(molecule.GetAtomWithIdx(index).GetSymbol() for index in atoms)


CHANGES = [
    ("Fc1ccc(CCN)cc1", "Clc1ccc(CCN)cc1", ["F"], ["Cl"]),
    ("Fc1ccc(CCN)cc1", "c1ccc(CCN)cc1", ["F"], []),
    ("Fc1ccc(CCN)cc1", "Fc1cccc(CCN)c1", ["F"], ["F"]),
    ("CC(C)(C)c1ccc(CCN)cc1", "CC(C)c1ccc(CCN)cc1", ["C"], []),
    ("O=C(NCCCCCCCCCCCCCCCC)C1CC1", "O=C(NCCCCCCCCCCCCCCCC)c1ccccc1", ["C"] * 3, ["C"] * 6),
    ("c1ccncc1CCCCCCCCCCCCCCCCCCC", "c1ccccc1CCCCCCCCCCCCCCCCCCC", ["C"] * 5 + ["N"], ["C"] * 6),
]


@pytest.mark.parametrize(("a", "b", "only_a", "only_b"), CHANGES)
def test_atoms_of_a_change(a, b, only_a, only_b):
    first = mol(a)
    second = mol(b)
    there = difference(first, second)
    assert symbols(first, there.atoms_a) == only_a
    assert symbols(second, there.atoms_b) == only_b
    back = difference(second, first)
    assert symbols(second, back.atoms_a) == only_b
    assert symbols(first, back.atoms_b) == only_a
    assert there.has_atoms and there.is_complete
    larger = max(first.GetNumAtoms(), second.GetNumAtoms())
    assert there.common == pytest.approx((first.GetNumAtoms() - len(there.atoms_a)) / larger)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("C[C@H](N)c1ccccc1", "C[C@@H](N)c1ccccc1"),
        ("C/C=C/c1ccccc1", "C/C=C\\c1ccccc1"),
        ("CC(=O)O", "CC(=O)[O-]"),
    ],
)
def test_stereo_and_charge_are_no_atoms(a, b):
    result = difference(mol(a), mol(b))
    assert result is not None and not result.has_atoms and result.common == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [("CCCCCCCC", "CCCCCCCCCCCC"), ("CCCCO", "NNNNN"), ("CCOC1CCCCC1", "CCOc1ccccc1")],
)
def test_molecules_that_are_not_near(a, b):
    assert difference(mol(a), mol(b)) is None


def test_three_quarters_of_the_larger_molecule_are_enough():
    assert difference(mol("CCCCCCCCC"), mol("CCCCCCCCCCCC")).common == 0.75
    assert difference(mol("CCCCCCCC"), mol("CCCCCCCCCCCC")) is None


def test_distant_neighbours_are_those_of_a_plain_search():
    tails = ("C(=O)NCCN1CCOCC1", "C(=O)NCCCN1CCOCC1")
    smiles = [f"{group}c1ccc({tail})cc1" for group in ("F", "Cl", "N", "CC") for tail in tails]
    mols = [mol(text) for text in smiles]
    values = np.array([0.0, 1.0, 2.0, 2.5, 0.999, 3.0, 1.0, 0.3])
    counts = np.array([True, False, False, True, False, False, True, False])
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetFingerprint(each) for each in mols]
    expected = []
    for a in range(len(mols)):
        for b in range(a + 1, len(mols)):
            near = DataStructs.TanimotoSimilarity(prints[a], prints[b]) >= 0.6
            if near and abs(values[a] - values[b]) >= 1 and (counts[a] or counts[b]):
                expected.append((a, b))
    pairs = distant_neighbours(mols, values, counts)
    assert expected and pairs == expected


def test_tenfold_is_tenfold_however_it_is_rounded():
    mols = [mol("Fc1ccc(CCCCN)cc1"), mol("Fc1ccc(CCCCCN)cc1")]
    values = np.array([-np.log10(11.0), -np.log10(110.0)])
    assert values[0] - values[1] < 1
    everything = np.array([True, True])
    assert distant_neighbours(mols, values, everything) == [(0, 1)]
    assert distant_neighbours(mols, values * 0.9999, everything) == []
    assert distant_neighbours(mols, values, ~everything) == []
