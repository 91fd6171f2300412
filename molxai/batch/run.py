"""Whole libraries: rows in, a file of records out, in chunks that survive whatever stops the run.

    library.csv ──chunks──▶ engine ──tables──▶ out.parquet.parts/part-000007.parquet … ──join──▶ out.parquet

Each chunk's records are a file of their own, written at once or not at all, beside a manifest of all that decides their
content. To resume is to do the chunks whose part is not there; a shard does every n-th of them; joining is the same for
both, and the only place where the output is written. So the output depends on the input and the manifest alone.
"""

import glob
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from graphormer.files import digest, write_file
from graphormer.network.checkpoint import versions
from graphormer.readers.sdf import STRUCTURES
from graphormer.readers.tables import AS_FOUND, SEPARATORS, Layout
from graphormer.readers.text import ending, lines
from molxai.batch.checkpoint import TOTAL, Parts, Tally, merge, tally_of
from molxai.batch.engines import Engine, here
from molxai.batch.records import write_tables
from molxai.batch.rows import cost
from molxai.batch.worker import Worker, rows_of
from molxai.explanation.inputs import Entry, entries, is_file

CHUNK = 1024
"""Rows of a part; fewer for methods of many passes."""

FEWEST = 8
"""Rows of a part at least."""

FORMAT = "molxai-run-1"

Numbered = Iterator[tuple[int, list[Entry]]]


@dataclass(frozen=True)
class Library:
    """What is to be explained."""

    sources: tuple[str, ...]
    layout: Layout = AS_FOUND
    label_column: str = ""

    def chunks(self, size: int) -> Numbered:
        """Rows in numbered chunks.

        Raises:
            FileNotFoundError, ValueError: as `entries`.
        """
        remaining, place = entries(self.sources, self.layout, self.label_column), 0
        while chunk := list(islice(remaining, size)):
            yield place, chunk
            place += 1

    def digests(self) -> list[str]:
        """Name and checksum of each file; of a SMILES, the SMILES."""
        return [
            f"{Path(one).name} {digest(Path(one))}" if is_file(one) else one for one in self.sources
        ]

    def expected(self) -> int:
        """About how many rows there are, for a progress bar."""
        return sum(_expected(Path(one), self.layout) if is_file(one) else 1 for one in self.sources)


def _expected(path: Path, layout: Layout) -> int:
    kind = ending(path)
    if kind == ".parquet":
        from pyarrow import parquet

        return parquet.ParquetFile(path).metadata.num_rows
    if kind == ".smi":
        return sum(1 for _ in lines(path, layout.encoding))
    if kind in SEPARATORS:
        return sum(1 for _ in lines(path, layout.encoding)) - 1
    if kind in STRUCTURES:
        return max(1, sum(line.startswith("$$$$") for line in lines(path, layout.encoding)))
    return 1


def chunk_size(work: Worker) -> int:
    """Rows of a chunk: some seconds' work."""
    return max(FEWEST, CHUNK // cost(work.explainer)) if work.relevances else CHUNK


def manifest_of(work: Worker, library: Library, columns: pa.Schema, size: int) -> dict[str, Any]:
    """All that decides what the records hold, by name."""
    settings = {
        name: value
        for name, value in asdict(work).items()
        if name not in ("model", "device", "types")
    }
    card = work.explainer.card
    made_by = {"molxai": metadata.version("molxai"), **versions()}
    known = {
        "format": FORMAT,
        "inputs": library.digests(),
        "model": card.name,
        "weights_sha256": card.weights_sha256,
    }
    read = asdict(library.layout) | {"label_column": library.label_column, "chunk": size}
    typed = {"columns": columns.names, "types": [str(one.type) for one in columns]}
    return json.loads(json.dumps(known | settings | read | typed | {"versions": made_by}))


def explain_library(
    work: Worker,
    library: Library,
    output: Path,
    engine: Engine = here,
    resume: bool = False,
    shard: tuple[int, int] | None = None,
    strict: bool = False,
    chunk: int | None = None,
    seen: Callable[[Tally], None] = lambda tally: None,
    restart: bool = False,
    single: Engine = here,
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
        restart: whether to throw away what an unfinished run has done.
        single: where the work is done for an input of one chunk, which has no parts.

    Raises:
        ValueError: another run is at work on the output; the input, or an unfinished run of other settings; with `strict`, a bad row.
        OSError: the output cannot be written.
    """
    size = chunk or chunk_size(work)
    chunks = library.chunks(size)
    first, second = next(chunks, None), next(chunks, None)
    if first is None:
        raise ValueError(f"no inputs in {', '.join(library.sources)}: at least one row is needed")
    parts = Parts(output)
    if second is None and shard is None and not parts.folder.exists():
        ((_, table),) = single(work.table, [(0, rows_of(first[1]))])
        _refuse(table, strict)
        write_tables([table], table.schema, output)
        seen(tally_of(table))
        return tally_of(table)
    with parts.alone(shard):
        parts.begin(
            manifest_of(work, library, work.schema, size), resume or shard is not None, restart
        )

        def check(table: pa.Table) -> None:
            if strict and tally_of(table).errors:
                if not (resume or shard):  # what others have done stays
                    parts.remove()
                _refuse(table, strict)

        todo = Remaining(parts, library.chunks(size), shard or (0, 1), check, seen)
        with closing(
            engine(work.table, ((place, rows_of(rows)) for place, rows in todo))
        ) as tables:
            for place, table in tables:
                check(table)
                parts.keep(place, table)
                todo.count(table)
        write_file(
            parts.folder / TOTAL, json.dumps({"chunks": todo.chunks_read, "rows": todo.rows_read})
        )
        if shard is None:
            merge(output, [parts.folder])
            parts.remove()
            for left in output.parent.glob(
                f".{glob.escape(output.name)}.*.part"
            ):  # of runs that were killed while joining
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
        self.parts, self.chunks, self.shard, self.check, self.seen = (
            parts,
            chunks,
            shard,
            check,
            seen,
        )
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
        self.done += tally_of(table)
        self.seen(tally_of(table))


def _refuse(table: pa.Table, strict: bool) -> None:
    """A single input that fails is the user's to mend, and so is any under `strict`."""
    failed = [one for one in table.select(["row", "error"]).to_pylist() if one["error"]]
    if failed and (strict or len(table) == 1):
        raise ValueError(
            failed[0]["error"]
            if len(table) == 1
            else f"row {failed[0]['row']}: {failed[0]['error']}"
        )
