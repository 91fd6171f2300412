"""Jobs in steps and the queues that work on them, so that a long job never blocks a short one.

A queue is one thread that does a step of each of its jobs in turn: two uploads advance together,
and a job that is cancelled stops at the end of its step. Nothing of a job is written to disk.
"""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from queue import Full
from threading import Condition, Lock, Thread
from time import monotonic
from typing import Generic, Literal, TypeVar

T = TypeVar("T")

State = Literal["waiting", "running", "done", "cancelled", "failed"]

CLOSE_SECONDS = 5
"""Seconds that a queue which is closed waits for the current step."""

logger = logging.getLogger(__name__)


class Job(Generic[T]):
    """Steps that each add results; whoever asked may watch, wait or cancel."""

    def __init__(self, steps: Iterator[Sequence[T]], total: int) -> None:
        self.id = secrets.token_urlsafe(12)
        self.steps = steps
        self.total = total
        self.results: list[T] = []
        self.state: State = "waiting"
        self.error: Exception | None = None
        self.ended: Future[None] = Future()
        self.ending = Lock()

    @classmethod
    def of_results(cls, results: Sequence[T]) -> "Job[T]":
        """A job that has ended with these results."""
        job = cls(iter(()), len(results))
        job.results.extend(results)
        job._end("done")
        return job

    def cancel(self) -> None:
        """Stop at the end of the current step; a job that has ended stays as it is."""
        self._end("cancelled")

    def advance(self) -> None:
        """Do one step."""
        if self.state == "waiting":
            self.state = "running"
        try:
            results = next(self.steps)
            if not self.ended.done():  # a job cancelled meanwhile has told its last result
                self.results.extend(results)
        except StopIteration:
            self._end("done")
        except Exception as error:
            if not isinstance(error, ValueError):
                logger.exception("a job failed")  # ours to mend: whoever asked sees one line of it
            self._end("failed", error)

    def _end(self, state: State, error: Exception | None = None) -> None:
        with self.ending:
            if self.ended.done():
                return
            self.state = state
            self.error = error
            self.ended.set_result(None)

    def release(self) -> None:
        """Drop the steps of a job that has ended, and whatever they hold, such as processes."""
        self.steps = iter(())


class Queue:
    """A thread that does a step of each of its jobs in turn."""

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        self.most = most
        self.jobs: deque[Job] = deque()
        self.current: Job | None = None
        self.changed = Condition()
        self.open = True
        self.thread = Thread(target=self._work, name=f"molxai-{name}", daemon=True)
        self.thread.start()

    def add(self, job: Job[T]) -> Job[T]:
        """Take on a job.

        Raises:
            Full: there are too many already.
        """
        with self.changed:
            if len(self._unfinished()) >= self.most:
                raise Full(
                    f"{self.most} jobs are waiting or running, as many as are taken on at once: "
                    "try again in a little while"
                )
            self.jobs.append(job)
            self.changed.notify()
        return job

    def close(self) -> None:
        """Cancel everything, and end the thread when its step is done, waiting a little for it."""
        with self.changed:
            self.open = False
            for job in self._unfinished():
                job.cancel()
            self.changed.notify()
        self.thread.join(CLOSE_SECONDS)

    def _unfinished(self) -> list[Job]:
        """The jobs that wait or run."""
        jobs = [*self.jobs, self.current] if self.current else self.jobs
        return [job for job in jobs if not job.ended.done()]

    def _work(self) -> None:
        while (job := self._next()) is not None:
            if not job.ended.done():
                job.advance()
            if job.ended.done():
                job.release()  # here, because it may take a second
        for job in self.jobs:
            job.release()

    def _next(self) -> Job | None:
        """The job whose turn it is, as soon as there is one; None if the queue is closed."""
        with self.changed:
            if self.current and not self.current.ended.done():
                self.jobs.append(self.current)
            self.current = None
            self.changed.wait_for(lambda: self.jobs or not self.open)
            if self.open:
                self.current = self.jobs.popleft()
            return self.current


class Results(Generic[T]):
    """What is asked for again, by id, until nobody has asked for a while."""

    def __init__(self, most: int, lifetime: float, clock: Callable[[], float] = monotonic) -> None:
        self.most = most
        self.lifetime = lifetime
        self.clock = clock
        self.stored: dict[str, tuple[float, T]] = {}
        """By id, with the time when it was last asked for."""
        self.changing = Lock()

    def add(self, name: str, result: T) -> list[T]:
        """Keep it under the name; returns what had to go: too old, or one too many."""
        with self.changing:
            self.stored[name] = (self.clock(), result)
            oldest = sorted(self.stored, key=lambda name: self.stored[name][0])
            surplus = oldest[: max(0, len(oldest) - self.most)]
            expired = [name for name in oldest if self._is_expired(name)]
            removed = dict.fromkeys([*surplus, *expired])
            return [self.stored.pop(name)[1] for name in removed]

    def find(self, name: str) -> T | None:
        """The result of that name, which is kept for another lifetime; None if there is none."""
        with self.changing:
            if name not in self.stored or self._is_expired(name):
                return None
            _, result = self.stored[name]
            self.stored[name] = (self.clock(), result)
            return result

    def _is_expired(self, name: str) -> bool:
        asked, _ = self.stored[name]
        return asked < self.clock() - self.lifetime
