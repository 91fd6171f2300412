"""Circular environments: what lies within a few bonds of an atom, hashed into buckets.

The idea is that of extended-connectivity fingerprints (Rogers & Hahn 2010, "Extended-Connectivity
Fingerprints", section 2). The bucket is an entry of the embedding table of the centre atom instead
of a bit of the molecule.

Design constraints:
- Computed from a graph's own codes and edges, so a subgraph has environments of its own.
- Independent of the order of nodes and edges: neighbours enter as a sum of hashes.
- Integer arithmetic only, which is the same on every machine and in every process. Python's own
  hash is not.
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from graphormer.graphs.vocabulary import Vocabulary

INCREMENT = np.uint64(0x9E3779B97F4A7C15)
"""The increment of SplitMix64, as the two multipliers below.

Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators", figure 17.
"""

FIRST_MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9)
"""Also multiplies a node's hash before something is added to it."""

SECOND_MULTIPLIER = np.uint64(0x94D049BB133111EB)
"""Also multiplies a neighbour's hash before the type of its edge is added."""


def environment_codes(
    vocabulary: Vocabulary, codes: ndarray, edges: ndarray, edge_types: ndarray
) -> ndarray:
    """`[nodes, radii]` entries of the environments of each node, from those of its own features."""
    _, buckets = vocabulary.node_features[-1]
    names = vocabulary.feature_names[vocabulary.stated :]
    offsets = np.array([vocabulary.offsets[name] for name in names])  # (radii,)
    radii = vocabulary.environments
    return offsets + environment_buckets(codes, edges, edge_types, radii, buckets)


def environment_buckets(
    codes: ndarray, edges: ndarray, edge_types: ndarray, radii: Sequence[int], buckets: int
) -> ndarray:
    """`[nodes, radii]` bucket of the environment of each radius around each node.

    Args:
        codes: `[nodes, features]` the features of each node.
        edges: `[2, edges]` both directions of every edge.
        edge_types: `[edges]`.
        radii: in bonds, ascending.
        buckets: how many there are for each radius; they are numbered from 0.

    Example:
        In propane, the middle atom has an environment of its own, and both ends share one.

        >>> codes = np.array([[6], [6], [6]])
        >>> edges = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> buckets = environment_buckets(codes, edges, np.zeros(4), radii=[1], buckets=1000)
        >>> first, middle, last = buckets[:, 0].tolist()
        >>> first == last != middle
        True
    """
    node_hash = np.zeros(len(codes), dtype=np.uint64)  # (nodes,)
    for column in codes.T.astype(np.uint64):
        node_hash = _mix(node_hash * FIRST_MULTIPLIER + column)
    bond = edge_types.astype(np.uint64) + np.uint64(1)  # (edges,)
    environments = []
    for radius in range(1, max(radii) + 1):
        neighbour_hash = _mix(node_hash[edges[1]] * SECOND_MULTIPLIER + bond)  # (edges,)
        neighbour_sum = np.zeros_like(node_hash)
        np.add.at(neighbour_sum, edges[0], neighbour_hash)  # (nodes,)
        node_hash = _mix(node_hash * FIRST_MULTIPLIER + neighbour_sum)
        if radius in radii:
            environments.append(node_hash % np.uint64(buckets))
    return np.stack(environments, 1).astype(np.int64)  # (nodes, radii)


def _mix(values: ndarray) -> ndarray:
    """SplitMix64's finaliser: a bijection in which every input bit changes half the output bits."""
    values = values + INCREMENT
    values = (values ^ (values >> np.uint64(30))) * FIRST_MULTIPLIER
    values = (values ^ (values >> np.uint64(27))) * SECOND_MULTIPLIER
    return values ^ (values >> np.uint64(31))
