"""Whether a run that is killed at any moment, again and again, ends with the very bytes of an undisturbed one."""

import multiprocessing
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from molxai.batch.plan import Plan
from molxai.batch.question import Question
from molxai.batch.run import Library, run
from molxai.batch.sinks import RecordFile
from molxai.batch.worker import Worker

PRELOADED = [
    "molxai.batch.run",
    "graphormer.graphs.molecules",
    "graphormer.graphs.superpixels",
    "pyarrow.parquet",
]
"""What a process has imported when it is born, so that kills fall into the work and not into the start."""


@dataclass(frozen=True)
class Campaign:
    """What a campaign found."""

    points: int
    """Runs that were to be killed."""
    killed: int
    """Runs that were killed before they had ended."""
    finished: int
    """Runs that ended, each of whose outputs was compared."""
    same: bool
    """Whether every output had the bytes of the undisturbed one."""
    left: int
    """Files that were left over besides the output."""


def worker_of(model: str) -> Worker:
    """What is run: the model's predictions explained by lrp, on the CPU."""
    return Worker(Question(model, target="pred", device="cpu"))


def campaign(
    work: Worker, library: Library, folder: Path, points: int, chunk: int, seed: int = 0
) -> Campaign:
    """Begin a run, kill it after a random time (SIGKILL), resume and kill it again, `points` times; then let it end.

    Args:
        work: model, method and settings; the CPU is used.
        library: rows; the fewer, the more kills hit the beginning and the end of a run.
        folder: for the outputs.
        points: kills.
        chunk: rows of a part.
        seed: of the moments.
    """
    whole, output = folder / "undisturbed.parquet", folder / "killed.parquet"
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(PRELOADED)
    for _ in range(
        2
    ):  # the second run finds the libraries and the model in memory, as those that are killed do
        start = time.perf_counter()
        undisturbed = processes.Process(target=_resumed, args=(work, library, whole, chunk))
        undisturbed.start()
        undisturbed.join()
        longest = time.perf_counter() - start
    chance = random.Random(seed)
    expected = whole.read_bytes()
    killed, finished, same = 0, 0, True
    for point in range(points + 1):
        one = processes.Process(target=_resumed, args=(work, library, output, chunk))
        one.start()
        one.join(chance.uniform(0, longest) if point < points else None)
        if one.is_alive():
            one.kill()
            one.join()
            killed += 1
        if output.exists():
            finished += 1
            same &= output.read_bytes() == expected
            output.unlink()
    left = [path for path in folder.iterdir() if path != whole]
    return Campaign(points, killed, finished, same, len(left))


def _resumed(work: Worker, library: Library, output: Path, chunk: int) -> None:
    torch.set_num_threads(1)
    run(work, library, RecordFile(output), Plan(workers=0, resume=True), chunk=chunk)


def markdown(found: Campaign) -> str:
    """The result as a Markdown table."""
    values: dict[str, Any] = asdict(found) | {"same": "yes" if found.same else "NO"}
    return "\n".join(
        [
            f"| {' | '.join(values)} |",
            "|" + "---|" * len(values),
            f"| {' | '.join(map(str, values.values()))} |",
        ]
    )
