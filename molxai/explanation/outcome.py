"""What the model says of each graph, seen from its target."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.network.model import Config
from molxai.explanation.target import PREDICTED, Target


@dataclass(frozen=True)
class Outcome:
    """The fields of an `Explanation` that no method decides."""

    logit: float
    probability: float | None
    target: Target
    prediction: int
    value: float


def outcomes(
    config: Config, logits: Float[Tensor, "batch outputs"], targets: Sequence[Target]
) -> list[Outcome]:
    """Explained logit, probability of the target's class, and predicted class, of each graph."""
    exact = logits.double().cpu()
    weights = torch.tensor([target.weights(config) for target in targets], dtype=torch.float64)
    explained, rows = (exact * weights).sum(1).tolist(), exact.tolist()
    if config.task == "regression":
        return [
            Outcome(x, None, t, 0, row[t.column])
            for x, t, row in zip(explained, targets, rows, strict=True)
        ]
    if config.task == "multiclass":
        shares, best = exact.softmax(1).tolist(), exact.argmax(1).tolist()
        known = zip(explained, targets, shares, best, rows, strict=True)
        return [
            Outcome(x, share[t.label], t, label, row[label]) for x, t, share, label, row in known
        ]
    likely = torch.tensor(explained, dtype=torch.float64).sigmoid().tolist()
    active = [row[t.column] for t, row in zip(targets, rows, strict=True)]
    return [
        Outcome(x, p, t, int(a > 0), abs(a))
        for x, p, t, a in zip(explained, likely, targets, active, strict=True)
    ]


def resolved(
    config: Config, logits: Float[Tensor, "batch outputs"], targets: Sequence[Target | None] | None
) -> list[Target]:
    """The targets, with each graph's predicted class where there is none."""
    if config.task == "multiclass":
        labels = logits.argmax(1, keepdim=True).tolist()
    else:
        labels = (
            (logits > 0).long().tolist()
            if config.task == "binary"
            else [[0] * config.outputs] * len(logits)
        )
    chosen = targets or [None] * len(labels)
    return [
        _resolved(config, row, target or ANY) for row, target in zip(labels, chosen, strict=True)
    ]


ANY = Target(PREDICTED)


def _resolved(config: Config, labels: Sequence[int], target: Target) -> Target:
    """The target; in place of `PREDICTED` the class of its column, or of the one column of classes."""
    if target.label != PREDICTED:
        return target
    return (
        Target(labels[0])
        if config.task == "multiclass"
        else Target(labels[target.column], column=target.column)
    )
