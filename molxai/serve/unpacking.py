"""How much a packed file holds, found without unpacking more than is taken."""

import gzip
import io
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from graphormer.readers.arrays import unpacked_size
from graphormer.readers.pictures import ARRAYS, picture_count
from graphormer.readers.spreadsheets import WORKBOOKS, workbook_size

if TYPE_CHECKING:
    import pyarrow as pa

MEGABYTE = 2**20
"""Bytes."""


class OversizedError(ValueError):
    """There is more than is taken."""


def unpack(content: bytes, largest: int, name: str) -> bytes:
    """What a gzip file holds, read no further than is taken.

    Raises:
        OversizedError: it holds more.
        ValueError: it is no whole gzip file.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            unpacked = file.read(largest + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{name} is no whole gzip file ({error}): pack it again") from error
    if len(unpacked) > largest:
        raise OversizedError(
            f"{name} unpacks to more than {largest / MEGABYTE:.0f} MB: cut it, or use the command "
            "line"
        )
    return unpacked


def check_unpacked(path: Path, largest: int, most_rows: int) -> None:
    """Refuse what would unpack to far more than was sent, by what the file itself says.

    Raises:
        OversizedError: it would.
        ValueError: it is a damaged file of arrays.
    """
    content = 0
    rows = 0
    if path.suffix.lower() in ARRAYS:
        content = unpacked_size(path)
        rows = picture_count(path) if content <= largest else 0
    elif path.suffix.lower() in WORKBOOKS:
        content = workbook_size(path)
    elif path.suffix.lower() == ".parquet":
        content, rows = _parquet_size(path, largest, most_rows)
    if content > largest or rows > most_rows:
        size = f"{content / MEGABYTE:.0f} MB and {rows} rows"
        limits = f"at most {largest / MEGABYTE:.0f} MB and {most_rows} rows are read"
        raise OversizedError(f"{path.name} unpacks to {size}: {limits}")


def _parquet_size(path: Path, largest: int, most_rows: int) -> tuple[int, int]:
    """Bytes and rows of what a Parquet file holds.

    Text that is repeated is stored once: its bytes are counted for every cell, without making the
    cells.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        names = [column.name for column in parquet.read_schema(path) if _is_text(column.type)]
        file = parquet.ParquetFile(path, read_dictionary=names)
        about = file.metadata
        groups = range(about.num_row_groups)
        stored = sum(about.row_group(group).total_byte_size for group in groups)
        if stored > largest or about.num_rows > most_rows:
            return stored, about.num_rows
        table = file.read()
    except (pa.ArrowException, OSError):
        return 0, 0  # it is not a Parquet file: its reader says so
    columns = [column for column in table.columns if pa.types.is_dictionary(column.type)]
    return max(stored, sum(_text_size(column) for column in columns)), about.num_rows


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _text_size(column: "pa.ChunkedArray") -> int:
    """Bytes of a column of text that is stored as a dictionary and places in it."""
    from pyarrow import compute

    cells = column.combine_chunks()
    lengths = compute.binary_length(cells.dictionary)
    each = compute.take(lengths, cells.indices)  # (rows,)
    return compute.sum(each).as_py() or 0
