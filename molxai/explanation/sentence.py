"""A text as a model reads it: tokens, and the words that they are pieces of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool


@dataclass(frozen=True)
class Sentence:
    """A text in tokens. Those that it was cut into are its nodes; the tokenizer's own are not.

    Node i is the i-th piece of the text, from its beginning.
    """

    text: str
    ids: tuple[int, ...]
    """Entry of each token in the vocabulary, the tokenizer's own tokens included."""
    places: tuple[int, ...]
    """The token that each node is."""
    pieces: tuple[str, ...]
    """Each node as it stands in the text."""
    word_of: tuple[int, ...]
    """Number of the word that each node is a piece of, ascending."""
    is_after_blank: tuple[bool, ...] = ()
    """Whether a blank stands before each node; empty: before none."""
    id: str = ""
    notes: tuple[str, ...] = ()

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
    def words(self) -> list[str]:
        """Each word, its pieces joined."""
        return self._by_word(self.pieces, "")

    @property
    def is_spaced(self) -> list[bool]:
        """Whether a blank stands before each word."""
        return [bool(count) for count in self._by_word(self.is_after_blank, 0)]

    def of_words(self, values: Sequence[float]) -> list[float]:
        """The sum over the pieces of each word."""
        return self._by_word(values, 0.0)

    def _by_word(self, values: Sequence, nothing: str | float) -> list:
        sums: dict[int, str | float] = {}
        for word, value in zip(self.word_of, values, strict=True):
            sums[word] = sums.get(word, nothing) + value
        return list(sums.values())

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
            tuple(self.pieces[node] for node in left),
            tuple(self.word_of[node] for node in left),
            tuple(self.is_after_blank[node] for node in left),
            self.id,
            self.notes,
        )
