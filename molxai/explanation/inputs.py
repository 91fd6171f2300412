"""What the user gave: SMILES on the command line, tables, SDF, pictures and arrays, row by row.

`Inputs` opens each file once. An SDF or a text table is read to its end once for what must be known
beforehand (encoding, columns, number of rows, checksum), and once more for its rows.
"""

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from graphormer.files import digest
from graphormer.graphs.molecules import MAX_ATOMS, Molecule, mol_block, molecule, split_smiles
from graphormer.graphs.superpixels import Digit
from graphormer.readers.columns import says_smiles
from graphormer.readers.paths import check_file
from graphormer.readers.pictures import ARRAYS, PICTURES
from graphormer.readers.tables import AS_FOUND, TABLES, Layout, Row, Table, read_rows
from graphormer.readers.text import (
    bad_byte,
    count_lines,
    ending,
    lines,
    survey,
    without_bad_bytes,
)

SMILES_LINES = ".smi"
"""Ending of files with a SMILES and a name on each line."""

MOLECULE_FILES = (SMILES_LINES, *TABLES)
"""Endings of files of molecules."""

DIGIT_FILES = (*PICTURES, *ARRAYS)
"""Endings of files of digits."""

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
    """The column that has it."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """The table's other columns: text, or what a Parquet file has there."""

    @property
    def name(self) -> str:
        """What records, tables, pages and messages call it: its id, else the number of its row."""
        return self.id or str(self.row)


Kind = Literal["smiles", "block", "array", "picture"]
"""What the content of an entry is."""


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
    """The column that has the true class."""

    def read(self, max_atoms: int = MAX_ATOMS) -> Input:
        """The molecule or digit, or why there is none."""
        subject = None
        error = self.fault
        if not error:
            try:
                subject = self._subject(max_atoms)
            # RDKit raises RuntimeError for what it did not foresee.
            except (ValueError, RuntimeError, MemoryError) as failure:
                error = str(failure) or "more memory is needed than there is"
        return Input(
            self.row,
            self.text,
            subject,
            error,
            self.id,
            self.label,
            self.label_column,
            self.extras,
        )

    def _subject(self, max_atoms: int) -> Molecule | Digit:
        if self.kind == "smiles":
            return molecule(self.content, self.id, max_atoms)
        if self.kind == "block":
            return molecule(mol_block(self.content, max_atoms), self.id, max_atoms)
        from graphormer.graphs.superpixels import digit
        from graphormer.readers.pictures import picture, read_picture

        if self.kind == "picture":
            image, notes = read_picture(Path(self.content))
        else:
            image, notes = picture(self.content)
        return digit(image, self.id, notes)


