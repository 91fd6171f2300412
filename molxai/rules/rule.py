"""A rule is a table: torch functions with what replaces them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch.overrides import resolve_name

Function = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """A named table: each torch function with its replacement, called as `replacement(function, *args, **kwargs)`."""

    name: str
    rows: Mapping[Function, Function]


def names(functions: Iterable[Function]) -> str:
    """The functions' names, for messages."""
    return ", ".join(sorted({resolve_name(func) or str(func) for func in functions}))
