"""The recipes of the shipped models: `molxai train --preset NAME` runs one, `molxai evaluate -m NAME` judges it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from graphormer.checkpoint import Card, row_ranges, save, versions
from graphormer.data import LabelledGraphs, bace, mnist
from graphormer.model import Config
from graphormer.prediction import evaluate
from graphormer.recipe import Recipe

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


PRESETS = {
    "bace": Preset(
        Config("binary", outputs=1, width=64, heads=4, layers=4, feedforward=128, dropout=0.1),
        Recipe(epochs=40, batch_size=32, learning_rate=1e-3, structure_rate=20.0),
        lambda home, part: bace(home, "scaffold", part),
        targets=("BACE-1 inhibition",),
        classes=("inactive", "active"),
    ),
    "mnist": Preset(
        Config("multiclass", outputs=10, width=80, heads=4, layers=4, feedforward=160),
        Recipe(epochs=16, batch_size=32, learning_rate=1e-3, averaging=0.999),
        mnist,
        targets=("digit",),
        classes=tuple("0123456789"),
    ),
}


def preset(name: str) -> Preset:
    """The recipe of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in PRESETS:
        raise ValueError(f"no preset named {name!r}: there are {', '.join(PRESETS)}")
    return PRESETS[name]


def preset_of(card: Card) -> Preset:
    """The recipe whose data a model was trained on.

    Raises:
        ValueError: the card names no such data.
    """
    data = card.training.get("data")
    if data not in PRESETS:
        there = ", ".join(PRESETS)
        raise ValueError(f"the card of {card.name!r} names the data {data!r}: only models trained on {there} come with test data")
    return PRESETS[data]


def train_preset(
    name: str,
    folder: Path,
    home: str | Path | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    device: str = "auto",
    progress: bool = True,
) -> tuple[Path, Card]:
    """Train a preset into `folder`, going on from an interrupted run there; returns the weights file and its card.

    Args:
        name: of the preset, and of the model.
        folder: for the model, and for the checkpoint of every epoch.
        home: folder of the data sets.
        epochs: other than the recipe's.
        seed: other than the recipe's.
        device: auto, cpu or cuda.
        progress: whether to draw a bar.

    Raises:
        ValueError: no such preset, or the folder holds an unfinished run with other settings.
    """
    from graphormer.training import fit

    chosen = preset(name)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: a folder is needed for the model and its checkpoints")
    recipe = replace(chosen.recipe, epochs=epochs or chosen.recipe.epochs, seed=chosen.recipe.seed if seed is None else seed)
    logger.info("reading %s", name)
    data = chosen.load(home, "train")
    model = fit(chosen.config, recipe, data, folder, device, progress)
    test = chosen.load(home, "test")
    card = Card(
        name,
        chosen.config,
        data.vocabulary.name,
        chosen.targets,
        chosen.classes,
        training={
            "data": data.name,
            "sha256": data.sha256,
            "split": data.split,
            "rows": row_ranges(data.rows),
            "graphs": len(data),
            "recipe": recipe.to_dict(),
            "command": _command(name, epochs, seed),
        },
        metrics={
            "data": f"{test.name} {test.split}",
            "graphs": len(test),
            **evaluate(model, test),
            "command": f"molxai evaluate -m {name}",
        },
        date=date.today().isoformat(),
        versions=versions(),
    )
    return save(model, card, folder), card


def _command(name: str, epochs: int | None, seed: int | None) -> str:
    given = [("--epochs", epochs), ("--seed", seed)]
    return " ".join(["molxai train --preset", name, "-o", name, *(f"{flag} {value}" for flag, value in given if value is not None)])
