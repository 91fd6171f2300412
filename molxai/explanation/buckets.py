"""Kinds of pairs of tokens: by distance, by type of edge, and with the graph token."""

import torch
from jaxtyping import Int
from torch import Tensor

from graphormer.graphs.graph import Graph
from graphormer.graphs.pairs import UNREACHABLE

TOKEN_BUCKETS = ("to the graph token", "from the graph token", "graph token (itself)")
"""Pairs with the graph token as query, as key, as both: evidence moves from key to query."""


def hop_buckets(graph: Graph) -> tuple[list[str], Int[Tensor, "tokens tokens"]]:
    """Names of the buckets, and the number of its bucket for each (query, key).

    Example:
        A pair of atoms. Beside the two distances there are buckets for pairs without a path, and
        for those with the graph token.

        >>> from graphormer.graphs.molecules import molecule
        >>> names, bucket = hop_buckets(molecule("CO").graph)
        >>> names[:3], bucket.tolist()
        (['0 hops (itself)', '1 hop', 'unreachable'], [[5, 3, 3], [4, 0, 1], [4, 1, 0]])
    """
    hops = graph.hops.long()  # (nodes, nodes)
    longest = int(hops.max())
    names = [distance_name(length) for length in range(longest + 1)]
    unreachable = longest + 1
    to_token, from_token, itself = range(longest + 2, longest + 5)
    tokens = graph.nodes + 1
    bucket = torch.full((tokens, tokens), unreachable)
    bucket[1:, 1:] = torch.where(hops == UNREACHABLE, unreachable, hops)
    bucket[0, :] = to_token
    bucket[:, 0] = from_token
    bucket[0, 0] = itself
    return [*names, "unreachable", *TOKEN_BUCKETS], bucket


def distance_name(hops: int) -> str:
    """What a number of edges between two nodes is called."""
    if hops == 0:
        return "0 hops (itself)"
    return "1 hop" if hops == 1 else f"{hops} hops"


def edge_buckets(graph: Graph) -> tuple[list[str], Int[Tensor, "tokens tokens"]]:
    """As `hop_buckets`, with the pairs one hop apart told apart by edge type; these come first."""
    names, bucket = hop_buckets(graph)
    types = graph.vocabulary.edge_types
    begin, end = graph.edges.long()  # (edges), (edges)
    edge_type = torch.zeros_like(bucket)
    edge_type[begin + 1, end + 1] = graph.edge_types.long()
    are_neighbours = torch.zeros_like(bucket, dtype=torch.bool)
    are_neighbours[1:, 1:] = graph.hops == 1
    bucket = torch.where(are_neighbours, edge_type, bucket + len(types))  # (tokens, tokens)
    return [*types, *names], bucket
