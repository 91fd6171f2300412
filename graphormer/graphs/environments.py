"""Circular environments: what lies within a few bonds of an atom, hashed into a fixed number of buckets.

The idea of extended-connectivity fingerprints (Rogers & Hahn 2010, "Extended-Connectivity Fingerprints", section 2), with
the bucket read as an entry of the embedding table of the centre atom instead of a bit of the molecule.

Design constraints:
- Worked out from a graph's own codes and edges, so that a subgraph's environments are those of the subgraph.
- Independent of the order of nodes and edges: neighbours enter as a sum of hashes.
- Integer arithmetic only: the same on every machine and in every process, which Python's own hash is not.
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

_ODD = tuple(np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
"""Increment and multipliers of SplitMix64 (Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators", figure 17)."""


def environment_buckets(
    codes: ndarray, edges: ndarray, edge_types: ndarray, radii: Sequence[int], buckets: int
) -> ndarray:
    """`[nodes, radii]` bucket of the environment of each radius around each node, 0 … buckets − 1.

    Args:
        codes: `[nodes, features]` what is said of each node.
        edges: `[2, edges]` both directions of every edge.
        edge_types: `[edges]`.
        radii: in bonds, ascending.
        buckets: of each radius.
    """
    about = np.zeros(len(codes), dtype=np.uint64)
    for column in codes.T.astype(np.uint64):
        about = _mixed(about * _ODD[1] + column)
    kinds = edge_types.astype(np.uint64) + np.uint64(1)
    found = []
    for radius in range(1, max(radii) + 1):
        heard = np.zeros_like(about)
        np.add.at(heard, edges[0], _mixed(about[edges[1]] * _ODD[2] + kinds))
        about = _mixed(about * _ODD[1] + heard)
        if radius in radii:
            found.append(about % np.uint64(buckets))
    return np.stack(found, 1).astype(np.int64)


def _mixed(values: ndarray) -> ndarray:
    """SplitMix64's finaliser: a bijection in which every input bit changes half of the output bits."""
    values = values + _ODD[0]
    values = (values ^ (values >> np.uint64(30))) * _ODD[1]
    values = (values ^ (values >> np.uint64(27))) * _ODD[2]
    return values ^ (values >> np.uint64(31))
