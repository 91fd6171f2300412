"""An upload as rows.

It is read from temporary files that are deleted at once, and refused if it is or unpacks too large.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from graphormer.graphs.molecules import shortened
from graphormer.readers.sdf import STRUCTURES
from graphormer.readers.tables import AS_FOUND, SEPARATORS, Layout
from graphormer.readers.text import ending, lines
from molxai.explanation.entry import Entry, Input
from molxai.explanation.inputs import entries
from molxai.explanation.kinds import (
    DIGIT_FILES,
    MOLECULE_FILES,
    SINGLE,
    SMILES_LINES,
    holds_digits,
)
from molxai.serve.pasted import as_file
from molxai.serve.settings import Settings
from molxai.serve.unpacking import OversizedError, check_unpacked, unpack

TEXT = ".txt"
"""Ending of a file whose content says what it is."""

READ = (*MOLECULE_FILES, TEXT, *DIGIT_FILES)
"""Endings of files that are taken, in any case."""

PACKED = (SMILES_LINES, TEXT, *SEPARATORS, *STRUCTURES)
"""Endings of files that may be packed, with .gz behind it."""

SOURCE_FILE = "source file"
"""The column that says which of several files a row is from."""

MOST_FILES = 500
"""Files of an upload."""

LONGEST_NAME = 60
"""Characters of a file name that are kept: at most 240 bytes in UTF-8; file systems take 255."""


NOTHING = Input(0, "")
"""In the place of an input that is not read yet."""


@dataclass(frozen=True)
class Ready(Entry):
    """An entry that is read already, because its file does not stay."""

    item: Input = NOTHING

    def read(self, max_atoms: int = 0, keep: bool = True) -> Input:
        return self.item


@dataclass(frozen=True)
class SentFile:
    """A file as it was sent."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Source:
    """What a job is made of, kept so that it can be asked again."""

    files: tuple[SentFile, ...]
    layout: Layout = AS_FOUND
    label_column: str = ""
    pasted: bool = False
    """Whether it is text from the page's box."""

    @property
    def name(self) -> str:
        """What pages and downloads call it."""
        first = safe_name(self.files[0].name)
        others = len(self.files) - 1
        return f"{first}_and_{others}_more" if others else first

    def is_single(self, rows: int) -> bool:
        """Whether it is one input, and not a table that happens to have one row."""
        is_single = self.pasted or ending(Path(self.files[0].name)) in SINGLE
        return is_single and rows == 1 and len(self.files) == 1

    def rows(self, settings: Settings) -> list[Entry]:
        """Its inputs, not read yet.

        Raises:
            ValueError: a file cannot be read, is of no known kind, or holds something else than the
                first one.
            OversizedError: they hold too much.
        """
        with stored(self.files, settings, self.layout) as paths:
            every = _entries(paths, self.layout, self.label_column)
            rows = list(islice(every, settings.most_rows + 1))
            if len(rows) > settings.most_rows:
                raise OversizedError(
                    f"{self.name} has more than {settings.most_rows} rows: cut it, or use 'molxai "
                    "explain' on the command line"
                )
            if not rows:
                raise ValueError(f"no inputs in {self.name}: at least one row is needed")
            return [limit_length(_read_picture(row), settings) for row in rows]


def uploaded(
    name: str, content: bytes, settings: Settings, layout: Layout = AS_FOUND, label_column: str = ""
) -> list[Entry]:
    """The rows of a single file; raises as `Source.rows`."""
    return Source((SentFile(name, content),), layout, label_column).rows(settings)


@contextmanager
def stored(
    files: Sequence[SentFile], settings: Settings, layout: Layout = AS_FOUND
) -> Iterator[list[Path]]:
    """The paths of the files, which are there for a while; errors do not name the folder.

    Raises:
        ValueError: one cannot be read, or is of no known kind.
        OversizedError: one holds too much.
    """
    if len(files) > MOST_FILES:
        raise OversizedError(f"{len(files)} files at once: at most {MOST_FILES} are read")
    with TemporaryDirectory(prefix="molxai-") as folder:
        try:
            yield [
                _store(file, Path(folder, str(number)), settings, layout)
                for number, file in enumerate(files)
            ]
        except MemoryError as error:
            raise OversizedError("it unpacks to more than fits into memory: cut it") from error
        except OversizedError as error:
            raise OversizedError(_without_folder(str(error))) from error
        except (ValueError, OSError) as error:
            raise ValueError(_without_folder(str(error))) from error


def _store(file: SentFile, folder: Path, settings: Settings, layout: Layout) -> Path:
    """Write a file, unpacked, into a new folder under the ending that its content has."""
    folder.mkdir()
    safe = safe_name(file.name)
    kind = ending(Path(safe))
    is_packed = safe.lower().endswith(".gz")
    if kind not in (PACKED if is_packed else READ):
        remedy = ", unpack it first" if is_packed and kind in READ else ""
        raise ValueError(f"{safe}: files ending in {', '.join(READ)} can be read{remedy}")
    content = file.content
    if is_packed:
        content = unpack(content, settings.largest_content, safe)
        safe = safe[: -len(".gz")]
    path = folder / safe
    path.write_bytes(content)
    check_unpacked(path, settings.largest_content, settings.most_rows)
    return _rename_text(path, layout) if kind == TEXT else path


def _entries(paths: Sequence[Path], layout: Layout, label_column: str) -> Iterator[Entry]:
    """The rows of all files, counted over all of them; of several each says from which it is."""
    first = 0
    reads_digits = holds_digits(str(paths[0]))
    for path in paths:
        if holds_digits(str(path)) != reads_digits:
            kinds = ("molecules", "digits")
            raise ValueError(
                f"{paths[0].name} holds {kinds[reads_digits]} and {path.name} "
                f"{kinds[not reads_digits]}: explain them one after the other"
            )
        last = first - 1
        for entry in entries([str(path)], layout, label_column):
            last = first + entry.row
            source = {SOURCE_FILE: path.name} if len(paths) > 1 else {}
            yield replace(entry, row=last, extras={**source, **entry.extras})
        first = last + 1


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


def _without_folder(text: str) -> str:
    """A text without the temporary folder, which the user never saw."""
    return re.sub(r"[^\s'\"]*/molxai-[^/\s]+/\d+/", "", text)


def _read_picture(entry: Entry) -> Entry:
    """The entry, which is read now if it is a picture: its file does not stay."""
    if entry.kind != "picture":
        return entry
    item = entry.read()
    text = _without_folder(item.text)
    named = replace(item, text=text, error=_without_folder(item.error))
    return Ready(text, None, "picture", entry.row, entry.id, extras=entry.extras, item=named)


def limit_length(entry: Entry, settings: Settings) -> Entry:
    """The entry, or one that says that it is too long to be parsed."""
    limits = {"smiles": settings.longest_smiles, "block": settings.longest_block}
    longest = limits.get(entry.kind)
    if longest is None or len(entry.content) <= longest:
        return entry
    fault = f"{len(entry.content)} characters: at most {longest} are read"
    return replace(entry, text=shortened(entry.text), content="", fault=fault)
