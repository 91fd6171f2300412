"""Graphs as the model sees them: nodes and pairs of nodes as weighted sets of vocabulary entries.

Design constraints:
- A molecule and a superpixel digit are the same kind of value. Whatever describes a node (an element, a soft
  position bin) is an entry of its vocabulary with a weight; whatever describes a pair of nodes (hops, the bonds on
  the way, the offset of two segments) likewise. The model sums embeddings, so it needs no second code path.
- A pair is described by an index into the graph's few distinct `patterns`. Batches therefore carry integers
  `[batch, tokens, tokens]`, never features of that shape.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from graphormer.graphs.environments import environment_buckets
from graphormer.graphs.pairs import hop_distance, pair_patterns
from graphormer.graphs.vocabulary import Vocabulary

PADDING, TO_TOKEN, FROM_TOKEN, TOKEN_ITSELF, FIRST_PATTERN = range(5)
"""Entries of `GraphBatch.relation`: an absent key, node → graph token, token → node, token → token, first real pattern."""


@dataclass(frozen=True, repr=False)
class Graph:
    """One graph. Row i of everything is node i: atom i of the molecule, segment i of the picture."""

    vocabulary: Vocabulary
    codes: Int[Tensor, "nodes slots"]
    """Entries of the embedding table that describe each node; its input embedding is their weighted sum."""
    weights: Float[Tensor, "nodes slots"]
    edges: Int[Tensor, "2 edges"]
    """Both directions of every edge."""
    edge_types: Int[Tensor, " edges"]
    positions: Float[Tensor, "nodes 2"] | None
    """Row and column of each node in a picture, in pixels of the 28 × 28 grid; None for molecules."""
    hops: Int[Tensor, "nodes nodes"]
    relation: Int[Tensor, "nodes nodes"]
    """Row of `patterns` that describes the pair (query, key)."""
    patterns: Int[Tensor, "patterns pair_slots"]
    pattern_weights: Float[Tensor, "patterns pair_slots"]

    @property
    def nodes(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        """How large it is and of which kind."""
        return (
            f"Graph({self.vocabulary.name!r}, {self.nodes} nodes, {self.edges.shape[1] // 2} edges)"
        )


def graph(
    vocabulary: Vocabulary,
    codes: ndarray,
    weights: ndarray,
    edges: ndarray,
    edge_types: ndarray,
    positions: ndarray | None = None,
    hops: ndarray | None = None,
) -> Graph:
    """The graph with hop distances, pair patterns and environments worked out.

    Args:
        vocabulary: what the codes mean.
        codes: `[nodes, slots]` entries of the node embedding table, without those of environments.
        weights: `[nodes, slots]` their weights.
        edges: `[2, edges]` node indices, both directions of every edge.
        edge_types: `[edges]` positions in `vocabulary.edge_types`.
        positions: `[nodes, 2]` row and column in pixels, where the vocabulary has offset bins.
        hops: `[nodes, nodes]` hop distances, where they are known already.

    Raises:
        ValueError: no nodes, an index or a code out of range, or positions missing.
    """
    nodes = len(codes)
    if not nodes:
        raise ValueError("a graph without nodes: at least one atom or segment is needed")
    if codes.min() < 0 or codes.max() >= vocabulary.node_entries:
        raise ValueError(
            f"node codes {codes.min()} … {codes.max()}: '{vocabulary.name}' has entries 0 … {vocabulary.node_entries - 1}"
        )
    if edges.shape[1] != len(edge_types):
        raise ValueError(f"{edges.shape[1]} edges but {len(edge_types)} edge types")
    if edges.size and not 0 <= edges.min() <= edges.max() < nodes:
        raise ValueError(
            f"edges name nodes {edges.min()} … {edges.max()}, but the graph has {nodes} nodes"
        )
    if vocabulary.offset_bins and positions is None:
        raise ValueError(
            f"no positions, but '{vocabulary.name}' describes pairs of nodes by their offset"
        )
    if vocabulary.environments:
        codes, weights = _with_environments(vocabulary, codes, weights, edges, edge_types)
    hops = hop_distance(nodes, edges) if hops is None else hops
    relation, patterns, pattern_weights = pair_patterns(
        vocabulary, hops, edges, edge_types, positions
    )
    return Graph(
        vocabulary,
        torch.as_tensor(codes, dtype=torch.int32),
        torch.as_tensor(weights, dtype=torch.float32),
        torch.as_tensor(edges, dtype=torch.int32),
        torch.as_tensor(edge_types, dtype=torch.int16),
        None if positions is None else torch.as_tensor(positions, dtype=torch.float32),
        torch.from_numpy(hops),
        torch.from_numpy(relation),
        torch.from_numpy(patterns),
        torch.from_numpy(pattern_weights),
    )


def _with_environments(
    vocabulary: Vocabulary, codes: ndarray, weights: ndarray, edges: ndarray, edge_types: ndarray
) -> tuple[ndarray, ndarray]:
    """Codes and weights with a slot more for each radius."""
    first, (_, size) = vocabulary.stated, vocabulary.node_features[-1]
    offsets = np.array([vocabulary.offsets[name] for name in vocabulary.feature_names[first:]])
    found = environment_buckets(codes, edges, edge_types, vocabulary.environments, size) + offsets
    return np.concatenate([codes, found], 1), np.concatenate(
        [weights, np.ones(found.shape, weights.dtype)], 1
    )


@dataclass(frozen=True)
class GraphBatch:
    """Graphs padded to the largest; token 0 is the graph token, token i + 1 is node i."""

    vocabulary: Vocabulary
    codes: Int[Tensor, "batch nodes slots"]
    weights: Float[Tensor, "batch nodes slots"]
    mask: Bool[Tensor, "batch nodes"]
    """True where there is a node."""
    relation: Int[Tensor, "batch tokens tokens"]
    """`PADDING`, a token entry, or `FIRST_PATTERN` + row of `patterns`, for each (query, key)."""
    patterns: Int[Tensor, "patterns pair_slots"]
    pattern_weights: Float[Tensor, "patterns pair_slots"]

    def __len__(self) -> int:
        return len(self.mask)

    @property
    def sizes(self) -> list[int]:
        """Nodes of each graph."""
        return self.mask.sum(1).tolist()

    def to(self, target: torch.device | str | torch.dtype) -> "GraphBatch":
        """The batch on another device, or with its weights in another float type."""
        if isinstance(target, torch.dtype):
            return replace(
                self,
                weights=self.weights.to(target),
                pattern_weights=self.pattern_weights.to(target),
            )
        moved: dict[str, Any] = {
            name: value.to(target)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **moved)


def collate(graphs: Sequence[Graph]) -> GraphBatch:
    """The graphs as one padded batch, in the given order.

    Raises:
        ValueError: no graphs, or graphs of different vocabularies.
    """
    if not graphs:
        raise ValueError("no graphs to put into a batch: at least one is needed")
    vocabulary = graphs[0].vocabulary
    if any(other.vocabulary != vocabulary for other in graphs):
        raise ValueError(
            f"graphs of the vocabularies {sorted({g.vocabulary.name for g in graphs})} in one batch: one kind is needed"
        )
    largest, slots = max(g.nodes for g in graphs), graphs[0].codes.shape[1]
    codes = torch.zeros(len(graphs), largest, slots, dtype=torch.int32)
    weights = torch.zeros(len(graphs), largest, slots)
    mask = torch.zeros(len(graphs), largest, dtype=torch.bool)
    relation = torch.full((len(graphs), largest + 1, largest + 1), PADDING, dtype=torch.int32)
    relation[:, :, 0] = TO_TOKEN
    relation[:, 0, 0] = TOKEN_ITSELF
    first = FIRST_PATTERN
    for row, one in enumerate(graphs):
        n = one.nodes
        codes[row, :n], weights[row, :n], mask[row, :n] = one.codes, one.weights, True
        relation[row, 0, 1 : n + 1] = FROM_TOKEN
        relation[row, 1 : n + 1, 1 : n + 1] = one.relation.int() + first
        first += len(one.patterns)
    patterns = torch.cat([g.patterns for g in graphs])
    return GraphBatch(
        vocabulary,
        codes,
        weights,
        mask,
        relation,
        patterns,
        torch.cat([g.pattern_weights for g in graphs]),
    )


def within(batch: GraphBatch, hops: int) -> Bool[Tensor, "batch nodes nodes"]:
    """Pairs of nodes at most so many edges apart, fewer than the vocabulary's `max_hops`; each node is near itself."""
    pattern = (batch.relation[:, 1:, 1:] - FIRST_PATTERN).clamp_min(0)
    bucket = batch.patterns[:, 0][pattern]
    return (bucket <= hops) & batch.mask[:, :, None] & batch.mask[:, None, :]


def size_batches(
    sizes: Sequence[int], batch_size: int, budget: int = 400_000
) -> Iterator[list[int]]:
    """Positions of graphs that fit together: similar sizes, at most `batch_size`, and Σ tokens² ≤ `budget`.

    Attention is quadratic in the padded size, so graphs are taken in order of size; a graph larger than the
    budget comes alone. The largest come first, so that memory runs out at once or not at all.
    """
    waiting: list[int] = []
    for position in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        padded = (sizes[waiting[0]] if waiting else sizes[position]) + 1
        if waiting and (len(waiting) >= batch_size or (len(waiting) + 1) * padded**2 > budget):
            yield waiting
            waiting = []
        waiting.append(position)
    if waiting:
        yield waiting
