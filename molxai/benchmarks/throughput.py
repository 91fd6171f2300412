"""A library as a user runs it: file in, records out, wall time and peak memory of all processes."""

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

REPEATABLE = (".csv", ".tsv")
"""Endings of files that can be repeated."""

MEBIBYTE = 2**20


def throughput(
    library: Path, repeats: Sequence[int], arguments: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Explain the table, repeated so many times, into Parquet, by the command a user would type.

    Args:
        library: a .csv, .tsv or .npz file; only tables can be repeated.
        repeats: how many times over.
        arguments: more options of `molxai explain`.

    Raises:
        ValueError: the file cannot be repeated, or the run fails.
    """
    if max(repeats) > 1 and ending(library) not in REPEATABLE:
        raise ValueError(f"{library}: only .csv and .tsv can be repeated; give --repeats 1")
    with tempfile.TemporaryDirectory() as folder:
        return [_timed(_repeat(library, count, Path(folder)), arguments) for count in repeats]


def _repeat(library: Path, count: int, folder: Path) -> Path:
    """A file with the library's rows so many times under one header."""
    if count == 1:
        return library
    header, *rows = lines(library)
    file = folder / f"{count}{ending(library)}"
    with file.open("w", encoding="utf-8", newline="") as stream:
        stream.write(header)
        for _ in range(count):
            stream.writelines(row if row.endswith("\n") else f"{row}\n" for row in rows)
    return file


def _timed(library: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """One run of `molxai explain`: its rows, time, memory and size of output."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.parquet"
        seconds, peak = _run(library, output, Path(folder), arguments)
        tally = _tally(output)
        return {
            "rows": tally.rows,
            "errors": tally.errors,
            "seconds": seconds,
            "rows_per_second": tally.rows / seconds,
            "peak_mib": peak / MEBIBYTE,
            "output_mib": output.stat().st_size / MEBIBYTE,
        }


def _run(library: Path, output: Path, folder: Path, arguments: Sequence[str]) -> tuple[float, int]:
    """Seconds and peak memory in bytes of the command.

    Raises:
        ValueError: it fails.
    """
    log = folder / "said.txt"
    command = [sys.executable, "-m", "molxai.cli", "explain", str(library.resolve())]
    command += ["-o", str(output), *arguments]
    peak = 0
    start = time.perf_counter()
    with log.open("w") as stream:
        program = psutil.Popen(command, stdout=stream, stderr=subprocess.STDOUT, cwd=folder)
        while program.poll() is None:
            peak = max(peak, _resident(program))
            time.sleep(EVERY)
    seconds = time.perf_counter() - start
    if program.returncode:
        raise ValueError(f"molxai explain {library} failed: {log.read_text().strip()[-500:]}")
    return seconds, peak


def _resident(program: psutil.Process) -> int:
    """Bytes of resident memory; memory that processes share is counted for each."""
    total = 0
    try:
        for process in (program, *program.children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # it ended while we looked: the next look will tell
    return total


def _tally(output: Path) -> Tally:
    from pyarrow import parquet

    status = parquet.read_table(output, columns=["status"])["status"].to_pylist()
    return Tally(len(status), status.count("error"))
