"""What a benchmark is run on: graphs of a model's own test data or of the user's files, with their classes where known."""

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
    """Graphs in the order in which they are used; a method that is run on fewer takes the first ones."""

    about: str
    graphs: list[Graph]
    labels: list[Target] | None
    """True classes; None where they are not known."""
    rows: list[int]
    """Of each graph in its source."""


def test_subjects(explainer: Explainer, sample: int, home: str | Path | None = None) -> Subjects:
    """A random sample, always the same, of the test part of the data that a model was trained on.

    Raises:
        ValueError: the model's card names no data that are known here.
        OSError: the data are not there and cannot be downloaded.
    """
    data = preset_of(explainer.card).load(home, "test")
    chosen = np.random.default_rng(0).permutation(len(data))[:sample].tolist()
    values = data.labels if data.labels.ndim == 1 else data.labels[:, 0]
    labels = (
        None
        if explainer.card.config.task == "regression"
        else [Target(int(values[row])) for row in chosen]
    )
    return Subjects(
        f"{data.name} {data.split}",
        [data.graphs[row] for row in chosen],
        labels,
        [data.rows[row] for row in chosen],
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
    readable = [one for one in read_inputs(inputs, layout, label_column) if one.subject is not None]
    if not readable:
        raise ValueError(
            f"none of the inputs {', '.join(inputs)} can be read: at least one is needed"
        )
    chosen = [readable[i] for i in np.random.default_rng(0).permutation(len(readable))[:sample]]
    graphs = [graph_in(explainer.subject(one.subject)) for one in chosen]
    known = [
        explainer.target(explainer.class_in_table(one.label)) if one.label else None
        for one in chosen
    ]
    labels = [one for one in known if one is not None]
    return Subjects(
        ", ".join(inputs),
        graphs,
        labels if len(labels) == len(graphs) else None,
        [one.row for one in chosen],
    )
