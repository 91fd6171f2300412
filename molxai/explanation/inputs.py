"""What the user gave: SMILES on the command line, tables, SDF, pictures and arrays, read one row at a time."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from graphormer.graphs.molecules import MAX_ATOMS, Molecule, mol_block, molecule, split_smiles
from graphormer.graphs.superpixels import Digit
from graphormer.readers.columns import says_smiles
from graphormer.readers.pictures import ARRAYS, PICTURES
from graphormer.readers.sdf import STRUCTURES
from graphormer.readers.tables import AS_FOUND, TABLES, Layout, Table, read_rows
from graphormer.readers.text import bad_byte, encoding_of, ending, lines, without_bad_bytes

MOLECULE_FILES = (".smi", *TABLES)
DIGIT_FILES = (*PICTURES, *ARRAYS)

OTHER_FILE = re.compile(
    r"\.(txt|xls|ods|mol2|pdb|zip|html?|xml|feather|pkl|bmp|gif|tiff?|docx?|pdf)$", re.IGNORECASE
)
"""Endings of files that are not read, and that no SMILES has."""

WHOLE = re.compile(r"^(\d+)\.0$")
"""A whole number as pandas writes it in a column with gaps."""

SINGLE = (".mol", ".mdl", *PICTURES)
"""Endings of files that hold one input each."""


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
    extras: Mapping[str, Any] = field(default_factory=dict)
    """The table's other columns: text, or what a Parquet file has there."""

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
    extras: Mapping[str, Any] = field(default_factory=dict)
    """The table's other columns: text, or what a Parquet file has there."""
    label_column: str = ""
    """Where the table has the true class."""

    def read(self, max_atoms: int = MAX_ATOMS) -> Input:
        """The molecule or digit, or why there is none."""
        try:
            if self.fault:
                raise ValueError(self.fault)
            return Input(self.row, self.text, self._subject(max_atoms), "", self.id, *self._beside)
        except (
            ValueError,
            RuntimeError,
            MemoryError,
        ) as error:  # RDKit has errors of its own for what it did not foresee
            reason = str(error) or "more memory is needed than there is"
            return Input(self.row, self.text, None, reason, self.id, *self._beside)

    @property
    def _beside(self) -> tuple[str, str, Mapping[str, Any]]:
        """What the table says of the row beside its structure and id."""
        return self.label, self.label_column, self.extras

    def _subject(self, max_atoms: int) -> Molecule | Digit:
        if self.kind in ("smiles", "block"):
            return molecule(
                mol_block(self.content, max_atoms) if self.kind == "block" else self.content,
                self.id,
                max_atoms,
            )
        from graphormer.graphs.superpixels import digit
        from graphormer.readers.pictures import picture, read_picture

        image, notes = (
            read_picture(Path(self.content)) if self.kind == "picture" else picture(self.content)
        )
        return digit(image, self.id, notes)


def read_inputs(
    sources: Sequence[str], layout: Layout = AS_FOUND, label_column: str = ""
) -> Iterator[Input]:
    """Every input in order; a row that cannot be read comes with its error.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: a file is empty, of an unknown kind, or lacks a column.
    """
    for entry in entries(sources, layout, label_column):
        yield entry.read()


def entries(
    sources: Sequence[str], layout: Layout = AS_FOUND, label_column: str = ""
) -> Iterator[Entry]:
    """Every input in order, not read yet; `row` counts over all of them.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: a file is empty, of an unknown kind, or lacks a column.
    """
    each = chain.from_iterable(_entries(source, layout, label_column) for source in sources)
    for row, entry in enumerate(each):
        yield replace(entry, row=row)


def is_table(source: str) -> bool:
    """Whether the argument names a file that may hold many inputs."""
    return is_file(source) and ending(Path(source)) not in SINGLE


def is_file(source: str) -> bool:
    """Whether the argument names a file: it exists, or ends as one of the known kinds."""
    # Not Path.is_file: to it, a SMILES of 300 characters is an error and not simply no file.
    return ending(Path(source)) in (*MOLECULE_FILES, *DIGIT_FILES) or os.path.isfile(source)  # noqa: PTH113


def holds_digits(source: str) -> bool:
    """Whether the argument names a picture or an array of pictures."""
    return ending(Path(source)) in DIGIT_FILES


