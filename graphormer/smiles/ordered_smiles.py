"""A SMILES whose i-th atom is atom i of the molecule, whatever the order of its atoms.

RDKit's own writer follows the bonds, so it keeps the order of few mol blocks. Here each atom is
written in turn: behind the nearest earlier neighbour whose branch is still open, or behind a dot if
there is none. Every other bond is a ring closure, so `C1.OC1` is ethanol with its oxygen in the
middle. RDKit reads the same molecule from it, stereo included.
"""

import heapq
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from rdkit import Chem

BOND_SYMBOLS = {Chem.BondType.DOUBLE: "=", Chem.BondType.TRIPLE: "#", Chem.BondType.QUADRUPLE: "$"}
"""Bonds of types that are named nowhere in this file are `~`."""

DATIVE = frozenset(
    (Chem.BondType.DATIVE, Chem.BondType.DATIVEL, Chem.BondType.DATIVER, Chem.BondType.DATIVEONE)
)
TRANS = frozenset((Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOTRANS))
CIS = frozenset((Chem.BondStereo.STEREOZ, Chem.BondStereo.STEREOCIS))
CHIRALITIES = {Chem.ChiralType.CHI_TETRAHEDRAL_CCW: "@", Chem.ChiralType.CHI_TETRAHEDRAL_CW: "@@"}
INVERTED = {"@": "@@", "@@": "@"}
CHIRALITY = re.compile(r"@+(?:(?:TH|AL|SP|TB|OH)\d+)?")
"""Chirality in the SMARTS of an atom."""

Pair = tuple[int, int]
"""Two bonded atoms, in the order in which the bond is read."""

Directions = dict[Pair, int]
"""1 for a bond that goes up from the first atom to the second, -1 for one that goes down. Both ways
to read a bond are there."""


def ordered_smiles(mol: Chem.Mol) -> str:
    """A SMILES of the molecule, the i-th atom of which is atom i.

    Stereo other than that of tetrahedral centres and double bonds is left out, and RDKit reads a
    `~` of a ring closure as a single bond.

    Example:
        >>> mol = Chem.MolFromSmiles("CCO")
        >>> ordered_smiles(Chem.RenumberAtoms(mol, [0, 2, 1]))
        'C1.OC1'
    """
    return _Writer(mol).text()


class _Closure(NamedTuple):
    """One end of a ring closure."""

    partner: int
    """The atom at the other end."""
    number: int
    opens: bool
    """Whether this end is written first."""


