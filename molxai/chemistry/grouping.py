"""Which atoms belong together: a molecule taken apart into named parts, each atom in exactly one.

Every choice depends on the molecule alone and not on the order of its atoms: of several patterns the first in the table
claims its atoms, and matches of one pattern that share an atom are one part.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rdkit import Chem

from molxai.chemistry.functional_groups import ALKYLS, CYCLIC_AMIDINES, GROUPS, LONE
from molxai.chemistry.ring_names import RINGS

Atoms = frozenset[int]

Patterns = Sequence[tuple[str, Chem.Mol]]
"""Names and what they are names of, in order of precedence."""

MOST_MATCHES = 100_000
"""Of a pattern in a molecule; RDKit's own limit of 1 000 would cut large molecules short."""


ENDS = (7, 8, 16, 34)
"""Atomic numbers of what belongs to a ring that it is doubly bonded to: N, O, S, Se."""


@dataclass(frozen=True)
class Part:
    """Atoms that have a name together, in the user's numbering."""

    name: str
    atoms: tuple[int, ...]


class Claims:
    """Parts so far, and the atoms that are still free."""

    def __init__(self, mol: Chem.Mol) -> None:
        self.mol, self.free = mol, set(range(mol.GetNumAtoms()))
        self.parts: list[Part] = []

    def claim(self, name: str, found: Iterable[Iterable[int]]) -> None:
        """Those of the matches that are free become parts."""
        free = [atoms for atoms in map(frozenset, found) if atoms and atoms <= self.free]
        for atoms in merged(free, 1) if len(free) > 1 else free:
            self.parts.append(Part(name, tuple(sorted(atoms))))
            self.free -= atoms

    def match(self, patterns: Patterns) -> None:
        """Claim what the patterns match, one after the other."""
        for name, pattern in patterns:
            if not self.free:
                return
            if found := self.mol.GetSubstructMatches(pattern, maxMatches=MOST_MATCHES):
                self.claim(name, found)

    def rest(
        self, name: Callable[[Atoms], str], kind: Callable[[Chem.Atom], object] = lambda atom: None
    ) -> list[Part]:
        """All parts by their first atoms; what is still free is one part for each connected piece of one kind."""
        for atoms in pieces(self.mol, frozenset(self.free), kind):
            self.parts.append(Part(name(atoms), tuple(sorted(atoms))))
        return sorted(self.parts, key=lambda part: part.atoms)


def merged(groups: Iterable[Atoms], shared: int) -> list[Atoms]:
    """The groups, those that share at least so many atoms joined."""
    made: list[Atoms] = []
    for group in groups:
        while touching := [one for one in made if len(one & group) >= shared]:
            made = [one for one in made if one not in touching]
            group = group.union(*touching)
        made.append(group)
    return made


def pieces(
    mol: Chem.Mol, atoms: Atoms, kind: Callable[[Chem.Atom], object] = lambda atom: None
) -> Iterator[Atoms]:
    """Connected pieces of the atoms; atoms of different kinds are not connected."""
    left = set(atoms)
    while left:
        front = [left.pop()]
        piece = set(front)
        while front:
            here = mol.GetAtomWithIdx(front.pop())
            near = [
                one
                for one in here.GetNeighbors()
                if one.GetIdx() in left and kind(one) == kind(here)
            ]
            reached = {one.GetIdx() for one in near}
            left -= reached
            piece |= reached
            front += reached
        yield frozenset(piece)


def ring_systems(mol: Chem.Mol, shared: int = 2, aromatic: bool = False) -> list[Atoms]:
    """Rings joined where they share at least so many atoms: 2 for fused and bridged ones, 1 for spiro too."""
    rings = [frozenset(ring) for ring in mol.GetRingInfo().AtomRings()]
    if aromatic:
        rings = [ring for ring in rings if all(mol.GetAtomWithIdx(i).GetIsAromatic() for i in ring)]
    return merged(rings, shared)


def with_double_bonds(mol: Chem.Mol, system: Atoms) -> Atoms:
    """A ring system with the nitrogens, oxygens and sulfurs that end a double bond from it."""
    ends = set()
    for place in system:
        here = mol.GetAtomWithIdx(place)
        for bond in here.GetBonds() if here.GetDegree() > 2 else ():
            other = bond.GetOtherAtom(here)
            if (
                bond.GetBondType() == Chem.BondType.DOUBLE
                and other.GetDegree() == 1
                and other.GetAtomicNum() in ENDS
            ):
                ends.add(other.GetIdx())
    return system | ends


def ring_name(mol: Chem.Mol, system: Atoms) -> str | None:
    """Name of a ring system with its double bonds; None where the table has none."""
    return _ring_names().get(_skeleton(mol, system))


def ring_text(mol: Chem.Mol, system: Atoms) -> str:
    """Its name, else its SMILES without substituents, charges and hydrogens."""
    key = _skeleton(mol, system)
    return _ring_names().get(key, key)


@cache
def _ring_names() -> dict[str, str]:
    each = ((name, Chem.MolFromSmiles(smiles)) for name, smiles in RINGS.items())
    return {_skeleton(mol, frozenset(range(mol.GetNumAtoms()))): name for name, mol in each}


