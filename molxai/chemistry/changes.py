"""Matched pairs in a series: molecules that differ by one change, and what the change does.

A molecule is cut at each acyclic single bond in turn into a constant part and the part that may be
changed. Two molecules with the same constant part are a matched pair. The parts are indexed, so a
series is not compared pair by pair.

Source: Hussain and Rea 2010, "Computationally efficient algorithm to identify matched molecular
pairs (MMPs) in large data sets", with single cuts.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from statistics import fmean, stdev
from typing import Any, NamedTuple

from rdkit import Chem, rdBase

from graphormer.graphs.molecules import Molecule
from molxai.chemistry.fragments import relevance_sum
from molxai.chemistry.schemes import PLACE, attached_smiles
from molxai.chemistry.series import HYDROGEN, Named, check_one_target

LARGEST_CHANGE = 10
"""Heavy atoms of a part that is changed, at most; the constant part has more."""

CUTTABLE = Chem.MolFromSmarts("[#6+0;!$(*=,#[!#6])]!@!=!#[*]")
"""A bond that is cut: acyclic and single, at a carbon without a double bond to another element.

It is the default of RDKit's `rdMMPA`."""

MOST_CUTS = 1000
"""Bonds of a molecule that may be cut, at most."""

MOST_PAIRS = 500_000
"""Pairs that are looked at: one constant part with 1000 molecules has as many."""

SMALLEST = 1e-6
"""Mean difference below which no share of it is told."""


class Member(NamedTuple):
    """A molecule of the series, and what is known of it."""

    id: str
    mol: Chem.Mol
    output: float
    """The value, or the logit of the class."""
    relevance: Sequence[float]
    measured: float | None = None


class Cut(NamedTuple):
    """A part of a molecule that may be changed."""

    place: int
    """The molecule's place in the series."""
    smiles: str
    """The part, with `*` where it is attached."""
    atoms: tuple[int, ...]
    attached_to: str
    """The atom of the constant part, as in SMILES: `c` is an aromatic carbon."""

    @property
    def rank(self) -> tuple[bool, int, str]:
        """The way to cut that counts is that on a carbon, of the smallest part."""
        return self.attached_to not in "Cc", len(self.atoms), self.smiles


@dataclass(frozen=True)
class ChangedPair:
    """Two molecules that differ by one change, from A to B."""

    a: str
    b: str
    places: tuple[int, int]
    """Their places in the series."""
    atoms: tuple[tuple[int, ...], tuple[int, ...]]
    """The changed atoms of both."""
    delta: float
    """The output of B less that of A."""
    delta_measured: float | None
    changed: float
    """The same of the relevance of the changed part."""
    rest: float
    """The same of the relevance of all other atoms."""


@dataclass(frozen=True)
class Change:
    """What one change does, over all pairs of the series that differ by it."""

    before: str
    after: str
    attached_to: str
    pairs: tuple[ChangedPair, ...]
    adds_up: bool = True
    """Whether relevances sum to the output, in its unit: else no share of it is theirs."""

    @property
    def mean(self) -> float:
        """Mean difference of the output."""
        return fmean(pair.delta for pair in self.pairs)

    @property
    def sd(self) -> float | None:
        """Standard deviation of that difference; None for a single pair."""
        return stdev(pair.delta for pair in self.pairs) if len(self.pairs) > 1 else None

    @property
    def mean_measured(self) -> float | None:
        """Mean measured difference, over the pairs of which both values are known."""
        known = [pair.delta_measured for pair in self.pairs if pair.delta_measured is not None]
        return fmean(known) if known else None

    @property
    def mean_changed(self) -> float:
        """Mean difference of the relevance of the changed part."""
        return fmean(pair.changed for pair in self.pairs)

    @property
    def mean_rest(self) -> float | None:
        """Mean difference of the relevance of all other atoms; None if nothing adds up."""
        return fmean(pair.rest for pair in self.pairs) if self.adds_up else None

    @property
    def share(self) -> float | None:
        """Share of the mean difference of the output that lies in the changed part."""
        has_share = self.adds_up and abs(self.mean) > SMALLEST
        return self.mean_changed / self.mean if has_share else None

    def to_dict(self) -> dict[str, Any]:
        """In plain Python types."""
        return {
            "before": self.before,
            "after": self.after,
            "attached_to": self.attached_to,
            "times": len(self.pairs),
            "mean_delta": self.mean,
            "sd": self.sd,
            "mean_delta_measured": self.mean_measured,
            "mean_delta_changed": self.mean_changed,
            "mean_delta_rest": self.mean_rest,
            "share_changed": self.share,
            "pairs": [vars(pair) | {"atoms": list(map(list, pair.atoms))} for pair in self.pairs],
        }


