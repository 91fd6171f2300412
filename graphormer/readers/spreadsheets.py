"""Excel workbooks as tables: one sheet, its first filled row the header."""

import datetime
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graphormer.readers.delimited import Record, align

WORKBOOKS = (".xlsx", ".xlsm")
"""Endings of workbooks that can be read; the old .xls cannot."""

LARGEST = 2**31
"""Bytes that a workbook may unpack to: a full sheet of a million rows takes about one gigabyte."""

WHOLE_BELOW = 2**53
"""From here on a float has no digits after the point, and not all whole numbers."""


def read_sheet(
    path: Path, rank: Callable[[Sequence[str]], int] = lambda header: 0
) -> tuple[Callable[[], Iterator[Record]], list[str]]:
    """The sheet of a workbook that says most; of equal ones the first. Hidden sheets are left out.

    Args:
        path: of the workbook.
        rank: how little the cells of a header say; 0 is best.

    Returns:
        What reads the records of the sheet, its header first, and notes.

    Raises:
        ValueError: openpyxl is not installed, or the file is no workbook, is damaged, unpacks to
            too much, or is empty.
    """
    library = excel_library()
    size = workbook_size(path)
    if size > LARGEST:
        limit = f"at most {LARGEST / 2**30:.0f} are read, save it as .csv"
        raise ValueError(f"{path} unpacks to {size / 2**30:.1f} GB: {limit}")
    with _whole(path):
        book = library.load_workbook(path, read_only=True, data_only=True)
    headers: dict[str, list[str]] = {}
    for sheet in book.worksheets:
        header = next(_records(path, sheet), None) if sheet.sheet_state == "visible" else None
        if header:
            headers[sheet.title] = header.cells
    if not headers:
        raise ValueError(f"{path} is empty: at least one row is needed")
    best = min(headers, key=lambda title: rank(headers[title]))
    notes = [f"sheet {best!r} of {len(headers)}"] if len(headers) > 1 else []
    return lambda: _records(path, book[best]), notes


def workbook_size(path: Path) -> int:
    """Bytes that a workbook unpacks to, by its own figures.

    Raises:
        ValueError: it is none.
    """
    with _whole(path), zipfile.ZipFile(path) as archive:
        return sum(member.file_size for member in archive.infolist())


def _records(path: Path, sheet: Any) -> Iterator[Record]:
    def rows() -> Iterator[Record]:
        with _whole(path):
            sheet.reset_dimensions()  # some programs write wrong ones
            for number, cells in enumerate(sheet.iter_rows(), 1):
                yield Record(number, [_text(cell.value, cell.number_format) for cell in cells])

    return align(rows())


DAMAGE = (
    # of the archive
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    OSError,
    # of the XML in it, and of what the library expects there
    SyntaxError,
    KeyError,
    AttributeError,
    TypeError,
)
"""What reading a damaged workbook fails with."""


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Tell in one line what a damaged workbook fails with, in whichever of its layers."""
    try:
        yield
    except DAMAGE as error:
        raise ValueError(
            f"{path} is no readable Excel workbook ({error}): save it again as .xlsx or .csv"
        ) from error


def _text(value: Any, number_format: str) -> str:
    """A cell as other tables would have it.

    Example:
        >>> _text(3.0, "General"), _text(0.1, "0%"), _text(datetime.date(2024, 5, 1), "General")
        ('3', '10%', '2024-05-01')
    """
    if value is None:
        return ""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and "%" in number_format:
        return f"{round(100 * value, 10):g}%"
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE_BELOW:
        return str(int(value))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value).strip()


def excel_library() -> Any:
    """The library that reads and writes workbooks.

    Raises:
        ValueError: it is not installed.
    """
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise ValueError("Excel workbooks need openpyxl: pip install 'molxai[excel]'") from error
    return openpyxl


MOST_ROWS = 1_048_576
"""Rows of a sheet, its header among them."""

LONGEST_CELL = 32_767
"""Characters of a cell."""

REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Characters that XML cannot hold."""


class Sheet:
    """A workbook of one sheet that grows by rows."""

    def __init__(self, columns: Sequence[str]) -> None:
        library = excel_library()
        self.book = library.Workbook(write_only=True)
        self.sheet = self.book.create_sheet("molxai")
        self.cell = library.cell.WriteOnlyCell
        self.rows = 0
        self.add(columns)

    def add(self, values: Sequence[Any]) -> None:
        """Write a row below the others.

        Raises:
            ValueError: the sheet is full, or a text is longer than a cell may be.
        """
        self.rows += 1
        if self.rows > MOST_ROWS:
            raise ValueError(f"an Excel sheet has at most {MOST_ROWS} rows: write .parquet or .csv")
        self.sheet.append([self._cell(value) for value in values])

    def _cell(self, value: Any) -> Any:
        if value is None or isinstance(value, int | float):
            return value
        text = value if isinstance(value, str) else str(value)
        if len(text) > LONGEST_CELL:
            raise ValueError(
                f"{len(text)} characters for a cell of Excel, which holds {LONGEST_CELL}: "
                "write .parquet or .csv"
            )
        cell = self.cell(self.sheet, REFUSED.sub("\ufffd", text))
        cell.data_type = "s"  # a text that begins with = is no formula
        return cell

    def save(self, path: Path) -> None:
        """Write the workbook."""
        self.book.save(path)
