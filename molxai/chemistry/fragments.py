"""From atoms to chemistry: relevance summed over parts of a molecule, each atom in exactly one.

So the sums are as true as the relevances: `Σ fragments + token + bias = logit` if the method
conserves.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import BRICS

from graphormer.graphs.molecules import Molecule, shortened
from graphormer.names import unknown
from graphormer.network.card import row_ranges
from graphormer.readers.text import lines
from molxai.chemistry.grouping import (
    MOST_MATCHES,
    Atoms,
    Claims,
    Part,
    Patterns,
    functional_groups,
    pieces,
    ring_systems,
    ring_text,
    with_double_bonds,
)
from molxai.explanation.explanation import Explanation
from molxai.explanation.words import FIRST, NAME, in_a_line, listed, quoted, signed

__all__ = [
    "SCHEMES",
    "Fragment",
    "Fragments",
    "Part",
    "Scheme",
    "fragments",
    "from_smarts",
    "lost",
    "lost_notes",
    "parts",
    "read_scheme",
    "scheme_of",
]

Scheme = Callable[[Chem.Mol], list[Part]]
"""Takes a molecule apart: each of its atoms is in exactly one part."""


@dataclass(frozen=True, repr=False)
class Fragment:
    """A part with what it contributes."""

    name: str
    """Short; equal parts of different molecules have equal names."""
    smiles: str
    """Its own structure, with `*` where it was attached."""
    atoms: tuple[int, ...]
    """In the user's numbering."""
    relevance: float
    """Sum over its atoms, in the unit of the explained quantity."""

    def __repr__(self) -> str:
        count = f"{len(self.atoms)} atom{'s' if len(self.atoms) > 1 else ''}"
        smiles = "" if self.smiles == self.name else self.smiles
        return in_a_line("Fragment", self.name, signed(self.relevance), count, smiles)

    def _repr_html_(self) -> str:
        return Fragments([self])._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """For records, in plain Python types."""
        return asdict(self) | {"atoms": list(self.atoms)}

    @property
    def label(self) -> str:
        """What is written beside it in a picture: its name and relevance."""
        return f"{self.name} {self.relevance:+.2f}"


class Fragments(list[Fragment]):
    """The parts of one explained molecule; a notebook shows them as a picture and as a table."""

    def __init__(
        self, parts: Iterable[Fragment] = (), explanation: Explanation | None = None
    ) -> None:
        super().__init__(parts)
        self.explanation = explanation

    def __repr__(self) -> str:
        first = [f"{quoted(part.name, NAME)} {signed(part.relevance)}" for part in self[:FIRST]]
        return listed("Fragments", self, first)

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import parts_html

        rows = [(part.name, part.smiles, part.relevance) for part in self]
        return parts_html(rows, self._picture())

    def _picture(self) -> str:
        if self.explanation is None:
            return ""
        svg = self.explanation.draw(parts=[(part.atoms, part.label) for part in self])
        assert isinstance(svg, str)
        return svg


def brics(mol: Chem.Mol) -> list[Part]:
    """What is left if all bonds are cut that retrosynthesis would cut, named by its SMILES.

    Source:
        Degen et al. 2008, "On the art of compiling and using 'drug-like' chemical fragment spaces";
        RDKit's rules.
    """
    cuts = []
    for ends, _ in BRICS.FindBRICSBonds(mol):
        bond = mol.GetBondBetweenAtoms(*ends)
        cuts.append(bond.GetIdx())
    apart = Chem.FragmentOnBonds(mol, cuts, addDummies=False) if cuts else mol
    return _parts_by_smiles(mol, Chem.GetMolFrags(apart))


def scaffold(mol: Chem.Mol) -> list[Part]:
    """The Murcko scaffold (all rings and what links them) and each side chain, by its SMILES.

    An atom with a double bond to the scaffold belongs to it, as in RDKit.

    Source:
        Bemis and Murcko 1996, "The properties of known drugs. 1. Molecular frameworks".
    """
    core = _framework(mol)
    frames = [Part("scaffold", tuple(sorted(atoms))) for atoms in pieces(mol, core)]
    return _with_rest(mol, frames)


