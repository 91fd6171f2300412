"""Text files as people save them: packed or not, in whatever encoding, as lines."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

BLOCK = 1 << 20
"""Bytes that are looked at together while the encoding is found."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that stand for nothing in Windows' encoding of western Europe; in Latin-1 every byte stands for something."""

OTHER_FILES = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive: name a workbook .xlsx, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save it as .xlsx or .csv"),
    (b"PAR1", "a Parquet file: name it .parquet"),
    (b"\x1f\x8b", "packed with gzip: add .gz to its name"),
    (b"%PDF", "a PDF: a table of text is needed"),
)
"""How files begin that are no text, and what to do with them."""

ESCAPED = re.compile("[\udc80-\udcff]")
"""What a byte becomes that is not UTF-8 (Python's surrogateescape)."""

BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a file stand for text."""

    name: str
    """As Python knows it."""
    note: str = ""
    """What the user should know about the choice, in a few words; empty for UTF-8."""


def ending(path: Path) -> str:
    """The kind of a file by its name, in lower case: `.csv` for `table.csv` and for `table.csv.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def encoding_of(path: Path, wanted: str = "") -> Encoding:
    """The encoding of a text file: the wanted one, else found by its byte order mark and its bytes.

    A file is UTF-8 if its bytes are, or if most of what is beyond ASCII is. Otherwise it is taken for Windows' cp1252,
    which is Latin-1 and more.

    Raises:
        ValueError: there is no such encoding, the file is no text, or no whole gzip file.
    """
    if wanted:
        try:
            name = codecs.lookup(wanted).name
        except LookupError as error:
            known = "utf-8, utf-16, cp1252, latin-1"
            raise ValueError(
                f"encoding {wanted!r} is not known: {known} and others of Python's are"
            ) from error
        return Encoding("utf-8-sig" if name == "utf-8" else name)
    facts = path.stat()
    return _found_encoding(path, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=16)
def _found_encoding(path: Path, size: int, changed: int) -> Encoding:
    """The encoding, found once for each state of a file."""
    with _opened(path) as file:
        head = file.read(4096)
        for mark, name in BYTE_ORDER_MARKS:
            if head.startswith(mark):
                return Encoding(name, "" if name == "utf-8-sig" else f"encoding {name}")
        if unmarked := _unmarked_utf16(head):
            return Encoding(unmarked, f"encoding {unmarked}")
        for begin, what in OTHER_FILES:
            if head.startswith(begin):
                raise ValueError(f"{path} is {what}")
        if b"\x00" in head:
            raise ValueError(f"{path} holds binary data: a table of text is needed")
        return _utf8_or_western(head, file)


def _unmarked_utf16(head: bytes) -> str:
    """UTF-16 without a mark: in western text every second byte is zero."""
    pairs = len(head) // 2
    if pairs < 4:
        return ""
    zeros = (head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0))
    if zeros[1] > 0.7 * pairs and zeros[0] < 0.1 * pairs:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > 0.7 * pairs and zeros[1] < 0.1 * pairs else ""


def _utf8_or_western(head: bytes, file: io.BufferedIOBase) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    valid = 0
    invalid = 0
    lines_before = 0
    first = ""
    undefined = False
    block = head
    while True:
        text = decoder.decode(block, final=not block)
        if not text.isascii():
            valid += len(BEYOND_ASCII.findall(text))
            escaped = ESCAPED.findall(text)
            invalid += len(escaped)
            if escaped and not first:
                line = lines_before + text.count("\n", 0, text.index(escaped[0])) + 1
                first = f"byte 0x{ord(escaped[0]) - 0xDC00:02X} in line {line} is not UTF-8"
            undefined = undefined or any(byte in block for byte in UNDEFINED_IN_CP1252)
        lines_before += text.count("\n")
        if not block:
            break
        block = file.read(BLOCK)
    if valid >= invalid:
        return Encoding("utf-8")
    name = "latin-1" if undefined else "cp1252"
    return Encoding(name, f"encoding {name} ({first})")


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked where its name ends in `.gz`."""
    packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path, "rb") if packed else path.open("rb") as file:
            yield file
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        remedy = "copy it again, or unpack it first"
        raise ValueError(f"{path} is no whole gzip file ({error}): {remedy}") from error


def lines(path: Path, encoding: str = "") -> Iterator[str]:
    """Lines of a text file with their ends.

    A byte that is not of the encoding stays in the text of its line, where `bad_byte` finds it: it costs no other line.

    Args:
        path: unpacked where its name ends in `.gz`.
        encoding: found where it is not given.

    Raises:
        ValueError: the file is no text, no whole gzip file, or there is no such encoding.
    """
    name = encoding_of(path, encoding).name
    on_error = "replace" if name.startswith(("utf-16", "utf-32")) else "surrogateescape"
    with (
        _opened(path) as raw,
        io.TextIOWrapper(cast(IO[bytes], raw), name, on_error, newline="") as file,
    ):
        try:
            yield from file
        except UnicodeError as error:  # a wide encoding that the file does not begin with
            raise ValueError(
                f"{path} is not {name} ({error}): leave --encoding out, or name another"
            ) from error


def bad_byte(text: str) -> str:
    """Why a text is not what the file's author wrote; empty where every byte was readable."""
    if text.isascii() or not (found := ESCAPED.search(text)):
        return ""
    byte = ord(found[0]) - 0xDC00
    return f"byte 0x{byte:02X} cannot be read: save the file as UTF-8, or name its encoding with --encoding"


def without_bad_bytes(text: str) -> str:
    """The text with the usual mark, �, for each byte that could not be read: it can be written again."""
    return text if text.isascii() else ESCAPED.sub("\ufffd", text)
