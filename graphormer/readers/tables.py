"""Files of many rows as named text: CSV, TSV, Excel, Parquet and SDF, read one row at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from graphormer.graphs.molecules import Molecule, mol_block, molecule, shortened
from graphormer.names import listing
from graphormer.readers.columns import (
    id_column,
    is_named,
    named_column,
    smiles_column,
    smiles_rank,
    text_column,
)
from graphormer.readers.delimited import (
    EXCEL_SEPARATOR,
    SAMPLE,
    Record,
    has_row_names,
    records,
    separator_named,
    separator_of,
)
from graphormer.readers.paths import check_file
from graphormer.readers.sdf import STRUCTURES, SdfRecord, sdf_outline, sdf_records
from graphormer.readers.spreadsheets import WORKBOOKS, read_sheet
from graphormer.readers.text import (
    count_lines,
    ending,
    first_bad_byte,
    lines,
    survey,
    without_bad_bytes,
)

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
    text_column: str = ""


AS_FOUND = Layout()
"""The user says nothing of the layout."""


@dataclass(frozen=True)
class Row:
    """One row of a file."""

    place: str
    """Where it stands, for messages."""
    fields: dict[str, str]
    """Text of each named column; empty if there is nothing. In an SDF: its data items."""
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
        if self.block:
            return molecule(mol_block(self.block), id)
        return molecule(self.fields[smiles_column], id)


@dataclass(frozen=True)
class Rows:
    """The rows of a file, which every iteration reads anew from the file."""

    read: Callable[[], Iterator[Row]]

    def __iter__(self) -> Iterator[Row]:
        return self.read()


@dataclass(frozen=True)
class Table:
    """An opened file: what is known of it before its rows are read."""

    path: Path
    columns: list[str]
    """Its named columns, without the blanks around their names; unnamed ones are left out."""
    rows: Iterable[Row]
    notes: tuple[str, ...] = ()
    """What was chosen in reading it that the user may not expect."""
    decimal_commas: bool = False
    """Whether commas in numbers are decimal ones, since semicolons separate the cells."""
    types: Mapping[str, Any] = field(default_factory=dict)
    """Arrow's type of each column of a Parquet file."""
    expected: int = 1
    """About how many rows there are, for a progress bar; 1 for a workbook, which does not say."""
    sha256: str = ""
    """Checksum of a text file, which has been read to its end; empty for other files."""

    @cached_property
    def sample(self) -> list[dict[str, str]]:
        """Cells of its first rows."""
        return [row.fields for row in islice(self.rows, SAMPLE)]

    @property
    def has_structures(self) -> bool:
        """Whether each row holds its structure as a mol block."""
        return ending(self.path) in STRUCTURES

    def smiles_column(self, wanted: str = "") -> str:
        """The column of SMILES; none if rows hold mol blocks.

        Raises:
            ValueError: there is none, or more than one.
        """
        if self.has_structures:
            return ""
        return smiles_column(self.path, self.columns, self.sample, wanted)

    def text_column(self, wanted: str = "") -> str:
        """The column of texts.

        Raises:
            ValueError: there is none, or more than one.
        """
        return text_column(self.path, self.columns, wanted)

    def id_column(self, wanted: str = "", structures: str = "") -> str:
        """The column of ids; empty if there is none.

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

    Text files and SDFs are read to their end once, for their encoding, columns, number of rows and
    checksum, and once more whenever the rows are iterated.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, of another kind, not text, or two columns have one name.
    """
    check_file(path, TABLES)
    kind = ending(path)
    if path.name.lower().endswith(".gz") and kind in (".parquet", *WORKBOOKS):
        raise ValueError(f"{path}: a {kind} file is packed already, unpack the .gz first")
    if kind in STRUCTURES:
        return _open_sdf(path, layout)
    if kind == ".parquet":
        return _open_parquet(path)
    if kind in WORKBOOKS:
        return _open_workbook(path)
    return _open_text(path, layout, SEPARATORS[kind])


def _open_text(path: Path, layout: Layout, usual: str) -> Table:
    """A table of separated values.

    Args:
        path: of the file.
        layout: as far as the user says so.
        usual: the separator by the file's ending.
    """
    outline = survey(path, layout.encoding, count_lines)
    encoding = outline.encoding
    head = list(islice(lines(path, encoding.name), SAMPLE))
    excel_line = EXCEL_SEPARATOR.match(head[0]) if head else None
    start = 1 if excel_line else 0
    if layout.separator:
        separator = separator_named(layout.separator)
    elif excel_line:
        separator = excel_line[1]
    else:
        separator = separator_of(head, usual, smiles_rank)
    row_names = has_row_names(head[start:], separator)

    def read_records() -> Iterator[Record]:
        rest = islice(lines(path, encoding.name), start, None)
        return records(rest, separator, start + 1, row_names)

    columns, rows = _columns_and_rows(path, read_records, "line")
    notes = (
        encoding.note,
        f"separator {separator!r}" if separator != usual else "",
        "row names that have no column name" if row_names else "",
    )
    return Table(
        path,
        columns,
        rows,
        tuple(filter(None, notes)),
        decimal_commas=separator == ";",
        expected=outline.content - 1,  # the header is no row
        sha256=outline.sha256,
    )


