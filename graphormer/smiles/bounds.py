"""What is counted in the text of a structure before RDKit reads it: no row may take a run down.

Real molecules stay far below every limit; see each constant. RDKit's search for rings is what
explodes: it lists every ring that belongs to some smallest set of rings, and n four-membered rings
in a circle have 2**n of them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import combinations

from rdkit import Chem, rdBase

MOST_LETTERS = 1_000_000
"""Letters of a SMILES, with its CXSMILES block, or of an InChI: 600 heavy atoms, each hydrogen
written out, with coordinates need about 60 000. What is not an atom, a ring closure or a bond is
read in time proportional to its letters, a million in 0.6 s at most."""

MOST_BLOCK_LETTERS = 1_000_000
"""Letters of a mol block: 600 heavy atoms and their hydrogens as V3000 need 200 000."""

HYDROGENS = 4
"""Hydrogens written out, for each heavy atom. RDKit needs 6 GiB and a minute for a ring of 15 000
atoms, 3 s for one of 4000."""

FEW_RINGS = 10
"""Independent rings that need no further look: they make 2**10 rings at most. Among 67 000
molecules (HIV, BBBP, BACE, ESOL, Lipophilicity, FreeSolv, benzene, ChEMBL targets) 112 have more,
the most 48, and never more than 12 in one ring system."""

MOST_INDEPENDENT_RINGS = 330
"""Bonds less atoms plus fragments. A nanotube of 600 atoms has 291, a sheet of graphene 270, C84
has 43."""

MOST_SQUARES = 2000
"""Rings of four atoms, which dense networks are full of: without this bound 20 atoms, each bonded
to 20 others, crash RDKit (version 2026.9). A cubane has 6, C60 with each atom bonded to a
metal inside 180."""

MOST_RINGS = 1100
"""Rings that belong to some smallest set of rings. RDKit draws 1034 in 0.9 s, 2059 in 6 s and 4108
in 37 s; it reads 260 000 in 2 s and 480 MiB. C84 has 44, γ-cyclodextrin 264, [10]cycloparaphenylene
1034, and each further ring doubles them."""

RDKIT_COUNTS_TO = 2**32
"""RDKit counts rings in an integer of 32 bits."""

MOST_COUNT_DIGITS = 9
"""Digits of a number of atoms or bonds in a V3000 block."""

DIGITS = "0123456789"
CLOSURE = re.compile(r"\[[^\[\]]*\]|%\(\d+\)|%\d\d|\d")
"""A ring closure, or a bracket, whose digits are none."""

ATOM = re.compile(r"\[[^\[\]]*\]|Br|Cl|[BCNOPSFIbcnops*]")
HYDROGEN_ATOM = re.compile(r"\[(?:\d*H[+-]?\d*|[DT])(?::\d+)?\]")
V3000_COUNTS = re.compile(r"^M  V30 +COUNTS +(.+)$", re.MULTILINE)
V3000_BOND = re.compile(r"^M  V30 +\d+ +\d+ +(\d+) +(\d+)", re.MULTILINE)

COUNTS_LINE = 3
"""Index of the line that holds the numbers of atoms and bonds in a V2000 block."""


def check_text(smiles: str, max_atoms: int) -> bool:
    """Count atoms and ring closures of a SMILES.

    Returns:
        Whether `check_rings` is needed.

    Raises:
        ValueError: there are more letters or heavy atoms than can be read.
    """
    if len(smiles) > max_atoms:  # each atom has a letter
        atoms = ATOM.findall(smiles)
        check_atoms(sum(not HYDROGEN_ATOM.fullmatch(atom) for atom in atoms), max_atoms)
        _check_all_atoms(len(atoms), max_atoms)
    digits = sum(map(smiles.count, DIGITS))
    if digits <= 2 * FEW_RINGS:  # each ring closure has two digits at least
        return False
    closures = sum(not closure.startswith("[") for closure in CLOSURE.findall(smiles))
    most_bonds = len(ATOM.findall(smiles)) + MOST_INDEPENDENT_RINGS
    limit = 2 * most_bonds  # each bond is closed by two numbers at most
    if closures > limit:
        raise ValueError(
            f"{closures} numbers of ring closures: the limit for so few atoms is {limit}, "
            "remove or split the molecule"
        )
    return closures > 2 * FEW_RINGS


def check_atoms(atoms: int, max_atoms: int) -> None:
    """Refuse a molecule of too many heavy atoms.

    Raises:
        ValueError: there are more than `max_atoms`.
    """
    if atoms > max_atoms:
        raise ValueError(
            f"{atoms} heavy atoms: the limit is {max_atoms}, remove or split the molecule"
        )


def _check_all_atoms(atoms: int, max_atoms: int) -> None:
    limit = max_atoms * (1 + HYDROGENS)
    if atoms > limit:
        raise ValueError(
            f"{atoms} atoms with hydrogens: the limit is {limit}, remove or split the molecule"
        )


def check_block(block: str, max_atoms: int) -> None:
    """Count letters, atoms and rings of a mol block.

    RDKit looks for the rings of a block even if it is told not to sanitise.

    Raises:
        ValueError: there are more than can be read.
    """
    if len(block) > MOST_BLOCK_LETTERS:
        raise ValueError(
            f"a record of {len(block)} letters: the limit is {MOST_BLOCK_LETTERS}, "
            "remove or split the molecule"
        )
    check_rings(_v3000_bonds(block, max_atoms) if "V3000" in block else _v2000_bonds(block))


def _v3000_bonds(block: str, max_atoms: int) -> list[tuple[int, int]]:
    """Both atoms of each bond."""
    lines = block.count("\n") + 1
    for numbers in V3000_COUNTS.findall(block):
        _check_counts(numbers.split()[:4], lines, max_atoms)
    bonds = [(int(start), int(end)) for start, end in V3000_BOND.findall(block)]
    return bonds or _v2000_bonds(block)


def _check_counts(counts: Sequence[str], lines: int, max_atoms: int) -> None:
    """Refuse numbers that the block cannot hold: RDKit reserves memory for so many."""
    for number in counts:
        is_more_than_lines = number.isdecimal() and int(number) > lines
        if len(number) > MOST_COUNT_DIGITS or is_more_than_lines:
            raise ValueError(
                f"a record of {number[:20]} atoms or bonds in {lines} lines: "
                "check its line of counts"
            )
    atoms = counts[0]
    if atoms.isdecimal():
        _check_all_atoms(int(atoms), max_atoms)


def _v2000_bonds(block: str) -> list[tuple[int, int]]:
    """Both atoms of each bond; none if the block is broken, of which RDKit says what is wrong."""
    lines = block.split("\n")
    try:
        counts = lines[COUNTS_LINE]
        atoms = int(counts[:3])
        bonds = int(counts[3:6])
        first = COUNTS_LINE + 1 + atoms
        return [(int(line[:3]), int(line[3:6])) for line in lines[first : first + bonds]]
    except (ValueError, IndexError):
        return []


def check_rings(bonds: Sequence[tuple[int, int]]) -> None:
    """Refuse a network of bonds in which RDKit's search for rings would not end.

    Raises:
        ValueError: there are too many rings.
    """
    independent = _independent_rings(bonds)
    if independent <= FEW_RINGS:
        return
    _check(independent, MOST_INDEPENDENT_RINGS, "independent rings")
    neighbours = _ring_systems(bonds)
    _check(_squares(neighbours), MOST_SQUARES, "rings of four atoms")
    _check(_shortest_rings(neighbours), MOST_RINGS, "equally short rings")


def _check(count: int, limit: int, noun: str) -> None:
    if count > limit:
        number = str(count) if count < RDKIT_COUNTS_TO else "billions of"
        raise ValueError(
            f"a network of {number} {noun}: the limit is {limit}, "
            "RDKit's search for rings would not end"
        )


def _independent_rings(bonds: Iterable[tuple[int, int]]) -> int:
    """Bonds that close a ring when bonds are added one by one.

    Example:
        A triangle and a bond that joins it to a fourth atom.

        >>> _independent_rings([(0, 1), (1, 2), (2, 0), (2, 3)])
        1
    """
    parent: dict[int, int] = {}  # atoms of one fragment have one root

    def root(atom: int) -> int:
        above = parent.setdefault(atom, atom)
        while above != atom:
            grandparent = parent[above]
            parent[atom] = grandparent  # halves the way of the next search
            atom = grandparent
            above = parent.setdefault(atom, atom)
        return atom

    rings = 0
    for start, end in bonds:
        first = root(start)
        second = root(end)
        rings += first == second
        parent[first] = second
    return rings


def _ring_systems(bonds: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Neighbours of each atom in or between rings: chains are cut off from their ends."""
    neighbours: dict[int, set[int]] = {}
    for start, end in bonds:
        neighbours.setdefault(start, set()).add(end)
        neighbours.setdefault(end, set()).add(start)
    ends = [atom for atom, bonded in neighbours.items() if len(bonded) < 2]
    while ends:
        atom = ends.pop()
        for neighbour in neighbours.pop(atom):
            neighbours[neighbour].discard(atom)
            if len(neighbours[neighbour]) == 1:
                ends.append(neighbour)
    return neighbours


