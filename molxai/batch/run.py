"""The one way through: rows in, workers, a sink; in chunks that survive whatever stops the run.

    library.csv ─chunks─▶ worker ─tables─▶ out.parquet.parts/part-000007.parquet ─sink─▶ out.parquet

The records of each chunk are a file of their own, written at once or not at all, beside a manifest
of all that decides their content. To resume is to do the chunks whose part is missing; a shard does
every n-th of them. The sink alone writes the output, from the parts in order, so the output depends
on the input and the manifest alone. A sink that leaves nothing behind, such as the terminal, gets
the same tables without parts.
"""

import glob
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from importlib import metadata
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from graphormer.files import write_file
from graphormer.network.checkpoint import versions
from molxai.batch.checkpoint import TOTAL, Parts, Tally, read_parts, tally_of
from molxai.batch.columns import rows_of
from molxai.batch.engines import Engine
from molxai.batch.plan import DEFAULT_PLAN, Plan
from molxai.batch.rows import cost
from molxai.batch.sinks import RecordFile, Sink
from molxai.batch.worker import Worker
from molxai.explanation.entry import Entry
from molxai.explanation.inputs import Inputs

CHUNK = 1024
"""Rows of a part; fewer for methods of many passes."""

FEWEST = 8
"""Rows of a part at least."""

FORMAT = "molxai-run-1"

NumberedChunks = Iterator[tuple[int, list[Entry]]]


def chunks_of(inputs: Inputs, size: int) -> NumberedChunks:
    """Rows of the inputs in numbered chunks of at most `size`.

    Raises:
        FileNotFoundError, ValueError: as `Inputs.entries`.
    """
    remaining = inputs.entries()
    number = 0
    while chunk := list(islice(remaining, size)):
        yield number, chunk
        number += 1


