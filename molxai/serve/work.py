"""What lanes do: inputs in, rows of JSON out, a chunk at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphormer.superpixels import SEGMENTS
from molxai.batch import CHUNK, USUAL, Explained, cost, explained, predictions
from molxai.explainer import Explainer
from molxai.explainers import Method
from molxai.inputs import Entry, Input
from molxai.records import Record, column_names, prediction_record, record

QUICK_PASSES = 500
"""Passes for graphs of usual size that the quick lane takes on at once: on one core, about a second."""


@dataclass(frozen=True)
class Row:
    """What is said of one input, as JSON: results wait in memory, and text takes a tenth of what dictionaries take."""

    records: tuple[str, ...]
    """One for each method."""
    view: str
    """What a page shows of it; `null` where it was not asked for."""
    faulty: bool
    """Whether there is no explanation by any method."""


def is_quick(methods: Sequence[Method], entries: Sequence[Entry], most: int = QUICK_PASSES) -> bool:
    """Whether the work is done in about a second: few passes, of graphs that are not large."""
    if any(one.largest is not None for one in methods):  # they take seconds whatever their passes
        return False
    sizes = [_nodes(entry) for entry in entries]
    return sum(sum(one.passes(nodes)) * max(1.0, nodes / USUAL) for one in methods for nodes in sizes) <= most


def _nodes(entry: Entry) -> int:
    """Nodes of the graph at most, without reading it."""
    if entry.kind == "smiles":
        return len(entry.content)
    return entry.content.count("\n") if entry.kind == "block" else SEGMENTS


def explained_rows(
    explainers: Sequence[Explainer],
    entries: Sequence[Entry],
    target: str,
    contrast: str | None,
    max_atoms: int,
    features: bool,
    views: bool,
) -> Iterator[list[Row]]:
    """Every input by every method, in chunks of about a second's work; with empty lists between, where work may stop."""
    size = min(max(1, CHUNK // cost(one)) for one in explainers)
    for start in range(0, len(entries), size):
        chunk = entries[start : start + size]
        inputs = [entry.read(max_atoms) for entry in chunk]
        columns: list[list[Explained]] = []
        for one in explainers:
            columns.append(list(explained(one, inputs, target, contrast)))
            yield []
        yield [_row(entry, one, made, features) for entry, one, made in zip(chunk, inputs, zip(*columns, strict=True), strict=True)]


def _row(entry: Entry, one: Input, made: Sequence[Explained], features: bool) -> Row:
    known = _extras(entry.extras)
    records = [text(record(by, explanation, features) | known) for by, explanation in made]
    return Row(tuple(records), "null", not any(explanation for _, explanation in made))


def _extras(columns: Mapping[str, str]) -> Record:
    """A table's other columns by the names that they have in records."""
    names = column_names(list(columns))
    return {names[name]: value for name, value in columns.items()}


def predicted_rows(explainer: Explainer, entries: Sequence[Entry], max_atoms: int) -> Iterator[list[Row]]:
    """What the model says of each input, without relevances."""
    inputs = (entry.read(max_atoms) for entry in entries)
    for one, said in predictions(explainer, inputs):
        yield [Row((text(prediction_record(one, said, explainer.card)),), "null", said is None)]


def text(content: Any) -> str:
    """JSON, in which whatever the user typed is plain ASCII."""
    return json.dumps(content)
