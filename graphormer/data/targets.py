"""What a table wants predicted: its columns as the labels of one task."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.names import unknown
from graphormer.network.model import Task
from graphormer.readers.numerals import (
    NEARLY_ALL,
    is_number,
    looks_numeric,
    numerals,
    plain_number,
    refuse_quantities,
)

KINDS = ("auto", "classification", "regression", "multiclass")
"""Tasks that can be asked for."""

MISSING = {"", "nan", "na", "n/a", "#n/a", "#na", "<na>", "#nv", "n.a.", "null"}
"""Texts, in any case, that stand for no value: of databases, pandas, R and Excel (#NV is German for #N/A)."""

MISSING_AMONG_NUMBERS = {
    "none",
    "-",
    "--",
    "–",
    "—",
    "?",
    ".",
    "nd",
    "n.d.",
    "not determined",
    "not tested",
}
"""Texts, in any case, that stand for no value among numbers; beside text, like "+", they may name a class."""

NEGATIVES = frozenset(
    (
        *("-", "−", "0", "no", "n", "f", "false", "neg", "negative", "absent", "none", "off"),
        *("inactive", "decoy", "fail", "failed"),
    )
)
"""Names, in any case, of a class that says that something is not so."""

PREFIXES = ("in", "non", "not", "no", "un", "im", "anti")
"""Beginnings of such a name, before that of the other class."""

MOST_CLASSES = 50


@dataclass(frozen=True)
class Targets:
    """The labels of a table's rows."""

    names: tuple[str, ...]
    task: Task
    classes: tuple[str, ...]
    """Empty for a regression."""
    labels: Float[Tensor, "rows targets"]
    """Class number or value; NaN where it is missing."""
    notes: tuple[str, ...] = ()
    """What was understood that is not written so: decimal commas, classes in several spellings."""

    @property
    def outputs(self) -> int:
        """Of a model for them."""
        return len(self.classes) if self.task == "multiclass" else len(self.names)

    @property
    def stated(self) -> str:
        """The task in one line."""
        named = ", ".join(self.names[:5]) + (
            f" and {len(self.names) - 5} more" if len(self.names) > 5 else ""
        )
        kinds = {
            "binary": "classification, two classes",
            "multiclass": f"classification, {len(self.classes)} classes",
            "regression": "regression",
        }
        explained = f"; tables explain {self.classes[1]!r}" if self.task == "binary" else ""
        listed = f" ({' / '.join(self.classes)}{explained})" if self.classes else ""
        return f"{named}: {kinds[self.task]}{listed}"


def is_missing(text: str) -> bool:
    """Whether a cell holds no value, whatever the others hold."""
    return text.strip().lower() in MISSING


def _is_doubtful(text: str) -> bool:
    return text.strip().lower() in MISSING_AMONG_NUMBERS


def _without_gaps(column: Sequence[str]) -> list[str]:
    """A column of which every cell without a value is empty."""
    known = [text for text in column if not is_missing(text) and not _is_doubtful(text)]
    numeric = sum(map(looks_numeric, known)) >= NEARLY_ALL * len(known)
    gone = [is_missing(text) or (numeric and _is_doubtful(text)) for text in column]
    return ["" if missing else text.strip() for text, missing in zip(column, gone, strict=True)]


def targets(
    columns: Mapping[str, Sequence[str]],
    kind: str = "auto",
    rows: Sequence[int] = (),
    decimal_commas: bool = False,
) -> Targets:
    """The labels in the named columns of text.

    `auto`: two distinct values are two classes, text of more is several classes, numbers of more are values to predict.
    Numbers may be written in any notation of `graphormer.readers.numerals`; classes that differ in case or blanks alone are one.

    Args:
        columns: cells by the column's name.
        kind: of `KINDS`.
        rows: number of each cell's row, for messages; their places where empty.
        decimal_commas: whether the file itself says that commas in numbers are decimal ones.

    Raises:
        ValueError: a column holds no value, one value only, text where numbers are needed or nearly all cells are
            numbers, or numbers with limits or units; or the columns are of different kinds.
    """
    if kind not in KINDS:
        raise ValueError(unknown("task", kind, KINDS))
    notes: list[str] = []
    written: dict[str, list[str]] = {}
    for name, column in columns.items():
        read = numerals(name, _without_gaps(column), decimal_commas)
        notes += [f"{name}: {read.note}"] if read.note else []
        written[name] = read.cells
        known = [text for text in read.cells if text]
        if not known:
            raise ValueError(
                f"all {len(column)} labels in {name!r} are missing: at least some are needed"
            )
        _refuse_slips(name, read.cells, kind, rows or range(len(column)))
        if kind in ("auto", "classification") and len(set(map(_class_key, known))) > 2:
            refuse_quantities(name, known)
        if len(set(map(_class_key, known))) < 2:
            raise ValueError(
                f"all labels in {name!r} are {known[0]!r}: at least two different ones are needed to learn anything"
            )
    known_cells = {name: [text for text in cells if text] for name, cells in written.items()}
    tasks = {name: _task(name, values, kind) for name, values in known_cells.items()}
    task = next(iter(tasks.values()))
    if len(set(tasks.values())) > 1:
        found = ", ".join(f"{name!r} is {one}" for name, one in tasks.items())
        raise ValueError(
            f"targets of different kinds in one model ({found}): train one model for each, or name the --task"
        )
    if task == "multiclass" and len(columns) > 1:
        raise ValueError(f"{len(columns)} targets of several classes: one at a time is possible")
    if task == "regression":
        values = [[float(text or "nan") for text in cells] for cells in written.values()]
        return Targets(tuple(columns), task, (), _table(values), tuple(notes))
    names, spellings = _spelt(known_cells)
    classes = _classes(known_cells, names)
    number = {name: float(place) for place, name in enumerate(classes)}
    labels = [
        [number[names[_class_key(text)]] if text else math.nan for text in cells]
        for cells in written.values()
    ]
    return Targets(tuple(columns), task, classes, _table(labels), (*notes, *spellings))


def _spelt(known: dict[str, list[str]]) -> tuple[dict[str, str], list[str]]:
    """The name of each class, its most frequent spelling, by its key; and in words, which spellings are one class."""
    spellings: dict[str, Counter[str]] = {}
    for text in (text for cells in known.values() for text in cells):
        spellings.setdefault(_class_key(text), Counter())[_class_name(text)] += 1
    names = {key: counts.most_common(1)[0][0] for key, counts in spellings.items()}
    merged = [(names[key], list(counts)) for key, counts in spellings.items() if len(counts) > 1]
    return names, [
        f"{', '.join(map(repr, each))} are read as one class, {name!r}" for name, each in merged
    ]


def known_label(name: str, text: str, task: Task, classes: Sequence[str]) -> float:
    """The label in a cell of a named column, for a model that knows its task and its classes; NaN where it is missing.

    Raises:
        ValueError: the cell holds no number, or no class of the model.
    """
    if is_missing(text):
        return math.nan
    number = plain_number(text)
    if task == "regression" and is_number(number):
        return float(number)
    known = [_class_key(one) for one in classes]
    if _class_key(text) in known:
        return float(known.index(_class_key(text)))
    if task == "binary" and text.strip() in ("0", "1", "0.0", "1.0"):
        return float(text)  # as tables of two named classes often have them
    if _is_doubtful(text) and (task == "regression" or all(map(is_number, known))):
        return math.nan
    needed = "a finite number" if task == "regression" else " or ".join(classes)
    raise ValueError(f"{name!r} holds {text!r}: {needed} is needed")


def _refuse_slips(name: str, column: Sequence[str], kind: str, rows: Sequence[int]) -> None:
    """One `#DIV/0!` among numbers is no class: it would make a classifier of a regression."""
    known = [(row, text) for row, text in zip(rows, column, strict=True) if text]
    slips = [(row, text) for row, text in known if not is_number(text)]
    numeric = kind == "regression" or (
        kind != "multiclass" and len(known) - len(slips) >= NEARLY_ALL * len(known)
    )
    if not slips or not numeric:
        return
    (row, text), many = (
        slips[0],
        f", the first of {len(slips)} such cells" if len(slips) > 1 else "",
    )
    remedy = "mend or empty such cells" + (
        "" if kind == "regression" else ", or name --task multiclass where classes are meant"
    )
    raise ValueError(
        f"{name!r} holds {text!r} in row {row}{many} among {len(known)}: finite numbers are needed; {remedy}"
    )


def _table(columns: list[list[float]]) -> Float[Tensor, "rows targets"]:
    return torch.tensor(columns, dtype=torch.float32).T.contiguous()


def _task(name: str, values: list[str], kind: str) -> Task:
    distinct = len(set(map(_class_key, values)))
    numbers = _are_numbers(values)
    if kind == "regression" or (kind == "auto" and numbers and distinct > 2):
        return "regression"
    if distinct > MOST_CLASSES or (distinct > len(values) / 2 and distinct > 2):
        what = (
            "numbers"
            if numbers
            else f"text, like {next(one for one in values if not is_number(one))!r},"
        )
        remedy = "use --task regression" if numbers else "name a column of classes or numbers"
        raise ValueError(
            f"{name!r} holds {what} with {distinct} different values in {len(values)} rows: too many for classes; {remedy}"
        )
    return "multiclass" if distinct > 2 or kind == "multiclass" else "binary"


def _classes(known: dict[str, list[str]], names: dict[str, str]) -> tuple[str, ...]:
    """Names of the classes in order: numbers by value, text by letter."""
    found = {column: {names[_class_key(text)] for text in cells} for column, cells in known.items()}
    every = set().union(*found.values())
    if len(found) > 1 and len(every) > 2:
        shown = "; ".join(
            f"{column!r}: {', '.join(sorted(values))}" for column, values in list(found.items())[:3]
        )
        raise ValueError(
            f"several targets with other names for their two classes ({shown}): the same two are needed, like 0 and 1"
        )
    ordered = sorted(
        every, key=lambda one: (0, float(one), one) if is_number(one) else (1, 0.0, one.casefold())
    )
    return (
        tuple(reversed(ordered))
        if len(ordered) == 2 and _is_negative(ordered[1], ordered[0])
        else tuple(ordered)
    )


def _is_negative(name: str, other: str) -> bool:
    """Whether the first of two classes is the absence of the second: the second class is the one that tables explain."""
    name, other = name.casefold(), other.casefold()
    return name in NEGATIVES or any(
        name in (f"{prefix}{other}", f"{prefix}-{other}", f"{prefix} {other}")
        for prefix in PREFIXES
    )


def _class_name(text: str) -> str:
    """1, 1.0 and "1 " are one class, 1000001 and 1000002 are two."""
    text = " ".join(text.split())
    return (
        f"{(Decimal(text) + 0).normalize():f}" if is_number(text) else text
    )  # + 0: there is no class "-0"


def _class_key(text: str) -> str:
    """What two spellings of a class have in common: `Active` and `active ` are one."""
    return _class_name(text).casefold()


def _are_numbers(values: Sequence[str]) -> bool:
    return all(is_number(one) for one in values)
