"""Which atoms of two molecules correspond: their maximum common substructure, and what is beside.

What they share beside it may be a counterion, or what lies beyond a changed linker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from rdkit import Chem, rdBase
from rdkit.Chem import rdFMCS

from molxai.chemistry.grouping import pieces
from molxai.chemistry.schemes import PLACE
from molxai.explanation.cores import SENSIBLE

LOOSE: dict[str, Any] = {"bondCompare": rdFMCS.BondCompare.CompareOrder}
"""If `SENSIBLE` leaves nothing: elements and bonds, in rings or not."""

SECONDS = 10
"""After which a search takes the best so far."""

LEAST = 3
"""Atoms of a common substructure: fewer are alike by chance."""

LEAST_BESIDE = 5
"""Atoms of another common substructure beside it."""

MOST_PLACES = 50
"""Matches of the substructure in the first molecule that are tried."""

MOST_WAYS = 2000
"""Ways to lay the substructure onto the second molecule that are tried."""

Pair = tuple[int, int]
"""An atom of the first molecule and the one of the second that corresponds to it."""

Weights = Float[np.ndarray, " atoms"]
"""The relevance of each atom of a molecule."""


@dataclass(frozen=True)
class Alignment:
    """Corresponding atoms of two molecules."""

    pairs: tuple[Pair, ...]
    anchor: tuple[Pair, ...]
    """The pairs of the largest connected piece, by which one molecule is laid out as the other."""
    stereo: tuple[Pair, ...]
    """The pairs whose stereo label (R, S, E or Z) differs."""
    note: str = ""


@dataclass(frozen=True)
class Side:
    """One of the two molecules, or the rest of it, with the relevance of its atoms."""

    mol: Chem.Mol
    weights: Weights


def alignment(
    a: Chem.Mol,
    b: Chem.Mol,
    relevance_a: Sequence[float],
    relevance_b: Sequence[float],
    seconds: int = SECONDS,
) -> Alignment:
    """The correspondence of the most atoms.

    If symmetry leaves several ways, the one counts that changes least: first charges and hydrogens,
    then relevance.

    Args:
        a: the first molecule.
        b: the second one.
        relevance_a: of the atoms of the first one.
        relevance_b: of the atoms of the second one.
        seconds: after which a search takes the best so far.

    Raises:
        ValueError: the molecules have nothing in common.
    """
    first = Side(a, np.array(relevance_a))
    second = Side(b, np.array(relevance_b))
    if a.GetNumAtoms() == b.GetNumAtoms():
        whole = _best_pairs(_without_stereo(a), first, second)
        if whole:
            return Alignment(whole, _largest_piece(a, whole), _stereo_pairs(a, b, whole))
    core, note = _core_pairs(first, second, seconds)
    pairs = list(core)
    while beside := _pairs_beside(first, second, pairs, seconds):
        pairs += beside
    ordered = tuple(sorted(pairs))
    return Alignment(ordered, _largest_piece(a, core), _stereo_pairs(a, b, ordered), note)


def _core_pairs(first: Side, second: Side, seconds: int) -> tuple[tuple[Pair, ...], str]:
    """The pairs of the maximum common substructure, and what to say of the search.

    Of whole rings if there is such a substructure.
    """
    least = min(LEAST, first.mol.GetNumAtoms(), second.mol.GetNumAtoms())
    for search in (SENSIBLE, LOOSE):
        query, is_complete = _common_substructure(first.mol, second.mol, search, seconds)
        pairs = _best_pairs(query, first, second)
        if search is SENSIBLE:
            pairs = _drop_part_rings(first.mol, second.mol, pairs)
        if len(pairs) >= least:
            stop = f"the search for common atoms stopped after {seconds} s: more may correspond"
            return pairs, "" if is_complete else stop
    raise ValueError(
        "the two molecules have nothing in common that could be compared: "
        "choose two that share a substructure"
    )


def _largest_piece(a: Chem.Mol, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs of the largest connected piece of the first molecule."""
    atoms_of_a = frozenset(i for i, _ in pairs)
    connected = pieces(a, atoms_of_a)
    largest = max(connected, key=lambda piece: (len(piece), -min(piece)))
    return tuple(pair for pair in pairs if pair[0] in largest)


def _without_stereo(mol: Chem.Mol) -> Chem.Mol:
    """The molecule without stereo, as a query: enantiomers have all atoms in common."""
    copy = Chem.Mol(mol)
    Chem.RemoveStereochemistry(copy)
    return copy


def _common_substructure(
    a: Chem.Mol, b: Chem.Mol, search: dict[str, Any], seconds: int
) -> tuple[Chem.Mol, bool]:
    """The maximum common substructure, and whether the search came to its end."""
    with rdBase.BlockLogs():
        result = rdFMCS.FindMCS([a, b], timeout=seconds, **search)
    query = Chem.MolFromSmarts(result.smartsString) if result.numAtoms else Chem.Mol()
    return query, not result.canceled


