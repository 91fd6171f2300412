"""New molecules out of old ones: one half of each of two molecules, cut and joined at single bonds of the same kind."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem, rdBase

CUTS = 6
"""Bonds at which each molecule is cut, at most."""

TRIES = 6
"""Attempts for each molecule that is wanted."""

SMALLEST, LARGEST = 12, 60
"""Atoms of a new molecule."""

End = tuple[str, bool]
"""Element of a cut bond's end, and whether it is aromatic."""

Half = tuple[Chem.Mol, int]
"""A part of a molecule, and its atom at the cut."""


def recombined(smiles: Sequence[str], count: int, seed: int) -> list[str]:
    """Up to so many distinct molecules, none of which need exist; fewer where the halves do not make more.

    Cuts are at single bonds outside of rings. A half is joined to one that hung on an end of the same element and
    aromaticity, as in exchanges of building blocks.
    """
    random = np.random.default_rng(seed)
    with rdBase.BlockLogs():
        halves = _halves([Chem.MolFromSmiles(one) for one in smiles], random)
        kinds = list(halves)
        weights = np.array([len(halves[kind]) for kind in kinds], dtype=float)
        made: dict[str, None] = {}
        for _ in range(TRIES * count if kinds else 0):
            if len(made) == count:
                break
            pairs = halves[kinds[random.choice(len(kinds), p=weights / weights.sum())]]
            (first, _), (_, second) = (
                pairs[random.integers(len(pairs))],
                pairs[random.integers(len(pairs))],
            )
            if SMALLEST <= first[0].GetNumAtoms() + second[0].GetNumAtoms() <= LARGEST and (
                joined := _joined(first, second)
            ):
                made[joined] = None
    return list(made)


def _halves(
    mols: Sequence[Chem.Mol], random: np.random.Generator
) -> dict[tuple[End, End], list[tuple[Half, Half]]]:
    """Both halves of each cut, by the kinds of its two ends, either way round."""
    found: dict[tuple[End, End], list[tuple[Half, Half]]] = {}
    for mol in mols:
        bonds = [
            bond
            for bond in mol.GetBonds()
            if not bond.IsInRing() and bond.GetBondType() == Chem.BondType.SINGLE
        ]
        for place in random.permutation(len(bonds))[:CUTS].tolist():
            bond = bonds[place]
            one, other = _cut(mol, bond)
            kinds = _end(bond.GetBeginAtom()), _end(bond.GetEndAtom())
            found.setdefault(kinds, []).append((one, other))
            found.setdefault(kinds[::-1], []).append((other, one))
    return found


def _end(atom: Chem.Atom) -> End:
    return atom.GetSymbol(), atom.GetIsAromatic()


def _cut(mol: Chem.Mol, bond: Chem.Bond) -> tuple[Half, Half]:
    parted = Chem.FragmentOnBonds(mol, [bond.GetIdx()], addDummies=False)
    places = Chem.GetMolFrags(parted)
    parts = Chem.GetMolFrags(parted, asMols=True, sanitizeFrags=False)
    ends = []
    for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()):
        part = next(i for i, inside in enumerate(places) if atom in inside)
        ends.append((parts[part], places[part].index(atom)))
    return ends[0], ends[1]


def _joined(first: Half, second: Half) -> str | None:
    """SMILES of the two halves as one molecule; None where RDKit finds that it cannot be."""
    (one, start), (other, end) = first, second
    both = Chem.RWMol(Chem.CombineMols(one, other))
    both.AddBond(start, one.GetNumAtoms() + end, Chem.BondType.SINGLE)
    try:
        Chem.SanitizeMol(both)
    except (Chem.AtomValenceException, Chem.KekulizeException, Chem.AtomKekulizeException):
        return None
    return str(Chem.MolToSmiles(both))
