"""From atoms to chemistry: relevance summed over parts of a molecule, each atom in exactly one.

So the sums are as true as the relevances: `Σ fragments + token + bias = logit` wherever the method conserves.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
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
    *("SCHEMES", "Fragment", "Fragments", "Part", "Scheme", "fragments", "from_smarts"),
    *("lost", "lost_notes", "parts", "read_scheme", "scheme_of"),
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
        return in_a_line(
            "Fragment",
            self.name,
            signed(self.relevance),
            count,
            "" if self.smiles == self.name else self.smiles,
        )

    def _repr_html_(self) -> str:
        return Fragments([self])._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """For records, in plain Python types."""
        return asdict(self) | {"atoms": list(self.atoms)}


class Fragments(list[Fragment]):
    """The parts of one explained molecule; a notebook shows them in the molecule and as a table."""

    def __init__(
        self, parts: Iterable[Fragment] = (), explanation: Explanation | None = None
    ) -> None:
        super().__init__(parts)
        self.explanation = explanation

    def __repr__(self) -> str:
        return listed(
            "Fragments",
            self,
            [f"{quoted(one.name, NAME)} {signed(one.relevance)}" for one in self[:FIRST]],
        )

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import parts_html

        return parts_html([(one.name, one.smiles, one.relevance) for one in self], self._picture())

    def _picture(self) -> str:
        if self.explanation is None:
            return ""
        outlined = [(one.atoms, f"{one.name} {one.relevance:+.2f}") for one in self]
        svg = self.explanation.draw(parts=outlined)
        assert isinstance(svg, str)
        return svg


def brics(mol: Chem.Mol) -> list[Part]:
    """What is left when all bonds are cut that retrosynthesis would cut, named by its SMILES.

    Source:
        Degen et al. 2008, "On the art of compiling and using 'drug-like' chemical fragment spaces"; RDKit's rules.
    """
    cut = [mol.GetBondBetweenAtoms(*ends).GetIdx() for ends, _ in BRICS.FindBRICSBonds(mol)]
    apart = Chem.FragmentOnBonds(mol, cut, addDummies=False) if cut else mol
    return _named(mol, Chem.GetMolFrags(apart))


def scaffold(mol: Chem.Mol) -> list[Part]:
    """The Murcko scaffold, which is all rings and what links them, against each side chain, named by its SMILES.

    An atom with a double bond to the scaffold belongs to it, as in RDKit.

    Source:
        Bemis and Murcko 1996, "The properties of known drugs. 1. Molecular frameworks".
    """
    core = _framework(mol)
    frames = [Part("scaffold", tuple(sorted(atoms))) for atoms in pieces(mol, core)]
    return _with_rest(mol, frames)


def rings(mol: Chem.Mol) -> list[Part]:
    """Each system of rings that share atoms, by name where it has one, and what is between and around them by SMILES."""
    systems = [with_double_bonds(mol, one) for one in ring_systems(mol, shared=1)]
    return _with_rest(mol, [Part(ring_text(mol, one), tuple(sorted(one))) for one in systems])


SCHEMES: Mapping[str, Scheme] = {
    "functional-groups": functional_groups,
    "brics": brics,
    "scaffold": scaffold,
    "rings": rings,
}
"""Ways to take a molecule apart, by id."""


def scheme_of(scheme: str | Sequence[str] | Scheme) -> Scheme:
    """The scheme of an id, or of lines of the user's own as `from_smarts` takes them; a scheme is itself.

    Raises:
        ValueError: there is no such scheme, or a line cannot be read.
    """
    if isinstance(scheme, str):
        if scheme not in SCHEMES:
            raise ValueError(
                unknown(
                    "fragment scheme", scheme, SCHEMES, "or give a file of your own (.smarts, .txt)"
                )
            )
        return SCHEMES[scheme]
    return scheme if callable(scheme) else from_smarts(scheme)


OWN_ENDINGS = (".smarts", ".txt")
"""Of files of a scheme of the user's own."""


def read_scheme(text: str) -> str | tuple[str, ...]:
    """What was named on the command line: the id of a scheme, the lines of a file of the user's own, or empty for nothing.

    Raises:
        ValueError: there is no such scheme, or the file's lines are none.
        FileNotFoundError: there is no such file.
    """
    found = _own_lines(Path(text)) if Path(text).suffix.lower() in OWN_ENDINGS else text
    if found:
        scheme_of(found)
    return found


