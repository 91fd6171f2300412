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
    """Which atoms of a molecule are bonded."""

    bonds: Int[ndarray, "bonds 2"]
    is_apart: Bool[ndarray, "atoms atoms"]
    """Whether two atoms have no bond; each pair is marked once."""
    is_beside: Bool[ndarray, "atoms bonds"]
    """Whether an atom is no end of a bond."""
    is_disjoint: Bool[ndarray, "bonds bonds"]
    """Whether two bonds share no atom; each pair is marked once."""

    @classmethod
    def of(cls, mol: Chem.Mol) -> "Structure":
        """That of a molecule."""
        atoms = mol.GetNumAtoms()
        bonds = bond_ends(mol)
        low, high = np.sort(bonds, axis=1).T  # (bonds,) each
        is_apart = np.triu(np.ones((atoms, atoms), dtype=bool), 1)
        is_apart[low, high] = False
        is_beside = np.ones((atoms, len(bonds)), dtype=bool)
        is_beside[bonds.T, np.arange(len(bonds))] = False
        start, end = bonds.T  # (bonds,) each
        is_disjoint = np.triu(is_beside[start] & is_beside[end], 1)  # (bonds, bonds)
        return cls(bonds, is_apart, is_beside, is_disjoint)


@dataclass(frozen=True)
class Lines:
    """The bonds as lines."""

    starts: Float[ndarray, "bonds 2"]
    ends: Float[ndarray, "bonds 2"]

    @cached_property
    def middles(self) -> Float[ndarray, "bonds 2"]:
        """The point in the middle of each."""
        return (self.starts + self.ends) / 2

    @cached_property
    def lengths(self) -> Float[ndarray, " bonds"]:
        """The length of each."""
        return np.linalg.norm(self.ends - self.starts, axis=1)


def bond_ends(mol: Chem.Mol) -> Int[ndarray, "bonds 2"]:
    """Both atoms of each bond."""
    # RDKit's iterator over bonds takes twice as long.
    bonds = [mol.GetBondWithIdx(index) for index in range(mol.GetNumBonds())]
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds]
    return np.array(ends, dtype=int).reshape(-1, 2)  # without bonds, too


def distances_between(
    points: Float[ndarray, "points 2"], others: Float[ndarray, "others 2"]
) -> Float[ndarray, "points others"]:
    """Distance of every point to each of the others."""
    offsets = points[:, None] - others  # (points, others, 2)
    return np.linalg.norm(offsets, axis=2)  # (points, others)


def crowding(places: Float[ndarray, "atoms 2"], structure: Structure) -> float:
    """The cost of atoms at these places, in bonds."""
    lines = Lines(*places[structure.bonds].transpose(1, 0, 2))
    cost = CLASH * _clashes(places, structure)
    if len(structure.bonds):
        cost += COVER * _covered(places, lines, structure)
        cost += CROSSING * crossings(lines, structure)
        cost += UNEVEN * float(lines.lengths.std())
    return cost


def near_pairs(
    places: Float[ndarray, "atoms 2"], structure: Structure, reach: float
) -> tuple[Int[ndarray, "pairs 2"], Float[ndarray, " pairs"]]:
    """Pairs of atoms without a bond that are nearer than the reach, and their distances."""
    distances = distances_between(places, places)
    is_near = structure.is_apart & (distances < reach)
    return np.argwhere(is_near), distances[is_near]


def _clashes(places: Float[ndarray, "atoms 2"], structure: Structure) -> float:
    """Sum over pairs of atoms of how near they are: 1 for two in one place, 0 beyond `NEAR`."""
    _, distances = near_pairs(places, structure, NEAR)
    return _nearness(distances, NEAR)


def _covered(places: Float[ndarray, "atoms 2"], lines: Lines, structure: Structure) -> float:
    """Sum over atoms and bonds of how near they are: 1 on the bond, 0 beyond `BESIDE`."""
    can_cover = distances_between(places, lines.middles) < lines.lengths / 2 + BESIDE
    atom, bond = np.nonzero(structure.is_beside & can_cover)
    way = lines.ends[bond] - lines.starts[bond]  # (pairs, 2)
    offset = places[atom] - lines.starts[bond]  # (pairs, 2)
    squares = np.maximum((way**2).sum(1), LEAST_SQUARE)  # (pairs,)
    shares = np.clip((offset * way).sum(1) / squares, 0, 1)  # (pairs,)
    distances = np.linalg.norm(offset - shares[:, None] * way, axis=1)  # (pairs,)
    return _nearness(distances, BESIDE)


def _nearness(distances: Float[ndarray, " pairs"], reach: float) -> float:
    shortfall = np.maximum(1 - distances / reach, 0)  # (pairs,)
    return float((shortfall**2).sum())


def crossings(lines: Lines, structure: Structure) -> int:
    """How many pairs of bonds cross: each has its ends on both sides of the other."""
    reaches = (lines.lengths[:, None] + lines.lengths) / 2  # (bonds, bonds)
    can_cross = distances_between(lines.middles, lines.middles) < reaches
    first, second = np.nonzero(structure.is_disjoint & can_cross)
    a, b = lines.starts[first], lines.ends[first]
    c, d = lines.starts[second], lines.ends[second]
    are_apart = _side(a, b, c) * _side(a, b, d) < 0
    is_apart = _side(c, d, a) * _side(c, d, b) < 0
    return int((are_apart & is_apart).sum())


def _side(
    start: Float[ndarray, "lines 2"],
    end: Float[ndarray, "lines 2"],
    point: Float[ndarray, "lines 2"],
) -> Float[ndarray, " lines"]:
    """Positive if a point is left of its line, negative if it is right of it."""
    along = end - start
    to_point = point - start
    return along[:, 0] * to_point[:, 1] - along[:, 1] * to_point[:, 0]
