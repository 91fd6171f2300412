"""Where chunks of rows are worked on: in this process, in worker processes, or on a Ray cluster.

An engine takes the work and numbered chunks, and gives numbered tables back, in any order. A worker
that is killed loses nothing: its chunk is done again, and a row that kills each worker becomes a
record with an error (see `molxai.batch.pool`).
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

CONNECT_SECONDS = 10
"""Seconds in which a Ray cluster has to answer."""

Chunks = Iterable[tuple[int, Columns]]
"""Numbered chunks."""

Tables = Generator[tuple[int, pa.Table], None, None]
"""Numbered tables; a caller that stops early closes the generator, which ends the workers."""

Engine = Callable[[Work, Chunks], Tables]

LIMITS = Limits()
"""What one row may cost, unless other limits are given."""


def here(work: Work, chunks: Chunks) -> Tables:
    """In this process, one chunk after the other.

    Example:
        >>> [number for number, _ in here(lambda rows: pa.table({}), [(0, {}), (1, {})])]
        [0, 1]
    """
    for number, rows in chunks:
        yield number, work(rows)


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class WorkerPool:
    """Processes of this machine, each with one thread and its own copy of the model."""

    def __init__(self, work: Work, workers: int, limits: Limits = LIMITS) -> None:
        self.workers = [WorkerProcess(work, limits) for _ in range(workers)]

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def end(self) -> None:
        """Kill the processes and start no others; called from any thread."""
        for worker in self.workers:
            worker.end()

    def tables(self, chunks: Chunks) -> Tables:
        """The work done to the chunks.

        Raises:
            OSError: workers cannot begin.
        """
        from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
        from queue import SimpleQueue

        idle: SimpleQueue[WorkerProcess] = SimpleQueue()
        for worker in self.workers:
            idle.put(worker)

        def complete(rows: Columns) -> pa.Table:
            """In a thread of this process, which waits for a worker."""
            worker = idle.get()
            try:
                return worker.complete(rows)
            finally:
                idle.put(worker)

        threads = ThreadPoolExecutor(len(self.workers))
        remaining = iter(chunks)
        pending: dict[Future, int] = {}
        most = AHEAD * len(self.workers)
        try:
            while True:
                while len(pending) < most and (chunk := next(remaining, None)):
                    number, rows = chunk
                    pending[threads.submit(complete, rows)] = number
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    yield pending.pop(future), future.result()
        finally:
            self.end()
            threads.shutdown(cancel_futures=True)


def processes(work: Work, chunks: Chunks, workers: int, limits: Limits = LIMITS) -> Tables:
    """In processes of this machine.

    Raises:
        OSError: workers cannot begin.
    """
    return WorkerPool(work, workers, limits).tables(chunks)


class _Actor:
    """A worker of a Ray cluster.

    Chunks and tables travel as bytes, so that rows stay in their chunk. The work is done in a
    process of its own, so that a row has the same limits as without Ray.
    """

    def __init__(self, work: Work, limits: Limits) -> None:
        self.worker = WorkerProcess(work, limits)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        tables = []
        for content in batch["rows"]:
            table = self.worker.complete(pickle.loads(content))
            tables.append(pickle.dumps(table))
        return {"number": batch["number"], "table": tables}


def on_ray(
    work: Work,
    chunks: Chunks,
    workers: int,
    address: str = "",
    gpus: float = 0,
    limits: Limits = LIMITS,
) -> Tables:
    """On a Ray cluster, in actors with one processor each; the cluster's memory holds all rows.

    Args:
        work: what is done to a chunk.
        chunks: rows.
        workers: actors.
        address: of a running cluster; empty: one is started on this machine.
        gpus: of each actor.
        limits: of one row.

    Raises:
        ValueError: Ray is not installed, or there is no cluster at the address.
    """
    ray = ray_library()
    # Pickles come from this program itself, on either side of the cluster that the user runs.
    items = [{"number": number, "rows": pickle.dumps(rows)} for number, rows in chunks]
    if not items:
        return
    is_first = not ray.is_initialized()
    if is_first:
        _connect(ray, address, workers)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        data = ray.data.from_items(items, override_num_blocks=len(items))
        results = data.map_batches(
            _Actor,
            fn_constructor_args=(work, limits),
            batch_size=1,
            concurrency=min(workers, len(items)),
            num_cpus=1,
            num_gpus=gpus or None,
        )
        for batch in results.iter_batches(batch_size=1, prefetch_batches=0):
            yield int(batch["number"][0]), pickle.loads(batch["table"][0])
    finally:
        if is_first:
            ray.shutdown()


def _connect(ray: Any, address: str, workers: int) -> None:
    """Connect to the cluster at the address, or start one on this machine.

    Raises:
        ValueError: there is no cluster at the address.
    """
    _check_address(address)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address:
        options["address"] = address
    else:
        options |= {"address": "local", "num_cpus": workers, "include_dashboard": False}
    try:
        with _keep_sigterm():
            ray.init(**options)
    except ConnectionError as error:
        raise ValueError(f"the Ray cluster at {address} does not let us in: {error}") from error


@contextmanager
def _keep_sigterm() -> Iterator[None]:
    """Keep this program's handler of SIGTERM: Ray's, which replaces it, ends without a message."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


def _check_address(address: str) -> None:
    """Refuse an address where nothing listens: Ray itself would try for minutes.

    Raises:
        ValueError: nothing listens at host:port.
    """
    import socket

    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
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
