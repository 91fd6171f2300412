"""Explaining an ensemble: each member alone, for the target that they chose together; then mean and spread."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from graphormer.graphs.graph import GraphBatch
from graphormer.network.ensemble import Ensemble, Model
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods import Method
from molxai.explanation.outcome import Outcome, outcomes, resolved
from molxai.explanation.passes import check_ready, target_weights
from molxai.explanation.target import Target


def explain_batch(
    method: Method, model: Model, batch: GraphBatch, targets: Sequence[Target | None] | None = None
) -> list[Explanation]:
    """Explain each graph of the batch for its target, by default its predicted class.

    An ensemble's output is the mean of its members' logits, so the mean of their relevances, token and bias parts
    accounts for it as exactly as each member's does for its own.

    Raises:
        ValueError: the method is `oracle`, whose ranks have no mean, or one that refuses the model.
    """
    if not isinstance(model, Ensemble):
        return method(model, batch, targets)
    if method.name == "oracle":
        raise ValueError(
            "oracle ranks nodes by one model's output, which an ensemble's members do not share: choose other methods"
        )
    check_ready(model.networks[0])
    with torch.no_grad():
        each = model.each(batch)
    chosen = resolved(model.config, each.mean(0), targets)
    whole = outcomes(model.config, each.mean(0), chosen)
    spread = (each * target_weights(model.networks[0], chosen, each)).sum(2).std(0).tolist()
    members = [method(member, batch, chosen) for member in model.networks]
    return [
        _mean(parts, outcome, sd)
        for *parts, outcome, sd in zip(*members, whole, spread, strict=True)
    ]


def _mean(parts: Sequence[Explanation], outcome: Outcome, spread: float) -> Explanation:
    """One explanation out of those of the members."""
    relevance = torch.stack([one.relevance for one in parts])
    features = [one.feature_relevance for one in parts if one.feature_relevance is not None]
    deltas = [one.delta for one in parts if one.delta is not None]
    return replace(
        parts[0],
        relevance=relevance.mean(0),
        relevance_sd=relevance.std(0),
        feature_relevance=torch.stack(features).mean(0) if features else None,
        token=sum(one.token for one in parts) / len(parts),
        bias=sum(one.bias for one in parts) / len(parts),
        delta=sum(deltas) / len(deltas) if deltas else None,
        logit_sd=spread,
        **vars(outcome),
    )
