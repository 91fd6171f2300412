"""Ring systems that are drawn as chemists draw them, for which RDKit has no template."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem
from rdkit.Geometry import Point2D

Place: TypeAlias = Float[ndarray, "2"]
"""Where an atom lies, in bonds."""

BOND = 1.5
"""Length in Å of RDKit's bonds."""

MOST_WAYS = 24
"""Ways to lay a cage onto a molecule that are tried, as many as a tetrahedron's symmetry has."""

CAGES = {
    # Seen along a direction in which no atom and few bonds are hidden.
    "*1~*2~*~*3~*~*1~*~*(~*2)~*3": (
        (1.36, 0.0),
        (0.9, 0.72),
        (0.0, 1.43),
        (-0.9, 0.72),
        (-0.5, -0.12),
        (0.47, -0.72),
        (0.0, -1.43),
        (-0.47, -0.72),
        (0.5, -0.12),
        (-1.36, 0.0),
    ),
}
"""SMARTS of each, and where its atoms lie, in bonds: adamantane."""


BESIDE = np.pi / 4
"""Angle between the outward direction and each of two substituents of one atom."""


def cage_coordinates(mol: Chem.Mol) -> Iterator[dict[int, Point2D]]:
    """Where atoms of the first cage and its substituents lie, for each way to lay it on."""
    for smarts, places in CAGES.items():
        pattern = Chem.MolFromSmarts(smarts)
        for match in mol.GetSubstructMatches(pattern, uniquify=False, maxMatches=MOST_WAYS):
            layout = {atom: np.array(place) for atom, place in zip(match, places, strict=True)}
            layout |= _substituents(mol, layout)
            yield {atom: Point2D(*(BOND * place)) for atom, place in layout.items()}


def _substituents(mol: Chem.Mol, layout: Mapping[int, Place]) -> dict[int, Place]:
    """Where the atoms lie that are bonded to the cage: away from its own bonds.

    RDKit would set them into free corners, which in a cage are inside.
    """
    substituents = {}
    for atom, place in layout.items():
        neighbours = [neighbour.GetIdx() for neighbour in mol.GetAtomWithIdx(atom).GetNeighbors()]
        bonds = [layout[neighbour] - place for neighbour in neighbours if neighbour in layout]
        free = [neighbour for neighbour in neighbours if neighbour not in layout]
        inward = sum((bond / np.linalg.norm(bond) for bond in bonds), start=np.zeros(2))
        outward = np.arctan2(*-inward[::-1])
        first = outward - BESIDE * (len(free) - 1)
        for number, neighbour in enumerate(free):
            angle = first + 2 * BESIDE * number
            substituents[neighbour] = place + np.array([np.cos(angle), np.sin(angle)])
    return substituents
