"""Files of many rows as named text: CSV, TSV, Parquet and SDF, read one row at a time."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from graphormer.molecules import Molecule, mol_block, molecule, shortened

SEPARATORS = {".csv": ",", ".tsv": "\t"}

LONGEST = 10**8
"""Characters of a cell at most."""

TABLES = (*SEPARATORS, ".parquet", ".sdf")
"""Endings of files with named columns."""

SMILES_COLUMNS = ("smiles", "mol", "canonical_smiles")
"""Names, in any case, under which a column of SMILES is found without being named."""


@dataclass(frozen=True)
class Row:
    """One row of a file."""

    place: str
    """Where it stands, for messages."""
    fields: dict[str, str]
    """Text of each named column; empty where there is nothing. In an SDF: its properties."""
    block: str = ""
    """The record of an SDF."""
    fault: str = ""
    """Why the row cannot be read at all."""

    def molecule(self, smiles_column: str, id: str = "") -> Molecule:
        """The molecule of the row.

        Raises:
            ValueError: it cannot be read.
        """
        if self.fault:
            raise ValueError(self.fault)
        return molecule(mol_block(self.block), id) if self.block else molecule(self.fields[smiles_column], id)


def ending(path: Path) -> str:
    """The kind of a file by its name, in lower case: `.csv` for `table.csv` and for `table.csv.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def read_rows(path: Path) -> tuple[list[str], Iterator[Row]]:
    """Names of the columns, without the blanks around them, and the rows.

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
        raise ValueError(f"{path}: a table ending in {', '.join(TABLES)} is needed")
    if not path.stat().st_size:
        raise ValueError(f"{path} is empty: at least one row is needed")
    if kind == ".sdf":
        return list(dict.fromkeys(name for row in _sdf_rows(path) for name in row.fields)), _sdf_rows(path)
    columns, rows_of = _parquet(path) if kind == ".parquet" else _text(path, SEPARATORS[kind])
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise ValueError(f"{path} has several columns named {shortened(', '.join(map(repr, twice)))}: each name is needed once")
    return columns, rows_of


def column(path: Path, columns: Sequence[str], wanted: str, usual: Sequence[str], option: str) -> str:
    """The column of that name, or the one that has a usual name.

    Raises:
        ValueError: there is none, or more than one.
    """
    found = [name for name in columns if name == wanted.strip() or (not wanted and name.lower() in usual)]
    if len(found) == 1:
        return found[0]
    needed = f"the column {wanted!r}" if wanted else f"a column named {' or '.join(usual)}"
    there = shortened(", ".join(columns), 200)
    mark = next((mark for mark in (";", "\t") if len(columns) == 1 and mark in columns[0]), "")
    advice = f"its cells seem to be parted by {mark!r}: save it with commas, or as .tsv with tabs" if mark else f"name it with {option}"
    raise ValueError(f"{path} has the columns {there}: {needed} is needed once; {advice}")


def structure_column(path: Path, columns: Sequence[str], wanted: str = "") -> str:
    """The column of SMILES; none in an SDF, whose records hold the molecules themselves.

    Raises:
        ValueError: there is none, or more than one.
    """
    return "" if ending(path) == ".sdf" else column(path, columns, wanted, SMILES_COLUMNS, "-s/--smiles-column")


def lines(path: Path) -> Iterator[str]:
    """Lines of a text file, unpacked where its name ends in `.gz`.

    Raises:
        ValueError: it is not UTF-8, or no whole gzip file.
    """
    packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") if packed else path.open(newline="", encoding="utf-8-sig") as file:
            yield from file
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is no whole gzip file ({error}): copy it again, or unpack it first") from error


def sdf_records(path: Path) -> Iterator[str]:
    """Records between lines of `$$$$`, each to be parsed alone: RDKit's own reader loses the one after a broken one."""
    record: list[str] = []
    for line in chain(lines(path), ["$$$$"]):
        if line.rstrip() != "$$$$":
            record.append(line)
            continue
        if any(text.strip() for text in record):
            yield "".join(record)
        record = []


def _text(path: Path, separator: str) -> tuple[list[str], Iterator[Row]]:
    csv.field_size_limit(LONGEST)
    reader = csv.reader(lines(path), delimiter=separator)
    faulty = "{path}, line {line}: {error}; a plain table of text is needed"
    try:
        columns = [name.strip() for name in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise ValueError(faulty.format(path=path, line=reader.line_num, error=error or "no header")) from error

    def rows() -> Iterator[Row]:
        try:
            for cells in reader:
                if cells:
                    filled = [*cells, *[""] * (len(columns) - len(cells))]
                    wide = f"{len(cells)} cells under {len(columns)} names: quote those that hold the separator"
                    fault = wide if len(cells) > len(columns) else ""
                    yield Row(f"line {reader.line_num}", dict(zip(columns, filled, strict=False)), fault=fault)
        except csv.Error as error:
            raise ValueError(faulty.format(path=path, line=reader.line_num, error=error)) from error

    return columns, rows()


def _parquet(path: Path) -> tuple[list[str], Iterator[Row]]:
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise ValueError(f"{path} is no readable Parquet file ({shortened(str(error))})") from error

    def rows() -> Iterator[Row]:
        place = 0
        for batch in file.iter_batches(batch_size=1024):
            for values in batch.to_pylist():
                place += 1
                yield Row(f"row {place}", {name.strip(): "" if value is None else str(value) for name, value in values.items()})

    return [name.strip() for name in file.schema_arrow.names], rows()


def _sdf_rows(path: Path) -> Iterator[Row]:
    for place, record in enumerate(sdf_records(path), 1):
        block, _, properties = record.partition("M  END")
        fields: dict[str, str] = {}
        name = ""
        for line in properties.splitlines():
            if line.startswith(">") and "<" in line and name not in fields:  # `>10` is a value
                name = line.partition("<")[2].rpartition(">")[0].strip()
            elif line and name:
                fields[name] = f"{fields[name]}\n{line}" if name in fields else line
            else:
                name = ""
        yield Row(f"record {place}", fields, f"{block}M  END\n")
