"""Which atoms of two molecules correspond: their maximum common substructure, and whatever else they share beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int
from rdkit import Chem, rdBase
from rdkit.Chem import rdFMCS

from molxai.chemistry.fragments import PLACE
from molxai.chemistry.grouping import pieces

SENSIBLE: dict[str, Any] = {
    "bondCompare": rdFMCS.BondCompare.CompareOrderExact,
    "ringMatchesRingOnly": True,
    "completeRingsOnly": True,
}
"""What substructures must share to be the same to a chemist: elements, bond orders, and whole rings. Stereo is told apart later."""

LOOSE: dict[str, Any] = {"bondCompare": rdFMCS.BondCompare.CompareOrder}
"""Where that leaves nothing: elements and bonds, in rings or not."""

SECONDS = 10
"""After which a search takes the best so far."""

LEAST, LEAST_BESIDE = 3, 5
"""Atoms of a common substructure, and of another one beside it: fewer are alike by chance."""

MOST_PLACES, MOST_WAYS = 50, 2000
"""Places of the substructure in the first molecule, and ways to lay it onto the second, that are tried."""

Pair = tuple[int, int]
"""An atom of the first molecule and the one of the second that corresponds to it."""


@dataclass(frozen=True)
class Alignment:
    """Corresponding atoms of two molecules."""

    pairs: tuple[Pair, ...]
    anchor: tuple[Pair, ...]
    """Those of the largest connected piece, by which one molecule is laid out as the other."""
    stereo: tuple[Pair, ...]
    """Those whose stereo label (R, S, E or Z) differs."""
    note: str = ""


def alignment(
    a: Chem.Mol, b: Chem.Mol, relevance_a: Sequence[float], relevance_b: Sequence[float]
) -> Alignment:
    """The correspondence of the most atoms; of symmetric ways the one that changes least: charges, hydrogens, then relevance.

    Raises:
        ValueError: the molecules have nothing in common.
    """
    weights = (np.array(relevance_a), np.array(relevance_b))
    if a.GetNumAtoms() == b.GetNumAtoms() and (anchor := _laid(_flat(a), a, b, weights)):
        return Alignment(anchor, _largest(a, anchor), _stereo(a, b, anchor))
    first, note = _first(a, b, weights)
    rounds = [first]
    while more := _beside(a, b, [pair for pairs in rounds for pair in pairs], weights):
        rounds.append(more)
    pairs = tuple(sorted(pair for pairs in rounds for pair in pairs))
    return Alignment(pairs, _largest(a, rounds[0]), _stereo(a, b, pairs), note)


def _first(
    a: Chem.Mol, b: Chem.Mol, weights: tuple[np.ndarray, np.ndarray]
) -> tuple[tuple[Pair, ...], str]:
    """The pairs of the maximum common substructure, of whole rings if there is one, and what to say of the search."""
    for search in (SENSIBLE, LOOSE):
        query, whole = _common(a, b, search)
        pairs = _laid(query, a, b, weights)
        pairs = _whole_rings(a, b, pairs) if search is SENSIBLE else pairs
        if len(pairs) >= min(LEAST, a.GetNumAtoms(), b.GetNumAtoms()):
            return (
                pairs,
                ""
                if whole
                else f"the search for common atoms stopped after {SECONDS} s: more may correspond",
            )
    raise ValueError(
        "the two molecules have nothing in common that could be compared: choose two that share a substructure"
    )


def _largest(a: Chem.Mol, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs of the largest connected piece."""
    piece = max(
        pieces(a, frozenset(i for i, _ in pairs)), key=lambda atoms: (len(atoms), -min(atoms))
    )
    return tuple(pair for pair in pairs if pair[0] in piece)


def _flat(mol: Chem.Mol) -> Chem.Mol:
    """The molecule without stereo, as a query: enantiomers have all atoms in common."""
    copy = Chem.Mol(mol)
    Chem.RemoveStereochemistry(copy)
    return copy


def _common(a: Chem.Mol, b: Chem.Mol, search: dict[str, Any]) -> tuple[Chem.Mol, bool]:
    """The maximum common substructure, and whether the search came to its end."""
    with rdBase.BlockLogs():
        found = rdFMCS.FindMCS([a, b], timeout=SECONDS, **search)
    return Chem.MolFromSmarts(
        found.smartsString
    ) if found.numAtoms else Chem.Mol(), not found.canceled


