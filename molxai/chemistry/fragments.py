"""From atoms to chemistry: relevance summed over parts of a molecule, each atom in exactly one.

So the sums are as true as the relevances: `Σ fragments + token + bias = logit` if the method
conserves.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from graphormer.graphs.molecules import Molecule, shortened
from molxai.chemistry.group_words import group_words
from molxai.chemistry.schemes import Scheme, attached_smiles, parts
from molxai.explanation.explanation import Explanation
from molxai.explanation.words import FIRST, NAME, amount, in_a_line, listed, quoted, signed
from molxai.rendering.wording import true_minus

LETTERS = 30
"""Letters of a name beside a part in a picture at most."""


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
        """What is written beside it in a picture: its name, cut if it is long, and relevance."""
        return label(self.name, self.relevance, True)


def label(name: str, relevance: float, is_signed: bool) -> str:
    """What is written beside a part in a picture."""
    return f"{_short_name(name)} {true_minus(amount(relevance, is_signed, 2))}"


def _short_name(name: str) -> str:
    """A name of at most `LETTERS` letters that ends with a whole word, if it is of words.

    Example:
        >>> _short_name("tetrahydropyrimidinamine + 2 methyl"), _short_name("C" * 31)[-3:]
        ('tetrahydropyrimidinamine + 2 …', 'CC…')
    """
    short = shortened(name, LETTERS)
    if short == name or " " not in short:
        return short
    return f"{short.rsplit(' ', 1)[0]} …"


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
        svg = self.explanation.draw(parts=_labels(self.explanation, self))
        assert isinstance(svg, str)
        return svg


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
    return _labels(explanation, fragments(explanation, scheme))


def _labels(
    explanation: Explanation, members: Sequence[Fragment]
) -> list[tuple[tuple[int, ...], str]]:
    """The atoms of each part and its label; a name that is a SMILES is put into words."""
    assert isinstance(explanation.subject, Molecule)
    mol = explanation.subject.mol
    labels: list[tuple[tuple[int, ...], str]] = []
    for part in members[:MOST_LABELS]:
        is_smiles = part.name == part.smiles
        name = group_words(mol, part.atoms) if is_smiles else part.name
        labels.append((part.atoms, label(name, part.relevance, explanation.signed)))
    return labels + [(part.atoms, "") for part in members[MOST_LABELS:]]


def fragments(explanation: Explanation, scheme: str | Scheme = "functional-groups") -> Fragments:
    """The parts of the explained molecule with their relevance, the largest magnitude first.

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
    members.sort(key=lambda part: -abs(part.relevance))
    return Fragments(members, explanation)


def named_parts(explanation: Explanation) -> list[tuple[str, float]]:
    """Functional groups and rings with their relevance, which name the largest parts in words.

    What is no molecule has none.
    """
    if not isinstance(explanation.subject, Molecule):
        return []
    return [(part.name, part.relevance) for part in fragments(explanation)]


def relevance_sum(relevance: Sequence[float], atoms: Iterable[int]) -> float:
    """The relevance of some atoms together, without rounding between them."""
    return math.fsum(relevance[index] for index in atoms)
