"""What describes nodes and pairs of nodes: the entries of a model's embedding tables."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True)
class Vocabulary:
    """What can describe a node and a pair of nodes. A model is tied to one vocabulary by `name`."""

    name: str
    node_features: tuple[tuple[str, int], ...]
    """Name and number of entries of each node feature, in the order of the embedding table."""
    edge_types: tuple[str, ...]
    max_hops: int
    """Longer distances share the last bucket."""
    path_hops: int
    """Edge types are told apart along shortest paths of at most this many hops. 0: not at all."""
    offset_bins: tuple[float, ...] = ()
    """Inner edges of the bins of row and column offsets between two nodes. Empty for graphs without
    positions."""
    environments: tuple[int, ...] = ()
    """Radii, in edges, of the circular environments that describe a node. The last node features,
    one for each radius, hold them."""

    @cached_property
    def offsets(self) -> dict[str, int]:
        """First entry of each node feature in the embedding table."""
        sizes = [size for _, size in self.node_features]
        first_entries = np.cumsum([0, *sizes[:-1]]).tolist()
        return dict(zip(self.feature_names, first_entries, strict=True))

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.node_features)

    @cached_property
    def stated(self) -> int:
        """How many node features are a node's own. The others are its environments."""
        return len(self.node_features) - len(self.environments)

    @cached_property
    def stated_entries(self) -> int:
        """How many entries of the embedding table belong to these features."""
        return sum(size for _, size in self.node_features[: self.stated])

    @cached_property
    def node_entries(self) -> int:
        """How many entries the embedding table of nodes has."""
        return sum(size for _, size in self.node_features)

    @cached_property
    def hop_buckets(self) -> int:
        """0 … max_hops, and one bucket for unreachable."""
        return self.max_hops + 2

    @cached_property
    def offset_entries(self) -> int:
        """A bin for each pair of a row offset and a column offset."""
        return (len(self.offset_bins) + 1) ** 2 if self.offset_bins else 0

    @cached_property
    def pair_entries(self) -> int:
        """Hop buckets, then edge types for the 1st, 2nd … hop, then offset bins."""
        return self.hop_buckets + self.path_hops * len(self.edge_types) + self.offset_entries

    @property
    def feature_of_entry(self) -> Int[Tensor, " entries"]:
        """Index in `node_features` of the feature that each entry of the table belongs to."""
        return _feature_of_entry(self.node_features)


@cache
def _feature_of_entry(node_features: tuple[tuple[str, int], ...]) -> Int[Tensor, " entries"]:
    """Cached here and not in the vocabulary, which travels with every pickled graph.

    Example:
        >>> _feature_of_entry((("element", 3), ("aromatic", 2)))
        tensor([0, 0, 0, 1, 1])
    """
    sizes = torch.tensor([size for _, size in node_features])
    return torch.repeat_interleave(torch.arange(len(sizes)), sizes)
