"""Many graphs at once, as flat arrays: what padded batches are cut from.

A `Graph` is a value of its own, with ten tensors. A library of molecules, or a set of digits, needs
none of them: the arrays of a block hold all graphs one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy import ndarray

from graphormer.graphs.graph import Graph, GraphBatch, collate, padded
from graphormer.graphs.pairs import pattern_table
from graphormer.graphs.vocabulary import Vocabulary


@runtime_checkable
class Batches(Protocol):
    """Graphs from which batches can be made."""

    @property
    def sizes(self) -> list[int]:
        """Nodes of each graph."""

    def batch(self, rows: Sequence[int]) -> GraphBatch:
        """Some of the graphs as one padded batch, in the given order."""


@dataclass(frozen=True)
class Graphs:
    """Graphs that are values of their own."""

    graphs: Sequence[Graph]

    @property
    def sizes(self) -> list[int]:
        return [graph.nodes for graph in self.graphs]

    def batch(self, rows: Sequence[int]) -> GraphBatch:
        return collate([self.graphs[row] for row in rows])


@dataclass(frozen=True)
class Block:
    """Graphs of one vocabulary as flat arrays."""

    vocabulary: Vocabulary
    sizes: list[int]
    """Nodes of each graph."""
    codes: ndarray
    """`[nodes, slots]` entries of the table of nodes, int32, of all graphs one after the other."""
    weights: ndarray
    """`[nodes, slots]` their weights, float32."""
    pairs: Sequence[ndarray]
    """For each graph `[nodes, nodes]`: the row of `pattern_table` that describes the pair."""

    def batch(self, rows: Sequence[int]) -> GraphBatch:
        """Some of the graphs as one padded batch, in the given order.

        It is the batch of `collate`, but for the numbers of patterns: here they are distinct.
        """
        table = pattern_table(self.vocabulary)
        is_present = np.zeros(len(table.entries), bool)
        for row in rows:
            is_present[self.pairs[row]] = True
        present = np.flatnonzero(is_present)
        number = np.cumsum(is_present, dtype=np.int32) - 1  # among those that are present
        nodes = [slice(self.starts[row], self.starts[row + 1]) for row in rows]
        return padded(
            self.vocabulary,
            [self.codes[own] for own in nodes],
            [self.weights[own] for own in nodes],
            [number[self.pairs[row]] for row in rows],
            torch.from_numpy(table.entries[present]),
            torch.from_numpy(table.weights[present]),
        )

    @cached_property
    def starts(self) -> list[int]:
        """The first node of each graph, and the end of the last one."""
        return list(accumulate(self.sizes, initial=0))
