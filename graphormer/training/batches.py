"""In which batches a model sees its training set."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch import distributed
from torch.utils.data import Sampler

from graphormer.data.labelled import LabelledGraphs
from graphormer.training.recipe import Recipe

SAVED = 0.5
"""Share of a step's work that a second pass for its largest graphs must save."""

WINDOW = 16
"""Batches that are sorted by size together: enough to save padding, few enough to stay random."""


class SizedBatches(Sampler[list[int]]):
    """Random batches of graphs of similar size: positions in the training set.

    Each epoch has other batches. The same seed and epoch always have the same.
    """

    def __init__(self, data: LabelledGraphs, recipe: Recipe) -> None:
        self.sizes = [graph.nodes for graph in data.graphs]
        self.recipe = recipe
        self.epoch = 0

    @property
    def sampler(self) -> "SizedBatches":
        """Lightning looks here for a `set_epoch` to call before each epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        """Batches of this process in an epoch: graphs divided by graphs a step, rounded up."""
        _, processes = _rank_and_processes()
        return -(-len(self.sizes) // (self.recipe.batch_size * processes))

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of this process, dealt out among the processes like cards.

        If they do not come out even, the first batches are dealt again.

        It is a generator on purpose: a resumed run makes this iterator before it knows its epoch,
        and reads from it after.
        """
        random = np.random.default_rng((self.recipe.seed, self.epoch))
        batches = self._batches(random.permutation(len(self.sizes)).tolist())
        order = random.permutation(len(batches))
        rank, processes = _rank_and_processes()
        for step in range(len(self)):
            yield batches[order[(step * processes + rank) % len(batches)]]

    def _batches(self, order: list[int]) -> list[list[int]]:
        """Batches of the graphs in this order, sorted by size in each window."""
        size = self.recipe.batch_size
        window = WINDOW * size
        batches = []
        for start in range(0, len(order), window):
            rows = sorted(order[start : start + window], key=lambda row: self.sizes[row])
            batches += [rows[first : first + size] for first in range(0, len(rows), size)]
        return batches


def pieces(rows: Sequence[int], sizes: Sequence[int]) -> list[list[int]]:
    """The rows of a step in one piece, or in two if a few graphs are far larger than the others.

    Every graph of a piece is padded to the largest, and attention looks at all pairs of its tokens:
    one peptide of 300 atoms makes a step among 31 small molecules fifteen times as long.

    Example:
        >>> pieces([0, 1, 2, 3], [20, 300, 25, 22])
        [[0, 3, 2], [1]]
        >>> pieces([0, 1, 2], [20, 25, 22])
        [[0, 1, 2]]
    """
    ascending = sorted(rows, key=lambda row: sizes[row])
    squares = np.array([sizes[row] for row in ascending], dtype=float) ** 2  # (rows,)
    count = np.arange(1, len(rows))  # (rows - 1,) graphs in the first piece
    work = count * squares[:-1] + (len(rows) - count) * squares[-1]
    if not len(work) or work.min() > (1 - SAVED) * len(rows) * squares[-1]:
        return [list(rows)]
    cut = int(work.argmin()) + 1
    return [ascending[:cut], ascending[cut:]]


def _rank_and_processes() -> tuple[int, int]:
    """Number of this process among those that train together, and how many they are."""
    if not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()
