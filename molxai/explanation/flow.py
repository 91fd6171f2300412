"""Flow of relevance between tokens, in numbers: by layer, head, distance and type of edge.

How it is made is in `pair_flow.py`. What it means:

- Every layer adds what attention brings to what its tokens already are. In a model without biases
  the relevances of the two sum to the logit, so a layer's total is the share of the logit that came
  through that layer's attention, and the remainder stayed on the residual connection. The same
  relevance crosses layer after layer, so totals of several layers are not shares of one logit and
  may exceed it.
- The attention itself is taken as given. A flow says how evidence was carried, not why these tokens
  attended to each other. A bucket of aromatic bonds holds what was carried between atoms that such
  a bond joins, not what the bond is worth. For that there is `structure.py`.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.graph import Graph
from molxai.explanation.account import Account
from molxai.explanation.buckets import edge_buckets, hop_buckets
from molxai.explanation.optional import needed
from molxai.explanation.words import in_a_line, signed

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, repr=False)
class Flow:
    """Relevance that attention carried from query i back to key j, in each layer and head.

    It is of one graph and target. A `PairFlow` is a flow that can draw itself.
    """

    flow: Float[Tensor, "layers heads tokens tokens"] = field(repr=False)
    """In logit units (a regression: in the target's unit).

    Token 0 is the graph token, token i + 1 is node i.
    """
    graph: Graph = field(repr=False)
    logit: float
    """The explained quantity."""
    explanation: Account | None = field(default=None, repr=False)
    """Whose flow it is, with what is needed to draw it."""

    def __repr__(self) -> str:
        layers, heads = self.flow.shape[:2]
        name = ""
        quantity = f"logit {signed(self.logit)}"
        if self.explanation is not None:
            name = self.explanation.name
            quantity = self.explanation.said
        size = f"{layers} layers, {heads} heads, {len(self.names)} tokens"
        total = f"total {signed(self.total())}"
        return in_a_line(type(self).__name__, name, quantity, size, total)

    @property
    def names(self) -> list[str]:
        """The tokens: the graph token, then each atom's element and number, or segment numbers."""
        if self.explanation is not None:
            return ["graph token", *self.explanation.node_names()]
        return ["graph token", *map(str, range(self.graph.nodes))]

    @property
    def totals(self) -> Float[Tensor, "layers heads"]:
        """Relevance of each head's output: the sum over its pairs."""
        return self.flow.sum((2, 3))

    def pairs(
        self, layer: int | None = None, head: int | None = None
    ) -> Float[Tensor, "tokens tokens"]:
        """Flow of each (query, key), of one layer or head or summed over them.

        Args:
            layer: counted from 0; None for all.
            head: counted from 0; None for all.

        Raises:
            ValueError: there is no such layer or head.
        """
        layers = _positions("layer", layer, self.flow.shape[0])
        heads = _positions("head", head, self.flow.shape[1])
        return self.flow[layers, heads].sum((0, 1))

    def total(self, layer: int | None = None, head: int | None = None) -> float:
        """Sum over all pairs of `pairs(layer, head)`."""
        return float(self.pairs(layer, head).sum())

    def by_hops(self, layer: int | None = None, head: int | None = None) -> dict[str, float]:
        """Flow by hop distance, and of the pairs with the graph token. They sum to `total`.

        Distances are the graph's own; a model tells them apart up to its vocabulary's `max_hops`.
        Only buckets with pairs are listed: itself, 1 hop …, unreachable.
        """
        names, bucket = hop_buckets(self.graph)
        return _sum_by_bucket(names, bucket, self.pairs(layer, head))

    def by_edge_type(self, layer: int | None = None, head: int | None = None) -> dict[str, float]:
        """Flow between neighbours by the type of their bond or edge, then the rest of `by_hops`.

        They sum to `total`.
        """
        names, bucket = edge_buckets(self.graph)
        return _sum_by_bucket(names, bucket, self.pairs(layer, head))

    def strongest(
        self, top: int, layer: int | None = None, head: int | None = None
    ) -> list[tuple[int, int, float]]:
        """The pairs of different nodes i < j with the largest |F_ij + F_ji|.

        As (i, j, F_ij + F_ji), the largest first.

        Raises:
            ValueError: `top` is less than 1.
        """
        if top < 1:
            raise ValueError(f"the strongest {top} pairs: at least 1 is needed")
        between = self.pairs(layer, head)[1:, 1:]  # (nodes, nodes)
        nodes = len(between)
        first, second = torch.triu_indices(nodes, nodes, 1)  # (pairs), (pairs)
        both_ways = between + between.T
        flow = both_ways[first, second]  # (pairs)
        order = flow.abs().argsort(descending=True, stable=True)
        order = order[:top]
        columns = (first[order], second[order], flow[order])
        pairs = zip(*(column.tolist() for column in columns), strict=True)
        return [(i, j, value) for i, j, value in pairs if value]

    def to_frame(self, layer: int | None = None, head: int | None = None) -> "pandas.DataFrame":
        """One row per (query, key): their names, the bucket of `by_hops` and the flow.

        Needs pandas.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        pandas = needed("pandas", "to_frame()")
        tokens = self.names
        buckets, bucket = hop_buckets(self.graph)
        numbers = bucket.flatten().tolist()
        flow = self.pairs(layer, head)
        columns = {
            "query": [name for name in tokens for _ in tokens],
            "key": tokens * len(tokens),
            "bucket": [buckets[number] for number in numbers],
            "flow": flow.flatten().tolist(),
        }
        return pandas.DataFrame(columns)


def _sum_by_bucket(
    names: list[str], bucket: Int[Tensor, "tokens tokens"], flow: Float[Tensor, "tokens tokens"]
) -> dict[str, float]:
    """Sum of the flow in each bucket that holds pairs."""
    numbers = bucket.flatten()  # (tokens · tokens)
    sums = torch.bincount(numbers, flow.flatten(), minlength=len(names)).tolist()
    counts = torch.bincount(numbers, minlength=len(names)).tolist()
    columns = zip(names, sums, counts, strict=True)
    return {name: value for name, value, count in columns if count}


def _positions(axis: str, position: int | None, count: int) -> slice:
    """One position of an axis, or all."""
    if position is None:
        return slice(None)
    if not 0 <= position < count:
        raise ValueError(f"{axis} {position}: the flow has {axis}s 0 … {count - 1}")
    return slice(position, position + 1)
