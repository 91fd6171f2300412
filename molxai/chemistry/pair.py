"""Two molecules, one target: what of the difference is change, and what is another reading.

The atoms that only one of the two has are change; the others may be read differently.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphormer.graphs.molecules import Molecule
from molxai.chemistry.alignment import Alignment, Pair, alignment
from molxai.chemistry.fragments import Fragment, relevance_sum
from molxai.chemistry.grouping import pieces
from molxai.chemistry.schemes import attached_smiles
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.captions import difference_line
from molxai.explanation.explainer import Class, Source
from molxai.explanation.explanation import Explanation
from molxai.explanation.words import SHORTEST_NAME, in_a_line, quoted, signed

TOP = 8
"""Pairs that are listed: those of the largest change."""

ALWAYS = ("common", "gained", "lost")
"""Parts of a difference that are shown even if they are zero."""

WORDS = {
    "common": "unchanged atoms, read differently",
    "gained": "gain of the atoms that only B has",
    "lost": "loss of the atoms that only A has",
    "token": "graph token",
    "bias": "bias",
    "structure": "structure",
    "gap": "remainder",
}
"""What the parts of a difference are, in words."""


def difference_words(split: Mapping[str, float], smallest: float = 0.0) -> dict[str, float]:
    """The parts of a difference by what they are, in the order in which they are shown.

    Args:
        split: as `MatchedPair.split`.
        smallest: a part that no atom accounts for is left out if its magnitude is smaller.

    Example:
        >>> difference_words({"common": 0.0, "gained": 0.5, "lost": 0.0, "gap": 1e-9}, 5e-5)
        ... # doctest: +NORMALIZE_WHITESPACE
        {'unchanged atoms, read differently': 0.0, 'gain of the atoms that only B has': 0.5,
         'loss of the atoms that only A has': 0.0}
    """
    return {
        words: split[name]
        for name, words in WORDS.items()
        if name in split and (name in ALWAYS or abs(split[name]) >= smallest)
    }


@dataclass(frozen=True, repr=False)
class MatchedPair:
    """Two explanations for one target, and which atoms correspond.

    `Δlogit = common + gained − lost + token + bias + gap`, exactly; the gap is zero for a method
    that conserves. The values of a method without a sign, or in a unit of its own, do not add up to
    a difference, which is not split then.
    """

    a: Explanation
    b: Explanation
    alignment: Alignment

    def __repr__(self) -> str:
        split = self.split
        parts = ", ".join(f"{name} {signed(split[name])}" for name in ALWAYS if split)
        quantity = "value" if self.a.probability is None else "logit"
        names = f"{quoted(self.a.name, SHORTEST_NAME)} → {quoted(self.b.name, SHORTEST_NAME)}"
        delta = f"Δ {quantity} {signed(self.delta)}"
        return in_a_line("MatchedPair", "", names, delta, parts, self.a.method)

    @property
    def _quantity(self) -> str:
        """What differs: the value of a regression, or the logit of a class."""
        if self.a.probability is None:
            return self.a.endpoint or "value"
        return f"logit of {self.a.full_target_name}"

    @property
    def delta(self) -> float:
        """The difference of the explained quantity, B less A."""
        return self.b.logit - self.a.logit

    @property
    def split(self) -> dict[str, float]:
        """What the difference consists of: its sum is `delta`; empty if nothing adds up to it."""
        if not self.a.is_split:
            return {}
        return {
            "common": math.fsum(change for _, change in self._pair_changes()),
            "gained": math.fsum(piece.relevance for piece in self.gained),
            "lost": math.fsum(-piece.relevance for piece in self.lost),
            "token": self.b.token - self.a.token,
            "bias": self.b.bias - self.a.bias,
            "structure": self.b.structure_relevance - self.a.structure_relevance,
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
        """Pairs of common atoms with the change of their relevance, largest magnitude first."""
        return sorted(self._pair_changes(), key=lambda pair_change: -abs(pair_change[1]))

    def _pair_changes(self) -> list[tuple[Pair, float]]:
        """Pairs of common atoms with the change of their relevance, in their own order."""
        before = self.a.relevance.tolist()
        after = self.b.relevance.tolist()
        return [((i, j), after[j] - before[i]) for i, j in self.alignment.pairs]

    def to_dict(self) -> dict[str, Any]:
        """Both records, the split, the pieces and all pairs, in plain Python types."""
        return {
            "a": _record(self.a),
            "b": _record(self.b),
            "delta_logit": self.delta,
            **{f"delta_{name}": self.split.get(name) for name in WORDS},
            "lost": [piece.to_dict() for piece in self.lost],
            "gained": [piece.to_dict() for piece in self.gained],
            "pairs": self._pair_dicts(),
            "note": self.alignment.note or None,
        }

    def _pair_dicts(self) -> list[dict[str, Any]]:
        relevance = self.a.relevance.tolist()
        stereo = set(self.alignment.stereo)
        return [
            {
                "a": i,
                "b": j,
                "relevance_a": relevance[i],
                "change": change,
                "stereo_differs": (i, j) in stereo,
            }
            for (i, j), change in self.changes
        ]

    def draw(self, path: str | Path | None = None, **look: Any) -> str | bytes:
        """Both molecules side by side, in one orientation and on one scale; written to `path`.

        Args:
            path: of the file, which ends as a picture's name: .svg, .pdf, .png and so on; or .html
                for a page with what the difference consists of. [default: SVG text]
            look: choices named as on the command line, like `cmap="orange-purple"` or `dpi=300`.

        Raises:
            ValueError: the file name has another ending, or a choice is not known.
        """
        from molxai.chemistry.pair_picture import draw_pair
        from molxai.explanation.comparison_page import write_pair_page
        from molxai.rendering.choices import refuse_ignored
        from molxai.rendering.look import look_of

        if path and Path(path).suffix.lower() == ".html":
            body = self._html(self.draw(**look))
            write_pair_page(Path(path), f"{self.a.name} → {self.b.name}", body)
            return body
        chosen = look_of(look)
        refuse_ignored(look, path, ["molecules"], without=("panel", "caption"))
        return draw_pair((self.a, self.b), self.alignment, self.split, path, chosen)

    def _repr_html_(self) -> str:
        return self._html(self.draw())

    def _html(self, picture: str | bytes) -> str:
        """The picture with a table of what the difference consists of."""
        from molxai.explanation.notebook import difference_html

        shares = difference_words(self.split)
        words = [difference_line(self.a)]
        return difference_html(shares, f"Δ {self._quantity}", self.delta, picture, words)


def matched_pair(
    explainer: BaseExplainer,
    a: Source,
    b: Source,
    target: Class = "pred",
    contrast: Class | None = None,
) -> MatchedPair:
    """Explain two molecules for one target, by default what is predicted for A, and align them.

    Raises:
        ValueError: they are no molecules, cannot be read, or have nothing in common.
    """
    subject_a = explainer.subject(a)
    subject_b = explainer.subject(b)
    if not isinstance(subject_a, Molecule) or not isinstance(subject_b, Molecule):
        raise ValueError(
            "a matched pair is of two molecules: digits and bare graphs have no common substructure"
        )
    (first,) = explainer.explain([subject_a], [explainer.target(target, contrast)])
    (second,) = explainer.explain([subject_b], [first.target])
    correspondence = alignment(
        _molecule(first).mol,
        _molecule(second).mol,
        first.relevance.tolist(),
        second.relevance.tolist(),
    )
    return MatchedPair(first, second, correspondence)


def _molecule(explanation: Explanation) -> Molecule:
    assert isinstance(explanation.subject, Molecule)
    return explanation.subject


def _record(explanation: Explanation) -> dict[str, Any]:
    molecule = _molecule(explanation)
    return {"smiles": molecule.explained_smiles, "id": molecule.id} | explanation.to_dict()


def _pieces(explanation: Explanation, common: set[int]) -> list[Fragment]:
    """What is not common, named by its structure, the most positive first."""
    mol = _molecule(explanation).mol
    changed_atoms = frozenset(range(mol.GetNumAtoms())) - common
    groups = [tuple(sorted(piece)) for piece in pieces(mol, changed_atoms)]
    with_common = [*groups, tuple(sorted(common))] if common else groups
    texts = attached_smiles(mol, with_common)
    relevance = explanation.relevance.tolist()
    fragments = [
        Fragment(smiles, smiles, atoms, relevance_sum(relevance, atoms))
        for atoms, smiles in zip(groups, texts, strict=False)  # without the common part's
    ]
    return sorted(fragments, key=lambda piece: (-piece.relevance, piece.atoms))
