"""The unfinished run of a library: a folder of parts, each with the records of one chunk.

Every part is written at once or not at all. It carries the checksum of the manifest, which holds
all that decides the content, so parts of another run and damaged parts count as missing.

    out.parquet.parts/
        manifest.json        inputs, settings, versions
        part-000000.parquet  records of the first chunk
        part-000001.parquet
        total.json           numbers of chunks and rows, written when the input has been read
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from graphormer.files import write_file
from graphormer.graphs.molecules import shortened
from molxai.batch.locks import Shard, alone_in
from molxai.batch.writers import Parquet

RUN = b"molxai run"
"""Key of the manifest's checksum in the metadata of a part."""

MANIFEST = "manifest.json"
"""File of all that decides the content of the parts."""

TOTAL = "total.json"
"""File of how many chunks and rows there are, which is known when the input has been read."""

LONGEST_SETTING = 200
"""Letters of a setting that an error message quotes."""


@dataclass(frozen=True)
class Tally:
    """How many rows were done, and how many of them have an error instead of an explanation.

    Example:
        >>> Tally(10, 1) + Tally(5)
        Tally(rows=15, errors=1)
    """

    rows: int = 0
    errors: int = 0

    def __str__(self) -> str:
        return f"{self.rows - self.errors} of {self.rows} inputs done, {self.errors} with errors"

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.rows + other.rows, self.errors + other.errors)


def tally_of(table: pa.Table) -> Tally:
    """The tally of the records in a table."""
    errors = sum(status == "error" for status in table["status"].to_pylist())
    return Tally(len(table), errors)


