"""Atoms moved off one another: branches are mirrored or turned around the bond they hang on."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from rdkit import Chem

from molxai.rendering.crowding import Structure, crowding

CROWDED = 0.8
"""Two atoms that are not bonded are crowded at this distance in bonds: their discs overlap."""

TURNS = (30, -30, 60, -60)
"""Angles in degrees by which a branch may be turned."""

TURN_COST = 0.15
"""Cost of an angle that is not the usual one, for each 30 degrees."""

CORE_COST = 0.3
"""Cost of each atom that is moved from where it is to stay."""

LEAST_GAIN = 0.02
"""Cost that a move must save."""

MOST_MOVES = 40
"""Moves that are made at most."""


@dataclass(frozen=True)
class Branch:
    """What hangs on a bond that is in no ring."""

    root: int
    """The atom of the bond that stays."""
    first: int
    """The atom of the bond that is moved."""
    is_moved: Bool[ndarray, " atoms"]
    """Whether each atom is in the branch."""
    can_mirror: bool
    """Whether its mirror image is the same molecule: not at a double bond that is E or Z."""
    can_turn: bool
    """Whether it may be turned: not at an end of such a double bond."""


def relax(
    mol: Chem.Mol, places: Float[ndarray, "atoms 2"], core: frozenset[int], bond: float
) -> Float[ndarray, "atoms 2"]:
    """Places without clashes, as far as moves of whole branches can do it.

    Args:
        mol: the molecule.
        places: where its atoms lie.
        core: atoms that stay, unless they would be crowded.
        bond: length of a usual bond, in the unit of the places.

    Returns:
        The same places if no atoms are crowded.
    """
    structure = Structure.of(mol)
    branches: list[Branch] | None = None
    cost = crowding(places, structure, bond)
    for _ in range(MOST_MOVES):
        crowded = crowded_pairs(places, structure, bond)
        if not len(crowded):
            break
        if branches is None:
            branches = _branches(mol)
        ways = [
            way
            for branch in branches
            if _parts(branch, crowded)
            for way in _moves(branch, places, core)
        ]
        costs = [crowding(moved, structure, bond) + turn for moved, turn in ways]
        if not costs or min(costs) > cost - LEAST_GAIN:
            break
        best = int(np.argmin(costs))
        places, _ = ways[best]
        cost = crowding(places, structure, bond)
    return places


def crowded_pairs(
    places: Float[ndarray, "atoms 2"], structure: Structure, bond: float
) -> Sequence[tuple[int, int]]:
    """Pairs of atoms without a bond that lie so near that their discs overlap."""
    first, second = structure.apart
    distances = np.linalg.norm(places[first] - places[second], axis=1)  # (pairs,)
    is_crowded = distances < CROWDED * bond
    return list(zip(first[is_crowded].tolist(), second[is_crowded].tolist(), strict=True))


def _branches(mol: Chem.Mol) -> list[Branch]:
    """Both sides of each bond that is in no ring."""
    branches: list[Branch] = []
    stiff = [bond for bond in mol.GetBonds() if bond.GetStereo() > Chem.BondStereo.STEREOANY]
    stiff_ends = {end for bond in stiff for end in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())}
    stiff_bonds = {bond.GetIdx() for bond in stiff}
    neighbours = [[atom.GetIdx() for atom in each.GetNeighbors()] for each in mol.GetAtoms()]
    for bond in mol.GetBonds():
        if bond.IsInRing():
            continue
        begin = bond.GetBeginAtomIdx()
        end = bond.GetEndAtomIdx()
        for root, first in ((begin, end), (end, begin)):
            is_moved = _behind(root, first, neighbours)
            can_mirror = bond.GetIdx() not in stiff_bonds
            can_turn = root not in stiff_ends
            branches.append(Branch(root, first, is_moved, can_mirror, can_turn))
    return branches


def _behind(root: int, first: int, neighbours: Sequence[Sequence[int]]) -> Bool[ndarray, " atoms"]:
    """Whether each atom is reached from `first` without the bond to the root."""
    is_behind = np.zeros(len(neighbours), dtype=bool)
    is_behind[first] = True
    waiting = [first]
    while waiting:
        for atom in neighbours[waiting.pop()]:
            if atom != root and not is_behind[atom]:
                is_behind[atom] = True
                waiting.append(atom)
    return is_behind


def _parts(branch: Branch, pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether the branch has one of the atoms of some pair."""
    return any(branch.is_moved[i] != branch.is_moved[j] for i, j in pairs)


def _moves(
    branch: Branch, places: Float[ndarray, "atoms 2"], core: frozenset[int]
) -> Iterator[tuple[Float[ndarray, "atoms 2"], float]]:
    """Places after each move of a branch, and what the move costs."""
    moved = core.intersection(np.flatnonzero(branch.is_moved).tolist())
    if branch.can_mirror:
        yield _mirror(branch, places), CORE_COST * len(moved - {branch.first})
    if branch.can_turn:
        for turn in TURNS:
            cost = TURN_COST * abs(turn) / 30 + CORE_COST * len(moved)
            yield _turn(branch, places, math.radians(turn)), cost


def _mirror(branch: Branch, places: Float[ndarray, "atoms 2"]) -> Float[ndarray, "atoms 2"]:
    """The branch on the other side of its bond."""
    moved = places.copy()
    start = places[branch.root]
    way = places[branch.first] - start
    along = way / np.linalg.norm(way)
    offsets = places[branch.is_moved] - start  # (moved, 2)
    on_axis = (offsets @ along)[:, None] * along  # (moved, 2)
    moved[branch.is_moved] = start + 2 * on_axis - offsets
    return moved


def _turn(
    branch: Branch, places: Float[ndarray, "atoms 2"], angle: float
) -> Float[ndarray, "atoms 2"]:
    """The branch turned around the atom that it hangs on."""
    moved = places.copy()
    start = places[branch.root]
    cosine = math.cos(angle)
    sine = math.sin(angle)
    rotation = np.array([[cosine, sine], [-sine, cosine]])
    moved[branch.is_moved] = start + (places[branch.is_moved] - start) @ rotation
    return moved
