"""Long uploads in worker processes: the rows that `Work` makes, in order, from all processors.

The first rows are made in this process, so that they are there while the workers begin.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from molxai.batch.columns import Columns, entries_of, rows_of
from molxai.batch.engines import WorkerPool, processors
from molxai.batch.question import Question
from molxai.explanation.entry import Entry
from molxai.serve.work import Row, Work, passes_of, with_extras

MANY_PASSES = 4000
"""Passes of usual graphs from which on workers are begun: some seconds' work on one core."""

HEAD_STEPS = 2
"""Steps that are done in this process: one at once, the others while workers begin, which takes
them two seconds."""

PART_STEPS = 2
"""Steps that a worker is given at once.

Inputs are explained together with those of their step wherever that is done: the same rows come
with and without workers, to the last digit.
"""

LOOK = 0.1
"""Seconds between looks whether a worker has rows."""


@dataclass(frozen=True)
class WorkerRows:
    """Makes rows in a worker process; the model is read when it is first called."""

    question: Question
    """Its model is a path."""
    views: bool

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def work(self) -> Work:
        """The work of this process."""
        return Work(self.question, self.question.explainers(), self.views)

    def __call__(self, columns: Columns) -> pa.Table:
        made = chain.from_iterable(self.work.rows(entries_of(columns)))
        return pa.Table.from_pylist([vars(row) for row in made], schema=SCHEMA)


SCHEMA = pa.schema(
    {
        "own_records": pa.list_(pa.string()),
        "view": pa.large_string(),
        "faulty": pa.bool_(),
        "block": pa.string(),
    }
)
"""The fields of a `Row` as columns; the table's other columns stay with their entry."""


def needs_workers(work: Work, entries: Sequence[Entry]) -> bool:
    """Whether the work is worth worker processes: much of it, on several processors.

    Pictures stay in this process, because they were read when they came.
    """
    has_pictures = any(entry.kind == "picture" for entry in entries)
    is_short = len(entries) <= HEAD_STEPS * work.step
    if processors() == 1 or has_pictures or is_short:
        return False
    methods = [explainer.method for explainer in work.explainers]
    return passes_of(methods, entries) > MANY_PASSES


def rows_by_workers(
    work: Work, weights: Path, entries: Sequence[Entry], workers: int
) -> Iterator[list[Row]]:
    """The rows of `work.rows(entries)`, made by so many processes.

    Args:
        work: what is done to each input.
        weights: of the model, which each process reads.
        entries: inputs, more than are made here.
        workers: processes, which end with the iterator.

    Raises:
        OSError: workers cannot begin.
    """
    question = replace(work.question, model=str(weights), device="cpu")
    remote = WorkerRows(question, work.views)
    head = HEAD_STEPS * work.step
    size = PART_STEPS * work.step
    bare = [replace(entry, extras={}) for entry in entries[head:]]
    parts = (bare[start : start + size] for start in range(0, len(bare), size))
    columns = ((number, rows_of(part)) for number, part in enumerate(parts))
    pool = WorkerPool(remote, workers)
    tables = pool.tables(columns)
    with closing(tables), ThreadPoolExecutor(1) as thread, pool:
        yield from work.rows(entries[: work.step])
        pending = thread.submit(next, tables, None)  # which begins the workers
        yield from work.rows(entries[work.step : head])
        remaining = iter(entries[head:])
        early: dict[int, pa.Table] = {}
        wanted = 0
        while True:
            while not pending.done():
                yield []  # whoever cancels the job need not wait for a worker
                wait([pending], LOOK)
            if (numbered := pending.result()) is None:
                return
            pending = thread.submit(next, tables, None)
            number, table = numbered
            early[number] = table
            while wanted in early:
                yield _rows(early.pop(wanted), remaining)
                wanted += 1


def _rows(table: pa.Table, entries: Iterator[Entry]) -> list[Row]:
    """The rows of a table, with the other columns of their entries, which come next."""
    rows = []
    for cells in table.to_pylist():
        records = tuple(cells["own_records"])
        row = Row(records, cells["view"], cells["faulty"], cells["block"])
        rows.append(with_extras(row, next(entries).extras))
    return rows
