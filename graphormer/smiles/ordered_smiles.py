"""A SMILES whose i-th atom is atom i of the molecule, whatever the order of its atoms.

RDKit's own writer follows the bonds, so it keeps the order of few mol blocks. Here each atom is
written in turn: behind the nearest earlier neighbour whose branch is still open, or behind a dot if
there is none; every other bond is a ring closure. `C1.C1` is ethane. Read again, it is the same
molecule, stereo included.
"""

import heapq
import re
from collections import defaultdict
from collections.abc import Sequence

from rdkit import Chem

SYMBOLS = {Chem.BondType.DOUBLE: "=", Chem.BondType.TRIPLE: "#", Chem.BondType.QUADRUPLE: "$"}
"""Of bonds; those of types that are nowhere named are `~`."""

ARROWS = frozenset(
    (Chem.BondType.DATIVE, Chem.BondType.DATIVEL, Chem.BondType.DATIVER, Chem.BondType.DATIVEONE)
)
TRANS = frozenset((Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOTRANS))
CIS = frozenset((Chem.BondStereo.STEREOZ, Chem.BondStereo.STEREOCIS))
HANDED = {Chem.ChiralType.CHI_TETRAHEDRAL_CCW: "@", Chem.ChiralType.CHI_TETRAHEDRAL_CW: "@@"}
OTHER_HAND = {"@": "@@", "@@": "@"}
HAND = re.compile(r"@+(?:(?:TH|AL|SP|TB|OH)\d+)?")

Directions = dict[tuple[int, int], int]
"""1 for a bond that goes up from the first atom to the second, -1 for one that goes down; both ways
are there."""


def ordered_smiles(mol: Chem.Mol) -> str:
    """A SMILES of the molecule, the i-th atom of which is atom i.

    Stereo other than that of tetrahedral centres and double bonds is left out, and RDKit reads a
    `~` of a ring closure as a single bond.
    """
    return _Writer(mol).text()


class _Writer:
    """The tree of bonds between neighbours in the text, and what is written at each atom."""

    def __init__(self, mol: Chem.Mol) -> None:
        self.mol = mol
        self.atoms = [mol.GetAtomWithIdx(place) for place in range(mol.GetNumAtoms())]
        self.aromatic = [atom.GetIsAromatic() for atom in self.atoms]
        self.bonds: dict[tuple[int, int], str] = {}
        self.neighbours: list[list[int]] = [[] for _ in self.atoms]  # in the order of RDKit's bonds
        double_bonds = []
        for place in range(mol.GetNumBonds()):  # RDKit's iterator over bonds takes twice as long
            bond = mol.GetBondWithIdx(place)
            start, end, kind = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond.GetBondType()
            self.neighbours[start].append(end)
            self.neighbours[end].append(start)
            self.bonds[start, end] = self._bond(start, end, kind, "->")
            self.bonds[end, start] = self._bond(start, end, kind, "<-")
            if kind == Chem.BondType.DOUBLE:
                double_bonds.append(bond)
        for pair, direction in _directions(double_bonds, self.neighbours).items():
            self.bonds[pair] = "/" if direction > 0 else "\\"
        self.parents = self._parents()
        self.children: list[list[int]] = [[] for _ in self.atoms]
        for atom, parent in enumerate(self.parents):
            if parent is not None:
                self.children[parent].append(atom)
        self.closures = self._closures()

    def text(self) -> str:
        roots = [atom for atom, parent in enumerate(self.parents) if parent is None]
        return ".".join(self._branch(root) for root in roots)

    def _parents(self) -> list[int | None]:
        """The atom behind which each is written: the last neighbour in the open branch."""
        parents: list[int | None] = []
        branch: list[int] = []
        for atom, around in enumerate(self.neighbours):
            while branch and branch[-1] not in around:
                branch.pop()
            parents.append(branch[-1] if branch else None)
            branch.append(atom)
        return parents

    def _closures(self) -> dict[int, list[tuple[int, int, bool]]]:
        """Of each atom: other atom and number of each ring closure, and whether it opens here."""
        closures: dict[int, list[tuple[int, int, bool]]] = defaultdict(list)
        free: list[int] = []
        used = 0
        numbers: dict[tuple[int, int], int] = {}
        for atom, around in enumerate(self.neighbours):
            parent = self.parents[atom]
            partners = sorted(
                other for other in around if parent != other and self.parents[other] != atom
            )
            for other in partners:
                opens = other > atom
                if opens:
                    if not free:
                        used += 1
                        heapq.heappush(free, used)
                    numbers[atom, other] = heapq.heappop(free)
                number = numbers[atom, other] if opens else numbers[other, atom]
                closures[atom].append((other, number, opens))
            for other in (
                partners
            ):  # free for the next atom only: a number twice at one atom is hard to read
                if other < atom:
                    heapq.heappush(free, numbers[other, atom])
        return closures

    def _branch(self, root: int) -> str:
        """The atom and all that is written behind it."""
        pieces: list[str] = []
        waiting: list[int | str] = [root]
        while waiting:  # a chain of 600 atoms would be too deep for recursion
            atom = waiting.pop()
            if isinstance(atom, str):
                pieces.append(atom)
                continue
            parent = self.parents[atom]
            if parent is not None:
                pieces.append(self.bonds[parent, atom])
            pieces.append(self._atom(atom))
            for other, number, opens in self.closures.get(atom, ()):
                pieces.append((self.bonds[atom, other] if opens else "") + _digits(number))
            if children := self.children[atom]:
                waiting.append(children[-1])
                for child in children[-2::-1]:
                    waiting += [")", child, "("]
        return "".join(pieces)

    def _bond(self, start: int, end: int, kind: Chem.BondType, arrow: str) -> str:
        if kind == Chem.BondType.SINGLE:
            return "-" if self.aromatic[start] and self.aromatic[end] else ""
        if kind == Chem.BondType.AROMATIC:
            return "" if self.aromatic[start] and self.aromatic[end] else ":"
        return arrow if kind in ARROWS else SYMBOLS.get(kind, "~")

    def _atom(self, place: int) -> str:
        atom = self.atoms[place]
        text: str = _query_text(atom) if atom.HasQuery() else atom.GetSmarts()
        if "@" not in text:
            return text
        hand = HANDED.get(atom.GetChiralTag(), "")
        if hand and self._is_inverted(atom):
            hand = OTHER_HAND[hand]
        return HAND.sub(hand, text)

    def _is_inverted(self, atom: Chem.Atom) -> bool:
        """Whether the neighbours in the text are an odd permutation of RDKit's bonds."""
        place = atom.GetIdx()
        parent = self.parents[place]
        written = [] if parent is None else [parent]
        closures = self.closures.get(place, [])
        written += [other for other, _, _ in closures]
        written += self.children[place]
        swaps = _inversions([self.neighbours[place].index(other) for other in written])
        if len(written) == 3:
            has_hydrogen = atom.GetTotalNumHs() == 1
            if parent is None and has_hydrogen:
                swaps += 1  # the hydrogen comes first instead of second
            elif not has_hydrogen and len(closures) == 1 and not _is_unsaturated(atom):
                swaps += (
                    1  # so RDKit reads a centre of three neighbours at the end of a ring closure
                )
        return swaps % 2 == 1


