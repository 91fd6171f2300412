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
    """Number of the row in the file, counted from 0."""
    row: Row
    graph: Graph
    text: str
    """Canonical SMILES; of a picture its number in words."""


class LabelledExample(NamedTuple):
    """A row that a model can be judged on."""

    example: Example
    labels: list[float]
    """Labels in the model's terms, one for each of its targets; NaN if missing."""


@dataclass(frozen=True)
class LeftOut:
    """A row that is left out."""

    row: int
    text: str
    reason: str


Usable = TypeVar("Usable", Example, LabelledExample)


def separate(rows: Iterable[Usable | LeftOut]) -> tuple[list[Usable], list[LeftOut]]:
    """The rows that can be used, and those that are left out."""
    usable: list[Usable] = []
    left_out: list[LeftOut] = []
    for row in rows:
        if isinstance(row, LeftOut):
            left_out.append(row)
        else:
            usable.append(row)
    return usable, left_out


def with_known_labels(
    example: Example | LeftOut, columns: Sequence[str], card: Card
) -> LabelledExample | LeftOut:
    """The example with its labels in a model's terms, or why the model cannot be judged on it.

    Args:
        example: a row as it was read.
        columns: of the labels, in the order of the model's targets.
        card: of the model.
    """
    if isinstance(example, LeftOut):
        return example
    fields = example.row.fields
    try:
        labels = [
            known_label(column, fields.get(column, ""), card.config.task, card.classes)
            for column in columns
        ]
    except ValueError as error:
        return LeftOut(example.number, example.text, str(error))
    if all(map(math.isnan, labels)):
        return LeftOut(example.number, example.text, UNLABELLED)
    return LabelledExample(example, labels)


def evaluation_set(
    path: Path,
    vocabulary: Vocabulary,
    card: Card,
    rows: Sequence[LabelledExample],
    left_out: Sequence[LeftOut],
    part: str,
) -> LabelledGraphs:
    """The labelled rows of a file, for a model to be judged on.

    Raises:
        ValueError: there are none.
    """
    if not rows:
        first = f"; row {left_out[0].row}: {left_out[0].reason}" if left_out else ""
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
