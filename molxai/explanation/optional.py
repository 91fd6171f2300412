"""Libraries that molxai can do without, asked for where they are needed."""

from importlib import import_module
from typing import Any


def needed(library: str, what: str, instead: str = "") -> Any:
    """The library.

    Args:
        library: its name, for Python and for pip.
        what: what needs it.
        instead: what gives the same without it.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        return import_module(library)
    except ModuleNotFoundError as error:
        message = f"{what} needs {library}: pip install {library}"
        if instead:
            message += f"; {instead} needs nothing more"
        raise ModuleNotFoundError(message) from error
