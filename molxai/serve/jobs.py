"""Work in steps, done in lanes, so that a heavy job never keeps a light one waiting.

A lane is one thread that does a step of each of its jobs in turn: two uploads advance together, and what is cancelled
stops at the end of its step. Nothing of a job is written to disk.
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

logger = logging.getLogger(__name__)


class Job(Generic[T]):
    """Steps that each add results; whoever asked may watch, wait or cancel."""

    def __init__(self, steps: Iterator[Sequence[T]], total: int) -> None:
        self.id = secrets.token_urlsafe(12)
        self.steps, self.total = steps, total
        self.results: list[T] = []
        self.state: State = "waiting"
        self.error: Exception | None = None
        self.ended: Future[None] = Future()
        self.ending = Lock()

    def cancel(self) -> None:
        """Stop at the end of the step in work; what has ended stays as it is."""
        self._end("cancelled")

    def advance(self) -> None:
        """Do one step."""
        if self.state == "waiting":
            self.state = "running"
        try:
            made = next(self.steps)
            if not self.ended.done():  # cancelled meanwhile: nothing is added to what was told
                self.results.extend(made)
        except StopIteration:
            self._end("done")
        except Exception as error:
            if not isinstance(error, ValueError):
                logger.exception("a job failed")  # ours to mend: whoever asked sees one line of it
            self._end("failed", error)

    def _end(self, state: State, error: Exception | None = None) -> None:
        with self.ending:
            if not self.ended.done():
                self.state, self.error, self.steps = state, error, iter(())
                self.ended.set_result(None)


class Lane:
    """A thread that does a step of each of its jobs in turn."""

    def __init__(self, name: str, most: int) -> None:
        self.name, self.most = name, most
        self.jobs: deque[Job] = deque()
        self.current: Job | None = None
        self.changed, self.open = Condition(), True
        self.thread = Thread(target=self._work, name=f"molxai-{name}", daemon=True)
        self.thread.start()

    def add(self, job: Job[T]) -> Job[T]:
        """Take on a job.

        Raises:
            Full: there are too many already.
        """
        with self.changed:
            self.jobs = deque(one for one in self.jobs if not one.ended.done())
            if len(self.jobs) + (self.current is not None) >= self.most:
                raise Full(
                    f"{self.most} jobs are in work or waiting, as many as are taken on at once: try again in a little while"
                )
            self.jobs.append(job)
            self.changed.notify()
        return job

    def close(self) -> None:
        """Cancel everything, and end the thread when its step is done."""
        with self.changed:
            self.open = False
            for job in self.jobs:
                job.cancel()
            self.changed.notify()

    def _work(self) -> None:
        while True:
            with self.changed:
                if self.current and not self.current.ended.done():
                    self.jobs.append(self.current)
                self.current = None
                self.changed.wait_for(lambda: self.jobs or not self.open)
                if not self.open:
                    return
                self.current = self.jobs.popleft()
            if not self.current.ended.done():
                self.current.advance()


class Kept(Generic[T]):
    """What is asked for again, by id, until nobody has asked for a while."""

    def __init__(self, most: int, lifetime: float, clock: Callable[[], float] = monotonic) -> None:
        self.most, self.lifetime, self.clock = most, lifetime, clock
        self.held: dict[str, tuple[float, T]] = {}
        self.changing = Lock()

    def keep(self, name: str, one: T) -> list[T]:
        """Hold it under the name; returns what had to go: too old, or one too many."""
        with self.changing:
            self.held[name] = (self.clock(), one)
            oldest = sorted(self.held, key=lambda name: self.held[name][0])
            late = self.clock() - self.lifetime
            gone = [
                name
                for place, name in enumerate(oldest)
                if self.held[name][0] < late or place < len(oldest) - self.most
            ]
            return [self.held.pop(name)[1] for name in gone]

    def find(self, name: str) -> T | None:
        """What is held under the name, and from now on for another lifetime."""
        with self.changing:
            seen, one = self.held.get(name, (0.0, None))
            if one is None or seen < self.clock() - self.lifetime:
                return None
            self.held[name] = (self.clock(), one)
            return one
