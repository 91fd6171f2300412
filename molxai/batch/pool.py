"""A worker process of this machine: it does chunks of rows within limits, and loses no row.

A molecule can be made to keep RDKit busy for hours, to fill the memory or to crash the process.
So if a worker is killed, another one does its chunk again, and then the rows of the chunk one by
one. If a chunk exceeds its limits, its rows are done one by one at once. A row that loses its
worker alone becomes a record with the reason. Only workers that cannot even begin end a run.
"""

import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import numpy as np
import pyarrow as pa

from molxai.batch.arrow import settle

Columns = Mapping[str, np.ndarray]
"""Arrays of one length, by name."""

Work = Callable[[Columns], pa.Table]
"""What is done to a chunk.

It is sent to other processes by pickle, and must take a chunk of no rows.
"""

ROW_SECONDS = 300.0
"""Seconds that one row may take by itself.

The slowest that methods take, 200 atoms by `oracle`, need about 100 on one core. A chunk, which
usually takes some seconds, may take as long before its rows are done one by one.
"""

START_SECONDS = 600.0
"""Seconds that a worker may take to begin: it imports its libraries and reads its model."""

WORKER_MEMORY = 8 * 2**30
"""Bytes that a worker may fill.

With 600 atoms and `integrated-gradients`, which takes the most memory of all methods, it fills
2.7 GiB.
"""

ATTEMPTS = 2
"""Workers that a chunk or a row may lose: a worker can be killed for another reason."""

LOSSES = 3
"""Workers that may be lost one after the other, before any has done work, until a run stops."""

LOOK = 0.1
"""Seconds between looks at a worker's memory."""

EXIT_SECONDS = 1.0
"""Seconds that a killed process is given to report how it ended."""

PARENT_SECONDS = 0.5
"""Seconds between looks of a worker for its parent."""

WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20),
}
"""Environment of a worker.

With one arena, glibc need not keep for other threads the memory that one thread frees. The two
thresholds let a worker keep what it frees, in place of asking the kernel for the same pages with
each batch, which took a tenth of the time.
"""

PARENT_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of Linux' prctl."""


@dataclass(frozen=True)
class Limits:
    """What one row may cost."""

    seconds: float = ROW_SECONDS
    memory: int = WORKER_MEMORY


class LostError(Exception):
    """A worker that did not come back with its rows; the message says how it ended."""

    def __init__(self, how: str, advice: str, certain: bool) -> None:
        super().__init__(how)
        self.advice = advice
        """What the user can do."""
        self.certain = certain
        """Whether its limits ended it, so that another worker would certainly be lost, too."""


MORE_TIME = "give it more with --row-seconds, or leave the row out"
"""Advice for a row that takes too long; records hold it."""

LEAVE_OUT = "leave the row out, or simplify its molecule"
"""Advice for a row that ends its worker; records hold it."""


