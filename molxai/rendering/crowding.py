"""How well atoms in the plane can be read: a cost, by which one layout of a molecule is chosen.

It is zero if no two atoms are near, no atom lies near a bond of others, no bonds cross, and all
bonds are equally long. Lengths are in bonds.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from rdkit import Chem

NEAR = 1.15
"""Two atoms that are not bonded are nearer than usual below this distance.

Atoms in peri position are at a distance of 1, the next but one in a ring of five at 1.6.
"""

BESIDE = 0.6
"""An atom lies on a bond of others below this distance."""

CLASH = 30.0
"""Cost of two atoms in one place."""

COVER = 20.0
"""Cost of an atom in the middle of a bond."""

CROSSING = 4.0
"""Cost of two bonds that cross."""

UNEVEN = 10.0
"""Cost of bond lengths, for each unit of the standard deviation from their mean."""

LEAST_SQUARE = 1e-9
"""In place of a squared length of zero by which something is divided."""


@dataclass(frozen=True)
class Structure:
    """The bonds of a molecule."""

    atoms: int
    bonds: Int[ndarray, "bonds 2"]

    @classmethod
    def of(cls, mol: Chem.Mol) -> "Structure":
        """That of a molecule."""
        return cls(mol.GetNumAtoms(), bond_ends(mol))

    @cached_property
    def apart(self) -> tuple[Int[ndarray, " pairs"], Int[ndarray, " pairs"]]:
        """Pairs of atoms that are not bonded."""
        is_apart = np.triu(np.ones((self.atoms, self.atoms), dtype=bool), 1)
        low, high = np.sort(self.bonds, axis=1).T  # (bonds,) each
        is_apart[low, high] = False
        first, second = np.nonzero(is_apart)
        return first, second

    @cached_property
    def beside(self) -> tuple[Int[ndarray, " pairs"], Int[ndarray, " pairs"]]:
        """Pairs of an atom and a bond of others."""
        atoms = np.arange(self.atoms)
        is_end = (atoms[:, None, None] == self.bonds).any(2)  # (atoms, bonds)
        atom, bond = np.nonzero(~is_end)
        return atom, bond

    @cached_property
    def bond_pairs(self) -> tuple[Int[ndarray, " pairs"], Int[ndarray, " pairs"]]:
        """Pairs of bonds that share no atom."""
        start, end = self.bonds.T  # (bonds,) each
        shares_start = (start[:, None, None] == self.bonds).any(2)  # (bonds, bonds)
        shares_end = (end[:, None, None] == self.bonds).any(2)  # (bonds, bonds)
        first, second = np.nonzero(np.triu(~(shares_start | shares_end), 1))
        return first, second


def bond_ends(mol: Chem.Mol) -> Int[ndarray, "bonds 2"]:
    """Both atoms of each bond."""
    # RDKit's iterator over bonds takes twice as long.
    bonds = [mol.GetBondWithIdx(index) for index in range(mol.GetNumBonds())]
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds]
    return np.array(ends, dtype=int).reshape(-1, 2)  # without bonds, too


def crowding(places: Float[ndarray, "atoms 2"], structure: Structure, bond: float) -> float:
    """The cost of atoms at these places.

    Args:
        places: where the atoms lie.
        structure: which atoms are bonded.
        bond: length of a usual bond, in the unit of the places.
    """
    if not len(structure.bonds):
        return CLASH * clashes(places, structure, bond)
    lengths = np.linalg.norm(np.diff(places[structure.bonds], axis=1), axis=2) / bond
    return (
        CLASH * clashes(places, structure, bond)
        + COVER * _covered(places, structure, bond)
        + CROSSING * float(crossing_bonds(places, structure).sum())
        + UNEVEN * float(lengths.std())
    )


def clashes(places: Float[ndarray, "atoms 2"], structure: Structure, bond: float) -> float:
    """Sum over pairs of atoms of how near they are: 1 for two in one place, 0 beyond `NEAR`."""
    first, second = structure.apart
    distances = np.linalg.norm(places[first] - places[second], axis=1)  # (pairs,)
    return _nearness(distances / bond, NEAR)


def _covered(places: Float[ndarray, "atoms 2"], structure: Structure, bond: float) -> float:
    """Sum over atoms and bonds of how near they are: 1 on the bond, 0 beyond `BESIDE`."""
    atom, line = structure.beside
    start, end = places[structure.bonds[line]].transpose(1, 0, 2)  # (pairs, 2) each
    way = end - start
    offset = places[atom] - start
    squares = np.maximum((way**2).sum(1), LEAST_SQUARE)  # (pairs,)
    shares = np.clip((offset * way).sum(1) / squares, 0, 1)  # (pairs,)
    distances = np.linalg.norm(offset - shares[:, None] * way, axis=1)  # (pairs,)
    return _nearness(distances / bond, BESIDE)


def _nearness(distances: Float[ndarray, " pairs"], reach: float) -> float:
    shortfall = np.maximum(1 - distances / reach, 0)  # (pairs,)
    return float((shortfall**2).sum())


def crossing_bonds(
    places: Float[ndarray, "atoms 2"], structure: Structure
) -> Bool[ndarray, " pairs"]:
    """Whether the bonds of each of `bond_pairs` cross: each has its ends on both sides."""
    first, second = structure.bond_pairs
    a, b = places[structure.bonds[first]].transpose(1, 0, 2)  # (pairs, 2) each
    c, d = places[structure.bonds[second]].transpose(1, 0, 2)  # (pairs, 2) each
    are_apart = _side(a, b, c) * _side(a, b, d) < 0
    is_apart = _side(c, d, a) * _side(c, d, b) < 0
    return are_apart & is_apart


def _side(
    start: Float[ndarray, "lines 2"],
    end: Float[ndarray, "lines 2"],
    point: Float[ndarray, "lines 2"],
) -> Float[ndarray, " lines"]:
    """Positive if a point is left of its line, negative if it is right of it."""
    along = end - start
    to_point = point - start
    return along[:, 0] * to_point[:, 1] - along[:, 1] * to_point[:, 0]