def _best_pairs(query: Chem.Mol, first: Side, second: Side) -> tuple[Pair, ...]:
    """The best way to lay the query onto both molecules; empty if it does not fit."""
    here = np.array(first.mol.GetSubstructMatches(query, maxMatches=MOST_PLACES), dtype=int)
    ways = second.mol.GetSubstructMatches(query, uniquify=False, maxMatches=MOST_WAYS)
    there = np.array(ways, dtype=int)  # (ways, query atoms)
    if not here.size or not there.size:
        return ()
    codes_a = _codes(first.mol)
    codes_b = _codes(second.mol)
    best_score: tuple[int, float] | None = None
    best: tuple[Pair, ...] = ()
    for match in here:  # (query atoms,)
        alike = (codes_a[match] == codes_b[there]).sum((1, 2))  # (ways,)
        change = np.abs(first.weights[match] - second.weights[there]).sum(1)  # (ways,)
        way = int(np.lexsort((change, -alike))[0])  # most alike, then least change
        score = (int(alike[way]), -float(change[way]))
        if best_score is None or score > best_score:
            best_score = score
            best = tuple(sorted(zip(match.tolist(), there[way].tolist(), strict=True)))
    return best


def _drop_part_rings(a: Chem.Mol, b: Chem.Mol, pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """The pairs without atoms of rings that do not correspond as a whole.

    RDKit's search may keep the one atom by which such a ring is attached.
    """
    for side, mol in enumerate((a, b)):
        common = {pair[side] for pair in pairs}
        rings = mol.GetRingInfo().AtomRings()
        whole_rings = [ring for ring in rings if common.issuperset(ring)]
        ring_atoms = set(chain(*rings))
        lost = ring_atoms - set(chain(*whole_rings))
        pairs = tuple(pair for pair in pairs if pair[side] not in lost)
    return pairs


def _codes(mol: Chem.Mol) -> Int[np.ndarray, "atoms 4"]:
    """What an atom keeps if nothing is changed beside it."""
    codes = [
        (
            atom.GetDegree(),
            atom.GetTotalNumHs(),
            atom.GetFormalCharge(),
            ord(_stereo_label(atom) or "-"),
        )
        for atom in mol.GetAtoms()
    ]
    return np.array(codes)


def _stereo_label(atom: Chem.Atom) -> str:
    return atom.GetProp("_CIPCode") if atom.HasProp("_CIPCode") else ""


def _stereo_pairs(a: Chem.Mol, b: Chem.Mol, pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Pairs whose own label, or that of a double bond between two pairs, differs."""
    differing = set()
    for i, j in pairs:
        if _stereo_label(a.GetAtomWithIdx(i)) != _stereo_label(b.GetAtomWithIdx(j)):
            differing.add((i, j))
    partner = dict(pairs)
    for bond in a.GetBonds():
        begin = bond.GetBeginAtomIdx()
        end = bond.GetEndAtomIdx()
        if bond.GetBondType() != Chem.BondType.DOUBLE or not {begin, end} <= partner.keys():
            continue
        same = b.GetBondBetweenAtoms(partner[begin], partner[end])
        if same and bond.GetStereo() != same.GetStereo():
            differing |= {(begin, partner[begin]), (end, partner[end])}
    return tuple(sorted(differing))


def _pairs_beside(
    first: Side, second: Side, pairs: Sequence[Pair], seconds: int
) -> tuple[Pair, ...]:
    """The largest correspondence in the rest of both molecules.

    It counts if it is large or a whole component, such as a counterion.
    """
    rest_a = _without(first.mol, {i for i, _ in pairs})
    rest_b = _without(second.mol, {j for _, j in pairs})
    if not rest_a.GetNumAtoms() or not rest_b.GetNumAtoms():
        return ()
    query, _ = _common_substructure(rest_a, rest_b, SENSIBLE, seconds)
    if not query.GetNumAtoms():
        return ()
    numbers_a = _numbers(rest_a)
    numbers_b = _numbers(rest_b)
    in_rest = _best_pairs(
        query, Side(rest_a, first.weights[numbers_a]), Side(rest_b, second.weights[numbers_b])
    )
    beside = tuple((int(numbers_a[i]), int(numbers_b[j])) for i, j in in_rest)
    is_component = _is_component(first.mol, {i for i, _ in beside}) and _is_component(
        second.mol, {j for _, j in beside}
    )
    return beside if len(beside) >= LEAST_BESIDE or is_component else ()


def _numbers(rest: Chem.Mol) -> Int[np.ndarray, " atoms"]:
    """The number of each atom in the molecule that this is the rest of."""
    return np.array([atom.GetIntProp(PLACE) for atom in rest.GetAtoms()])


def _without(mol: Chem.Mol, atoms: set[int]) -> Chem.Mol:
    """The molecule without these atoms; those that are left carry their numbers."""
    rest = Chem.RWMol(mol)
    for atom in rest.GetAtoms():
        atom.SetIntProp(PLACE, atom.GetIdx())
    rest.BeginBatchEdit()
    for index in atoms:
        rest.RemoveAtom(index)
    rest.CommitBatchEdit()
    rest.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(rest)
    return rest.GetMol()


def _is_component(mol: Chem.Mol, atoms: set[int]) -> bool:
    """Whether the atoms are the whole of one component."""
    return any(set(component) == atoms for component in Chem.GetMolFrags(mol))
