"""An upload as rows: read from a temporary file that is gone when they are, and refused where it is or unpacks too large."""

import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from graphormer.graphs.molecules import shortened
from graphormer.readers.arrays import unpacked_size
from graphormer.readers.pictures import ARRAYS, picture_count
from graphormer.readers.spreadsheets import WORKBOOKS, workbook_size
from graphormer.readers.tables import AS_FOUND, Layout
from graphormer.readers.text import ending, lines
from molxai.explanation.inputs import DIGIT_FILES, MOLECULE_FILES, Entry, Input, entries
from molxai.serve.pasted import pasted
from molxai.serve.settings import Settings

TEXT = ".txt"
"""Ending of a file of which its content says what it is."""

READ = (*MOLECULE_FILES, TEXT, *DIGIT_FILES)
"""Endings of files that are taken, in any case; packed ones (.gz) are not."""

LONGEST_NAME = 60
"""Characters of a file's name that are kept: in UTF-8 at most 240 bytes, and file systems take 255."""


class OversizedError(ValueError):
    """There is more than is taken."""


NOTHING = Input(0, "")


@dataclass(frozen=True)
class Ready(Entry):
    """An entry that is read already, for its file does not stay."""

    made: Input = NOTHING

    def read(self, max_atoms: int = 0) -> Input:
        return self.made


def uploaded(
    name: str, content: bytes, settings: Settings, layout: Layout = AS_FOUND, label_column: str = ""
) -> list[Entry]:
    """The rows of an uploaded file.

    Raises:
        ValueError: it cannot be read, or is of no known kind; as `OversizedError`: it holds too much.
    """
    safe = safe_name(name)
    if Path(safe).suffix.lower() not in READ:
        unpack = ", unpack it first" if ending(Path(safe)) in READ else ""
        raise ValueError(f"{safe}: files ending in {', '.join(READ)} can be read{unpack}")
    with TemporaryDirectory(prefix="molxai-") as folder:
        path = Path(folder, safe)
        path.write_bytes(content)
        try:
            if path.suffix.lower() == TEXT:
                path = _recognised(path, layout)
            return _rows(path, settings, layout, label_column)
        except MemoryError as error:
            raise OversizedError(f"{safe} unpacks to more than fits into memory: cut it") from error
        except OversizedError:
            raise
        except (ValueError, OSError) as error:
            raise ValueError(_without(path, str(error))) from error


def _recognised(path: Path, layout: Layout) -> Path:
    """A text file again, under the ending that its content has.

    Raises:
        ValueError: it is no text, or nothing that could be pasted.
    """
    found = pasted("".join(lines(path, layout.encoding)))
    named = path.with_name(found.name)
    named.write_text(found.content, encoding="utf-8", errors="surrogateescape")
    return named


def safe_name(name: str) -> str:
    """The last part of a file's name, of letters of any language, digits, dots and dashes.

    Example:
        >>> safe_name("../../etc/dose <b>response.CSV")
        'dose_b_response.CSV'
    """
    plain = re.sub(r"[^\w.-]+", "_", re.split(r"[/\\]", name)[-1])[-LONGEST_NAME:]
    return plain if plain.strip(".") == plain != "" else f"upload{plain}"


def _without(path: Path, text: str) -> str:
    """A text without the folder that the user never saw."""
    return text.replace(f"{path.parent}/", "")


def _rows(path: Path, settings: Settings, layout: Layout, label_column: str) -> list[Entry]:
    _check_unpacked(path, settings.largest_content, settings.most_rows)
    found = list(islice(entries([str(path)], layout, label_column), settings.most_rows + 1))
    if len(found) > settings.most_rows:
        raise OversizedError(
            f"{path.name} has more than {settings.most_rows} rows: cut it, or use 'molxai explain' on the command line"
        )
    if not found:
        raise ValueError(f"no inputs in {path.name}: at least one row is needed")
    return [
        bounded(_picture(one, path) if one.kind == "picture" else one, settings) for one in found
    ]


def _picture(entry: Entry, path: Path) -> Ready:
    known = entry.read()
    named = replace(known, text=_without(path, known.text), error=_without(path, known.error))
    return Ready(named.text, None, "picture", entry.row, entry.id, made=named)


def bounded(entry: Entry, settings: Settings) -> Entry:
    """The entry, or one that says that it is too long to be parsed."""
    longest = {"smiles": settings.longest_smiles, "block": settings.longest_block}.get(entry.kind)
    if longest is None or len(entry.content) <= longest:
        return entry
    fault = f"{len(entry.content)} characters: at most {longest} are read"
    return replace(entry, text=shortened(entry.text), content="", fault=fault)


def _check_unpacked(path: Path, largest: int, most_rows: int) -> None:
    """Refuse what would unpack to far more than was sent, by what the file itself says.

    Raises:
        OversizedError: it is so.
        ValueError: it is a damaged file of arrays.
    """
    content, rows = 0, 0
    if path.suffix.lower() in ARRAYS:
        content = unpacked_size(path)
        rows = picture_count(path) if content <= largest else 0
    elif path.suffix.lower() in WORKBOOKS:
        content = workbook_size(path)
    elif path.suffix.lower() == ".parquet":
        content, rows = _parquet_size(path, largest, most_rows)
    if content > largest or rows > most_rows:
        limits = f"at most {largest / 2**20:.0f} MB and {most_rows} rows are read"
        raise OversizedError(
            f"{path.name} unpacks to {content / 2**20:.0f} MB and {rows} rows: {limits}"
        )


def _parquet_size(path: Path, largest: int, most_rows: int) -> tuple[int, int]:
    """Bytes and rows. Text that is repeated is stored once: its bytes are counted for every cell, without making the cells."""
    import pyarrow as pa
    from pyarrow import compute, parquet

    try:
        plain = [
            one.name
            for one in parquet.read_schema(path)
            if pa.types.is_string(one.type) or pa.types.is_large_string(one.type)
        ]
        file = parquet.ParquetFile(path, read_dictionary=plain)
        stored = sum(
            file.metadata.row_group(place).total_byte_size for place in range(file.num_row_groups)
        )
        if stored > largest or file.metadata.num_rows > most_rows:
            return stored, file.metadata.num_rows
        columns = [
            column.combine_chunks()
            for column in file.read().columns
            if pa.types.is_dictionary(column.type)
        ]
    except (pa.ArrowException, OSError):
        return 0, 0  # no Parquet file: its reader says so
    lengths = [
        compute.sum(compute.take(compute.binary_length(one.dictionary), one.indices)).as_py() or 0
        for one in columns
    ]
    return max(stored, sum(lengths)), file.metadata.num_rows
