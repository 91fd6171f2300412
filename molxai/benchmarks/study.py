"""A task with its data: what is trained on, what is explained, and what had to be left out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import torch

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.splits import random_split
from graphormer.evaluation.measures import evaluate
from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card, row_ranges
from graphormer.network.checkpoint import load, save, versions
from graphormer.network.ensemble import Model
from graphormer.training.recipe import Recipe
from molxai.benchmarks.tasks import BENZENE, Task, adapted, task_named
from molxai.benchmarks.truth import Fields, Known, Reading

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Study:
    """The two parts of a task's data."""

    task: Task
    train: list[Known]
    test: list[Known]
    split: str
    """How the parts were made, and what the truth is: all that decides what a model learns, but its recipe."""
    skipped: list[str]
    """A line for each molecule that could not be read."""
    files: dict[str, dict[str, str]]
    """File and sha256 of each part, by part."""

    def labelled(self, part: str) -> LabelledGraphs:
        """The part `train` or `test` as the model takes it."""
        known = self.train if part == "train" else self.test
        graphs, rows = [one.molecule.graph for one in known], [one.row for one in known]
        labels = torch.tensor([[one.label] for one in known], dtype=torch.float32)
        return LabelledGraphs(
            self.task.name,
            MOLECULES,
            graphs,
            labels,
            rows,
            f"{self.split}: {part}",
            self.files[part],
        )

    @property
    def without_truth(self) -> int:
        """Molecules of the test part, in the explained class, with nothing to find: all their atoms, or none, are the truth."""
        return sum(
            not self.task.judges(one) for one in self.test if one.label or not self.task.binary
        )

    def judged(self, sample: int | None, seed: int) -> list[Known]:
        """The molecules of the test part that have a truth to find, or so many of them drawn at random.

        Raises:
            ValueError: there are none.
        """
        found = [one for one in self.test if self.task.judges(one)]
        if not found:
            raise ValueError(
                "the test part holds no molecule of which some atoms, but not all, are the truth: nothing can be judged"
            )
        if sample is None or sample >= len(found):
            return found
        return [
            found[i]
            for i in sorted(np.random.default_rng(seed).permutation(len(found))[:sample].tolist())
        ]


def study(
    name: str, data: Path, test_data: Path | None, fields: Fields, classes: bool, seed: int
) -> Study:
    """Read a task's data and part them.

    With `test_data`, that is the test part and `data` the train part. Otherwise the column `split` decides where there
    is one, else chance: 80 % train, 20 % test.

    Args:
        name: of the task.
        data: file of molecules.
        test_data: another one of the same kind.
        fields: where the files hold what.
        classes: the task `labels` is one of two classes.
        seed: of the random split.

    Raises:
        ValueError: no such task, a file that does not fit it, or parts that cannot be learnt from or judged.
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
    other = task.read(test_data, fields) if test_data else None
    train, test, split = _parts(data, reading, other, seed)
    task = adapted(task, classes, reading.molecules)
    _check(task, train, "train")
    _check(task, test, "test")
    about = f"{split}; {_meaning(name, fields)}"
    skipped = reading.skipped + (other.skipped if other else [])
    return Study(
        task,
        train,
        test,
        about,
        skipped,
        {"train": reading.sha256, "test": (other or reading).sha256},
    )


def trained(
    prepared: Study, recipe: Recipe, folder: Path, device: str, progress: bool
) -> tuple[Model, Card]:
    """The model in the folder where there is one, else a trained one that is then there.

    Raises:
        ValueError: the model in the folder was made from other data or in another way.
    """
    from graphormer.training.fit import fit
    from graphormer.training.machine import Machine

    task, train = prepared.task, prepared.labelled("train")
    identity = {
        "data": task.name,
        "sha256": train.sha256,
        "split": train.split,
        "graphs": len(train),
        "recipe": recipe.to_dict(),
    }
    if (folder / f"{task.name}.safetensors").exists():
        network, card = load(folder / f"{task.name}.safetensors")
        differing = [name for name, value in identity.items() if card.training.get(name) != value]
        if differing or card.config != task.config:
            others = ", ".join(differing or ["configuration"])
            raise ValueError(
                f"{folder} holds a model with another {others}: repeat the command it was made with, or choose another folder"
            )
        logger.info("taking the model in %s", folder)
        return network, card
    network = fit(task.config, recipe, train, folder, Machine(device, progress=progress))
    card = Card(
        task.name,
        task.config,
        MOLECULES.name,
        (task.name,),
        task.classes,
        unit="logit" if task.binary else "value",
        training=identity | {"rows": row_ranges(train.rows)},
        metrics={
            "data": prepared.split,
            "graphs": len(prepared.test),
            **evaluate(network, prepared.labelled("test")),
        },
        date=date.today().isoformat(),
        versions=versions(),
    )
    save(network, card, folder)
    return network, card


def _parts(
    data: Path, reading: Reading, other: Reading | None, seed: int
) -> tuple[list[Known], list[Known], str]:
    known = reading.molecules
    if other:
        return known, other.molecules, "a file for each part"
    if any(one.part for one in known):
        train, test = (
            [one for one in known if one.part == "train"],
            [one for one in known if one.part == "test"],
        )
        if not train or not test:
            found = ", ".join(sorted({one.part or "nothing" for one in known})[:5])
            raise ValueError(f"{data}: the column split holds {found}; train and test are needed")
        others = len(known) - len(train) - len(test)
        return (
            train,
            test,
            "the file's own parts"
            + (f", {others} molecules of other parts left out" if others else ""),
        )
    parts = random_split(len(known), seed)
    return (
        [known[i] for i in parts.train],
        [known[i] for i in parts.valid + parts.test],
        f"random 80/20, seed {seed}",
    )


def _meaning(name: str, fields: Fields) -> str:
    if name in ("n-minus-o", "labels"):
        return f"label {fields.label!r}, atoms {fields.truth!r}"
    patterns = fields.smarts or ((BENZENE,) if name == "benzene" else ())
    return f"SMARTS {' or '.join(patterns)}" if patterns else name


def _check(task: Task, known: Sequence[Known], part: str) -> None:
    labels = {one.label for one in known}
    if task.binary and not labels <= {0.0, 1.0}:
        raise ValueError(
            f"the {part} part has the labels {sorted(labels)[:5]}: a class is 0 or 1; a value needs a regression"
        )
    if len(labels) < 2:
        meaning = (
            f"all are '{task.classes[int(min(labels))]}'"
            if task.binary and labels
            else "all labels are equal"
        )
        raise ValueError(
            f"the {part} part has {len(known)} molecules, {meaning if labels else 'none'}: two different labels are needed"
        )