def rings(mol: Chem.Mol) -> list[Part]:
    """Each system of rings that share atoms by its name, and the rest by its SMILES.

    A ring system without a name has its SMILES, too.
    """
    ring_parts = []
    for system in ring_systems(mol, shared=1):
        atoms = with_double_bonds(mol, system)
        ring_parts.append(Part(ring_text(mol, atoms), tuple(sorted(atoms))))
    return _with_rest(mol, ring_parts)


SCHEMES: Mapping[str, Scheme] = {
    "functional-groups": functional_groups,
    "brics": brics,
    "scaffold": scaffold,
    "rings": rings,
}
"""Ways to take a molecule apart, by id."""


def scheme_of(scheme: str | Sequence[str] | Scheme) -> Scheme:
    """The scheme of an id, or of a user's own lines as `from_smarts` takes them.

    A scheme is itself.

    Raises:
        ValueError: there is no such scheme, or a line cannot be read.
    """
    if callable(scheme):
        return scheme
    if not isinstance(scheme, str):
        return from_smarts(scheme)
    if scheme not in SCHEMES:
        remedy = "or give a file of your own (.smarts, .txt)"
        raise ValueError(unknown("fragment scheme", scheme, SCHEMES, remedy))
    return SCHEMES[scheme]


OWN_ENDINGS = (".smarts", ".txt")
"""Endings of files that hold a user's own scheme."""


def read_scheme(text: str) -> str | tuple[str, ...]:
    """The id of a scheme, the lines of a file of the user's own, or empty for nothing.

    Args:
        text: as on the command line.

    Raises:
        ValueError: there is no such scheme, or the file's lines are none.
        FileNotFoundError: there is no such file.
    """
    is_file = Path(text).suffix.lower() in OWN_ENDINGS
    scheme = _own_lines(Path(text)) if is_file else text
    if scheme:
        scheme_of(scheme)
    return scheme


def parts(mol: Chem.Mol, scheme: str | Scheme = "functional-groups") -> list[Part]:
    """The parts of a molecule, by their first atoms; each atom is in exactly one.

    Raises:
        ValueError: there is no such scheme.
    """
    return scheme_of(scheme)(mol)


MOST_LABELS = 40
"""Parts of a picture that have words beside them: if there were more, nobody could read them."""


def fragment_labels(
    explanation: Explanation, scheme: str | Scheme
) -> list[tuple[tuple[int, ...], str]]:
    """The atoms of each part, and its label, which is written beside it in a picture.

    If there are many parts, only those of largest magnitude have a label; that of others is empty.

    Raises:
        ValueError: as `fragments`.
    """
    all_parts = fragments(explanation, scheme)
    by_size = sorted(all_parts, key=lambda part: -abs(part.relevance))
    large = {part.atoms for part in by_size[:MOST_LABELS]}
    labels = []
    for part in all_parts:
        label = part.label if part.atoms in large else ""
        labels.append((part.atoms, label))
    return labels


def fragments(explanation: Explanation, scheme: str | Scheme = "functional-groups") -> Fragments:
    """The parts of the explained molecule with their relevance, the most positive first.

    Raises:
        ValueError: there is no such scheme, or what was explained is no molecule.
    """
    subject = explanation.subject
    if not isinstance(subject, Molecule):
        raise ValueError("fragments are parts of molecules: a digit or a bare graph has none")
    mol_parts = parts(subject.mol, scheme)
    texts = attached_smiles(subject.mol, [part.atoms for part in mol_parts])
    relevance = explanation.relevance.tolist()
    members = [
        Fragment(part.name, smiles, part.atoms, relevance_sum(relevance, part.atoms))
        for part, smiles in zip(mol_parts, texts, strict=True)
    ]
    members.sort(key=lambda part: -part.relevance)
    return Fragments(members, explanation)


def relevance_sum(relevance: Sequence[float], atoms: Iterable[int]) -> float:
    """The relevance of some atoms together, without rounding between them."""
    return math.fsum(relevance[index] for index in atoms)


