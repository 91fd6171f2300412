"""One run at a time on an output's folder of parts; shards of one run beside each other.

A run holds a lock on a file in the folder: `run.lock`, or `shard-0-of-4.lock`. The kernel releases it when the process ends,
however it ends, so that a killed run blocks nobody. A whole run looks whether a shard is at work, and a shard whether a whole
run is. Over NFS the lock counts on all machines where the server knows locks; where the file system knows none, and on
Windows, runs are not kept apart.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from graphormer.graphs.molecules import shortened

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

WHOLE = "run.lock"
"""Of a run of all chunks."""

Shard = tuple[int, int]
"""Which one, of how many."""


@contextmanager
def alone_in(folder: Path, shard: Shard | None = None) -> Iterator[None]:
    """Keep other runs out of the folder, which exists, until the end; a shard only the same shard and whole runs.

    Raises:
        ValueError: another run is at work there; says which.
        OSError: the lock's file cannot be written.
    """
    with ExitStack() as stack:
        own = folder / (f"shard-{shard[0]}-of-{shard[1]}.lock" if shard else WHOLE)
        file = stack.enter_context(_opened(own))
        file.truncate()
        file.write(
            f"process {os.getpid()} on {socket.gethostname()}, since {datetime.now():%Y-%m-%d %H:%M:%S}"
        )
        file.flush()
        for other in [folder / WHOLE] if shard else sorted(folder.glob("shard-*.lock")):
            if other.exists():
                with _opened(other):
                    pass
        yield


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """The file of a lock, locked until it is closed.

    Raises:
        ValueError: another process has locked it.
    """
    while True:
        path.parent.mkdir(exist_ok=True)
        with path.open("a+", encoding="utf-8", errors="replace") as file:
            if not _locked(file):
                file.seek(0)
                who = shortened(file.read(200).strip()) or "which has just begun"
                raise ValueError(
                    f"another run ({who}) is at work on {path.parent}: wait for its end, or stop it"
                )
            if path.exists() and os.path.samestat(
                path.stat(), os.fstat(file.fileno())
            ):  # else it was removed meanwhile
                file.seek(0)
                yield file
                return


def _locked(file: TextIO) -> bool:
    """Lock the file, unless another process has."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
