"""Which atoms belong together: a molecule taken apart into named parts, each atom in exactly one.

Every choice depends on the molecule alone and not on the order of its atoms: of several patterns
the first in the table claims its atoms, and matches of one pattern that share an atom are one part.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rdkit import Chem

from molxai.chemistry.functional_groups import ALKYLS, CYCLIC_AMIDINES, GROUPS, LONE, METAL_RINGS
from molxai.chemistry.ring_names import RINGS

Atoms = frozenset[int]
"""Numbers of atoms of one molecule."""

Kind = Callable[[Chem.Atom], object]
"""What an atom must have in common with its neighbours to be in one piece with them."""

Patterns = Sequence[tuple[str, Chem.Mol]]
"""Names with the substructures that have them, in order of precedence."""

MOST_MATCHES = 100_000
"""Matches of a pattern in a molecule; RDKit's own limit of 1 000 is too low for large molecules."""

ENDS = (7, 8, 16, 34)
"""Atomic numbers of what belongs to a ring that it is doubly bonded to: N, O, S, Se."""

CARBON_NUMBER = 6
"""Atomic number of carbon."""

HYDROGEN_NUMBER = 1
"""Atomic number of hydrogen, which is an atom of its own only as an isotope or alone."""

BENZENE = "c1ccccc1"
"""The ring that most rings are."""

ONE_CARBON = ("methane", "methyl", "methylene", "methine", "quaternary carbon")
"""Names of a carbon by the number of its heavy neighbours."""


def _any_kind(atom: Chem.Atom) -> object:
    """All atoms are of one kind."""
    return None


@dataclass(frozen=True)
class Part:
    """Atoms that have a name together, in the user's numbering."""

    name: str
    atoms: tuple[int, ...]


class Claims:
    """Parts so far, and the atoms that are still free."""

    def __init__(self, mol: Chem.Mol) -> None:
        self.mol = mol
        self.free = set(range(mol.GetNumAtoms()))
        self.parts: list[Part] = []

    def claim(self, name: str, matches: Iterable[Iterable[int]]) -> None:
        """Make parts of those of the matches whose atoms are all free."""
        groups = [frozenset(match) for match in matches]
        free = [atoms for atoms in groups if atoms and atoms <= self.free]
        if len(free) > 1:
            free = join_overlapping(free, 1)
        for atoms in free:
            self._add(name, atoms)
            self.free -= atoms

    def _add(self, name: str, atoms: Atoms) -> None:
        self.parts.append(Part(name, tuple(sorted(atoms))))

    def match(self, patterns: Patterns) -> None:
        """Claim what the patterns match, one after the other."""
        for name, pattern in patterns:
            if not self.free:
                return
            matches = self.mol.GetSubstructMatches(pattern, maxMatches=MOST_MATCHES)
            if matches:
                self.claim(name, matches)

    def rest(self, name: Callable[[Atoms], str], kind: Kind = _any_kind) -> list[Part]:
        """All parts, ordered by their first atoms.

        What is still free becomes one part for each connected piece of one kind.
        """
        for atoms in pieces(self.mol, frozenset(self.free), kind):
            self._add(name(atoms), atoms)
        return sorted(self.parts, key=lambda part: part.atoms)


def join_overlapping(groups: Iterable[Atoms], shared: int) -> list[Atoms]:
    """The groups, with those joined that share at least so many atoms.

    Example:
        >>> groups = [frozenset({1, 2}), frozenset({5, 6}), frozenset({2, 3})]
        >>> [sorted(atoms) for atoms in join_overlapping(groups, shared=1)]
        [[5, 6], [1, 2, 3]]
    """
    joined: list[Atoms] = []
    for group in groups:
        # a union may reach further groups, so this goes on until it touches none
        while touching := [atoms for atoms in joined if len(atoms & group) >= shared]:
            joined = [atoms for atoms in joined if atoms not in touching]
            group = group.union(*touching)
        joined.append(group)
    return joined


def pieces(mol: Chem.Mol, atoms: Atoms, kind: Kind = _any_kind) -> Iterator[Atoms]:
    """Connected pieces of the atoms; atoms of different kinds are not connected."""
    left = set(atoms)
    while left:
        front = [left.pop()]
        piece = set(front)
        while front:
            atom = mol.GetAtomWithIdx(front.pop())
            neighbours = {
                neighbour.GetIdx()
                for neighbour in atom.GetNeighbors()
                if neighbour.GetIdx() in left and kind(neighbour) == kind(atom)
            }
            left -= neighbours
            piece |= neighbours
            front += neighbours
        yield frozenset(piece)


