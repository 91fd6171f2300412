"""What a process may do that is molxai's own: Arrow without pandas, and fewer collections."""

import gc
import sys
from typing import Any

import pyarrow as pa


class _NoPandas:
    """A finder of modules that says that pandas is not there."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def settle() -> None:
    """Spare a process that is all molxai's what its imports would cost later.

    What is imported stays, so no garbage collection need look at it again.
    """
    spare_pandas()
    gc.freeze()


def spare_pandas() -> None:
    """Keep Arrow from importing pandas, a tenth of the time in which a command starts.

    At its first array Arrow looks whether pandas is there, and remembers. Then it takes a `Series`
    for any other object, so only programs that hand it none may call this.
    """
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    pa.array([0])
    sys.meta_path.remove(finder)
