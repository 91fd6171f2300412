"""Relevance without a model: the floor for every comparison."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from graphormer.graph import GraphBatch
from graphormer.model import Graphormer
from molxai.explainers.outcome import outcomes, resolved
from molxai.explanation import Explanation, Target


@dataclass(frozen=True)
class Random:
    """Standard normal scores, the same for the same graph and seed whatever batch it comes in."""

    name: str = "random"
    seed: int = 0
    conserves: bool = False
    signed: bool = True

    def __call__(self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None) -> list[Explanation]:
        """One score per node, drawn in the order of the nodes."""
        with torch.no_grad():
            logits = model(batch)
        outcome = outcomes(model.config, logits, resolved(model.config, logits, targets))
        made = []
        for i, n in enumerate(batch.sizes):
            identity = zlib.crc32(batch.codes[i, :n].cpu().numpy().tobytes())
            scores = torch.randn(n, generator=torch.Generator().manual_seed(self.seed * 2**32 + identity))
            made.append(Explanation(self.name, scores, None, (), 0.0, 0.0, **vars(outcome[i])))
        return made
