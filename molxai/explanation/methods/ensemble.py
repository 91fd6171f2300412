"""Explaining an ensemble: each component alone, for the target that they chose together.

The explanation is the components' mean, each with its share in the output, and their spread.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.network.ensemble import Ensemble, mean, spread
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

    An ensemble's output is the mean of its components' logits, so the mean of their relevances,
    token and bias parts accounts for it as exactly as each component's does for its own. A kernel
    machine has no layers: methods that look into layers explain the networks' share alone.

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
        by_component = model.each(batch)  # (components, batch, outputs)
    logits = mean(by_component, model.shares)  # (batch, outputs)
    resolved_targets = resolve_targets(model.config, logits, targets)
    outcome = outcomes(model.config, logits, resolved_targets)
    weights = target_weights(model.networks[0], resolved_targets, by_component)
    logit_sd = spread((by_component * weights).sum(2), model.shares).tolist()
    explained = model.networks if method.is_of_layers else model.components
    explanations = [method(component, batch, resolved_targets) for component in explained]
    return [
        _mean(of_graph, model.shares, outcome[row], logit_sd[row])
        for row, of_graph in enumerate(zip(*explanations, strict=True))
    ]


def _mean(
    explanations: Sequence[Explanation],
    all_shares: Sequence[float],
    outcome: Outcome,
    logit_sd: float,
) -> Explanation:
    """One explanation of a graph from those of the components, or of the networks alone."""
    shares = all_shares[: len(explanations)]
    relevance = torch.stack([each.relevance for each in explanations])  # (components, nodes)
    splits = [each.feature_relevance for each in explanations if each.feature_relevance is not None]
    structures = [each.structure for each in explanations if each.structure is not None]
    return replace(
        explanations[0],
        relevance=mean(relevance, shares),
        relevance_sd=_spread(relevance, shares) if len(explanations) > 1 else None,
        feature_relevance=mean(torch.stack(splits), shares) if splits else None,
        token=_sum([each.token for each in explanations], shares),
        bias=_sum([each.bias for each in explanations], shares),
        structure=mean_structure(structures, shares[: len(structures)]) if structures else None,
        base=_sum_of_known([each.base for each in explanations], shares),
        delta=_sum_of_known([each.delta for each in explanations], shares),
        relevance_error=_mean_error(explanations, shares),
        logit_sd=logit_sd,
        **vars(outcome),
    )


def _spread(
    relevance: Float[Tensor, "components nodes"], shares: Sequence[float]
) -> Float[Tensor, " nodes"]:
    """The spread of what components say who have this share in the output together."""
    whole = sum(shares)
    return whole * spread(relevance, [share / whole for share in shares])


def _sum(values: Sequence[float], shares: Sequence[float]) -> float:
    return sum(share * value for value, share in zip(values, shares, strict=True))


def _sum_of_known(values: Sequence[float | None], shares: Sequence[float]) -> float | None:
    """The mean of a number that either all components have or none."""
    known = [value for value in values if value is not None]
    return _sum(known, shares) if known else None


def _mean_error(
    explanations: Sequence[Explanation], shares: Sequence[float]
) -> Float[Tensor, " nodes"] | None:
    """The mean of the components' errors, which bounds that of the mean.

    Components draw the same orders, so their errors do not cancel as independent ones would.
    """
    errors = [each.relevance_error for each in explanations if each.relevance_error is not None]
    return mean(torch.stack(errors), shares) if errors else None
