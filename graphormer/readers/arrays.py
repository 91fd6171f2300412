"""NumPy's .npy and .npz files from anywhere: checked before anything is unpacked, or refused.

NumPy's own reader raises a dozen kinds of errors on damaged files and trusts the sizes that a file
states. Here

- a header is matched against the few forms that hold numbers or text, never evaluated;
- what an archive's directory, an array's header and the content say of the size must agree;
- no more is unpacked than was agreed on, whatever the compressed data would give.

Sources:
    numpy.lib.format, "A simple file format for NumPy arrays", versions 1.0 to 3.0.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy import ndarray

from graphormer.graphs.molecules import shortened

LARGEST = 2**30
"""Bytes that an archive may unpack to, all of its arrays together."""

LONGEST_HEADER = 10_000
"""Characters of an array's header, as in NumPy's own reader."""

MOST_AXES = 32
"""Axes that an array may have."""

BLOCK = 2**20
"""Bytes that are unpacked at once."""

NPY = b"\x93NUMPY"
"""First bytes of an .npy file."""

ZIP = b"PK"
"""First bytes of an .npz file."""

DTYPE = re.compile(r"""['"]descr['"]\s*:\s*['"]([<>|=]?[a-zA-Z?]\d{0,6})['"]""")
"""The entry of a header that names the type."""

ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)""")
"""The entry of a header that names the order of the axes."""

SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(((?:\s*\d{1,15}L?\s*,)*\s*(?:\d{1,15}L?)?)\s*\)""")
"""The entry of a header that names the shape; Python 2 wrote whole numbers with an L."""

PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What `numpy.savez` and `numpy.savez_compressed` write."""

ENCRYPTED = 0x1
"""Flag of a member of an archive."""

LARGEST_CODE = 0x10FFFF
"""The last code point of Unicode."""

SURROGATES = range(0xD800, 0xE000)
"""Code points that are no characters."""

DAMAGES = (
    zipfile.BadZipFile,  # the archive's directory, a member's name or its checksum
    zlib.error,  # compressed data
    EOFError,  # data that end too early
    NotImplementedError,  # flags and versions that zipfile does not know
    UnicodeDecodeError,  # a member's name
    struct.error,  # a member's extra fields
    OSError,  # an offset outside the file
)
"""What zipfile raises for archives that are damaged."""


@runtime_checkable
class Readable(Protocol):
    """A file, or a member of an archive."""

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class Header:
    """What an array's header states."""

    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    """Whether the first axis runs fastest."""

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return prod(self.shape) * self.dtype.itemsize


def array_names(path: Path) -> list[str]:
    """Names of an archive's arrays; one empty name for an .npy file.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is neither, is damaged, or unpacks to more than `LARGEST`.
    """
    return list(_members(path)) if _is_archive(path) else [""]


def unpacked_size(path: Path) -> int:
    """Bytes that all arrays of the file take, by its own figures; reading stops there.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is neither, or is damaged.
    """
    if not _is_archive(path):
        return path.stat().st_size
    return sum(member.file_size for member in _directory(path))


def array_header(path: Path, name: str = "") -> Header:
    """What is said of an array, without reading it.

    Raises:
        OSError, ValueError: as `read_array`.
    """
    with _content(path, name) as (file, size):
        return _header(_place(path, name), file, size)


def read_array(path: Path, name: str = "") -> ndarray:
    """An array of numbers or of text.

    Args:
        path: an .npy or .npz file.
        name: of the array in an archive, one of `array_names`.

    Raises:
        OSError: the file cannot be opened.
        ValueError: it is damaged, too large, lacks the array or holds something else; says what.
    """
    place = _place(path, name)
    with _content(path, name) as (file, size):
        header = _header(place, file, size)
        content = _bytes(place, file, header.size)
    if header.dtype.kind == "U":
        _check_text(place, content, header.dtype)
    return ndarray(header.shape, header.dtype, content, order="F" if header.fortran else "C")


def _is_archive(path: Path) -> bool:
    """Whether the file is an archive and not an array.

    Raises:
        ValueError: it is neither.
    """
    with path.open("rb") as file:
        begin = file.read(len(NPY))
    if not begin.startswith((NPY, ZIP)):
        needed = "a file written by numpy.save or numpy.savez is needed"
        raise ValueError(f"{path} is no readable {path.suffix} file, by its first bytes: {needed}")
    return begin.startswith(ZIP)


def _directory(path: Path) -> list[zipfile.ZipInfo]:
    """What an archive says of its members."""
    with _tell_damage(path), zipfile.ZipFile(path) as archive:
        return archive.infolist()


def _members(path: Path) -> dict[str, zipfile.ZipInfo]:
    """The archive's arrays by name.

    Raises:
        ValueError: it is damaged, or unpacks to more than `LARGEST`.
    """
    members = _directory(path)
    total = sum(member.file_size for member in members)
    if total > LARGEST:
        limit = f"at most {LARGEST / 2**20:.0f} MB are read, split it"
        raise ValueError(f"{path} unpacks to {total / 2**20:.0f} MB by its own figures: {limit}")
    return {member.filename.removesuffix(".npy"): member for member in members}


