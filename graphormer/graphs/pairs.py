"""How two nodes stand to each other: hops, the edges on the way, the offset in a picture.

Nothing here depends on the order of nodes: if several shortest paths join two nodes, the one whose
sequence of edge types comes first in the vocabulary describes the pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy import ndarray

from graphormer.graphs.vocabulary import Vocabulary

UNREACHABLE = -1
"""Hop distance of two nodes that no path joins (fragments of a salt)."""

DENSE = 128
"""Up to this many nodes, products of whole adjacency matrices are faster than a search from each
node."""


def hop_distance(nodes: int, edges: ndarray) -> ndarray:
    """`[nodes, nodes]` number of edges on a shortest path, `UNREACHABLE` if there is none."""
    if nodes > DENSE:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import shortest_path

        adjacency = csr_array((np.ones(edges.shape[1]), (edges[0], edges[1])), shape=(nodes, nodes))
        lengths = shortest_path(adjacency, unweighted=True, method="D")
        return np.where(np.isinf(lengths), UNREACHABLE, lengths).astype(np.int16)
    adjacent = np.zeros((nodes, nodes), dtype=np.float32)  # floats: BLAS multiplies no integers
    adjacent[edges[0], edges[1]] = 1
    hops = np.full((nodes, nodes), UNREACHABLE, dtype=np.int16)
    frontier = np.eye(nodes, dtype=bool)
    distance = 0
    while frontier.any():
        hops[frontier] = distance
        is_next = frontier.astype(np.float32) @ adjacent > 0  # (nodes, nodes): from, to
        frontier = is_next & (hops == UNREACHABLE)
        distance += 1
    return hops


def pair_patterns(
    vocabulary: Vocabulary,
    hops: ndarray,
    edges: ndarray,
    edge_types: ndarray,
    positions: ndarray | None,
) -> tuple[ndarray, ndarray, ndarray]:
    """The few distinct descriptions of pairs in a graph, and which of them describes each pair.

    A pair is described by its hop bucket, the edge types on its shortest path, and its offset bin.
    The three are packed into one integer, so that equal descriptions are equal integers:

        key = (hop bucket · number of paths + path) · number of offset bins + offset bin

    Returns:
        relation: `[nodes, nodes]` row of the pattern of each pair (query, key).
        entries: `[patterns, 1 + path_hops (+ 1)]` entries of the table of pairs: the hop bucket,
            the edge type on each hop, and the offset bin if the vocabulary has them.
        weights: of the same shape: 1 for the bucket and the offset bin. The edge types are
            averaged over the path, and hops beyond its length weigh 0.

    Example:
        Acetaldehyde, C–C=O. Entries 0 to 4 are the buckets of 0, 1, 2, 3 hops and unreachable, 5
        and 6 a single and a double bond on the first hop, 7 and 8 the same on the second.

        >>> toy = Vocabulary("toy", (("element", 2),), ("single", "double"), 3, path_hops=2)
        >>> edges = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> edge_types = np.array([0, 0, 1, 1])
        >>> hops = hop_distance(3, edges)
        >>> relation, entries, weights = pair_patterns(toy, hops, edges, edge_types, None)
        >>> relation.tolist()
        [[0, 1, 3], [1, 0, 2], [4, 2, 0]]

        Pattern 3 is the way from the methyl group to the oxygen: two hops, a single and then a
        double bond. Pattern 4 is the way back.

        >>> entries[[3, 4]].tolist()
        [[2, 5, 8], [2, 6, 7]]
        >>> weights[3].tolist()
        [1.0, 0.5, 0.5]
    """
    paths, offset_bins = _path_and_offset_counts(vocabulary)
    keys = _hop_buckets(vocabulary, hops)  # (nodes, nodes), as all that follow
    if vocabulary.path_hops:
        keys = keys * paths + _path_codes(vocabulary, hops, edges, edge_types)
    if vocabulary.offset_bins:
        assert positions is not None, "`graph` refuses graphs without the positions that they need"
        keys = keys * offset_bins + _offset_codes(vocabulary, positions)
    pattern_keys, relation = _distinct(keys, vocabulary.hop_buckets * paths * offset_bins)
    entries, weights = _pattern_entries(vocabulary, pattern_keys)
    index_type = np.int16 if len(pattern_keys) < 2**15 else np.int32
    return relation.astype(index_type), entries.astype(np.int32), weights.astype(np.float32)


@dataclass(frozen=True)
class PatternTable:
    """Every description of a pair that a vocabulary has."""

    entries: ndarray
    """`[patterns, 1 + path_hops (+ 1)]` entries of the table of pairs, int32."""
    weights: ndarray
    """Their weights, float32."""
    first: ndarray
    """`[hop buckets]` the row of the first pattern of each bucket: paths and offsets follow."""


@cache
def pattern_table(vocabulary: Vocabulary) -> PatternTable:
    """All patterns: 37 465 for molecules, 900 for superpixels.

    Example:
        >>> toy = Vocabulary("toy", (("element", 2),), ("single", "double"), 3, path_hops=2)
        >>> table = pattern_table(toy)
        >>> table.first.tolist(), len(table.entries)
        ([0, 1, 3, 7, 8], 9)
    """
    paths, offset_bins = _path_and_offset_counts(vocabulary)
    types = len(vocabulary.edge_types)
    keys = []
    counts = []
    for bucket in range(vocabulary.hop_buckets):
        count = types**bucket if bucket <= vocabulary.path_hops else 1
        counts.append(count * offset_bins)
        keys.append(bucket * paths * offset_bins + np.arange(counts[-1]))
    entries, weights = _pattern_entries(vocabulary, np.concatenate(keys))
    first = np.cumsum([0, *counts[:-1]])
    return PatternTable(entries.astype(np.int32), weights.astype(np.float32), first)


def pattern_numbers(
    vocabulary: Vocabulary, hops: ndarray, edges: ndarray, edge_types: ndarray
) -> ndarray:
    """`[nodes, nodes]` row of `pattern_table` for each pair, of a vocabulary without offsets."""
    numbers = pattern_table(vocabulary).first[_hop_buckets(vocabulary, hops)]
    return numbers + _path_codes(vocabulary, hops, edges, edge_types)


def _path_and_offset_counts(vocabulary: Vocabulary) -> tuple[int, int]:
    """How many paths and how many offset bins a key can hold; 1 if none is described."""
    paths = len(vocabulary.edge_types) ** vocabulary.path_hops
    return paths, max(vocabulary.offset_entries, 1)


def _pattern_entries(vocabulary: Vocabulary, keys: ndarray) -> tuple[ndarray, ndarray]:
    """Entries and weights `[patterns, 1 + path_hops (+ 1)]` of the patterns with these keys."""
    types = len(vocabulary.edge_types)
    paths, offset_bins = _path_and_offset_counts(vocabulary)
    path_keys, offset = np.divmod(keys, offset_bins)  # (patterns,), as all that follow
    bucket, path = np.divmod(path_keys, paths)
    length = np.where(bucket <= vocabulary.path_hops, bucket, 0)  # edges that are described
    always = np.ones(len(keys))
    share = 1 / np.maximum(length, 1)

    entries = [bucket]
    weights = [always]
    first_entry = vocabulary.hop_buckets
    for hop in range(1, vocabulary.path_hops + 1):
        is_on_path = hop <= length
        # The first hop is the highest digit of the path's code.
        edge_type = path // types ** np.maximum(length - hop, 0) % types
        entries.append(np.where(is_on_path, first_entry + edge_type, 0))
        weights.append(np.where(is_on_path, share, 0.0))
        first_entry += types
    if vocabulary.offset_bins:
        entries.append(first_entry + offset)
        weights.append(always)
    return np.stack(entries, 1), np.stack(weights, 1)


def _hop_buckets(vocabulary: Vocabulary, hops: ndarray) -> ndarray:
    """`[nodes, nodes]` bucket of each distance: long ones share one, unreachable has its own."""
    near = np.minimum(hops, vocabulary.max_hops)
    buckets = np.where(hops == UNREACHABLE, vocabulary.max_hops + 1, near)
    return buckets.astype(np.int64)


def _path_codes(
    vocabulary: Vocabulary, hops: ndarray, edges: ndarray, edge_types: ndarray
) -> ndarray:
    """`[nodes, nodes]` edge types along the shortest path of each pair, as one number.

    The types are the digits of the number in base `len(edge_types)`, the first hop the highest. If
    there are several shortest paths it is the smallest of their numbers. Pairs farther apart than
    `path_hops` have 0.

    Paths grow by an edge at a time. A pair (query, key) is the number query · nodes + key.
    """
    nodes = len(hops)
    base = len(vocabulary.edge_types)
    distance = hops.ravel()  # (nodes * nodes,)
    codes = np.zeros(nodes * nodes, dtype=np.int64)
    neighbours, neighbour_types = neighbours_of(nodes, edges, edge_types)
    reached = np.arange(nodes) * (nodes + 1)  # (reached pairs,): at first each node and itself
    for length in range(1, vocabulary.path_hops + 1):
        query, key = np.divmod(reached, nodes)
        row = query * nodes  # (reached pairs,): number of the pair (query, 0)
        pairs = row[:, None] + neighbours[key]  # (reached pairs, largest degree)
        prefix = codes[reached] * base  # (reached pairs,)
        extended = prefix[:, None] + neighbour_types[key]  # (reached pairs, largest degree)
        is_longer = distance[pairs] == length  # the same; others lead back or have a shorter way
        reached = np.flatnonzero(distance == length)  # (reached pairs of the next length,)
        codes[reached] = np.iinfo(np.int64).max
        np.minimum.at(codes, pairs[is_longer], extended[is_longer])
    return codes.reshape(hops.shape)  # (nodes, nodes)


def neighbours_of(nodes: int, edges: ndarray, edge_types: ndarray) -> tuple[ndarray, ndarray]:
    """`[nodes, largest degree]` neighbours of each node, and the types of the edges to them.

    A node with fewer neighbours is its own neighbour in the columns that are left, by type 0.
    """
    degree = np.bincount(edges[0], minlength=nodes)
    order = np.argsort(edges[0], kind="stable")
    start = edges[0][order]  # (edges,)
    first_edge = np.cumsum(degree) - degree  # (nodes,)
    column = np.arange(len(start)) - first_edge[start]  # (edges,): 0, 1, … within each node
    neighbours = np.tile(np.arange(nodes)[:, None], max(1, int(degree.max())))
    types = np.zeros(neighbours.shape, dtype=np.int64)
    neighbours[start, column] = edges[1][order]
    types[start, column] = edge_types[order]
    return neighbours, types


def _offset_codes(vocabulary: Vocabulary, positions: ndarray) -> ndarray:
    """`[nodes, nodes]` bin of the (row, column) offset from query to key, row by row."""
    row, column = positions.T  # (nodes,) each
    row_offset = row[None, :] - row[:, None]  # (query, key)
    column_offset = column[None, :] - column[:, None]  # (query, key)
    row_bin = _bins(row_offset, vocabulary.offset_bins)
    column_bin = _bins(column_offset, vocabulary.offset_bins)
    return row_bin * (len(vocabulary.offset_bins) + 1) + column_bin


def _bins(values: ndarray, edges: Sequence[float]) -> ndarray:
    """How many of the edges each value has reached.

    `np.digitize` counts the same, and takes four times as long for so few edges.
    """
    bins = np.zeros(values.shape, dtype=np.int8)
    for edge in edges:
        bins += values >= edge
    return bins.astype(np.int64)


def _distinct(keys: ndarray, limit: int) -> tuple[ndarray, ndarray]:
    """The distinct keys, all below `limit`, in order, and the index of each key among them."""
    if limit > keys.size:
        distinct, index = np.unique(keys, return_inverse=True)
        return distinct, index.reshape(keys.shape)  # flat in some versions of NumPy
    is_present = np.bincount(keys.ravel(), minlength=limit) > 0  # (limit,)
    distinct = np.flatnonzero(is_present)
    index_of_key = np.cumsum(is_present) - 1  # (limit,)
    return distinct, index_of_key[keys]