def _is_unsaturated(atom: Chem.Atom) -> bool:
    return any(bond.GetBondTypeAsDouble() > 1 for bond in atom.GetBonds())


def _inversions(order: list[int]) -> int:
    return sum(first > second for place, first in enumerate(order) for second in order[place + 1 :])


def _digits(number: int) -> str:
    if number < 10:
        return str(number)
    return f"%{number}" if number < 100 else f"%({number})"


def _query_text(atom: Chem.Atom) -> str:
    """A query atom as the element that was read."""
    if not atom.GetAtomicNum():
        return f"[{atom.GetIsotope()}*]" if atom.GetIsotope() else "*"
    hydrogens = atom.GetTotalNumHs()
    charge = atom.GetFormalCharge()
    symbol = atom.GetSymbol().lower() if atom.GetIsAromatic() else atom.GetSymbol()
    return f"[{atom.GetIsotope() or ''}{symbol}{f'H{hydrogens}' if hydrogens else ''}{f'{charge:+d}' if charge else ''}]"


def _directions(
    double_bonds: Sequence[Chem.Bond], neighbours: Sequence[Sequence[int]]
) -> Directions:
    """Which single bonds go up or down so that each double bond has its E or Z."""
    ties: dict[tuple[int, int], list[tuple[tuple[int, int], int]]] = defaultdict(list)

    def tie(first: tuple[int, int], second: tuple[int, int], sign: int) -> None:
        """Bonds that go the same way (1) or opposite ways (-1), read as the pairs say."""
        ties[first].append((second, sign))
        ties[second].append((first, sign))

    ends: list[tuple[int, int]] = []
    for bond in double_bonds:
        stereo = bond.GetStereo()
        if stereo in TRANS or stereo in CIS:
            left, right = bond.GetStereoAtoms()
            start, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            tie((left, start), (end, right), 1 if stereo in TRANS else -1)
            ends += [(start, end), (end, start)]
    marked = {frozenset(pair) for pair in ties}
    for pair in list(ties):
        tie(pair, pair[::-1], -1)
    for atom, other in ends:  # two substituents of one end go opposite ways
        around = [near for near in neighbours[atom] if near != other]
        if len(around) == 2 and all(frozenset((atom, near)) in marked for near in around):
            tie((around[0], atom), (around[1], atom), -1)
    return _solved(ties)


def _solved(ties: dict[tuple[int, int], list[tuple[tuple[int, int], int]]]) -> Directions:
    directions: Directions = {}
    for first in sorted(ties):
        if first in directions:
            continue
        directions[first] = 1
        waiting = [first]
        while waiting:
            pair = waiting.pop()
            for other, sign in ties[pair]:
                if other not in directions:
                    directions[other] = sign * directions[pair]
                    waiting.append(other)
    return directions
