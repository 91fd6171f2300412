"""Explaining an ensemble: each member alone, for the target that they chose together.

The explanation is the members' mean, with their spread.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.network.ensemble import Ensemble
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.network import Network
from molxai.explanation.outcome import Outcome, outcomes, resolve_targets
from molxai.explanation.passes import check_ready, target_weights
from molxai.explanation.structure import mean_structure


def explain_batch(
    method: Method, model: Network | Ensemble, batch: Any, targets: Targets = None
) -> list[Explanation]:
    """Explain each input of the batch for its target, by default its predicted class.

    An ensemble's output is the mean of its members' logits, so the mean of their relevances, token
    and bias parts accounts for it as exactly as each member's does for its own.

    Raises:
        ValueError: the method is `oracle`, whose ranks have no mean, or one that refuses the model.
    """
    if not isinstance(model, Ensemble):
        return method(model, batch, targets)
    if method.name == "oracle":
        raise ValueError(
            "oracle ranks nodes by one model's output, which an ensemble's members do not share: "
            "choose other methods"
        )
    check_ready(model.networks[0])
    with torch.no_grad():
        by_member = model.each(batch)  # (members, batch, outputs)
    logits = by_member.mean(0)  # (batch, outputs)
    resolved_targets = resolve_targets(model.config, logits, targets)
    outcome = outcomes(model.config, logits, resolved_targets)
    weights = target_weights(model.networks[0], resolved_targets, by_member)
    spread = (by_member * weights).sum(2).std(0).tolist()
    members = [method(member, batch, resolved_targets) for member in model.networks]
    return [
        _mean([explanations[row] for explanations in members], outcome[row], spread[row])
        for row in range(len(outcome))
    ]


def _mean(members: Sequence[Explanation], outcome: Outcome, spread: float) -> Explanation:
    """One explanation of a graph from those of the members."""
    relevance = torch.stack([member.relevance for member in members])  # (members, nodes)
    splits = [
        member.feature_relevance for member in members if member.feature_relevance is not None
    ]
    structures = [member.structure for member in members if member.structure is not None]
    bases = [member.base for member in members if member.base is not None]
    deltas = [member.delta for member in members if member.delta is not None]
    return replace(
        members[0],
        relevance=relevance.mean(0),
        relevance_sd=relevance.std(0),
        feature_relevance=torch.stack(splits).mean(0) if splits else None,
        token=sum(member.token for member in members) / len(members),
        bias=sum(member.bias for member in members) / len(members),
        structure=mean_structure(structures) if structures else None,
        base=sum(bases) / len(bases) if bases else None,
        delta=sum(deltas) / len(deltas) if deltas else None,
        relevance_error=_mean_error(members),
        logit_sd=spread,
        **vars(outcome),
    )


def _mean_error(members: Sequence[Explanation]) -> Float[Tensor, " nodes"] | None:
    """The mean of the members' errors, which bounds that of the mean.

    Members draw the same orders, so their errors do not cancel as independent ones would.
    """
    errors = [member.relevance_error for member in members if member.relevance_error is not None]
    return torch.stack(errors).mean(0) if errors else None
