"""Relevance of structure: of the distances, bond types and offsets by which attention is biased.

Under the routing rule attention's scores take relevance. A score's bias is a sum of entries of the
model's table of pairs: one for the distance of the two nodes, one for the type of each bond on the
shortest path between them, one for their offset in a picture. So its relevance is a sum as well,
entry by entry, over all heads and layers, exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.graph import FIRST_PATTERN, GraphBatch
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.model import StructuralBias
from molxai.explanation.buckets import TOKEN_BUCKETS, distance_name


@dataclass(frozen=True)
class Source:
    """What a network's structural bias of one graph is made of, and its gradient."""

    gradient: Float[Tensor, "heads tokens tokens"]
    """The gradient of what is explained with respect to the bias; 0 if a key is padding."""
    token: Float[Tensor, "kinds heads"]
    """The model's biases of pairs with the graph token: to it, from it, itself."""
    patterns: Float[Tensor, "patterns slots heads"]
    """The entries of the table of pairs that describe each pattern, weighted."""

    def entries(self, relation: Int[Tensor, "nodes nodes"]) -> Float[Tensor, "slots tokens tokens"]:
        """Entry × gradient of each pair and slot, summed over the heads."""
        tokens = len(relation) + 1
        slots = self.patterns.shape[1]
        relevance = self.gradient.new_zeros(slots, tokens, tokens)
        between = self.gradient[:, 1:, 1:]  # (heads, nodes, nodes)
        described = self.patterns[relation.long()]  # (nodes, nodes, slots, heads)
        relevance[:, 1:, 1:] = torch.einsum("qksh,hqk->sqk", described, between)
        to_token, from_token, itself = self.token[:, :, None]  # (heads, 1) each
        relevance[0, 1:, 0] = (to_token * self.gradient[:, 1:, 0]).sum(0)
        relevance[0, 0, 1:] = (from_token * self.gradient[:, 0, 1:]).sum(0)
        relevance[0, 0, 0] = (itself[:, 0] * self.gradient[:, 0, 0]).sum()
        return relevance


