"""What the user gave: SMILES on the command line, tables, SDF, pictures and arrays, read one row at a time."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from graphormer.molecules import Molecule, molecule, shortened
from graphormer.pictures import ARRAYS, PICTURES
from graphormer.superpixels import Digit

TABLES = {".csv": ",", ".tsv": "\t"}
MOLECULE_FILES = (".smi", *TABLES, ".sdf")
DIGIT_FILES = (*PICTURES, *ARRAYS)

SMILES_COLUMNS = ("smiles", "mol", "canonical_smiles")
"""Names, in any case, under which a column of SMILES is found without being named."""

ID_COLUMNS = ("id", "name", "cid", "title", "compound")
"""Likewise for a column of identifiers."""


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
        yield from _table(path, TABLES[kind], smiles_column, label_column)
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


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from error


def _table(path: Path, separator: str, smiles_column: str, label_column: str) -> Iterator[Input]:
    reader = csv.DictReader(_lines(path), delimiter=separator)
    try:
        yield from _rows(path, reader, smiles_column, label_column)
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: {error}; a plain table of text is needed") from error


def _rows(path: Path, reader: "csv.DictReader[str]", smiles_column: str, label_column: str) -> Iterator[Input]:
    columns = list(reader.fieldnames or [])
    smiles, label = _column(path, columns, smiles_column, SMILES_COLUMNS), ""
    if label_column:
        label = _column(path, columns, label_column, (), "--target-columns")
    known = [name for name in columns if name.lower() in ID_COLUMNS and name != smiles]
    for row in reader:
        yield _molecule_input(row[smiles] or "", (row[known[0]] or "") if known else "", (row[label] or "") if label else "")


def _column(path: Path, columns: list[str], wanted: str, usual: Sequence[str], option: str = "-s/--smiles-column") -> str:
    found = [name for name in columns if name == wanted or (not wanted and name.lower() in usual)]
    if len(found) == 1:
        return found[0]
    needed = f"the column {wanted!r}" if wanted else f"a column named {' or '.join(usual)}"
    there = shortened(", ".join(columns), 200)
    raise ValueError(f"{path} has the columns {there}: {needed} is needed once; name it with {option}")


def _smi(path: Path) -> Iterator[Input]:
    """A SMILES a line, then blanks and a name; lines without either are passed over."""
    for line in _lines(path):
        smiles, _, name = line.strip().partition("\t" if "\t" in line else " ")
        if smiles and smiles.lower() != "smiles" and not smiles.startswith("#"):
            yield _molecule_input(smiles, name.strip())


def _sdf(path: Path) -> Iterator[Input]:
    """Records between lines of `$$$$`, each parsed alone: RDKit's own reader loses the one after a broken one."""
    from rdkit import Chem, rdBase

    def read(block: str, name: str) -> Molecule:
        with rdBase.BlockLogs():
            mol = Chem.MolFromMolBlock(block, removeHs=False)
        if mol is None:
            raise ValueError("RDKit cannot read the record: check its atom block, valences and aromatic bonds")
        return molecule(mol, name)

    record: list[str] = []
    place = 0
    for line in chain(_lines(path), ["$$$$"]):
        if line.rstrip() != "$$$$":
            record.append(line)
            continue
        if any(text.strip() for text in record):
            place += 1
            block, name = "".join(record), record[0].strip()
            yield _read_or_error(f"{path.name}#{place}", lambda block=block, name=name: read(block, name), name)  # type: ignore[misc]
        record = []


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
