"""Metals that are bonded to whole rings, as in ferrocene: the rings stand beside the metal.

Layouts of molecules give each bond its length. A metal with five bonds into a ring has no place at
which all have it, so the ring is folded around the metal, and two such rings lie on one another.
Here those bonds are left out of the layout, and drawn after.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray
from rdkit import Chem
from rdkit.Chem import rdDepictor

MetalRing = tuple[int, list[int]]
"""A metal and the atoms of a ring that it is bonded to."""

LEAST_BONDS = 3
"""Bonds of a metal into one ring from which on it is bonded to the ring as a whole."""

METALS = (
    "[!#1;!#2;!#5;!#6;!#7;!#8;!#9;!#10;!#14;!#15;!#16;!#17;!#18"
    ";!#33;!#34;!#35;!#36;!#52;!#53;!#54;!#0]"
)
"""SMARTS of an atom that is a metal: it is none of the other elements."""

GAP = 1.5
"""Distance in Å between a metal and the nearest side of its ring."""

NEGLIGIBLE = 0.1
"""Å: what hangs on a ring evenly has no direction."""


def lay_out_sandwich(mol: Chem.Mol) -> bool:
    """Give the molecule a layout in which its metal stands beside its rings.

    Returns:
        False, and no layout is given, if the molecule has no metal that is bonded to whole rings,
        or if they cannot be separated: a bridge holds a ring, or several metals share one.
    """
    metal_rings = _rings_of_metals(mol)
    if not metal_rings:
        return False
    apart = _without_ring_bonds(mol, metal_rings)
    fragments = Chem.GetMolFrags(apart)
    fragment_of = np.zeros(mol.GetNumAtoms(), dtype=int)
    for number, atoms in enumerate(fragments):
        fragment_of[list(atoms)] = number
    if not _can_part(metal_rings, fragment_of):
        return False
    apart.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(apart)
    rdDepictor.Compute2DCoords(apart)
    places = apart.GetConformer().GetPositions()[:, :2]  # (atoms, 2)
    _set_rings_around(places, metal_rings, fragment_of)
    set_layout(mol, places)
    return True


def _without_ring_bonds(mol: Chem.Mol, metal_rings: Sequence[MetalRing]) -> Chem.RWMol:
    """A copy without the bonds of metals into their rings."""
    copy = Chem.RWMol(mol)
    for metal, ring in metal_rings:
        for atom in ring:
            copy.RemoveBond(metal, atom)
    return copy


def _can_part(metal_rings: Sequence[MetalRing], fragment_of: Int[ndarray, " atoms"]) -> bool:
    """Whether there is one metal, and each ring is a fragment of its own."""
    metals = {int(fragment_of[metal]) for metal, _ in metal_rings}
    rings = {int(fragment_of[ring[0]]) for _, ring in metal_rings}
    has_bridge = not metals.isdisjoint(rings)
    is_shared = len(rings) < len(metal_rings)
    return len(metals) == 1 and not has_bridge and not is_shared


def _set_rings_around(
    places: Float[ndarray, "atoms 2"],
    metal_rings: Sequence[MetalRing],
    fragment_of: Int[ndarray, " atoms"],
) -> None:
    """Move the rings, with what hangs on them, evenly around the metal, away from its rest."""
    metal = metal_rings[0][0]
    core = places[fragment_of == fragment_of[metal]]
    away = places[metal] - core.mean(0)
    has_rest = np.linalg.norm(away) > GAP / 4
    first_angle = _angle(away) if has_rest else np.pi / 2
    count = len(metal_rings)
    for number, (metal, ring) in enumerate(metal_rings):
        angle = 2 * np.pi * number / count + first_angle
        direction = np.array([np.cos(angle), np.sin(angle)])
        fragment = fragment_of[ring[0]]
        atoms = np.flatnonzero(fragment_of == fragment)
        places[atoms] = _beside(
            places,
            atoms,
            ring,
            places[metal],
            direction,
        )


def set_layout(mol: Chem.Mol, places: Float[ndarray, "atoms 2"]) -> None:
    """Give the molecule these places in the plane, in place of any that it has."""
    conformer = Chem.Conformer(mol.GetNumAtoms())
    heights = np.zeros(len(places))
    positions = np.column_stack([places, heights])  # (atoms, 3)
    conformer.SetPositions(positions)
    conformer.Set3D(False)
    mol.RemoveAllConformers()
    mol.AddConformer(conformer)


def _rings_of_metals(mol: Chem.Mol) -> list[MetalRing]:
    """Metals with each ring that they are bonded to as a whole."""
    pattern = Chem.MolFromSmarts(METALS)
    metals = {atom for (atom,) in mol.GetSubstructMatches(pattern)}
    if not metals:
        return []
    without_metals = Chem.RWMol(mol)
    for bond in mol.GetBonds():
        ends = (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
        if metals.intersection(ends):
            without_metals.RemoveBond(*ends)
    Chem.FastFindRings(without_metals)
    metal_rings: list[MetalRing] = []
    for metal in sorted(metals):
        neighbours = {atom.GetIdx() for atom in mol.GetAtomWithIdx(metal).GetNeighbors()}
        for ring in without_metals.GetRingInfo().AtomRings():
            atoms = sorted(neighbours.intersection(ring))
            if len(atoms) >= LEAST_BONDS:
                metal_rings.append((metal, atoms))
    return metal_rings


def _beside(
    places: Float[ndarray, "atoms 2"],
    atoms: Int[ndarray, " moved"],
    ring: Sequence[int],
    metal: Float[ndarray, " 2"],
    direction: Float[ndarray, " 2"],
) -> Float[ndarray, "moved 2"]:
    """Places of a ring beside the metal, and of what hangs on the ring further out."""
    ring_places = places[list(ring)]  # (ring, 2)
    middle = ring_places.mean(0)
    radius = np.linalg.norm(ring_places - middle, axis=1).max()
    hanging = places[atoms].mean(0) - middle
    turn = 0.0
    if np.linalg.norm(hanging) > NEGLIGIBLE:
        turn = _angle(direction) - _angle(hanging)
    offsets = (places[atoms] - middle) @ _rotation(turn).T  # (moved, 2)
    distance = radius + GAP
    return offsets + metal + direction * distance


def _angle(vector: Float[ndarray, " 2"]) -> float:
    """Direction of a vector in radians."""
    x, y = vector
    return np.arctan2(y, x)


def _rotation(angle: float) -> Float[ndarray, "2 2"]:
    """The matrix that turns a vector counterclockwise."""
    cosine = np.cos(angle)
    sine = np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])
