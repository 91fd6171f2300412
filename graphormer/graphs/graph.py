"""Graphs as the model sees them: nodes and pairs of nodes as weighted sets of vocabulary entries.

Design constraints:
- A molecule and a superpixel digit are the same kind of value. Whatever describes a node (an
  element, a soft position bin) is an entry of its vocabulary with a weight. Whatever describes a
  pair of nodes (hops, the bonds on the way, the offset of two segments) is one, too. The model sums
  embeddings, so it needs no second code path.
- A pair is described by an index into the graph's few distinct `patterns`. Batches therefore carry
  integers `[batch, tokens, tokens]`, never features of that shape.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from graphormer.graphs.environments import environment_codes
from graphormer.graphs.pairs import hop_distance, pair_patterns
from graphormer.graphs.vocabulary import Vocabulary

PADDING = 0
"""Entry of `GraphBatch.relation`, as the four that follow: the key is padding."""

TO_TOKEN = 1
"""A node is the query, the graph token the key."""

FROM_TOKEN = 2
"""The graph token is the query, a node the key."""

TOKEN_ITSELF = 3
"""The graph token is both."""

FIRST_PATTERN = 4
"""Two nodes that the first of the batch's patterns describes. The other patterns follow."""


@dataclass(frozen=True, repr=False)
class Graph:
    """One graph. Row i of everything is node i: atom i of a molecule, segment i of a picture."""

    vocabulary: Vocabulary
    codes: Int[Tensor, "nodes slots"]
    """Entries of the embedding table that describe each node. Its input embedding is their weighted
    sum."""
    weights: Float[Tensor, "nodes slots"]
    edges: Int[Tensor, "2 edges"]
    """Both directions of every edge."""
    edge_types: Int[Tensor, " edges"]
    positions: Float[Tensor, "nodes 2"] | None
    """Row and column of each node in a picture, in pixels of the 28 × 28 grid; None for
    molecules."""
    hops: Int[Tensor, "nodes nodes"]
    relation: Int[Tensor, "nodes nodes"]
    """Row of `patterns` that describes the pair (query, key)."""
    patterns: Int[Tensor, "patterns pair_slots"]
    pattern_weights: Float[Tensor, "patterns pair_slots"]

    @property
    def nodes(self) -> int:
        return len(self.codes)

    def __repr__(self) -> str:
        """Its kind and size."""
        edges = self.edges.shape[1] // 2
        return f"Graph({self.vocabulary.name!r}, {self.nodes} nodes, {edges} edges)"


def graph(
    vocabulary: Vocabulary,
    codes: ndarray,
    weights: ndarray,
    edges: ndarray,
    edge_types: ndarray,
    positions: ndarray | None = None,
    hops: ndarray | None = None,
) -> Graph:
    """The graph, with its hop distances, pair patterns and environments.

    Args:
        vocabulary: what the codes mean.
        codes: `[nodes, slots]` entries of the node embedding table, without those of environments.
        weights: `[nodes, slots]` their weights.
        edges: `[2, edges]` node indices, both directions of every edge.
        edge_types: `[edges]` indices into `vocabulary.edge_types`.
        positions: `[nodes, 2]` row and column in pixels, needed if the vocabulary has offset bins.
        hops: `[nodes, nodes]` hop distances, if the caller has them.

    Raises:
        ValueError: no nodes, an index or a code out of range, or positions missing.
    """
    _check_nodes(vocabulary, codes)
    _check_pairs(vocabulary, len(codes), edges, edge_types, positions)
    if vocabulary.environments:
        environments = environment_codes(vocabulary, codes, edges, edge_types)
        codes = np.concatenate([codes, environments], 1)
        weights = np.concatenate([weights, np.ones(environments.shape, weights.dtype)], 1)
    if hops is None:
        hops = hop_distance(len(codes), edges)
    relation, patterns, pattern_weights = pair_patterns(
        vocabulary, hops, edges, edge_types, positions
    )
    return Graph(
        vocabulary=vocabulary,
        codes=torch.as_tensor(codes, dtype=torch.int32),
        weights=torch.as_tensor(weights, dtype=torch.float32),
        edges=torch.as_tensor(edges, dtype=torch.int32),
        edge_types=torch.as_tensor(edge_types, dtype=torch.int16),
        positions=None if positions is None else torch.as_tensor(positions, dtype=torch.float32),
        hops=torch.from_numpy(hops),
        relation=torch.from_numpy(relation),
        patterns=torch.from_numpy(patterns),
        pattern_weights=torch.from_numpy(pattern_weights),
    )


