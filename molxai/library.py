"""Whole libraries: rows in, a file of records out, in chunks that survive whatever stops the run.

    library.csv ──chunks──▶ engine ──tables──▶ out.parquet.parts/part-000007.parquet … ──join──▶ out.parquet

Each chunk's records are a file of their own, written at once or not at all, beside a manifest of all that decides their
content. To resume is to do the chunks whose part is not there; a shard does every n-th of them; joining is the same for
both, and the only place where the output is written. So the output depends on the input and the manifest alone.
"""

import glob
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import metadata
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from graphormer.checkpoint import versions
from graphormer.data import digest
from graphormer.files import write_file
from graphormer.molecules import shortened
from graphormer.tables import ending, lines
from molxai.attribution import Attribution, rows_of
from molxai.batch import cost
from molxai.engines import Engine, here
from molxai.inputs import Entry, entries, is_file
from molxai.records import BLOCK, Parquet, write_tables

CHUNK = 1024
"""Rows of a part; fewer for methods of many passes."""

FEWEST = 8
"""Rows of a part at least."""

FORMAT = "molxai-run-1"
RUN = b"molxai run"
"""Name of the identity in the metadata of a part."""

MANIFEST, TOTAL = "manifest.json", "total.json"
"""What decides the content of the parts, and how many there are in all, which is known when the input has been read."""


Numbered = Iterator[tuple[int, list[Entry]]]


@dataclass(frozen=True)
class Tally:
    """How many rows were done, and how many of them have an error instead of an explanation."""

    rows: int = 0
    errors: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.rows + other.rows, self.errors + other.errors)


@dataclass(frozen=True)
class Library:
    """What is to be explained."""

    sources: tuple[str, ...]
    smiles_column: str = ""
    label_column: str = ""

    def chunks(self, size: int) -> Numbered:
        """Rows in numbered chunks.

        Raises:
            FileNotFoundError, ValueError: as `entries`.
        """
        remaining, place = entries(self.sources, self.smiles_column, self.label_column), 0
        while chunk := list(islice(remaining, size)):
            yield place, chunk
            place += 1

    def digests(self) -> list[str]:
        """Name and checksum of each file; of a SMILES, the SMILES."""
        return [f"{Path(one).name} {digest(Path(one))}" if is_file(one) else one for one in self.sources]

    def expected(self) -> int:
        """About how many rows there are, for a progress bar."""
        return sum(_expected(Path(one)) if is_file(one) else 1 for one in self.sources)


def _expected(path: Path) -> int:
    kind = ending(path)
    if kind == ".parquet":
        from pyarrow import parquet

        return parquet.ParquetFile(path).metadata.num_rows
    if kind in (".csv", ".tsv", ".smi"):
        return sum(1 for _ in lines(path))
    if kind == ".sdf":
        return sum(line.startswith("$$$$") for line in lines(path))
    return 1