@contextmanager
def _content(path: Path, name: str) -> Iterator[tuple[Readable, int]]:
    """An array's file, header included, and how many bytes it is said to hold."""
    if not _is_archive(path):
        if name:
            alone = "one array without a name"
            raise ValueError(f"{path} holds {alone}: an array named {name!r} is needed")
        with path.open("rb") as file:
            yield file, path.stat().st_size
        return
    members = _members(path)
    if name not in members:
        names = shortened(", ".join(members))
        raise ValueError(f"{path} holds {names}: an array named {name!r} is needed")
    member = members[name]
    _check_packing(path, name, member)
    with _tell_damage(path), zipfile.ZipFile(path) as archive, archive.open(member) as content:
        yield content, member.file_size


def _check_packing(path: Path, name: str, member: zipfile.ZipInfo) -> None:
    """Refuse what NumPy does not write.

    Raises:
        ValueError: the array is packed otherwise.
    """
    if member.flag_bits & ENCRYPTED:
        how = "with a password"
    elif member.compress_type not in PACKINGS:
        how = f"in a way (type {member.compress_type}) that NumPy does not use"
    else:
        return
    remedy = "save it with numpy.savez or numpy.savez_compressed"
    raise ValueError(f"{_place(path, name)} is packed {how}: {remedy}")


@contextmanager
def _tell_damage(path: Path) -> Iterator[None]:
    """Raise one kind of error for whatever zipfile finds damaged."""
    try:
        yield
    except DAMAGES as error:
        reason = shortened(str(error)) or "its end is missing"
        raise ValueError(
            f"{path} is a damaged archive ({reason}): copy it again, or save it anew"
        ) from error


def _header(place: str, file: Readable, size: int) -> Header:
    """The header at the beginning of an array's file, checked against the size of the file.

    Raises:
        ValueError: it is damaged, or states another size.
    """
    start = file.read(8)  # the magic bytes, and two of the version
    if len(start) < 8 or not start.startswith(NPY) or start[6] not in (1, 2, 3):
        raise ValueError(
            f"{place} is no array, or its header is damaged: "
            "save it anew with numpy.save or numpy.savez"
        )
    length_format = "<H" if start[6] == 1 else "<I"
    length = file.read(struct.calcsize(length_format))
    text = _header_text(file, length, length_format)
    header = _parse(text.decode("latin-1"))
    if header is None:
        found = shortened(text.decode("ascii", "backslashreplace").strip(), 120)
        raise ValueError(
            f"{place} has a damaged or unknown header ({found!r}): an array of numbers is needed"
        )
    left = size - len(start) - len(length) - len(text)
    if header.size != left:
        shape = "×".join(map(str, header.shape)) or "one value"
        raise ValueError(
            f"{place}: its header says {header.dtype}, {shape}, which is {header.size} bytes, "
            f"but {left} are there"
        )
    return header


def _header_text(file: Readable, length: bytes, length_format: str) -> bytes:
    """The text of a header; none if its length is missing or absurd."""
    if len(length) < struct.calcsize(length_format):
        return b""
    (characters,) = struct.unpack(length_format, length)
    return file.read(characters) if characters <= LONGEST_HEADER else b""


def _parse(text: str) -> Header | None:
    """The header's entries; None if one is missing or means nothing.

    Example:
        >>> _parse("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 28, 28), }")
        Header(dtype=dtype('float32'), shape=(2, 28, 28), fortran=False)
    """
    dtype_entry = DTYPE.search(text)
    order_entry = ORDER.search(text)
    shape_entry = SHAPE.search(text)
    if not (dtype_entry and order_entry and shape_entry):
        return None
    axes = [axis.strip().rstrip("L") for axis in shape_entry[1].split(",") if axis.strip()]
    try:
        dtype = np.dtype(dtype_entry[1])
    except (TypeError, ValueError):  # letters and sizes that NumPy does not know
        return None
    if dtype.hasobject or len(axes) > MOST_AXES:
        return None
    return Header(dtype, tuple(map(int, axes)), order_entry[1] == "True")


def _bytes(place: str, file: Readable, size: int) -> bytearray:
    """The rest of the file, but never more than `size`.

    It is read to its end, so that its checksum is compared.

    Raises:
        ValueError: there is less, or more.
    """
    content = bytearray()
    while len(content) < size:
        block = file.read(min(BLOCK, size - len(content)))
        if not block:
            break
        content += block
    if len(content) < size or file.read(1):
        raise ValueError(
            f"{place} is cut off, or holds more than it says: copy it again, or save it anew"
        )
    return content


def _check_text(place: str, content: bytearray, dtype: np.dtype) -> None:
    """Refuse codes that are no characters: Python would fail wherever one of them is shown.

    Raises:
        ValueError: there are some.
    """
    codes = np.frombuffer(content, np.dtype(np.uint32).newbyteorder(dtype.byteorder))
    surrogate = (codes >= SURROGATES.start) & (codes < SURROGATES.stop)
    if (codes > LARGEST_CODE).any() or surrogate.any():
        raise ValueError(f"{place} holds codes that are no characters: save it anew")


def _place(path: Path, name: str) -> str:
    """For messages."""
    return f"{path}, array {shortened(name)!r}" if name else str(path)
