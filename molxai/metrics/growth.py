"""How relevance grows on its way from the logit to the nodes, and whether it depends on what the model learnt."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.method import Method
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.passes import gradient_pass
from molxai.explanation.target import Target
from molxai.metrics.agreement import spearman

WARN = 1e3
"""Growth above which positive and negative relevance cancel to so little that a map says nothing."""


def growth(
    model: Graphormer,
    batch: GraphBatch,
    method: GradientInput,
    targets: Sequence[Target | None] | None = None,
) -> Float[Tensor, "batch layers"]:
    """Σ|R| / |logit| at the input of each block: 1 where nothing cancels."""
    inputs: list[Tensor] = []

    def keep(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        inputs.append(arguments[0])

    handles = [block.register_forward_pre_hook(keep) for block in model.blocks]
    try:
        made = gradient_pass(model, batch, targets, method.tables, inputs)
    finally:
        for handle in handles:
            handle.remove()
    sizes = [
        (x.detach() * g).sum(2).abs().sum(1)
        for x, g in zip(inputs, made.recorded_gradients, strict=True)
    ]
    return torch.stack(sizes, 1) / made.explained.abs().clamp_min(1e-3)[:, None]


def randomisation(
    model: Graphormer, other: Graphormer, batch: GraphBatch, method: Method
) -> list[float]:
    """Rank correlation of each graph's relevance with that of a model with other (random) weights, for the same target.

    Near 0 for a method that explains the model, near 1 for one that only repeats the input (Adebayo et al. 2018,
    "Sanity Checks for Saliency Maps", section 3).
    """
    learnt = method(model, batch)
    drawn = method(other, batch, [one.target for one in learnt])
    return [spearman(a.relevance, b.relevance) for a, b in zip(learnt, drawn, strict=True)]


def redrawn(model: Graphormer, seed: int = 0) -> Graphormer:
    """A model of the same architecture with weights drawn anew."""
    parameter = next(model.parameters())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = Graphormer(model.config, model.vocabulary)
    return made.to(device=parameter.device, dtype=parameter.dtype).eval()
