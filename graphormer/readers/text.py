"""Text files as people save them: packed or not, in whatever encoding, as lines."""

import codecs
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Generic, TypeVar, cast

HEAD = 4096
"""Bytes at the beginning of a file that may tell its encoding, or that it is no text."""

BLOCK = 1 << 20
"""Bytes that are read together."""

MOSTLY_ZERO = 0.7
"""Share of zeros among every second byte from which on they are the upper bytes of UTF-16."""

HARDLY_ZERO = 0.1
"""Share of zeros below which the bytes between them are the lower bytes."""

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
"""Bytes that stand for nothing in Windows' encoding of western Europe. In Latin-1 every byte stands
for something."""

OTHER_FILES = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive: name a workbook .xlsx, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save it as .xlsx or .csv"),
    (b"PAR1", "a Parquet file: name it .parquet"),
    (b"\x1f\x8b", "packed with gzip: add .gz to its name"),
    (b"%PDF", "a PDF: a table of text is needed"),
)
"""How files begin that are no text, and what they are and need."""

FIRST_ESCAPED = 0xDC00
"""Python's surrogateescape: a byte that cannot be decoded becomes the character at this code plus
the byte."""

ESCAPED = re.compile("[\udc80-\udcff]")
"""A byte that could not be decoded."""

BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
"""A character that is not ASCII and was decoded."""


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a file stand for text."""

    name: str
    """As Python knows it."""
    note: str = ""
    """What the user should know about the choice, in a few words; empty for UTF-8."""


def ending(path: Path) -> str:
    """The kind of a file by its name, in lower case.

    Example:
        >>> ending(Path("Table.CSV")), ending(Path("table.csv.gz"))
        ('.csv', '.csv')
    """
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def encoding_of(path: Path, name: str = "") -> Encoding:
    """The encoding of a text file: the named one, else found by byte order mark and bytes.

    A file is UTF-8 if its bytes are, or if most of what is beyond ASCII is. Otherwise it is taken
    for Windows' cp1252, which is Latin-1 and more.

    Raises:
        ValueError: there is no such encoding, the file is no text, or no whole gzip file.
    """
    if name:
        return _lookup(name)
    state = path.stat()
    return _find_encoding(path, state.st_size, state.st_mtime_ns)


def _lookup(name: str) -> Encoding:
    """The encoding that the user names.

    Raises:
        ValueError: Python has none of that name.
    """
    try:
        standard = codecs.lookup(name).name
    except LookupError as error:
        examples = "utf-8, utf-16, cp1252, latin-1"
        raise ValueError(
            f"encoding {name!r} is not known: {examples} and others of Python's are"
        ) from error
    # A byte order mark is no part of the text; the codec "utf-8" would keep it.
    return Encoding("utf-8-sig" if standard == "utf-8" else standard)


@lru_cache(maxsize=16)
def _find_encoding(path: Path, size: int, time: int) -> Encoding:
    """The encoding, found once for each state of a file."""
    with _unpack(path) as file:
        head = file.read(HEAD)
        if encoding := _encoding_by_head(path, head):
            return encoding
        check = _Utf8Check()
        check.feed(head)
        while block := file.read(BLOCK):
            check.feed(block)
        check.feed(b"")
    return check.encoding


def _encoding_by_head(path: Path, head: bytes) -> Encoding | None:
    """The encoding, if the first bytes tell it.

    Raises:
        ValueError: they are of no text.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return Encoding(name, "" if name == "utf-8-sig" else f"encoding {name}")
    if wide := _utf16_without_mark(head):
        return Encoding(wide, f"encoding {wide}")
    for start, description in OTHER_FILES:
        if head.startswith(start):
            raise ValueError(f"{path} is {description}")
    if b"\x00" in head:
        raise ValueError(f"{path} holds binary data: a table of text is needed")
    return None


def _utf16_without_mark(head: bytes) -> str:
    """UTF-16 without a mark, or an empty text: in western text every second byte is zero."""
    pairs = len(head) // 2
    if pairs < 4:
        return ""
    even = head[0 : 2 * pairs : 2].count(0)
    odd = head[1 : 2 * pairs : 2].count(0)
    if odd > MOSTLY_ZERO * pairs and even < HARDLY_ZERO * pairs:
        return "utf-16-le"
    if even > MOSTLY_ZERO * pairs and odd < HARDLY_ZERO * pairs:
        return "utf-16-be"
    return ""


