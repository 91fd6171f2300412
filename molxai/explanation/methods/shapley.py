"""Shapley values of the nodes, by captum."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.random import graph_seed
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.passes import forward_pass, target_weights
from molxai.explanation.removal import batch_logits
from molxai.explanation.target import Target


@dataclass(frozen=True)
class Shapley(Method):
    """Shapley values by sampling orders of insertion (Strumbelj & Kononenko 2010).

    `delta` is Σ relevance − (logit of the graph − logit of the graph without nodes): zero for whole
    orders.
    """

    samples: int = 10
    """Orders: each takes as many evaluations as there are nodes."""

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + 2 + self.samples * nodes, 0

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Targets = None
    ) -> list[Explanation]:
        from captum.attr import ShapleyValueSampling  # other methods need not wait for it

        outcomes = forward_pass(model, batch, targets)
        relevance = torch.zeros(batch.mask.shape, dtype=model.head.weight.dtype)
        deltas = []
        for row, outcome in enumerate(outcomes):
            nodes = batch.sizes[row]
            logit_of = _logit_of_subset(model, batch, row, outcome.target)
            whole = torch.ones(1, nodes, dtype=relevance.dtype)
            sampling = ShapleyValueSampling(logit_of)
            sampling.permutation_generator = own_orders(graph_seed(batch, row))
            values = sampling.attribute(
                whole, n_samples=self.samples, perturbations_per_eval=nodes
            )  # (1, nodes)
            relevance[row, :nodes] = values[0]
            rise = outcome.logit - logit_of(torch.zeros_like(whole))
            deltas.append(float(values.sum() - rise))
        return node_explanations(self.name, batch, outcomes, relevance, deltas)


def own_orders(seed: int) -> Callable[[int, int], Iterator[list[int]]]:
    """Random orders in captum's form, drawn from a generator of their own.

    Captum draws from the process's generator, which other threads draw from and seed as well.

    Example:
        >>> [sorted(order) for order in own_orders(0)(3, 2)]
        [[0, 1, 2], [0, 1, 2]]
    """

    def orders(features: int, samples: int) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(seed)
        for _ in range(samples):
            yield torch.randperm(features, generator=generator).tolist()

    return orders


def _logit_of_subset(
    model: Graphormer, batch: GraphBatch, row: int, target: Target
) -> Callable[[Tensor], Tensor]:
    """The explained logit as a function of which nodes are there (1) or not (0)."""
    weights = target_weights(model, [target], model.head.weight)[0]  # (outputs)

    def logit_of(presence: Float[Tensor, "copies nodes"]) -> Float[Tensor, " copies"]:
        copies, nodes = presence.shape
        device = batch.mask.device
        padded = batch.mask.shape[1]
        remaining = torch.zeros(copies, padded, dtype=torch.bool, device=device)
        remaining[:, :nodes] = presence > 0.5
        rows = torch.full((copies,), row, device=device)
        logits = batch_logits(model, batch, rows, remaining)  # (copies, outputs)
        return logits.cpu() @ weights.cpu()

    return logit_of