def _check_nodes(vocabulary: Vocabulary, codes: ndarray) -> None:
    if not len(codes):
        raise ValueError("a graph without nodes: at least one atom or segment is needed")
    if codes.min() < 0 or codes.max() >= vocabulary.node_entries:
        raise ValueError(
            f"node codes {codes.min()} … {codes.max()}: "
            f"'{vocabulary.name}' has entries 0 … {vocabulary.node_entries - 1}"
        )


def _check_pairs(
    vocabulary: Vocabulary,
    nodes: int,
    edges: ndarray,
    edge_types: ndarray,
    positions: ndarray | None,
) -> None:
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


@dataclass(frozen=True)
class GraphBatch:
    """Graphs padded to the largest. Token 0 is the graph token, token i + 1 is node i."""

    vocabulary: Vocabulary
    codes: Int[Tensor, "batch nodes slots"]
    weights: Float[Tensor, "batch nodes slots"]
    mask: Bool[Tensor, "batch nodes"]
    """True for a node, False for padding."""
    relation: Int[Tensor, "batch tokens tokens"]
    """For each (query, key): `PADDING`, an entry of the graph token, or `FIRST_PATTERN` + a row of
    `patterns`."""
    patterns: Int[Tensor, "patterns pair_slots"]
    """The patterns of all graphs; graphs may share them."""
    pattern_weights: Float[Tensor, "patterns pair_slots"]

    def __len__(self) -> int:
        return len(self.mask)

    @property
    def sizes(self) -> list[int]:
        """Nodes of each graph."""
        return self.mask.sum(1).tolist()

    @property
    def node_tokens(self) -> Int[Tensor, "batch nodes"]:
        """The token that each node is: the one after its number."""
        number = torch.arange(1, self.mask.shape[1] + 1, device=self.mask.device)
        return number.expand(len(self), -1)

    @property
    def token_mask(self) -> Bool[Tensor, "batch tokens"]:
        """True for a token, False for padding."""
        return F.pad(self.mask, (1, 0), value=True)

    def copies(self, rows: Int[Tensor, " copies"]) -> "GraphBatch":
        """These graphs, each as often as it is named."""
        return replace(
            self,
            codes=self.codes[rows],  # (copies, nodes, slots)
            weights=self.weights[rows],  # (copies, nodes, slots)
            mask=self.mask[rows],  # (copies, nodes)
            relation=self.relation[rows],  # (copies, tokens, tokens)
        )

    def near(self, hops: int) -> Bool[Tensor, "batch nodes nodes"]:
        """Pairs of nodes at most so many edges apart; each node is near itself.

        Padding is near nothing.

        Raises:
            ValueError: distances are not told apart as far as that.
        """
        vocabulary = self.vocabulary
        if hops >= vocabulary.max_hops:
            raise ValueError(
                f"{vocabulary.name!r} tells distances apart up to {vocabulary.max_hops - 1} hops, "
                f"not {hops}"
            )
        relation = self.relation[:, 1:, 1:]  # (batch, nodes, nodes)
        pattern = (relation - FIRST_PATTERN).clamp_min(0)
        hop_buckets = self.patterns[:, 0]  # (patterns,): the first slot
        is_near = hop_buckets[pattern] <= hops  # (batch, nodes, nodes)
        is_pair = self.mask[:, :, None] & self.mask[:, None, :]  # (batch, nodes, nodes)
        return is_near & is_pair

    def content(self, row: int) -> bytes:
        """What tells a graph's nodes from others', whatever batch it comes in."""
        return self.codes[row, : self.sizes[row]].cpu().numpy().tobytes()

    def to(self, target: torch.device | str | torch.dtype) -> "GraphBatch":
        """The batch on another device, or with its weights in another float type."""
        if isinstance(target, torch.dtype):
            return replace(
                self,
                weights=self.weights.to(target),
                pattern_weights=self.pattern_weights.to(target),
            )
        tensors: dict[str, Any] = {
            name: value.to(target)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **tensors)


