"""What the model says of each graph, seen from its target."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.network.model import Config
from molxai.explanation.network import Task
from molxai.explanation.target import PREDICTED, Target


@dataclass(frozen=True)
class Outcome:
    """The fields of an `Explanation` that no method decides."""

    logit: float
    """The explained quantity: the target's logit, a difference of two, or a value."""
    probability: float | None
    """Probability of the target's class, calibrated if the model is; None for regressions."""
    target: Target
    prediction: int
    """The most probable class; 0 for regressions."""
    value: float
    """Regression: the predicted value. Otherwise the predicted class's logit."""


def temperature_of(config: Task) -> float:
    """What logits are divided by before they become probabilities.

    It is 1 for the models of others, which say nothing of their calibration.
    """
    return config.temperature if isinstance(config, Config) else 1.0


def outcomes(
    config: Task, logits: Float[Tensor, "batch outputs"], targets: Sequence[Target]
) -> list[Outcome]:
    """Explained logit, probability of the target's class, and predicted class, of each graph."""
    exact = logits.double().cpu()
    weights = torch.tensor([target.weights(config) for target in targets], dtype=torch.float64)
    explained = (exact * weights).sum(1)  # (batch)
    temperature = temperature_of(config)
    if config.task == "multiclass":
        class_probabilities = (exact / temperature).softmax(1)  # (batch, classes)
        return _class_outcomes(exact, explained, class_probabilities, targets)
    rows = exact.tolist()
    values = [row[target.column] for row, target in zip(rows, targets, strict=True)]
    if config.task == "regression":
        return [
            Outcome(logit, None, target, 0, value)
            for logit, target, value in zip(explained.tolist(), targets, values, strict=True)
        ]
    probabilities = (explained / temperature).sigmoid().tolist()
    # The sign of a binary model's logit is its class, and its size that of the class's own logit.
    return [
        Outcome(logit, probability, target, int(value > 0), abs(value))
        for logit, probability, target, value in zip(
            explained.tolist(), probabilities, targets, values, strict=True
        )
    ]


def _class_outcomes(
    logits: Float[Tensor, "batch classes"],
    explained: Float[Tensor, " batch"],
    probabilities: Float[Tensor, "batch classes"],
    targets: Sequence[Target],
) -> list[Outcome]:
    rows = logits.tolist()
    predictions = logits.argmax(1).tolist()
    return [
        Outcome(logit, probability[target.label], target, prediction, row[prediction])
        for logit, probability, target, prediction, row in zip(
            explained.tolist(), probabilities.tolist(), targets, predictions, rows, strict=True
        )
    ]


def resolve_targets(
    config: Task, logits: Float[Tensor, "batch outputs"], targets: Sequence[Target | None] | None
) -> list[Target]:
    """The targets, with a graph's predicted class if it has none."""
    labels = _predicted_labels(config, logits)
    chosen = targets or [None] * len(labels)
    return [
        _resolve(config, row, target or ANY) for row, target in zip(labels, chosen, strict=True)
    ]


ANY = Target(PREDICTED)
"""Whichever class of the first output is predicted."""


def _predicted_labels(config: Task, logits: Float[Tensor, "batch outputs"]) -> list[list[int]]:
    """The predicted class of each graph: one, or of a binary model one for each output."""
    if config.task == "multiclass":
        return logits.argmax(1, keepdim=True).tolist()  # (batch, 1)
    if config.task == "binary":
        return (logits > 0).long().tolist()  # (batch, outputs)
    return [[0] * config.outputs] * len(logits)


def _resolve(config: Task, labels: Sequence[int], target: Target) -> Target:
    """The target, with the predicted class of its output in place of `PREDICTED`."""
    if target.label != PREDICTED:
        return target
    if config.task == "multiclass":
        return Target(labels[0])
    return Target(labels[target.column], column=target.column)
