"""Many explanations: a list with a place for each input, also for those that could not be explained."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, SupportsIndex, TypeVar, overload

from graphormer.graphs.molecules import Molecule
from molxai.explanation.explanation import Explanation
from molxai.explanation.optional import needed
from molxai.explanation.words import FIRST, NAME, in_a_line, listed, quoted, signed

if TYPE_CHECKING:
    import pandas

MOST_NAMED = 10
"""Positions that an error names."""


@dataclass(frozen=True, repr=False)
class Refused:
    """An input that could not be explained, at its place in the list; false, where an explanation is true."""

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

    def __repr__(self) -> str:
        return in_a_line("Refused", self.name, f"row {self.row}", self.error)

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import refused_html

        return refused_html([self])


Item = TypeVar("Item", bound=Explanation | Refused)


class Explanations(list[Item], Generic[Item]):
    """A list of explanations; a notebook shows its first ones as a grid of one scale.

    Made with `errors="record"` it holds a `Refused` at the place of each input that could not be explained.
    """

    SHOWN: ClassVar = 24

    @property
    def explained(self) -> "Explanations[Explanation]":
        """Those that are explanations, in order."""
        return Explanations(one for one in self if isinstance(one, Explanation))

    @property
    def refused(self) -> list[Refused]:
        """Those that are not, with their position and the reason."""
        return [one for one in self if isinstance(one, Refused)]

    @overload
    def __getitem__(self, place: SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> "Explanations[Item]": ...
    def __getitem__(self, place: Any) -> Any:
        chosen = super().__getitem__(place)
        return Explanations(chosen) if isinstance(place, slice) else chosen

    def to_records(self, features: bool = False) -> list[dict[str, Any]]:
        """One record per input, with the keys of `molxai explain -o out.json`, in plain Python types.

        Args:
            features: add `features`, the relevance of each named input feature for each node.
        """
        return [_record(row, one, features) for row, one in enumerate(self)]

    def to_frame(self, features: bool = False) -> "pandas.DataFrame":
        """The records as a frame, one row per input. Needs pandas.

        Args:
            features: as in `to_records`.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        pandas = needed("pandas", "to_frame()", "to_records()")
        from molxai.batch.records import KEYS

        records = self.to_records(features)
        return pandas.DataFrame(records, columns=list(records[0] if records else KEYS))

    def __repr__(self) -> str:
        return listed("Explanations", self, [_short(one) for one in self[:FIRST]])

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import list_html

        return list_html(self[: self.SHOWN], len(self))


def _short(one: Explanation | Refused) -> str:
    said = signed(one.logit) if isinstance(one, Explanation) else "refused"
    return f"{quoted(one.name, NAME)} {said}" if one.name else said


def _record(row: int, one: Explanation | Refused, features: bool) -> dict[str, Any]:
    from molxai.batch.records import record
    from molxai.explanation.inputs import Input

    if isinstance(one, Refused):
        return record(Input(row, one.input, None, one.error, one.id), None)
    subject = one.subject
    text = subject.smiles if isinstance(subject, Molecule) else one.name or "graph"
    return record(Input(row, text, subject, "", subject.id if subject else ""), one, features)


def refuse(refused: Sequence[Refused], count: int) -> None:
    """Stop at inputs that cannot be explained, if there are any.

    Args:
        refused: in order.
        count: of all inputs.

    Raises:
        ValueError: there are some; it names the first with its reason, and the positions of the others.
    """
    if not refused:
        return
    first, *others = refused
    named = quoted(first.input, NAME) + (f", id {quoted(first.id, NAME)}" if first.id else "")
    more = ", ".join(f"[{one.row}]" for one in others[:MOST_NAMED]) + (
        ", …" if len(others) > MOST_NAMED else ""
    )
    too = f"; {len(others)} more cannot be explained: {more}" if others else ""
    kept = count - len(refused)
    remedy = (
        f"errors='record' keeps the other {kept}" if kept else "errors='record' returns the reasons"
    )
    raise ValueError(f"input [{first.row}] of {count} ({named}): {first.error}{too}; {remedy}")
