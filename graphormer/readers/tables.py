"""Files of many rows as named text: CSV, TSV, Excel, Parquet and SDF, read one row at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from graphormer.graphs.molecules import Molecule, mol_block, molecule, shortened
from graphormer.names import listing
from graphormer.readers.columns import id_column, is_named, named_column, smiles_column, smiles_rank
from graphormer.readers.delimited import (
    EXCEL_SEPARATOR,
    SAMPLE,
    Record,
    has_row_names,
    records,
    separator_named,
    separator_of,
)
from graphormer.readers.sdf import STRUCTURES, sdf_records
from graphormer.readers.spreadsheets import WORKBOOKS, read_sheet
from graphormer.readers.text import bad_byte, encoding_of, ending, lines, without_bad_bytes

SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""Endings of text tables, with the separator that is tried first."""

TABLES = (*SEPARATORS, *WORKBOOKS, ".parquet", *STRUCTURES)
"""Endings of files with named columns."""

BATCH = 1024
"""Rows of a Parquet file that are decoded together."""


@dataclass(frozen=True)
class Layout:
    """How a table is laid out, as far as the user says so; what is empty is found."""

    smiles_column: str = ""
    id_column: str = ""
    separator: str = ""
    """One character, or a word for it: see `graphormer.readers.delimited.separator_named`."""
    encoding: str = ""


AS_FOUND = Layout()


@dataclass(frozen=True)
class Row:
    """One row of a file."""

    place: str
    """Where it stands, for messages."""
    fields: dict[str, str]
    """Text of each named column; empty where there is nothing. In an SDF: its data items."""
    block: str = ""
    """The structure of an SDF's record."""
    fault: str = ""
    """Why the row cannot be read at all."""
    title: str = ""
    """The name in an SDF's record."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The cells in the types that a Parquet file has them in; empty for other files."""

    def molecule(self, smiles_column: str, id: str = "") -> Molecule:
        """The molecule of the row.

        Raises:
            ValueError: it cannot be read.
        """
        if self.fault:
            raise ValueError(self.fault)
        return (
            molecule(mol_block(self.block), id)
            if self.block
            else molecule(self.fields[smiles_column], id)
        )


@dataclass(frozen=True)
class Table:
    """A file that is being read."""

    path: Path
    columns: list[str]
    """Its named columns, without the blanks around their names; unnamed ones are left out."""
    rows: Iterator[Row]
    sample: list[dict[str, str]]
    """Cells of its first rows."""
    notes: tuple[str, ...] = ()
    """What was chosen in reading it that the user may not expect."""
    decimal_commas: bool = False
    """Whether commas in numbers are decimal ones, for the file separates its cells by semicolons."""
    types: Mapping[str, Any] = field(default_factory=dict)
    """Arrow's type of each column of a Parquet file."""

    @property
    def has_structures(self) -> bool:
        """Whether each row holds its structure as a mol block."""
        return ending(self.path) in STRUCTURES

    def smiles_column(self, wanted: str = "") -> str:
        """The column of SMILES; none where rows hold mol blocks.

        Raises:
            ValueError: there is none, or more than one.
        """
        if self.has_structures:
            return ""
        return smiles_column(self.path, self.columns, self.sample, wanted)

    def id_column(self, wanted: str = "", structures: str = "") -> str:
        """The column of ids; empty where there is none.

        Raises:
            ValueError: there is no column of the wanted name.
        """
        return id_column(self.path, self.columns, wanted, structures)

    def column(self, wanted: str, option: str) -> str:
        """The column of that name.

        Raises:
            ValueError: there is none.
        """
        return named_column(self.path, self.columns, wanted, option)


def read_rows(path: Path, layout: Layout = AS_FOUND) -> Table:
    """The table in a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, of another kind, not text, or two columns have one name.
    """
    kind = ending(path)
    if not path.exists():
        raise FileNotFoundError(f"no file {str(path)!r}: check the path")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it")
    if kind not in TABLES:
        old = ": save the old Excel workbook as .xlsx or .csv" if kind == ".xls" else ""
        raise ValueError(f"{path}: a table ending in {', '.join(TABLES)} is needed{old}")
    if not path.stat().st_size:
        raise ValueError(f"{path} is empty: at least one row is needed")
    if path.name.lower().endswith(".gz") and kind in (".parquet", *WORKBOOKS):
        raise ValueError(f"{path}: a {kind} file is packed already, unpack the .gz first")
    if kind in STRUCTURES:
        return _structures(path, layout)
    if kind == ".parquet":
        return _parquet(path)
    return _workbook(path) if kind in WORKBOOKS else _text(path, layout, SEPARATORS[kind])


def _opened(path: Path, columns: list[str], rows: Iterator[Row], **facts: Any) -> Table:
    """The table, with its first rows looked at."""
    first = list(islice(rows, SAMPLE))
    return Table(path, columns, chain(first, rows), [row.fields for row in first], **facts)


