"""A worker process of this machine: it does chunks of rows within limits, and may be lost without the loss of a row.

A molecule can be made to keep RDKit busy for hours, to fill the memory or to crash the process. So a chunk whose worker is
killed is done again by another, then its rows one by one; one that exceeds its limits is done row by row at once. A row that
loses its worker alone becomes a record with the reason. Only workers that cannot even begin end a run.
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

Columns = Mapping[str, np.ndarray]
"""Arrays of one length, by name."""

Work = Callable[[Columns], pa.Table]
"""What is done to a chunk; it is sent to other processes by pickle, and must take a chunk of no rows."""

ROW_SECONDS = 300.0
"""Seconds that one row may take by itself: the slowest that methods take, 200 atoms by `oracle`, need about 100 on one core.

A chunk, which usually takes some seconds, may take as long before its rows are done one by one.
"""

START_SECONDS = 600.0
"""Seconds that a worker may take to begin, which is to import its libraries and to read its model."""

WORKER_MEMORY = 8 * 2**30
"""Bytes that a worker may fill. With 600 atoms and `integrated-gradients`, the most hungry of the methods, it fills 2.7 GiB."""

ATTEMPTS = 2
"""Workers that a chunk or a row may lose: a worker can be killed for the sake of something else."""

LOSSES = 3
"""Workers that may be lost before they have done anything, one after the other, before a run stops."""

LOOK = 0.1
"""Seconds between looks at a worker's memory."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""Environment of a worker; what one thread frees, glibc need not keep for others."""

PARENT_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of Linux' prctl."""


@dataclass(frozen=True)
class Limits:
    """What one row may cost."""

    seconds: float = ROW_SECONDS
    memory: int = WORKER_MEMORY


class LostError(Exception):
    """A worker that did not come back with its rows; says how it ended."""

    def __init__(self, how: str, advice: str, again: bool) -> None:
        super().__init__(how)
        self.advice = advice
        """What the user can do."""
        self.again = again
        """Whether it would be lost again for certain, by its limits."""


MORE_TIME = "give it more with --row-seconds, or leave the row out"
LEAVE_OUT = "leave the row out, or simplify its molecule"