def ring_systems(mol: Chem.Mol, shared: int = 2, aromatic: bool = False) -> list[Atoms]:
    """Rings joined if they share so many atoms: 2 for fused and bridged ones, 1 for spiro too."""
    rings = [frozenset(ring) for ring in mol.GetRingInfo().AtomRings()]
    if aromatic:
        aromatic_atoms = {atom.GetIdx() for atom in mol.GetAromaticAtoms()}
        rings = [ring for ring in rings if ring <= aromatic_atoms]
    return join_overlapping(rings, shared)


def with_double_bonds(mol: Chem.Mol, system: Atoms) -> Atoms:
    """A ring system with the nitrogens, oxygens and sulfurs that end a double bond from it."""
    ends = set()
    for index in system:
        atom = mol.GetAtomWithIdx(index)
        if atom.GetDegree() <= 2:  # nothing but the ring is attached
            continue
        for bond in atom.GetBonds():
            neighbour = bond.GetOtherAtom(atom)
            is_double = bond.GetBondType() == Chem.BondType.DOUBLE
            if is_double and neighbour.GetDegree() == 1 and neighbour.GetAtomicNum() in ENDS:
                ends.add(neighbour.GetIdx())
    return system | ends


def ring_name(mol: Chem.Mol, system: Atoms) -> str | None:
    """Name of a ring system with its double bonds; None if the table has none."""
    return _ring_names().get(_skeleton(mol, system))


def ring_text(mol: Chem.Mol, system: Atoms) -> str:
    """Its name, else its SMILES without substituents, charges and hydrogens."""
    skeleton = _skeleton(mol, system)
    return _ring_names().get(skeleton, skeleton)


@cache
def _ring_names() -> dict[str, str]:
    """Names of ring systems by their skeletons."""
    names = {}
    for name, smiles in RINGS.items():
        mol = Chem.MolFromSmiles(smiles)
        names[_skeleton(mol, frozenset(range(mol.GetNumAtoms())))] = name
    return names


def _skeleton(mol: Chem.Mol, atoms: Atoms) -> str:
    """SMILES of elements, aromaticity and bonds alone: the same for pyridine and pyridinium.

    Example:
        >>> _skeleton(Chem.MolFromSmiles("C[n+]1ccccc1"), frozenset(range(1, 7)))
        'c1ccncc1'
    """
    symbols = ["*"] * mol.GetNumAtoms()
    for index in atoms:
        atom = mol.GetAtomWithIdx(index)
        symbol = atom.GetSymbol()
        symbols[index] = symbol.lower() if atom.GetIsAromatic() else symbol
    if len(atoms) == 6 and all(symbols[index] == "c" for index in atoms):
        return BENZENE  # most rings are this one, and to write a SMILES takes 0.1 ms
    return Chem.MolFragmentToSmiles(mol, list(atoms), atomSymbols=symbols, isomericSmiles=False)


@cache
def _patterns(table: tuple[tuple[str, str], ...]) -> Patterns:
    return [(name, Chem.MolFromSmarts(smarts)) for name, smarts in table]


def functional_groups(mol: Chem.Mol) -> list[Part]:
    """Cyclic amidines, ring systems that have a name, groups, alkyl, then the rest by formula.

    A ring system without a name is taken apart: its aromatic rings are parts, and so are the groups
    in it.
    """
    claims = Claims(mol)
    if mol.GetRingInfo().NumRings():
        claims.match(_patterns(METAL_RINGS))
        claims.match(_patterns(CYCLIC_AMIDINES))
        _claim_rings(claims, ring_systems(mol), by_formula=False)
        _claim_rings(claims, ring_systems(mol, aromatic=True), by_formula=True)
    claims.match(_patterns(GROUPS))
    return claims.rest(lambda atoms: _rest_name(mol, atoms), lambda atom: atom.IsInRing())


