"""A model is trained once: the one that its folder holds is used again."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from graphormer.network.card import Card
from graphormer.network.checkpoint import load
from graphormer.network.ensemble import Model
from graphormer.network.model import Config

logger = logging.getLogger(__name__)


def load_or_train(
    folder: Path,
    name: str,
    train: Callable[[], object],
    training: Mapping[str, object],
    config: Config | None = None,
) -> tuple[Model, Card]:
    """The model in a folder, trained into it first unless it is there.

    Args:
        folder: of the model.
        name: of the model.
        train: trains the model and saves it into the folder.
        training: what the card must say of the training, by key: the recipe, the data.
        config: the architecture that the model must have; None: any.

    Raises:
        ValueError: the model in the folder was trained on other data or in another way.
    """
    weights = folder / f"{name}.safetensors"
    if weights.exists():
        logger.info("taking the model in %s", folder)
    else:
        train()
    model, card = load(weights)
    differences = [key for key, value in training.items() if card.training.get(key) != value]
    if config is not None and card.config != config:
        differences.append("configuration")
    if differences:
        raise ValueError(
            f"{folder} holds a model with another {', '.join(differences)}: "
            "repeat the command it was made with, or choose another folder"
        )
    return model, card