def parts(mol: Chem.Mol, scheme: str | Scheme = "functional-groups") -> list[Part]:
    """The parts of a molecule, by their first atoms; each atom is in exactly one.

    Raises:
        ValueError: there is no such scheme.
    """
    return scheme_of(scheme)(mol)


MOST_WORDED = 40
"""Parts of a picture that have words beside them: of more, nobody could read the words."""


def worded(explanation: Explanation, scheme: str | Scheme) -> list[tuple[tuple[int, ...], str]]:
    """The atoms of each part, and its name with its relevance: what is written beside it in a picture.

    Of many parts only those of largest magnitude have words; those of the others are empty.

    Raises:
        ValueError: as `fragments`.
    """
    found = fragments(explanation, scheme)
    largest = sorted(found, key=lambda one: -abs(one.relevance))[:MOST_WORDED]
    named = {one.atoms for one in largest}
    return [
        (one.atoms, f"{one.name} {one.relevance:+.2f}" if one.atoms in named else "")
        for one in found
    ]


def fragments(explanation: Explanation, scheme: str | Scheme = "functional-groups") -> Fragments:
    """The parts of the explained molecule with their relevance, the most positive first.

    Raises:
        ValueError: there is no such scheme, or what was explained is no molecule.
    """
    subject = explanation.subject
    if not isinstance(subject, Molecule):
        raise ValueError("fragments are parts of molecules: a digit or a bare graph has none")
    found = parts(subject.mol, scheme)
    relevance = explanation.relevance.tolist()
    each = zip(found, attached_smiles(subject.mol, [part.atoms for part in found]), strict=True)
    made = [
        Fragment(part.name, smiles, part.atoms, math.fsum(relevance[i] for i in part.atoms))
        for part, smiles in each
    ]
    return Fragments(sorted(made, key=lambda one: -one.relevance), explanation)