class _Utf8Check:
    """Whether a file is UTF-8, from its bytes, which are given block by block."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.valid = 0
        self.invalid = 0
        self.line_ends = 0
        self.complaint = ""
        self.undefined = False

    def feed(self, block: bytes) -> None:
        """Count what is in the next bytes; an empty block ends the file."""
        text = self.decoder.decode(block, final=not block)
        if not text.isascii():
            self.valid += len(BEYOND_ASCII.findall(text))
            bad = ESCAPED.findall(text)
            self.invalid += len(bad)
            if bad and not self.complaint:
                line = self.line_ends + text.count("\n", 0, text.index(bad[0])) + 1
                self.complaint = f"byte 0x{_byte(bad[0]):02X} in line {line} is not UTF-8"
            if any(byte in block for byte in UNDEFINED_IN_CP1252):
                self.undefined = True
        self.line_ends += text.count("\n")

    @property
    def encoding(self) -> Encoding:
        """UTF-8 if most of what is beyond ASCII is, else an encoding of western Europe."""
        if self.valid >= self.invalid:
            return Encoding("utf-8")
        name = "latin-1" if self.undefined else "cp1252"
        return Encoding(name, f"encoding {name} ({self.complaint})")


def _byte(character: str) -> int:
    """The byte that stands in a text as this character, a match of `ESCAPED`."""
    return ord(character) - FIRST_ESCAPED


class _Tap(io.RawIOBase):
    """The bytes of a file; each block that is read is handed to `watch` too."""

    def __init__(self, file: io.BufferedIOBase, watch: Callable[[bytes], object]) -> None:
        self.file = file
        self.watch = watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self.file.read(len(buffer))
        self.watch(block)
        buffer[: len(block)] = block
        return len(block)


@contextmanager
def _unpack(
    path: Path, watch: Callable[[bytes], object] | None = None
) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked if its name ends in `.gz`.

    Args:
        path: of the file.
        watch: is handed the bytes as they stand on the disk.

    Raises:
        ValueError: the file is no whole gzip file.
    """
    with path.open("rb") as file:
        raw: io.BufferedIOBase = file
        if watch:
            raw = io.BufferedReader(_Tap(file, watch), BLOCK)
        if not path.name.lower().endswith(".gz"):
            yield raw
            return
        try:
            with gzip.GzipFile(fileobj=raw, mode="rb") as content:
                yield content
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            remedy = "copy it again, or unpack it first"
            raise ValueError(f"{path} is no whole gzip file ({error}): {remedy}") from error


def lines(path: Path, encoding: str = "") -> Iterator[str]:
    """Lines of a text file with their ends.

    A byte that is not of the encoding stays in the text of its line, where `bad_byte` finds it. It
    costs no other line.

    Args:
        path: unpacked if its name ends in `.gz`.
        encoding: found if it is not given.

    Raises:
        ValueError: the file is no text, no whole gzip file, or there is no such encoding.
    """
    name = encoding_of(path, encoding).name
    with _unpack(path) as file:
        yield from _decode(path, file, name)


def _decode(path: Path, file: io.BufferedIOBase, name: str) -> Iterator[str]:
    """Lines of a file in the encoding of that name."""
    wide = name.startswith(("utf-16", "utf-32"))
    errors = "replace" if wide else "surrogateescape"
    with io.TextIOWrapper(cast(IO[bytes], file), name, errors, newline="") as text:
        try:
            yield from text
        except UnicodeError as error:  # a wide encoding that the file does not begin with
            raise ValueError(
                f"{path} is not {name} ({error}): leave --encoding out, or name another"
            ) from error


Content = TypeVar("Content")


@dataclass(frozen=True)
class Survey(Generic[Content]):
    """What is known of a text file after one pass over it."""

    encoding: Encoding
    sha256: str
    """Checksum of the file as it stands on the disk, packed or not."""
    content: Content
    """What was made of its lines."""


def survey(path: Path, name: str, read: Callable[[Iterator[str]], Content]) -> Survey[Content]:
    """Encoding, checksum and content of a text file from a single pass.

    The lines are read as UTF-8 while the encoding is still being found. Only if it turns out to be
    another one, which is rare today, is the file read again.

    Args:
        path: unpacked if its name ends in `.gz`.
        name: of the encoding; found if it is empty.
        read: makes something of the lines, all of which it goes through.

    Raises:
        ValueError: as `lines`.
    """
    checksum = hashlib.sha256()
    check = _Utf8Check()
    with _unpack(path, checksum.update) as file:
        tap = io.BufferedReader(_Tap(file, check.feed), BLOCK)
        if name:
            encoding: Encoding | None = _lookup(name)
        else:
            encoding = _encoding_by_head(path, tap.peek(HEAD)[:HEAD])
        first_name = encoding.name if encoding else "utf-8"
        content = read(_decode(path, tap, first_name))
    encoding = encoding or check.encoding
    if encoding.name != first_name:
        content = read(lines(path, encoding.name))
    return Survey(encoding, checksum.hexdigest(), content)


def count_lines(lines: Iterable[str]) -> int:
    """How many lines there are."""
    return sum(1 for _ in lines)


def bad_byte(text: str) -> str:
    """Why a text is not what the file's author wrote; empty if every byte was readable."""
    if text.isascii():
        return ""
    match = ESCAPED.search(text)
    if not match:
        return ""
    byte = f"byte 0x{_byte(match[0]):02X}"
    return f"{byte} cannot be read: save the file as UTF-8, or name its encoding with --encoding"


def first_bad_byte(texts: Iterable[str]) -> str:
    """Why one of the texts is not what the file's author wrote; empty if all are."""
    return next(filter(None, map(bad_byte, texts)), "")


def without_bad_bytes(text: str) -> str:
    """The text with the usual mark, �, for each byte that could not be read.

    Unlike the text as it was read, it can be written again.
    """
    return text if text.isascii() else ESCAPED.sub("\ufffd", text)