def _squares(neighbours: Mapping[int, Set[int]]) -> int:
    """Rings of four atoms.

    Two atoms with n neighbours in common are opposite corners of n(n − 1)/2 of them, and each has
    two such diagonals.
    """
    common: Counter[tuple[int, int]] = Counter()
    for bonded in neighbours.values():
        common.update(combinations(sorted(bonded), 2))
    return sum(count * (count - 1) for count in common.values()) // 4


def _shortest_rings(neighbours: Mapping[int, Set[int]]) -> int:
    """Rings that belong to some smallest set of rings; a bound if there are too many to count."""
    mol = _bare_mol(neighbours)
    with rdBase.BlockLogs():
        Chem.FindRingFamilies(mol)
    rings = mol.GetRingInfo()
    families = zip(rings.AtomRingFamilies(), rings.BondRingFamilies(), strict=True)
    bound = sum(2 ** (len(bonds) - len(atoms) + 1) for atoms, bonds in families)
    if bound >= RDKIT_COUNTS_TO:
        longest = max(map(len, Chem.GetSSSR(mol)))
        bound = _geodesic_rings(neighbours, longest)
    return rings.NumRelevantCycles() if bound < RDKIT_COUNTS_TO else bound


def _bare_mol(neighbours: Mapping[int, Set[int]]) -> Chem.Mol:
    """Atoms of no element and their bonds, not sanitised."""
    mol = Chem.RWMol()
    indices = {atom: mol.AddAtom(Chem.Atom(0)) for atom in neighbours}
    for atom, bonded in neighbours.items():
        for neighbour in bonded:
            if atom < neighbour:
                mol.AddBond(indices[atom], indices[neighbour], Chem.BondType.SINGLE)
    return mol


