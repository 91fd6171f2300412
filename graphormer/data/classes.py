"""Classes in cells of text: which spellings are one class, its name, and the order of classes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from graphormer.readers.numerals import is_number

NEGATIVES = frozenset(
    (
        *("-", "−", "0", "no", "n", "f", "false", "neg", "negative", "absent", "none", "off"),
        *("inactive", "decoy", "fail", "failed"),
    )
)
"""Names, in any case, of a class of things that lack a property."""

PREFIXES = ("in", "non", "not", "no", "un", "im", "anti")
"""Prefixes that make such a name out of the other class's: "toxic", "non-toxic"."""

MOST_SHOWN = 3
"""Columns that a message names at most."""


def class_name(text: str) -> str:
    """A class as its cell spells it, with blanks and numbers written in one way.

    Example:
        >>> class_name("1.0"), class_name("-0"), class_name("1000001"), class_name(" not  active ")
        ('1', '0', '1000001', 'not active')
    """
    text = " ".join(text.split())
    if not is_number(text):
        return text
    number = (Decimal(text) + 0).normalize()  # adding 0 turns -0 into 0
    return f"{number:f}"


def class_key(text: str) -> str:
    """What all spellings of a class have in common: `Active` and `active ` are one class."""
    return class_name(text).casefold()


def spelling_counts(cells: Iterable[str]) -> dict[str, Counter[str]]:
    """How often each class is spelt in which way, by its key."""
    counts: dict[str, Counter[str]] = {}
    for text in cells:
        counts.setdefault(class_key(text), Counter())[class_name(text)] += 1
    return counts


def usual_names(counts: Mapping[str, Counter[str]]) -> dict[str, str]:
    """The most frequent spelling of each class, by its key; of equally frequent ones the first.

    Example:
        >>> usual_names(spelling_counts(["Active", "active", "active", "inactive"]))
        {'active': 'active', 'inactive': 'inactive'}
    """
    return {key: spellings.most_common(1)[0][0] for key, spellings in counts.items()}


def spelling_notes(counts: Mapping[str, Counter[str]], names: Mapping[str, str]) -> list[str]:
    """A line for each class that is spelt in several ways."""
    notes = []
    for key, spellings in counts.items():
        if len(spellings) > 1:
            listing = ", ".join(map(repr, spellings))
            notes.append(f"{listing} are read as one class, {names[key]!r}")
    return notes


def ordered_classes(
    columns: Mapping[str, Sequence[str]], names: Mapping[str, str]
) -> tuple[str, ...]:
    """The classes of all columns: numbers by value, then text by letter.

    A negative one of two comes before its opposite: inactive, active.

    Args:
        columns: cells with a value, by the column's name.
        names: of the classes, by their keys.

    Raises:
        ValueError: several columns have other classes than the same two.
    """
    classes_of = {
        column: {names[class_key(text)] for text in cells} for column, cells in columns.items()
    }
    classes = set().union(*classes_of.values())
    if len(classes_of) > 1 and len(classes) > 2:
        listing = "; ".join(
            f"{column!r}: {', '.join(sorted(values))}"
            for column, values in list(classes_of.items())[:MOST_SHOWN]
        )
        raise ValueError(
            f"several targets with other names for their two classes ({listing}): "
            "the same two are needed, like 0 and 1"
        )
    ordered = sorted(classes, key=_rank)
    if len(ordered) == 2 and _is_negative(ordered[1], ordered[0]):
        ordered.reverse()
    return tuple(ordered)


def _rank(name: str) -> tuple[int, float, str]:
    """Numbers come before text."""
    if is_number(name):
        return 0, float(name), name
    return 1, 0.0, name.casefold()


def _is_negative(name: str, opposite: str) -> bool:
    """Whether the first of two classes is the absence of the second, which tables then explain."""
    name = name.casefold()
    opposite = opposite.casefold()
    if name in NEGATIVES:
        return True
    spellings = {f"{prefix}{joint}{opposite}" for prefix in PREFIXES for joint in ("", "-", " ")}
    return name in spellings
