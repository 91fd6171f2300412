"""Weights to begin a training with: another model's trunk, and an output bias from the labels."""

from pathlib import Path

import torch
from torch import Tensor

from graphormer.network.checkpoint import load
from graphormer.network.ensemble import networks
from graphormer.network.model import Config

ARCHITECTURE = ("width", "heads", "layers", "feedforward", "activation", "norm", "bias")
"""Settings that two models must share if one begins with the other's weights."""

HEAD = "head."
"""Beginning of the names of weights that belong to the task."""


def trunk(model: str | Path, config: Config) -> dict[str, Tensor]:
    """The weights of a model except its head, to begin another one with.

    An ensemble gives those of its first member.

    Raises:
        ValueError: it is of another architecture.
    """
    network, card = load(model)
    differences = [
        name for name in ARCHITECTURE if getattr(card.config, name) != getattr(config, name)
    ]
    if differences:
        raise ValueError(
            f"the model {card.name!r} has another {', '.join(differences)}: "
            "one model of the same architecture is needed to begin with"
        )
    weights = networks(network)[0].state_dict().items()
    return {name: value for name, value in weights if not name.startswith(HEAD)}


def base_value(config: Config, labels: Tensor) -> dict[str, Tensor]:
    """The output bias to begin with, if the head has one: the prediction before a graph is seen.

    It is a class's log-odds among the labels, so that rare classes need no weights and
    probabilities stay calibrated. One graph of each class is added, so that it is finite. A
    regression begins at 0, the mean of its standardised labels.

    Example:
        Three of four graphs are of the second class; with one of each added, 4 to 2:

        >>> labels = torch.tensor([[1.0], [1.0], [0.0], [1.0]])
        >>> bias = base_value(Config("binary", outputs=1, output_bias=True), labels)["head.bias"]
        >>> bias.exp()
        tensor([2.])
    """
    has_bias = config.output_bias or config.bias
    if not has_bias or config.task == "regression":
        return {}
    if config.task == "multiclass":
        counts = torch.bincount(labels, minlength=config.outputs).float() + 1.0  # (outputs,)
        return {"head.bias": (counts / counts.sum()).log()}
    is_labelled = ~labels.isnan()  # (graphs, outputs)
    graphs = is_labelled.sum(0)  # (outputs,)
    positive = (labels.nan_to_num() * is_labelled).sum(0)  # (outputs,)
    odds = (positive + 1) / (graphs - positive + 1)
    return {"head.bias": odds.log().float()}
