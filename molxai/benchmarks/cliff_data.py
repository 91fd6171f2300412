"""Tables of activity cliffs, as MoleculeACE publishes them, and their near-identical pairs.

The common substructures of a table are searched once: what was found is kept in a file, and an
interrupted search goes on.

Source: van Tilborg, Alenicheva and Grisoni 2022, "Exposing the Limitations of Molecular Machine
Learning with Activity Cliffs", J. Chem. Inf. Model. 62, 5938.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from graphormer.data.collection import Collection
from graphormer.data.labelled_tables import collect
from graphormer.files import write_file
from graphormer.graphs.molecules import Molecule, molecule
from graphormer.names import listing
from graphormer.readers.tables import Layout, read_rows
from graphormer.training.own import model_name
from molxai.chemistry.near_pairs import (
    COMMON,
    FAR,
    SECONDS,
    SIMILAR,
    Difference,
    difference,
    distant_neighbours,
)

MARKS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
"""How a table says whether a molecule is part of a cliff."""

CHUNK = 25
"""Pairs whose common substructures are searched before what was found is written."""

PAIRS = "pairs.json"
"""The file of what was found."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Columns:
    """The columns of a table; the defaults are those of MoleculeACE."""

    smiles: str = ""
    """Empty: it is found by its name."""
    target: str = "y"
    """Values in log10 units."""
    split: str = "split"
    cliff: str = "cliff_mol"


@dataclass(frozen=True)
class CliffTable:
    """Molecules with measured values, some of which are part of an activity cliff."""

    path: Path
    name: str
    columns: Columns
    texts: list[str]
    molecules: list[Molecule]
    values: Float[ndarray, " molecules"]
    parts: list[str]
    is_cliff: Bool[ndarray, " molecules"]
    sha256: dict[str, str]
    facts: tuple[str, ...]
    """How many rows are used, and what became of the others."""

    def places(self, part: str) -> list[int]:
        """Places of the molecules of a part."""
        return [place for place, name in enumerate(self.parts) if name == part]


class CliffPair(NamedTuple):
    """Two near-identical molecules whose values are far apart."""

    a: int
    """Place in the table."""
    b: int
    difference: Difference


def read_cliffs(path: Path, columns: Columns) -> CliffTable:
    """The table of a target.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a column is missing, or no molecule can be judged on.
    """
    layout = Layout(columns.smiles)
    rows = read_rows(path, layout)
    cliff_column = rows.column(columns.cliff, "--cliff-column")
    collection = collect(path, layout, [columns.target], "regression", columns.split)
    if len(collection.targets.names) > 1:
        raise ValueError(
            f"{len(collection.targets.names)} target columns, {columns.target}: one is needed"
        )
    collection.split("", 0)  # a training set that is too small is refused
    marks = [row.fields.get(cliff_column, "") for row in rows.rows]
    is_cliff = [_mark(path, row, marks[row], cliff_column) for row in collection.rows]
    _check(path, collection, is_cliff)
    return CliffTable(
        path,
        model_name(path),
        columns,
        collection.texts,
        [molecule(text) for text in collection.texts],
        collection.targets.labels[:, 0].double().numpy(),
        collection.parts,
        np.array(is_cliff),
        collection.sha256,
        tuple(collection.summary[1:]),  # the first one says that values are learnt
    )


def _mark(path: Path, row: int, text: str, column: str) -> bool:
    """Whether a cell says that its molecule is part of a cliff.

    Raises:
        ValueError: it says neither.
    """
    mark = MARKS.get(text.strip().lower())
    if mark is None:
        raise ValueError(f"{path}, row {row}: {column} says {text!r}; 1 or 0 is needed")
    return mark


def _check(path: Path, collection: Collection, is_cliff: Sequence[bool]) -> None:
    """Refuse a table that cannot judge a model.

    Raises:
        ValueError: it has no test molecules, or none of them is part of a cliff.
    """
    in_test = [part == "test" for part in collection.parts]
    if not any(in_test):
        raise ValueError(
            f"{path}: the split column names {listing(sorted(set(collection.parts)))} alone: "
            "rows that say test are needed"
        )
    if not any(mark for mark, test in zip(is_cliff, in_test, strict=True) if test):
        raise ValueError(
            f"{path}: none of {sum(in_test)} test molecules is part of a cliff: "
            "choose another table, or another --cliff-column"
        )


def cliff_pairs(table: CliffTable, folder: Path, report: Report) -> list[CliffPair]:
    """The near-identical pairs of the table, at least one of each pair in the test set.

    Args:
        table: the molecules.
        folder: for what was found; an interrupted search there goes on.
        report: is told how far the search is.

    Raises:
        ValueError: there are none in which an atom differs.
    """
    mols = [each.mol for each in table.molecules]
    in_test = np.array([part == "test" for part in table.parts])
    candidates = distant_neighbours(mols, table.values, in_test)
    path = folder / PAIRS
    key = _key(table)
    searched = _searched(path, key)
    for start in range(len(searched), len(candidates), CHUNK):
        report(f"{table.name}: common substructures, pair {start} of {len(candidates)}")
        for a, b in candidates[start : start + CHUNK]:
            searched.append(difference(mols[a], mols[b]))
        folder.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps({"key": key, "differences": searched}))
    pairs = [
        CliffPair(a, b, result)
        for (a, b), result in zip(candidates, searched, strict=True)
        if result is not None
    ]
    if not any(pair.difference.has_atoms for pair in pairs):
        raise ValueError(
            f"{table.path} has no pair of near-identical molecules, one of them in test, whose "
            f"{table.columns.target} differs by {FAR:g} or more: leave the table out"
        )
    return pairs


def _key(table: CliffTable) -> dict[str, Any]:
    """All that decides on the pairs."""
    settings = {"similar": SIMILAR, "common": COMMON, "far": FAR, "seconds": SECONDS}
    return {"sha256": table.sha256, "columns": asdict(table.columns), **settings}


def _searched(path: Path, key: dict[str, Any]) -> list[Difference | None]:
    """What was found before, if it is of the same table and settings."""
    if not path.exists():
        return []
    content = json.loads(path.read_text())
    if content["key"] != key:
        return []
    return [result and _difference(*result) for result in content["differences"]]


def _difference(
    atoms_a: list[int], atoms_b: list[int], common: float, is_complete: bool
) -> Difference:
    """The difference of a file."""
    return Difference(tuple(atoms_a), tuple(atoms_b), common, is_complete)