def collate(graphs: Sequence[Graph]) -> GraphBatch:
    """The graphs as one padded batch, in the given order.

    The relation of two graphs of two and one nodes, of which the first has the patterns 0 and 1 and
    the second the pattern 0 (each row is a query; T is the graph token, · is padding):

                T            node 0             node 1
        T       TOKEN_ITSELF FROM_TOKEN         FROM_TOKEN
        node 0  TO_TOKEN     FIRST_PATTERN      FIRST_PATTERN + 1
        node 1  TO_TOKEN     FIRST_PATTERN + 1  FIRST_PATTERN

        T       TOKEN_ITSELF FROM_TOKEN         ·
        node 0  TO_TOKEN     FIRST_PATTERN + 2  ·
        (·)     TO_TOKEN     ·                  ·

    Raises:
        ValueError: no graphs, or graphs of different vocabularies.
    """
    vocabulary = _common_vocabulary(graphs)
    pairs = []
    first_pattern = 0
    for graph in graphs:
        pairs.append(graph.relation.numpy().astype(np.int32) + first_pattern)
        first_pattern += len(graph.patterns)
    return padded(
        vocabulary,
        [graph.codes.numpy() for graph in graphs],
        [graph.weights.numpy() for graph in graphs],
        pairs,
        torch.cat([graph.patterns for graph in graphs]),
        torch.cat([graph.pattern_weights for graph in graphs]),
    )


def padded(
    vocabulary: Vocabulary,
    codes: Sequence[ndarray],
    weights: Sequence[ndarray],
    pairs: Sequence[ndarray],
    patterns: Int[Tensor, "patterns pair_slots"],
    pattern_weights: Float[Tensor, "patterns pair_slots"],
) -> GraphBatch:
    """Graphs as one padded batch, as `collate` shows it.

    Args:
        vocabulary: of all graphs.
        codes: `[nodes, slots]` of each graph.
        weights: `[nodes, slots]` of each graph.
        pairs: `[nodes, nodes]` of each graph, rows of `patterns`.
        patterns: those of all graphs.
        pattern_weights: their weights.
    """
    largest = max(map(len, codes))
    shape = (len(codes), largest, codes[0].shape[1])
    all_codes = np.zeros(shape, np.int32)
    all_weights = np.zeros(shape, np.float32)
    mask = np.zeros(shape[:2], bool)
    relation = np.full((len(codes), largest + 1, largest + 1), PADDING, np.int32)
    # Padding queries attend to the token, too: their softmax would be undefined over no key.
    relation[:, :, 0] = TO_TOKEN
    relation[:, 0, 0] = TOKEN_ITSELF
    for row, own_pairs in enumerate(pairs):
        nodes = len(own_pairs)
        all_codes[row, :nodes] = codes[row]
        all_weights[row, :nodes] = weights[row]
        mask[row, :nodes] = True
        relation[row, 0, 1 : nodes + 1] = FROM_TOKEN
        relation[row, 1 : nodes + 1, 1 : nodes + 1] = own_pairs
        relation[row, 1 : nodes + 1, 1 : nodes + 1] += FIRST_PATTERN
    return GraphBatch(
        vocabulary=vocabulary,
        codes=torch.from_numpy(all_codes),
        weights=torch.from_numpy(all_weights),
        mask=torch.from_numpy(mask),
        relation=torch.from_numpy(relation),
        patterns=patterns,
        pattern_weights=pattern_weights,
    )


def _common_vocabulary(graphs: Sequence[Graph]) -> Vocabulary:
    """The vocabulary that all graphs have.

    Raises:
        ValueError: no graphs, or graphs of different vocabularies.
    """
    if not graphs:
        raise ValueError("no graphs to put into a batch: at least one is needed")
    vocabulary = graphs[0].vocabulary
    if any(graph.vocabulary != vocabulary for graph in graphs):
        names = sorted({graph.vocabulary.name for graph in graphs})
        raise ValueError(f"graphs of the vocabularies {names} in one batch: one kind is needed")
    return vocabulary


def size_batches(
    sizes: Sequence[int], batch_size: int, budget: int = 400_000
) -> Iterator[list[int]]:
    """Indices of graphs that fit together: at most `batch_size` of them, and Σ tokens² ≤ `budget`.

    Attention is quadratic in the padded size, so graphs are taken in order of size. A graph larger
    than the budget comes alone. The largest come first, so that memory runs out at once or not at
    all.

    Example:
        >>> list(size_batches([3, 9, 4, 30], batch_size=2))
        [[3, 1], [2, 0]]
    """
    together: list[int] = []
    for index in sorted(range(len(sizes)), key=lambda index: -sizes[index]):
        padded = sizes[together[0]] + 1 if together else 0  # the largest graph and its token
        is_full = len(together) >= batch_size or (len(together) + 1) * padded**2 > budget
        if together and is_full:
            yield together
            together = []
        together.append(index)
    if together:
        yield together
