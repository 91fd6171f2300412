"""Inputs that could not be explained, at their place among those that could."""

from collections.abc import Sequence
from dataclasses import dataclass

from molxai.explanation.words import NAME, in_a_line, quoted

MOST_NAMED = 10
"""Positions that an error names."""


@dataclass(frozen=True, repr=False)
class Refused:
    """An input that could not be explained, at its place in the list.

    It is false, while an explanation is true.
    """

    row: int
    """Position in what was given, counted from 0."""
    input: str
    """The SMILES, or what else there is to say of it in a line."""
    error: str
    """Why there is no explanation."""
    id: str = ""

    def __bool__(self) -> bool:
        return False

    @property
    def name(self) -> str:
        """Its id, else the input itself."""
        return self.id or self.input

    @property
    def cells(self) -> tuple[str, str, str]:
        """Its row of a table: place, name and reason."""
        return f"[{self.row}]", self.name, self.error

    def __repr__(self) -> str:
        return in_a_line("Refused", self.name, f"row {self.row}", self.error)

    def _repr_html_(self) -> str:
        from molxai.explanation.numbers import refused_html

        return refused_html([self.cells])


def refuse(refused: Sequence[Refused], count: int) -> None:
    """Stop at inputs that cannot be explained, if there are any.

    Args:
        refused: in order.
        count: of all inputs.

    Raises:
        ValueError: there are some; it names the first with its reason, and the positions of the
            others.
    """
    if not refused:
        return
    first, *others = refused
    name = quoted(first.input, NAME)
    if first.id:
        name += f", id {quoted(first.id, NAME)}"
    more = ""
    if others:
        positions = [f"[{item.row}]" for item in others[:MOST_NAMED]]
        if len(others) > MOST_NAMED:
            positions.append("…")
        more = f"; {len(others)} more cannot be explained: {', '.join(positions)}"
    readable = count - len(refused)
    remedy = "errors='record' returns the reasons"
    if readable:
        remedy = f"errors='record' keeps the other {readable}"
    raise ValueError(f"input [{first.row}] of {count} ({name}): {first.error}{more}; {remedy}")