class _Writer:
    """The tree of bonds between neighbours in the text, and what is written at each atom."""

    def __init__(self, mol: Chem.Mol) -> None:
        self.atoms = [mol.GetAtomWithIdx(index) for index in range(mol.GetNumAtoms())]
        self.is_aromatic = [atom.GetIsAromatic() for atom in self.atoms]
        self.bonds: dict[Pair, str] = {}
        """What is written between two atoms."""
        self.neighbours: list[list[int]] = [[] for _ in self.atoms]
        """Neighbours of each atom, in the order of RDKit's bonds."""
        self._read_bonds(mol)
        self.parents = self._parents()
        self.children: list[list[int]] = [[] for _ in self.atoms]
        for atom, parent in enumerate(self.parents):
            if parent is not None:
                self.children[parent].append(atom)
        self.closures = self._closures()

    def _read_bonds(self, mol: Chem.Mol) -> None:
        """Fill `bonds` and `neighbours`."""
        double_bonds = []
        for index in range(mol.GetNumBonds()):  # RDKit's iterator takes twice as long
            bond = mol.GetBondWithIdx(index)
            start = bond.GetBeginAtomIdx()
            end = bond.GetEndAtomIdx()
            kind = bond.GetBondType()
            self.neighbours[start].append(end)
            self.neighbours[end].append(start)
            self.bonds[start, end] = self._bond_text(start, end, kind, "->")
            self.bonds[end, start] = self._bond_text(start, end, kind, "<-")
            if kind == Chem.BondType.DOUBLE:
                double_bonds.append(bond)
        for pair, direction in _directions(double_bonds, self.neighbours).items():
            self.bonds[pair] = "/" if direction > 0 else "\\"

    def _bond_text(self, start: int, end: int, kind: Chem.BondType, arrow: str) -> str:
        if kind == Chem.BondType.SINGLE:
            return "-" if self.is_aromatic[start] and self.is_aromatic[end] else ""
        if kind == Chem.BondType.AROMATIC:
            return "" if self.is_aromatic[start] and self.is_aromatic[end] else ":"
        return arrow if kind in DATIVE else BOND_SYMBOLS.get(kind, "~")

    def _parents(self) -> list[int | None]:
        """The atom behind which each is written: the last neighbour in the open branch."""
        parents: list[int | None] = []
        branch: list[int] = []
        for atom, neighbours in enumerate(self.neighbours):
            while branch and branch[-1] not in neighbours:
                branch.pop()
            parents.append(branch[-1] if branch else None)
            branch.append(atom)
        return parents

    def _closures(self) -> dict[int, list[_Closure]]:
        """The ring closures of each atom that has any."""
        closures: dict[int, list[_Closure]] = defaultdict(list)
        numbers: dict[Pair, int] = {}
        free: list[int] = []  # numbers of closed rings, the smallest first
        used = 0
        parents = self.parents
        for atom, neighbours in enumerate(self.neighbours):
            parent = parents[atom]
            partners = sorted(
                neighbour
                for neighbour in neighbours
                if neighbour != parent and parents[neighbour] != atom
            )
            for partner in partners:
                opens = partner > atom
                if opens and not free:
                    used += 1
                    free.append(used)
                number = heapq.heappop(free) if opens else numbers[partner, atom]
                numbers[atom, partner] = number
                closures[atom].append(_Closure(partner, number, opens))
            # Free for the next atom only: a number twice at one atom is hard to read.
            for partner in partners:
                if partner < atom:
                    heapq.heappush(free, numbers[partner, atom])
        return closures

    def text(self) -> str:
        roots = [atom for atom, parent in enumerate(self.parents) if parent is None]
        return ".".join(self._fragment(root) for root in roots)

    def _fragment(self, root: int) -> str:
        """The atom and all that is written behind it."""
        pieces: list[str] = []
        waiting: list[int | str] = [root]  # a chain of 600 atoms would be too deep for recursion
        while waiting:
            atom = waiting.pop()
            if isinstance(atom, str):
                pieces.append(atom)
                continue
            parent = self.parents[atom]
            if parent is not None:
                pieces.append(self.bonds[parent, atom])
            pieces.append(self._atom_text(atom))
            for partner, number, opens in self.closures.get(atom, ()):
                if opens:
                    pieces.append(self.bonds[atom, partner])
                pieces.append(_closure_number(number))
            # What is pushed last is written first: the branches in order, then the chain.
            if children := self.children[atom]:
                waiting.append(children[-1])
                for child in children[-2::-1]:
                    waiting += (")", child, "(")
        return "".join(pieces)

    def _atom_text(self, index: int) -> str:
        atom = self.atoms[index]
        text: str = _query_text(atom) if atom.HasQuery() else atom.GetSmarts()
        if "@" not in text:
            return text
        chirality = CHIRALITIES.get(atom.GetChiralTag(), "")
        if chirality and self._is_inverted(atom):
            chirality = INVERTED[chirality]
        return CHIRALITY.sub(chirality, text)

    def _is_inverted(self, atom: Chem.Atom) -> bool:
        """Whether the neighbours in the text are an odd permutation of RDKit's bonds."""
        index = atom.GetIdx()
        parent = self.parents[index]
        closures = self.closures.get(index, [])
        in_text = [] if parent is None else [parent]
        in_text += [closure.partner for closure in closures]
        in_text += self.children[index]
        swaps = _inversions([self.neighbours[index].index(neighbour) for neighbour in in_text])
        if len(in_text) == 3:
            has_hydrogen = atom.GetTotalNumHs() == 1
            if parent is None and has_hydrogen:
                swaps += 1  # the hydrogen comes first instead of second
            elif not has_hydrogen and len(closures) == 1 and not _is_unsaturated(atom):
                # So RDKit reads a centre of three neighbours at the end of a ring closure.
                swaps += 1
        return swaps % 2 == 1


