"""A rule is a table: torch functions with what replaces them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import BuiltinFunctionType
from typing import Any

from torch.overrides import resolve_name

Function = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """A named table of torch functions and their replacements.

    A replacement is called as `replacement(function, *args, **kwargs)`.
    """

    name: str
    rows: Mapping[Function, Function]
    of_signal: bool = False
    """Whether the rows are meant only for calls on what comes from x.

    Only `Accounting` knows what comes from x. In `rules(...)` every recorded tensor counts as such.
    """
    needs: frozenset[Function] = frozenset()
    """The functions of which at least one must be called; empty: any of the rows."""
    of_scores: bool = False
    """Whether attention's scores take relevance, and with them what is added to the scores.

    `Accounting` then records tensors that the model makes on the way and adds, such as ALiBi's.
    """


def names(functions: Iterable[Function]) -> str:
    """The functions' names, for messages."""
    unique = {resolve_name(func) or _own_name(func) for func in functions}
    return ", ".join(sorted(unique))


def _own_name(func: Function) -> str:
    """The name of a function that PyTorch does not list, never with an address."""
    if isinstance(func, BuiltinFunctionType):
        return f"torch.{func.__name__}"
    return getattr(func, "__qualname__", None) or str(func)


def in_place(func: Function) -> bool:
    """Whether the function changes its first argument.

    Example:
        >>> from torch import Tensor
        >>> in_place(Tensor.add_), in_place(Tensor.__iadd__), in_place(Tensor.add)
        (True, True, False)
    """
    name = getattr(func, "__name__", "")
    if name.endswith("__"):
        return name == "__setitem__" or (name.startswith("__i") and name != "__invert__")
    return name.endswith("_")
