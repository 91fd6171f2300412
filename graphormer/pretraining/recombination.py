"""New molecules out of known ones: half of one and half of another, joined at single bonds."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem, rdBase

CUTS = 6
"""Bonds at which each molecule is cut, at most."""

TRIES = 6
"""Attempts for each molecule that is wanted."""

SMALLEST = 12
"""Atoms of the smallest new molecule."""

LARGEST = 60
"""Atoms of the largest new molecule."""

End = tuple[str, bool]
"""Element of a cut bond's end, and whether it is aromatic."""

Half = tuple[Chem.Mol, int]
"""A fragment of a molecule, and its atom at the cut."""

Halves = dict[tuple[End, End], list[tuple[Half, Half]]]
"""Both halves of each cut, by the kinds of the cut bond's ends."""


def recombine(smiles: Sequence[str], count: int, seed: int) -> list[str]:
    """Up to `count` distinct molecules, none of which need exist; fewer if the halves are few.

    Cuts are at single bonds outside of rings. A half is joined to another that hung on an end of
    the same element and aromaticity, as when chemists exchange building blocks:

        ring–C|C–OH  and  ring'–C|C–NH₂  give  ring–C–C–NH₂
    """
    random = np.random.default_rng(seed)
    with rdBase.BlockLogs():
        halves = _halves([Chem.MolFromSmiles(text) for text in smiles], random)
        if not halves:
            return []
        kinds = list(halves)
        counts = np.array([len(halves[kind]) for kind in kinds], dtype=float)
        weights = counts / counts.sum()
        molecules: dict[str, None] = {}
        for _ in range(TRIES * count):
            if len(molecules) == count:
                break
            cuts = halves[kinds[random.choice(len(kinds), p=weights)]]
            first, _ = cuts[random.integers(len(cuts))]
            _, second = cuts[random.integers(len(cuts))]
            text = _join(first, second)
            if text:
                molecules[text] = None
    return list(molecules)


def _halves(mols: Sequence[Chem.Mol], random: np.random.Generator) -> Halves:
    """Both halves of each cut, either one first."""
    halves: Halves = {}
    for mol in mols:
        bonds = [
            bond
            for bond in mol.GetBonds()
            if not bond.IsInRing() and bond.GetBondType() == Chem.BondType.SINGLE
        ]
        for number in random.permutation(len(bonds))[:CUTS].tolist():
            bond = bonds[number]
            begin_half, end_half = _cut(mol, bond)
            begin = _end(bond.GetBeginAtom())
            end = _end(bond.GetEndAtom())
            halves.setdefault((begin, end), []).append((begin_half, end_half))
            halves.setdefault((end, begin), []).append((end_half, begin_half))
    return halves


def _end(atom: Chem.Atom) -> End:
    return atom.GetSymbol(), atom.GetIsAromatic()


def _cut(mol: Chem.Mol, bond: Chem.Bond) -> tuple[Half, Half]:
    """The halves at the bond's first and second atom."""
    fragments = Chem.FragmentOnBonds(mol, [bond.GetIdx()], addDummies=False)
    atoms_of = Chem.GetMolFrags(fragments)
    mols = Chem.GetMolFrags(fragments, asMols=True, sanitizeFrags=False)
    halves = []
    for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()):
        number = next(i for i, atoms in enumerate(atoms_of) if atom in atoms)
        halves.append((mols[number], atoms_of[number].index(atom)))
    return halves[0], halves[1]


def _join(first: Half, second: Half) -> str | None:
    """SMILES of both halves as one molecule.

    None if it is too small or too large, or if RDKit finds that it cannot exist.
    """
    first_mol, first_atom = first
    second_mol, second_atom = second
    first_atoms = first_mol.GetNumAtoms()
    if not SMALLEST <= first_atoms + second_mol.GetNumAtoms() <= LARGEST:
        return None
    molecule = Chem.RWMol(Chem.CombineMols(first_mol, second_mol))
    molecule.AddBond(first_atom, first_atoms + second_atom, Chem.BondType.SINGLE)
    try:
        Chem.SanitizeMol(molecule)
    except (Chem.AtomValenceException, Chem.KekulizeException, Chem.AtomKekulizeException):
        return None
    return str(Chem.MolToSmiles(molecule))
