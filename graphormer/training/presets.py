"""The recipes of the shipped models: `molxai train --preset NAME` runs one, `molxai evaluate -m NAME` judges it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.public import bace, mnist
from graphormer.names import unknown
from graphormer.network.card import Card
from graphormer.network.model import Config
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.recipe import Recipe

logger = logging.getLogger(__name__)

Loader = Callable[[str | Path | None, str], LabelledGraphs]


@dataclass(frozen=True)
class Preset:
    """A model to train: architecture, recipe and data."""

    config: Config
    recipe: Recipe
    load: Loader
    """From the folder of the data sets and a part: train, test, and valid where the split has one."""
    targets: tuple[str, ...]
    classes: tuple[str, ...]
    unit: str = "logit"
    members: int = 1
    init: str = ""
    """Shipped model whose weights, but for the head, training begins with."""
    valid: bool = False
    """Whether the split has such a part."""


MOLECULE = Config(
    "binary", outputs=1, width=64, heads=4, layers=4, feedforward=128, readout="mean", dropout=0.1
)
"""The architecture of all shipped models of molecules, so that one may begin with another's weights."""

_BACE = Preset(
    MOLECULE,
    Recipe(
        epochs=5,
        batch_size=32,
        learning_rate=1e-3,
        structure_rate=20.0,
        weight_decay=0.1,
        environment_drop=0.3,
        recombined=7.5,
    ),
    lambda home, part: bace(home, "scaffold", part),
    targets=("BACE-1 inhibition",),
    classes=("inactive", "active"),
    init="descriptor-pretrained",
    valid=True,
)

_MNIST = Preset(
    Config("multiclass", outputs=10, width=80, heads=4, layers=4, feedforward=160),
    Recipe(
        epochs=24,
        batch_size=32,
        learning_rate=1e-3,
        averaging=0.9995,
        structure_rate=5.0,
        weight_decay=0.05,
        deformation=1.0,
    ),
    mnist,
    targets=("digit",),
    classes=tuple("0123456789"),
    valid=True,
)

PRESETS = {
    "bace": _BACE,
    "bace-ensemble": replace(_BACE, members=5),
    "bace-pic50": replace(
        _BACE,
        config=replace(MOLECULE, task="regression", output_bias=True),
        recipe=replace(_BACE.recipe, epochs=20, recombined=0.0),
        load=lambda home, part: bace(home, "scaffold", part, label="pIC50"),
        targets=("pIC50",),
        classes=(),
        unit="log units",
    ),
    "mnist": _MNIST,
    "mnist-plain": replace(
        _MNIST,
        recipe=Recipe(epochs=16, batch_size=32, learning_rate=1e-3, averaging=0.999),
        load=lambda home, part: mnist(home, "official train" if part == "train" else part),
        valid=False,
    ),
}
"""`mnist` is the more accurate of the two models of digits, `mnist-plain` the one whose explanations point more faithfully."""


def preset(name: str) -> Preset:
    """The recipe of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in PRESETS:
        raise ValueError(unknown("preset named", name, PRESETS))
    return PRESETS[name]


def preset_of(card: Card) -> Preset:
    """The recipe that a model was trained with.

    Raises:
        ValueError: the card names none.
    """
    name = card.training.get("preset", card.training.get("data"))
    if name not in PRESETS:
        there = ", ".join(PRESETS)
        raise ValueError(
            f"the model {card.name!r} was trained on data of your own: only those of the presets {there} come with test data"
        )
    return PRESETS[name]


def train_preset(
    name: str,
    folder: Path,
    home: str | Path | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    machine: Machine = MACHINE,
) -> tuple[Path, Card]:
    """Train a preset into `folder`, going on from an interrupted run there; returns the weights file and its card.

    Args:
        name: of the preset, and of the model.
        folder: for the model, and for the checkpoint of every epoch.
        home: folder of the data sets.
        epochs: other than the recipe's.
        seed: other than the recipe's.
        machine: where.

    Raises:
        ValueError: no such preset, or the folder holds an unfinished run with other settings.
    """
    from graphormer.training.run import Origin, Problem, train, trunk

    chosen = preset(name)
    recipe = replace(
        chosen.recipe,
        epochs=epochs or chosen.recipe.epochs,
        seed=chosen.recipe.seed if seed is None else seed,
    )
    logger.info("reading %s", name)
    parts = {
        part: chosen.load(home, part)
        for part in ("train", *(["valid"] if chosen.valid else []), "test")
    }
    problem = Problem(name, chosen.targets, chosen.classes, parts, chosen.unit)
    start = trunk(chosen.init, chosen.config) if chosen.init else None
    origin = Origin(_command(name, epochs, seed), chosen.init, name)
    return train(problem, chosen.config, recipe, folder, origin, chosen.members, machine, start)


def _command(name: str, epochs: int | None, seed: int | None) -> str:
    given = [("--epochs", epochs), ("--seed", seed)]
    return " ".join(
        [
            "molxai train --preset",
            name,
            "-o",
            name,
            *(f"{flag} {value}" for flag, value in given if value is not None),
        ]
    )
