"""What is counted in the text of a structure before RDKit reads it: no row may take a run down.

Every count is one that real molecules keep by far; see each constant. RDKit's search for rings is
what explodes: it lists every ring that belongs to some smallest set of rings, and n four-membered
rings in a circle have 2**n of them.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import combinations

from rdkit import Chem, rdBase

MOST_LETTERS = 1_000_000
"""Of a SMILES, with its CXSMILES block, or an InChI: 600 heavy atoms, each hydrogen written out,
with coordinates need about 60 000. What is not an atom, a ring closure or a bond is read in time
proportional to its letters, a million in 0.6 s at most."""

MOST_BLOCK_LETTERS = 1_000_000
"""Of a mol block: 600 heavy atoms and their hydrogens as V3000 need 200 000."""

HYDROGENS = 4
"""Hydrogens written out, for each heavy atom. RDKit needs 6 GiB and a minute for a ring of 15 000
atoms, 3 s for one of 4000."""

FEW_RINGS = 10
"""Independent rings that need no further look: they make 2**10 rings at most. Of 67 000 molecules
(HIV, BBBP, BACE, ESOL, Lipophilicity, FreeSolv, benzene, ChEMBL targets) 112 have more, the most
48, and never more than 12 in one ring system."""

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

COUNTED = 2**32
"""RDKit counts rings in an integer of 32 bits."""

DIGITS = "0123456789"
CLOSURE = re.compile(r"\[[^\[\]]*\]|%\(\d+\)|%\d\d|\d")
ATOM = re.compile(r"\[[^\[\]]*\]|Br|Cl|[BCNOPSFIbcnops*]")
HYDROGEN_ATOM = re.compile(r"\[(?:\d*H[+-]?\d*|[DT])(?::\d+)?\]")
V3000_COUNTS = re.compile(r"^M  V30 +COUNTS +(.+)$", re.MULTILINE)
V3000_BOND = re.compile(r"^M  V30 +\d+ +\d+ +(\d+) +(\d+)", re.MULTILINE)
COUNTS_LINE = 3
"""Place of the line that holds the numbers of atoms and bonds in a V2000 block."""


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
    if sum(map(smiles.count, DIGITS)) <= 2 * FEW_RINGS:  # each ring closure has two digits at least
        return False
    closures = sum(not closure.startswith("[") for closure in CLOSURE.findall(smiles))
    most = 2 * (len(ATOM.findall(smiles)) + MOST_INDEPENDENT_RINGS)  # two for each bond
    if closures > most:
        raise ValueError(
            f"{closures} numbers of ring closures: the limit for so few atoms is {most}, remove or split the molecule"
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

    RDKit looks for the rings of a block even where it does not sanitise.

    Raises:
        ValueError: there are more than can be read.
    """
    if len(block) > MOST_BLOCK_LETTERS:
        raise ValueError(
            f"a record of {len(block)} letters: the limit is {MOST_BLOCK_LETTERS}, remove or split the molecule"
        )
    check_rings(_v3000_bonds(block, max_atoms) if "V3000" in block else _v2000_bonds(block))


def _v3000_bonds(block: str, max_atoms: int) -> list[tuple[int, int]]:
    lines = block.count("\n") + 1
    for numbers in V3000_COUNTS.findall(block):  # RDKit reserves memory for so many
        counts = numbers.split()[:4]
        for number in counts:
            if len(number) > 9 or (number.isdecimal() and int(number) > lines):
                raise ValueError(
                    f"a record of {number[:20]} atoms or bonds in {lines} lines: check its line of counts"
                )
        if counts[0].isdecimal():
            _check_all_atoms(int(counts[0]), max_atoms)
    return [(int(start), int(end)) for start, end in V3000_BOND.findall(block)] or _v2000_bonds(
        block
    )


def _v2000_bonds(block: str) -> list[tuple[int, int]]:
    lines = block.split("\n")
    try:
        counts = lines[COUNTS_LINE]
        first = COUNTS_LINE + 1 + int(counts[:3])
        return [(int(line[:3]), int(line[3:6])) for line in lines[first : first + int(counts[3:6])]]
    except (ValueError, IndexError):  # RDKit says what is wrong with it
        return []


