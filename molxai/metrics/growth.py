"""How relevance grows from the logit to the nodes, and whether the model matters to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.network.model import Graphormer
from molxai.explanation.method import Method
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.network import Batch, Network, Redrawn
from molxai.explanation.passes import gradient_pass
from molxai.explanation.ranks import spearman
from molxai.explanation.target import Target
from molxai.metrics.conservation import SMALLEST_LOGIT

WARN = 1e3
"""Growth above which positive and negative relevance cancel so far that a map says nothing."""


def growth(
    model: Graphormer,
    batch: Batch,
    method: GradientInput,
    targets: Sequence[Target | None] | None = None,
) -> Float[Tensor, "batch layers"]:
    """Σ|R| / |logit| at the input of each block: 1 if nothing cancels."""
    with _block_inputs(model) as inputs:
        gradients = gradient_pass(model, batch, targets, method.rules, inputs, method.alpha)
    sizes = []
    for layer_input, gradient in zip(inputs, gradients.recorded_gradients, strict=True):
        relevance = (layer_input.detach() * gradient).sum(2)  # (batch, tokens)
        sizes.append(relevance.abs().sum(1))  # (batch,)
    logits = gradients.explained.abs().clamp_min(SMALLEST_LOGIT)
    return torch.stack(sizes, 1) / logits[:, None]  # (batch, layers)


@contextmanager
def _block_inputs(model: Graphormer) -> Iterator[list[Tensor]]:
    """A list to which every block adds its input, `[batch, tokens, width]`, when the model runs."""
    inputs: list[Tensor] = []

    def keep(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        inputs.append(arguments[0])

    handles = [block.register_forward_pre_hook(keep) for block in model.blocks]
    try:
        yield inputs
    finally:
        for handle in handles:
            handle.remove()


def randomisation(model: Network, other: Network, batch: Batch, method: Method) -> list[float]:
    """Rank correlation of each graph's relevance with that of a model with other (random) weights.

    Both explain the same target. The correlation is near 0 for a method that explains the model,
    and near 1 for one that only repeats the input.

    Source:
        Adebayo et al. 2018, "Sanity Checks for Saliency Maps", section 3.
    """
    explanations = method(model, batch)
    targets = [explanation.target for explanation in explanations]
    random = method(other, batch, targets)
    pairs = zip(explanations, random, strict=True)
    return [spearman(a.relevance, b.relevance) for a, b in pairs]


def redraw(model: Redrawn, seed: int = 0) -> Any:
    """A model of the same architecture with weights drawn anew."""
    parameter = next(model.parameters())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = model.redrawn()
    return network.to(device=parameter.device, dtype=parameter.dtype).eval()
