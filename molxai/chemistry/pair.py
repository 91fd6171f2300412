"""Two molecules, one target: how much of the difference is what was changed, and how much is the rest being read differently."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphormer.graphs.molecules import Molecule
from molxai.chemistry.alignment import Alignment, Pair, alignment
from molxai.chemistry.fragments import Fragment, attached_smiles
from molxai.chemistry.grouping import pieces
from molxai.explanation.explainer import Class, Explainer, Source
from molxai.explanation.explanation import Explanation
from molxai.explanation.words import SHORTEST_NAME, in_a_line, quoted, signed

TOP = 8
"""Pairs that are listed: those of the largest change."""

SHARES = {
    "common": "unchanged atoms, read differently",
    "gained": "atoms gained",
    "lost": "atoms lost",
    "token": "graph token",
    "bias": "biases",
    "gap": "not accounted for",
}
"""What the parts of a difference are, in words."""


@dataclass(frozen=True, repr=False)
class MatchedPair:
    """Two explanations for one target, and which atoms correspond.

    `Δlogit = common + gained − lost + token + bias + gap`, exactly; the gap is zero for a method that conserves.
    """

    a: Explanation
    b: Explanation
    alignment: Alignment

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{name} {signed(self.split[name])}" for name in ("common", "gained", "lost")
        )
        what = "value" if self.a.probability is None else "logit"
        names = " → ".join(quoted(one.name, SHORTEST_NAME) for one in (self.a, self.b))
        return in_a_line(
            "MatchedPair", "", names, f"Δ {what} {signed(self.delta)}", parts, self.a.method
        )

    @property
    def _what(self) -> str:
        """What differs: the value of a regression, or the logit of a class."""
        return (
            self.a.endpoint or "value"
            if self.a.probability is None
            else f"logit of {self.a.full_target_name}"
        )

    @property
    def delta(self) -> float:
        """Of the explained quantity, B less A."""
        return self.b.logit - self.a.logit

    @property
    def split(self) -> dict[str, float]:
        """What the difference consists of: its sum is `delta`."""
        here, there = self.a.relevance.tolist(), self.b.relevance.tolist()
        return {
            "common": math.fsum(there[j] - here[i] for i, j in self.alignment.pairs),
            "gained": math.fsum(one.relevance for one in self.gained),
            "lost": math.fsum(-one.relevance for one in self.lost),
            "token": self.b.token - self.a.token,
            "bias": self.b.bias - self.a.bias,
            "gap": self.b.gap - self.a.gap,
        }

    @property
    def lost(self) -> list[Fragment]:
        """Connected pieces that only A has."""
        return _pieces(self.a, {i for i, _ in self.alignment.pairs})

    @property
    def gained(self) -> list[Fragment]:
        """Connected pieces that only B has."""
        return _pieces(self.b, {j for _, j in self.alignment.pairs})

    @property
    def changes(self) -> list[tuple[Pair, float]]:
        """Pairs of common atoms with the change of their relevance, the largest magnitude first."""
        here, there = self.a.relevance.tolist(), self.b.relevance.tolist()
        return sorted(
            (((i, j), there[j] - here[i]) for i, j in self.alignment.pairs),
            key=lambda each: -abs(each[1]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Both records, the split, the pieces and all pairs, in plain Python types."""
        relevance, stereo = self.a.relevance.tolist(), set(self.alignment.stereo)
        pairs = [
            {
                "a": i,
                "b": j,
                "relevance_a": relevance[i],
                "change": change,
                "stereo_differs": (i, j) in stereo,
            }
            for (i, j), change in self.changes
        ]
        return {
            "a": {"smiles": _molecule(self.a).explained_smiles, "id": _molecule(self.a).id}
            | self.a.to_dict(),
            "b": {"smiles": _molecule(self.b).explained_smiles, "id": _molecule(self.b).id}
            | self.b.to_dict(),
            "delta_logit": self.delta,
            **{f"delta_{name}": value for name, value in self.split.items()},
            "lost": [one.to_dict() for one in self.lost],
            "gained": [one.to_dict() for one in self.gained],
            "pairs": pairs,
            "note": self.alignment.note or None,
        }

    def draw(self, path: str | Path | None = None, **look: Any) -> str | bytes:
        """Both molecules side by side, in one orientation and on one scale; written to `path` where one is given.

        Args:
            path: of the file, .svg or .png.
            look: choices named as on the command line, like `cmap="orange-purple"` or `dpi=300`.

        Raises:
            ValueError: the file name has another ending, or a choice is not known.
        """
        from molxai.chemistry.pair_picture import draw_pair
        from molxai.rendering.look import look_of

        return draw_pair((self.a, self.b), self.alignment, self.split, path, look_of(look))

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import shares_html

        shares = {SHARES[name]: value for name, value in self.split.items()}
        return shares_html(shares, "B less A", f"Δ {self._what}", self.draw())


def matched_pair(
    explainer: Explainer,
    a: Source,
    b: Source,
    target: Class = "pred",
    contrast: Class | None = None,
) -> MatchedPair:
    """Explain two molecules for one target, which by default is what is predicted for A, and align them.

    Raises:
        ValueError: they are no molecules, cannot be read, or have nothing in common.
    """
    subjects = [explainer.subject(one) for one in (a, b)]
    if not all(isinstance(one, Molecule) for one in subjects):
        raise ValueError(
            "a matched pair is of two molecules: digits and bare graphs have no common substructure"
        )
    (first,) = explainer.explain(subjects[:1], [explainer.target(target, contrast)])
    (second,) = explainer.explain(subjects[1:], [first.target])
    mols = [_molecule(one).mol for one in (first, second)]
    return MatchedPair(
        first,
        second,
        alignment(mols[0], mols[1], first.relevance.tolist(), second.relevance.tolist()),
    )


def _molecule(explanation: Explanation) -> Molecule:
    assert isinstance(explanation.subject, Molecule)
    return explanation.subject


def _pieces(explanation: Explanation, common: set[int]) -> list[Fragment]:
    """What is not common, named by its structure, the most positive first."""
    mol, relevance = _molecule(explanation).mol, explanation.relevance.tolist()
    groups: Sequence[tuple[int, ...]] = [
        tuple(sorted(piece)) for piece in pieces(mol, frozenset(range(mol.GetNumAtoms())) - common)
    ]
    texts = attached_smiles(mol, [*groups, *([sorted(common)] if common else [])])
    made = [
        Fragment(text, text, atoms, math.fsum(relevance[i] for i in atoms))
        for atoms, text in zip(groups, texts, strict=False)
    ]
    return sorted(made, key=lambda one: (-one.relevance, one.atoms))