def matched_pairs(series: Iterable[Named], measured: Sequence[float | None] = ()) -> list[Change]:
    """The single changes of a series, those with the largest |sum| of differences first.

    Args:
        series: explanations for one target, with their ids.
        measured: of each, if it is known.

    Raises:
        ValueError: other things than molecules were explained, or for different targets.

    Example:
        >>> from molxai import Explainer
        >>> explanations = Explainer("bace")(["c1ccccc1CCO", "Fc1ccc(CCO)cc1"], target="active")
        >>> [change] = matched_pairs([(each.name, each) for each in explanations])
        >>> change.before, change.after, change.attached_to, len(change.pairs)
        ('*[H]', '*F', 'c', 1)
    """
    rows = list(series)
    check_one_target([explanation for _, explanation in rows])
    members = []
    for place, (name, explanation) in enumerate(rows):
        if not isinstance(explanation.subject, Molecule):
            raise ValueError("matched pairs are of molecules: digits and bare graphs have none")
        value = measured[place] if measured else None
        relevance = explanation.relevance.tolist()
        members.append(Member(name, explanation.subject.mol, explanation.logit, relevance, value))
    adds_up = all(each.adds_up and each.in_unit for _, each in rows)
    return changes(members, adds_up=adds_up)


def changes(
    members: Sequence[Member],
    cuts: Sequence[tuple[Cut, Cut]] | None = None,
    adds_up: bool = True,
) -> list[Change]:
    """The same of molecules with what is known of them.

    Args:
        members: the series.
        cuts: as `single_changes` gives them for these molecules, if that is known.
        adds_up: whether relevances sum to the outputs, in their unit.
    """
    if cuts is None:
        cuts = single_changes([member.mol for member in members])
    by_change: dict[tuple[str, str, str], list[ChangedPair]] = defaultdict(list)
    for a, b in cuts:
        by_change[a.smiles, b.smiles, a.attached_to].append(_changed_pair(members, a, b))
    unordered = [Change(*key, tuple(pairs), adds_up) for key, pairs in by_change.items()]
    return sorted(unordered, key=_order)


def _order(change: Change) -> tuple[float, str, str, str]:
    total = abs(change.mean) * len(change.pairs)
    return -total, change.before, change.after, change.attached_to


def single_changes(mols: Sequence[Chem.Mol]) -> list[tuple[Cut, Cut]]:
    """The cuts of every two molecules that differ by one change, the smaller part first."""
    best: dict[tuple[int, int], tuple[Cut, Cut]] = {}
    for first, second in islice(_pairs(_index(mols)), MOST_PAIRS):
        a, b = sorted((first, second), key=lambda cut: (len(cut.atoms), cut.smiles))
        key = (min(a.place, b.place), max(a.place, b.place))
        if key not in best or _rank((a, b)) < _rank(best[key]):
            best[key] = (a, b)
    return [best[key] for key in sorted(best)]


def _rank(cuts: tuple[Cut, Cut]) -> list[tuple[bool, int, str]]:
    """What counts if two molecules differ in several ways: the smallest change on a carbon."""
    a, b = cuts
    return [b.rank, a.rank]


def _changed_pair(members: Sequence[Member], a: Cut, b: Cut) -> ChangedPair:
    before = members[a.place]
    after = members[b.place]
    changed = relevance_sum(after.relevance, b.atoms) - relevance_sum(before.relevance, a.atoms)
    total = math.fsum(after.relevance) - math.fsum(before.relevance)
    delta_measured = None
    if before.measured is not None and after.measured is not None:
        delta_measured = after.measured - before.measured
    return ChangedPair(
        a=before.id,
        b=after.id,
        places=(a.place, b.place),
        atoms=(a.atoms, b.atoms),
        delta=after.output - before.output,
        delta_measured=delta_measured,
        changed=changed,
        rest=total - changed,
    )


def _pairs(by_constant: Mapping[str, Sequence[Cut]]) -> Iterator[tuple[Cut, Cut]]:
    """Every two cuts of one constant part that leave different parts of different molecules."""
    for cuts in by_constant.values():
        for first, second in combinations(cuts, 2):
            if first.place != second.place and first.smiles != second.smiles:
                yield first, second


