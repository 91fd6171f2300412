"""Relevance without a model: the floor for every comparison."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods.gradient import node_explanations
from molxai.explanation.methods.perturbation import graph_seed, whole_outcome
from molxai.explanation.target import Target


@dataclass(frozen=True)
class Random:
    """Standard normal scores, the same for the same graph and seed whatever batch it comes in."""

    name: str = "random"
    seed: int = 0
    conserves: bool = False
    signed: bool = True
    by_target: bool = False
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 0

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """One score per node, drawn in the order of the nodes."""
        scores = torch.zeros(batch.mask.shape)
        for row, n in enumerate(batch.sizes):
            generator = torch.Generator().manual_seed(self.seed * 2**32 + graph_seed(batch, row))
            scores[row, :n] = torch.randn(n, generator=generator)
        return node_explanations(self.name, batch, whole_outcome(model, batch, targets), scores)
