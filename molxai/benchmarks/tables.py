"""Rows of a study as CSV."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphormer.files import csv_of_records


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV, with a column for each key of any row; lists are joined by blanks."""
    return csv_of_records([{key: _cell(value) for key, value in row.items()} for row in rows])


def _cell(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value