class Parts:
    """The folder of an unfinished run: a manifest, and a file of records for each chunk done."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.folder = parts_folder(output)

    @property
    def manifest(self) -> dict[str, Any]:
        """All that decides the content.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: it is damaged.
        """
        return _read_json(self.folder / MANIFEST)

    @cached_property
    def identity(self) -> bytes:
        """Checksum of the manifest, by which a part is known to be of this run."""
        content = json.dumps(self.manifest, sort_keys=True).encode()
        return hashlib.sha256(content).hexdigest().encode()

    def alone(self, shard: Shard | None = None) -> AbstractContextManager[None]:
        """Make the folder if it is missing, and keep other runs out of it, except other shards.

        Raises:
            ValueError: another run is at work there.
            OSError: the folder cannot be made.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(
                f"{self.folder} is a file: a folder of this name is needed for the parts, remove it"
            )
        self.folder.mkdir(exist_ok=True)
        return alone_in(self.folder, shard)

    def begin(self, manifest: dict[str, Any], resume: bool, restart: bool = False) -> None:
        """Write the manifest of the run into the folder, or find this very manifest there.

        Args:
            manifest: all that decides the content.
            resume: whether to continue an unfinished run.
            restart: whether to discard an unfinished run.

        Raises:
            ValueError: the folder holds another run, or an unfinished one that was to be neither
                continued nor discarded.
        """
        path = self.folder / MANIFEST
        if restart:
            self._clear()
        if not path.exists():
            write_file(path, json.dumps(manifest, indent=1))
            return
        _check_same(self.folder, self.manifest, manifest)
        if not resume:
            raise ValueError(
                f"{self.folder} holds an unfinished run: add --resume to continue it, "
                "or --restart to start again"
            )

    def _clear(self) -> None:
        """Remove what a run has written, except locks."""
        parts = self.folder.glob("part-*.parquet")
        for path in (self.folder / MANIFEST, self.folder / TOTAL, *parts):
            path.unlink(missing_ok=True)

    def path(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.parquet"

    def read(self, number: int) -> pa.Table | None:
        """The records of a chunk; None if they are missing or damaged."""
        from pyarrow import ArrowException, parquet

        try:
            table = parquet.read_table(self.path(number), page_checksum_verification=True)
            names = table.column_names
        except (ArrowException, OSError, UnicodeDecodeError):
            return None
        metadata = table.schema.metadata or {}
        if metadata.get(RUN) != self.identity:
            return None
        if len(table) == 0 or names != self.manifest.get("columns"):
            return None
        if not _are_consecutive(table["row"].to_pylist()):
            return None
        return table.replace_schema_metadata(None)

    def keep(self, number: int, table: pa.Table) -> None:
        """Write the records of a chunk.

        Raises:
            OSError: they cannot be written.
        """
        part = table.replace_schema_metadata({RUN: self.identity})
        with Parquet(self.path(number), part.schema) as file:
            file.write(part)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _check_same(folder: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse to mix two runs.

    Raises:
        ValueError: the manifests differ; the message says in what.
    """
    different = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if not different:
        return
    name = different[0]
    setting_before = shortened(json.dumps(before.get(name)), LONGEST_SETTING)
    setting_now = shortened(json.dumps(now.get(name)), LONGEST_SETTING)
    difference = (
        f"{folder} holds an unfinished run with {name} {setting_before}, this one has {setting_now}"
    )
    if name == "inputs":
        raise ValueError(
            f"{difference}; files are compared by their names and the SHA-256 of their bytes, "
            "so a changed file is another input: add --restart to discard that run and start "
            "again, or put the old file back and --resume"
        )
    raise ValueError(
        f"{difference}: repeat its command to continue it, "
        "or add --restart to discard it and start again"
    )


def _are_consecutive(rows: list[Any]) -> bool:
    """Whether the numbers of rows are those of a chunk.

    Example:
        >>> _are_consecutive([7, 8, 9]), _are_consecutive([7, 7, 8]), _are_consecutive([None])
        (True, False, False)
    """
    first = rows[0]
    return isinstance(first, int) and rows == list(range(first, first + len(rows)))


def parts_folder(output: Path) -> Path:
    """The folder of the unfinished run of an output.

    Example:
        >>> parts_folder(Path("out.csv")).name, parts_folder(Path("out.csv.parts")).name
        ('out.csv.parts', 'out.csv.parts')
    """
    return output if output.name.endswith(".parts") else output.with_name(f"{output.name}.parts")


def read_parts(folders: Sequence[Path]) -> Iterator[pa.Table]:
    """The parts of one run, from one folder or from several, in the order of the input.

    Raises:
        ValueError: they are of different runs, or parts are missing or damaged.
        FileNotFoundError: there is no such folder.
    """
    all_parts = [Parts(folder) for folder in folders]
    chunks, rows = _total(all_parts)
    next_row = 0
    for number in range(chunks):
        table = _find_part(all_parts, number)
        if table is None:
            raise ValueError(
                f"part {number} of {chunks} is missing or damaged in {_names(all_parts)}: "
                "run its shard again"
            )
        first_row = table["row"][0].as_py()
        if first_row != next_row:
            raise ValueError(
                f"part {number} begins with row {first_row}, not {next_row}: "
                "the folders are of different runs"
            )
        next_row += len(table)
        if number == chunks - 1 and next_row != rows:
            raise ValueError(
                f"the parts have {next_row} rows and the input had {rows}: "
                "the folders are of different runs"
            )
        yield table


def _find_part(all_parts: Sequence[Parts], number: int) -> pa.Table | None:
    """The records of a chunk from the first folder that has them."""
    for parts in all_parts:
        table = parts.read(number)
        if table is not None:
            return table
    return None


def _total(all_parts: Sequence[Parts]) -> tuple[int, int]:
    """Chunks and rows of the run that all of the folders belong to."""
    identities = set()
    totals = []
    for parts in all_parts:
        folder = parts.folder
        if not (folder / MANIFEST).exists():
            raise FileNotFoundError(
                f"no unfinished run in {folder}: name an output, or its folder ending in .parts"
            )
        identities.add(parts.identity)
        if (folder / TOTAL).exists():
            totals.append(_read_total(folder / TOTAL))
    if len(identities) > 1:
        raise ValueError(f"{_names(all_parts)} are of different runs: their manifests differ")
    if not totals:
        raise ValueError(
            f"no shard in {_names(all_parts)} has ended yet: run them to their end first"
        )
    return totals[0]


def _read_total(path: Path) -> tuple[int, int]:
    """Chunks and rows of a run, as written when the input has been read.

    Raises:
        ValueError: the file is damaged.
    """
    content = _read_json(path)
    chunks = content.get("chunks")
    rows = content.get("rows")
    # `type`, because True is an int, too
    if type(chunks) is int and type(rows) is int and 0 < chunks <= rows:
        return chunks, rows
    raise ValueError(
        f"{path} is damaged ({shortened(json.dumps(content))}): delete it, "
        "and run a shard again or add --resume, which writes a new one"
    )


def _read_json(path: Path) -> dict[str, Any]:
    """A table of names and values.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged ({error}): delete {path.parent} to start again"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f"{path} is damaged (no table of names and values): delete {path.parent} to start again"
        )
    return content


def _names(all_parts: Sequence[Parts]) -> str:
    return ", ".join(str(parts.folder) for parts in all_parts)
