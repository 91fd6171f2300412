"""Metals that are bonded to whole rings, as in ferrocene: the rings stand beside the metal, and not over one another.

Layouts of molecules give each bond its length. A metal with five bonds into a ring has no place at which all have it, so the
ring is folded around the metal; two such rings lie on one another. Here those bonds are left out of the layout, and drawn after.
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray
from rdkit import Chem
from rdkit.Chem import rdDepictor

LEAST_BONDS = 3
"""Of a metal into one ring, from which on it is bonded to the ring as a whole."""

METALS = "[!#1;!#2;!#5;!#6;!#7;!#8;!#9;!#10;!#14;!#15;!#16;!#17;!#18;!#33;!#34;!#35;!#36;!#52;!#53;!#54;!#0]"
"""SMARTS of an atom that is a metal."""

GAP = 1.5
"""Distance in Å between a metal and the nearest side of its ring."""


def stacked(mol: Chem.Mol) -> bool:
    """Give the molecule a layout in which metals stand beside their rings; False, and no layout, where there is none such."""
    found = _rings_of_metals(mol)
    if not found:
        return False
    apart = Chem.RWMol(mol)
    for metal, ring in found:
        for atom in ring:
            apart.RemoveBond(metal, atom)
    owner = {atom: number for number, atoms in enumerate(Chem.GetMolFrags(apart)) for atom in atoms}
    moved = [owner[ring[0]] for _, ring in found]
    metals = {owner[metal] for metal, _ in found}
    if len(metals) > 1 or metals & set(moved) or len(set(moved)) < len(moved):
        return False  # a bridge holds the ring, or several metals share one
    apart.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(apart)
    rdDepictor.Compute2DCoords(apart)
    places = apart.GetConformer().GetPositions()[:, :2]
    own = np.array([owner[atom] for atom in range(mol.GetNumAtoms())])
    away = places[found[0][0]] - places[own == owner[found[0][0]]].mean(0)
    for number, (metal, ring) in enumerate(found):
        angle = 2 * np.pi * number / len(found) + (
            np.arctan2(away[1], away[0]) if np.linalg.norm(away) > GAP / 4 else np.pi / 2
        )
        atoms = np.flatnonzero(own == owner[ring[0]])
        places[atoms] = _beside(
            places, atoms, ring, places[metal], np.array([np.cos(angle), np.sin(angle)])
        )
    kept = Chem.Conformer(mol.GetNumAtoms())
    kept.SetPositions(np.column_stack([places, np.zeros(len(places))]))
    kept.Set3D(False)
    mol.RemoveAllConformers()
    mol.AddConformer(kept)
    return True


def _rings_of_metals(mol: Chem.Mol) -> list[tuple[int, list[int]]]:
    """Metals and the atoms of a ring that each is bonded to."""
    metals = {match[0] for match in mol.GetSubstructMatches(Chem.MolFromSmarts(METALS))}
    if not metals:
        return []
    bare = Chem.RWMol(mol)
    for bond in mol.GetBonds():
        if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} & metals:
            bare.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    Chem.FastFindRings(bare)
    found = []
    for metal in sorted(metals):
        near = {atom.GetIdx() for atom in mol.GetAtomWithIdx(metal).GetNeighbors()}
        held = [sorted(near.intersection(ring)) for ring in bare.GetRingInfo().AtomRings()]
        found += [(metal, atoms) for atoms in held if len(atoms) >= LEAST_BONDS]
    return found


def _beside(
    places: ndarray, atoms: ndarray, ring: Sequence[int], metal: ndarray, way: ndarray
) -> ndarray:
    """Places of a ring and of what hangs on it, with the ring's middle so far from the metal, and the rest further out."""
    middle = places[list(ring)].mean(0)
    radius = np.linalg.norm(places[list(ring)] - middle, axis=1).max()
    hanging = places[atoms].mean(0) - middle
    turn = (
        np.arctan2(way[1], way[0]) - np.arctan2(hanging[1], hanging[0])
        if np.linalg.norm(hanging) > 0.1
        else 0.0
    )
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return (places[atoms] - middle) @ rotation.T + metal + way * (radius + GAP)
