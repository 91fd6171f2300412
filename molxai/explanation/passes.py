"""A forward pass, and a forward and a backward pass, plain or under rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.network.by_hand import outputs
from graphormer.network.kernel import Kernel
from molxai.explanation.network import Batch, Network, OfGraphs, OwnPasses, Predictor
from molxai.explanation.outcome import Outcome, outcomes, resolve_targets
from molxai.explanation.structure import pair_relevance
from molxai.explanation.target import Target
from molxai.rules import ACTIVATION, LN, Rule, Rules, presence, refuse_opaque, routing, rules

TOKENS = "tokens"
PRESENCE = "presence"
STRUCTURE = "structure"
"""Names of what gradients are taken with respect to."""


@dataclass(frozen=True)
class Pass:
    """What one forward and backward pass leaves behind."""

    tokens: Float[Tensor, "batch tokens width"]
    """Input embeddings."""
    gradient: Float[Tensor, "batch tokens width"]
    """Gradient of the explained logits with respect to `tokens`."""
    explained: Float[Tensor, " batch"]
    """The explained logits."""
    outcome: list[Outcome]
    bias: Float[Tensor, " batch"]
    """Relevance that ended in the model's biases."""
    recorded_gradients: list[Tensor]
    """Gradients of the explained logits with respect to what rules recorded."""
    mode: Rules
    """The rules, with what they met."""
    structure: Float[Tensor, "batch heads tokens tokens"] | None = None
    """Gradient with respect to the structural bias; None without routing."""
    pairs: Float[Tensor, "batch tokens tokens"] | None = None
    """Relevance of the structural bias of each pair; None without routing."""
    presence: Float[Tensor, "batch tokens"] | None = None
    """Relevance of each token's being there, which sums to zero; None without routing."""


def forward_pass(
    model: Network, batch: Batch, targets: Sequence[Target | None] | None
) -> list[Outcome]:
    """What the model says of the whole graphs.

    Raises:
        ValueError: the model is in training mode, compiled or scripted.
    """
    check_ready(model)
    with torch.no_grad():
        logits = outputs(model, batch)
    return outcomes(model.config, logits, resolve_targets(model.config, logits, targets))


def gradient_pass(
    model: Network,
    batch: Batch,
    targets: Sequence[Target | None] | None,
    tables: Sequence[Rule] = (),
    recorded: Sequence[Tensor] | None = None,
    alpha: float | None = None,
) -> Pass:
    """The gradient of each graph's explained logit at the model's input embeddings.

    Args:
        model: in evaluation mode.
        batch: graphs.
        targets: of each graph; None for the predicted class.
        tables: the rules to apply.
        recorded: a list that a rule fills on the way; gradients are taken with respect to its
            tensors as well. None: none does.
        alpha: the share of routing, with which structure and presence have gradients as well; None
            if `tables` say what attention does.

    Raises:
        ValueError: the model is in training mode, compiled or scripted, or a rule never fired.
    """
    check_ready(model)
    if isinstance(model, OwnPasses):
        own: Pass = model.gradient_pass(batch, targets, tables, recorded, alpha)
        return own
    if isinstance(model, Kernel):
        return _kernel_pass(model, batch, targets, tables, alpha)
    leaves = _leaves(model, batch, alpha)
    with torch.inference_mode(False), torch.enable_grad():
        if alpha is not None:
            tables = (*tables, presence(leaves[PRESENCE], routing(alpha)))
        beside: dict[str, Tensor] = {}
        if STRUCTURE in leaves:
            beside = {"bias": leaves[STRUCTURE], "presence": leaves[PRESENCE][:, 1:]}
        with rules(*tables) as mode:
            logits = model.predict(leaves[TOKENS], batch, **beside)
        resolved_targets = resolve_targets(model.config, logits, targets)
        weights = target_weights(model, resolved_targets, logits)
        ends = [*leaves.values(), *mode.biases, *(recorded or ())]
        found = torch.autograd.grad((logits * weights).sum(), ends, allow_unused=True)
    gradients = iter(found)
    by_leaf = {name: next(gradients) for name in leaves}
    of_biases = [next(gradients) for _ in mode.biases]
    logits = logits.detach()
    of_structure = by_leaf.get(STRUCTURE)  # None at α = 0 as well: it is unused then
    pairs = None
    if of_structure is not None:
        pairs = pair_relevance(leaves[STRUCTURE].detach(), of_structure)
    return Pass(
        tokens=leaves[TOKENS].detach(),
        gradient=by_leaf[TOKENS],
        explained=(logits * weights).sum(1),
        outcome=outcomes(model.config, logits, resolved_targets),
        bias=_bias_relevance(logits, mode.biases, of_biases),
        recorded_gradients=list(gradients),
        mode=mode,
        structure=of_structure,
        pairs=pairs,
        presence=by_leaf.get(PRESENCE),  # presence itself is 1
    )