def _index(molecules: Sequence[Chem.Mol]) -> dict[str, list[Cut]]:
    """The cuts by the SMILES of what stays; equal ones of a symmetric molecule once."""
    mols = [_largest(mol) for mol in molecules]
    whole: dict[str, list[int]] = defaultdict(list)
    for place, mol in enumerate(mols):
        whole[Chem.MolToSmiles(mol)].append(place)
    sizes = {_size(mol) for mol in mols}
    by_constant: dict[str, dict[tuple[int, str], Cut]] = defaultdict(dict)
    parents: dict[str, str] = {}
    for place, mol in enumerate(mols):
        for constant, cut, ends in _cuts(place, mol):
            by_constant[constant].setdefault((place, cut.smiles), cut)
            left = sorted(set(range(mol.GetNumAtoms())) - set(ends.changed))
            if constant not in parents and _size(mol, left) in sizes:
                parents[constant] = _with_hydrogen(mol, ends)
    for constant, parent in parents.items():
        first = next(iter(by_constant[constant].values()))
        for place in whole.get(parent, ()):
            hydrogen = Cut(place, HYDROGEN, (), first.attached_to)
            by_constant[constant][place, HYDROGEN] = hydrogen
    return {
        constant: list(cuts.values())
        for constant, cuts in by_constant.items()
        if len({place for place, _ in cuts}) > 1
    }


class Ends(NamedTuple):
    """A bond that is cut: its atom that stays, the one that is changed, and all that go with it."""

    stays: int
    goes: int
    changed: frozenset[int]


def _largest(mol: Chem.Mol) -> Chem.Mol:
    """The molecule without counterions; its atoms carry their numbers."""
    numbered = Chem.Mol(mol)
    for atom in numbered.GetAtoms():
        atom.SetIntProp(PLACE, atom.GetIdx())
    fragments = Chem.GetMolFrags(numbered, asMols=True, sanitizeFrags=False)
    largest = max(fragments, key=lambda fragment: fragment.GetNumAtoms(), default=numbered)
    Chem.FastFindRings(largest)
    return largest


def _size(mol: Chem.Mol, atoms: Sequence[int] | None = None) -> tuple[int, int]:
    """Number of the atoms, and sum of their atomic numbers; hydrogens change neither."""
    indices = range(mol.GetNumAtoms()) if atoms is None else atoms
    return len(indices), sum(mol.GetAtomWithIdx(index).GetAtomicNum() for index in indices)


def _cuts(place: int, mol: Chem.Mol) -> Iterator[tuple[str, Cut, Ends]]:
    """What stays, as SMILES, what may be changed, and the bond between them, for each cut."""
    bonds = mol.GetSubstructMatches(CUTTABLE, maxMatches=MOST_CUTS)
    neighbours = [[other.GetIdx() for other in atom.GetNeighbors()] for atom in mol.GetAtoms()]
    numbers = [atom.GetIntProp(PLACE) for atom in mol.GetAtoms()]
    for begin, end in sorted({tuple(sorted(bond)) for bond in bonds}):
        for stays, goes in ((begin, end), (end, begin)):
            changed = _reach(neighbours, goes, stays)
            if len(changed) > LARGEST_CHANGE or 2 * len(changed) >= len(neighbours):
                continue
            rest = frozenset(range(len(neighbours))) - changed
            constant, smiles = attached_smiles(mol, [sorted(rest), sorted(changed)])
            atoms = tuple(sorted(numbers[index] for index in changed))
            atom = mol.GetAtomWithIdx(stays)
            symbol = atom.GetSymbol().lower() if atom.GetIsAromatic() else atom.GetSymbol()
            yield constant, Cut(place, smiles, atoms, symbol), Ends(stays, goes, changed)


def _reach(neighbours: Sequence[Sequence[int]], start: int, border: int) -> frozenset[int]:
    """The atoms that are reached from one without passing another."""
    reached = {start}
    waiting = [start]
    while waiting and len(reached) <= LARGEST_CHANGE:
        for index in neighbours[waiting.pop()]:
            if index != border and index not in reached:
                reached.add(index)
                waiting.append(index)
    return frozenset(reached)


def _with_hydrogen(mol: Chem.Mol, ends: Ends) -> str:
    """SMILES of what stays with a hydrogen in the place of what is changed."""
    parent = Chem.RWMol(mol)
    parent.ReplaceAtom(ends.goes, Chem.Atom(1))
    parent.BeginBatchEdit()
    for index in ends.changed - {ends.goes}:
        parent.RemoveAtom(index)
    parent.CommitBatchEdit()
    with rdBase.BlockLogs():
        capped = Chem.RemoveHs(parent.GetMol(), sanitize=False)
        Chem.SanitizeMol(capped)
    Chem.AssignStereochemistry(capped, cleanIt=True, force=True)
    return Chem.MolToSmiles(capped)