def from_smarts(source: Path | Iterable[str]) -> Scheme:
    """A scheme of one's own, from a file or from lines with a name and a SMARTS each.

    Blank lines and those with # are passed over. Lines take their atoms in order: a match that
    needs an atom that an earlier line has taken is no fragment (`lost` tells of it), so more
    special patterns go first. Matches of one pattern that share atoms are one part. What no line
    takes is one part, `rest`, for each connected piece.

    Raises:
        ValueError: a line is not so, or there is none.
        FileNotFoundError: there is no such file.

    Example:
        >>> scheme = from_smarts(["acid C(=O)[OX2H]", "carbonyl C=O"])
        >>> [(part.name, part.atoms) for part in scheme(Chem.MolFromSmiles("CC(=O)CC(=O)O"))]
        [('rest', (0,)), ('carbonyl', (1, 2)), ('rest', (3,)), ('acid', (4, 5, 6))]
    """
    own_lines = _own_lines(source) if isinstance(source, Path) else source
    patterns: list[tuple[str, Chem.Mol]] = []
    for number, line in enumerate(own_lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            patterns.append(_own_pattern(number, line))
    if not patterns:
        raise ValueError("no fragments are named: a line of a name and a SMARTS is needed for each")
    return OwnScheme(tuple(patterns))


def _own_pattern(number: int, line: str) -> tuple[str, Chem.Mol]:
    """The name and the pattern of a line.

    Raises:
        ValueError: it does not hold both.
    """
    *name, smarts = line.split()
    with rdBase.BlockLogs():
        pattern = Chem.MolFromSmarts(smarts) if name else None
    if pattern is None or not pattern.GetNumAtoms():
        text = shortened(line.strip())
        raise ValueError(
            f"line {number} of the fragments, {text!r}: a name and a SMARTS are needed"
        )
    return " ".join(name), pattern


def _own_lines(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise FileNotFoundError(
            f"no file {str(path)!r} of fragments: "
            "a name and a SMARTS are needed on each of its lines"
        )
    return tuple(line.strip() for line in lines(path))


@dataclass(frozen=True)
class Lost:
    """Matches of a pattern that are no fragment, because earlier patterns took some atoms."""

    name: str
    """The pattern's name."""
    atoms: tuple[int, ...]
    """The atoms of those matches."""
    taken: tuple[int, ...]
    """The atoms among them that were taken."""
    takers: tuple[str, ...]
    """Names of the earlier patterns."""

    def __str__(self) -> str:
        takers = ", ".join(map(repr, self.takers))
        return (
            f"{self.name!r} matches atoms {row_ranges(self.atoms)}, "
            f"but {takers} before it has taken {row_ranges(self.taken)}: left out"
        )


@dataclass(frozen=True)
class OwnScheme:
    """A user's own scheme: patterns in order; an earlier one takes its atoms before a later one."""

    patterns: Patterns

    def __call__(self, mol: Chem.Mol) -> list[Part]:
        """The parts of a molecule."""
        claims = Claims(mol)
        claims.match(self.patterns)
        return claims.rest(lambda atoms: "rest")

    def lost(self, mol: Chem.Mol) -> list[Lost]:
        """Patterns that match where no fragment of theirs is.

        Two cases are not told. A match that lies wholly within earlier fragments is what precedence
        is for (an ether within an ester), and one whose other atoms are in a fragment of the same
        name has lost nothing.
        """
        claims = Claims(mol)
        losses = []
        for name, pattern in self.patterns:
            free = frozenset(claims.free)
            found = mol.GetSubstructMatches(pattern, maxMatches=MOST_MATCHES)
            matches = [frozenset(match) for match in found]
            claims.claim(name, matches)
            left_out = [match for match in matches if not match <= free and match & claims.free]
            if left_out:
                atoms = frozenset().union(*left_out)
                losses.append(_loss(name, atoms, free, claims.parts))
        return losses


def _loss(name: str, atoms: Atoms, free: Atoms, parts: Sequence[Part]) -> Lost:
    """What there is to say of matches that were left out."""
    taken = atoms - free
    takers = [part.name for part in parts if not taken.isdisjoint(part.atoms)]
    distinct = tuple(dict.fromkeys(takers))
    return Lost(name, tuple(sorted(atoms)), tuple(sorted(taken)), distinct)


def lost(mol: Chem.Mol, scheme: Scheme | None) -> list[Lost]:
    """Patterns of a user's own that lost their atoms to earlier ones.

    The program's own schemes lose nothing.
    """
    return scheme.lost(mol) if isinstance(scheme, OwnScheme) else []


def lost_notes(subject: object, scheme: Scheme | None) -> list[str]:
    """The same in words, for the notes of a record."""
    if not isinstance(subject, Molecule):
        return []
    return [f"fragment {loss}" for loss in lost(subject.mol, scheme)]


PLACE = "molxai_atom"
"""Property of an atom with its number in the user's molecule, by which pieces are traced."""


def attached_smiles(mol: Chem.Mol, groups: Sequence[Sequence[int]]) -> list[str]:
    """SMILES of each of the parts of a molecule, with `*` for each bond that left it.

    Args:
        mol: the molecule.
        groups: the atoms of each part; together they hold every atom once.

    Example:
        >>> attached_smiles(Chem.MolFromSmiles("CCO"), [[0], [1, 2]])
        ['*C', '*CO']
    """
    owner = {atom: place for place, group in enumerate(groups) for atom in group}
    cuts = [
        bond.GetIdx()
        for bond in mol.GetBonds()
        if owner[bond.GetBeginAtomIdx()] != owner[bond.GetEndAtomIdx()]
    ]
    apart = Chem.Mol(mol)
    if cuts:
        apart = Chem.FragmentOnBonds(mol, cuts, dummyLabels=[(0, 0)] * len(cuts))
    apart.UpdatePropertyCache(strict=False)
    # a centre whose neighbours became alike is none any more
    Chem.AssignStereochemistry(apart, cleanIt=True, force=True)
    texts: list[list[str]] = [[] for _ in groups]
    for smiles, atoms in _pieces_of(apart):
        texts[owner[min(atoms)]].append(smiles)  # `*` atoms have the highest numbers
    return [".".join(sorted(part_texts)) for part_texts in texts]


def _pieces_of(mol: Chem.Mol) -> Iterator[tuple[str, tuple[int, ...]]]:
    """SMILES and atoms of each component."""
    atoms: list[tuple[int, ...]] = []
    mols = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=atoms)
    texts = [Chem.MolToSmiles(piece) for piece in mols]
    return zip(texts, atoms, strict=True)


def _parts_by_smiles(mol: Chem.Mol, groups: Iterable[Iterable[int]]) -> list[Part]:
    """Parts named by their SMILES."""
    ordered = sorted(tuple(sorted(group)) for group in groups)
    texts = attached_smiles(mol, ordered)
    return [Part(smiles, atoms) for smiles, atoms in zip(texts, ordered, strict=True)]


def _with_rest(mol: Chem.Mol, first_parts: Sequence[Part]) -> list[Part]:
    """The parts, and one for each connected piece of what is left."""
    names = {part.atoms: part.name for part in first_parts}
    free = set(range(mol.GetNumAtoms()))
    for part in first_parts:
        free.difference_update(part.atoms)
    rest = pieces(mol, frozenset(free))
    all_parts = []
    for part in _parts_by_smiles(mol, [*names, *rest]):
        name = names.get(part.atoms, part.name)
        all_parts.append(Part(name, part.atoms))
    return all_parts


def _framework(mol: Chem.Mol) -> Atoms:
    """Rings and the ways between them, with the double bonds from there.

    They are what is left if ends are taken away as long as there are any.
    """
    in_rings = {atom for ring in mol.GetRingInfo().AtomRings() for atom in ring}
    left = set(range(mol.GetNumAtoms()))
    degree = {index: mol.GetAtomWithIdx(index).GetDegree() for index in left}
    ends = [index for index in left - in_rings if degree[index] <= 1]
    while ends:
        end = ends.pop()
        left.discard(end)
        for neighbour in mol.GetAtomWithIdx(end).GetNeighbors():
            index = neighbour.GetIdx()
            degree[index] -= 1
            is_chain = index in left and index not in in_rings
            if is_chain and degree[index] <= 1 and index not in ends:
                ends.append(index)
    doubles = [
        {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}
        for bond in mol.GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE
    ]
    attached = [atoms for atoms in doubles if not left.isdisjoint(atoms)]
    return frozenset(left.union(*attached))
