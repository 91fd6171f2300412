"""Relevance without a model: the floor for every comparison."""

import zlib
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Network
from molxai.explanation.passes import forward_pass


@dataclass(frozen=True)
class Random(Method):
    """Standard normal scores."""

    seed: int = 0

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 0

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        scores = normal_scores(batch, self.seed)
        outcomes = forward_pass(model, batch, targets)
        return node_explanations(self.name, batch, outcomes, scores)


def normal_scores(batch: Batch, seed: int) -> Float[Tensor, "batch nodes"]:
    """Standard normal numbers, drawn in the order of the nodes; zero for padding.

    They are the same for the same graph and seed, whatever batch the graph comes in.
    """
    scores = torch.zeros(batch.mask.shape)
    for row, nodes in enumerate(batch.sizes):
        generator = torch.Generator()
        generator.manual_seed(seed * 2**32 + graph_seed(batch, row))
        scores[row, :nodes] = torch.randn(nodes, generator=generator)
    return scores


def graph_seed(batch: Batch, row: int) -> int:
    """A seed that depends on the graph alone, not on the batch that it comes in."""
    return zlib.crc32(batch.content(row))