@dataclass(frozen=True, repr=False)
class Structure:
    """Relevance of the structural bias of one graph, in logit units (or in the target's unit).

    Token 0 is the graph token, token i + 1 is node i. The query listens to the key.
    """

    sources: tuple[Source, ...] = field(repr=False)
    """One for the network, or one for each network of an ensemble: the sum is taken."""
    relation: Int[Tensor, "nodes nodes"] = field(repr=False)
    """Row of `patterns` that describes the pair (query, key)."""
    patterns: Int[Tensor, "patterns slots"] = field(repr=False)
    """Entries of the model's table of pairs."""
    vocabulary: Vocabulary = field(repr=False)

    @cached_property
    def entries(self) -> Float[Tensor, "slots tokens tokens"]:
        """Relevance of each entry that describes a pair (query, key).

        The slots are the distance, the edge type on the 1st, 2nd … hop of the shortest path, and
        the offset, as far as the vocabulary has them. A pair with the graph token has one entry,
        which stands in the first slot.
        """
        of_each = [source.entries(self.relation) for source in self.sources]
        return torch.stack(of_each).sum(0)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __repr__(self) -> str:
        nodes = len(self.relation)
        return f"Structure({nodes} nodes, total {self.total:+.4g})"

    @property
    def pairs(self) -> Float[Tensor, "tokens tokens"]:
        """Relevance of each pair (query, key): the sum over what describes it."""
        return self.entries.sum(0)

    @property
    def total(self) -> float:
        return float(self.entries.sum(dtype=torch.float64))

    @property
    def by_token(self) -> dict[str, float]:
        """Relevance of the biases between the graph token and the nodes."""
        first = self.entries[0]
        sums = [first[0, 1:].sum(), first[1:, 0].sum(), first[0, 0]]
        return _named(TOKEN_BUCKETS, torch.stack(sums))

    @property
    def by_distance(self) -> dict[str, float]:
        """Relevance of each distance's entry, over all pairs of nodes.

        The longest distance that the vocabulary tells apart holds all longer ones.
        """
        names = distance_names(self.vocabulary)
        return _named(names, self._by_entry(0, len(names)))

    @property
    def by_edge_type(self) -> dict[str, float]:
        """Relevance of each type of bond or edge, over all its places on shortest paths.

        Empty if the vocabulary has no edge types.
        """
        names = self.vocabulary.edge_types
        hops = range(1, self.vocabulary.path_hops + 1)
        by_hop = [self._by_entry(hop, len(names)) for hop in hops]  # (types) each
        if not by_hop:
            return {}
        return _named(names, torch.stack(by_hop).sum(0))

    @property
    def by_offset(self) -> Float[Tensor, "rows columns"] | None:
        """Relevance of each bin of offsets from query to key; None if there are no such bins.

        Rows go downwards and columns to the right: the middle bin is no offset.
        """
        bins = len(self.vocabulary.offset_bins) + 1
        if bins == 1:
            return None
        return self._by_entry(len(self.entries) - 1, bins * bins).view(bins, bins)

    @property
    def by_node(self) -> Float[Tensor, " tokens"]:
        """Each pair's relevance in halves to its two nodes.

        All of a pair with the graph token goes to its node, and what the graph token says to itself
        stays with it. So the sum is `total`.
        """
        return halves(self.pairs)

    @cached_property
    def bonds(self) -> dict[tuple[int, int], float]:
        """Relevance of each bond or edge, by its two nodes i < j.

        A bond has what its own two nodes are biased by: distance, type and offset, both ways. On a
        longer path it has the relevance of its type at its place. If several shortest paths of the
        same types join two nodes, each has an equal part.
        """
        relevance: dict[tuple[int, int], float] = {}
        hops = self._codes(0).tolist()  # an entry of the first slot is a number of hops
        between = self.entries[:, 1:, 1:]  # (slots, nodes, nodes)
        own = between.sum(0).tolist()  # (nodes, nodes)
        for i, row in enumerate(hops):
            for j in range(i + 1, len(row)):
                if row[j] == 1:
                    relevance[i, j] = own[i][j] + own[j][i]
        for i, j, share in self._on_longer_paths(hops):
            relevance[min(i, j), max(i, j)] += share
        return relevance

    def _on_longer_paths(self, hops: list[list[int]]) -> Iterator[tuple[int, int, float]]:
        """Both nodes of each edge of a longer path, and the edge's part in the path's relevance."""
        longest = self.vocabulary.path_hops
        if longest < 2:
            return
        between = self.entries[:, 1:, 1:].permute(1, 2, 0).tolist()  # (nodes, nodes, slots)
        types = self.patterns[self.relation.long()].tolist()
        for query, row in enumerate(hops):
            for key, length in enumerate(row):
                if not 2 <= length <= longest:
                    continue
                paths = self._paths(query, key, hops, types)
                for path in paths:
                    for hop, (i, j) in enumerate(pairwise(path), 1):
                        yield i, j, between[query][key][hop] / len(paths)

    def _paths(
        self, query: int, key: int, hops: list[list[int]], types: list[list[list[int]]]
    ) -> list[list[int]]:
        """The shortest paths from query to key with the edge types that describe the pair."""
        length = hops[query][key]
        paths = [[query]]
        for hop in range(1, length + 1):
            edge_type = types[query][key][hop] - self._first_entry(hop)
            longer = []
            for path in paths:
                last = path[-1]
                for node, to_key in enumerate(hops[key]):
                    is_next = hops[last][node] == 1 and to_key == length - hop
                    if is_next and types[last][node][1] - self._first_entry(1) == edge_type:
                        longer.append([*path, node])
            paths = longer
        return paths

    def to_dict(self) -> dict[str, dict[str, float]]:
        """The sums by kind and entry, in plain Python types; together they are `total`."""
        sums = {
            "distance": self.by_distance,
            "edge type": self.by_edge_type,
            "offset": {},
            "graph token": self.by_token,
        }
        offsets = self.by_offset
        if offsets is not None:
            sums["offset"] = _named(offset_names(self.vocabulary), offsets.flatten())
        return {kind: entries for kind, entries in sums.items() if entries}

    def _first_entry(self, slot: int) -> int:
        """The first entry of the table of pairs that a slot may hold."""
        vocabulary = self.vocabulary
        if slot == 0:
            return 0
        return vocabulary.hop_buckets + (slot - 1) * len(vocabulary.edge_types)

    def _codes(self, slot: int) -> Int[Tensor, "nodes nodes"]:
        """The entry that describes each pair in this slot."""
        return self.patterns[:, slot].long()[self.relation.long()]

    def _by_entry(self, slot: int, count: int) -> Float[Tensor, " entries"]:
        """Sum of the relevance of each of so many entries that a slot may hold."""
        # Beyond the end of a path there is no entry, and no relevance.
        number = (self._codes(slot) - self._first_entry(slot)).clamp_min(0)  # (nodes, nodes)
        relevance = self.entries[slot, 1:, 1:].flatten()
        return torch.zeros(count, dtype=relevance.dtype).index_add_(0, number.flatten(), relevance)