def _geodesic_rings(neighbours: Mapping[int, Set[int]], longest: int) -> int:
    """At least as many as there are rings in smallest sets, the longest of `longest` atoms.

    From each atom of such a ring, both ways to the opposite atom or bond are shortest ways (Vismara
    1997, "Union of all the minimum cycle bases of a graph"), so pairs of shortest ways are counted.
    Each ring is counted from each of its atoms, of which there are three at least.
    """
    return sum(_rings_from(start, neighbours, longest // 2) for start in neighbours) // 3


def _rings_from(start: int, neighbours: Mapping[int, Set[int]], most_bonds: int) -> int:
    """Pairs of shortest ways from an atom that meet after at most so many bonds."""
    rings = 0
    visited = {start}
    ways = {start: 1}  # number of shortest ways to each atom of the layer
    for _ in range(most_bonds):
        arriving: dict[int, list[int]] = {}  # ways to each atom of the next layer, by the last bond
        for atom, count in ways.items():
            for neighbour in neighbours[atom]:
                if neighbour not in visited:
                    arriving.setdefault(neighbour, []).append(count)
        # Two ways meet in an atom by different bonds: Σ(i < j) cᵢcⱼ = ((Σc)² − Σc²) / 2.
        for counts in arriving.values():
            rings += (sum(counts) ** 2 - sum(count**2 for count in counts)) // 2
        ways = {atom: sum(counts) for atom, counts in arriving.items()}
        # Two ways meet in a bond within the layer: the ring has an odd number of atoms.
        for atom, count in ways.items():
            for neighbour in neighbours[atom]:
                if neighbour in ways and neighbour < atom:
                    rings += count * ways[neighbour]
        visited |= ways.keys()
    return rings
