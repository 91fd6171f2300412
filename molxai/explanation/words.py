"""What values say of themselves in one line: names cut, control characters shown, never a tensor."""

from collections.abc import Sequence
from typing import Any

LINE = 120
"""Letters of such a line at most."""

SHORTEST_NAME = 16
"""Letters that are left to a name however much stands beside it."""

NAME = 28
"""Letters of a name in the line of a list or of an error."""

FIRST = 3
"""Members of a list that are named."""


def in_a_line(kind: str, name: str, *parts: str) -> str:
    """`Kind('name' | part | part)`; the name gives way first.

    Example:
        >>> in_a_line("Explanation", "aspirin", "active: logit -1.178", "lrp")
        "Explanation('aspirin' | active: logit -1.178 | lrp)"
    """
    rest = plain(" | ".join(part for part in parts if part))
    between = " | " if name and rest else ""
    room = LINE - len(kind) - len("()") - len(between) - len(rest)
    text = f"{kind}({quoted(name, room) if name else ''}{between}{rest}"
    return f"{text})" if len(text) < LINE else f"{text[: LINE - 2]}…)"


def quoted(name: str, room: int) -> str:
    """The name as Python writes it, cut to so many letters."""
    written = repr(name)
    room = max(room, SHORTEST_NAME)
    return written if len(written) <= room else f"{written[: room - 2]}…{written[0]}"


def plain(text: str) -> str:
    """The text with what a terminal would obey written as Python writes it."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def listed(kind: str, members: Sequence[Any], said: Sequence[str]) -> str:
    """`Kind(5: first, second, third, …)`, where `said` are the lines of the first members."""
    more = ", …" if len(members) > len(said) else ""
    return in_a_line(kind, "", f"{len(members)}: {', '.join(said)}{more}" if members else "none")


def spread(sd: float | None) -> str:
    """The standard deviation over the members of an ensemble, if it is one."""
    return "" if sd is None else f" ± {sd:.3f}"


def signed(value: float) -> str:
    """A relevance or a logit with its sign; what rounds to nothing has a plus."""
    return f"{round(value, 3) + 0.0:+.3f}"