def from_smarts(source: Path | Iterable[str]) -> Scheme:
    """A scheme of one's own, from a file or lines of a name and a SMARTS each; blank lines and those with # are passed over.

    Lines take their atoms in order: a match that needs an atom of an earlier line's is no fragment (`lost` tells of it). So more
    special patterns go first. Matches of one pattern that share atoms are one part, and what no line takes is one part, `rest`, for
    each connected piece.

    Raises:
        ValueError: a line is not so, or there is none.
        FileNotFoundError: there is no such file.
    """
    patterns: list[tuple[str, Chem.Mol]] = []
    for number, line in enumerate(_own_lines(source) if isinstance(source, Path) else source, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        *name, smarts = line.split()
        with rdBase.BlockLogs():
            pattern = Chem.MolFromSmarts(smarts) if name else None
        if pattern is None or not pattern.GetNumAtoms():
            raise ValueError(
                f"line {number} of the fragments, {shortened(line.strip())!r}: a name and a SMARTS are needed"
            )
        patterns.append((" ".join(name), pattern))
    if not patterns:
        raise ValueError("no fragments are named: a line of a name and a SMARTS is needed for each")
    return OwnScheme(tuple(patterns))


def _own_lines(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise FileNotFoundError(
            f"no file {str(path)!r} of fragments: a name and a SMARTS are needed on each of its lines"
        )
    return tuple(line.strip() for line in lines(path))


@dataclass(frozen=True)
class Lost:
    """Matches of a pattern that are no fragment, because earlier patterns have taken some of their atoms."""

    name: str
    """Of the pattern."""
    atoms: tuple[int, ...]
    """Of those matches."""
    taken: tuple[int, ...]
    """Of those, the ones that were taken."""
    takers: tuple[str, ...]
    """Names of the earlier patterns."""

    def __str__(self) -> str:
        there, taken = row_ranges(self.atoms), row_ranges(self.taken)
        return f"{self.name!r} matches atoms {there}, but {', '.join(map(repr, self.takers))} before it has taken {taken}: left out"


@dataclass(frozen=True)
class OwnScheme:
    """A scheme of the user's own: patterns in order, of which an earlier one takes its atoms before a later one."""

    patterns: Patterns

    def __call__(self, mol: Chem.Mol) -> list[Part]:
        """The parts of a molecule."""
        claims = Claims(mol)
        claims.match(self.patterns)
        return claims.rest(lambda atoms: "rest")

    def lost(self, mol: Chem.Mol) -> list[Lost]:
        """Patterns that match where no fragment of theirs is.

        A match that lies wholly within earlier fragments is what precedence is for (an ether within an ester), and one whose
        other atoms are in a fragment of the same name has lost nothing: neither is told.
        """
        claims = Claims(mol)
        found = []
        for name, pattern in self.patterns:
            free = frozenset(claims.free)
            matches = [
                frozenset(match)
                for match in mol.GetSubstructMatches(pattern, maxMatches=MOST_MATCHES)
            ]
            claims.claim(name, matches)
            left = [match for match in matches if not match <= free and match & claims.free]
            if left:
                found.append(_lost(name, frozenset().union(*left), free, claims.parts))
        return found


def _lost(name: str, atoms: frozenset[int], free: frozenset[int], parts: Sequence[Part]) -> Lost:
    """What there is to say of matches that were left out."""
    taken = atoms - free
    takers = dict.fromkeys(part.name for part in parts if not taken.isdisjoint(part.atoms))
    return Lost(name, tuple(sorted(atoms)), tuple(sorted(taken)), tuple(takers))


def lost(mol: Chem.Mol, scheme: Scheme | None) -> list[Lost]:
    """Patterns of the user's own that lost their atoms to earlier ones; the program's own schemes say all that they mean."""
    return scheme.lost(mol) if isinstance(scheme, OwnScheme) else []


def lost_notes(subject: object, scheme: Scheme | None) -> list[str]:
    """The same in words, for the notes of a record."""
    return (
        [f"fragment {one}" for one in lost(subject.mol, scheme)]
        if isinstance(subject, Molecule)
        else []
    )


PLACE = "molxai_atom"
"""Property of an atom with its number in the user's molecule, by which RDKit's pieces are traced back."""


def attached_smiles(mol: Chem.Mol, groups: Sequence[Sequence[int]]) -> list[str]:
    """SMILES of each of the parts of a molecule, `*` for each bond that left it; the groups hold every atom once."""
    owner = {atom: place for place, group in enumerate(groups) for atom in group}
    cut = [
        bond.GetIdx()
        for bond in mol.GetBonds()
        if owner[bond.GetBeginAtomIdx()] != owner[bond.GetEndAtomIdx()]
    ]
    apart = (
        Chem.FragmentOnBonds(mol, cut, dummyLabels=[(0, 0)] * len(cut)) if cut else Chem.Mol(mol)
    )
    apart.UpdatePropertyCache(strict=False)
    Chem.AssignStereochemistry(
        apart, cleanIt=True, force=True
    )  # a centre whose neighbours became alike is none any more
    places: list[tuple[int, ...]] = []
    pieces = Chem.GetMolFrags(apart, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=places)
    found: list[list[str]] = [[] for _ in groups]
    for piece, atoms in zip(pieces, places, strict=True):
        found[owner[min(atoms)]].append(Chem.MolToSmiles(piece))
    return [".".join(sorted(texts)) for texts in found]


def _named(mol: Chem.Mol, groups: Iterable[Iterable[int]]) -> list[Part]:
    """Parts named by their SMILES."""
    ordered = sorted(tuple(sorted(group)) for group in groups)
    return [
        Part(smiles, atoms)
        for smiles, atoms in zip(attached_smiles(mol, ordered), ordered, strict=True)
    ]


def _with_rest(mol: Chem.Mol, known: Sequence[Part]) -> list[Part]:
    """The parts, and one for each connected piece of what is left."""
    taken = {atom for part in known for atom in part.atoms}
    left = pieces(mol, frozenset(range(mol.GetNumAtoms())) - taken)
    names = {part.atoms: part.name for part in known}
    return [
        Part(names.get(part.atoms, part.name), part.atoms) for part in _named(mol, [*names, *left])
    ]


def _framework(mol: Chem.Mol) -> frozenset[int]:
    """Rings and the ways between them, which are left when all ends are taken away, with the double bonds from there."""
    in_rings = {i for ring in mol.GetRingInfo().AtomRings() for i in ring}
    kept = set(range(mol.GetNumAtoms()))
    degree = {i: mol.GetAtomWithIdx(i).GetDegree() for i in kept}
    ends = [i for i in kept - in_rings if degree[i] <= 1]
    while ends:
        end = ends.pop()
        kept.discard(end)
        for near in (one.GetIdx() for one in mol.GetAtomWithIdx(end).GetNeighbors()):
            degree[near] -= 1
            if near in kept and near not in in_rings and degree[near] <= 1 and near not in ends:
                ends.append(near)
    ends_of_double = [
        (b.GetBeginAtomIdx(), b.GetEndAtomIdx())
        for b in mol.GetBonds()
        if b.GetBondType() == Chem.BondType.DOUBLE
    ]
    return frozenset(kept.union(*(pair for pair in ends_of_double if not kept.isdisjoint(pair))))
