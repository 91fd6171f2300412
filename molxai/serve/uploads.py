"""An upload as rows.

It is read from a temporary file that is deleted at once, and refused if it is or unpacks too large.
"""

import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from graphormer.graphs.molecules import shortened
from graphormer.readers.arrays import unpacked_size
from graphormer.readers.pictures import ARRAYS, picture_count
from graphormer.readers.spreadsheets import WORKBOOKS, workbook_size
from graphormer.readers.tables import AS_FOUND, Layout
from graphormer.readers.text import ending, lines
from molxai.explanation.entry import Entry, Input
from molxai.explanation.inputs import entries
from molxai.explanation.kinds import DIGIT_FILES, MOLECULE_FILES
from molxai.serve.pasted import as_file
from molxai.serve.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

TEXT = ".txt"
"""Ending of a file whose content says what it is."""

READ = (*MOLECULE_FILES, TEXT, *DIGIT_FILES)
"""Endings of files that are taken, in any case; packed ones (.gz) are not."""

LONGEST_NAME = 60
"""Characters of a file name that are kept: at most 240 bytes in UTF-8; file systems take 255."""


MEGABYTE = 2**20
"""Bytes."""

NOTHING = Input(0, "")
"""In the place of an input that is not read yet."""


class OversizedError(ValueError):
    """There is more than is taken."""


@dataclass(frozen=True)
class Ready(Entry):
    """An entry that is read already, because its file does not stay."""

    item: Input = NOTHING

    def read(self, max_atoms: int = 0, keep: bool = True) -> Input:
        return self.item


def uploaded(
    name: str, content: bytes, settings: Settings, layout: Layout = AS_FOUND, label_column: str = ""
) -> list[Entry]:
    """The rows of an uploaded file.

    Raises:
        ValueError: it cannot be read, or is of no known kind.
        OversizedError: it holds too much.
    """
    safe = safe_name(name)
    if Path(safe).suffix.lower() not in READ:
        is_packed = ending(Path(safe)) in READ
        remedy = ", unpack it first" if is_packed else ""
        raise ValueError(f"{safe}: files ending in {', '.join(READ)} can be read{remedy}")
    with TemporaryDirectory(prefix="molxai-") as folder:
        path = Path(folder, safe)
        path.write_bytes(content)
        try:
            if path.suffix.lower() == TEXT:
                path = _rename_text(path, layout)
            return _rows(path, settings, layout, label_column)
        except MemoryError as error:
            raise OversizedError(f"{safe} unpacks to more than fits into memory: cut it") from error
        except OversizedError:
            raise
        except (ValueError, OSError) as error:
            raise ValueError(_without_folder(path, str(error))) from error


def _rename_text(path: Path, layout: Layout) -> Path:
    """A text file again, under the ending that its content has.

    Raises:
        ValueError: it is no text, or nothing that could be pasted.
    """
    file = as_file("".join(lines(path, layout.encoding)))
    renamed = path.with_name(file.name)
    renamed.write_text(file.content, encoding="utf-8", errors="surrogateescape")
    return renamed


def safe_name(name: str) -> str:
    """The last part of a file's name, of letters of any language, digits, dots and dashes.

    Example:
        >>> safe_name("../../etc/dose <b>response.CSV")
        'dose_b_response.CSV'
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = re.sub(r"[^\w.-]+", "_", last)[-LONGEST_NAME:]
    is_name = plain != "" and plain.strip(".") == plain
    return plain if is_name else f"upload{plain}"


def _without_folder(path: Path, text: str) -> str:
    """A text without the folder that the user never saw."""
    return text.replace(f"{path.parent}/", "")


def _rows(path: Path, settings: Settings, layout: Layout, label_column: str) -> list[Entry]:
    _check_unpacked(path, settings.largest_content, settings.most_rows)
    every = entries([str(path)], layout, label_column)
    rows = list(islice(every, settings.most_rows + 1))
    if len(rows) > settings.most_rows:
        raise OversizedError(
            f"{path.name} has more than {settings.most_rows} rows: cut it, or use 'molxai explain' "
            "on the command line"
        )
    if not rows:
        raise ValueError(f"no inputs in {path.name}: at least one row is needed")
    return [limit_length(_read_picture(row, path), settings) for row in rows]


def _read_picture(entry: Entry, path: Path) -> Entry:
    """The entry, which is read now if it is a picture: its file does not stay."""
    if entry.kind != "picture":
        return entry
    item = entry.read()
    text = _without_folder(path, item.text)
    error = _without_folder(path, item.error)
    named = replace(item, text=text, error=error)
    return Ready(text, None, "picture", entry.row, entry.id, item=named)


def limit_length(entry: Entry, settings: Settings) -> Entry:
    """The entry, or one that says that it is too long to be parsed."""
    limits = {"smiles": settings.longest_smiles, "block": settings.longest_block}
    longest = limits.get(entry.kind)
    if longest is None or len(entry.content) <= longest:
        return entry
    fault = f"{len(entry.content)} characters: at most {longest} are read"
    return replace(entry, text=shortened(entry.text), content="", fault=fault)


def _check_unpacked(path: Path, largest: int, most_rows: int) -> None:
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