def _kernel_pass(
    model: Kernel,
    batch: Any,
    targets: Sequence[Target | None] | None,
    tables: Sequence[Rule],
    alpha: float | None,
) -> Pass:
    """What `gradient_pass` gives of a kernel machine, whose steps no torch function stands for.

    Two rules speak of it (`graphormer.network.kernel` has the formula). LN holds the denominators,
    as it holds a layer norm's scale. The activation rule holds min(c, d) / c, as it holds the share
    of its input that an activation lets through. Then gradient × input is each occurrence's part in
    what is shared. The other rules find nothing, and routing has nothing for structure or presence.
    """
    with torch.inference_mode(False), torch.enable_grad():
        tokens = model.embed(batch).detach().requires_grad_()
        logits = model.predict(tokens, batch, LN in tables, ACTIVATION in tables)
        resolved_targets = resolve_targets(model.config, logits, targets)
        weights = target_weights(model, resolved_targets, logits)
        (gradient,) = torch.autograd.grad((logits * weights).sum(), tokens)
    logits = logits.detach()
    count = tokens.shape[1]
    nothing = None if alpha is None else logits.new_zeros(len(batch), count, count)
    return Pass(
        tokens=tokens.detach(),
        gradient=gradient,
        explained=(logits * weights).sum(1),
        outcome=outcomes(model.config, logits, resolved_targets),
        bias=weights @ model.base_values,
        recorded_gradients=[],
        mode=Rules(()),
        pairs=nothing,
        presence=None if nothing is None else nothing[:, 0],
    )


def _leaves(model: Network, batch: Batch, alpha: float | None) -> dict[str, Tensor]:
    """What gradients are taken with respect to: the tokens, and with routing what else it reads."""
    with torch.inference_mode(False):
        with torch.no_grad():
            leaves = {TOKENS: model.embed(batch)}
            if alpha is not None:
                leaves[PRESENCE] = torch.ones_like(leaves[TOKENS][:, :, 0])  # (batch, tokens)
                if isinstance(model, OfGraphs):
                    leaves[STRUCTURE] = model.structure(batch)
        return {name: leaf.requires_grad_() for name, leaf in leaves.items()}


def _bias_relevance(
    logits: Float[Tensor, "batch outputs"],
    biases: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
) -> Float[Tensor, " batch"]:
    """Σ bias × gradient over all biases, for each graph."""
    relevance = logits.new_zeros(len(logits))
    for bias, gradient in zip(biases, gradients, strict=True):
        if gradient is not None:
            relevance += (bias.detach() * gradient).flatten(1).sum(1)  # (batch)
    return relevance


def check_ready(model: Network) -> None:
    """Refuse models whose relevance would not be what it seems.

    Raises:
        ValueError: the model is in training mode, compiled or scripted.
    """
    assert isinstance(model, nn.Module)
    refuse_opaque(model)
    if model.training:
        raise ValueError(
            "the model is in training mode, its dropout would make relevance random: "
            "call model.eval() first"
        )


def target_weights(
    model: Predictor, targets: Sequence[Target], like: Tensor
) -> Float[Tensor, "batch outputs"]:
    """The linear combination of the model's outputs that each target stands for."""
    rows = [target.weights(model.config) for target in targets]
    return torch.tensor(rows, dtype=like.dtype, device=like.device)
