"""One source, opened: a SMILES or a text, or a file of any kind."""

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
from molxai.explanation.entry import Entry, Kind
from molxai.explanation.kinds import (
    DIGIT_FILES,
    MOLECULE_FILES,
    OTHER_FILE,
    SMILES_LINES,
    TEXT_FILES,
    TEXT_LINES,
    Reads,
    is_file,
)

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


class Typed(OpenedSource):
    """A SMILES or a text on the command line."""

    def __init__(self, text: str, kind: Kind) -> None:
        self.text = text
        self.kind = kind

    def entries(self, first: int) -> Iterator[Entry]:
        yield Entry(self.text, self.text, self.kind, first)

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


class LinesFile(OpenedFile):
    """An input a line."""

    def __init__(self, path: Path, layout: Layout) -> None:
        super().__init__(path)
        outline = survey(path, layout.encoding, count_lines)
        self.encoding = outline.encoding.name
        self.expected = outline.content
        self.sha256 = outline.sha256
        if outline.encoding.note:
            self.notes = (outline.encoding.note,)


class TextFile(LinesFile):
    """A text a line; blank lines are passed over."""

    def entries(self, first: int) -> Iterator[Entry]:
        row = first
        for number, line in enumerate(lines(self.path, self.encoding), 1):
            text = without_bad_bytes(line).strip()
            if not text:
                continue
            bad = bad_byte(line)
            yield Entry(text, text, "text", row, fault=f"line {number}: {bad}" if bad else "")
            row += 1


class SmilesFile(LinesFile):
    """A SMILES a line, then blanks and a name; lines without either are passed over."""

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

    content: str
    """Column of SMILES or texts; empty if rows hold mol blocks."""
    id: str
    """Column of ids; empty if there is none."""
    label: str
    """Column of the true class; empty if the user names none."""
    others: tuple[str, ...]
    """Columns that hold neither these nor ids."""


class TableFile(OpenedFile):
    """A file with named columns."""

    def __init__(
        self, path: Path, layout: Layout, label_column: str, reads: Reads = "molecules"
    ) -> None:
        super().__init__(path)
        self.layout = layout
        self.reads = reads
        self.label_column = label_column
        self.table = read_rows(path, layout)
        self.notes = self.table.notes
        self.expected = self.table.expected
        self.sha256 = self.table.sha256

    @cached_property
    def roles(self) -> Roles:
        """Found when first needed, for without rows there is no need of a column of SMILES.

        Raises:
            ValueError: a column is missing, or there are several of SMILES or of texts.
        """
        table = self.table
        label = table.column(self.label_column, "--target-columns") if self.label_column else ""
        if self.reads == "texts":
            content = table.text_column(self.layout.text_column)
        else:
            content = table.smiles_column(self.layout.smiles_column)
        identity = table.id_column(self.layout.id_column, content)
        # The id of an SDF's record is usually its title, so that no data item is lost to it.
        taken = (content,) if table.has_structures else (content, identity)
        others = tuple(name for name in table.columns if name not in taken)
        return Roles(content, identity, label, others)

    def entries(self, first: int) -> Iterator[Entry]:
        return self._structures(first) if self.table.has_structures else self._cells(first)

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

    def _cells(self, first: int) -> Iterator[Entry]:
        """The column of SMILES or texts."""
        roles = self.roles
        kind: Kind = "text" if self.reads == "texts" else "smiles"
        missing = None if self.table.types else ""
        for number, row in enumerate(self.table.rows):
            content = row.fields.get(roles.content, "")
            cells = row.values or row.fields
            yield Entry(
                content,
                content,
                kind,
                first + number,
                self._id(row),
                row.fields.get(roles.label, ""),
                row.fault,
                {name: cells.get(name, missing) for name in roles.others},
                roles.label,
            )

    def _id(self, row: Row) -> str:
        return WHOLE.sub(r"\1", row.fields.get(self.roles.id, "").strip())


def open_source(
    source: str, layout: Layout, label_column: str, reads: Reads = "molecules"
) -> OpenedSource:
    """What a command's argument names.

    Args:
        source: a SMILES or a text, or the path of a file.
        layout: of tables.
        label_column: of the true class, if there is one.
        reads: texts if a language model is to read it.

    Raises:
        FileNotFoundError: it is the path of no file.
        ValueError: it is the path of a folder, or of a file that cannot be read.
    """
    if reads == "texts":
        return _open_text(source, layout, label_column)
    if not is_file(source) and not OTHER_FILE.search(source):
        return Typed(source, "smiles")
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


def _open_text(source: str, layout: Layout, label_column: str) -> OpenedSource:
    if not is_file(source, "texts"):
        return Typed(source, "text")
    path = Path(source)
    check_file(path, TEXT_FILES)
    if ending(path) == TEXT_LINES:
        return TextFile(path, layout)
    return TableFile(path, layout, label_column, "texts")
