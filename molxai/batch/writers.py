"""Files of records: one format each, written at once or not at all."""

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import pyarrow as pa

from graphormer.files import csv_writer, replacing
from graphormer.readers.spreadsheets import Sheet
from molxai.batch.records import BLOCK


def as_json(content: Any, indent: int | None = None) -> str:
    """JSON of a record; dates and other values of a Parquet file that JSON does not know are text."""
    return json.dumps(content, ensure_ascii=False, indent=indent, default=str)


def as_cell(value: Any) -> Any:
    """A value for a cell of a table: lists and dictionaries as JSON."""
    return as_json(value) if isinstance(value, list | dict) else value


class Writer(AbstractContextManager["Writer"]):
    """A file of records that grows by tables; it appears under its name when it is whole."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        self.columns, self.stack = columns, ExitStack()
        self.partial = self.stack.enter_context(replacing(path))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        return self.stack.__exit__(kind, error, trace)

    @abstractmethod
    def write(self, table: pa.Table) -> None:
        """Add these records."""


class _Text(Writer):
    """Formats of lines."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        super().__init__(path, columns)
        self.file: TextIO = self.stack.enter_context(
            self.partial.open("w", encoding="utf-8", newline="")
        )


class JsonLines(_Text):
    """A record a line."""

    def write(self, table: pa.Table) -> None:
        self.file.writelines(as_json(one) + "\n" for one in table.to_pylist())


class Json(_Text):
    """One list."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        super().__init__(path, columns)
        self.between = "[\n"
        self.stack.callback(lambda: self.file.write("[]\n" if self.between == "[\n" else "\n]\n"))

    def write(self, table: pa.Table) -> None:
        for one in table.to_pylist():
            self.file.write(self.between + as_json(one, indent=1))
            self.between = ",\n"


class Csv(_Text):
    """Lists and dictionaries are JSON inside their cell."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        super().__init__(path, columns)
        self.rows = csv_writer(self.file)
        self.rows.writerow(columns.names)

    def write(self, table: pa.Table) -> None:
        for one in table.to_pylist():
            self.rows.writerow([as_cell(value) for value in one.values()])


class Parquet(Writer):
    """Typed columns; relevances are lists of float32."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        from pyarrow import parquet

        super().__init__(path, columns)
        self.file = self.stack.enter_context(
            parquet.ParquetWriter(
                self.partial, columns, compression="zstd", write_page_checksum=True
            )
        )

    def write(self, table: pa.Table) -> None:
        self.file.write_table(table)


class Sdf(_Text):
    """The molecule with the record as its properties; relevances are RDKit's atom property lists.

    RDKit sets them on the atoms of what it reads: `atom.GetDoubleProp("molxai_relevance")`. A row that could not be
    read is a molecule without atoms that has its error.
    """

    def write(self, table: pa.Table) -> None:
        from rdkit import Chem

        from graphormer.graphs.molecules import mol_block

        for one in table.to_pylist():
            block = one.pop(BLOCK)
            mol = mol_block(block) if block else Chem.Mol()
            mol.SetProp("_Name", " ".join(one["id"].split()))
            lists = {f"molxai_{name}": one.pop(name) for name in ("relevance", "relevance_sd")}
            lists |= {
                f"molxai_{name.replace(' ', '_')}": values
                for name, values in (one.pop("features", None) or {}).items()
            }
            for name, value in one.items():
                if value is not None and value != []:
                    mol.SetProp(_property_name(name), _property_text(str(as_cell(value))))
            for name, values in lists.items():
                self._per_atom(mol, name, values)
            self.file.write(Chem.SDWriter.GetText(mol))

    @staticmethod
    def _per_atom(mol: Any, name: str, values: Sequence[float] | None) -> None:
        from rdkit import Chem

        if values:
            for atom, value in zip(mol.GetAtoms(), values, strict=True):
                atom.SetDoubleProp(name, value)
            Chem.CreateAtomDoublePropertyList(mol, name)


def _property_name(name: str) -> str:
    """A column's name as a property of its own: RDKit gives meaning to those that begin so, and a name is one line."""
    name = " ".join(name.replace("<", "(").replace(">", ")").split())
    return f"input.{name}" if name.startswith(("_", "atom.")) else name


def _property_text(text: str) -> str:
    """Text within a record: a blank line would end the property, and a line of `$$$$` the record."""
    return "\n".join(
        f" {line}" if line.startswith("$$$$") else line
        for line in text.splitlines()
        if line.strip()
    )


class Excel(Writer):
    """One sheet; lists and dictionaries are JSON inside their cell. No text is taken for a formula."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        super().__init__(path, columns)
        self.sheet = Sheet(columns.names)
        self.stack.callback(lambda: self.sheet.save(self.partial))

    def write(self, table: pa.Table) -> None:
        for one in table.to_pylist():
            self.sheet.add([as_cell(value) for value in one.values()])


FORMATS: Mapping[str, type[Writer]] = {
    ".json": Json,
    ".jsonl": JsonLines,
    ".csv": Csv,
    ".parquet": Parquet,
    ".sdf": Sdf,
    ".xlsx": Excel,
}
"""How records are written, by the ending of the file."""


def write_tables(tables: Iterable[pa.Table], columns: pa.Schema, path: Path) -> None:
    """Write tables of records in the format of the file's ending, at once or not at all.

    Raises:
        ValueError: an unknown ending.
        OSError: it cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"{path}: records are written to {', '.join(FORMATS)}")
    with FORMATS[path.suffix.lower()](path, columns) as file:
        for table in tables:
            file.write(table)
