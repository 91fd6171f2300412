"""A text as a model reads it: tokens, and the words that they are pieces of."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from jaxtyping import Bool

BLANK = "\N{OPEN BOX}"
"""What is shown of a token that is a blank, or nothing."""


def is_after_blank(text: str, start: int) -> bool:
    """Whether a blank stands before the place, or there."""
    around = text[max(start - 1, 0) : start + 1]
    return around.strip() != around


@dataclass(frozen=True)
class Sentence:
    """A text in tokens. Those that it was cut into are its nodes; the tokenizer's own need not be.

    Node i is the i-th piece of the text, from its beginning.
    """

    text: str
    ids: tuple[int, ...]
    """Entry of each token in the vocabulary, the tokenizer's own tokens included."""
    places: tuple[int, ...]
    """The token that each node is."""
    spans: tuple[tuple[int, int], ...]
    """Where each node begins and ends in the text."""
    word_of: tuple[int, ...]
    """Number of the word that each node is a piece of, ascending."""
    id: str = ""
    notes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    """What each node is called that is a token of the tokenizer's own, empty for the others.

    No marks: there are no such nodes.
    """

    def __repr__(self) -> str:
        return f"Sentence({self.name!r}, {self.nodes} tokens)"

    @property
    def name(self) -> str:
        """What it is called: its id, else its beginning."""
        longest = 40
        beginning = self.text if len(self.text) <= longest else self.text[: longest - 1] + "…"
        return self.id or beginning

    @property
    def nodes(self) -> int:
        return len(self.places)

    @property
    def pieces(self) -> tuple[str, ...]:
        """Each node as it stands in the text. Pieces of one letter all show that letter."""
        return tuple(
            mark or self._shown(*span) for mark, span in zip(self._marks, self.spans, strict=True)
        )

    @property
    def words(self) -> list[str]:
        """Each word, from where its first piece begins to where its last one ends."""
        marks = dict(zip(self.word_of, self._marks, strict=True))
        return [marks[word] or self._shown(*span) for word, span in self._word_spans.items()]

    @property
    def is_spaced(self) -> list[bool]:
        """Whether a blank stands before each word."""
        return [is_after_blank(self.text, start) for start, _ in self._word_spans.values()]

    def of_words(self, values: Sequence[float]) -> list[float]:
        """The sum over the pieces of each word."""
        sums = dict.fromkeys(self.word_of, 0.0)
        for word, value in zip(self.word_of, values, strict=True):
            sums[word] += value
        return list(sums.values())

    @property
    def _marks(self) -> tuple[str, ...]:
        return self.marks or ("",) * self.nodes

    @property
    def _word_spans(self) -> dict[int, tuple[int, int]]:
        """Where each word begins and ends."""
        ends: dict[int, tuple[int, int]] = {}
        for word, (start, end) in zip(self.word_of, self.spans, strict=True):
            first, last = ends.get(word, (start, end))
            ends[word] = min(first, start), max(last, end)
        return ends

    def _shown(self, start: int, end: int) -> str:
        """What stands there, without blanks around it; a blank alone has a sign."""
        return self.text[start:end].strip() or BLANK

    def without(self, remaining: Bool[np.ndarray, " nodes"]) -> "Sentence":
        """The text of which only some nodes are left, and the tokenizer's own tokens."""
        left = [node for node, is_left in enumerate(remaining) if is_left]
        gone = {self.places[node] for node in range(self.nodes)} - {self.places[n] for n in left}
        kept = [token for token in range(len(self.ids)) if token not in gone]
        new_place = {token: place for place, token in enumerate(kept)}
        return Sentence(
            self.text,
            tuple(self.ids[token] for token in kept),
            tuple(new_place[self.places[node]] for node in left),
            tuple(self.spans[node] for node in left),
            tuple(self.word_of[node] for node in left),
            self.id,
            self.notes,
            tuple(self._marks[node] for node in left),
        )


def shared_words(a: Sentence, b: Sentence) -> list[tuple[int, int]]:
    """Numbers in both texts of the words that stand in both in the same order, in any case."""
    words_a = [word.casefold() for word in a.words]
    words_b = [word.casefold() for word in b.words]
    matcher = SequenceMatcher(None, words_a, words_b, autojunk=False)
    pairs: list[tuple[int, int]] = []
    for block in matcher.get_matching_blocks():
        pairs += [(block.a + step, block.b + step) for step in range(block.size)]
    return pairs
