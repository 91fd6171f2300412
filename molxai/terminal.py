"""Tables for the terminal: what was predicted, and which atoms or superpixels made it so."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from molxai.batch import Explained
from molxai.explanation import Explanation
from molxai.outputs import Record

BAR = 20
"""Characters of the longest bar."""

TOP = 3
"""Nodes named in the one-line form of an explanation."""


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Ranked nodes of one explanation, and its ledger."""
    from molxai.rendering.caption import ledger_line, prediction_line

    console.print(Text(prediction_line(explanation)))
    table = Table("rank", "node", "relevance", "", box=None, header_style="bold")
    relevance = explanation.relevance.tolist()
    largest = max(map(abs, relevance), default=0.0) or 1.0
    ranked = sorted(zip(explanation.node_names(), relevance, strict=True), key=lambda pair: -pair[1])
    for rank, (node, value) in enumerate(ranked, 1):
        bar = Text("█" * round(BAR * abs(value) / largest), style="red" if value > 0 else "blue")
        table.add_row(str(rank), Text(node), f"{value:+.4f}", bar)
    console.print(table)
    console.print(Text(ledger_line(explanation)))
    for note in explanation.notes:
        console.print(Text(f"Note: {note}"))


def show_explanations(rows: Sequence[Explained], console: Console) -> None:
    """One line per input: prediction, logit, and the nodes of largest magnitude."""
    table = Table("id", "prediction", "target", "probability", "logit", "gap", "largest relevances", box=None, header_style="bold")
    for one, explanation in rows:
        name = Text(one.id or one.text, overflow="ellipsis")
        if explanation is None:
            table.add_row(name, Text("error", style="red"), "", "", "", "", Text(one.error))
            continue
        ranked = sorted(zip(explanation.node_names(), explanation.relevance.tolist(), strict=True), key=lambda pair: -abs(pair[1]))
        largest = ", ".join(f"{node} {value:+.2f}" for node, value in ranked[:TOP])
        table.add_row(
            name,
            Text(explanation.prediction_name),
            Text(explanation.target_name),
            number(explanation.probability),
            f"{explanation.logit:+.3f}",
            f"{explanation.gap:.0e}",
            Text(largest),
        )
    console.print(table)


def show_records(records: Sequence[Record], columns: Sequence[str], console: Console) -> None:
    """The named columns of records."""
    table = Table(*columns, box=None, header_style="bold")
    for one in records:
        table.add_row(*(Text(number(one[column])) for column in columns))
    console.print(table)


def show_mapping(content: Mapping[str, Any], console: Console) -> None:
    """Names and values, a line each."""
    table = Table(box=None, show_header=False)
    for name, value in content.items():
        shown = json.dumps(value) if isinstance(value, list | dict) else number(value)
        table.add_row(Text(name, style="bold"), Text(shown))
    console.print(table)


def number(value: Any) -> str:
    """A number in four digits; text as it is; nothing for None."""
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
