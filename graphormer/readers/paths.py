"""Checks of a path that are the same for every kind of file that is read."""

import os
from collections.abc import Sequence
from pathlib import Path

from graphormer.readers.text import ending


def check_file(path: Path, kinds: Sequence[str]) -> None:
    """Refuse a path at which there is nothing to read.

    Args:
        path: as the user named it.
        kinds: endings of the files that can be read, as `ending` tells them.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is a folder, a file of another kind, or an empty one.
    """
    # Not Path.exists: for a name of 300 letters it raises an error of its own.
    if not os.path.exists(path):  # noqa: PTH110
        raise FileNotFoundError(f"no file {str(path)!r}: check the path")
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it")
    kind = ending(path)
    if kind not in kinds:
        remedy = "; save the old Excel workbook as .xlsx or .csv" if kind == ".xls" else ""
        raise ValueError(f"{path}: files ending in {', '.join(kinds)} can be read{remedy}")
    if not path.stat().st_size:
        raise ValueError(f"{path} is empty: at least one input is needed")