class WorkerProcess:
    """A process that does chunks one after the other; a new one where it was lost."""

    def __init__(self, work: Work, limits: Limits) -> None:
        self.work, self.limits = work, limits
        self.process: BaseProcess | None = None
        self.connection: Connection | None = None
        self.ended = False
        self.lock = threading.Lock()
        """`end` may come from another thread while a process is begun."""

    def complete(self, rows: Columns) -> pa.Table:
        """Records of all rows, whatever becomes of workers.

        Raises:
            OSError: workers are lost before they have done anything, or over nothing.
            Exception: what the work raises.
        """
        if _count(rows) > 1:
            with suppress(LostError):
                return self._patiently(rows)
        return pa.concat_tables([self._alone(row) for row in _singly(rows)]).combine_chunks()

    def _alone(self, row: Columns) -> pa.Table:
        """The record of one row, which may be that it could not be done."""
        try:
            return self._patiently(row)
        except LostError as lost:
            reason = f"the worker of this row {lost}: {lost.advice}"
        try:
            return self._patiently(refused(row, reason))
        except LostError as lost:
            raise OSError(
                f"a worker {lost} over a row of which nothing was asked; what is done can be gone on with"
            ) from lost

    def _patiently(self, rows: Columns) -> pa.Table:
        """Records of the rows, from a second worker where the first one was killed.

        Raises:
            LostError: both were killed, or one has exceeded its limits.
        """
        for attempt in range(ATTEMPTS):
            try:
                self._begin(rows)
                return self._ask(rows, self.limits.seconds)
            except LostError as lost:
                if lost.again or attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError

    def _begin(self, rows: Columns) -> None:
        """A process that has read its model and done a chunk of no rows, unless there is one.

        Raises:
            OSError: it cannot be had.
        """
        reason = ""
        for _ in range(LOSSES):
            if self.process is not None:
                return
            self._start()
            try:
                self._ask({name: column[:0] for name, column in rows.items()}, START_SECONDS)
            except LostError as lost:
                reason = str(lost)
        if self.process is None:
            advice = "the memory is too small, perhaps: give fewer --num-workers or a smaller --batch-size"
            raise OSError(
                f"workers cannot begin: each of {LOSSES} {reason} before its first row; {advice}"
            )

    def _start(self) -> None:
        from loky.backend import (
            get_context,
        )  # processes that do not run the caller's main module again

        context = get_context("loky")
        with self.lock:
            if self.ended:
                raise OSError("the worker has ended")
            self.connection, other = context.Pipe()
            process = context.Process(
                target=serve, args=(self.work, other), env=ONE_THREAD, daemon=True
            )
            process.start()
            other.close()  # so that the end of the process is the end of the file
            self.process = process

    def _ask(self, rows: Columns, seconds: float) -> pa.Table:
        """What the process makes of the rows.

        Raises:
            LostError: it is killed, or exceeds a limit, for which it is killed.
            Exception: what the work raises.
        """
        assert self.process is not None and self.connection is not None
        deadline = time.monotonic() + seconds
        try:
            self.connection.send_bytes(pickle.dumps(rows))
            while not self.connection.poll(LOOK):
                if time.monotonic() > deadline:
                    raise LostError(f"was stopped after {seconds:.3g} seconds", MORE_TIME, True)
                if _resident(self.process.pid) > self.limits.memory:
                    raise LostError(
                        f"was stopped at {self.limits.memory / 2**30:.3g} GiB of memory",
                        LEAVE_OUT,
                        True,
                    )
            done, content = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError) as error:
            raise LostError(f"was killed ({self._how_it_ended()})", LEAVE_OUT, False) from error
        except LostError:
            self._drop()
            raise
        if done:
            return content
        if isinstance(content, MemoryError):
            self._drop()  # what it could not free, a new one does not have
            raise LostError("got no more memory", LEAVE_OUT, True)
        raise content

    def _how_it_ended(self) -> str:
        """The signal or the exit code of a process that is gone."""
        assert self.process is not None
        process = self.process
        process.join(LOOK * 10)
        self._drop()
        code = process.exitcode
        return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"

    def _drop(self) -> None:
        """Kill the process, if there is one."""
        with self.lock:
            if self.process is not None and self.connection is not None:
                _kill(self.process)
                self.connection.close()
            self.process = None

    def end(self) -> None:
        """Kill the process and begin no other; called from any thread."""
        with self.lock:
            self.ended = True
            if self.process is not None:
                _kill(self.process)


def refused(row: Columns, reason: str) -> Columns:
    """A row of which nothing is to be done but a record with the reason."""
    return {**row, "content": _objects(""), "fault": _objects(reason)}


def _objects(value: str) -> np.ndarray:
    return np.array([value], dtype=object)


def _count(rows: Columns) -> int:
    return len(next(iter(rows.values())))


def _singly(rows: Columns) -> Iterator[Columns]:
    for place in range(_count(rows)):
        yield {name: column[place : place + 1] for name, column in rows.items()}


def _kill(process: BaseProcess) -> None:
    """End a process at once, whatever it is at, and wait until it is gone."""
    import psutil

    if process.exitcode is None and process.pid is not None:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(process.pid).kill()
    process.join()


def _resident(process: int | None) -> int:
    """Bytes that a process fills; none where it is gone."""
    import psutil

    try:
        return psutil.Process(process).memory_info().rss
    except psutil.Error:
        return 0


def serve(work: Work, connection: Connection) -> None:
    """In a worker process: answer each chunk with its records, or with what the work raises, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _end_with_parent()
    while True:
        try:
            rows = pickle.loads(connection.recv_bytes())
        except EOFError:
            return
        connection.send_bytes(_answer(work, rows))


def _answer(work: Work, rows: Columns) -> bytes:
    """Whether it is done, and the records or the error, as bytes."""
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
    """A parent that is killed cannot tell its workers.

    The kernel does, on Linux; elsewhere they look whether it is still there, when RDKit lets them.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
