"""Pretraining a trunk on the descriptors of many molecules."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from graphormer.files import digest
from graphormer.network.card import Card
from graphormer.pretraining.corpus import descriptor_graphs, skeletons
from graphormer.training.machine import MACHINE, Machine
from graphormer.training.presets import MOLECULE
from graphormer.training.problem import Origin, Problem
from graphormer.training.recipe import Recipe
from graphormer.training.run import train
from graphormer.training.tables import refuse_overwriting

logger = logging.getLogger(__name__)

NAME = "descriptor-pretrained"
"""Name of the model."""

TRUNK = Recipe(
    epochs=12,
    batch_size=64,
    learning_rate=2e-3,
    structure_rate=20.0,
    environment_drop=0.3,
    averaging=0.999,
)
"""How the shipped trunk is pretrained."""

HELD_OUT = 50
"""Every 50th molecule is held out, to see how well descriptors are learnt."""


def pretrain(
    sources: Sequence[Path],
    exclude: Sequence[Path],
    folder: Path,
    command: str,
    epochs: int | None = None,
    seed: int = 0,
    machine: Machine = MACHINE,
) -> tuple[Path, Card]:
    """Train a trunk on the descriptors of molecules; returns the weights file and its card.

    Args:
        sources: tables of molecules.
        exclude: tables of molecules that are left out.
        folder: for the model; an interrupted run there goes on.
        command: that repeats the training, for the card.
        epochs: other than those of `TRUNK`.
        seed: of the training.
        machine: where to train.

    Raises:
        FileNotFoundError: a table is missing.
        ValueError: a table cannot be read or would be overwritten, or nothing is left.
    """
    refuse_overwriting([*sources, *exclude], folder)
    data, census = descriptor_graphs(sources, skeletons(exclude))
    logger.info("%s", census)
    train_rows = [row for row in range(len(data)) if (row + 1) % HELD_OUT]
    valid_rows = [row for row in range(len(data)) if not (row + 1) % HELD_OUT]
    parts = {"train": data.part(train_rows, "train"), "valid": data.part(valid_rows, "valid")}
    exclusions = [f"no molecule of {path.name}, sha256 {digest(path)}" for path in exclude]
    notes = (str(census), *exclusions)
    problem = Problem(NAME, census.names, (), parts, "standard deviations", notes)
    config = replace(MOLECULE, task="regression", outputs=len(census.names), dropout=0.0)
    recipe = replace(TRUNK, epochs=epochs or TRUNK.epochs, seed=seed)
    return train(problem, config, recipe, folder, Origin(command), machine=machine)
