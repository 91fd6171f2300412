"""Gradients integrated along the way from nothing to the input, by captum."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods.perturbation import whole_outcome
from molxai.explanation.passes import target_weights
from molxai.explanation.target import Target

AT_ONCE = 128
"""Graphs in one forward and backward pass; more would not be faster, but take memory for each of the steps."""


@dataclass(frozen=True)
class IntegratedGradients:
    """x · mean of ∂f/∂x on the straight line from zero embeddings to x (Sundararajan et al. 2017, equation 1).

    `delta` is Σ relevance − (f(x) − f(0)): what the sum over steps missed of the integral.
    """

    name: str = "integrated-gradients"
    steps: int = 50
    conserves: bool = False
    signed: bool = True
    by_target: bool = True
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + self.steps + 2, self.steps

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class."""
        from captum.attr import (
            IntegratedGradients as Integral,
        )  # here, because other methods need not wait for it

        outcome = whole_outcome(model, batch, targets)
        weights = target_weights(model, [one.target for one in outcome], model.head.weight)

        def explained(
            tokens: Float[Tensor, "copies tokens width"], rows: Int[Tensor, " copies"]
        ) -> Float[Tensor, " copies"]:
            return (model.predict(tokens, copied(batch, rows)) * weights[rows]).sum(1)

        with torch.inference_mode(False):
            with torch.no_grad():
                tokens = model.embed(batch)
            relevance, delta = Integral(explained).attribute(
                tokens,
                additional_forward_args=torch.arange(len(batch), device=tokens.device),
                n_steps=self.steps,
                internal_batch_size=max(AT_ONCE, len(batch)),
                return_convergence_delta=True,
            )
        each = relevance.detach().sum(2).cpu()
        return [
            Explanation(
                self.name,
                each[i, 1 : n + 1],
                None,
                (),
                float(each[i, 0]),
                0.0,
                delta=float(delta[i]),
                **vars(outcome[i]),
            )
            for i, n in enumerate(batch.sizes)
        ]


def copied(batch: GraphBatch, rows: Int[Tensor, " copies"]) -> GraphBatch:
    """Rows of a batch, each as often as it is named."""
    return replace(
        batch,
        codes=batch.codes[rows],
        weights=batch.weights[rows],
        mask=batch.mask[rows],
        relation=batch.relation[rows],
    )