def chunk_size(worker: Worker) -> int:
    """Rows of a chunk: some seconds' work."""
    if not worker.question.relevances:
        return CHUNK
    passes = sum(cost(explainer) for explainer in worker.explainers)
    passes += sum(product.passes for product in worker.products.values())
    return max(FEWEST, CHUNK // passes)


def manifest_of(worker: Worker, inputs: Inputs, size: int) -> dict[str, Any]:
    """All that decides what the records hold, by name."""
    card = worker.explainer.card
    schema = worker.schema
    manifest = {
        "format": FORMAT,
        "inputs": inputs.digests(),
        **asdict(replace(worker.question, model=card.name)),
        "weights_sha256": card.weights_sha256,
        "strengths": card.tuning.get("strengths"),
        "blocks": worker.blocks,
        "extras": worker.extras,
        "products": {name: repr(product) for name, product in worker.products.items()},
        **asdict(inputs.layout),
        "label_column": inputs.label_column,
        "chunk": size,
        "columns": schema.names,
        "types": [str(column.type) for column in schema],
        "versions": {"molxai": metadata.version("molxai"), **versions()},
    }
    del manifest["device"]  # a run may be resumed on another one
    return json.loads(json.dumps(manifest))


def run(
    worker: Worker,
    inputs: Inputs,
    sink: Sink,
    plan: Plan = DEFAULT_PLAN,
    report: Callable[[Tally], None] = lambda tally: None,
    chunk: int | None = None,
    engine: Engine | None = None,
) -> Tally:
    """Answer the worker's question for all rows, and return how many there were (in this shard).

    Args:
        worker: the question, and what the sink needs of each row.
        inputs: rows.
        sink: where the answers go.
        plan: how the work is spread, and what happens to a run that was stopped.
        report: called with the tally of each chunk when it is done.
        chunk: rows of a part. [default: some seconds' work]
        engine: where the work is done, instead of where the plan says.

    Raises:
        ValueError: another run is at work on the output; the input, or an unfinished run of other
            settings; with `plan.strict`, a bad row.
        OSError: the output cannot be written.
    """
    sink.check(worker.explainer)
    size = chunk or chunk_size(worker)
    chunks = chunks_of(inputs, size)
    peeked = list(islice(chunks, max(2, 1 + (sink.most or 0) // size)))
    if not peeked:
        raise ValueError(f"no inputs in {', '.join(inputs.sources)}: at least one row is needed")
    sink.check_count(sum(len(rows) for _, rows in peeked))
    on_gpu = next(worker.explainer.network.parameters()).is_cuda
    parts = Parts(sink.path) if sink.path and sink.resumable else None
    if len(peeked) == 1 and plan.shard is None and not (parts and parts.folder.exists()):
        engine = engine or plan.engine_for_one(on_gpu)
        return _run_one(worker, peeked[0], sink, plan, report, engine)
    engine = engine or plan.engine_for_many(on_gpu)
    progress = _Progress(chain(peeked, chunks), plan, report)
    if parts is None:
        sink.write(_tables_in_order(worker, engine, progress), worker.explainer)
    else:
        manifest = manifest_of(worker, inputs, size)
        _run_in_parts(worker, parts, manifest, sink, engine, progress)
    return progress.tally


def _run_one(
    worker: Worker,
    chunk: tuple[int, list[Entry]],
    sink: Sink,
    plan: Plan,
    report: Callable[[Tally], None],
    engine: Engine,
) -> Tally:
    """The only chunk of a small input: there is nothing to resume."""
    number, rows = chunk
    ((_, table),) = engine(worker.table, [(number, rows_of(rows))])
    _refuse_errors(table, plan.strict)
    sink.write([table], worker.explainer)
    tally = tally_of(table)
    report(tally)
    return tally


def _run_in_parts(
    worker: Worker,
    parts: Parts,
    manifest: dict[str, Any],
    sink: Sink,
    engine: Engine,
    progress: "_Progress",
) -> None:
    """Keep each chunk as a part; when all are there, the sink writes them (not of a shard)."""
    plan = progress.plan
    with parts.alone(plan.shard):
        parts.begin(manifest, plan.continues, plan.restart)
        try:
            _fill(parts, worker, engine, progress)
        except StrictError:
            if not plan.continues:  # the work of other runs stays
                parts.remove()
            raise
        total = {"chunks": progress.chunks_read, "rows": progress.rows_read}
        write_file(parts.folder / TOTAL, json.dumps(total))
        if plan.shard is None:
            sink.write(read_parts([parts.folder]), worker.explainer)
            parts.remove()
            _remove_leftovers(parts.output)


def _tables_in_order(worker: Worker, engine: Engine, progress: "_Progress") -> Iterator[pa.Table]:
    """The tables of all chunks as they are made, for a sink that leaves nothing to resume."""
    columns = ((number, rows_of(rows)) for number, rows in progress.missing(None))
    with closing(engine(worker.table, columns)) as tables:
        for table in in_order(tables):
            progress.check(table)
            progress.count(table)
            yield table


def in_order(tables: Iterable[tuple[int, pa.Table]]) -> Iterator[pa.Table]:
    """The tables by their numbers from 0 on, each as soon as those before it are there."""
    waiting: dict[int, pa.Table] = {}
    following = 0
    for number, table in tables:
        waiting[number] = table
        while following in waiting:
            yield waiting.pop(following)
            following += 1


def _fill(parts: Parts, worker: Worker, engine: Engine, progress: "_Progress") -> None:
    """Do the chunks whose parts are missing."""
    columns = ((number, rows_of(rows)) for number, rows in progress.missing(parts))
    with _one_thread(), closing(engine(worker.table, columns)) as tables:
        for number, table in tables:
            progress.check(table)
            parts.keep(number, table)
            progress.count(table)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Work of this process as workers do it: with more threads, last digits of sums differ."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Progress:
    """Which chunks there are, which are missing, and how many rows are done."""

    def __init__(self, chunks: NumberedChunks, plan: Plan, report: Callable[[Tally], None]) -> None:
        self.chunks = chunks
        self.plan = plan
        self.report = report
        self.chunks_read = 0
        self.rows_read = 0
        self.tally = Tally()

    def missing(self, parts: Parts | None) -> NumberedChunks:
        """The chunks of this shard without a part."""
        index, shards = self.plan.shard or (0, 1)
        for number, rows in self.chunks:
            self.chunks_read = number + 1
            self.rows_read += len(rows)
            if number % shards != index:
                continue
            table = parts.read(number) if parts else None
            if table is None:
                yield number, rows
            else:
                self.check(table)
                self.count(table)

    def check(self, table: pa.Table) -> None:
        """Refuse a bad row of a strict run.

        Raises:
            StrictError: there is one.
        """
        if self.plan.strict:
            _refuse_errors(table, strict=True)

    def count(self, table: pa.Table) -> None:
        """Note that a chunk is done."""
        tally = tally_of(table)
        self.tally += tally
        self.report(tally)


class StrictError(ValueError):
    """A row that cannot be read, which stops the run."""


def _refuse_errors(table: pa.Table, strict: bool) -> None:
    """Refuse a single input that fails, which is the user's to mend, and under `strict` any row.

    Raises:
        StrictError: there is one.
    """
    records = table.select(["row", "error"]).to_pylist()
    bad = next((record for record in records if record["error"]), None)
    if bad is None or not (strict or len(table) == 1):
        return
    alone = len(table) == 1
    raise StrictError(bad["error"] if alone else f"row {bad['row']}: {bad['error']}")


def merge(output: Path, folders: Sequence[Path]) -> Tally:
    """Join the parts of one run, from one folder or from several, into a file of records.

    Raises:
        ValueError: they are of different runs, or parts are missing or damaged.
        FileNotFoundError: there is no such folder.
        OSError: the output cannot be written.
    """
    tally = Tally()

    def tables() -> Iterator[pa.Table]:
        nonlocal tally
        for table in read_parts(folders):
            tally += tally_of(table)
            yield table

    RecordFile(output).write(tables())
    return tally


def _remove_leftovers(output: Path) -> None:
    """Remove files of runs that were killed while the sink was writing."""
    for path in output.parent.glob(f".{glob.escape(output.name)}.*.part"):
        path.unlink(missing_ok=True)
