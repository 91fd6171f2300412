"""Greedy insertion of nodes: the ceiling of activation curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Network, dtype_of
from molxai.explanation.passes import forward_pass, target_weights
from molxai.explanation.removal import batch_logits
from molxai.explanation.target import Target

TIE = 1e-5
"""Scores that differ by less, as a share of 1 + |score|, differ only by rounding."""


@dataclass(frozen=True)
class Oracle(Method):
    """From the empty graph, always the node that raises the model's output most, first in highest.

    The output is the probability of the explained class (the logit for differences and
    regressions). It takes n (n + 1) / 2 evaluations, and is no explanation that one would give.
    """

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + nodes * (nodes + 1) // 2, 0

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        """Scores n, n − 1 … 1 in the order of insertion, all graphs of the batch side by side.

        A graph of n nodes joins in when n are left of the largest graph, so all end together.
        """
        outcomes = forward_pass(model, batch, targets)
        targets_of_graphs = [outcome.target for outcome in outcomes]
        sizes = batch.mask.sum(1)  # (batch)
        relevance = torch.zeros(batch.mask.shape, dtype=dtype_of(model), device=batch.mask.device)
        is_inserted = torch.zeros_like(batch.mask)
        for rank in range(max(batch.sizes), 0, -1):
            takes_part = sizes >= rank  # (batch)
            is_free = batch.mask & ~is_inserted  # (batch, nodes)
            candidates = is_free & takes_part[:, None]  # (batch, nodes)
            scores = self._scores(model, batch, is_inserted, candidates, targets_of_graphs)
            rows = takes_part.nonzero().squeeze(1)  # (graphs)
            best = self._first_best(scores[rows])  # (graphs)
            is_inserted[rows, best] = True
            relevance[rows, best] = float(rank)
        return node_explanations(self.name, batch, outcomes, relevance)

    @staticmethod
    def _scores(
        model: Network,
        batch: Batch,
        is_inserted: Bool[Tensor, "batch nodes"],
        candidates: Bool[Tensor, "batch nodes"],
        targets: Sequence[Target],
    ) -> Float[Tensor, "batch nodes"]:
        """The output with each candidate inserted beside the others; −∞ for all other nodes.

        It is monotone in the probability of the explained class, without saturating at 1.
        """
        row, node = candidates.nonzero(as_tuple=True)  # (copies), (copies)
        copies = is_inserted[row]  # (copies, nodes)
        copies[torch.arange(len(row), device=row.device), node] = True
        logits = batch_logits(model, batch, row, copies)  # (copies, outputs)
        weights = target_weights(model, targets, logits)[row]
        has_contrast = any(target.contrast is not None for target in targets)
        if model.config.task == "multiclass" and not has_contrast:
            logits = logits.log_softmax(1)
        scores = logits.new_full(batch.mask.shape, float("-inf"))
        explained = (logits * weights).sum(1)  # (copies)
        scores[row, node] = explained
        return scores

    @staticmethod
    def _first_best(scores: Float[Tensor, "graphs nodes"]) -> Int[Tensor, " graphs"]:
        """The first of the best nodes that tie, so that a batch does not decide between them.

        Example:
            >>> Oracle._first_best(torch.tensor([[0.0, 2.0, 2.0 + 1e-6]]))
            tensor([1])
        """
        best = scores.max(1, keepdim=True).values  # (graphs, 1)
        ties = scores >= best - TIE * (1 + best.abs())
        return ties.int().argmax(1)
