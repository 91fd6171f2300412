"""How two nodes stand to each other: hops, the edges on the way, the offset in a picture.

Nothing here depends on the order of nodes: where several shortest paths join two nodes, the one whose sequence of edge
types comes first in the vocabulary describes the pair.
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from graphormer.graphs.vocabulary import Vocabulary

UNREACHABLE = -1
"""Hop distance of two nodes that no path joins (fragments of a salt)."""


DENSE = 128
"""Nodes up to which products of whole adjacency matrices are faster than a search from each node."""


def hop_distance(nodes: int, edges: ndarray) -> ndarray:
    """`[nodes, nodes]` number of edges on a shortest path, `UNREACHABLE` where there is none."""
    if nodes > DENSE:
        adjacency = csr_array((np.ones(edges.shape[1]), (edges[0], edges[1])), shape=(nodes, nodes))
        hops = shortest_path(adjacency, unweighted=True, method="D")
        return np.where(np.isinf(hops), UNREACHABLE, hops).astype(np.int16)
    adjacent = np.zeros((nodes, nodes), dtype=np.float32)
    adjacent[edges[0], edges[1]] = 1
    hops = np.full((nodes, nodes), UNREACHABLE, dtype=np.int16)
    frontier, distance = np.eye(nodes, dtype=bool), 0
    while frontier.any():
        hops[frontier] = distance
        frontier = (frontier.astype(np.float32) @ adjacent > 0) & (hops == UNREACHABLE)
        distance += 1
    return hops


def _path_codes(
    hops: ndarray, edges: ndarray, edge_types: ndarray, types: int, path_hops: int
) -> ndarray:
    """Edge types along the shortest path of every pair, read as a number in base `types`; first in order of all such paths."""
    nodes, distance = len(hops), hops.ravel()
    codes = np.zeros(nodes * nodes, dtype=np.int64)
    neighbours, kinds = _neighbours(nodes, edges, edge_types)
    reached = np.arange(nodes) * (
        nodes + 1
    )  # pairs (query, key) as query * nodes + key, at first each node and itself
    for length in range(1, path_hops + 1):
        query, key = np.divmod(reached, nodes)
        pairs = (query * nodes)[:, None] + neighbours[key]
        extended = codes[reached][:, None] * types + kinds[key]
        farther = distance[pairs] == length
        reached = np.flatnonzero(distance == length)
        codes[reached] = np.iinfo(np.int64).max
        np.minimum.at(codes, pairs[farther], extended[farther])
    return codes.reshape(hops.shape)


def _neighbours(nodes: int, edges: ndarray, edge_types: ndarray) -> tuple[ndarray, ndarray]:
    """`[nodes, largest degree]` neighbours of each node and the types of the edges to them; the node itself where there are fewer."""
    degree = np.bincount(edges[0], minlength=nodes)
    order = np.argsort(edges[0], kind="stable")
    start = edges[0][order]
    place = np.arange(len(start)) - (np.cumsum(degree) - degree)[start]
    neighbours = np.tile(np.arange(nodes)[:, None], max(1, int(degree.max())))
    kinds = np.zeros(neighbours.shape, dtype=np.int64)
    neighbours[start, place], kinds[start, place] = edges[1][order], edge_types[order]
    return neighbours, kinds


def pair_patterns(
    vocabulary: Vocabulary,
    hops: ndarray,
    edges: ndarray,
    edge_types: ndarray,
    positions: ndarray | None,
) -> tuple[ndarray, ndarray, ndarray]:
    """Relation `[nodes, nodes]`, and the distinct patterns' pair entries and weights `[patterns, 1 + path_hops (+ 1)]`."""
    types, longest = len(vocabulary.edge_types), vocabulary.path_hops
    bucket = np.where(
        hops == UNREACHABLE, vocabulary.max_hops + 1, np.minimum(hops, vocabulary.max_hops)
    ).astype(np.int64)
    offset = (
        _offset_bins(vocabulary, positions)
        if vocabulary.offset_bins and positions is not None
        else 0
    )
    span, bins = types**longest, max(vocabulary.offset_entries, 1)
    path = _path_codes(hops, edges, edge_types, types, longest) if longest else 0
    distinct, relation = _distinct(
        (bucket * span + path) * bins + offset, vocabulary.hop_buckets * span * bins
    )

    offset, path, bucket = distinct % bins, distinct // bins % span, distinct // bins // span
    length = np.where(bucket <= longest, bucket, 0)
    entries, weights = [bucket], [np.ones(len(distinct))]
    for hop in range(1, longest + 1):
        taken = hop <= length
        kind = path // types ** np.maximum(length - hop, 0) % types
        entries.append(np.where(taken, vocabulary.hop_buckets + (hop - 1) * types + kind, 0))
        weights.append(np.where(taken, 1 / np.maximum(length, 1), 0.0))
    if vocabulary.offset_bins:
        entries.append(vocabulary.hop_buckets + longest * types + offset)
        weights.append(np.ones(len(distinct)))
    return (
        relation.astype(np.int16 if len(distinct) < 2**15 else np.int32),
        np.stack(entries, 1).astype(np.int32),
        np.stack(weights, 1).astype(np.float32),
    )


def _offset_bins(vocabulary: Vocabulary, positions: ndarray) -> ndarray:
    """`[nodes, nodes]` bin of the (row, column) offset from query to key."""
    rows, columns = (
        _binned(axis[None, :] - axis[:, None], vocabulary.offset_bins) for axis in positions.T
    )
    return rows * (len(vocabulary.offset_bins) + 1) + columns


def _binned(values: ndarray, edges: Sequence[float]) -> ndarray:
    """How many edges each value has reached, as `np.digitize` counts, which takes four times as long for so few."""
    bins = np.zeros(values.shape, dtype=np.int8)
    for edge in edges:
        bins += values >= edge
    return bins.astype(np.int64)


def _distinct(keys: ndarray, most: int) -> tuple[ndarray, ndarray]:
    """The distinct keys, all below `most`, in order, and the place of each key among them."""
    if most > keys.size:
        distinct, places = np.unique(keys, return_inverse=True)
        return distinct, places.reshape(keys.shape)
    there = np.bincount(keys.ravel(), minlength=most) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[keys]
