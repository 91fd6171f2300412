"""The unfinished run of a library: a folder of parts, each the records of a chunk, and how they are joined.

Every part is written at once or not at all and carries the checksum of the manifest, which holds all that decides the
content: parts of another run, and damaged ones, count as missing.
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
from molxai.batch.records import Parquet

RUN = b"molxai run"
"""Name of the identity in the metadata of a part."""

MANIFEST, TOTAL = "manifest.json", "total.json"
"""What decides the content of the parts, and how many there are in all, which is known when the input has been read."""


@dataclass(frozen=True)
class Tally:
    """How many rows were done, and how many of them have an error instead of an explanation."""

    rows: int = 0
    errors: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.rows + other.rows, self.errors + other.errors)


def tally_of(table: pa.Table) -> Tally:
    """Of the records in a table."""
    return Tally(len(table), sum(status == "error" for status in table["status"].to_pylist()))


class Parts:
    """The folder of a run that is not finished: a manifest, and a file of records for each chunk that is done."""

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
        """Checksum of the manifest, which every part carries: parts of another run are none."""
        return (
            hashlib.sha256(json.dumps(self.manifest, sort_keys=True).encode()).hexdigest().encode()
        )

    def alone(self, shard: Shard | None = None) -> AbstractContextManager[None]:
        """Make the folder if it is not there, and keep other runs out of it; other shards may work beside a shard.

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
        """Note what the run is in the folder, or find this very manifest there.

        Args:
            manifest: all that decides the content.
            resume: whether to go on with an unfinished run.
            restart: whether to throw an unfinished run away.

        Raises:
            ValueError: it holds another run, or an unfinished one that was neither to be resumed nor thrown away.
        """
        noted = self.folder / MANIFEST
        if restart:
            self._clear()
        if noted.exists():
            _check_same(self.folder, self.manifest, manifest)
            if not resume:
                raise ValueError(
                    f"{self.folder} holds an unfinished run: add --resume to go on with it, or --restart to begin anew"
                )
            return
        write_file(noted, json.dumps(manifest, indent=1))

    def _clear(self) -> None:
        """Remove what a run has written, but no lock."""
        for path in (
            self.folder / MANIFEST,
            self.folder / TOTAL,
            *self.folder.glob("part-*.parquet"),
        ):
            path.unlink(missing_ok=True)

    def path(self, place: int) -> Path:
        return self.folder / f"part-{place:06d}.parquet"

    def read(self, place: int) -> pa.Table | None:
        """The records of a chunk; None where they are missing or damaged."""
        from pyarrow import ArrowException, parquet

        try:
            table = parquet.read_table(self.path(place), page_checksum_verification=True)
            names = table.column_names
        except (ArrowException, OSError, UnicodeDecodeError):
            return None
        ours = (table.schema.metadata or {}).get(RUN) == self.identity
        whole = (
            len(table) > 0
            and names == self.manifest.get("columns")
            and _consecutive(table["row"].to_pylist())
        )
        return table.replace_schema_metadata(None) if ours and whole else None

    def keep(self, place: int, table: pa.Table) -> None:
        """Write the records of a chunk.

        Raises:
            OSError: they cannot be written.
        """
        marked = table.replace_schema_metadata({RUN: self.identity})
        with Parquet(self.path(place), marked.schema) as file:
            file.write(marked)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _check_same(folder: Path, known: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Refuse to mix two runs.

    Raises:
        ValueError: the manifests differ; says in what.
    """
    different = [name for name in {**known, **manifest} if known.get(name) != manifest.get(name)]
    if not different:
        return
    name = different[0]
    before, now = (shortened(json.dumps(one.get(name)), 200) for one in (known, manifest))
    found = f"{folder} holds an unfinished run with {name} {before}, this one has {now}"
    if name == "inputs":
        compared = "files are compared by their names and the SHA-256 of their bytes, so that a file that was changed is another input"
        raise ValueError(
            f"{found}; {compared}: add --restart to throw that run away and begin anew, or put the old file back and --resume"
        )
    raise ValueError(
        f"{found}: repeat its command to go on with it, or add --restart to throw it away and begin anew"
    )


def _consecutive(rows: list[Any]) -> bool:
    """Whether the numbers of rows are those of a chunk."""
    return isinstance(rows[0], int) and rows == list(range(rows[0], rows[0] + len(rows)))


def parts_folder(output: Path) -> Path:
    """The folder of the unfinished run of an output."""
    return output if output.name.endswith(".parts") else output.with_name(f"{output.name}.parts")


def joined(folders: Sequence[Path]) -> Iterator[pa.Table]:
    """The parts of one run, from one folder or from several, in the order of the input.

    Raises:
        ValueError: they are of different runs, or parts are missing or damaged.
        FileNotFoundError: there is no such folder.
    """
    all_parts = [Parts(folder) for folder in folders]
    chunks, rows = _total(all_parts)
    done = 0
    for number in range(chunks):
        table = _find(all_parts, number)
        if table is None:
            raise ValueError(
                f"part {number} of {chunks} is missing or damaged in {_named(folders)}: "
                "run its shard again"
            )
        first_row = table["row"][0].as_py()
        if first_row != done:
            raise ValueError(
                f"part {number} begins with row {first_row}, not {done}: "
                "the folders are of different runs"
            )
        done += len(table)
        if number == chunks - 1 and done != rows:
            raise ValueError(
                f"{done} rows in the parts where the input had {rows}: "
                "the folders are of different runs"
            )
        yield table


def _find(all_parts: Sequence[Parts], number: int) -> pa.Table | None:
    """The records of a chunk from the first folder that has them."""
    for parts in all_parts:
        table = parts.read(number)
        if table is not None:
            return table
    return None


def _total(several: Sequence[Parts]) -> tuple[int, int]:
    """Chunks and rows of the run that all of the folders belong to."""
    manifests, totals = [], []
    for one in several:
        if not (one.folder / MANIFEST).exists():
            raise FileNotFoundError(
                f"no unfinished run in {one.folder}: name an output, or its folder ending in .parts"
            )
        manifests.append(one.identity)
        totals += [_counts(one.folder / TOTAL)] if (one.folder / TOTAL).exists() else []
    if len(set(manifests)) > 1:
        raise ValueError(
            f"{_named([one.folder for one in several])} are of different runs: their manifests differ"
        )
    if not totals:
        raise ValueError(
            f"no shard in {_named([one.folder for one in several])} has ended yet: run them to their end first"
        )
    return totals[0]


def _counts(path: Path) -> tuple[int, int]:
    """Chunks and rows of a run, as they are noted when the input has been read.

    Raises:
        ValueError: the file is damaged.
    """
    content = _read_json(path)
    chunks, rows = content.get("chunks"), content.get("rows")
    if type(chunks) is not int or type(rows) is not int or not 0 < chunks <= rows:
        found = shortened(json.dumps(content))
        raise ValueError(
            f"{path} is damaged ({found}): delete it, and run a shard again or add --resume, which writes it anew"
        )
    return chunks, rows


def _read_json(path: Path) -> dict[str, Any]:
    """A table of names and values.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged ({error}): delete {path.parent} to begin anew"
        ) from error
    if not isinstance(content, dict):
        raise ValueError(
            f"{path} is damaged (no table of names and values): delete {path.parent} to begin anew"
        )
    return content


def _named(folders: Sequence[Path]) -> str:
    return ", ".join(map(str, folders))