def _entries(source: str, layout: Layout, label_column: str) -> Iterator[Entry]:
    if not is_file(source):
        if OTHER_FILE.search(source):
            raise FileNotFoundError(
                f"no file {source!r}: check the path (a SMILES has no such ending)"
            )
        return iter([Entry(source, source, "smiles")])
    path = Path(source)
    kind = ending(path)
    if not path.exists():
        raise FileNotFoundError(
            f"no file {source!r}: check the path (a SMILES does not end in {kind})"
        )
    if path.is_dir():
        raise ValueError(f"{source} is a folder: name the files in it")
    if kind not in (*MOLECULE_FILES, *DIGIT_FILES):
        old = "; save the old Excel workbook as .xlsx or .csv" if kind == ".xls" else ""
        raise ValueError(
            f"{source}: files ending in {', '.join((*MOLECULE_FILES, *DIGIT_FILES))} can be read{old}"
        )
    if not path.stat().st_size:
        raise ValueError(f"{source} is empty: at least one input is needed")
    if kind in TABLES:
        return _rows(path, layout, label_column)
    if kind == ".smi":
        return _smi(path, layout)
    return (
        _arrays(path) if kind in ARRAYS else iter([Entry(source, source, "picture", id=path.stem)])
    )


def tables(sources: Sequence[str], layout: Layout = AS_FOUND) -> Iterator[Table]:
    """The files with named columns among the sources.

    Raises:
        FileNotFoundError, ValueError: as `entries`.
    """
    for path in (Path(source) for source in sources if is_file(source)):
        if ending(path) in TABLES:
            yield read_rows(path, layout)


def extra_columns(
    sources: Sequence[str], layout: Layout = AS_FOUND, label_column: str = ""
) -> dict[str, Any]:
    """The columns that `Entry.extras` holds, neither structure nor id, with Arrow's type where the file has one.

    Raises:
        FileNotFoundError, ValueError: as `entries`.
    """
    found: dict[str, Any] = {}
    for table in tables(sources, layout):
        if label_column:
            table.column(label_column, "--target-columns")
        for name in _Roles.of(table, layout).others:
            kind = table.types.get(name)
            # Files that disagree about a column's type have it as text in common.
            found[name] = kind if found.get(name, kind) == kind else None
    return found


def reading_notes(sources: Sequence[str], layout: Layout = AS_FOUND) -> list[str]:
    """What was chosen in reading each table that the user may not expect, a line for each file."""
    said = []
    for path in map(Path, filter(is_file, sources)):
        notes: tuple[str, ...] = ()
        if path.is_file() and path.stat().st_size:  # what is none is told by whoever reads it
            if ending(path) in (".smi", *STRUCTURES):
                notes = (encoding_of(path, layout.encoding).note,)
            elif ending(path) in TABLES:
                notes = read_rows(path, layout).notes
        if any(notes):
            said.append(f"{path.name}: read with {', '.join(notes)}")
    return said


@dataclass(frozen=True)
class _Roles:
    """Which column of a table is what."""

    structures: str
    """Of SMILES; empty where rows hold mol blocks."""
    id: str
    """Of ids; empty where there is none."""
    others: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, layout: Layout) -> "_Roles":
        structures = table.smiles_column(layout.smiles_column)
        identity = table.id_column(layout.id_column, structures)
        taken = {structures} if table.has_structures else {structures, identity}
        return cls(structures, identity, tuple(name for name in table.columns if name not in taken))


def _rows(path: Path, layout: Layout, label_column: str) -> Iterator[Entry]:
    table = read_rows(path, layout)
    roles = _Roles.of(table, layout)
    label = table.column(label_column, "--target-columns") if label_column else ""
    for place, row in enumerate(table.rows, 1):
        cells = row.values or row.fields
        extras = {name: cells.get(name, None if table.types else "") for name in roles.others}
        measured = row.fields.get(label, "") if label else ""
        id = WHOLE.sub(r"\1", row.fields.get(roles.id, "").strip())
        if table.has_structures:
            # A record has its name in its first line, unless the user says otherwise.
            name = id if layout.id_column else row.title or id
            yield Entry(
                f"{path.name}#{place}",
                row.block,
                "block",
                0,
                name,
                measured,
                row.fault,
                extras,
                label,
            )
        else:
            smiles = row.fields.get(roles.structures, "")
            yield Entry(smiles, smiles, "smiles", 0, id, measured, row.fault, extras, label)


def _smi(path: Path, layout: Layout) -> Iterator[Entry]:
    """A SMILES a line, then blanks and a name; lines without either are passed over."""
    for number, line in enumerate(lines(path, layout.encoding), 1):
        if not line.strip() or line.startswith("#"):
            continue
        spoilt = bad_byte(line)
        smiles, name = split_smiles(without_bad_bytes(line))
        if number == 1 and says_smiles(smiles):
            continue
        name = name.split("\t")[0].strip()  # further columns have no names
        fault = f"line {number}: {spoilt}" if spoilt else ""
        yield Entry(smiles, smiles, "smiles", id=name, fault=fault)


def _arrays(path: Path) -> Iterator[Entry]:
    from graphormer.readers.pictures import read_arrays

    for place, values in enumerate(read_arrays(path)):
        yield Entry(f"{path.name}[{place}]", values, "array", id=f"{path.stem}#{place}")
