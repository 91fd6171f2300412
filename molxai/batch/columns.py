"""Rows as columns, in which they travel to workers: arrays of one length, by name."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy import ndarray

from molxai.explanation.entry import Entry

Columns = Mapping[str, ndarray]
"""Arrays of one length, by name."""

EXTRA = "extra:"
"""Stands before the names of a table's other columns."""

ENTRY_FIELDS = ("content", "kind", "row", "id", "label", "fault", "label_column")
"""Fields of an `Entry` that are columns under their own names."""


def rows_of(entries: Sequence[Entry]) -> dict[str, ndarray]:
    """Entries as columns."""
    columns = {"input": as_array([entry.text for entry in entries])}
    for name in ENTRY_FIELDS:
        columns[name] = as_array([getattr(entry, name) for entry in entries])
    extra_names = dict.fromkeys(name for entry in entries for name in entry.extras)
    for name in extra_names:
        columns[f"{EXTRA}{name}"] = as_array([entry.extras.get(name, "") for entry in entries])
    return columns


def entries_of(rows: Columns) -> list[Entry]:
    """The entries that columns describe; only `input`, a SMILES each, must be there.

    Raises:
        ValueError: there is no column `input`.
    """
    if "input" not in rows:
        raise ValueError(
            f"rows with the columns {', '.join(rows)}: a column 'input' of SMILES is needed"
        )
    texts = [str(text) for text in rows["input"]]
    blank = [""] * len(texts)
    defaults: dict[str, Sequence[Any]] = {
        "content": texts,
        "kind": ["smiles"] * len(texts),
        "row": range(len(texts)),
        "id": blank,
        "label": blank,
        "fault": blank,
        "label_column": blank,
    }
    columns = {name: list(rows.get(name, default)) for name, default in defaults.items()}
    extras = {
        name.removeprefix(EXTRA): values for name, values in rows.items() if name.startswith(EXTRA)
    }
    return [
        Entry(
            text=text,
            content=columns["content"][i],
            kind=columns["kind"][i],
            row=int(columns["row"][i]),
            id=str(columns["id"][i]),
            label=str(columns["label"][i]),
            fault=str(columns["fault"][i]),
            extras={name: values[i] for name, values in extras.items()},
            label_column=str(columns["label_column"][i]),
        )
        for i, text in enumerate(texts)
    ]


def as_array(values: Sequence[Any]) -> ndarray:
    """Numbers and pictures of one size as they are, anything else as objects."""
    if values and all(isinstance(value, int | float) for value in values):
        return np.array(values)
    if values and all(
        isinstance(value, ndarray) and value.shape == values[0].shape for value in values
    ):
        return np.stack(values)
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array


def as_typed(values: ndarray, type: pa.DataType) -> pa.Array:
    """The values as a column of that type; categories are gathered from the values themselves."""
    if pa.types.is_dictionary(type):
        return pa.array(values, type.value_type, from_pandas=False).dictionary_encode().cast(type)
    return pa.array(values, type, from_pandas=False)
