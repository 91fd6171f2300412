"""Gradients integrated along the way from nothing to the input, by captum."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.passes import forward_pass, target_weights

AT_ONCE = 128
"""Graphs in one forward and backward pass.

More would not be faster, but would take memory for each of the steps.
"""


@dataclass(frozen=True)
class IntegratedGradients(Method):
    """x · mean of ∂f/∂x on the line from zero embeddings to x (Sundararajan et al. 2017, eq. 1).

    `delta` is Σ relevance − (f(x) − f(0)): what the sum over steps missed of the integral.
    """

    steps: int = 50
    """Points on the line, at a pass forward and back for each.

    The delta falls with their number only if they are many: a layer norm turns sharply near zero.
    """

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"{self.steps} steps: at least 1 is needed")

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + self.steps + 2, self.steps

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Targets = None
    ) -> list[Explanation]:
        from captum.attr import IntegratedGradients as Integral  # other methods need not wait

        outcomes = forward_pass(model, batch, targets)
        weights = target_weights(model, [outcome.target for outcome in outcomes], model.head.weight)
        with torch.inference_mode(False):
            with torch.no_grad():
                tokens = model.embed(batch)
            relevance, delta = Integral(_logit_of_tokens(model, batch, weights)).attribute(
                tokens,
                additional_forward_args=torch.arange(len(batch), device=tokens.device),
                n_steps=self.steps,
                internal_batch_size=max(AT_ONCE, len(batch)),
                return_convergence_delta=True,
            )
        by_token = relevance.detach().sum(2).cpu()  # (batch, tokens)
        return [
            Explanation(
                method=self.name,
                relevance=by_token[row, 1 : nodes + 1],
                feature_relevance=None,
                features=(),
                token=float(by_token[row, 0]),
                bias=0.0,
                delta=float(delta[row]),
                **vars(outcomes[row]),
            )
            for row, nodes in enumerate(batch.sizes)
        ]


def _logit_of_tokens(
    model: Graphormer, batch: GraphBatch, weights: Float[Tensor, "batch outputs"]
) -> Callable[[Tensor, Tensor], Tensor]:
    """The explained logits as a function of input embeddings and the graphs that they are of."""

    def logit_of(
        tokens: Float[Tensor, "copies tokens width"], rows: Int[Tensor, " copies"]
    ) -> Float[Tensor, " copies"]:
        logits = model.predict(tokens, copied(batch, rows))
        return (logits * weights[rows]).sum(1)

    return logit_of


def copied(batch: GraphBatch, rows: Int[Tensor, " copies"]) -> GraphBatch:
    """Rows of a batch, each as often as it is named."""
    return replace(
        batch,
        codes=batch.codes[rows],  # (copies, nodes, slots)
        weights=batch.weights[rows],  # (copies, nodes, slots)
        mask=batch.mask[rows],  # (copies, nodes)
        relation=batch.relation[rows],  # (copies, tokens, tokens)
    )
