"""A row that crashes its worker, keeps it busy or fills its memory costs one record, no run."""

import csv
import os
import signal
import sys
import time

import cloudpickle
import numpy as np
import pyarrow as pa
import pytest
from batch_runs import explain_library, worker_of
from pyarrow import parquet

from molxai.batch.checkpoint import Tally
from molxai.batch.engines import processes
from molxai.batch.pool import Limits, WorkerProcess, refuse_row
from molxai.batch.worker import Worker
from molxai.explanation.inputs import Inputs

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not know the tests

LIMITS = Limits(seconds=8.0, memory=2**28)

POISON = {"CCN": "kill", "CCCN": "crash", "CCCCN": "sleep", "CCCCCN": "fill", "CCCCCCN": "raise"}
"""Molecules that stand for those that are too much for RDKit, and what happens to their worker."""

LEAVE_OUT = "leave the row out, or simplify its molecule"

REASONS = {
    "CCN": f"the worker of this row was killed (SIGKILL): {LEAVE_OUT}",
    "CCCN": f"the worker of this row was killed (exit code 3): {LEAVE_OUT}",
    "CCCCN": "the worker of this row was stopped after 8 seconds: "
    "give it more with --row-seconds, or leave the row out",
    "CCCCCN": f"the worker of this row was stopped at 0.25 GiB of memory: {LEAVE_OUT}",
    "CCCCCCN": f"the worker of this row got no more memory: {LEAVE_OUT}",
}


def take_poison(rows):
    """Molecules end their worker whenever they are read."""
    faults = rows.get("fault", [""] * len(rows["input"]))
    for smiles, fault in zip(rows["input"], faults, strict=True):
        if smiles in POISON and not fault:
            poison(POISON[smiles])


def poison(how):
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif how == "crash":
        os._exit(3)
    elif how == "raise":
        raise MemoryError
    elif how == "sleep":
        time.sleep(60)
    else:
        arrays = []
        while True:
            arrays.append(np.ones(2**21))  # 16 MiB


def echo(rows):
    """Light work: which rows there are, and why nothing is to be done with them."""
    return pa.table({"row": rows["row"], "fault": pa.array(rows["fault"], pa.string())})


def poisonous(rows):
    take_poison(rows)
    return echo(rows)


class PoisonousWorker(Worker):
    def table(self, rows):
        take_poison(rows)
        return super().table(rows)


def chunk(*smiles):
    blank = np.array([""] * len(smiles), dtype=object)
    return {
        "input": np.array(smiles, dtype=object),
        "row": np.arange(len(smiles)),
        "content": blank,
        "fault": blank,
    }


@pytest.fixture
def worker():
    process = WorkerProcess(poisonous, LIMITS)
    yield process
    process.end()


def test_each_way_to_lose_a_worker_costs_one_row(worker):
    records = worker.complete(chunk("C", *POISON, "CC")).to_pylist()
    assert [record["row"] for record in records] == list(range(7))
    assert [record["fault"] for record in records] == ["", *REASONS.values(), ""]


def test_whatever_the_number_of_rows_that_end_their_worker(worker):
    records = worker.complete(chunk(*["CCCN", "C"] * 3)).to_pylist()
    assert [bool(record["fault"]) for record in records] == [True, False] * 3


class Once:
    """Work whose worker is killed by something else, once."""

    def __init__(self, mark):
        self.mark = mark

    def __call__(self, rows):
        if len(rows["row"]) and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return echo(rows).append_column(
            "together", pa.array([len(rows["row"])] * len(rows["row"]), pa.int64())
        )


def test_a_chunk_whose_worker_is_killed_once_is_done_again_as_a_whole(tmp_path):
    worker = WorkerProcess(Once(tmp_path / "mark"), LIMITS)
    assert worker.complete(chunk("C", "CC"))["together"].to_pylist() == [2, 2]
    worker.end()


def test_what_the_work_raises_is_raised_here_with_its_traceback(worker):
    with pytest.raises(KeyError, match="row") as caught:
        worker.complete({"input": np.array(["C"], dtype=object)})
    assert "in echo" in caught.value.__notes__[0]


def dying(rows):
    os._exit(4)


def test_workers_that_cannot_begin_end_the_run():
    message = r"workers cannot begin: each of 3 was killed \(exit code 4\) before its first row"
    with pytest.raises(OSError, match=f"{message}.*--num-workers"):
        list(processes(dying, iter([(0, chunk("C", "CC"))]), 1))


def test_workers_are_used_where_they_are_asked_for_and_rows_get_the_time_that_is_given(
    saved_model, tmp_path, monkeypatch
):
    """An input of one chunk is done in the program's own process, unless -n is given."""
    from molxai.batch import engines, plan
    from molxai.cli import main

    calls = []

    def record(work, chunks, workers, limits):
        calls.append((workers, limits.seconds))
        return engines.here(work, chunks)

    monkeypatch.setattr(plan, "processes", record)
    output = str(tmp_path / "o.csv")
    arguments = ["explain", "CCO", "CCN", "-m", str(saved_model), "-o", output, "-q"]
    assert main(arguments) == 0 and not calls
    assert main([*arguments, "-n", "0"]) == 0 and not calls
    assert main([*arguments, "-n", "2", "--row-seconds", "7.5"]) == 0 and calls == [(2, 7.5)]


def test_a_row_that_was_refused_keeps_all_else():
    row = refuse_row(chunk("CCN"), "why")
    assert row["input"].tolist() == ["CCN"]
    assert row["fault"].tolist() == ["why"] and row["content"].tolist() == [""]


def test_a_library_with_a_poisonous_row_is_done(saved_model, tmp_path):
    """The row is a record with its id, input and columns, also when the run is resumed.

    The other records are as they are without it.
    """
    table = tmp_path / "t.csv"
    output = tmp_path / "o.parquet"
    smiles = ["C" * n + "O" for n in range(1, 13)]
    smiles[3] = "CCCN"
    rows = [(f"m{i}", text, f"P{i}") for i, text in enumerate(smiles)]
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("name", "smiles", "plate"), *rows])
    worker = worker_of(saved_model, PoisonousWorker, extras=("plate",))
    library = Inputs((str(table),))

    def stop_early(work, chunks):
        tables = processes(work, chunks, 1, Limits())
        yield next(tables)
        tables.close()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain_library(worker, library, output, stop_early, chunk=8)
    assert explain_library(worker, library, output, resume=True, chunk=8) == Tally(12, 1)
    records = parquet.read_table(output).to_pylist()
    assert [record["row"] for record in records] == list(range(12))
    assert [(record["id"], record["input"], record["plate"]) for record in records] == rows
    errors = [record["error"] for record in records if record["status"] == "error"]
    assert errors == [REASONS["CCCN"]]
    alone = worker_of(saved_model)({"input": np.array(smiles)})
    for record, logit in zip(records, alone["logit"], strict=True):
        assert record["status"] == "error" or record["logit"] == pytest.approx(logit, abs=1e-6)