def _skeleton(mol: Chem.Mol, atoms: Atoms) -> str:
    """SMILES of elements, aromaticity and bonds alone."""
    symbols = ["*"] * mol.GetNumAtoms()
    for place in atoms:
        atom = mol.GetAtomWithIdx(place)
        symbols[place] = atom.GetSymbol().lower() if atom.GetIsAromatic() else atom.GetSymbol()
    if len(atoms) == 6 and all(symbols[place] == "c" for place in atoms):
        return "c1ccccc1"  # most rings are this one, and to write a SMILES takes 0.1 ms
    return Chem.MolFragmentToSmiles(mol, list(atoms), atomSymbols=symbols, isomericSmiles=False)


@cache
def _patterns(table: tuple[tuple[str, str], ...]) -> Patterns:
    return [(name, Chem.MolFromSmarts(smarts)) for name, smarts in table]


def functional_groups(mol: Chem.Mol) -> list[Part]:
    """Cyclic amidines, then ring systems that have a name, then groups, alkyl and what is left, named by its formula.

    A ring system without a name is taken apart: its aromatic rings are parts, and so are the groups in it.
    """
    claims = Claims(mol)
    if mol.GetRingInfo().NumRings():
        claims.match(_patterns(CYCLIC_AMIDINES))
        _claim_rings(claims, [with_double_bonds(mol, one) for one in ring_systems(mol)], False)
        _claim_rings(
            claims, [with_double_bonds(mol, one) for one in ring_systems(mol, aromatic=True)], True
        )
    claims.match(_patterns(GROUPS))
    return claims.rest(lambda atoms: _rest_name(mol, atoms), lambda atom: atom.IsInRing())


def _claim_rings(claims: Claims, systems: Sequence[Atoms], unknown: bool) -> None:
    named: dict[str, list[Atoms]] = {}
    for system in (one for one in systems if one <= claims.free):
        name = ring_name(claims.mol, system) or (
            f"fused aromatic {_formula(claims.mol, system)}" if unknown else ""
        )
        named.setdefault(name, []).append(system)
    for name in [
        *(one for one in RINGS if one in named),
        *sorted(one for one in named if one and one not in RINGS),
    ]:
        claims.claim(name, named[name])


def _rest_name(mol: Chem.Mol, atoms: Atoms) -> str:
    """Of atoms that belong to no group: ions, alkyl, rings of carbon, or else a formula."""
    first = mol.GetAtomWithIdx(min(atoms))
    if len(atoms) == 1 and not first.GetDegree():
        return _lone_name(first)
    heavy = [mol.GetAtomWithIdx(i) for i in atoms if mol.GetAtomWithIdx(i).GetAtomicNum() != 1]
    if any(atom.GetAtomicNum() != 6 for atom in heavy) or not heavy:
        return _formula(mol, atoms)
    if first.IsInRing():
        return "ring carbons" if len(heavy) > 1 else "ring carbon"
    return _alkyl_name(mol, frozenset(atom.GetIdx() for atom in heavy))


def _lone_name(atom: Chem.Atom) -> str:
    charge = atom.GetFormalCharge()
    sign = (
        ""
        if not charge
        else f"{abs(charge) if abs(charge) > 1 else ''}{'+' if charge > 0 else '-'}"
    )
    count = atom.GetTotalNumHs()
    formula = f"{atom.GetSymbol()}{'H' if count else ''}{count if count > 1 else ''}{sign}"
    return LONE.get(formula, formula)


def _formula(mol: Chem.Mol, atoms: Atoms) -> str:
    """Heavy atoms, carbon first; hydrogens only where there is nothing else."""
    symbols = Counter(mol.GetAtomWithIdx(i).GetSymbol() for i in atoms)
    shown = sorted(
        (symbol for symbol in symbols if symbol != "H" or len(symbols) == 1),
        key=lambda symbol: (symbol != "C", symbol),
    )
    return "".join(f"{symbol}{symbols[symbol] if symbols[symbol] > 1 else ''}" for symbol in shown)


def _alkyl_name(mol: Chem.Mol, carbons: Atoms) -> str:
    near = [
        one.GetIdx()
        for i in carbons
        for one in mol.GetAtomWithIdx(i).GetNeighbors()
        if one.GetAtomicNum() != 1
    ]
    outside = [i for i in near if i not in carbons]
    if len(carbons) == 1:
        return (
            ("methane", "methyl", "methylene", "methine")[len(outside)]
            if len(outside) < 4
            else "quaternary carbon"
        )
    if len(outside) != 1:
        return f"alkyl chain C{len(carbons)}"
    return _alkyl_names().get(_branching(mol, carbons, outside[0]), f"alkyl C{len(carbons)}")


@cache
def _alkyl_names() -> dict[str, str]:
    each = ((name, Chem.MolFromSmiles(smiles)) for name, smiles in ALKYLS.items())
    return {
        _branching(mol, frozenset(range(mol.GetNumAtoms() - 1)), mol.GetNumAtoms() - 1): name
        for name, mol in each
    }


def _branching(mol: Chem.Mol, carbons: Atoms, outside: int) -> str:
    symbols = ["C"] * mol.GetNumAtoms()
    symbols[outside] = "*"
    return Chem.MolFragmentToSmiles(
        mol, [*carbons, outside], atomSymbols=symbols, isomericSmiles=False
    )
