"""Where chunks of rows are worked on: in this process, in processes of this machine, or on a Ray cluster.

An engine takes the work and numbered chunks, and gives numbered tables back, in any order. A worker that is killed loses
nothing: its chunk is done again, and a row that kills each worker becomes a record with an error (see `molxai.batch.pool`).
"""

import os
import pickle
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from molxai.batch.pool import Columns, Limits, Work, WorkerProcess

AHEAD = 2
"""Chunks that are read for each worker before it asks: memory does not grow with the input."""


Chunks = Iterable[tuple[int, Columns]]
Tables = Generator[tuple[int, pa.Table], None, None]
"""Whoever stops early closes it, which ends the workers."""

Engine = Callable[[Work, Chunks], Tables]

LIMITS = Limits()
"""Of one row, unless others are given."""


def here(work: Work, chunks: Chunks) -> Tables:
    """In this process, one chunk after the other."""
    for place, rows in chunks:
        yield place, work(rows)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(work: Work, chunks: Chunks, workers: int, limits: Limits = LIMITS) -> Tables:
    """In processes of this machine, each with one thread and its own copy of the model.

    Raises:
        OSError: workers cannot begin.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
    from queue import SimpleQueue

    pool, idle = [WorkerProcess(work, limits) for _ in range(workers)], SimpleQueue[WorkerProcess]()
    for worker in pool:
        idle.put(worker)

    def complete(rows: Columns) -> pa.Table:
        """In a thread of this process, which waits for a worker."""
        worker = idle.get()
        try:
            return worker.complete(rows)
        finally:
            idle.put(worker)

    threads, remaining = ThreadPoolExecutor(workers), iter(chunks)
    pending: dict[Future, int] = {}
    try:
        while True:
            while len(pending) < AHEAD * workers and (chunk := next(remaining, None)):
                pending[threads.submit(complete, chunk[1])] = chunk[0]
            if not pending:
                return
            for done in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(done), done.result()
    finally:
        for worker in pool:
            worker.end()
        threads.shutdown(cancel_futures=True)


class _Actor:
    """A worker of a Ray cluster: chunks and tables travel as bytes, so that rows stay in their chunk.

    The work is done in a process of its own, so that a row has the same limits as without Ray.
    """

    def __init__(self, work: Work, limits: Limits) -> None:
        self.worker = WorkerProcess(work, limits)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        tables = [pickle.dumps(self.worker.complete(pickle.loads(rows))) for rows in batch["rows"]]
        return {"place": batch["place"], "table": tables}


def on_ray(
    work: Work,
    chunks: Chunks,
    workers: int,
    address: str = "",
    gpus: float = 0,
    limits: Limits = LIMITS,
) -> Tables:
    """On a Ray cluster, in a pool of actors with one processor each; all rows are put into the cluster's memory first.

    Args:
        work: what is done to a chunk.
        chunks: rows.
        workers: actors.
        address: of a cluster that runs; empty: one is started on this machine.
        gpus: of each actor.
        limits: of one row.

    Raises:
        ValueError: Ray is not installed, or there is no cluster at the address.
    """
    ray = ray_library()
    # What is pickled comes from this program itself, on either side of the cluster that the user runs.
    rows = [{"place": place, "rows": pickle.dumps(one)} for place, one in chunks]
    if not rows:
        return
    started = not ray.is_initialized()
    if started:
        _check_there(address)
        try:
            with _own_signals():
                ray.init(**_cluster(address, workers))
        except ConnectionError as error:
            raise ValueError(f"the Ray cluster at {address} does not let us in: {error}") from error
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        data = ray.data.from_items(rows, override_num_blocks=len(rows))
        each = {
            "batch_size": 1,
            "concurrency": min(workers, len(rows)),
            "num_cpus": 1,
            "num_gpus": gpus or None,
        }
        done = data.map_batches(_Actor, fn_constructor_args=(work, limits), **each)
        for batch in done.iter_batches(batch_size=1, prefetch_batches=0):
            yield int(batch["place"][0]), pickle.loads(batch["table"][0])
    finally:
        if started:
            ray.shutdown()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep this program's answer to SIGTERM: Ray puts its own in the place, which ends the program without a word."""
    own = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, own)


def _check_there(address: str) -> None:
    """Ray itself would try for minutes.

    Raises:
        ValueError: nothing listens at host:port.
    """
    import socket

    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise ValueError(f"nothing answers at {address} ({error}): check --ray-address") from error


def ray_library() -> Any:
    """The library.

    Raises:
        ValueError: it is not installed.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise ValueError("--engine ray needs Ray: pip install 'molxai[ray]'") from error
    return ray


def _cluster(address: str, workers: int) -> dict[str, Any]:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    return quiet | (
        {"address": address}
        if address
        else {"address": "local", "num_cpus": workers, "include_dashboard": False}
    )
