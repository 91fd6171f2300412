"""Tables of molecules with columns to learn: read, checked, and a reason for every row that is left out."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from graphormer.data.collection import (
    FEWEST,
    PARTS,
    UNLABELLED,
    Collection,
    Kept,
    Skipped,
    checked,
    known_only,
    merged,
    parted,
    to_judge,
    with_labels,
)
from graphormer.data.labelled import LabelledGraphs
from graphormer.data.targets import is_missing, targets
from graphormer.files import digest
from graphormer.graphs.molecules import MOLECULES, canonical
from graphormer.network.card import Card
from graphormer.readers.numerals import numerals
from graphormer.readers.tables import AS_FOUND, Layout, Row, Table, read_rows

SPELLINGS = {"val": "valid", "validation": "valid", "training": "train", "testing": "test"}
"""Other names of the parts in a split column."""

TAKEN = ("smiles", "split", "row")
"""Columns that a model's split.csv has beside those of its targets."""


def collect(
    path: Path,
    layout: Layout,
    target_columns: Sequence[str],
    kind: str = "auto",
    split_column: str = "",
    strict: bool = False,
) -> Collection:
    """The labelled molecules of a table; salts stay whole.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it lacks a column, its labels make no task, fewer than `FEWEST` molecules have one, or, if `strict`,
            a row cannot be read.
    """
    table = read_rows(path, layout)
    smiles, wanted = _wanted(table, layout, target_columns)
    if not wanted:
        raise ValueError("no target: name at least one column with --target-columns")
    if twice := [name for name in wanted if name in TAKEN]:
        raise ValueError(
            f"a target named {twice[0]!r} would stand in the model's split.csv twice: rename that column"
        )
    if split_column:
        table.column(split_column, "--split-column")
    kept, skipped, count, empty = [], [], 0, wanted
    for number, row in enumerate(table.rows):
        count += 1
        empty = [name for name in empty if is_missing(row.fields.get(name, ""))]
        one = _read(number, row, smiles, wanted)
        if isinstance(one, Skipped):
            if strict and one.reason != UNLABELLED:
                raise ValueError(f"{path}, row {number}: {one.reason}")
            skipped.append(one)
        else:
            kept.append(one)
    _check_read(path, count, skipped, empty)
    numbers = [number for number, _, _, _ in kept]
    cells = {name: [row.fields.get(name, "") for _, row, _, _ in kept] for name in wanted}
    said = targets(cells, kind, numbers, table.decimal_commas)
    graphs, texts = [graph for _, _, graph, _ in kept], [text for _, _, _, text in kept]
    parts = (
        [_part(path, number, row.fields.get(split_column, "")) for number, row, _, _ in kept]
        if split_column
        else []
    )
    hashes = {path.name: digest(path)}
    made = Collection(
        path.stem,
        MOLECULES,
        graphs,
        texts,
        numbers,
        said,
        parts,
        count,
        skipped,
        0,
        0,
        (),
        0,
        hashes,
        table.notes,
    )
    return checked(path, merged(parted(known_only(made))))


def _check_read(path: Path, count: int, skipped: Sequence[Skipped], empty: Sequence[str]) -> None:
    """Whether there is a labelled molecule at all; if not, the first cause: no rows, no molecules, or no labels in `empty`."""
    if not count:
        raise ValueError(f"{path} has no rows below its header: at least {FEWEST} are needed")
    unread = [one for one in skipped if one.reason != UNLABELLED]
    if len(unread) == count:
        first = f"the first: {unread[0].reason}"
        raise ValueError(
            f"{path}: no row of {count} has a readable molecule; {first}; is it the right column (-s/--smiles-column)?"
        )
    if empty:
        raise ValueError(
            f"all {count} labels in {empty[0]!r} are missing: at least some are needed"
        )
    if len(skipped) == count:
        found = f"{len(unread)} have no readable molecule, like row {unread[0].row}, the others no label"
        raise ValueError(
            f"{path}: no row of {count} has a molecule and a label: {found}; mend them"
        )


def labelled(
    path: Path,
    card: Card,
    layout: Layout = AS_FOUND,
    target_columns: Sequence[str] = (),
    part: str = "",
) -> tuple[LabelledGraphs, list[Skipped]]:
    """The rows of a table with the labels of a model's targets, every row on its own, and those that cannot be used.

    Args:
        path: the table.
        card: of the model.
        layout: how the table is laid out.
        target_columns: in the order of the model's targets; by their names where empty.
        part: only the rows of which the column `split` says so.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a column is missing, or no row is left.
    """
    table = read_rows(path, layout)
    smiles, wanted = _wanted(table, layout, target_columns or card.targets)
    if len(wanted) != len(card.targets):
        raise ValueError(
            f"{len(wanted)} target columns for a model of {len(card.targets)} ({', '.join(card.targets)}): one for each is needed"
        )
    taken = [
        (number, row)
        for number, row in enumerate(table.rows)
        if not part or row.fields.get("split") == part
    ]
    if card.config.task == "regression":
        taken = _in_plain_numbers(taken, wanted, table.decimal_commas)
    read = [with_labels(_read(number, row, smiles, wanted), wanted, card) for number, row in taken]
    kept, skipped = (
        [one for one in read if not isinstance(one, Skipped)],
        [one for one in read if isinstance(one, Skipped)],
    )
    data = to_judge(path, MOLECULES, card, kept, skipped, part or "all rows")
    return replace(data, texts=[text for (_, _, _, text), _ in kept]), skipped


def _in_plain_numbers(
    numbered: Sequence[tuple[int, Row]], wanted: Sequence[str], decimal_commas: bool
) -> list[tuple[int, Row]]:
    """The rows with the numbers of the wanted columns as Python writes them."""
    columns = {
        name: numerals(
            name, [row.fields.get(name, "") for _, row in numbered], decimal_commas
        ).cells
        for name in wanted
    }
    return [
        (
            number,
            replace(
                row, fields=row.fields | {name: cells[place] for name, cells in columns.items()}
            ),
        )
        for place, (number, row) in enumerate(numbered)
    ]


def _wanted(table: Table, layout: Layout, target_columns: Sequence[str]) -> tuple[str, list[str]]:
    """The column of SMILES, none in an SDF, and those of the targets, each named alone or with commas between them."""
    smiles = table.smiles_column(layout.smiles_column)
    listed = [
        one
        for name in target_columns
        for one in ([name] if name in table.columns else name.split(","))
    ]
    named = [name for name in dict.fromkeys(listed) if name.strip()]
    return smiles, [table.column(name, "--target-columns") for name in named]


def _read(number: int, row: Row, smiles: str, wanted: Sequence[str]) -> Kept | Skipped:
    """Number, row, graph and canonical SMILES, or why there are none."""
    text = row.fields.get(smiles, row.place)
    try:
        made = row.molecule(smiles)
    except ValueError as error:
        return Skipped(number, text, str(error))
    if all(is_missing(row.fields.get(name, "")) for name in wanted):
        return Skipped(number, text, UNLABELLED)
    return number, row, made.graph, canonical(made.mol)


def _part(path: Path, number: int, text: str) -> str:
    part = SPELLINGS.get(text.strip().lower(), text.strip().lower())
    if part not in PARTS:
        raise ValueError(
            f"{path}, row {number}: the split column says {text!r}; {', '.join(PARTS)} are needed"
        )
    return part
