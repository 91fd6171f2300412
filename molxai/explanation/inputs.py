"""What the user gave: SMILES or texts, tables, SDF, pictures and arrays, row by row.

`Inputs` opens each file once. An SDF or a text table is read to its end once for what must be known
beforehand (encoding, columns, number of rows, checksum), and once more for its rows.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphormer.graphs.molecules import MAX_ATOMS
from graphormer.readers.tables import AS_FOUND, TABLES, Layout, Table
from graphormer.readers.text import ending
from molxai.explanation.entry import Entry, Input
from molxai.explanation.kinds import (
    MOLECULE_FILES,
    TEXT_FILES,
    Reads,
    holds_digits,
    is_file,
    is_table,
)
from molxai.explanation.opened import OpenedSource, TableFile, open_source


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
    """SMILES or texts, and paths, as they were typed."""
    layout: Layout = AS_FOUND
    label_column: str = ""
    """The column of the true class, if there is one."""
    texts: bool = False
    """Whether a language model is to read them."""
    _opened: dict[str, "OpenedSource"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def reads(self) -> Reads:
        """Texts, or else molecules or digits, as the first source says."""
        if self.texts:
            return "texts"
        return "digits" if self.sources and holds_digits(self.sources[0]) else "molecules"

    @property
    def several(self) -> bool:
        """Whether they are more than a single one, as far as their names say."""
        return len(self.sources) > 1 or is_table(self.sources[0], self.reads)

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
            if not self._may_have_notes(source):
                continue
            notes = self._open(source).notes
            if notes:
                messages.append(f"{path.name}: read with {', '.join(notes)}")
        return messages

    def _may_have_notes(self, source: str) -> bool:
        """Whether it is a file of lines or a table that is not empty. Of others, readers tell."""
        kinds = TEXT_FILES if self.texts else MOLECULE_FILES
        if not is_file(source, self.reads) or ending(Path(source)) not in kinds:
            return False
        return os.path.isfile(source) and os.path.getsize(source) > 0  # noqa: PTH113, PTH202

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
        """Name and SHA-256 of each file, in order; of a SMILES or a text, itself."""
        return [self._open(source).digest() for source in self.sources]

    def _table_files(self) -> "Iterator[TableFile]":
        for source in self.sources:
            if is_file(source, self.reads) and ending(Path(source)) in TABLES:
                file = self._open(source)
                assert isinstance(file, TableFile)
                yield file

    def _open(self, source: str) -> "OpenedSource":
        if source not in self._opened:
            self._opened[source] = open_source(source, self.layout, self.label_column, self.reads)
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
