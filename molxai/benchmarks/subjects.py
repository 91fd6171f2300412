"""What a benchmark is run on: graphs of a model's own test set or of the user's files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graphormer.graphs.graph import Graph
from graphormer.readers.tables import AS_FOUND, Layout
from graphormer.training.presets import preset_of
from molxai.explanation.explainer import Explainer, graph_in
from molxai.explanation.inputs import read_inputs
from molxai.explanation.target import Target


@dataclass(frozen=True)
class Subjects:
    """Graphs in the order in which they are used; a method that runs on fewer takes the first."""

    about: str
    graphs: list[Graph]
    labels: list[Target] | None
    """True classes; None if they are not known."""
    rows: list[int]
    """The row of each graph in its source."""


def test_subjects(explainer: Explainer, sample: int, home: str | Path | None = None) -> Subjects:
    """A random sample, always the same, of the test set of the data that a model was trained on.

    Raises:
        ValueError: the model's card names no data that are known here.
        OSError: the data are not there and cannot be downloaded.
    """
    data = preset_of(explainer.card).load(home, "test")
    rows = sample_of(len(data), sample)
    labels = None
    if explainer.card.config.task != "regression":
        values = data.labels if data.labels.ndim == 1 else data.labels[:, 0]
        labels = [Target(int(values[row])) for row in rows]
    return Subjects(
        f"{data.name} {data.split}",
        [data.graphs[row] for row in rows],
        labels,
        [data.rows[row] for row in rows],
    )


def given_subjects(
    explainer: Explainer,
    inputs: Sequence[str],
    sample: int,
    layout: Layout = AS_FOUND,
    label_column: str = "",
) -> Subjects:
    """A random sample, always the same, of the readable rows of the user's files.

    Raises:
        ValueError: no row can be read, or a label is no class of the model.
    """
    all_rows = read_inputs(inputs, layout, label_column)
    readable = [row for row in all_rows if row.subject is not None]
    if not readable:
        raise ValueError(
            f"none of the inputs {', '.join(inputs)} can be read: at least one is needed"
        )
    rows = [readable[place] for place in sample_of(len(readable), sample)]
    labels = [
        explainer.target(explainer.class_in_table(row.label)) if row.label else None for row in rows
    ]
    classes = [target for target in labels if target is not None]
    return Subjects(
        ", ".join(inputs),
        [graph_in(explainer.subject(row.subject)) for row in rows],
        classes if len(classes) == len(rows) else None,
        [row.row for row in rows],
    )


def sample_of(count: int, size: int) -> list[int]:
    """Places of a random sample, always the same; a smaller sample is the start of a larger one."""
    return np.random.default_rng(0).permutation(count)[:size].tolist()
