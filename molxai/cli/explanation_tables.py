"""Explanations, predictions and comparisons, as the terminal shows them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from molxai.batch.rows import ExplainedRow
from molxai.chemistry.fragments import fragments
from molxai.chemistry.schemes import Scheme, lost_notes
from molxai.cli.bars import bar, bar_letters
from molxai.cli.console import Console, Text
from molxai.cli.terminal import number, show_records
from molxai.cli.wide_tables import show_table
from molxai.cli.word_tables import show_words
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.record import Record
from molxai.explanation.sentence import Sentence
from molxai.explanation.words import amount
from molxai.rendering.ramp import low_of

if TYPE_CHECKING:
    from molxai.metrics.comparison import Comparison  # imports SciPy's statistics, half a second

TOP = 3
"""Nodes named in the one-line form of an explanation."""

MOST_NOTES = 8
"""Lines of notes below a table of several inputs."""


def show_explanation(explanation: Explanation, out: Console, scheme: Scheme | None = None) -> None:
    """Ranked nodes of one explanation, or its fragments or words, and what they sum to."""
    from molxai.cli.fragment_tables import show_fragments
    from molxai.explanation.captions import (
        ledger_line,
        prediction_line,
        sign_line,
        structure_line,
    )

    # Before anything is printed, because it may fail.
    molecule_fragments = fragments(explanation, scheme) if scheme else None
    out.print(Text(prediction_line(explanation)))
    if molecule_fragments is not None:
        show_fragments(explanation, molecule_fragments, out)
    elif isinstance(explanation.subject, Sentence):
        show_words(explanation, explanation.subject, out)
    else:
        _show_nodes(explanation, out)
    sign = sign_line(explanation)
    bars = f"{sign} The bars begin at the least value." if sign else ""
    for line in (ledger_line(explanation), structure_line(explanation), bars):
        if line:
            out.print(Text(line))
    for note in (*explanation.notes, *lost_notes(explanation.subject, scheme)):
        out.print(Text(f"Note: {note}"))


def _show_nodes(explanation: Explanation, out: Console) -> None:
    names = explanation.node_names()
    relevance = explanation.relevance.tolist()
    largest = max(map(abs, relevance), default=0.0)
    deviations = [""] * len(relevance)
    if explanation.relevance_sd is not None:
        deviations = [f" ± {sd:.4f}" for sd in explanation.relevance_sd.tolist()]
    ranking = sorted(range(len(relevance)), key=lambda node: -relevance[node])
    letters = bar_letters(out)
    low = None if explanation.signed else low_of(relevance, largest)
    rows = []
    for rank, node in enumerate(ranking, 1):
        value = relevance[node]
        number_cell = f"{amount(value, explanation.signed, 4)}{deviations[node]}"
        rows.append((str(rank), names[node], number_cell, bar(value, largest, letters, low)))
    show_table(("rank", "node", "relevance", ""), rows, out)


EXPLANATION_COLUMNS = (
    "id",
    "prediction",
    "target",
    "probability",
    "logit",
    "gap",
    "largest relevances",
)
"""Columns of the table of several explanations."""


def show_explanations(
    rows: Sequence[ExplainedRow], out: Console, scheme: Scheme | None = None
) -> None:
    """One line per input: prediction, logit, and the nodes or fragments of largest magnitude."""
    lines = [_explanation_line(row, explanation, scheme) for row, explanation in rows]
    show_table(EXPLANATION_COLUMNS, lines, out)


def _explanation_line(
    row: Input, explanation: Explanation | None, scheme: Scheme | None
) -> tuple[str | Text, ...]:
    name = row.id or f"{row.name} {row.text}"
    if explanation is None:
        return (name, Text("error", style="red"), "", "", "", "", row.error)
    prediction = number(explanation.value)
    target = explanation.endpoint
    if explanation.probability is not None:
        prediction = explanation.prediction_name
        target = explanation.full_target_name
    return (
        name,
        prediction,
        target,
        number(explanation.probability),
        f"{explanation.logit:+.3f}",
        f"{explanation.gap:.0e}",
        _largest_relevances(explanation, scheme),
    )


def _largest_relevances(explanation: Explanation, scheme: Scheme | None) -> str:
    """The first few nodes, words or fragments by magnitude."""
    if scheme:
        pairs = [(part.name, part.relevance) for part in fragments(explanation, scheme)]
    else:
        pairs = explanation.by_word()
    pairs.sort(key=lambda pair: -abs(pair[1]))
    named = [f"{name} {amount(value, explanation.signed, 2)}" for name, value in pairs[:TOP]]
    return ", ".join(named)


def show_notes(notes: Sequence[tuple[str, Sequence[str]]], out: Console) -> None:
    """What was changed or approximated in reading each input: a line for each of the first notes.

    Args:
        notes: the name of each input, and its notes.
        out: where they are printed.
    """
    lines = [(name, note) for name, input_notes in notes for note in input_notes]
    for name, note in lines[:MOST_NOTES]:
        out.print(Text(f"Note on {name}: {note}"))
    if len(lines) > MOST_NOTES:
        out.print(Text(f"{len(lines) - MOST_NOTES} more notes: records have them all (-o)"))


PREDICTION_COLUMNS = (
    "prediction",
    "target",
    "probability",
    "logit",
    "logit_sd",
    "unit",
    "similarity",
    "outputs",
    "error",
)
"""Columns of predictions; those that hold something are shown."""


def show_predictions(records: Sequence[Record], out: Console) -> None:
    """A line for each prediction."""
    columns = [
        name for name in PREDICTION_COLUMNS if any(record[name] is not None for record in records)
    ]
    units = {record["unit"] for record in records} - {None, "logit"}
    if not units and "unit" in columns:
        columns.remove("unit")  # it would only repeat the name of the column of logits
    show_records(records, ("id", "input", *columns), out)


def show_comparison(comparison: "Comparison", out: Console) -> None:
    """The nodes of largest magnitude of each method, and how similarly the methods rank nodes."""
    from molxai.explanation.captions import prediction_line

    out.print(Text(prediction_line(comparison.explanations[0], False)))
    rows = []
    for explanation in comparison.explanations:
        total = float(explanation.relevance.sum())
        named = [
            f"{node} {amount(value, explanation.signed)}"
            for node, value in comparison.top(explanation)
        ]
        nodes = ", ".join(named)
        rows.append((explanation.method, f"{total:+.3f}", f"{explanation.gap:+.1e}", nodes))
    show_table(("method", "Σ relevance", "gap", "largest relevances"), rows, out)
    lines = []
    for name, correlations in zip(comparison.methods, comparison.spearman, strict=True):
        lines.append((name, *(f"{value:+.2f}" for value in correlations)))
    show_table(("Spearman", *comparison.methods), lines, out)


def show_values(comparison: "Comparison", scale: str, out: Console) -> None:
    """Every node's value by each method, on one scale for all."""
    names = comparison.explanations[0].node_names()
    columns = comparison.scaled(scale)
    rows = []
    for name, *values in zip(names, *columns.values(), strict=True):
        rows.append((name, *(f"{value:+.2f}" for value in values)))
    show_table((scale, *columns), rows, out)
