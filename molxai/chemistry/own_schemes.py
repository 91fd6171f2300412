"""Schemes of the user's own: a name and a SMARTS a line; earlier lines take their atoms first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rdkit import Chem, rdBase

from graphormer.graphs.molecules import shortened
from graphormer.network.card import row_ranges
from graphormer.readers.text import lines
from molxai.chemistry.grouping import (
    MOST_MATCHES,
    Atoms,
    Claims,
    Part,
    Patterns,
)


def from_smarts(source: Path | Iterable[str]) -> "OwnScheme":
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
    source_lines = own_lines(source) if isinstance(source, Path) else source
    patterns: list[tuple[str, Chem.Mol]] = []
    for number, line in enumerate(source_lines, 1):
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


def own_lines(path: Path) -> tuple[str, ...]:
    """The lines of a file of the user's own.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no text.
    """
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
