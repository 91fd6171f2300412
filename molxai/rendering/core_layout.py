"""A molecule laid out so that what it shares with another one lies as it does there.

A matched pair and a series of analogues are read best like this. What is beside the common core is
laid out around it by RDKit, and then moved off what it lies on.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem
from rdkit.Chem import rdDepictor

from molxai.rendering.crowding import Structure, crowding
from molxai.rendering.depiction import BOND, bond_lengths, flat_copy, set_in_a_row
from molxai.rendering.relaxation import relax
from molxai.rendering.sandwich import set_layout

Pair = tuple[int, int]
"""An atom of the reference and the atom of the molecule that lies in its place."""

CIS = (Chem.BondStereo.STEREOZ, Chem.BondStereo.STEREOCIS)
"""What a double bond is whose `GetStereoAtoms` are on one side."""

WORTH_TURNING = 2.0
"""Cost that must be saved for a core to be turned out of its place: half of two crossing bonds."""

SHORTEST_BOND = 0.75
"""Length of a bond, as a share of the usual one, below which RDKit has squeezed the molecule."""

LEAST_CORE = 2
"""Atoms in common that give a direction."""


def layout_on(mol: Chem.Mol, reference: Chem.Mol, pairs: Sequence[Pair]) -> Chem.Mol:
    """A copy of the molecule with a 2D layout in which the common core lies as in the reference.

    Atoms keep their indices. The rest of the molecule lies around the core, clear of it. If the
    core cannot have the same shape in the molecule, as when a chain is a part of a ring there, the
    whole molecule is only turned as the reference is.

    Args:
        mol: the molecule; a layout that it has is not kept.
        reference: a molecule with a 2D layout of the usual bond length, as `flat_copy` gives it.
        pairs: atoms of the reference, and those of the molecule that are to lie in their places.

    Example:
        >>> phenol = flat_copy(Chem.MolFromSmiles("Oc1ccccc1"))
        >>> anisole = Chem.MolFromSmiles("COc1ccccc1")
        >>> laid_out = layout_on(anisole, phenol, [(atom, atom + 1) for atom in range(7)])
        >>> offset = _places(laid_out)[1:] - _places(phenol)
        >>> bool(np.abs(offset).max() < 1e-3)
        True
    """
    pairs = _pairs_of_shape(mol, reference, pairs)
    if len(pairs) < LEAST_CORE:
        return flat_copy(_without_layout(mol))
    structure = Structure.of(mol)
    candidates = (_around_core(mol, reference, pairs), _turned(mol, reference, pairs))
    costs = [crowding(_places(copy) / BOND, structure) for copy in candidates]
    is_clearly_better = costs[1] < costs[0] - WORTH_TURNING
    is_squeezed = costs[1] < costs[0] and _shortest_bond(candidates[0]) < SHORTEST_BOND * BOND
    copy = candidates[int(is_clearly_better or is_squeezed)]
    fragments = sorted(Chem.GetMolFrags(copy), key=len, reverse=True)
    if len(fragments) > 1:
        core = {atom for _, atom in pairs}
        set_in_a_row(copy, sorted(fragments, key=core.isdisjoint))
    return copy


def _shortest_bond(mol: Chem.Mol) -> float:
    """Length in Å of the shortest bond of a layout."""
    return float(bond_lengths(mol, _places(mol)).min(initial=BOND))


def _around_core(mol: Chem.Mol, reference: Chem.Mol, pairs: Sequence[Pair]) -> Chem.Mol:
    """A copy whose core lies exactly as in the reference, and the rest where RDKit has room."""
    copy = _without_layout(mol)
    rdDepictor.GenerateDepictionMatching2DStructure(copy, reference, list(pairs))
    core = frozenset(atom for _, atom in pairs)
    places = relax(copy, _places(copy) / BOND, core)
    set_layout(copy, places * BOND)
    return copy


def _turned(mol: Chem.Mol, reference: Chem.Mol, pairs: Sequence[Pair]) -> Chem.Mol:
    """A copy in its usual layout, turned and mirrored so that its core is near the reference's."""
    copy = flat_copy(_without_layout(mol))
    here = _places(copy)
    there = _places(reference)
    atoms_there, atoms_here = np.array(pairs).T  # (pairs,) each
    set_layout(copy, _superpose(here, here[atoms_here], there[atoms_there]))
    return copy


def _superpose(
    places: Float[ndarray, "atoms 2"],
    core: Float[ndarray, "pairs 2"],
    target: Float[ndarray, "pairs 2"],
) -> Float[ndarray, "atoms 2"]:
    """The places turned, mirrored and moved so that the core comes nearest to its target.

    Source:
        Kabsch 1976, "A solution for the best rotation to relate two sets of vectors".
    """
    core_middle = core.mean(0)
    target_middle = target.mean(0)
    covariance = (core - core_middle).T @ (target - target_middle)  # (2, 2)
    left, _, right = np.linalg.svd(covariance)
    return (places - core_middle) @ (left @ right) + target_middle


def _pairs_of_shape(mol: Chem.Mol, reference: Chem.Mol, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs without those by which a double bond that is Z would be drawn E, or the reverse."""
    kept = tuple(pairs)
    there = _places(reference)
    for bond in mol.GetBonds():
        place_of = {atom: there[other] for other, atom in kept}
        if bond.GetStereo() > Chem.BondStereo.STEREOANY and _is_drawn_wrongly(bond, place_of):
            behind = _atoms_behind(mol, bond)
            if not behind:
                return ()  # no layout of the whole ring has that shape
            core = set(place_of)
            smaller = min(behind, core - behind, key=lambda side: len(core & side))
            kept = tuple(pair for pair in kept if pair[1] not in smaller)
    return kept


def _is_drawn_wrongly(bond: Chem.Bond, place_of: Mapping[int, Float[ndarray, " 2"]]) -> bool:
    """Whether these places make the double bond E instead of Z, or the reverse."""
    first, last = bond.GetStereoAtoms()
    chain = (first, bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), last)
    if not place_of.keys() >= set(chain):
        return False
    should_be_cis = bond.GetStereo() in CIS
    return _is_cis(*(place_of[atom] for atom in chain)) != should_be_cis


def _is_cis(
    first: Float[ndarray, " 2"],
    begin: Float[ndarray, " 2"],
    end: Float[ndarray, " 2"],
    last: Float[ndarray, " 2"],
) -> bool:
    """Whether the first and the last atom are on one side of the bond between them."""
    x, y = end - begin
    normal = np.array([-y, x])
    return bool((normal @ (first - begin)) * (normal @ (last - end)) > 0)


def _atoms_behind(mol: Chem.Mol, bond: Chem.Bond) -> set[int]:
    """Atoms on the side of the bond's end; none if the bond is in a ring."""
    begin = bond.GetBeginAtomIdx()
    end = bond.GetEndAtomIdx()
    without_bond = Chem.RWMol(mol)
    without_bond.RemoveBond(begin, end)
    sides = [set(side) for side in Chem.GetMolFrags(without_bond) if begin not in side]
    return next((side for side in sides if end in side), set())


def _without_layout(mol: Chem.Mol) -> Chem.Mol:
    copy = Chem.Mol(mol)
    copy.RemoveAllConformers()
    return copy


def _places(mol: Chem.Mol) -> Float[ndarray, "atoms 2"]:
    return mol.GetConformer().GetPositions()[:, :2]
