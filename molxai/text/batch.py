"""Sentences padded to the longest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from molxai.explanation.sentence import Sentence


@dataclass(frozen=True)
class Sentences:
    """A batch: what `molxai.explanation.network` asks of one."""

    ids: Int[Tensor, "batch tokens"]
    token_mask: Bool[Tensor, "batch tokens"]
    """True for a token, False for padding."""
    is_heard: Bool[Tensor, "batch tokens"]
    """True for a token that others attend to."""
    node_tokens: Int[Tensor, "batch nodes"]
    """The token that each node is; 0 for padding."""
    mask: Bool[Tensor, "batch nodes"]
    """True for a node, False for padding."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sizes(self) -> list[int]:
        """Nodes of each sentence."""
        return self.mask.sum(1).tolist()

    @property
    def last(self) -> Int[Tensor, " batch"]:
        """The last token of each sentence."""
        return self.token_mask.sum(1) - 1

    def to(self, target: Any) -> "Sentences":
        """The batch on another device. There are no floats that could be of another type."""
        if isinstance(target, torch.dtype):
            return self
        return Sentences(**{name: value.to(target) for name, value in vars(self).items()})

    def copies(self, rows: Int[Tensor, " copies"]) -> "Sentences":
        """These sentences, each as often as it is named."""
        return Sentences(**{name: value[rows] for name, value in vars(self).items()})

    def alone(self, row: int) -> "Sentences":
        """One of the sentences, without padding."""
        tokens = int(self.token_mask[row].sum())
        nodes = int(self.mask[row].sum())
        return Sentences(
            self.ids[row : row + 1, :tokens],
            self.token_mask[row : row + 1, :tokens],
            self.is_heard[row : row + 1, :tokens],
            self.node_tokens[row : row + 1, :nodes],
            self.mask[row : row + 1, :nodes],
        )

    def near(self, reach: int) -> Bool[Tensor, "batch nodes nodes"]:
        """Pairs of nodes at most so many nodes apart; each is near itself."""
        place = torch.arange(self.mask.shape[1], device=self.mask.device)
        is_near = (place[:, None] - place).abs() <= reach  # (nodes, nodes)
        return is_near & self.mask[:, :, None] & self.mask[:, None, :]

    def content(self, row: int) -> bytes:
        """The ids of a sentence's tokens."""
        return self.ids[row][self.token_mask[row]].cpu().numpy().tobytes()

    def without(
        self, remaining: Bool[Tensor, "batch nodes"], replacement: int | None
    ) -> "Sentences":
        """The sentences in which the other nodes are not heard, or are another token.

        If nothing is heard any more, the last token hears itself: it must hear something.

        Args:
            remaining: True for the nodes that stay as they are.
            replacement: the token that the others are; None: they are not heard.
        """
        row, node = (self.mask & ~remaining).nonzero(as_tuple=True)  # (nodes that go,) each
        gone = torch.zeros_like(self.token_mask)
        gone[row, self.node_tokens[row, node]] = True
        if replacement is None:
            is_heard = self.is_heard & ~gone
            (deaf,) = (~is_heard.any(1)).nonzero(as_tuple=True)
            is_heard[deaf, self.last[deaf]] = True
            return replace(self, is_heard=is_heard)
        return replace(self, ids=self.ids.masked_fill(gone, replacement))

    def cut(self, remaining: Bool[Tensor, "batch nodes"], padding: int) -> "Sentences":
        """The sentences in which the other nodes are not there, padded on the right.

        A sentence of which nothing is left keeps its last token.

        Args:
            remaining: True for the nodes that stay.
            padding: the token that stands for padding.
        """
        row, node = (self.mask & ~remaining).nonzero(as_tuple=True)  # (nodes that go,) each
        kept = self.token_mask.clone()
        kept[row, self.node_tokens[row, node]] = False
        (empty,) = (~kept.any(1)).nonzero(as_tuple=True)
        kept[empty, self.last[empty]] = True
        order = (~kept).int().argsort(dim=1, stable=True)  # what is left first, in its order
        longest = int(kept.sum(1).max())
        place = (kept.cumsum(1) - 1).clamp_min(0)  # of each token among those that are left
        node_tokens = place.gather(1, self.node_tokens)
        node_order = (~(self.mask & remaining)).int().argsort(dim=1, stable=True)
        token_mask = kept.gather(1, order)[:, :longest]
        return Sentences(
            self.ids.gather(1, order)[:, :longest].masked_fill(~token_mask, padding),
            token_mask,
            token_mask,
            node_tokens.gather(1, node_order),
            (self.mask & remaining).gather(1, node_order),
        )


def collated(sentences: Sequence[Sentence], padding: int) -> Sentences:
    """The sentences as one batch, padded on the right.

    Args:
        sentences: at least one.
        padding: the token that stands for padding.
    """
    ids = _padded([list(sentence.ids) for sentence in sentences], padding)
    token_mask = _padded([[1] * len(sentence.ids) for sentence in sentences], 0).bool()
    places = _padded([list(sentence.places) for sentence in sentences], 0)
    mask = _padded([[1] * sentence.nodes for sentence in sentences], 0).bool()
    return Sentences(ids, token_mask, token_mask, places, mask)


def _padded(rows: Sequence[list[int]], padding: int) -> Int[Tensor, "rows longest"]:
    longest = max(map(len, rows))
    return torch.tensor([row + [padding] * (longest - len(row)) for row in rows])
