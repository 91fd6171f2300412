"""Tables of labelled molecules: read, checked, and a reason for every row that is left out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from graphormer.data.collection import FEWEST, PARTS, Collection
from graphormer.data.examples import (
    UNLABELLED,
    Example,
    LeftOut,
    evaluation_set,
    separate,
    with_known_labels,
)
from graphormer.data.labelled import LabelledGraphs
from graphormer.data.merging import (
    drop_unlabelled,
    keep_last_part,
    merge_repeats,
    require_enough,
)
from graphormer.data.missing import is_missing
from graphormer.data.targets import targets
from graphormer.files import digest
from graphormer.graphs.molecules import MOLECULES, canonical
from graphormer.network.card import Card
from graphormer.readers.numerals import numerals
from graphormer.readers.tables import AS_FOUND, Layout, Row, Table, read_rows

SPELLINGS = {"val": "valid", "validation": "valid", "training": "train", "testing": "test"}
"""Other names of the parts in a split column."""

RESERVED = ("smiles", "split", "row")
"""Columns of a model's split.csv beside those of its targets."""


def collect(
    path: Path,
    layout: Layout,
    target_columns: Sequence[str],
    kind: str = "auto",
    split_column: str = "",
    strict: bool = False,
) -> Collection:
    """The labelled molecules of a table; salts stay whole.

    Args:
        path: the table.
        layout: how the table is laid out.
        target_columns: names of the columns to learn, each alone or with commas between them.
        kind: of the task, one of `graphormer.data.targets.KINDS`.
        split_column: of the parts; empty: a protocol splits later.
        strict: whether a row that cannot be read is an error.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it lacks a column, its labels make no task, fewer than `FEWEST` molecules have
            one, or, if `strict`, a row cannot be read.
    """
    table = read_rows(path, layout)
    smiles, columns = _columns(table, layout, target_columns)
    _check_columns(columns)
    if split_column:
        table.column(split_column, "--split-column")
    reading = _Reading(path, columns)
    examples, left_out = separate(reading.examples(table, smiles, strict))
    reading.check(left_out)
    numbers = [example.number for example in examples]
    cells = {
        column: [example.row.fields.get(column, "") for example in examples] for column in columns
    }
    labels = targets(cells, kind, numbers, table.decimal_commas)
    parts = [_part(path, example, split_column) for example in examples] if split_column else []
    collection = Collection(
        path.stem,
        MOLECULES,
        [example.graph for example in examples],
        [example.text for example in examples],
        numbers,
        labels,
        parts,
        reading.count,
        left_out,
        {path.name: table.sha256 or digest(path)},
        table.notes,
    )
    molecules = merge_repeats(keep_last_part(drop_unlabelled(collection)))
    return require_enough(path, molecules)


def labelled(
    path: Path,
    card: Card,
    layout: Layout = AS_FOUND,
    target_columns: Sequence[str] = (),
    part: str = "",
) -> tuple[LabelledGraphs, list[LeftOut]]:
    """The rows of a table with the labels of a model's targets, and those that cannot be used.

    Every row stands for itself: repeated molecules are not merged.

    Args:
        path: the table.
        card: of the model.
        layout: how the table is laid out.
        target_columns: in the order of the model's targets; if empty, by the targets' names.
        part: only rows with this part in the column `split`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a column is missing, or no row is left.
    """
    table = read_rows(path, layout)
    smiles, columns = _columns(table, layout, target_columns or card.targets)
    if len(columns) != len(card.targets):
        names = ", ".join(card.targets)
        raise ValueError(
            f"{len(columns)} target columns for a model of {len(card.targets)} ({names}): "
            "one for each is needed"
        )
    rows = [
        (number, row)
        for number, row in enumerate(table.rows)
        if not part or row.fields.get("split") == part
    ]
    if card.config.task == "regression":
        rows = _with_plain_numbers(rows, columns, table.decimal_commas)
    examples, left_out = separate(
        with_known_labels(_example(number, row, smiles, columns), columns, card)
        for number, row in rows
    )
    data = evaluation_set(path, MOLECULES, card, examples, left_out, part or "all rows")
    texts = [labelled_example.example.text for labelled_example in examples]
    return replace(data, texts=texts), left_out


