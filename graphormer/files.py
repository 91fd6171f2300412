"""Files that are written at once or not at all."""

import os
from pathlib import Path


def write_file(path: Path, content: str | bytes) -> None:
    """Write to a temporary neighbour, then rename: a reader never sees half a file, a failure leaves the old one.

    Raises:
        FileNotFoundError: the folder does not exist.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no folder {str(path.parent)!r} to write {path.name} into: create it first")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
