"""What queues do: rows in, rows of JSON out, a chunk at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.slic import SEGMENTS
from graphormer.readers.tables import as_text
from molxai.batch.question import Question
from molxai.batch.records import column_names, prediction_record, record
from molxai.batch.rows import CHUNK, USUAL_NODES, cost, predict_rows, similarities
from molxai.batch.worker import Answer, explain_in_steps, structure_block
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.entry import Entry
from molxai.explanation.explainer import Explainer
from molxai.explanation.method import Method
from molxai.explanation.record import Record
from molxai.pages.measured import measured
from molxai.pages.view import view

QUICK_PASSES = 500
"""Passes of usual graphs that the short queue takes on at once: about a second on one core."""

STEP = 32
"""Inputs of a chunk at most: a second's work, with what a page needs to draw them."""

MOST_COLUMNS = 6
"""Columns of a table that views hold from the beginning; a page asks for more by name."""


@dataclass(frozen=True)
class Row:
    """The answer to one input as JSON.

    Results wait in memory, and text takes a tenth of what dictionaries take.
    """

    own_records: tuple[str, ...]
    """A record for each method, without the table's other columns."""
    view: str
    """What a page shows of it; `null` if that was not asked for."""
    faulty: bool
    """Whether no method gave an explanation."""
    block: str = ""
    """The mol block of a molecule that came with coordinates."""
    extras: str = "{}"
    """The table's other columns, held once for all methods."""

    @property
    def records(self) -> list[str]:
        """A record for each method."""
        if self.extras == "{}":
            return list(self.own_records)
        return [f"{text[:-1]}, {self.extras[1:]}" for text in self.own_records]


def is_quick(methods: Sequence[Method], entries: Sequence[Entry], most: int = QUICK_PASSES) -> bool:
    """Whether the work is done in about a second: few passes, of graphs that are not large."""
    if any(method.largest is not None for method in methods):  # seconds, whatever their passes
        return False
    return passes_of(methods, entries) <= most


def passes_of(methods: Sequence[Method], entries: Sequence[Entry]) -> float:
    """The work in passes of usual graphs, by the sizes that the inputs have at most."""
    passes = 0.0
    for entry in entries:
        nodes = _most_nodes(entry)
        size = max(1.0, nodes / USUAL_NODES)
        passes += size * sum(sum(method.passes(nodes)) for method in methods)
    return passes


def _most_nodes(entry: Entry) -> int:
    """Nodes of the graph at most, without reading it."""
    if entry.kind == "smiles":
        return len(entry.content)
    return entry.content.count("\n") if entry.kind == "block" else SEGMENTS


@dataclass(frozen=True)
class Work:
    """What is done with each input."""

    question: Question
    explainers: tuple[BaseExplainer, ...]
    """One model, with each of the question's methods."""
    views: bool
    """Whether a page is to draw the inputs."""

    @property
    def methods(self) -> tuple[str, ...]:
        """Ids of the methods, in order."""
        return self.question.methods

    @property
    def step(self) -> int:
        """Inputs that are explained together."""
        return min(STEP, *(max(1, CHUNK // cost(explainer)) for explainer in self.explainers))

    def rows(self, entries: Sequence[Entry]) -> Iterator[list[Row]]:
        """Every input by every method, in chunks of about a second's work.

        Between them come empty lists, at which the work may stop.
        """
        question = self.question
        inputs = (entry.read(question.max_atoms) for entry in entries)
        for chunk in explain_in_steps(self.explainers, inputs, question, self.step):
            nearness: Sequence[float | None] = [None] * len(chunk)
            if self.views:
                nearness = similarities(self.explainers[0], [answer.input for answer in chunk])
            yield [
                with_extras(self._row(answer, similarity), answer.input.extras)
                for answer, similarity in zip(chunk, nearness, strict=True)
            ]

    def _row(self, answer: Answer, similarity: float | None) -> Row:
        question = self.question
        records = tuple(
            text(record(row, explanation, question.features, question.scheme))
            for row, explanation in answer.explained
        )
        view_text = text(self._view(answer, similarity)) if self.views else "null"
        faulty = not any(explanation for _, explanation in answer.explained)
        return Row(records, view_text, faulty, _given_block(answer.input.subject))

    def _view(self, answer: Answer, similarity: float | None) -> Record:
        """What a page shows.

        If some methods gave nothing and others did, `refused` has the reasons.
        """
        explanations = [explanation for _, explanation in answer.explained if explanation]
        if not explanations:
            first_row, _ = answer.explained[0]
            return view(replace(answer.input, error=first_row.error), [])
        refused = {
            method: row.error
            for method, (row, explanation) in zip(
                self.question.methods, answer.explained, strict=True
            )
            if explanation is None
        }
        content = view(answer.input, explanations, similarity)
        content |= measured(self.explainers[0], answer.input, content)
        return content | ({"refused": refused} if refused else {})


def _given_block(subject: Any) -> str:
    """The mol block of a molecule that came with coordinates; those of others can be computed."""
    has_coordinates = isinstance(subject, Molecule) and subject.mol.GetNumConformers()
    return structure_block(subject) or "" if has_coordinates else ""


def with_extras(row: Row, columns: Mapping[str, Any]) -> Row:
    """The row with the table's other columns, by the names that they have in records."""
    if not columns:
        return row
    names = column_names(list(columns))
    extras = {names[name]: as_text(value) for name, value in columns.items()}
    view_text = row.view
    if view_text != "null":
        few = dict(islice(extras.items(), MOST_COLUMNS))
        view_text = f'{view_text[:-1]}, "extras": {text(few)}}}'
    return replace(row, view=view_text, extras=text(extras))


def predicted_rows(
    explainer: Explainer, question: Question, entries: Sequence[Entry]
) -> Iterator[list[Row]]:
    """What the model predicts for each input, without relevances."""
    inputs = (entry.read(question.max_atoms) for entry in entries)
    for row, prediction in predict_rows(explainer, inputs, question.target):
        content = text(prediction_record(row, prediction, explainer.card))
        yield [Row((content,), "null", prediction is None)]


def text(content: Any) -> str:
    """JSON, in which whatever the user typed is plain ASCII."""
    return json.dumps(content)
