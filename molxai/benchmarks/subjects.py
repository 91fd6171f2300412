"""What a benchmark is run on: a model's own test set, or the user's files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graphormer.network.card import Card
from graphormer.readers.tables import AS_FOUND, Layout, as_text
from graphormer.training.presets import preset_of
from molxai.batch.rows import fit
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.explainer import graph_in
from molxai.explanation.inputs import Inputs
from molxai.explanation.sentence import Sentence
from molxai.explanation.target import Target


@dataclass(frozen=True)
class Subjects:
    """Inputs in the order in which they are used; a method that runs on fewer takes the first."""

    about: str
    inputs: list[Any]
    """Graphs, or sentences of a language model."""
    labels: list[Target] | None
    """True classes; None if they are not known."""
    rows: list[int]
    """The row of each in its source."""
    what: str = "graphs"
    """What the inputs are called."""
    marks: list[str] | None = None
    """The words of each text that people have marked."""


def test_subjects(
    explainer: BaseExplainer, sample: int, home: str | Path | None = None
) -> Subjects:
    """A random sample, always the same, of the test set of the data that a model was trained on.

    Raises:
        ValueError: the model's card names no data that are known here.
        OSError: the data are not there and cannot be downloaded.
    """
    card = explainer.card
    if not isinstance(card, Card):
        raise ValueError(f"the model {card.name!r} has no test data of its own: name a file")
    data = preset_of(card).load(home, "test")
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
    explainer: BaseExplainer,
    sources: Sequence[str],
    sample: int,
    layout: Layout = AS_FOUND,
    label_column: str = "",
    marked_column: str = "",
) -> Subjects:
    """A random sample, always the same, of the readable rows of the user's files.

    Raises:
        ValueError: no row can be read, or a label is no class of the model.
    """
    given = Inputs(sources, layout, label_column, explainer.reads == "texts")
    for table in given.tables() if marked_column else ():
        table.column(marked_column, "--marked-column")
    rows_as_read = (fit(explainer, row) for row in given.read())
    readable = [row for row in rows_as_read if row.subject is not None]
    if not readable:
        raise ValueError(
            f"none of the inputs {', '.join(sources)} can be read: at least one is needed"
        )
    rows = [readable[place] for place in sample_of(len(readable), sample)]
    labels = [
        explainer.target(explainer.class_in_table(row.label)) if row.label else None for row in rows
    ]
    classes = [target for target in labels if target is not None]
    return Subjects(
        ", ".join(sources),
        [_as_given(explainer.subject(row.subject)) for row in rows],
        classes if len(classes) == len(rows) else None,
        [row.row for row in rows],
        "texts" if explainer.reads == "texts" else "graphs",
        [as_text(row.extras.get(marked_column)) for row in rows] if marked_column else None,
    )


def _as_given(subject: Any) -> Any:
    """What the network takes: the graph of a molecule or digit, or a sentence."""
    return subject if isinstance(subject, Sentence) else graph_in(subject)


def sample_of(count: int, size: int) -> list[int]:
    """Places of a random sample, always the same; a smaller sample is the start of a larger one."""
    return np.random.default_rng(0).permutation(count)[:size].tolist()