def _text(path: Path, layout: Layout, usual: str) -> Table:
    encoding = encoding_of(path, layout.encoding)
    head = list(islice(lines(path, layout.encoding), SAMPLE))
    told = EXCEL_SEPARATOR.match(head[0]) if head else None
    skipped = 1 if told else 0
    wanted = separator_named(layout.separator) if layout.separator else told[1] if told else ""
    separator = wanted or separator_of(head[skipped:], usual, smiles_rank)
    row_names = has_row_names(head[skipped:], separator)
    each = records(
        islice(lines(path, layout.encoding), skipped, None), separator, skipped + 1, row_names
    )
    notes = [encoding.note] if encoding.note else []
    if separator != usual:
        notes.append(f"separator {separator!r}")
    if row_names:
        notes.append("row names that have no column name")
    columns, rows = _named(path, each, "line")
    return _opened(path, columns, rows, notes=tuple(notes), decimal_commas=separator == ";")


def _workbook(path: Path) -> Table:
    each, notes = read_sheet(path, smiles_rank)
    columns, rows = _named(path, each, "row")
    return _opened(path, columns, rows, notes=tuple(notes))


def _named(path: Path, each: Iterator[Record], unit: str) -> tuple[list[str], Iterator[Row]]:
    """The named columns of a table of cells, and its rows."""
    header = next(each, None)
    if header is None:
        raise ValueError(f"{path} is empty: at least one row is needed")
    if header.fault:
        raise ValueError(
            f"{path}, {unit} {header.line}: {header.fault}; a plain table of text is needed"
        )
    names = [" ".join(without_bad_bytes(name).split()) for name in header.cells]
    columns = [name for name in names if is_named(name)]
    refuse_repeated(path, columns)
    kept = [(place, name) for place, name in enumerate(names) if is_named(name)]

    def rows() -> Iterator[Row]:
        for record in each:
            where = f"{unit} {record.line}"
            cells = record.cells
            fault = f"{where}: {record.fault}" if record.fault else ""
            if spoilt := next(filter(None, map(bad_byte, cells)), ""):
                cells = [without_bad_bytes(cell) for cell in cells]
                fault = fault or f"{where}: {spoilt}"
            fields = {name: cells[place] if place < len(cells) else "" for place, name in kept}
            yield Row(where, fields, fault=fault)

    return columns, rows()


def refuse_repeated(path: Path, columns: list[str]) -> None:
    """Each named column must be told from the others.

    Raises:
        ValueError: two have one name.
    """
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise ValueError(
            f"{path} has several columns named {listing(map(repr, twice))}: each name is needed once"
        )


def _parquet(path: Path) -> Table:
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise ValueError(f"{path} is no readable Parquet file ({shortened(str(error))})") from error
    schema = file.schema_arrow
    names = [name.strip() for name in schema.names]
    kept = [
        (place, name) for place, name in enumerate(names) if is_named(name) and not _is_index(name)
    ]
    columns = [name for _, name in kept]
    refuse_repeated(path, columns)

    def rows() -> Iterator[Row]:
        place = 0
        for batch in file.iter_batches(batch_size=BATCH):
            cells = {name: _values(batch.column(at)) for at, name in kept}
            for number in range(len(batch)):
                place += 1
                values = {name: column[number] for name, column in cells.items()}
                fields = {name: as_text(value) for name, value in values.items()}
                yield Row(f"row {place}", fields, values=values)

    return _opened(path, columns, rows(), types={name: schema.field(at).type for at, name in kept})


def _is_index(name: str) -> bool:
    """Whether a column is the index that pandas saved with its frame."""
    return name.startswith("__index_level_")


def _values(column: Any) -> list[Any]:
    """The cells as Python has them; times stay Arrow's, which are finer."""
    import pyarrow as pa

    return list(column) if pa.types.is_temporal(column.type) else column.to_pylist()


def as_text(value: Any) -> str:
    """A cell as text; empty where there is nothing."""
    plain = value.as_py() if hasattr(value, "as_py") else value
    if isinstance(plain, bytes):  # how Spark and Impala write text
        return plain.decode("utf-8", "replace")
    return "" if plain is None else str(plain)


def _structures(path: Path, layout: Layout) -> Table:
    def rows() -> Iterator[Row]:
        for place, record in enumerate(sdf_records(lines(path, layout.encoding)), 1):
            where = f"record {place}"
            spoilt = next(filter(None, map(bad_byte, (record.block, *record.fields.values()))), "")
            fault = f"{where}: {spoilt}" if spoilt else ""
            fields = {
                without_bad_bytes(name): without_bad_bytes(text)
                for name, text in record.fields.items()
            }
            yield Row(
                where,
                fields,
                without_bad_bytes(record.block),
                fault,
                without_bad_bytes(record.title),
            )

    encoding = encoding_of(path, layout.encoding)
    columns = list(dict.fromkeys(name for row in rows() for name in row.fields))
    return _opened(path, columns, rows(), notes=(encoding.note,) if encoding.note else ())