@dataclass(frozen=True)
class Inputs:
    """All inputs of a command. Each file is opened once, when something of it is first asked for.

    Example:
        >>> inputs = Inputs(["CCO", "c1ccccc1O"])
        >>> inputs.expected()
        2
        >>> [(entry.row, entry.content) for entry in inputs.entries()]
        [(0, 'CCO'), (1, 'c1ccccc1O')]

    All methods raise as `entries`, except that `notes` passes over files that are not there.
    """

    sources: Sequence[str]
    """SMILES and paths, as they were typed."""
    layout: Layout = AS_FOUND
    label_column: str = ""
    """The column of the true class, if there is one."""
    _opened: dict[str, "_Source"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def reads(self) -> str:
        """Molecules or digits, as the first source says."""
        return "digits" if self.sources and holds_digits(self.sources[0]) else "molecules"

    @property
    def several(self) -> bool:
        """Whether they are more than a single molecule or digit, as far as their names say."""
        return len(self.sources) > 1 or is_table(self.sources[0])

    def entries(self) -> Iterator[Entry]:
        """Every input in order, not read yet; `row` counts over all of them.

        Each call reads the rows anew, without opening the files again for anything else.

        Raises:
            FileNotFoundError: a named file does not exist.
            ValueError: a file is empty, of an unknown kind, or lacks a column.
        """
        row = 0
        for source in self.sources:
            for entry in self._open(source).entries(row):
                yield entry
                row = entry.row + 1

    def read(self, max_atoms: int = MAX_ATOMS) -> Iterator[Input]:
        """Every input in order; a row that cannot be read comes with its error."""
        for entry in self.entries():
            yield entry.read(max_atoms)

    def notes(self) -> list[str]:
        """What was chosen in reading each file that the user may not expect, a line for each."""
        messages = []
        for source in self.sources:
            path = Path(source)
            if ending(path) not in MOLECULE_FILES or not _holds_something(source):
                continue
            notes = self._open(source).notes
            if notes:
                messages.append(f"{path.name}: read with {', '.join(notes)}")
        return messages

    def tables(self) -> Iterator[Table]:
        """The files with named columns among the sources."""
        return (file.table for file in self._table_files())

    def extra_columns(self) -> dict[str, Any]:
        """The columns that `Entry.extras` holds, neither structure nor id.

        Returns:
            Arrow's type of each column that has one and the same in all files, else None: text.
        """
        types: dict[str, Any] = {}
        for file in self._table_files():
            for name in file.roles.others:
                kind = file.table.types.get(name)
                types[name] = kind if types.get(name, kind) == kind else None
        return types

    def expected(self) -> int:
        """About how many inputs there are, for a progress bar."""
        return sum(self._open(source).expected for source in self.sources)

    def digests(self) -> list[str]:
        """Name and SHA-256 of each file, in order; of a SMILES, the SMILES."""
        return [self._open(source).digest() for source in self.sources]

    def _table_files(self) -> "Iterator[_TableFile]":
        for source in self.sources:
            if is_file(source) and ending(Path(source)) in TABLES:
                file = self._open(source)
                assert isinstance(file, _TableFile)
                yield file

    def _open(self, source: str) -> "_Source":
        if source not in self._opened:
            self._opened[source] = _open(source, self.layout, self.label_column)
        return self._opened[source]


def read_inputs(
    sources: Sequence[str], layout: Layout = AS_FOUND, label_column: str = ""
) -> Iterator[Input]:
    """Every input in order; a row that cannot be read comes with its error.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: a file is empty, of an unknown kind, or lacks a column.
    """
    return Inputs(sources, layout, label_column).read()


def entries(
    sources: Sequence[str], layout: Layout = AS_FOUND, label_column: str = ""
) -> Iterator[Entry]:
    """Every input in order, not read yet; `row` counts over all of them.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: a file is empty, of an unknown kind, or lacks a column.
    """
    return Inputs(sources, layout, label_column).entries()


def is_table(source: str) -> bool:
    """Whether the argument names a file that may hold many inputs."""
    return is_file(source) and ending(Path(source)) not in SINGLE


def is_file(source: str) -> bool:
    """Whether the argument names a file: it exists, or ends as one of the known kinds."""
    if ending(Path(source)) in (*MOLECULE_FILES, *DIGIT_FILES):
        return True
    # Not Path.is_file: to it, a SMILES of 300 characters is an error and not simply no file.
    return os.path.isfile(source)  # noqa: PTH113


def _holds_something(source: str) -> bool:
    """Whether there is a file that is not empty. Of others, whoever reads them tells."""
    return os.path.isfile(source) and os.path.getsize(source) > 0  # noqa: PTH113, PTH202


def holds_digits(source: str) -> bool:
    """Whether the argument names a picture or an array of pictures."""
    return ending(Path(source)) in DIGIT_FILES


class _Source(ABC):
    """One of the things that were named, opened."""

    notes: tuple[str, ...] = ()
    """What was chosen in reading it that the user may not expect."""
    expected: int = 1
    """About how many inputs it holds."""

    @abstractmethod
    def entries(self, first: int) -> Iterator[Entry]:
        """Its inputs, of which the first is that row of all."""

    @abstractmethod
    def digest(self) -> str:
        """What identifies its content."""


class _Smiles(_Source):
    """A SMILES on the command line."""

    def __init__(self, text: str) -> None:
        self.text = text

    def entries(self, first: int) -> Iterator[Entry]:
        yield Entry(self.text, self.text, "smiles", first)

    def digest(self) -> str:
        return self.text


class _File(_Source):
    """A file of any kind."""

    sha256: str = ""
    """Its checksum, if that is known from opening it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def digest(self) -> str:
        return f"{self.path.name} {self.sha256 or digest(self.path)}"


class _PictureFile(_File):
    """A picture."""

    def __init__(self, source: str) -> None:
        super().__init__(Path(source))
        self.source = source

    def entries(self, first: int) -> Iterator[Entry]:
        yield Entry(self.source, self.source, "picture", first, self.path.stem)


class _ArrayFile(_File):
    """An array of pictures."""

    def entries(self, first: int) -> Iterator[Entry]:
        from graphormer.readers.pictures import read_arrays

        for number, values in enumerate(read_arrays(self.path)):
            name = f"{self.path.name}[{number}]"
            yield Entry(name, values, "array", first + number, f"{self.path.stem}#{number}")


class _SmilesFile(_File):
    """A SMILES a line, then blanks and a name; lines without either are passed over."""

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path)
        outline = survey(path, layout.encoding, count_lines)
        self.encoding = outline.encoding.name
        self.expected = outline.content
        self.sha256 = outline.sha256
        if outline.encoding.note:
            self.notes = (outline.encoding.note,)

    def entries(self, first: int) -> Iterator[Entry]:
        row = first
        for number, line in enumerate(lines(self.path, self.encoding), 1):
            if not line.strip() or line.startswith("#"):
                continue
            smiles, name = split_smiles(without_bad_bytes(line))
            if number == 1 and says_smiles(smiles):
                continue
            bad = bad_byte(line)
            yield Entry(
                smiles,
                smiles,
                "smiles",
                row,
                name.split("\t")[0].strip(),  # further columns have no names
                fault=f"line {number}: {bad}" if bad else "",
            )
            row += 1


@dataclass(frozen=True)
class _Roles:
    """Which column of a table is what."""

    structures: str
    """Of SMILES; empty if rows hold mol blocks."""
    id: str
    """Of ids; empty if there is none."""
    label: str
    """Of the true class; empty if the user names none."""
    others: tuple[str, ...]
    """Neither of structures nor of ids."""


class _TableFile(_File):
    """A file with named columns."""

    def __init__(self, path: Path, layout: Layout, label_column: str) -> None:
        super().__init__(path)
        self.layout = layout
        self.label_column = label_column
        self.table = read_rows(path, layout)
        self.notes = self.table.notes
        self.expected = self.table.expected
        self.sha256 = self.table.sha256

    @cached_property
    def roles(self) -> _Roles:
        """Found when first needed, for without rows there is no need of a column of SMILES.

        Raises:
            ValueError: a column is missing, or there are several of SMILES.
        """
        table = self.table
        label = table.column(self.label_column, "--target-columns") if self.label_column else ""
        structures = table.smiles_column(self.layout.smiles_column)
        identity = table.id_column(self.layout.id_column, structures)
        # The id of an SDF's record is usually its title, so that no data item is lost to it.
        taken = (structures,) if table.has_structures else (structures, identity)
        others = tuple(name for name in table.columns if name not in taken)
        return _Roles(structures, identity, label, others)

    def entries(self, first: int) -> Iterator[Entry]:
        return self._structures(first) if self.table.has_structures else self._smiles(first)

    def _structures(self, first: int) -> Iterator[Entry]:
        """Mol blocks: the records of an SDF."""
        roles = self.roles
        for number, row in enumerate(self.table.rows):
            yield Entry(
                f"{self.path.name}#{number + 1}",
                row.block,
                "block",
                first + number,
                # A record has its name in its first line, unless the user says otherwise.
                (not self.layout.id_column and row.title) or self._id(row),
                row.fields.get(roles.label, ""),
                row.fault,
                {name: row.fields.get(name, "") for name in roles.others},
                roles.label,
            )

    def _smiles(self, first: int) -> Iterator[Entry]:
        """The column of SMILES."""
        roles = self.roles
        missing = None if self.table.types else ""
        for number, row in enumerate(self.table.rows):
            smiles = row.fields.get(roles.structures, "")
            cells = row.values or row.fields
            yield Entry(
                smiles,
                smiles,
                "smiles",
                first + number,
                self._id(row),
                row.fields.get(roles.label, ""),
                row.fault,
                {name: cells.get(name, missing) for name in roles.others},
                roles.label,
            )

    def _id(self, row: Row) -> str:
        return WHOLE.sub(r"\1", row.fields.get(self.roles.id, "").strip())


def _open(source: str, layout: Layout, label_column: str) -> _Source:
    """What a command's argument names.

    Raises:
        FileNotFoundError: it is the path of no file.
        ValueError: it is the path of a folder, or of a file that cannot be read.
    """
    if not is_file(source) and not OTHER_FILE.search(source):
        return _Smiles(source)
    path = Path(source)
    check_file(path, (*MOLECULE_FILES, *DIGIT_FILES))
    kind = ending(path)
    if kind in TABLES:
        return _TableFile(path, layout, label_column)
    if kind == SMILES_LINES:
        return _SmilesFile(path, layout)
    if kind in ARRAYS:
        return _ArrayFile(path)
    return _PictureFile(source)
