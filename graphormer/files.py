"""Files that are written at once or not at all, and what identifies their content."""

import csv
import hashlib
import io
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from graphormer.names import nearest


def missing_folder(path: Path) -> str:
    """What to say of a file whose folder does not exist: folders are not made for files, so that a mistyped path is noticed."""
    folder, above = path.parent, path.parent.parent
    beside = [one.name for one in above.iterdir() if one.is_dir()] if above.is_dir() else []
    near = nearest(folder.name, beside)
    offered = f"did you mean {str(above / near[0])!r}? Else create" if near else "create"
    return f"no folder {str(folder)!r} to write {path.name} into: {offered} it first (a mistyped folder is not made)"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary neighbour to write to, renamed to `path` at the end: a reader never sees half a file, a failure leaves the old one.

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
        with partial.open("rb+") as written:
            os.fsync(written.fileno())  # the name must not be on the disk before the content
        partial.replace(path)
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def real_path(path: str | Path) -> Path:
    """The absolute path with all links followed; a loop of links, which `Path.resolve` fails on, is left as it is."""
    return Path(os.path.realpath(path))


def write_file(path: Path, content: str | bytes) -> None:
    """Write at once or not at all.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: it cannot be written; says why.
    """
    with replacing(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV.

    Raises:
        FileNotFoundError: the folder does not exist.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_file(path, text.getvalue())


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Checksum of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
