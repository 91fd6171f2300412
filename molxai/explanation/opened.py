"""One source, opened: a SMILES, or a file of any kind."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from graphormer.files import digest
from graphormer.graphs.molecules import split_smiles
from graphormer.readers.columns import says_smiles
from graphormer.readers.paths import check_file
from graphormer.readers.pictures import ARRAYS
from graphormer.readers.tables import TABLES, Layout, Row, read_rows
from graphormer.readers.text import (
    bad_byte,
    count_lines,
    ending,
    lines,
    survey,
    without_bad_bytes,
)
from molxai.explanation.entry import Entry
from molxai.explanation.kinds import DIGIT_FILES, MOLECULE_FILES, OTHER_FILE, SMILES_LINES, is_file

WHOLE = re.compile(r"^(\d+)\.0$")
"""A whole number as pandas writes it in a column with gaps."""


class OpenedSource(ABC):
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


class SmilesText(OpenedSource):
    """A SMILES on the command line."""

    def __init__(self, text: str) -> None:
        self.text = text

    def entries(self, first: int) -> Iterator[Entry]:
        yield Entry(self.text, self.text, "smiles", first)

    def digest(self) -> str:
        return self.text


class OpenedFile(OpenedSource):
    """A file of any kind."""

    sha256: str = ""
    """Its checksum, if that is known from opening it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def digest(self) -> str:
        return f"{self.path.name} {self.sha256 or digest(self.path)}"


class PictureFile(OpenedFile):
    """A picture."""

    def __init__(self, source: str) -> None:
        super().__init__(Path(source))
        self.source = source

    def entries(self, first: int) -> Iterator[Entry]:
        yield Entry(self.source, self.source, "picture", first, self.path.stem)


class ArrayFile(OpenedFile):
    """An array of pictures."""

    def entries(self, first: int) -> Iterator[Entry]:
        from graphormer.readers.pictures import read_arrays

        for number, values in enumerate(read_arrays(self.path)):
            name = f"{self.path.name}[{number}]"
            yield Entry(name, values, "array", first + number, f"{self.path.stem}#{number}")


class SmilesFile(OpenedFile):
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
class Roles:
    """Which column of a table is what."""

    structures: str
    """Column of SMILES; empty if rows hold mol blocks."""
    id: str
    """Column of ids; empty if there is none."""
    label: str
    """Column of the true class; empty if the user names none."""
    others: tuple[str, ...]
    """Columns that hold neither structures nor ids."""


class TableFile(OpenedFile):
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
    def roles(self) -> Roles:
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
        return Roles(structures, identity, label, others)

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


def open_source(source: str, layout: Layout, label_column: str) -> OpenedSource:
    """What a command's argument names.

    Raises:
        FileNotFoundError: it is the path of no file.
        ValueError: it is the path of a folder, or of a file that cannot be read.
    """
    if not is_file(source) and not OTHER_FILE.search(source):
        return SmilesText(source)
    path = Path(source)
    check_file(path, (*MOLECULE_FILES, *DIGIT_FILES))
    kind = ending(path)
    if kind in TABLES:
        return TableFile(path, layout, label_column)
    if kind == SMILES_LINES:
        return SmilesFile(path, layout)
    if kind in ARRAYS:
        return ArrayFile(path)
    return PictureFile(source)
