"""Files that are written at once or not at all, their checksums, and tables as CSV or Markdown."""

import csv
import hashlib
import io
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from graphormer.names import nearest

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula (OWASP, "CSV Injection")."""

MARKUP = str.maketrans({sign: f"\\{sign}" for sign in r"\`*_{}[]()<>#|~"} | {"&": "&amp;"})
"""Signs that mean something in Markdown, `*` of a SMILES among them, and how to write them."""


@runtime_checkable
class Writable(Protocol):
    """An open text file."""

    def write(self, text: str, /) -> int: ...


def missing_folder(path: Path) -> str:
    """The message for a file whose folder does not exist.

    Folders are not made for files, so that a mistyped path is noticed.
    """
    folder = path.parent
    siblings = []
    if folder.parent.is_dir():
        siblings = [item.name for item in folder.parent.iterdir() if item.is_dir()]
    similar = nearest(folder.name, siblings)
    advice = "create"
    if similar:
        advice = f"did you mean {str(folder.parent / similar[0])!r}? Else create"
    return (
        f"no folder {str(folder)!r} to write {path.name} into: {advice} it first "
        "(a mistyped folder is not made)"
    )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` to write to, which is renamed to `path` at the end.

    Nobody who reads `path` sees half a file, and a failure leaves the old file.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: it cannot be written; says why.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(missing_folder(path))
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a folder: name a file")
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())  # the name must not be on the disk before the content
        partial.replace(path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def real_path(path: str | Path) -> Path:
    """The absolute path with all links followed.

    A loop of links, on which `Path.resolve` fails, is left as it is.
    """
    return Path(os.path.realpath(path))


def write_file(path: Path, content: str | bytes) -> None:
    """Write at once or not at all.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: it cannot be written; says why.
    """
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Checksum of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def csv_writer(file: Writable) -> Any:
    """The `csv.writer` of all our tables, for tables that grow row by row.

    Args:
        file: opened with `newline=""`, so that lines end alike on all systems.
    """
    return csv.writer(file, lineterminator="\n")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]], guard: bool = False) -> str:
    r"""A table as CSV.

    Args:
        header: names of the columns.
        rows: their cells; None is an empty cell.
        guard: whether cells that a spreadsheet would take for formulas get an apostrophe: right for
            tables that people look at, wrong for tables that programs read.

    Example:
        >>> csv_text(["smiles", "note"], [["C,C", None], ["C", "=1+1"]], guard=True)
        'smiles,note\n"C,C",\nC,\'=1+1\n'
    """
    text = io.StringIO()
    writer = csv_writer(text)
    writer.writerow(header)
    if guard:
        rows = ([without_formula(cell) for cell in row] for row in rows)
    writer.writerows(rows)
    return text.getvalue()


def without_formula(cell: object) -> object:
    """The cell, with an apostrophe before a text that a spreadsheet would take for a formula.

    Example:
        >>> [without_formula(cell) for cell in ("=A1", "C=O", -1.5)]
        ["'=A1", 'C=O', -1.5]
    """
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


def columns_of(records: Iterable[Mapping[str, object]]) -> list[str]:
    """Every key of the records, in the order in which they first appear."""
    return list(dict.fromkeys(name for record in records for name in record))


def csv_of_records(records: Sequence[Mapping[str, object]], guard: bool = False) -> str:
    r"""Records as CSV, with a column for every key; a key that a record lacks is an empty cell.

    Args:
        records: with their values by column.
        guard: as in `csv_text`.

    Example:
        >>> csv_of_records([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "valid": 0.7}])
        'epoch,loss,valid\n1,0.5,\n2,,0.7\n'
    """
    header = columns_of(records)
    rows = ([record.get(name) for name in header] for record in records)
    return csv_text(header, rows, guard)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: it cannot be written; says why.
    """
    write_file(path, csv_text(header, rows))


def markdown_table(
    header: Sequence[str], rows: Iterable[Sequence[object]], tight: bool = False
) -> str:
    """A table as Markdown, without a line end after its last row.

    Args:
        header: names of the columns.
        rows: their cells, already escaped where they hold foreign text: see `escape_markdown`.
        tight: whether the line below the header has no blanks.

    Example:
        >>> print(markdown_table(["method", "AUC"], [["lrp", 0.9], ["random", 0.5]]))
        | method | AUC |
        | --- | --- |
        | lrp | 0.9 |
        | random | 0.5 |
    """
    rule = "|" + "---|" * len(header) if tight else _markdown_row(["---"] * len(header))
    return "\n".join([_markdown_row(header), rule, *map(_markdown_row, rows)])


def escape_markdown(text: str) -> str:
    r"""The text on one line, its signs written so that Markdown shows them as they are.

    Example:
        >>> print(escape_markdown("[*]C#N |\n note"))
        \[\*\]C\#N \| note
    """
    return " ".join(text.split()).translate(MARKUP)


def _markdown_row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
