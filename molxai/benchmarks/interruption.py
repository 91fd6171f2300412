"""Whether a run that is killed again and again ends with the very bytes of an undisturbed one."""

import multiprocessing
import random
import time
from dataclasses import asdict, dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import torch

from graphormer.files import markdown_table
from molxai.batch.plan import Plan
from molxai.batch.question import Question
from molxai.batch.run import run
from molxai.batch.sinks import RecordFile
from molxai.batch.worker import Worker
from molxai.explanation.inputs import Inputs

PRELOADED = [
    "molxai.batch.run",
    "graphormer.graphs.molecules",
    "graphormer.graphs.superpixels",
    "pyarrow.parquet",
]
"""What a process has imported when it starts, so that kills fall into the work, not the start."""


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
    work: Worker, library: Inputs, folder: Path, points: int, chunk: int, seed: int = 0
) -> Campaign:
    """Begin a run, kill it (SIGKILL) after a random time, resume and kill it again, let it end.

    Args:
        work: model, method and settings; the CPU is used.
        library: rows; the fewer, the more kills hit the beginning and the end of a run.
        folder: for the outputs.
        points: kills.
        chunk: rows of a chunk.
        seed: of the moments.
    """
    whole = folder / "undisturbed.parquet"
    output = folder / "killed.parquet"
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    # the second run finds the libraries and the model in memory, as those that are killed do
    for _ in range(2):
        longest = _undisturbed_seconds(context, work, library, whole, chunk)
    moments = random.Random(seed)
    expected = whole.read_bytes()
    killed = 0
    finished = 0
    same = True
    for point in range(points + 1):
        process = _start(context, work, library, output, chunk)
        process.join(moments.uniform(0, longest) if point < points else None)
        if process.is_alive():
            process.kill()
            process.join()
            killed += 1
        if output.exists():
            finished += 1
            same &= output.read_bytes() == expected
            output.unlink()
    left = [path for path in folder.iterdir() if path != whole]
    return Campaign(points, killed, finished, same, len(left))


def _undisturbed_seconds(
    context: ForkServerContext, work: Worker, library: Inputs, output: Path, chunk: int
) -> float:
    start = time.perf_counter()
    _start(context, work, library, output, chunk).join()
    return time.perf_counter() - start


def _start(
    context: ForkServerContext, work: Worker, library: Inputs, output: Path, chunk: int
) -> ForkServerProcess:
    """A process that has begun to explain the library, or to resume that."""
    process = context.Process(target=_resume, args=(work, library, output, chunk))
    process.start()
    return process


def _resume(work: Worker, library: Inputs, output: Path, chunk: int) -> None:
    torch.set_num_threads(1)
    run(work, library, RecordFile(output), Plan(workers=0, resume=True), chunk=chunk)


def markdown(result: Campaign) -> str:
    """The result as a Markdown table."""
    values: dict[str, Any] = asdict(result) | {"same": "yes" if result.same else "NO"}
    return markdown_table(list(values), [list(map(str, values.values()))])
