"""What values say of themselves in one line: names cut, control characters shown, no tensors."""

import math
from collections.abc import Sequence
from typing import Any

LINE = 120
"""Letters of such a line at most."""

SHORTEST_NAME = 16
"""Letters that are left to a name however much stands beside it."""

NAME = 28
"""Letters of a name in the line of a list or of an error."""

DECIMALS = 3
"""Digits after the point of a relevance or an output."""

MOST_DECIMALS = 9
"""The same of a relevance at most."""

FIRST = 3
"""Members of a list that are named."""


def in_a_line(kind: str, name: str, *parts: str) -> str:
    """`Kind('name' | part | part)`; the name is cut first.

    Example:
        >>> in_a_line("Explanation", "aspirin", "active: logit -1.178", "lrp")
        "Explanation('aspirin' | active: logit -1.178 | lrp)"
    """
    rest = plain(" | ".join(part for part in parts if part))
    between = " | " if name and rest else ""
    fixed = f"{kind}(){between}{rest}"
    if name:
        name = quoted(name, LINE - len(fixed))
    text = f"{kind}({name}{between}{rest}"
    if len(text) < LINE:
        return f"{text})"
    end = "…)"
    return text[: LINE - len(end)] + end


def quoted(name: str, room: int) -> str:
    """The name as Python writes it, cut to so many letters."""
    literal = repr(name)
    room = max(room, SHORTEST_NAME)
    if len(literal) <= room:
        return literal
    quote = literal[0]
    end = f"…{quote}"
    return literal[: room - len(end)] + end


def plain(text: str) -> str:
    """The text with what a terminal would obey written as Python writes it.

    Example:
        >>> print(plain("red: " + chr(27) + "[31m").replace(chr(92), "/"))
        red: /x1b[31m
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def listed(kind: str, members: Sequence[Any], first: Sequence[str]) -> str:
    """The members in one line, of which the first ones are told.

    Example:
        >>> listed("Explanations", range(5), ["'a' +1.000", "'b' -0.500"])
        "Explanations(5: 'a' +1.000, 'b' -0.500, …)"
    """
    if not members:
        return in_a_line(kind, "", "none")
    names = ", ".join(first)
    if len(members) > len(first):
        names += ", …"
    return in_a_line(kind, "", f"{len(members)}: {names}")


def spread(sd: float | None) -> str:
    """The standard deviation over the members of an ensemble, if it is one."""
    return "" if sd is None else f" ± {sd:.3f}"


def signed(value: float) -> str:
    """A relevance or a logit with its sign; what rounds to nothing has a plus."""
    return amount(value, True)


def amount(value: float, is_signed: bool, digits: int = 3) -> str:
    """A relevance as words write it: with its sign, if its method has one.

    Example:
        >>> amount(-0.00001, True), amount(0.0412, False, 4)
        ('+0.000', '0.0412')
    """
    sign = "+" if is_signed else ""
    return f"{round(value, digits) + 0.0:{sign}.{digits}f}"


def decimals(limit: float) -> int:
    """Digits after the point of relevances: 3, or more if the largest has less than 3 digits then.

    Example:
        >>> decimals(12.0), decimals(0.5), decimals(0.0411)
        (3, 3, 4)
    """
    return min(max(DECIMALS, DECIMALS - 1 - math.floor(math.log10(limit))), MOST_DECIMALS)
