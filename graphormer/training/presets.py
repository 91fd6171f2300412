"""The recipes of the shipped models.

`molxai train --preset NAME` runs one, `molxai evaluate -m NAME` judges the model.
"""

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
from graphormer.training.recipe import SINGLE, Composition, Recipe

logger = logging.getLogger(__name__)

Loader = Callable[[str | Path | None, str], LabelledGraphs]
"""From the folder of the data sets and a part to the graphs: train, test, and valid if any."""


@dataclass(frozen=True)
class Preset:
    """A model to train: architecture, recipe and data."""

    config: Config
    recipe: Recipe
    load: Loader
    targets: tuple[str, ...]
    classes: tuple[str, ...]
    unit: str = "logit"
    composition: Composition = SINGLE
    init: str = ""
    """Shipped model whose weights, except the head's, training begins with."""
    valid: bool = False
    """Whether the split has a valid part."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the split's parts."""
        return ("train", "valid", "test") if self.valid else ("train", "test")


MOLECULE = Config(
    "binary", outputs=1, width=64, heads=4, layers=4, feedforward=128, readout="mean", dropout=0.1
)
"""The architecture of all shipped models of molecules.

They share it, so that a model may begin with another's weights.
"""

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
    "bace-ensemble": replace(_BACE, composition=Composition(networks=5)),
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
"""The shipped models by name.

Of the two models of digits, `mnist` is more accurate, and the explanations of `mnist-plain` are
more faithful.
"""


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
        raise ValueError(
            f"the model {card.name!r} was trained on data of your own: "
            f"only those of the presets {', '.join(PRESETS)} come with test data"
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
    """Train a preset into `folder`; returns the weights file and its card.

    An interrupted run there goes on.

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
    from graphormer.training.problem import Origin, Problem
    from graphormer.training.run import train
    from graphormer.training.start import trunk

    named_preset = preset(name)
    config = named_preset.config
    recipe = named_preset.recipe
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    if seed is not None:
        recipe = replace(recipe, seed=seed)
    logger.info("reading %s", name)
    parts = {part: named_preset.load(home, part) for part in named_preset.parts}
    problem = Problem(name, named_preset.targets, named_preset.classes, parts, named_preset.unit)
    start = trunk(named_preset.init, config) if named_preset.init else None
    origin = Origin(_command(name, epochs, seed), named_preset.init, name)
    return train(problem, config, recipe, folder, origin, named_preset.composition, machine, start)


def _command(name: str, epochs: int | None, seed: int | None) -> str:
    """The command that repeats the training."""
    command = f"molxai train --preset {name} -o {name}"
    if epochs is not None:
        command += f" --epochs {epochs}"
    if seed is not None:
        command += f" --seed {seed}"
    return command
