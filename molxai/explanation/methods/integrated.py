"""Gradients integrated along the way from nothing to the input, by captum."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from graphormer.names import unknown
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.network import Batch, Network, Tokens, at_nodes, beside_nodes
from molxai.explanation.passes import forward_pass, target_weights

BASELINES = ("zero", "mask")
"""Where the way to the input may begin."""

AT_ONCE = 128
"""Graphs in one forward and backward pass.

More would not be faster, but would take memory for each of the steps.
"""


@dataclass(frozen=True)
class IntegratedGradients(Method):
    """(x − b) · mean of ∂f/∂x on the line from a baseline b to x (Sundararajan et al. 2017, eq. 1).

    `delta` is Σ relevance − (f(x) − f(b)): what the sum over steps missed of the integral.
    """

    steps: int = 50
    """Points on the line, at a pass forward and back for each.

    The delta falls with their number only if they are many: a layer norm turns sharply near zero.
    """

    baseline: str = "zero"
    """`zero`: embeddings of zeros. `mask`: those of the input whose nodes say nothing."""

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"{self.steps} steps: at least 1 is needed")
        if self.baseline not in BASELINES:
            raise ValueError(unknown("baseline", self.baseline, BASELINES))

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1 + self.steps + 2, self.steps

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        from captum.attr import IntegratedGradients as Integral  # other methods need not wait

        outcomes = forward_pass(model, batch, targets)
        weights = target_weights(
            model, [outcome.target for outcome in outcomes], next(model.parameters())
        )
        with torch.inference_mode(False):
            with torch.no_grad():
                tokens = model.embed(batch)
                begin = self._begin(model, batch, tokens)
            by_width, delta = Integral(_logit_of_tokens(model, batch, weights)).attribute(
                tokens,
                begin,
                additional_forward_args=torch.arange(len(batch), device=tokens.device),
                n_steps=self.steps,
                internal_batch_size=max(AT_ONCE, len(batch)),
                return_convergence_delta=True,
            )
        by_token = by_width.detach().sum(2)  # (batch, tokens)
        relevance = at_nodes(batch, by_token).cpu()  # (batch, nodes)
        token = beside_nodes(batch, by_token)
        return [
            Explanation(
                method=self.name,
                relevance=relevance[row, :nodes],
                feature_relevance=None,
                features=(),
                token=float(token[row]),
                bias=0.0,
                delta=float(delta[row]),
                **vars(outcomes[row]),
            )
            for row, nodes in enumerate(batch.sizes)
        ]

    def _begin(self, model: Network, batch: Batch, tokens: Tokens) -> Tokens:
        """Where the line begins."""
        if self.baseline == "zero":
            return torch.zeros_like(tokens)
        rows = torch.arange(len(batch), device=tokens.device)
        return model.embed(model.reduced(batch, rows, torch.zeros_like(batch.mask), "mask"))


def _logit_of_tokens(
    model: Network, batch: Batch, weights: Float[Tensor, "batch outputs"]
) -> Callable[[Tensor, Tensor], Tensor]:
    """The explained logits as a function of input embeddings and the graphs that they are of."""

    def logit_of(
        tokens: Float[Tensor, "copies tokens width"], rows: Int[Tensor, " copies"]
    ) -> Float[Tensor, " copies"]:
        logits = model.predict(tokens, batch.copies(rows))
        return (logits * weights[rows]).sum(1)

    return logit_of
