"""Series as flat tables, and as files of them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphormer.files import csv_of_records, escape_markdown, markdown_table, write_file
from molxai.batch.records import free_names
from molxai.chemistry.series import Carrier, Table
from molxai.chemistry.series import Row as CoreRow
from molxai.explanation.captions import BASE

SERIES_ENDINGS = (".csv", ".json", ".md")
"""Endings of files that hold a series."""

UNSIGNED = ("sd", "value", BASE)
"""Columns of numbers that speak neither for nor against anything."""

Flat = dict[str, Any]
"""A row of numbers and text by column."""


def carrier_rows(carriers: Sequence[Carrier]) -> list[Flat]:
    """A row for each fragment; its example's atoms as text."""
    return [
        carrier.to_dict() | {"atoms": " ".join(map(str, carrier.atoms))} for carrier in carriers
    ]


def core_rows(table: Table) -> list[Flat]:
    """A row for each molecule: its parts' SMILES and relevance, its ledger, the user's columns."""
    labels = ["core", *table.labels, *(["rest"] if table.has_rest else [])]
    rows = [_core_row(table, row, labels) for row in table.rows]
    names = free_names(table.rows[0].columns, rows[0])
    return [
        flat | {names[column]: text for column, text in row.columns.items()}
        for flat, row in zip(rows, table.rows, strict=True)
    ]


def _core_row(table: Table, row: CoreRow, labels: Sequence[str]) -> Flat:
    flat: Flat = {"id": row.id, table.total: row.explanation.logit}
    for label in labels:
        part = row.parts.get(label)
        flat[label] = part.smiles if part else ""
        flat[f"{label} relevance"] = part.relevance if part else 0.0
    return flat | row.ledger


def write_series(path: Path, content: dict[str, Any], rows: Sequence[Flat]) -> None:
    """Write the whole content as .json, or the rows as .csv or as a table in .md.

    Raises:
        OSError: it cannot be written.
    """
    kind = path.suffix.lower()
    if kind == ".json":
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    elif kind == ".csv":
        text = csv_of_records(rows, guard=True)
    else:
        text = _markdown(rows)
    write_file(path, text)


def _markdown(rows: Sequence[Flat]) -> str:
    columns = list(rows[0])
    cells = [[_cell(row[name], name) for name in columns] for row in rows]
    return markdown_table(columns, cells) + "\n"


def _cell(value: Any, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}" if column in UNSIGNED else f"{value:+.4f}"
    return escape_markdown(str(value))