class WorkerProcess:
    """A process that does chunks one after the other, and is replaced if it is lost."""

    def __init__(self, work: Work, limits: Limits) -> None:
        self.work = work
        self.limits = limits
        self.process: BaseProcess | None = None
        self.connection: Connection | None = None
        self.is_ended = False
        self.lock = threading.Lock()
        """Another thread may call `end` while a process starts."""

    def complete(self, rows: Columns) -> pa.Table:
        """Records of all rows, whatever happens to workers.

        Raises:
            OSError: workers are lost before they have done anything, or over a row that is not
                even read.
            Exception: what the work raises.
        """
        if _count(rows) > 1:
            with suppress(LostError):
                return self._try(rows)
        records = [self._complete_row(row) for row in _split(rows)]
        return pa.concat_tables(records).combine_chunks()

    def _complete_row(self, row: Columns) -> pa.Table:
        """The record of one row, which says so if the row could not be done."""
        try:
            return self._try(row)
        except LostError as lost:
            reason = f"the worker of this row {lost}: {lost.advice}"
        try:
            return self._try(refuse_row(row, reason))
        except LostError as lost:
            raise OSError(
                f"a worker {lost} over a row that it did not read; the run can be continued"
            ) from lost

    def _try(self, rows: Columns) -> pa.Table:
        """Records of the rows, from a second worker if the first one was killed.

        Raises:
            LostError: both were killed, or one has exceeded its limits.
        """
        for attempt in range(ATTEMPTS):
            try:
                self._begin(rows)
                return self._ask(rows, self.limits.seconds)
            except LostError as lost:
                if lost.certain or attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError

    def _begin(self, rows: Columns) -> None:
        """Start a process, unless there is one; it reads its model and does a chunk of no rows.

        Raises:
            OSError: no process begins.
        """
        no_rows = {name: column[:0] for name, column in rows.items()}
        reason = ""
        for _ in range(LOSSES):
            if self.process is not None:
                return
            self._start()
            try:
                self._ask(no_rows, START_SECONDS)
            except LostError as lost:
                reason = str(lost)
        if self.process is None:
            raise OSError(
                f"workers cannot begin: each of {LOSSES} {reason} before its first row; "
                "perhaps there is too little memory: "
                "give fewer --num-workers or a smaller --batch-size"
            )

    def _start(self) -> None:
        # Unlike those of multiprocessing, loky's processes do not run the caller's main module.
        from loky.backend import get_context

        context = get_context("loky")
        with self.lock:
            if self.is_ended:
                raise OSError("the worker has ended")
            self.connection, workers_end = context.Pipe()
            process = context.Process(
                target=serve, args=(self.work, workers_end), env=WORKER_ENVIRONMENT, daemon=True
            )
            process.start()
            workers_end.close()  # so that the end of the process is the end of the file
            self.process = process

    def _ask(self, rows: Columns, seconds: float) -> pa.Table:
        """What the process makes of the rows.

        Raises:
            LostError: it was killed, or exceeded a limit and is killed for that.
            Exception: what the work raises.
        """
        assert self.process is not None and self.connection is not None
        deadline = time.monotonic() + seconds
        try:
            self.connection.send_bytes(pickle.dumps(rows))
            while not self.connection.poll(LOOK):
                self._check_limits(deadline, seconds)
            is_done, content = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise LostError(f"was killed ({self._how_it_ended()})", LEAVE_OUT, False) from error
        except LostError:
            self._drop()
            raise
        if is_done:
            return content
        if isinstance(content, MemoryError):
            self._drop()  # a new process does not have what this one could not free
            raise LostError("got no more memory", LEAVE_OUT, True)
        raise content

    def _check_limits(self, deadline: float, seconds: float) -> None:
        """Look whether the process is within its limits.

        Raises:
            LostError: it is not.
        """
        if time.monotonic() > deadline:
            raise LostError(f"was stopped after {seconds:.3g} seconds", MORE_TIME, True)
        assert self.process is not None
        if _resident(self.process.pid) > self.limits.memory:
            size = f"{self.limits.memory / 2**30:.3g} GiB"
            raise LostError(f"was stopped at {size} of memory", LEAVE_OUT, True)

    def _how_it_ended(self) -> str:
        """The signal or the exit code of a process that is gone."""
        assert self.process is not None
        process = self.process
        process.join(EXIT_SECONDS)
        self._drop()
        code = process.exitcode
        if code is not None and code < 0:
            return signal.Signals(-code).name
        return f"exit code {code}"

    def _drop(self) -> None:
        """Kill the process, if there is one."""
        with self.lock:
            if self.process is not None and self.connection is not None:
                _kill(self.process)
                self.connection.close()
            self.process = None

    def end(self) -> None:
        """Kill the process and start no other; called from any thread."""
        with self.lock:
            self.is_ended = True
            if self.process is not None:
                _kill(self.process)


def refuse_row(row: Columns, reason: str) -> Columns:
    """A row with nothing to be done, except a record with the reason."""
    return {**row, "content": _objects(""), "fault": _objects(reason)}


def _objects(value: str) -> np.ndarray:
    return np.array([value], dtype=object)


def _count(rows: Columns) -> int:
    return len(next(iter(rows.values())))


def _split(rows: Columns) -> Iterator[Columns]:
    """Each row as a chunk of its own."""
    for i in range(_count(rows)):
        yield {name: column[i : i + 1] for name, column in rows.items()}


def _kill(process: BaseProcess) -> None:
    """End a process at once, whatever it is doing, and wait until it is gone."""
    import psutil

    if process.exitcode is None and process.pid is not None:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(process.pid).kill()
    process.join()


def _resident(process: int | None) -> int:
    """Bytes that a process fills; 0 if it is gone."""
    import psutil

    try:
        return psutil.Process(process).memory_info().rss
    except psutil.Error:
        return 0


def serve(work: Work, connection: Connection) -> None:
    """In a worker process: answer chunks with records or an error, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _end_with_parent()
    settle()
    while True:
        try:
            rows = pickle.loads(connection.recv_bytes())
            connection.send_bytes(_answer(work, rows))
        except (EOFError, BrokenPipeError):
            return


def _answer(work: Work, rows: Columns) -> bytes:
    """Whether the work is done, and the records or the error, as bytes."""
    try:
        return pickle.dumps((True, work(rows)))
    except Exception as error:  # whatever it is, the parent raises it
        return _portable(error)


def _portable(error: Exception) -> bytes:
    """The error as bytes that can be read again, with its traceback as a note."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        content = pickle.dumps((False, error))
        pickle.loads(content)
    except (TypeError, AttributeError, pickle.PicklingError):
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return content


def _end_with_parent() -> None:
    """End this worker when its parent is killed, which cannot tell its workers.

    On Linux the kernel tells them. Elsewhere they look whether the parent is still there, as often
    as RDKit lets them.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
