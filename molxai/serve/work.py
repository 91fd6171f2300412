"""What lanes do: inputs in, rows of JSON out, a chunk at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from graphormer.graphs.superpixels import SEGMENTS
from graphormer.readers.tables import as_text
from molxai.batch.records import column_names, prediction_record, record
from molxai.batch.rows import CHUNK, USUAL, Explained, cost, explained, predictions, similarities
from molxai.chemistry.fragments import Scheme
from molxai.explanation.explainer import Explainer
from molxai.explanation.inputs import Entry, Input
from molxai.explanation.method import Method
from molxai.explanation.record import Record

QUICK_PASSES = 500
"""Passes for graphs of usual size that the quick lane takes on at once: on one core, about a second."""


STEP = 32
"""Inputs of a chunk at most: with what a page needs to draw them, a second's work."""

MOST_COLUMNS = 6
"""Of a table's own, that views hold; records hold all. A page of hundreds of columns would not open."""


@dataclass(frozen=True)
class Row:
    """What is said of one input, as JSON: results wait in memory, and text takes a tenth of what dictionaries take."""

    said: tuple[str, ...]
    """A record for each method, without the table's other columns."""
    extras: str
    """Those columns, held once for all methods."""
    view: str
    """What a page shows of it; `null` where it was not asked for."""
    faulty: bool
    """Whether there is no explanation by any method."""

    @property
    def records(self) -> list[str]:
        """A record for each method."""
        return [
            one if self.extras == "{}" else f"{one[:-1]}, {self.extras[1:]}" for one in self.said
        ]


def is_quick(methods: Sequence[Method], entries: Sequence[Entry], most: int = QUICK_PASSES) -> bool:
    """Whether the work is done in about a second: few passes, of graphs that are not large."""
    if any(one.largest is not None for one in methods):  # they take seconds whatever their passes
        return False
    sizes = [_nodes(entry) for entry in entries]
    return (
        sum(sum(one.passes(nodes)) * max(1.0, nodes / USUAL) for one in methods for nodes in sizes)
        <= most
    )


def _nodes(entry: Entry) -> int:
    """Nodes of the graph at most, without reading it."""
    if entry.kind == "smiles":
        return len(entry.content)
    return entry.content.count("\n") if entry.kind == "block" else SEGMENTS


@dataclass(frozen=True)
class Work:
    """What is done with each input."""

    explainers: tuple[Explainer, ...]
    """One model, by several methods."""
    target: str
    contrast: str | None
    features: bool
    """Whether records hold each node's split over its input features."""
    scheme: Scheme | None
    """How molecules are taken apart in the records, if at all."""
    views: bool
    max_atoms: int

    @property
    def methods(self) -> list[str]:
        """Their names, in order."""
        return [one.method.name for one in self.explainers]

    def rows(self, entries: Sequence[Entry]) -> Iterator[list[Row]]:
        """Every input by every method, in chunks of about a second's work; with empty lists between, where work may stop."""
        size = min(STEP, *(max(1, CHUNK // cost(one)) for one in self.explainers))
        for start in range(0, len(entries), size):
            chunk = entries[start : start + size]
            inputs = [entry.read(self.max_atoms) for entry in chunk]
            columns: list[list[Explained]] = []
            for one in self.explainers:
                columns.append(list(explained(one, inputs, self.target, self.contrast)))
                yield []
            near = similarities(self.explainers[0], inputs) if self.views else [None] * len(inputs)
            yield [
                self._row(*known)
                for known in zip(chunk, inputs, near, zip(*columns, strict=True), strict=True)
            ]

    def _row(self, entry: Entry, one: Input, near: float | None, made: Sequence[Explained]) -> Row:
        extras = _extras(entry.extras)
        said = tuple(
            text(record(by, explanation, self.features, self.scheme)) for by, explanation in made
        )
        few = dict(islice(extras.items(), MOST_COLUMNS))
        shown = (
            text(self._view(one, near, made) | ({"extras": few} if few else {}))
            if self.views
            else "null"
        )
        return Row(said, text(extras), shown, not any(explanation for _, explanation in made))

    def _view(self, one: Input, near: float | None, made: Sequence[Explained]) -> Record:
        """What a page shows; `refused` has the reason of each method that gave nothing where others did."""
        from molxai.pages.view import view

        found = [explanation for _, explanation in made if explanation]
        if not found:
            return view(replace(one, error=made[0][0].error), [])
        refused = {
            name: by.error
            for name, (by, explanation) in zip(self.methods, made, strict=True)
            if explanation is None
        }
        return view(one, found, near) | ({"refused": refused} if refused else {})


def _extras(columns: Mapping[str, Any]) -> Record:
    """A table's other columns by the names that they have in records."""
    names = column_names(list(columns))
    return {names[name]: as_text(value) for name, value in columns.items()}


def predicted_rows(
    explainer: Explainer, entries: Sequence[Entry], target: str, max_atoms: int
) -> Iterator[list[Row]]:
    """What the model says of each input for that target, without relevances."""
    inputs = (entry.read(max_atoms) for entry in entries)
    for one, said in predictions(explainer, inputs, target):
        yield [
            Row((text(prediction_record(one, said, explainer.card)),), "{}", "null", said is None)
        ]


def text(content: Any) -> str:
    """JSON, in which whatever the user typed is plain ASCII."""
    return json.dumps(content)