def halves(pairs: Float[Tensor, "*batch tokens tokens"]) -> Float[Tensor, "*batch tokens"]:
    """Each pair's relevance in halves to its two nodes.

    All of a pair with the graph token goes to its node, and what the graph token says to itself
    stays with it. So the sum does not change.
    """
    between = pairs[..., 1:, 1:]
    nodes = (between.sum(-1) + between.sum(-2)) / 2
    nodes = nodes + pairs[..., 0, 1:] + pairs[..., 1:, 0]
    return torch.cat([pairs[..., 0, :1], nodes], -1)


def pair_relevance(
    bias: Float[Tensor, "batch heads tokens tokens"],
    gradient: Float[Tensor, "batch heads tokens tokens"],
) -> Float[Tensor, "batch tokens tokens"]:
    """Relevance of the structural bias of each pair, summed over the heads."""
    # Where a key is padding the bias is −∞ and the gradient 0.
    finite = bias.clamp_min(torch.finfo(bias.dtype).min)
    return (finite * gradient).sum(1)


def structures(
    bias: StructuralBias, batch: GraphBatch, gradient: Float[Tensor, "batch heads tokens tokens"]
) -> list[Structure]:
    """The structure of each graph, without its padding."""
    gradient = gradient.cpu()
    relation = batch.relation.cpu() - FIRST_PATTERN  # (batch, tokens, tokens)
    entries = batch.patterns.cpu()  # (patterns, slots), of all graphs
    weights = batch.pattern_weights.cpu().unsqueeze(2)  # (patterns, slots, 1)
    described = bias.pairs.detach().cpu()[entries.long()] * weights  # (patterns, slots, heads)
    token = bias.token.detach().cpu()
    result = []
    for row, nodes in enumerate(batch.sizes):
        tokens = nodes + 1
        own_relation = relation[row, 1:tokens, 1:tokens].clone()  # not the whole batch
        own_gradient = gradient[row, :, :tokens, :tokens].clone()
        source = Source(own_gradient, token, described)
        result.append(Structure((source,), own_relation, entries, batch.vocabulary))
    return result


def mean_structure(of_networks: Sequence[Structure], shares: Sequence[float]) -> Structure:
    """The mean over an ensemble's networks, which saw the same graph, each with its share."""
    sources = [
        replace(source, gradient=share * source.gradient)
        for structure, share in zip(of_networks, shares, strict=True)
        for source in structure.sources
    ]
    return replace(of_networks[0], sources=tuple(sources))


def entry_names(vocabulary: Vocabulary) -> dict[str, Sequence[str]]:
    """The names in `Structure.to_dict`, by kind."""
    names: dict[str, Sequence[str]] = {
        "distance": distance_names(vocabulary),
        "edge type": vocabulary.edge_types if vocabulary.path_hops else (),
        "offset": offset_names(vocabulary) if vocabulary.offset_bins else (),
        "graph token": TOKEN_BUCKETS,
    }
    return {kind: of_kind for kind, of_kind in names.items() if of_kind}


def distance_names(vocabulary: Vocabulary) -> list[str]:
    """What each distance is called that the vocabulary tells apart."""
    names = [distance_name(hops) for hops in range(vocabulary.max_hops)]
    return [*names, f"{distance_name(vocabulary.max_hops)} or more", "unreachable"]


def offset_names(vocabulary: Vocabulary) -> list[str]:
    """What each bin of offsets is called: rows and columns from query to key, in pixels.

    Example:
        >>> from graphormer.graphs.superpixels import SUPERPIXELS
        >>> names = offset_names(SUPERPIXELS)
        >>> names[0], names[7 * 15 + 7]
        ('rows below -14, columns below -14', 'rows -0.75 to 0.75, columns -0.75 to 0.75')
    """
    edges = vocabulary.offset_bins
    ranges = [f"below {edges[0]:g}"]
    ranges += [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    ranges += [f"from {edges[-1]:g}"]
    return [f"rows {row}, columns {column}" for row in ranges for column in ranges]


def _named(names: Sequence[str], values: Float[Tensor, " names"]) -> dict[str, float]:
    return dict(zip(names, values.tolist(), strict=True))
