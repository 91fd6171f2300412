"""One row of a user's file: an example to learn or to be judged on, or why it is left out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.targets import known_label
from graphormer.files import digest
from graphormer.graphs.graph import Graph
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.card import Card
from graphormer.readers.tables import Row

UNLABELLED = "no label"
"""Reason for leaving out a row none of whose labels is known."""


class Example(NamedTuple):
    """A row that can be read."""

    number: int
    """Of the row in the file, counted from 0."""
    row: Row
    graph: Graph
    text: str
    """Canonical SMILES; of a picture its number in words."""


class LabelledExample(NamedTuple):
    """A row that a model can be judged on."""

    example: Example
    labels: list[float]
    """As the model has them, one for each of its targets; NaN if missing."""


@dataclass(frozen=True)
class Skipped:
    """A row that is left out."""

    row: int
    text: str
    reason: str


Usable = TypeVar("Usable", Example, LabelledExample)


def separate(rows: Iterable[Usable | Skipped]) -> tuple[list[Usable], list[Skipped]]:
    """The rows that can be used, and those that are left out."""
    usable: list[Usable] = []
    skipped: list[Skipped] = []
    for row in rows:
        if isinstance(row, Skipped):
            skipped.append(row)
        else:
            usable.append(row)
    return usable, skipped


def with_known_labels(
    example: Example | Skipped, columns: Sequence[str], card: Card
) -> LabelledExample | Skipped:
    """The example with its labels in a model's terms, or why the model cannot be judged on it.

    Args:
        example: a row as it was read.
        columns: of the labels, in the order of the model's targets.
        card: of the model.
    """
    if isinstance(example, Skipped):
        return example
    fields = example.row.fields
    try:
        labels = [
            known_label(column, fields.get(column, ""), card.config.task, card.classes)
            for column in columns
        ]
    except ValueError as error:
        return Skipped(example.number, example.text, str(error))
    if all(map(math.isnan, labels)):
        return Skipped(example.number, example.text, UNLABELLED)
    return LabelledExample(example, labels)


def evaluation_set(
    path: Path,
    vocabulary: Vocabulary,
    card: Card,
    rows: Sequence[LabelledExample],
    skipped: Sequence[Skipped],
    part: str,
) -> LabelledGraphs:
    """The labelled rows of a file, for a model to be judged on.

    Raises:
        ValueError: there are none.
    """
    if not rows:
        first = f"; row {skipped[0].row}: {skipped[0].reason}" if skipped else ""
        raise ValueError(f"{path} has no labelled row to judge the model on{first}")
    labels = torch.tensor([row.labels for row in rows], dtype=torch.float32)  # (rows, targets)
    if card.config.task == "multiclass":
        labels = labels[:, 0].long()  # (rows,)
    return LabelledGraphs(
        path.stem,
        vocabulary,
        [row.example.graph for row in rows],
        labels,
        [row.example.number for row in rows],
        part,
        {path.name: digest(path)},
    )