def _claim_rings(claims: Claims, systems: Sequence[Atoms], by_formula: bool) -> None:
    """Claim free ring systems, in the order of the table of names.

    Those without a name are claimed under their formula, or not at all.
    """
    mol = claims.mol
    by_name: dict[str, list[Atoms]] = {}
    for system in systems:
        whole = with_double_bonds(mol, system)
        if not whole <= claims.free:
            continue
        name = ring_name(mol, whole)
        if name is None and by_formula:
            name = f"{_aromatic_words(mol, system)} {_formula(mol, whole)}"
        if name is not None:
            by_name.setdefault(name, []).append(whole)
    in_table = [name for name in RINGS if name in by_name]
    others = sorted(name for name in by_name if name not in RINGS)
    for name in [*in_table, *others]:
        claims.claim(name, by_name[name])


def _aromatic_words(mol: Chem.Mol, system: Atoms) -> str:
    """What an aromatic system without a name is called before its formula."""
    count = sum(system.issuperset(ring) for ring in mol.GetRingInfo().AtomRings())
    return "aromatic ring" if count == 1 else "fused aromatic"


def _rest_name(mol: Chem.Mol, atoms: Atoms) -> str:
    """The name of atoms that belong to no group: ions, alkyl, rings of carbon, or a formula."""
    first = mol.GetAtomWithIdx(min(atoms))
    if len(atoms) == 1 and not first.GetDegree():
        return _lone_name(first)
    elements = {index: mol.GetAtomWithIdx(index).GetAtomicNum() for index in atoms}
    heavy = [index for index, element in elements.items() if element != HYDROGEN_NUMBER]
    if not heavy or any(elements[index] != CARBON_NUMBER for index in heavy):
        return _formula(mol, atoms)
    if first.IsInRing():
        return "ring carbons" if len(heavy) > 1 else "ring carbon"
    return _alkyl_name(mol, frozenset(heavy))


def _lone_name(atom: Chem.Atom) -> str:
    """The name of a component of one atom: water, or element, hydrogens and charge like Na+."""
    charge = atom.GetFormalCharge()
    sign = ""
    if charge:
        size = abs(charge)
        sign = f"{size if size > 1 else ''}{'+' if charge > 0 else '-'}"
    count = atom.GetTotalNumHs()
    hydrogens = "H" if count else ""
    formula = f"{atom.GetSymbol()}{hydrogens}{count if count > 1 else ''}{sign}"
    return LONE.get(formula, formula)


def _formula(mol: Chem.Mol, atoms: Atoms) -> str:
    """Heavy atoms, carbon first; hydrogens only if there is nothing else."""
    counts = Counter(mol.GetAtomWithIdx(index).GetSymbol() for index in atoms)
    heavy = [symbol for symbol in counts if symbol != "H"]
    formula = ""
    for symbol in sorted(heavy or counts, key=lambda symbol: (symbol != "C", symbol)):
        count = counts[symbol]
        formula += f"{symbol}{count}" if count > 1 else symbol
    return formula


def _alkyl_name(mol: Chem.Mol, carbons: Atoms) -> str:
    """The name of connected carbons without double bonds and rings, by what they are bound to."""
    outside = [
        neighbour.GetIdx()
        for index in carbons
        for neighbour in mol.GetAtomWithIdx(index).GetNeighbors()
        if neighbour.GetAtomicNum() != HYDROGEN_NUMBER and neighbour.GetIdx() not in carbons
    ]
    if len(carbons) == 1:
        return ONE_CARBON[min(len(outside), 4)]
    if len(outside) != 1:
        return f"alkyl chain C{len(carbons)}"
    return _alkyl_names().get(_branching(mol, carbons, outside[0]), f"alkyl C{len(carbons)}")


@cache
def _alkyl_names() -> dict[str, str]:
    """Names of alkyl groups by their branching."""
    names = {}
    for name, smiles in ALKYLS.items():
        mol = Chem.MolFromSmiles(smiles)
        attachment = mol.GetNumAtoms() - 1
        names[_branching(mol, frozenset(range(attachment)), attachment)] = name
    return names


def _branching(mol: Chem.Mol, carbons: Atoms, outside: int) -> str:
    """SMILES of an alkyl group whose attachment is `*`."""
    symbols = ["C"] * mol.GetNumAtoms()
    symbols[outside] = "*"
    atoms = [*carbons, outside]
    return Chem.MolFragmentToSmiles(mol, atoms, atomSymbols=symbols, isomericSmiles=False)