def _laid(
    query: Chem.Mol, a: Chem.Mol, b: Chem.Mol, weights: tuple[np.ndarray, np.ndarray]
) -> tuple[Pair, ...]:
    """The best way to lay the query onto both; empty where it does not fit."""
    here = np.array(a.GetSubstructMatches(query, maxMatches=MOST_PLACES), dtype=int)
    there = np.array(b.GetSubstructMatches(query, uniquify=False, maxMatches=MOST_WAYS), dtype=int)
    if not here.size or not there.size:
        return ()
    codes = (_codes(a), _codes(b))
    best: tuple[tuple[int, float], tuple[Pair, ...]] | None = None
    for places in here:
        alike = (codes[0][places] == codes[1][there]).sum((1, 2))
        change = np.abs(weights[0][places] - weights[1][there]).sum(1)
        way = int(np.lexsort((change, -alike))[0])
        score = (int(alike[way]), -float(change[way]))
        if best is None or score > best[0]:
            best = score, tuple(sorted(zip(places.tolist(), there[way].tolist(), strict=True)))
    assert best is not None
    return best[1]


def _whole_rings(a: Chem.Mol, b: Chem.Mol, pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """The pairs without atoms of rings that do not correspond: RDKit's search may keep the one by which a ring is attached."""
    for side, mol in enumerate((a, b)):
        common = {pair[side] for pair in pairs}
        rings = mol.GetRingInfo().AtomRings()
        in_whole = {atom for ring in rings if common.issuperset(ring) for atom in ring}
        in_any = {atom for ring in rings for atom in ring}
        pairs = tuple(pair for pair in pairs if pair[side] in in_whole or pair[side] not in in_any)
    return pairs


def _codes(mol: Chem.Mol) -> Int[np.ndarray, "atoms 4"]:
    """What an atom keeps where nothing is changed beside it."""
    return np.array(
        [
            (
                atom.GetDegree(),
                atom.GetTotalNumHs(),
                atom.GetFormalCharge(),
                ord(_label(atom) or "-"),
            )
            for atom in mol.GetAtoms()
        ]
    )


def _label(atom: Chem.Atom) -> str:
    return atom.GetProp("_CIPCode") if atom.HasProp("_CIPCode") else ""


def _stereo(a: Chem.Mol, b: Chem.Mol, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Pairs whose own label, or that of a double bond between two pairs, differs."""
    differ = {
        (i, j) for i, j in pairs if _label(a.GetAtomWithIdx(i)) != _label(b.GetAtomWithIdx(j))
    }
    other = dict(pairs)
    for bond in a.GetBonds():
        i, k = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        same = b.GetBondBetweenAtoms(other[i], other[k]) if i in other and k in other else None
        if (
            same
            and bond.GetBondType() == Chem.BondType.DOUBLE
            and bond.GetStereo() != same.GetStereo()
        ):
            differ |= {(i, other[i]), (k, other[k])}
    return tuple(sorted(differ))


def _beside(
    a: Chem.Mol, b: Chem.Mol, pairs: Sequence[Pair], weights: tuple[np.ndarray, np.ndarray]
) -> tuple[Pair, ...]:
    """What corresponds in the rest: a whole component such as a counterion, or what lies beyond a changed linker."""
    rest_a, rest_b = _without(a, {i for i, _ in pairs}), _without(b, {j for _, j in pairs})
    if not rest_a.GetNumAtoms() or not rest_b.GetNumAtoms():
        return ()
    query, _ = _common(rest_a, rest_b, SENSIBLE)
    if not query.GetNumAtoms():
        return ()
    places = [
        np.array([atom.GetIntProp(PLACE) for atom in rest.GetAtoms()]) for rest in (rest_a, rest_b)
    ]
    found = _laid(query, rest_a, rest_b, (weights[0][places[0]], weights[1][places[1]]))
    made = tuple((int(places[0][i]), int(places[1][j])) for i, j in found)
    return (
        made
        if len(made) >= LEAST_BESIDE or (_component(a, made, 0) and _component(b, made, 1))
        else ()
    )


def _without(mol: Chem.Mol, atoms: set[int]) -> Chem.Mol:
    """The molecule without these atoms; those that are left know their numbers."""
    made = Chem.RWMol(mol)
    for atom in made.GetAtoms():
        atom.SetIntProp(PLACE, atom.GetIdx())
    made.BeginBatchEdit()
    for atom in atoms:
        made.RemoveAtom(atom)
    made.CommitBatchEdit()
    made.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(made)
    return made.GetMol()


def _component(mol: Chem.Mol, pairs: Sequence[Pair], side: int) -> bool:
    """Whether the atoms are the whole of one component."""
    atoms = {pair[side] for pair in pairs}
    return any(set(component) == atoms for component in Chem.GetMolFrags(mol))
