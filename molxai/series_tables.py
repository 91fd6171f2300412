"""Series as flat tables, and as files of them."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphormer.files import write_file
from molxai.series import Carrier, Table

SERIES_ENDINGS = (".csv", ".json", ".md")
"""Of files that hold a series."""

Flat = dict[str, Any]
"""A row of numbers and text by column."""


def carrier_rows(found: Sequence[Carrier]) -> list[Flat]:
    """A row for each fragment; its example's atoms as text."""
    return [one.to_dict() | {"atoms": " ".join(map(str, one.atoms))} for one in found]


def core_rows(table: Table) -> list[Flat]:
    """A row for each molecule: each part's SMILES and relevance, and what the ledger has beside them."""
    rows = []
    rest = ["rest"] if any(row.rest for row in table.rows) else []
    for row in table.rows:
        flat: Flat = {"id": row.id, "logit": row.explanation.logit}
        for label in ("core", *table.labels, *rest):
            part = row.parts.get(label)
            flat |= {label: part.smiles if part else "", f"{label} relevance": part.relevance if part else 0.0}
        rows.append(flat | {"token": row.explanation.token, "bias": row.explanation.bias, "gap": row.explanation.gap})
    return rows


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
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _markdown(rows: Sequence[Flat]) -> str:
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([_cell(row[name]) for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


MARKUP = str.maketrans({one: f"\\{one}" for one in r"\`*_{}[]()<>#|~"} | {"&": "&amp;"})
"""What Markdown would give a meaning to, `*` of a SMILES among it."""


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:+.4f}" if isinstance(value, float) else " ".join(str(value).split()).translate(MARKUP)
