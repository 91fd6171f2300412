"""Where chunks of rows are worked on: in this process, in processes of this machine, or on a Ray cluster.

An engine takes the work and numbered chunks, and gives numbered tables back, in any order. A worker that is killed loses
nothing: its chunk is done again.
"""

import os
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from molxai.attribution import Columns

LOSSES = 3
"""Workers that may be killed in a row, with no chunk done in between, before a run stops."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""Environment of a worker; what one thread frees, glibc need not keep for others."""

AHEAD = 2
"""Chunks that are read for each worker before it asks: memory does not grow with the input."""


Work = Callable[[Columns], pa.Table]
"""What is done to a chunk; it is sent to other processes by pickle."""

Chunks = Iterable[tuple[int, Columns]]
Tables = Iterator[tuple[int, pa.Table]]
Engine = Callable[[Work, Chunks], Tables]


def here(work: Work, chunks: Chunks) -> Tables:
    """In this process, one chunk after the other."""
    for place, rows in chunks:
        yield place, work(rows)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processes(work: Work, chunks: Chunks, workers: int) -> Tables:
    """In processes of this machine, each with one thread and its own copy of the model.

    Raises:
        OSError: workers are killed again and again.
    """
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait

    from loky import ProcessPoolExecutor

    remaining, handed_out, losses = iter(chunks), dict[int, Columns](), 0
    while True:
        pool = ProcessPoolExecutor(workers, initializer=_begin, initargs=(work,), env=ONE_THREAD)
        pending: dict[Future, int] = {pool.submit(_worked, rows): place for place, rows in handed_out.items()}
        try:
            while True:
                while len(pending) < AHEAD * workers and (chunk := next(remaining, None)):
                    handed_out[chunk[0]] = chunk[1]
                    pending[pool.submit(_worked, chunk[1])] = chunk[0]
                if not pending:
                    return
                for done in wait(pending, return_when=FIRST_COMPLETED).done:
                    table, place = done.result(), pending.pop(done)
                    del handed_out[place]
                    losses = 0
                    yield place, table
        except BrokenExecutor as error:
            losses += 1
            if losses == LOSSES:
                advice = "the memory is too small, perhaps: give fewer --num-workers or a smaller --batch-size"
                raise OSError(f"worker processes were killed {LOSSES} times; {advice}") from error
        finally:
            pool.shutdown(wait=False, kill_workers=True)


_work: Work | None = None
"""In a worker process: what it does."""


def _begin(work: Work) -> None:
    import signal

    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _end_with_parent()
    _work = work


def _end_with_parent() -> None:
    """A parent that is killed cannot tell its workers: they look whether it is still there."""
    import threading
    import time

    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _worked(rows: Columns) -> pa.Table:
    assert _work is not None
    return _work(rows)


class _Actor:
    """A worker of a Ray cluster: chunks and tables travel as bytes, so that rows stay in their chunk."""

    def __init__(self, work: Work) -> None:
        self.work = work

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        tables = [pickle.dumps(self.work(pickle.loads(rows))) for rows in batch["rows"]]
        return {"place": batch["place"], "table": tables}


def on_ray(work: Work, chunks: Chunks, workers: int, address: str = "", gpus: float = 0) -> Tables:
    """On a Ray cluster, in a pool of actors with one processor each; all rows are put into the cluster's memory first.

    Args:
        work: what is done to a chunk.
        chunks: rows.
        workers: actors.
        address: of a cluster that runs; empty: one is started on this machine.
        gpus: of each actor.

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
            ray.init(**_cluster(address, workers))
        except ConnectionError as error:
            raise ValueError(f"the Ray cluster at {address} does not let us in: {error}") from error
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        data = ray.data.from_items(rows, override_num_blocks=len(rows))
        actors = min(workers, len(rows))
        done = data.map_batches(_Actor, fn_constructor_args=(work,), batch_size=1, concurrency=actors, num_cpus=1, num_gpus=gpus or None)
        for batch in done.iter_batches(batch_size=1, prefetch_batches=0):
            yield int(batch["place"][0]), pickle.loads(batch["table"][0])
    finally:
        if started:
            ray.shutdown()


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
    return quiet | ({"address": address} if address else {"address": "local", "num_cpus": workers, "include_dashboard": False})
