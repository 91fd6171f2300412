"""One run at a time on an output's folder of parts, except shards of one run, which work together.

A run holds a lock on a file in the folder: `run.lock`, or `shard-0-of-4.lock`. The kernel releases
it when the process ends, however it ends, so that a killed run blocks nobody. A whole run checks
that no shard is at work, and a shard that no whole run is. Over NFS the lock counts on all machines
if the server knows locks. On Windows, and if the file system knows no locks, runs are not kept
apart.
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
"""Lock of a run of all chunks."""

LONGEST_HOLDER = 200
"""Letters that are read of a lock's file, which says who holds it."""

Shard = tuple[int, int]
"""Index of the shard, and how many there are."""


@contextmanager
def alone_in(folder: Path, shard: Shard | None = None) -> Iterator[None]:
    """Keep other runs out of an existing folder; a shard keeps out the same shard and whole runs.

    Raises:
        ValueError: another run is at work there; the message says which.
        OSError: the lock's file cannot be written.
    """
    lock = folder / (f"shard-{shard[0]}-of-{shard[1]}.lock" if shard else WHOLE)
    with ExitStack() as stack:
        file = stack.enter_context(_hold_lock(lock))
        file.truncate()
        now = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {now}")
        file.flush()
        # Only now, with the own lock held: of two runs that begin together, one sees the other.
        opponents = [folder / WHOLE] if shard else sorted(folder.glob("shard-*.lock"))
        for path in opponents:
            if path.exists():
                with _hold_lock(path):  # fails if its run is at work
                    pass
        yield


@contextmanager
def _hold_lock(path: Path) -> Iterator[TextIO]:
    """The file of a lock, locked until it is closed.

    Raises:
        ValueError: another process has locked it.
    """
    while True:
        path.parent.mkdir(exist_ok=True)
        with path.open("a+", encoding="utf-8", errors="replace") as file:
            if not _lock(file):
                file.seek(0)
                holder = shortened(file.read(LONGEST_HOLDER).strip()) or "which has just begun"
                raise ValueError(
                    f"another run ({holder}) is at work on {path.parent}: "
                    "wait for its end, or stop it"
                )
            # Between opening and locking, a run that ended may have removed the file.
            if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
                file.seek(0)
                yield file
                return


def _lock(file: TextIO) -> bool:
    """Lock the file; False if another process has locked it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
