"""What the user gave: SMILES on the command line, tables, SDF, pictures and arrays, read one row at a time."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from graphormer.molecules import MAX_ATOMS, Molecule, mol_block, molecule
from graphormer.pictures import ARRAYS, PICTURES
from graphormer.superpixels import Digit
from graphormer.tables import column, ending, lines, read_rows, structure_column

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
    label_column: str = ""
    """Where the table has it."""
    extras: Mapping[str, str] = field(default_factory=dict)
    """The table's other columns."""

    @property
    def name(self) -> str:
        """What records, tables, pages and messages call it: its id, else the number of its row."""
        return self.id or str(self.row)


Kind = Literal["smiles", "block", "array", "picture"]


@dataclass(frozen=True)
class Entry:
    """One row of what was given, as it stands there: what workers are handed, and read."""

    text: str
    """The SMILES, or the file and the place in it."""
    content: Any
    """A SMILES, a mol block, an array of grey values, or the path of a picture."""
    kind: Kind
    row: int = 0
    id: str = ""
    label: str = ""
    fault: str = ""
    """Why there is nothing to read."""
    extras: Mapping[str, str] = field(default_factory=dict)
    """The table's other columns."""
    label_column: str = ""
    """Where the table has the true class."""

    def read(self, max_atoms: int = MAX_ATOMS) -> Input:
        """The molecule or digit, or why there is none."""
        try:
            if self.fault:
                raise ValueError(self.fault)
            return Input(self.row, self.text, self._subject(max_atoms), "", self.id, *self._beside)
        except (ValueError, RuntimeError) as error:  # RDKit has errors of its own for what it did not foresee
            return Input(self.row, self.text, None, str(error), self.id, *self._beside)

    @property
    def _beside(self) -> tuple[str, str, Mapping[str, str]]:
        """What the table says of the row beside its structure and id."""
        return self.label, self.label_column, self.extras

    def _subject(self, max_atoms: int) -> Molecule | Digit:
        if self.kind in ("smiles", "block"):
            return molecule(mol_block(self.content) if self.kind == "block" else self.content, self.id, max_atoms)
        from graphormer.pictures import picture, read_picture
        from graphormer.superpixels import digit

        image, notes = read_picture(Path(self.content)) if self.kind == "picture" else picture(self.content)
        return digit(image, self.id, notes)


def read_inputs(sources: Sequence[str], smiles_column: str = "", label_column: str = "") -> Iterator[Input]:
    """Every input in order; a row that cannot be read comes with its error.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: a file is empty, of an unknown kind, or lacks a column.
    """
    for entry in entries(sources, smiles_column, label_column):
        yield entry.read()


def entries(sources: Sequence[str], smiles_column: str = "", label_column: str = "") -> Iterator[Entry]:
    """Every input in order, not read yet; `row` counts over all of them.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: a file is empty, of an unknown kind, or lacks a column.
    """
    each = chain.from_iterable(_entries(source, smiles_column, label_column) for source in sources)
    for row, entry in enumerate(each):
        yield replace(entry, row=row)


def is_file(source: str) -> bool:
    """Whether the argument names a file: it exists, or ends as one of the known kinds."""
    # Not Path.is_file: to it, a SMILES of 300 characters is an error and not simply no file.
    return ending(Path(source)) in (*MOLECULE_FILES, *DIGIT_FILES) or os.path.isfile(source)  # noqa: PTH113


def holds_digits(source: str) -> bool:
    """Whether the argument names a picture or an array of pictures."""
    return ending(Path(source)) in DIGIT_FILES


def _entries(source: str, smiles_column: str, label_column: str) -> Iterator[Entry]:
    if not is_file(source):
        return iter([Entry(source, source, "smiles")])
    path, kind = Path(source), ending(Path(source))
    if not path.exists():
        raise FileNotFoundError(f"no file {source!r}: check the path (a SMILES does not end in {kind})")
    if path.is_dir():
        raise ValueError(f"{source} is a folder: name the files in it")
    if kind not in (*MOLECULE_FILES, *DIGIT_FILES):
        raise ValueError(f"{source}: files ending in {', '.join((*MOLECULE_FILES, *DIGIT_FILES))} can be read")
    if not path.stat().st_size:
        raise ValueError(f"{source} is empty: at least one input is needed")
    if kind in (*TABLES, ".sdf"):
        return _table(path, kind, smiles_column, label_column)
    if kind == ".smi":
        return _smi(path)
    return _arrays(path) if kind in ARRAYS else iter([Entry(source, source, "picture", id=path.stem)])


def extra_columns(sources: Sequence[str], smiles_column: str = "", label_column: str = "") -> list[str]:
    """Names of the columns that `Entry.extras` holds: neither structure nor id.

    Raises:
        FileNotFoundError, ValueError: as `entries`.
    """
    found: dict[str, None] = {}
    for path in (Path(source) for source in sources if is_file(source) and ending(Path(source)) in (*TABLES, ".sdf")):
        columns = read_rows(path)[0]
        if label_column:
            column(path, columns, label_column, (), "--target-columns")
        found |= dict.fromkeys(_roles(path, columns, smiles_column)[2])
    return list(found)


def _roles(path: Path, columns: Sequence[str], smiles_column: str) -> tuple[str, str, list[str]]:
    """The columns of structures and of ids, empty where there is none, and the others."""
    structures = structure_column(path, columns, smiles_column)
    names = [name for name in columns if name.lower() in ID_COLUMNS and name != structures]
    identity = names[0] if names and structures else ""  # a record of an SDF has its name in the first line
    return structures, identity, [name for name in columns if name not in (structures, identity)]


def _table(path: Path, kind: str, smiles_column: str, label_column: str) -> Iterator[Entry]:
    columns, rows = read_rows(path)
    structures, identity, others = _roles(path, columns, smiles_column)
    label = column(path, columns, label_column, (), "--target-columns") if label_column else ""
    for place, row in enumerate(rows, 1):
        known = {name: row.fields.get(name, "") for name in others}
        given, name = row.fields.get(label, "") if label else "", row.fields.get(identity, "")
        if kind == ".sdf":
            name = row.block.partition("\n")[0].strip()
            yield Entry(f"{path.name}#{place}", row.block, "block", 0, name, given, row.fault, known, label)
        else:
            smiles = row.fields.get(structures, "")
            yield Entry(smiles, smiles, "smiles", 0, name, given, row.fault, known, label)


def _smi(path: Path) -> Iterator[Entry]:
    """A SMILES a line, then blanks and a name; lines without either are passed over."""
    for line in lines(path):
        smiles, _, name = line.strip().partition("\t" if "\t" in line else " ")
        if smiles and smiles.lower() != "smiles" and not smiles.startswith("#"):
            yield Entry(smiles, smiles, "smiles", id=name.strip())


def _arrays(path: Path) -> Iterator[Entry]:
    from graphormer.pictures import read_arrays

    for place, values in enumerate(read_arrays(path)):
        yield Entry(f"{path.name}[{place}]", values, "array", id=f"{path.stem}#{place}")