def _is_unsaturated(atom: Chem.Atom) -> bool:
    return any(bond.GetBondTypeAsDouble() > 1 for bond in atom.GetBonds())


def _inversions(order: list[int]) -> int:
    """Pairs that stand in the wrong order.

    Example:
        >>> _inversions([2, 0, 1])
        2
    """
    return sum(first > second for index, first in enumerate(order) for second in order[index + 1 :])


def _closure_number(number: int) -> str:
    if number < 10:
        return str(number)
    return f"%{number}" if number < 100 else f"%({number})"


def _query_text(atom: Chem.Atom) -> str:
    """A query atom as the element that was read."""
    isotope = str(atom.GetIsotope() or "")
    if not atom.GetAtomicNum():
        return f"[{isotope}*]" if isotope else "*"
    symbol = atom.GetSymbol().lower() if atom.GetIsAromatic() else atom.GetSymbol()
    hydrogens = f"H{atom.GetTotalNumHs()}" if atom.GetTotalNumHs() else ""
    charge = f"{atom.GetFormalCharge():+d}" if atom.GetFormalCharge() else ""
    return f"[{isotope}{symbol}{hydrogens}{charge}]"


class _Ties:
    """Bonds that must go the same way or opposite ways."""

    def __init__(self) -> None:
        self.signs: dict[Pair, list[tuple[Pair, int]]] = defaultdict(list)
        """The bonds that each bond is tied to: 1 for the same way, -1 for opposite ways."""

    def add(self, first: Pair, second: Pair, sign: int) -> None:
        """Tie two bonds, each read as its pair says."""
        self.signs[first].append((second, sign))
        self.signs[second].append((first, sign))

    def solve(self) -> Directions:
        """Directions that keep all ties; of bonds that are tied together, the first goes up."""
        directions: Directions = {}
        for first in sorted(self.signs):
            if first in directions:
                continue
            directions[first] = 1
            waiting = [first]
            while waiting:
                pair = waiting.pop()
                for tied_pair, sign in self.signs[pair]:
                    if tied_pair not in directions:
                        directions[tied_pair] = sign * directions[pair]
                        waiting.append(tied_pair)
        return directions


def _directions(
    double_bonds: Sequence[Chem.Bond], neighbours: Sequence[Sequence[int]]
) -> Directions:
    """Which single bonds go up or down so that each double bond has its E or Z."""
    ties = _Ties()
    ends: list[Pair] = []
    for bond in double_bonds:
        stereo = bond.GetStereo()
        if stereo in TRANS or stereo in CIS:
            left, right = bond.GetStereoAtoms()
            start = bond.GetBeginAtomIdx()
            end = bond.GetEndAtomIdx()
            # In F/C=C/F, both bonds go up in the order of the text, and the fluorines are trans.
            ties.add((left, start), (end, right), 1 if stereo in TRANS else -1)
            ends += [(start, end), (end, start)]
    marked = {frozenset(pair) for pair in ties.signs}
    for pair in list(ties.signs):
        ties.add(pair, pair[::-1], -1)  # a bond that goes up goes down when it is read backwards
    for atom, opposite in ends:  # two substituents of one end go opposite ways
        substituents = [neighbour for neighbour in neighbours[atom] if neighbour != opposite]
        are_marked = all(frozenset((atom, neighbour)) in marked for neighbour in substituents)
        if len(substituents) == 2 and are_marked:
            first, second = substituents
            ties.add((first, atom), (second, atom), -1)
    return ties.solve()