def _independent_rings(bonds: Iterable[tuple[int, int]]) -> int:
    """Bonds that close a ring when bonds are added one by one."""
    group: dict[int, int] = {}

    def root(atom: int) -> int:
        while (above := group.setdefault(atom, atom)) != atom:
            group[atom] = atom = group[above]
        return atom

    rings = 0
    for start, end in bonds:
        first, second = root(start), root(end)
        rings += first == second
        group[first] = second
    return rings


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
    mol = _bare_mol(neighbours)
    with rdBase.BlockLogs():
        Chem.FindRingFamilies(mol)
    rings = mol.GetRingInfo()
    families = zip(rings.AtomRingFamilies(), rings.BondRingFamilies(), strict=True)
    bound = sum(2 ** (len(ring_bonds) - len(ring_atoms) + 1) for ring_atoms, ring_bonds in families)
    if bound >= COUNTED:
        longest = max(map(len, Chem.GetSSSR(mol)))
        bound = _geodesic_rings(neighbours, longest)
    _check(
        rings.NumRelevantCycles() if bound < COUNTED else bound, MOST_RINGS, "equally short rings"
    )


def _bare_mol(neighbours: Mapping[int, Set[int]]) -> Chem.Mol:
    """Atoms of no element and their bonds, not sanitised."""
    mol = Chem.RWMol()
    places = {atom: mol.AddAtom(Chem.Atom(0)) for atom in neighbours}
    for atom, around in neighbours.items():
        for other in around:
            if atom < other:
                mol.AddBond(places[atom], places[other], Chem.BondType.SINGLE)
    return mol


def _check(count: int, limit: int, what: str) -> None:
    if count > limit:
        number = str(count) if count < COUNTED else "billions of"
        raise ValueError(
            f"a network of {number} {what}: the limit is {limit}, RDKit's search for rings would not end"
        )


def _ring_systems(bonds: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Neighbours of each atom in or between rings: chains are cut off from their ends."""
    neighbours: dict[int, set[int]] = {}
    for start, end in bonds:
        neighbours.setdefault(start, set()).add(end)
        neighbours.setdefault(end, set()).add(start)
    ends = [atom for atom, around in neighbours.items() if len(around) < 2]
    while ends:
        atom = ends.pop()
        for other in neighbours.pop(atom):
            neighbours[other].discard(atom)
            if len(neighbours[other]) == 1:
                ends.append(other)
    return neighbours


def _squares(neighbours: Mapping[int, Set[int]]) -> int:
    """Rings of four atoms: two neighbours in common, each ring seen from both of its diagonals."""
    common: Counter[tuple[int, int]] = Counter()
    for around in neighbours.values():
        common.update(combinations(sorted(around), 2))
    return sum(count * (count - 1) for count in common.values()) // 4


def _geodesic_rings(neighbours: Mapping[int, Set[int]], longest: int) -> int:
    """At least as many as there are rings in smallest sets, the longest of `longest` atoms.

    From each atom of such a ring, both ways to the opposite atom or bond are shortest ways (Vismara
    1997, "Union of all the minimum cycle bases of a graph"), so the ways are counted. Three atoms
    at least see each ring.
    """
    seen = 0
    for start in neighbours:
        ways = {start: 1}
        layer = {start: 1}
        for _ in range(longest // 2):
            following: dict[int, list[int]] = {}
            for atom, count in layer.items():
                for other in neighbours[atom]:
                    if other not in ways:
                        following.setdefault(other, []).append(count)
            layer = {atom: sum(counts) for atom, counts in following.items()}
            seen += sum(
                (sum(counts) ** 2 - sum(count**2 for count in counts)) // 2
                for counts in following.values()
            )
            for atom, count in layer.items():  # rings of an odd number of atoms end in a bond
                seen += sum(
                    count * layer[other]
                    for other in neighbours[atom]
                    if other in layer and other < atom
                )
            ways |= layer
    return seen // 3