def _open_workbook(path: Path) -> Table:
    read_records, notes = read_sheet(path, smiles_rank)
    columns, rows = _columns_and_rows(path, read_records, "row")
    return Table(path, columns, rows, tuple(notes))


def _columns_and_rows(
    path: Path, read_records: Callable[[], Iterator[Record]], unit: str
) -> tuple[list[str], Rows]:
    """The named columns of a table of cells, and its rows.

    Args:
        path: of the table, for messages.
        read_records: reads them from the file anew, the header first.
        unit: what a record is called in messages: a line, or a row.
    """
    header = next(read_records(), None)
    if header is None:
        raise ValueError(f"{path} is empty: at least one row is needed")
    if header.fault:
        raise ValueError(
            f"{path}, {unit} {header.line}: {header.fault}; a plain table of text is needed"
        )
    names = [" ".join(without_bad_bytes(name).split()) for name in header.cells]
    places = [(place, name) for place, name in enumerate(names) if is_named(name)]
    columns = [name for _, name in places]
    refuse_repeated(path, columns)

    def read() -> Iterator[Row]:
        for record in islice(read_records(), 1, None):
            yield _row(record, places, f"{unit} {record.line}")

    return columns, Rows(read)


def _row(record: Record, places: list[tuple[int, str]], where: str) -> Row:
    """The row of a record.

    Args:
        record: of the table.
        places: place and name of each named column.
        where: the record stands, for messages.
    """
    cells = record.cells
    fault = record.fault
    if bad := first_bad_byte(cells):
        cells = [without_bad_bytes(cell) for cell in cells]
        fault = fault or bad
    width = len(cells)
    fields = {name: cells[place] if place < width else "" for place, name in places}
    return Row(where, fields, fault=f"{where}: {fault}" if fault else "")


def refuse_repeated(path: Path, columns: list[str]) -> None:
    """Each named column must be told from the others.

    Raises:
        ValueError: two have one name.
    """
    repeated = sorted({name for name in columns if columns.count(name) > 1})
    if repeated:
        names = listing(map(repr, repeated))
        raise ValueError(f"{path} has several columns named {names}: each name is needed once")


def _open_parquet(path: Path) -> Table:
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise ValueError(f"{path} is no readable Parquet file ({shortened(str(error))})") from error
    schema = file.schema_arrow
    places = [
        (place, name)
        for place, name in enumerate(name.strip() for name in schema.names)
        if is_named(name) and not _is_index(name)
    ]
    columns = [name for _, name in places]
    refuse_repeated(path, columns)

    def read() -> Iterator[Row]:
        number = 0
        for batch in file.iter_batches(batch_size=BATCH):
            cells = {name: _values(batch.column(place)) for place, name in places}
            for index in range(len(batch)):
                number += 1
                values = {name: column[index] for name, column in cells.items()}
                fields = {name: as_text(value) for name, value in values.items()}
                yield Row(f"row {number}", fields, values=values)

    types = {name: schema.field(place).type for place, name in places}
    return Table(path, columns, Rows(read), types=types, expected=file.metadata.num_rows)


def _is_index(name: str) -> bool:
    """Whether a column is the index that pandas saved with its frame."""
    return name.startswith("__index_level_")


def _values(column: Any) -> list[Any]:
    """The cells as Python has them; times stay Arrow's, which are finer."""
    import pyarrow as pa

    return list(column) if pa.types.is_temporal(column.type) else column.to_pylist()


def as_text(value: Any) -> str:
    """A cell as text; empty if there is nothing."""
    plain = value.as_py() if hasattr(value, "as_py") else value
    if isinstance(plain, bytes):  # how Spark and Impala write text
        return plain.decode("utf-8", "replace")
    return "" if plain is None else str(plain)


def _open_sdf(path: Path, layout: Layout) -> Table:
    outline = survey(path, layout.encoding, sdf_outline)
    encoding = outline.encoding

    def read() -> Iterator[Row]:
        for number, record in enumerate(sdf_records(lines(path, encoding.name)), 1):
            yield _structure(record, f"record {number}")

    names = map(without_bad_bytes, outline.content.columns)
    return Table(
        path,
        list(dict.fromkeys(names)),
        Rows(read),
        notes=(encoding.note,) if encoding.note else (),
        expected=max(1, outline.content.records),
        sha256=outline.sha256,
    )


def _structure(record: SdfRecord, where: str) -> Row:
    """The row of a record of an SDF."""
    bad = first_bad_byte((record.block, *record.fields.values()))
    return Row(
        where,
        {without_bad_bytes(name): without_bad_bytes(text) for name, text in record.fields.items()},
        block=without_bad_bytes(record.block),
        fault=f"{where}: {bad}" if bad else "",
        title=without_bad_bytes(record.title),
    )
