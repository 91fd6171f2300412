"""Series as flat tables, and as files of them."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from graphormer.files import write_file
from molxai.chemistry.series import BASE, Carrier, Table
from molxai.chemistry.series import Row as CoreRow

SERIES_ENDINGS = (".csv", ".json", ".md")
"""Of files that hold a series."""

Flat = dict[str, Any]
"""A row of numbers and text by column."""


def carrier_rows(found: Sequence[Carrier]) -> list[Flat]:
    """A row for each fragment; its example's atoms as text."""
    return [one.to_dict() | {"atoms": " ".join(map(str, one.atoms))} for one in found]


def core_rows(table: Table) -> list[Flat]:
    """A row for each molecule: each part's SMILES and relevance, what the ledger has beside them, and the user's columns."""
    rest = ["rest"] if any(row.rest for row in table.rows) else []
    rows = [_core_row(table, row, ["core", *table.labels, *rest]) for row in table.rows]
    shown = _own_names(rows[0], table.rows[0].columns)
    return [
        flat | {shown[name]: text for name, text in row.columns.items()}
        for flat, row in zip(rows, table.rows, strict=True)
    ]


def _core_row(table: Table, row: CoreRow, labels: Sequence[str]) -> Flat:
    flat: Flat = {"id": row.id, table.total: row.explanation.logit}
    for label in labels:
        part = row.parts.get(label)
        flat |= {
            label: part.smiles if part else "",
            f"{label} relevance": part.relevance if part else 0.0,
        }
    return flat | row.ledger


def _own_names(taken: Iterable[str], columns: Iterable[str]) -> dict[str, str]:
    """Under which names the user's columns stand; `input.` goes before one that is taken, as in records."""
    used = set(taken)
    names = {}
    for column in columns:
        name = column
        while name in used:
            name = f"input.{name}"
        used.add(name)
        names[column] = name
    return names


def write_series(path: Path, content: dict[str, Any], rows: Sequence[Flat]) -> None:
    """Write the whole content as .json, or the rows as .csv or as a table in .md.

    Raises:
        OSError: it cannot be written.
    """
    if path.suffix.lower() == ".json":
        write_file(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    else:
        write_file(path, _csv(rows) if path.suffix.lower() == ".csv" else _markdown(rows))


def _csv(rows: Sequence[Flat]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula is kept from it by an apostrophe: these tables are for reading."""
    return (
        f"'{value}"
        if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
        else value
    )


def _markdown(rows: Sequence[Flat]) -> str:
    columns = list(rows[0])
    lines = [
        columns,
        ["---"] * len(columns),
        *([_cell(row[name], name) for name in columns] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


MARKUP = str.maketrans({one: f"\\{one}" for one in r"\`*_{}[]()<>#|~"} | {"&": "&amp;"})
"""What Markdown would give a meaning to, `*` of a SMILES among it."""


UNSIGNED = ("sd", "value", BASE)
"""Columns of numbers that speak neither for nor against anything."""


def _cell(value: Any, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}" if column in UNSIGNED else f"{value:+.4f}"
    return " ".join(str(value).split()).translate(MARKUP)
