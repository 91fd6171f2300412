"""One forward and one backward pass, plain or under rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.outcome import Outcome, outcomes, resolved
from molxai.explanation.target import Target
from molxai.rules import Rule, Rules, refuse_opaque, rules


@dataclass(frozen=True)
class Pass:
    """What one forward and backward pass leaves behind."""

    tokens: Float[Tensor, "batch tokens width"]
    """Input embeddings."""
    gradient: Float[Tensor, "batch tokens width"]
    """Of the explained logits with respect to `tokens`."""
    explained: Float[Tensor, " batch"]
    outcome: list[Outcome]
    bias: Float[Tensor, " batch"]
    """Relevance that ended in the model's biases."""
    recorded_gradients: list[Tensor]
    applied: Rules


def gradient_pass(
    model: Graphormer,
    batch: GraphBatch,
    targets: Sequence[Target | None] | None,
    tables: Sequence[Rule] = (),
    recorded: Sequence[Tensor] = (),
) -> Pass:
    """Explain each graph of the batch for its target, by default its predicted class.

    Args:
        model: in evaluation mode.
        batch: graphs.
        targets: of each graph; None for the predicted class.
        tables: the rules to apply.
        recorded: a list that a rule fills on the way; gradients are taken with respect to its tensors as well.

    Raises:
        ValueError: the model is in training mode, compiled or scripted, or a rule never fired.
    """
    check_ready(model)
    with torch.inference_mode(False), torch.no_grad():
        tokens = model.embed(batch)
    with torch.inference_mode(False), torch.enable_grad():
        tokens.requires_grad_()
        with rules(*tables) as applied:
            logits = model.predict(tokens, batch)
        chosen = resolved(model.config, logits, targets)
        weights = target_weights(model, chosen, logits)
        wanted = [tokens, *applied.biases, *recorded]
        gradient, *others = torch.autograd.grad((logits * weights).sum(), wanted, allow_unused=True)
    bias = torch.zeros(len(batch), dtype=logits.dtype, device=logits.device)
    for leaf, grad in zip(applied.biases, others, strict=False):
        if grad is not None:
            bias += (leaf.detach() * grad).flatten(1).sum(1)
    logits = logits.detach()
    outcome = outcomes(model.config, logits, chosen)
    return Pass(
        tokens.detach(),
        gradient,
        (logits * weights).sum(1),
        outcome,
        bias,
        others[len(applied.biases) :],
        applied,
    )


def check_ready(model: Graphormer) -> None:
    """Refuse models whose relevance would not be what it seems.

    Raises:
        ValueError: the model is in training mode, compiled or scripted.
    """
    refuse_opaque(model)
    if model.training:
        raise ValueError(
            "the model is in training mode, its dropout would make relevance random: call model.eval() first"
        )


def target_weights(
    model: Graphormer, targets: Sequence[Target], like: Tensor
) -> Float[Tensor, "batch outputs"]:
    """The linear combination of the model's outputs that each target stands for."""
    return torch.tensor(
        [target.weights(model.config) for target in targets], dtype=like.dtype, device=like.device
    )