class _Reading:
    """The rows of a table one after the other, and what is missing so far."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self.columns = columns
        self.count = 0
        """Rows."""
        self.empty = list(columns)
        """Columns in which no row holds a label."""

    def examples(self, table: Table, smiles: str, strict: bool) -> Iterator[Example | LeftOut]:
        """Each row as an example, or why it is none.

        Raises:
            ValueError: a row cannot be read, if `strict`.
        """
        for number, row in enumerate(table.rows):
            self.count += 1
            self.empty = [name for name in self.empty if is_missing(row.fields.get(name, ""))]
            example = _example(number, row, smiles, self.columns)
            if strict and isinstance(example, LeftOut) and example.reason != UNLABELLED:
                raise ValueError(f"{self.path}, row {number}: {example.reason}")
            yield example

    def check(self, left_out: Sequence[LeftOut]) -> None:
        """Refuse a table without a labelled molecule, by the first cause that applies.

        Raises:
            ValueError: there are no rows, no molecules, or no labels in a column.
        """
        path = self.path
        count = self.count
        if not count:
            raise ValueError(f"{path} has no rows below its header: at least {FEWEST} are needed")
        unreadable = [row for row in left_out if row.reason != UNLABELLED]
        if len(unreadable) == count:
            raise ValueError(
                f"{path}: no row of {count} has a readable molecule; "
                f"the first: {unreadable[0].reason}; "
                "is it the right column (-s/--smiles-column)?"
            )
        if self.empty:
            raise ValueError(
                f"all {count} labels in {self.empty[0]!r} are missing: at least some are needed"
            )
        if len(left_out) == count:
            raise ValueError(
                f"{path}: no row of {count} has a molecule and a label: "
                f"{len(unreadable)} have no readable molecule, like row {unreadable[0].row}, "
                "the others no label; mend them"
            )


def _columns(table: Table, layout: Layout, target_columns: Sequence[str]) -> tuple[str, list[str]]:
    """The column of SMILES, none in an SDF, and the columns of the targets.

    A name with commas stands for several columns, unless there is a column of that very name.
    """
    smiles = table.smiles_column(layout.smiles_column)
    names: list[str] = []
    for name in target_columns:
        names += [name] if name in table.columns else name.split(",")
    distinct = [name for name in dict.fromkeys(names) if name.strip()]
    return smiles, [table.column(name, "--target-columns") for name in distinct]


def _check_columns(columns: Sequence[str]) -> None:
    if not columns:
        raise ValueError("no target: name at least one column with --target-columns")
    for name in columns:
        if name in RESERVED:
            raise ValueError(
                f"a target named {name!r} would stand in the model's split.csv twice: "
                "rename that column"
            )


def _with_plain_numbers(
    rows: Sequence[tuple[int, Row]], columns: Sequence[str], decimal_commas: bool
) -> list[tuple[int, Row]]:
    """The numbered rows with the numbers in these columns as Python writes them."""
    plain = {}
    for column in columns:
        cells = [row.fields.get(column, "") for _, row in rows]
        plain[column] = numerals(column, cells, decimal_commas).cells
    rewritten_rows = []
    for position, (number, row) in enumerate(rows):
        numbers = {column: cells[position] for column, cells in plain.items()}
        rewritten_rows.append((number, replace(row, fields=row.fields | numbers)))
    return rewritten_rows


def _example(number: int, row: Row, smiles: str, columns: Sequence[str]) -> Example | LeftOut:
    """The row's molecule, or why it is left out."""
    text = row.fields.get(smiles, row.place)
    try:
        molecule = row.molecule(smiles)
    except ValueError as error:
        return LeftOut(number, text, str(error))
    if all(is_missing(row.fields.get(column, "")) for column in columns):
        return LeftOut(number, text, UNLABELLED)
    return Example(number, row, molecule.graph, canonical(molecule.mol))


def _part(path: Path, example: Example, split_column: str) -> str:
    """The part that the split column names.

    Raises:
        ValueError: it names none.
    """
    text = example.row.fields.get(split_column, "")
    name = text.strip().lower()
    part = SPELLINGS.get(name, name)
    if part not in PARTS:
        raise ValueError(
            f"{path}, row {example.number}: the split column says {text!r}; "
            f"{', '.join(PARTS)} are needed"
        )
    return part
