"""Models that a benchmark trains once: a model that is in the folder already is used again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graphormer.network.card import Card
from graphormer.network.checkpoint import load
from graphormer.network.ensemble import Model
from graphormer.network.model import Config


def load_or_train(
    weights: Path,
    train: Callable[[], object],
    expected: Mapping[str, Any],
    config: Config | None = None,
) -> tuple[Model, Card]:
    """The model of a file, which is trained first if the file does not exist.

    Args:
        weights: the file.
        train: trains the model and writes the file.
        expected: entries that the card must have under `training`: what decides on the weights.
        config: that the model must have; None: any.

    Raises:
        ValueError: the model in the file was trained on other data or in another way.
    """
    if not weights.exists():
        train()
    network, card = load(weights)
    differing = [name for name, value in expected.items() if card.training.get(name) != value]
    if config is not None and card.config != config and not differing:
        differing = ["configuration"]
    if differing:
        raise ValueError(
            f"{weights.parent} holds a model with another {', '.join(differing)}: "
            "repeat the command it was made with, or choose another folder"
        )
    return network, card
