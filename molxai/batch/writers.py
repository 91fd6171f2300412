"""Files of records: one format each, written at once or not at all."""

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import pyarrow as pa

from graphormer.files import csv_writer, replacing
from graphormer.readers.spreadsheets import Sheet
from molxai.batch.records import BLOCK

PER_ATOM = ("relevance", "relevance_sd", "relevance_error")
"""Keys whose values are lists of numbers of the atoms: atom properties of SDF."""


def as_json(content: Any, indent: int | None = None) -> str:
    """JSON of a record; values of a Parquet file that JSON does not know, like dates, are text."""
    return json.dumps(content, ensure_ascii=False, indent=indent, default=str)


def as_cell(value: Any) -> Any:
    """A value for a cell of a table: lists and dictionaries as JSON."""
    return as_json(value) if isinstance(value, list | dict) else value


class Writer(AbstractContextManager["Writer"]):
    """A file of records that grows by tables; it appears under its name when it is whole."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        self.columns = columns
        self.stack = ExitStack()
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
        self.file.writelines(as_json(record) + "\n" for record in table.to_pylist())


class Json(_Text):
    """One list."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        super().__init__(path, columns)
        self.is_empty = True
        self.stack.callback(self._close)

    def write(self, table: pa.Table) -> None:
        for record in table.to_pylist():
            self.file.write("[\n" if self.is_empty else ",\n")
            self.file.write(as_json(record, indent=1))
            self.is_empty = False

    def _close(self) -> None:
        self.file.write("[]\n" if self.is_empty else "\n]\n")


class Csv(_Text):
    """Lists and dictionaries are JSON inside their cell."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        super().__init__(path, columns)
        self.rows = csv_writer(self.file)
        self.rows.writerow(columns.names)

    def write(self, table: pa.Table) -> None:
        for record in table.to_pylist():
            self.rows.writerow([as_cell(value) for value in record.values()])


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

    RDKit sets them on the atoms of what it reads: `atom.GetDoubleProp("molxai_relevance")`. A row
    that could not be read is a molecule without atoms that has its error.
    """

    def write(self, table: pa.Table) -> None:
        for record in table.to_pylist():
            self.file.write(_sdf_record(record))


def _sdf_record(record: dict[str, Any]) -> str:
    """A record as SDF; what it says of each atom are atom property lists."""
    from rdkit import Chem

    from graphormer.graphs.molecules import mol_block

    content = dict(record)
    block = content.pop(BLOCK)
    mol = mol_block(block) if block else Chem.Mol()
    mol.SetProp("_Name", " ".join(content["id"].split()))
    by_atom = {f"molxai_{name}": content.pop(name) for name in PER_ATOM}
    features = content.pop("features", None) or {}
    for name, values in features.items():
        by_atom[f"molxai_{name.replace(' ', '_')}"] = values
    for name, value in content.items():
        if value is not None and value != []:
            mol.SetProp(_property_name(name), _property_text(str(as_cell(value))))
    for name, values in by_atom.items():
        if values:
            for atom, value in zip(mol.GetAtoms(), values, strict=True):
                atom.SetDoubleProp(name, value)
            Chem.CreateAtomDoublePropertyList(mol, name)
    return Chem.SDWriter.GetText(mol)


def _property_name(name: str) -> str:
    """A column's name as a property: one line, and no beginning that means something to RDKit."""
    name = " ".join(name.replace("<", "(").replace(">", ")").split())
    return f"input.{name}" if name.startswith(("_", "atom.")) else name


def _property_text(text: str) -> str:
    """Text within a record: a blank line would end the property, a line of `$$$$` the record."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(f" {line}" if line.startswith("$$$$") else line for line in lines)


class Excel(Writer):
    """One sheet; lists and dictionaries are JSON in their cell. No text is taken for a formula."""

    def __init__(self, path: Path, columns: pa.Schema) -> None:
        super().__init__(path, columns)
        self.sheet = Sheet(columns.names)
        self.stack.callback(lambda: self.sheet.save(self.partial))

    def write(self, table: pa.Table) -> None:
        for record in table.to_pylist():
            self.sheet.add([as_cell(value) for value in record.values()])


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
