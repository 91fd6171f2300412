"""Many graphs at once, as flat arrays: what padded batches are cut from.

A `Graph` is a value of its own, with ten tensors. A library of molecules, or a set of digits, needs
none of them: the arrays of a block hold all graphs one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy import ndarray

from graphormer.graphs.graph import (
    FIRST_PATTERN,
    FROM_TOKEN,
    PADDING,
    TO_TOKEN,
    TOKEN_ITSELF,
    Graph,
    GraphBatch,
    collate,
)
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
        starts = np.cumsum([0, *self.sizes])
        largest = max(self.sizes[row] for row in rows)
        shape = (len(rows), largest, self.codes.shape[1])
        codes = np.zeros(shape, np.int32)
        weights = np.zeros(shape, np.float32)
        mask = np.zeros(shape[:2], bool)
        relation = np.full((len(rows), largest + 1, largest + 1), PADDING, np.int32)
        relation[:, :, 0] = TO_TOKEN
        relation[:, 0, 0] = TOKEN_ITSELF
        for place, row in enumerate(rows):
            nodes = self.sizes[row]
            own = slice(starts[row], starts[row] + nodes)
            codes[place, :nodes] = self.codes[own]
            weights[place, :nodes] = self.weights[own]
            mask[place, :nodes] = True
            relation[place, 0, 1 : nodes + 1] = FROM_TOKEN
            relation[place, 1 : nodes + 1, 1 : nodes + 1] = self.pairs[row]
            relation[place, 1 : nodes + 1, 1 : nodes + 1] += FIRST_PATTERN
        is_present = np.zeros(FIRST_PATTERN + len(table.entries), bool)
        is_present[relation] = True
        is_present[:FIRST_PATTERN] = True
        present = np.flatnonzero(is_present)[FIRST_PATTERN:] - FIRST_PATTERN
        number = np.cumsum(is_present, dtype=np.int32) - 1
        return GraphBatch(
            vocabulary=self.vocabulary,
            codes=torch.from_numpy(codes),
            weights=torch.from_numpy(weights),
            mask=torch.from_numpy(mask),
            relation=torch.from_numpy(number[relation]),
            patterns=torch.from_numpy(table.entries[present]),
            pattern_weights=torch.from_numpy(table.weights[present]),
        )
