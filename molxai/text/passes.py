"""A forward and a backward pass through a language model, plain or under rules.

Under rules everything that the model adds is accounted for, as in `molxai.conserve`: positions,
biases and further embeddings are what an explanation calls biases.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from molxai.explanation.network import Network
from molxai.explanation.outcome import outcomes, resolve_targets
from molxai.explanation.passes import Pass, target_weights
from molxai.explanation.target import Target
from molxai.rules import Rule, Rules, rules
from molxai.rules.conserve import attribute
from molxai.text.batch import Sentences

Targets = Sequence[Target | None] | None


class Entered(Network, Protocol):
    """A network around a model that embeds ids itself."""

    model: nn.Module

    @property
    def entrance(self) -> nn.Module:
        """The module that embeds the ids."""

    def inputs(self, batch: Sentences) -> dict[str, Tensor]:
        """What the model is called with."""

    def logits(self, output: Any, last: Int[Tensor, " batch"]) -> Float[Tensor, "batch outputs"]:
        """The outputs in what the model gives."""


def plain_pass(
    network: Entered,
    batch: Sentences,
    targets: Targets,
    tables: Sequence[Rule],
    recorded: Sequence[Tensor] | None,
) -> Pass:
    """The gradient at the input embeddings, under rules that only record.

    Nothing is known of biases.
    """
    with torch.inference_mode(False), torch.enable_grad():
        tokens = network.embed(batch).detach().requires_grad_()
        with rules(*tables) as mode:
            logits = network.predict(tokens, batch)
        resolved_targets = resolve_targets(network.config, logits, targets)
        weights = target_weights(network, resolved_targets, logits)
        total = (logits * weights).sum()
        gradient, *others = torch.autograd.grad(total, [tokens, *(recorded or ())])
    logits = logits.detach()
    return Pass(
        tokens=tokens.detach(),
        gradient=gradient,
        explained=(logits * weights).sum(1),
        outcome=outcomes(network.config, logits, resolved_targets),
        bias=logits.new_zeros(len(logits)),
        recorded_gradients=others,
        mode=mode,
    )


def accounted_pass(
    network: Entered, batch: Sentences, targets: Targets, tables: tuple[Rule, ...]
) -> Pass:
    """Relevance under rules, a sentence after the other, so that each has an account of its own.

    The gradient is that of the relevance, which stands in the place of the tokens.
    """
    alone = [batch.alone(row) for row in range(len(batch))]
    with torch.no_grad():
        logits = torch.cat([network(one) for one in alone])
    resolved_targets = resolve_targets(network.config, logits, targets)
    weights = target_weights(network, resolved_targets, logits)
    outcome = outcomes(network.config, logits, resolved_targets)
    relevance = torch.zeros_like(network.embed(batch).detach())  # (batch, tokens, width)
    bias = logits.new_zeros(len(batch))
    explained = torch.zeros_like(bias)
    for row, one in enumerate(alone):

        def explained_logit(output: Any, one: Sentences = one, row: int = row) -> Tensor:
            return (network.logits(output, one.last) * weights[row]).sum()

        inputs: dict[str, Any] = network.inputs(one)
        account = attribute(
            network.model,
            at=network.entrance,
            method=tables,
            target=explained_logit,
            **inputs,
        )
        relevance[row, : one.ids.shape[1]] = account.relevance[0]
        bias[row] = sum(account.ledger.values())
        explained[row] = account.logit
        outcome[row] = replace(outcome[row], logit=account.logit)  # without casts to float32
    return Pass(
        tokens=relevance,
        gradient=torch.ones_like(relevance),
        explained=explained,
        outcome=outcome,
        bias=bias,
        recorded_gradients=[],
        mode=Rules(()),
    )
