"""What the user gave: SMILES on the command line, tables, SDF, pictures and arrays, read one row at a time."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graphormer.molecules import Molecule, mol_block, molecule
from graphormer.pictures import ARRAYS, PICTURES
from graphormer.superpixels import Digit
from graphormer.tables import SMILES_COLUMNS, column, lines, read_rows, sdf_records

TABLES = (".csv", ".tsv", ".parquet")
MOLECULE_FILES = (".smi", *TABLES, ".sdf")
DIGIT_FILES = (*PICTURES, *ARRAYS)

ID_COLUMNS = ("id", "name", "cid", "title", "compound")
"""Names, in any case, of a column of identifiers."""


@dataclass(frozen=True)
class Input:
    """One row of what was given, read or refused."""

    row: int
    """Counted from 0 over all inputs."""
    text: str
    """The SMILES, or the file and the place in it."""
    subject: Molecule | Digit | None = None
    error: str = ""
    """Why there is no subject, in one line."""
    id: str = ""
    label: str = ""
    """The true class, as the table has it."""


Reader = Callable[[Path], Iterator[Input]]


def read_inputs(sources: Sequence[str], smiles_column: str = "", label_column: str = "") -> Iterator[Input]:
    """Every input in order; a row that cannot be read comes with its error.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: a file is empty, of an unknown kind, or lacks a column.
    """
    row = 0
    for source in sources:
        for one in _read(source, smiles_column, label_column):
            yield replace(one, row=row)
            row += 1


def is_file(source: str) -> bool:
    """Whether the argument names a file: it exists, or ends as one of the known kinds."""
    # Not Path.is_file: to it, a SMILES of 300 characters is an error and not simply no file.
    return Path(source).suffix.lower() in (*MOLECULE_FILES, *DIGIT_FILES) or os.path.isfile(source)  # noqa: PTH113


def holds_digits(source: str) -> bool:
    """Whether the argument names a picture or an array of pictures."""
    return Path(source).suffix.lower() in DIGIT_FILES


def _read(source: str, smiles_column: str, label_column: str) -> Iterator[Input]:
    if not is_file(source):
        yield _molecule_input(source)
        return
    path, kind = Path(source), Path(source).suffix.lower()
    if not path.exists():
        raise FileNotFoundError(f"no file {source!r}: check the path (a SMILES does not end in {kind})")
    if path.is_dir():
        raise ValueError(f"{source} is a folder: name the files in it")
    if kind not in (*MOLECULE_FILES, *DIGIT_FILES):
        raise ValueError(f"{source}: files ending in {', '.join((*MOLECULE_FILES, *DIGIT_FILES))} can be read")
    if not path.stat().st_size:
        raise ValueError(f"{source} is empty: at least one input is needed")
    if kind in TABLES:
        yield from _table(path, smiles_column, label_column)
    elif kind == ".smi":
        yield from _smi(path)
    elif kind == ".sdf":
        yield from _sdf(path)
    elif kind in ARRAYS:
        yield from _arrays(path)
    else:
        yield _picture(path)


def _read_or_error(text: str, read: Callable[[], Any], id: str = "", label: str = "") -> Input:
    try:
        return Input(0, text, read(), "", id, label)
    except ValueError as error:
        return Input(0, text, None, str(error), id, label)


def _molecule_input(smiles: str, id: str = "", label: str = "") -> Input:
    return _read_or_error(smiles, lambda: molecule(smiles, id), id, label)


def _table(path: Path, smiles_column: str, label_column: str) -> Iterator[Input]:
    columns, rows = read_rows(path)
    smiles, label = column(path, columns, smiles_column, SMILES_COLUMNS, "-s/--smiles-column"), ""
    if label_column:
        label = column(path, columns, label_column, (), "--target-columns")
    known = [name for name in columns if name.lower() in ID_COLUMNS and name != smiles]
    for row in rows:
        id = row.fields[known[0]] if known else ""
        yield _read_or_error(row.fields[smiles], lambda row=row, id=id: row.molecule(smiles, id), id, row.fields[label] if label else "")  # type: ignore[misc]


def _smi(path: Path) -> Iterator[Input]:
    """A SMILES a line, then blanks and a name; lines without either are passed over."""
    for line in lines(path):
        smiles, _, name = line.strip().partition("\t" if "\t" in line else " ")
        if smiles and smiles.lower() != "smiles" and not smiles.startswith("#"):
            yield _molecule_input(smiles, name.strip())


def _sdf(path: Path) -> Iterator[Input]:
    for place, record in enumerate(sdf_records(path), 1):
        name = record.partition("\n")[0].strip()
        yield _read_or_error(f"{path.name}#{place}", lambda r=record, n=name: molecule(mol_block(r), n), name)  # type: ignore[misc]


def _arrays(path: Path) -> Iterator[Input]:
    from graphormer.pictures import picture, read_arrays
    from graphormer.superpixels import digit

    def read(values: Any, id: str) -> Digit:
        image, notes = picture(values)
        return digit(image, id, notes)

    for place, values in enumerate(read_arrays(path)):
        id = f"{path.stem}#{place}"
        yield _read_or_error(f"{path.name}[{place}]", lambda values=values, id=id: read(values, id), id)  # type: ignore[misc]


def _picture(path: Path) -> Input:
    from graphormer.pictures import read_picture
    from graphormer.superpixels import digit

    def read() -> Digit:
        image, notes = read_picture(path)
        return digit(image, path.stem, notes)

    return _read_or_error(str(path), read, path.stem)
