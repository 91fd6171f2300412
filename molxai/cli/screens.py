"""Sinks that leave nothing behind: rows for the terminal, or for a command that sums them up."""

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from molxai.batch.rows import ExplainedRow
from molxai.batch.sinks import Sink
from molxai.batch.worker import Answer, Product
from molxai.chemistry.schemes import Scheme
from molxai.cli.explanation_tables import (
    show_explanation,
    show_explanations,
    show_notes,
    show_predictions,
)
from molxai.cli.terminal import console
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.record import notes_of

EXPLANATION = "explanation"
"""Column of the pickled explanations."""


@dataclass(frozen=True)
class Pickled:
    """The explanation itself, on its way from a worker of ours to this process; never in a file."""

    passes: int = 0

    def __call__(self, explainer: BaseExplainer, answer: Answer) -> bytes:
        return pickle.dumps(answer.explained[0])


class Explanations(Sink):
    """Hands on the explanations themselves."""

    @property
    def products(self) -> Mapping[str, Product]:
        """The explanation."""
        return {EXPLANATION: Pickled()}

    def rows(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> list[ExplainedRow]:
        """The rows with their explanations, as if they had been made here."""
        rows = []
        for table in tables:
            for content in table[EXPLANATION].to_pylist():
                row, explanation = pickle.loads(content)
                if explanation is not None:
                    explanation = replace(explanation, network=explainer.network)
                rows.append((row, explanation))
        return rows


@dataclass(frozen=True)
class ExplanationTable(Explanations):
    """The nodes of one explanation, or a line for each of several."""

    scheme: Scheme | None = None

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Print them."""
        rows = self.rows(tables, explainer)
        first = rows[0][1]
        if len(rows) == 1 and first is not None:
            show_explanation(first, console(), self.scheme)
        else:
            show_explanations(rows, console(), self.scheme)
            show_notes([(row.name, notes_of(row)) for row, _ in rows], console())


class PredictionTable(Sink):
    """A line for each prediction."""

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Print them."""
        records = [record for table in tables for record in table.to_pylist()]
        show_predictions(records, console())
        notes = [(record["id"], record["notes"] or []) for record in records]
        show_notes(notes, console())