def chunk_size(work: Attribution) -> int:
    """Rows of a chunk: some seconds' work."""
    return max(FEWEST, CHUNK // cost(work.explainer)) if work.relevances else CHUNK


class Parts:
    """The folder of a run that is not finished: a manifest, and a file of records for each chunk that is done."""

    def __init__(self, output: Path) -> None:
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
        return hashlib.sha256(json.dumps(self.manifest, sort_keys=True).encode()).hexdigest().encode()

    def begin(self, manifest: dict[str, Any], resume: bool) -> None:
        """Make the folder, or find it with this very manifest.

        Raises:
            ValueError: it holds another run, or an unfinished one that was not to be resumed.
        """
        noted = self.folder / MANIFEST
        if noted.exists():
            known = self.manifest
            if different := [name for name in {**known, **manifest} if known.get(name) != manifest.get(name)]:
                name = different[0]
                before, now = (shortened(json.dumps(one.get(name)), 120) for one in (known, manifest))
                raise ValueError(f"{self.folder} holds a run with {name} {before}, this one has {now}: repeat its command, or delete it")
            if not resume:
                raise ValueError(f"{self.folder} holds an unfinished run: add --resume to go on with it, or delete it to begin anew")
            return
        self.folder.mkdir(exist_ok=True)
        write_file(noted, json.dumps(manifest, indent=1))

    def path(self, place: int) -> Path:
        return self.folder / f"part-{place:06d}.parquet"

    def read(self, place: int) -> pa.Table | None:
        """The records of a chunk; None where they are missing or damaged."""
        from pyarrow import ArrowException, parquet

        try:
            table = parquet.read_table(self.path(place), page_checksum_verification=True)
        except (ArrowException, OSError):
            return None
        ours = (table.schema.metadata or {}).get(RUN) == self.identity
        return table.replace_schema_metadata(None) if ours else None

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


def parts_folder(output: Path) -> Path:
    """The folder of the unfinished run of an output."""
    return output if output.name.endswith(".parts") else output.with_name(f"{output.name}.parts")


def manifest_of(work: Attribution, library: Library, columns: pa.Schema, size: int) -> dict[str, Any]:
    """All that decides what the records hold, by name."""
    settings = {name: value for name, value in asdict(work).items() if name not in ("model", "device")}
    card = work.explainer.card
    made_by = {"molxai": metadata.version("molxai"), **versions()}
    known = {"format": FORMAT, "inputs": library.digests(), "model": card.name, "weights_sha256": card.weights_sha256}
    read = {"smiles_column": library.smiles_column, "label_column": library.label_column, "chunk": size}
    return json.loads(json.dumps(known | settings | read | {"columns": columns.names, "versions": made_by}))


def explain_library(
    work: Attribution,
    library: Library,
    output: Path,
    engine: Engine = here,
    resume: bool = False,
    shard: tuple[int, int] | None = None,
    strict: bool = False,
    chunk: int | None = None,
    seen: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """Explain, or predict, all rows into a file of records; returns how many there were (of a shard: in this shard).

    Args:
        work: model, method and settings.
        library: rows.
        output: file of records, in the format of its ending.
        engine: where the work is done.
        resume: whether to go on with a run that was stopped.
        shard: (i, n) for every n-th chunk from the i-th on; `merge` joins them when all are done.
        strict: whether a row that cannot be read stops the run.
        chunk: rows of a part. [default: some seconds' work]
        seen: told of each chunk as it is done.

    Raises:
        ValueError: the input, or an unfinished run of other settings; with `strict`, a bad row.
        OSError: the output cannot be written.
    """
    size = chunk or chunk_size(work)
    chunks = library.chunks(size)
    first, second = next(chunks, None), next(chunks, None)
    if first is None:
        raise ValueError(f"no inputs in {', '.join(library.sources)}: at least one row is needed")
    parts = Parts(output)
    if second is None and shard is None and not parts.folder.exists():
        table = work.table(rows_of(first[1]))
        _refuse(table, strict)
        write_tables([table], table.schema, output)
        seen(_tally(table))
        return _tally(table)
    parts.begin(manifest_of(work, library, work.schema, size), resume or shard is not None)

    def check(table: pa.Table) -> None:
        if strict and _tally(table).errors:
            if not (resume or shard):  # what others have done stays
                parts.remove()
            _refuse(table, strict)

    todo = Remaining(parts, library.chunks(size), shard or (0, 1), check, seen)
    for place, table in engine(work.table, ((place, rows_of(rows)) for place, rows in todo)):
        check(table)
        parts.keep(place, table)
        todo.count(table)
    write_file(parts.folder / TOTAL, json.dumps({"chunks": todo.chunks_read, "rows": todo.rows_read}))
    if shard is None:
        merge(output, [parts.folder])
        parts.remove()
        for left in output.parent.glob(f".{glob.escape(output.name)}.*.part"):  # of runs that were killed while joining
            left.unlink(missing_ok=True)
    return todo.done


class Remaining:
    """The chunks that are still to do, while counting what there is and what is done."""

    def __init__(
        self,
        parts: Parts,
        chunks: Numbered,
        shard: tuple[int, int],
        check: Callable[[pa.Table], None],
        seen: Callable[[Tally], None],
    ) -> None:
        self.parts, self.chunks, self.shard, self.check, self.seen = parts, chunks, shard, check, seen
        self.chunks_read, self.rows_read, self.done = 0, 0, Tally()

    def __iter__(self) -> Numbered:
        ours, of = self.shard
        for place, rows in self.chunks:
            self.chunks_read, self.rows_read = place + 1, self.rows_read + len(rows)
            if place % of != ours:
                continue
            known = self.parts.read(place)
            if known is None:
                yield place, rows
            else:
                self.check(known)
                self.count(known)

    def count(self, table: pa.Table) -> None:
        """One more chunk is done."""
        self.done += _tally(table)
        self.seen(_tally(table))


def merge(output: Path, folders: Sequence[Path]) -> Tally:
    """Join the parts of one run, from one folder or from several, into a file of records, in the order of the input.

    Raises:
        ValueError: they are of different runs, or parts are missing or damaged.
        FileNotFoundError: there is no such folder.
        OSError: the output cannot be written.
    """
    several = [Parts(folder) for folder in folders]
    chunks, rows = _total(several)
    done = Tally()

    def tables() -> Iterator[pa.Table]:
        nonlocal done
        for place in range(chunks):
            table = next((found for one in several if (found := one.read(place)) is not None), None)
            if table is None:
                raise ValueError(f"part {place} of {chunks} is missing or damaged in {_named(folders)}: run its shard again")
            if table["row"][0].as_py() != done.rows:
                raise ValueError(f"part {place} begins with row {table['row'][0]}, not {done.rows}: the folders are of different runs")
            done += _tally(table)
            if place == chunks - 1 and done.rows != rows:
                raise ValueError(f"{done.rows} rows in the parts where the input had {rows}: the folders are of different runs")
            yield table if output.suffix.lower() == ".sdf" or BLOCK not in table.column_names else table.drop_columns(BLOCK)

    each = tables()
    first = next(each)
    if output.suffix.lower() == ".sdf" and BLOCK not in first.column_names:
        raise ValueError(f"{output}: the parts hold no structures, for their run wrote another format than .sdf")
    write_tables(chain([first], each), first.schema, output)
    return done


def _total(several: Sequence[Parts]) -> tuple[int, int]:
    """Chunks and rows of the run that all of the folders belong to."""
    manifests, totals = [], []
    for one in several:
        if not (one.folder / MANIFEST).exists():
            raise FileNotFoundError(f"no unfinished run in {one.folder}: name an output, or its folder ending in .parts")
        manifests.append(one.identity)
        totals += [_read_json(one.folder / TOTAL)] if (one.folder / TOTAL).exists() else []
    if len(set(manifests)) > 1:
        raise ValueError(f"{_named([one.folder for one in several])} are of different runs: their manifests differ")
    if not totals:
        raise ValueError(f"no shard in {_named([one.folder for one in several])} has ended yet: run them to their end first")
    return totals[0]["chunks"], totals[0]["rows"]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): delete {path.parent} to begin anew") from error
    return content if isinstance(content, dict) else {}


def _named(folders: Sequence[Path]) -> str:
    return ", ".join(map(str, folders))


def _tally(table: pa.Table) -> Tally:
    return Tally(len(table), sum(status == "error" for status in table["status"].to_pylist()))


def _refuse(table: pa.Table, strict: bool) -> None:
    """A single input that fails is the user's to mend, and so is any under `strict`."""
    failed = [one for one in table.select(["row", "error"]).to_pylist() if one["error"]]
    if failed and (strict or len(table) == 1):
        raise ValueError(failed[0]["error"] if len(table) == 1 else f"row {failed[0]['row']}: {failed[0]['error']}")
