"""The matched pairs of a series: a sink, a table in the terminal, and rows for files."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphormer.graphs.molecules import shortened
from graphormer.names import unknown
from graphormer.readers.numerals import is_number, plain_number
from graphormer.readers.tables import as_text
from molxai.chemistry.changes import Change, matched_pairs
from molxai.chemistry.series import Named
from molxai.cli.console import Console, Text
from molxai.cli.fragment_tables import MOST_ROWS, NAME_WIDTH, say_explained
from molxai.cli.options import say, usage
from molxai.cli.series_sinks import SeriesTable
from molxai.cli.series_tables import write_series
from molxai.cli.terminal import console
from molxai.cli.wide_tables import show_table
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation

NAMES = ("change", "on", "times", "mean Δ", "sd", "in the part", "in the rest", "share")
"""Columns of the terminal; a measured difference comes after the spread."""

MEASURED = "measured Δ"

LABEL = 40
"""Letters of a measured value that is no number, in a note."""


@dataclass(frozen=True)
class PairTable(SeriesTable):
    """What single changes do."""

    label_column: str
    """Column of the measured value; empty: none."""

    def sum_up(self, series: Sequence[Named], inputs: Sequence[Input]) -> None:
        """A row for each change; in a file also its pairs."""
        measured = usage(_measured, inputs, self.label_column)
        changes = matched_pairs(series, measured)
        if not changes:
            print(f"no matched pairs among {len(series)} molecules", file=sys.stderr)
        if self.output is None:
            show_changes(changes, series[0][1], bool(self.label_column), console())
        else:
            rows = [row for change in changes for row in pair_rows(change)]
            content = {
                "molecules": len(series),
                "changes": [change.to_dict() for change in changes],
            }
            write_series(self.output, content, rows or [{"change": ""}])


def pair_sink(output: Path | None, target: str, label_column: str) -> SeriesTable:
    """The table of matched pairs as it was typed."""
    return PairTable(output, target, label_column.strip())


def _measured(inputs: Sequence[Input], column: str) -> list[float | None]:
    """The number of each row in the column; None where there is none.

    Raises:
        ValueError: there is no such column, or it has no numbers.
    """
    if not column:
        return [None] * len(inputs)
    columns = dict.fromkeys(name for row in inputs for name in row.extras)
    if column not in columns:
        raise ValueError(unknown("column", column, columns, where="beside the structures and ids"))
    texts = [plain_number(as_text(row.extras.get(column))) for row in inputs]
    values = [float(text) if is_number(text) else None for text in texts]
    if all(value is None for value in values):
        raise ValueError(f"no numbers in the column {column!r}: name one of measured values")
    others = [text for text, value in zip(texts, values, strict=True) if text and value is None]
    if others:
        example = shortened(others[0], LABEL)
        say(f"measured values in {column!r} that are no number: {len(others)}, like {example!r}")
    return values


def pair_rows(change: Change) -> list[dict[str, Any]]:
    """A row for each pair, with what its change does in the mean."""
    return [
        {
            "before": change.before,
            "after": change.after,
            "attached to": change.attached_to,
            "times": len(change.pairs),
            "mean delta": change.mean,
            "sd": change.sd,
            "mean delta measured": change.mean_measured,
            "mean delta of the changed part": change.mean_changed,
            "mean delta of the rest": change.mean_rest,
            "share in the changed part": change.share,
            "A": pair.a,
            "B": pair.b,
            "delta": pair.delta,
            "delta measured": pair.delta_measured,
            "delta of the changed part": pair.changed,
            "delta of the rest": pair.rest,
        }
        for pair in change.pairs
    ]


def show_changes(
    changes: Sequence[Change], explanation: Explanation, measured: bool, out: Console
) -> None:
    """The changes, those with the largest |sum| of differences first."""
    say_explained(explanation, out)
    names = [*NAMES[:5], *([MEASURED] if measured else []), *NAMES[5:]]
    rows = [_cells(change, measured) for change in changes[:MOST_ROWS]]
    show_table(names, rows, out)
    hidden = len(changes) - MOST_ROWS
    if hidden > 0:
        out.print(Text(f"{hidden} more changes with smaller sums: give -o FILE for all"))


def _cells(change: Change, measured: bool) -> tuple[str, ...]:
    what = shortened(f"{change.before} → {change.after}", NAME_WIDTH)
    known = change.mean_measured
    rest = change.mean_rest
    share = change.share
    return (
        what,
        change.attached_to,
        str(len(change.pairs)),
        f"{change.mean:+.3f}",
        "" if change.sd is None else f"{change.sd:.3f}",
        *(["" if known is None else f"{known:+.3f}"] if measured else []),
        f"{change.mean_changed:+.3f}",
        "" if rest is None else f"{rest:+.3f}",
        "" if share is None else f"{share:.0%}",
    )
