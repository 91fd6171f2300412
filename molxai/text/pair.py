"""Two texts, one target: what of the difference is new words, and what is another reading.

The words that both have in the same order are common. If B says the same as A in other words, a
consistent explanation keeps their ranks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from molxai.explanation.captions import difference_line
from molxai.explanation.classes import Class
from molxai.explanation.explanation import Explanation
from molxai.explanation.grid import pair_grid
from molxai.explanation.ranks import spearman
from molxai.explanation.sentence import Sentence, shared_words
from molxai.explanation.words import SHORTEST_NAME, in_a_line, quoted, signed
from molxai.text.explainer import TextExplainer

PARTS = {
    "common": "common words, read differently",
    "gained": "words that only B has",
    "lost": "words that only A has",
    "token": "special tokens",
    "bias": "positions and biases",
    "gap": "remainder",
}
"""What the parts of a difference are, in words."""


@dataclass(frozen=True, repr=False)
class SentencePair:
    """Two explanations for one target.

    `Δlogit = common + gained − lost + token + bias + gap`, exactly; the gap is zero for a method
    that conserves. The values of a method without a sign, or in a unit of its own, do not add up to
    a difference, which is not split then.
    """

    a: Explanation
    b: Explanation

    def __repr__(self) -> str:
        names = f"{quoted(self.a.name, SHORTEST_NAME)} → {quoted(self.b.name, SHORTEST_NAME)}"
        delta = f"Δ logit {signed(self.delta)}"
        return in_a_line("SentencePair", "", names, delta, self.a.method)

    @property
    def delta(self) -> float:
        """The difference of the explained quantity, B less A."""
        return self.b.logit - self.a.logit

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Numbers of the common words in A and in B."""
        return shared_words(_sentence(self.a), _sentence(self.b))

    @property
    def changes(self) -> list[tuple[str, float, float]]:
        """Each common word with its relevance in A and in B."""
        before = self.a.by_word()
        after = self.b.by_word()
        return [(before[i][0], before[i][1], after[j][1]) for i, j in self.pairs]

    @property
    def lost(self) -> list[tuple[str, float]]:
        """Words that only A has, with their relevance."""
        return _others(self.a.by_word(), [i for i, _ in self.pairs])

    @property
    def gained(self) -> list[tuple[str, float]]:
        """Words that only B has, with their relevance."""
        return _others(self.b.by_word(), [j for _, j in self.pairs])

    @property
    def split(self) -> dict[str, float]:
        """What the difference consists of: its sum is `delta`; empty if nothing adds up to it."""
        if not self.a.is_split:
            return {}
        return {
            "common": math.fsum(after - before for _, before, after in self.changes),
            "gained": math.fsum(value for _, value in self.gained),
            "lost": -math.fsum(value for _, value in self.lost),
            "token": self.b.token - self.a.token,
            "bias": self.b.bias - self.a.bias,
            "gap": self.b.gap - self.a.gap,
        }

    @property
    def consistency(self) -> float:
        """Spearman's rank correlation of the common words' relevances; NaN of fewer than two."""
        changes = self.changes
        before = torch.tensor([value for _, value, _ in changes], dtype=torch.float64)
        after = torch.tensor([value for _, _, value in changes], dtype=torch.float64)
        return spearman(before, after)

    def to_dict(self) -> dict[str, Any]:
        """Both records, the split and all words, in plain Python types."""
        consistency = self.consistency
        return {
            "a": {"input": _sentence(self.a).text} | self.a.to_dict(),
            "b": {"input": _sentence(self.b).text} | self.b.to_dict(),
            "delta_logit": self.delta,
            **{f"delta_{name}": self.split.get(name) for name in PARTS},
            "consistency": None if math.isnan(consistency) else consistency,
            "common": [
                {"word": word, "relevance_a": before, "relevance_b": after}
                for word, before, after in self.changes
            ],
            "lost": [{"word": word, "relevance": value} for word, value in self.lost],
            "gained": [{"word": word, "relevance": value} for word, value in self.gained],
        }

    def draw(self, path: str | Path | None = None, **look: Any) -> str | bytes:
        """Both texts side by side on one scale; written to `path`.

        Args:
            path: of the file, which ends as a picture's name: .svg, .pdf, .png and so on; or .html
                for a page with what the difference consists of. [default: SVG text]
            look: choices named as on the command line, like `cmap="orange-purple"` or `dpi=300`.

        Raises:
            ValueError: the file name has another ending, or a choice is not known.
        """
        from molxai.explanation.comparison_page import write_pair_page

        if path and Path(path).suffix.lower() == ".html":
            body = self._html(self.draw(**look))
            write_pair_page(Path(path), f"{self.a.name} → {self.b.name}", body)
            return body
        return pair_grid(self.a, self.b, path, look)

    def _repr_html_(self) -> str:
        return self._html(self.draw())

    def _html(self, picture: str | bytes) -> str:
        """The picture with a table of what the difference consists of."""
        from molxai.explanation.notebook import difference_html

        shares = {PARTS[name]: value for name, value in self.split.items()}
        total = f"Δ logit of {self.a.full_target_name}"
        words = [difference_line(self.a)]
        return difference_html(shares, total, self.delta, picture, words)


def sentence_pair(
    explainer: TextExplainer,
    a: Any,
    b: Any,
    target: Class = "pred",
    contrast: Class | None = None,
) -> SentencePair:
    """Explain two texts for one target, by default what is predicted for A.

    Raises:
        ValueError: a text has no tokens, or there is no such class.
    """
    (first,) = explainer.explain([explainer.subject(a)], [explainer.target(target, contrast)])
    (second,) = explainer.explain([explainer.subject(b)], [first.target])
    return SentencePair(first, second)


def _sentence(explanation: Explanation) -> Sentence:
    assert isinstance(explanation.subject, Sentence)
    return explanation.subject


def _others(words: Sequence[tuple[str, float]], common: Sequence[int]) -> list[tuple[str, float]]:
    """The words whose numbers are not among these."""
    shared = set(common)
    return [word for number, word in enumerate(words) if number not in shared]
