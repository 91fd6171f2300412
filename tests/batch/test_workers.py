"""A row that crashes its worker, keeps it busy or fills its memory costs one record, and the run goes on."""

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
from molxai.batch.pool import Limits, WorkerProcess, refused
from molxai.batch.run import Library
from molxai.batch.worker import Worker

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not know the tests

LIMITS = Limits(seconds=8.0, memory=2**28)

POISON = {"CCN": "kill", "CCCN": "crash", "CCCCN": "sleep", "CCCCCN": "fill", "CCCCCCN": "raise"}
"""Molecules that stand for those which explode RDKit, and what becomes of their worker."""

REASONS = {
    "CCN": "the worker of this row was killed (SIGKILL): leave the row out, or simplify its molecule",
    "CCCN": "the worker of this row was killed (exit code 3): leave the row out, or simplify its molecule",
    "CCCCN": "the worker of this row was stopped after 8 seconds: give it more with --row-seconds, or leave the row out",
    "CCCCCN": "the worker of this row was stopped at 0.25 GiB of memory: leave the row out, or simplify its molecule",
    "CCCCCCN": "the worker of this row got no more memory: leave the row out, or simplify its molecule",
}


def take_poison(rows):
    """Molecules end their worker whenever they are read."""
    for smiles, fault in zip(
        rows["input"], rows.get("fault", [""] * len(rows["input"])), strict=True
    ):
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
        held = []
        while True:
            held.append(np.ones(2**21))  # 16 MiB


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
    made = WorkerProcess(poisonous, LIMITS)
    yield made
    made.end()


def test_each_way_to_lose_a_worker_costs_one_row(worker):
    made = worker.complete(chunk("C", *POISON, "CC")).to_pylist()
    assert [one["row"] for one in made] == list(range(7))
    assert [one["fault"] for one in made] == ["", *REASONS.values(), ""]


def test_whatever_the_number_of_rows_that_end_their_worker(worker):
    made = worker.complete(chunk(*["CCCN", "C"] * 3)).to_pylist()
    assert [bool(one["fault"]) for one in made] == [True, False] * 3


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
    with pytest.raises(KeyError, match="row") as raised:
        worker.complete({"input": np.array(["C"], dtype=object)})
    assert "in echo" in raised.value.__notes__[0]


def dying(rows):
    os._exit(4)


def test_workers_that_cannot_begin_end_the_run():
    with pytest.raises(
        OSError,
        match=r"workers cannot begin: each of 3 was killed \(exit code 4\) before its first row.*--num-workers",
    ):
        list(processes(dying, iter([(0, chunk("C", "CC"))]), 1))


def test_workers_are_used_where_they_are_asked_for_and_rows_get_the_time_that_is_given(
    saved_model, tmp_path, monkeypatch
):
    """An input of one chunk is done in the program's own process, unless -n is given."""
    from molxai.batch import engines, plan
    from molxai.cli import main

    asked = []

    def recorded(work, chunks, workers, limits):
        asked.append((workers, limits.seconds))
        return engines.here(work, chunks)

    monkeypatch.setattr(plan, "processes", recorded)
    arguments = [
        "explain",
        "CCO",
        "CCN",
        "-m",
        str(saved_model),
        "-o",
        str(tmp_path / "o.csv"),
        "-q",
    ]
    assert main(arguments) == 0 and not asked
    assert main([*arguments, "-n", "0"]) == 0 and not asked
    assert main([*arguments, "-n", "2", "--row-seconds", "7.5"]) == 0 and asked == [(2, 7.5)]


def test_a_row_that_was_refused_keeps_all_else():
    row = refused(chunk("CCN"), "why")
    assert (
        row["input"].tolist() == ["CCN"]
        and row["fault"].tolist() == ["why"]
        and row["content"].tolist() == [""]
    )


def test_a_library_with_a_poisonous_row_is_done(saved_model, tmp_path):
    """The row is a record with its id, input and columns, the others are as they are without it; also when the run is resumed."""
    table, output = tmp_path / "t.csv", tmp_path / "o.parquet"
    smiles = ["C" * n + "O" for n in range(1, 13)]
    smiles[3] = "CCCN"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["name", "smiles", "plate"],
                *([f"m{i}", one, f"P{i}"] for i, one in enumerate(smiles)),
            ]
        )
    attribution = worker_of(saved_model, PoisonousWorker, extras=("plate",))

    def stopping(work, chunks):
        made = processes(work, chunks, 1, Limits())
        yield next(made)
        made.close()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain_library(attribution, Library((str(table),)), output, stopping, chunk=8)
    assert explain_library(
        attribution, Library((str(table),)), output, resume=True, chunk=8
    ) == Tally(12, 1)
    rows = parquet.read_table(output).to_pylist()
    assert [(one["row"], one["id"], one["input"], one["plate"]) for one in rows] == [
        (i, f"m{i}", one, f"P{i}") for i, one in enumerate(smiles)
    ]
    assert [one["error"] for one in rows if one["status"] == "error"] == [REASONS["CCCN"]]
    alone = worker_of(saved_model)({"input": np.array(smiles)})
    for one, logit in zip(rows, alone["logit"], strict=True):
        assert one["status"] == "error" or one["logit"] == pytest.approx(logit, abs=1e-6)
