"""A whole library as a user runs it: file in, records out, wall time and peak memory of all processes together."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from graphormer.readers.text import ending, lines
from molxai.batch.checkpoint import Tally

EVERY = 0.2
"""Seconds between two looks at the memory."""


def throughput(
    library: Path, repeats: Sequence[int], arguments: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Explain the table, repeated so many times, into Parquet, by the command that a user would type.

    Args:
        library: a .csv, .tsv or .npz file; only tables can be repeated.
        repeats: how many times over.
        arguments: more options of `molxai explain`.

    Raises:
        ValueError: the file cannot be repeated, or the run fails.
    """
    if max(repeats) > 1 and ending(library) not in (".csv", ".tsv"):
        raise ValueError(f"{library}: only .csv and .tsv can be repeated; give --repeats 1")
    with tempfile.TemporaryDirectory() as folder:
        return [_timed(_repeated(library, count, Path(folder)), arguments) for count in repeats]


def _repeated(library: Path, count: int, folder: Path) -> Path:
    if count == 1:
        return library
    head, *rows = lines(library)
    repeated = folder / f"{count}{ending(library)}"
    with repeated.open("w", encoding="utf-8", newline="") as file:
        file.write(head)
        for _ in range(count):
            file.writelines(row if row.endswith("\n") else f"{row}\n" for row in rows)
    return repeated


def _timed(library: Path, arguments: Sequence[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        output, said = Path(folder) / "out.parquet", Path(folder) / "said.txt"
        command = [
            sys.executable,
            "-m",
            "molxai.cli",
            "explain",
            str(library.resolve()),
            "-o",
            str(output),
            *arguments,
        ]
        start, peak = time.perf_counter(), 0
        with said.open("w") as file:
            program = psutil.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=folder)
            while program.poll() is None:
                peak = max(peak, _resident(program))
                time.sleep(EVERY)
        seconds = time.perf_counter() - start
        if program.returncode:
            raise ValueError(f"molxai explain {library} failed: {said.read_text().strip()[-500:]}")
        done = _counted(output)
        made = {"rows": done.rows, "errors": done.errors, "seconds": seconds}
        return made | {
            "rows_per_second": done.rows / seconds,
            "peak_mib": peak / 2**20,
            "output_mib": output.stat().st_size / 2**20,
        }


def _resident(program: psutil.Process) -> int:
    """Bytes of resident memory, those that processes share counted for each."""
    total = 0
    try:
        for one in (program, *program.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended while we looked: the next look will tell
    return total


def _counted(output: Path) -> Tally:
    from pyarrow import parquet

    status = parquet.read_table(output, columns=["status"])["status"].to_pylist()
    return Tally(len(status), status.count("error"))
