"""A task with its data: what is trained on, what is explained, and what had to be left out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.splits import random_split
from graphormer.evaluation.measures import evaluate
from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card, row_ranges
from graphormer.network.checkpoint import save, versions
from graphormer.network.ensemble import Model
from graphormer.training.recipe import Recipe
from molxai.benchmarks.models import load_or_train
from molxai.benchmarks.tasks import BENZENE, Task, adapt, task_named
from molxai.benchmarks.truth import Example, Fields, Reading

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Study:
    """The training and the test set of a task."""

    task: Task
    train: list[Example]
    test: list[Example]
    split: str
    """How the sets were made, and what the truth is: all that decides what a model learns, except
    its recipe."""
    skipped: list[str]
    """A line for each molecule that could not be used."""
    files: dict[str, dict[str, str]]
    """File and sha256 of each set, by its name."""

    def labelled(self, part: str) -> LabelledGraphs:
        """The set `train` or `test` as the model takes it."""
        molecules = self.train if part == "train" else self.test
        labels = torch.tensor(
            [[molecule.label] for molecule in molecules], dtype=torch.float32
        )  # (molecules, 1)
        return LabelledGraphs(
            self.task.name,
            MOLECULES,
            [molecule.molecule.graph for molecule in molecules],
            labels,
            [molecule.row for molecule in molecules],
            f"{self.split}: {part}",
            self.files[part],
        )

    @property
    def without_truth(self) -> int:
        """Test molecules of the explained class of which all atoms, or none, are the truth."""
        explained = [molecule for molecule in self.test if molecule.label or not self.task.binary]
        return sum(not self.task.judges(molecule) for molecule in explained)

    def judged(self, sample: int | None, seed: int) -> list[Example]:
        """The test molecules that have a truth to find, or so many of them drawn at random.

        Raises:
            ValueError: there are none.
        """
        molecules = [molecule for molecule in self.test if self.task.judges(molecule)]
        if not molecules:
            raise ValueError(
                "the test part holds no molecule of which some atoms, but not all, are the truth: "
                "nothing can be judged"
            )
        return _sample(molecules, sample, seed)

    def nulls(self, sample: int | None, seed: int) -> list[Example]:
        """The test molecules in which there is nothing to find, or so many drawn at random.

        None if the task is a regression, in which every atom may count.
        """
        if not self.task.binary:
            return []
        return _sample([molecule for molecule in self.test if not molecule.label], sample, seed)


def _sample(molecules: list[Example], sample: int | None, seed: int) -> list[Example]:
    if sample is None or sample >= len(molecules):
        return molecules
    places = np.random.default_rng(seed).permutation(len(molecules))[:sample].tolist()
    return [molecules[place] for place in sorted(places)]


def study(
    name: str, data: Path, test_data: Path | None, fields: Fields, classes: bool, seed: int
) -> Study:
    """Read a task's data and split them.

    With `test_data`, that file is the test set and `data` the training set. Otherwise the column
    `split` decides if there is one, else chance: 80 % train, 20 % test.

    Args:
        name: of the task.
        data: file of molecules.
        test_data: another one of the same kind.
        fields: where the files hold what.
        classes: the task `labels` is one of two classes.
        seed: of the random split.

    Raises:
        ValueError: no such task, a file that does not fit it, or sets that cannot be learnt from or
            judged.
        OSError: a file is missing.
    """
    task = task_named(name)
    for path in (data, *([test_data] if test_data else [])):
        if not path.is_file():
            raise FileNotFoundError(f"no file {str(path)!r}: check the path")
    if fields.smarts and name != "smarts":
        raise ValueError(
            f"patterns for the task {name!r}, whose truth is known without: use the task 'smarts'"
        )
    reading = task.read(data, fields)
    test_reading = task.read(test_data, fields) if test_data else None
    train, test, split = _split(data, reading, test_reading, seed)
    task = adapt(task, classes, reading.molecules)
    _check(task, train, "train")
    _check(task, test, "test")
    test_skipped = test_reading.skipped if test_reading else []
    files = {"train": reading.sha256, "test": (test_reading or reading).sha256}
    about = f"{split}; {_meaning(name, fields)}"
    return Study(task, train, test, about, reading.skipped + test_skipped, files)


def study_model(
    data: Study, recipe: Recipe, folder: Path, device: str, progress: bool
) -> tuple[Model, Card]:
    """The model in the folder if there is one, else a model that is trained there.

    Raises:
        ValueError: the model in the folder was made from other data or in another way.
    """
    task = data.task
    train = data.labelled("train")
    identity = {
        "data": task.name,
        "sha256": train.sha256,
        "split": train.split,
        "graphs": len(train),
        "recipe": recipe.to_dict(),
    }
    weights = folder / f"{task.name}.safetensors"
    if weights.exists():
        logger.info("taking the model in %s", folder)
    return load_or_train(
        weights,
        lambda: _train(data, train, identity, recipe, folder, device, progress),
        identity,
        task.config,
    )


def _train(
    data: Study,
    train: LabelledGraphs,
    identity: dict[str, Any],
    recipe: Recipe,
    folder: Path,
    device: str,
    progress: bool,
) -> None:
    """Train a model into the folder, with a card that holds its identity."""
    from graphormer.training.fit import fit
    from graphormer.training.machine import Machine
    from graphormer.training.scaling import UNSCALED, scaling_of

    task = data.task
    scaling = scaling_of(task.config, train.labels) if task.is_standardised else UNSCALED
    lesson = scaling.standardise(train)
    network = fit(task.config, recipe, lesson, folder, Machine(device, progress=progress))
    network = scaling.restore_unit(network)
    test_measures = evaluate(network, data.labelled("test"))
    card = Card(
        task.name,
        task.config,
        MOLECULES.name,
        (task.name,),
        task.classes,
        unit="logit" if task.binary else "value",
        training=identity | {"rows": row_ranges(train.rows)},
        metrics={"data": data.split, "graphs": len(data.test), **test_measures},
        date=date.today().isoformat(),
        versions=versions(),
    )
    save(network, card, folder)


def _split(
    data: Path, reading: Reading, test_reading: Reading | None, seed: int
) -> tuple[list[Example], list[Example], str]:
    """The training set, the test set, and how they were made."""
    molecules = reading.molecules
    if test_reading:
        return molecules, test_reading.molecules, "a file for each part"
    if any(molecule.part for molecule in molecules):
        return _file_split(data, reading)
    parts = random_split(len(molecules), seed)
    train = [molecules[place] for place in parts.train]
    test = [molecules[place] for place in parts.valid + parts.test]
    return train, test, f"random 80/20, seed {seed}"


def _file_split(data: Path, reading: Reading) -> tuple[list[Example], list[Example], str]:
    """The sets that the molecules name."""
    molecules = reading.molecules
    train = [molecule for molecule in molecules if molecule.part == "train"]
    test = [molecule for molecule in molecules if molecule.part == "test"]
    if not train or not test:
        names = sorted({molecule.part or "nothing" for molecule in molecules})
        raise ValueError(
            f"{data}: the column split holds {', '.join(names[:5])}; train and test are needed"
        )
    rest = len(molecules) - len(train) - len(test)
    left_out = f", {rest} molecules of other parts left out" if rest else ""
    return train, test, f"{reading.parts}{left_out}"


def _meaning(name: str, fields: Fields) -> str:
    """What the truth is, as far as the options decide it."""
    if name in ("n-minus-o", "labels"):
        return f"label {fields.label!r}, atoms {fields.truth!r}"
    patterns = (BENZENE,) if name == "benzene" else fields.smarts
    return f"SMARTS {' or '.join(patterns)}" if patterns else name


def _check(task: Task, molecules: Sequence[Example], part: str) -> None:
    """Labels must be ones that the task can learn.

    Raises:
        ValueError: they are no classes, or all the same.
    """
    labels = {molecule.label for molecule in molecules}
    if task.binary and not labels <= {0.0, 1.0}:
        raise ValueError(
            f"the {part} part has the labels {sorted(labels)[:5]}: "
            "a class is 0 or 1; a value needs a regression"
        )
    if len(labels) >= 2:
        return
    if not labels:
        meaning = "none"
    elif task.binary:
        meaning = f"all are '{task.classes[int(min(labels))]}'"
    else:
        meaning = "all labels are equal"
    raise ValueError(
        f"the {part} part has {len(molecules)} molecules, {meaning}: "
        "two different labels are needed"
    )
