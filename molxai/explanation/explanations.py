"""Many explanations: a list with a place for each input, also for those that were refused."""

from typing import TYPE_CHECKING, Any, ClassVar, Generic, SupportsIndex, TypeVar, overload

from graphormer.graphs.molecules import Molecule
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.optional import needed
from molxai.explanation.record import KEYS, Record, input_record
from molxai.explanation.refused import Refused
from molxai.explanation.sentence import Sentence
from molxai.explanation.words import FIRST, NAME, listed, quoted, signed

if TYPE_CHECKING:
    import pandas

Item = TypeVar("Item", bound=Explanation | Refused)


class Explanations(list[Item], Generic[Item]):
    """A list of explanations; a notebook shows its first ones as a grid of one scale.

    Made with `errors="record"` it holds a `Refused` at the place of each input that could not be
    explained.
    """

    SHOWN: ClassVar = 24
    """Explanations that a notebook shows."""

    @property
    def explained(self) -> "Explanations[Explanation]":
        """Those that are explanations, in order."""
        return Explanations(item for item in self if isinstance(item, Explanation))

    @property
    def refused(self) -> list[Refused]:
        """Those that are not, with their position and the reason."""
        return [item for item in self if isinstance(item, Refused)]

    @overload
    def __getitem__(self, place: SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> "Explanations[Item]": ...
    def __getitem__(self, place: Any) -> Any:
        items = super().__getitem__(place)
        return Explanations(items) if isinstance(place, slice) else items

    def to_records(self, features: bool = False) -> list[Record]:
        """One record per input, with the keys of `molxai explain -o out.json`, in plain types.

        Args:
            features: add `features`, the relevance of each named input feature for each node.
        """
        return [_record(row, item, features) for row, item in enumerate(self)]

    def to_frame(self, features: bool = False) -> "pandas.DataFrame":
        """The records as a frame, one row per input. Needs pandas.

        Args:
            features: as in `to_records`.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        pandas = needed("pandas", "to_frame()", "to_records()")
        records = self.to_records(features)
        columns = list(records[0] if records else KEYS)
        return pandas.DataFrame(records, columns=columns)

    def __repr__(self) -> str:
        return listed("Explanations", self, [_label(item) for item in self[:FIRST]])

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import list_html

        return list_html(self[: self.SHOWN], len(self))


def _label(item: Explanation | Refused) -> str:
    """A name and a number."""
    number = signed(item.logit) if isinstance(item, Explanation) else "refused"
    return f"{quoted(item.name, NAME)} {number}" if item.name else number


def _record(row: int, item: Explanation | Refused, features: bool) -> Record:
    if isinstance(item, Refused):
        return input_record(Input(row, item.input, None, item.error, item.id), None)
    subject = item.subject
    id = subject.id if subject else ""
    if isinstance(subject, Sentence):
        return input_record(Input(row, subject.text, None, "", id), item, features)
    text = subject.smiles if isinstance(subject, Molecule) else item.name or "graph"
    return input_record(Input(row, text, subject, "", id), item, features)
