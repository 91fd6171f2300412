"""Rows from worker processes are those of the server's own process, and processes end."""

import time
from contextlib import suppress

import psutil
import pytest

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

from molxai.batch.question import Question
from molxai.explanation.entry import Entry
from molxai.serve import dispatch, workers
from molxai.serve.dispatch import Dispatcher
from molxai.serve.settings import Settings
from molxai.serve.uploads import SentFile, Source

METHODS = ("lrp", "gae")
CARBONS = [("C" * length, {"length": str(length)}) for length in range(1, 8)] * 10
ODD = [("CC(", {"note": "cut"}), ("<b>", {}), ("c1ccccc1O", {"": "no name", "id": "mine"})]


@pytest.fixture
def dispatcher(monkeypatch):
    """A dispatcher that gives all work to two worker processes."""
    monkeypatch.setattr(workers, "MANY_PASSES", 0)
    for module in (workers, dispatch):
        monkeypatch.setattr(module, "processors", lambda: 2)
    dispatcher = Dispatcher(Settings(device="cpu"))
    yield dispatcher
    dispatcher.close()


def entries(rows):
    return [
        Entry(text, text, "smiles", row, f"m{row}", extras=extras)
        for row, (text, extras) in enumerate(rows)
    ]


def upload(dispatcher, rows):
    source = Source((SentFile("table.csv", b""),))
    return dispatcher.upload(Question("bace", METHODS), entries(rows), source)


def children():
    """Worker processes; the tracker of shared memory, which stays, is none."""
    alive = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if "tracker" not in " ".join(process.cmdline()):
                alive.append(process.pid)
    return alive


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_rows_are_those_of_one_process_to_the_last_digit(dispatcher):
    before = children()
    rows = [*CARBONS, *ODD, *CARBONS[:20]]
    asked = upload(dispatcher, rows)
    job = asked.job
    until(lambda: len(children()) > len(before))
    job.ended.result(120)
    assert job.state == "done"
    plain = asked.work.rows(entries(rows))
    assert job.results == [row for step in plain for row in step]
    assert [row.faulty for row in job.results].count(True) == 2
    until(lambda: set(children()) <= set(before))


def test_processes_end_with_a_cancelled_job_and_the_next_job_has_its_own(dispatcher):
    before = children()
    job = upload(dispatcher, CARBONS * 20).job
    until(lambda: len(children()) > len(before))
    until(lambda: job.results)
    job.cancel()
    until(lambda: set(children()) <= set(before))
    until(lambda: not dispatcher.processors.locked())
    assert job.state == "cancelled" and len(job.results) < 1400
    following = upload(dispatcher, CARBONS).job
    following.ended.result(120)
    assert len(following.results) == len(CARBONS)


def test_a_second_job_does_without_processes_and_little_work_too(dispatcher, monkeypatch):
    with dispatcher.processors:
        before = children()
        job = upload(dispatcher, CARBONS).job
        job.ended.result(120)
        assert len(job.results) == len(CARBONS) and children() == before
    asked = upload(dispatcher, CARBONS)
    asked.job.cancel()
    assert workers.needs_workers(asked.work, entries(CARBONS))
    monkeypatch.setattr(workers, "MANY_PASSES", 4000)
    assert not workers.needs_workers(asked.work, entries(CARBONS))
