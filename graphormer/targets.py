"""What a table wants predicted: its columns as the labels of one task."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.model import Task
from graphormer.names import unknown

KINDS = ("auto", "classification", "regression", "multiclass")
"""Tasks that can be asked for."""

MISSING = {"", "nan", "na", "n/a", "null"}
"""Texts, in any case, that stand for no value."""

MISSING_AMONG_NUMBERS = {"none", "-", "?"}
"""Texts, in any case, that stand for no value among numbers; beside text, like "+", they may name a class."""

MOST_CLASSES = 50

NEARLY_ALL = 0.9
"""Share of a column's known cells from which on it is one of numbers, and the other cells are slips."""

LARGEST = torch.finfo(torch.float32).max
"""A label beyond it is infinite to the model."""


@dataclass(frozen=True)
class Targets:
    """The labels of a table's rows."""

    names: tuple[str, ...]
    task: Task
    classes: tuple[str, ...]
    """Empty for a regression."""
    labels: Float[Tensor, "rows targets"]
    """Class number or value; NaN where it is missing."""

    @property
    def outputs(self) -> int:
        """Of a model for them."""
        return len(self.classes) if self.task == "multiclass" else len(self.names)

    @property
    def stated(self) -> str:
        """The task in one line."""
        named = ", ".join(self.names[:5]) + (f" and {len(self.names) - 5} more" if len(self.names) > 5 else "")
        kinds = {
            "binary": "classification, two classes",
            "multiclass": f"classification, {len(self.classes)} classes",
            "regression": "regression",
        }
        listed = f" ({' / '.join(self.classes)})" if self.classes else ""
        return f"{named}: {kinds[self.task]}{listed}"


def is_missing(text: str) -> bool:
    """Whether a cell holds no value, whatever the others hold."""
    return text.strip().lower() in MISSING


def _is_doubtful(text: str) -> bool:
    return text.strip().lower() in MISSING_AMONG_NUMBERS


def _cleared(column: Sequence[str]) -> list[str]:
    """A column of which every cell without a value is empty."""
    known = [text for text in column if not is_missing(text) and not _is_doubtful(text)]
    numeric = sum(map(_is_number, known)) >= NEARLY_ALL * len(known)
    return ["" if is_missing(text) or (numeric and _is_doubtful(text)) else text.strip() for text in column]


def targets(columns: dict[str, Sequence[str]], kind: str = "auto", rows: Sequence[int] = ()) -> Targets:
    """The labels in the named columns of text.

    `auto`: two distinct values are two classes, text of more is several classes, numbers of more are values to predict.

    Args:
        columns: cells by the column's name.
        kind: of `KINDS`.
        rows: number of each cell's row, for messages; their places where empty.

    Raises:
        ValueError: a column holds no value, one value only, or text where numbers are needed or nearly all cells are
            numbers; or the columns are of different kinds.
    """
    if kind not in KINDS:
        raise ValueError(unknown("task", kind, KINDS))
    columns = {name: _cleared(column) for name, column in columns.items()}
    known = {name: [text for text in column if text] for name, column in columns.items()}
    for name, values in known.items():
        if not values:
            raise ValueError(f"all {len(columns[name])} labels in {name!r} are missing: at least some are needed")
        _refuse_slips(name, columns[name], kind, rows or range(len(columns[name])))
        if len({_class_name(one) for one in values}) < 2:
            raise ValueError(f"all labels in {name!r} are {values[0]!r}: at least two different ones are needed to learn anything")
    tasks = {name: _task(name, values, kind) for name, values in known.items()}
    task = next(iter(tasks.values()))
    if len(set(tasks.values())) > 1:
        found = ", ".join(f"{name!r} is {one}" for name, one in tasks.items())
        raise ValueError(f"targets of different kinds in one model ({found}): train one model for each, or name the --task")
    if task == "multiclass" and len(columns) > 1:
        raise ValueError(f"{len(columns)} targets of several classes: one at a time is possible")
    if task == "regression":
        return Targets(tuple(columns), task, (), _table([[float(text or "nan") for text in column] for column in columns.values()]))
    classes = _classes(known)
    number = {name: float(place) for place, name in enumerate(classes)}
    labels = [[number[_class_name(text)] if text else math.nan for text in column] for column in columns.values()]
    return Targets(tuple(columns), task, classes, _table(labels))


def known_label(name: str, text: str, task: Task, classes: Sequence[str]) -> float:
    """The label in a cell of a named column, for a model that knows its task and its classes; NaN where it is missing.

    Raises:
        ValueError: the cell holds no number, or no class of the model.
    """
    if is_missing(text):
        return math.nan
    if task == "regression" and _is_number(text):
        return float(text)
    known = [_class_name(one) for one in classes]
    if _class_name(text) in known:
        return float(known.index(_class_name(text)))
    if task == "binary" and text.strip() in ("0", "1", "0.0", "1.0"):
        return float(text)  # as tables of two named classes often have them
    if _is_doubtful(text) and (task == "regression" or all(map(_is_number, known))):
        return math.nan
    needed = "a finite number" if task == "regression" else " or ".join(classes)
    raise ValueError(f"{name!r} holds {text!r}: {needed} is needed")


def _refuse_slips(name: str, column: Sequence[str], kind: str, rows: Sequence[int]) -> None:
    """One `#DIV/0!` among numbers is no class: it would make a classifier of a regression."""
    known = [(row, text) for row, text in zip(rows, column, strict=True) if text]
    slips = [(row, text) for row, text in known if not _is_number(text)]
    numeric = kind == "regression" or (kind != "multiclass" and len(known) - len(slips) >= NEARLY_ALL * len(known))
    if not slips or not numeric:
        return
    (row, text), many = slips[0], f", the first of {len(slips)} such cells" if len(slips) > 1 else ""
    remedy = "mend or empty such cells" + ("" if kind == "regression" else ", or name --task multiclass where classes are meant")
    raise ValueError(f"{name!r} holds {text!r} in row {row}{many} among {len(known)}: finite numbers are needed; {remedy}")


def _table(columns: list[list[float]]) -> Float[Tensor, "rows targets"]:
    return torch.tensor(columns, dtype=torch.float32).T.contiguous()


def _task(name: str, values: list[str], kind: str) -> Task:
    distinct = len({_class_name(one) for one in values})
    numbers = _are_numbers(values)
    if kind == "regression" or (kind == "auto" and numbers and distinct > 2):
        return "regression"
    if distinct > MOST_CLASSES or (distinct > len(values) / 2 and distinct > 2):
        what = "numbers" if numbers else f"text, like {next(one for one in values if not _is_number(one))!r},"
        remedy = "use --task regression" if numbers else "name a column of classes or numbers"
        raise ValueError(f"{name!r} holds {what} with {distinct} different values in {len(values)} rows: too many for classes; {remedy}")
    return "multiclass" if distinct > 2 or kind == "multiclass" else "binary"


def _classes(known: dict[str, list[str]]) -> tuple[str, ...]:
    """Names of the classes in order: numbers by value, text by letter."""
    found = {name: {_class_name(one) for one in values} for name, values in known.items()}
    every = set().union(*found.values())
    if len(found) > 1 and len(every) > 2:
        shown = "; ".join(f"{name!r}: {', '.join(sorted(values))}" for name, values in list(found.items())[:3])
        raise ValueError(f"several targets with other names for their two classes ({shown}): the same two are needed, like 0 and 1")
    return tuple(sorted(every, key=lambda one: (0, float(one), one) if _is_number(one) else (1, 0.0, one)))


def _class_name(text: str) -> str:
    """1, 1.0 and "1 " are one class, 1000001 and 1000002 are two."""
    text = text.strip()
    return f"{(Decimal(text) + 0).normalize():f}" if _is_number(text) else text  # + 0: there is no class "-0"


def _are_numbers(values: Sequence[str]) -> bool:
    return all(_is_number(one) for one in values)


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) <= LARGEST
    except ValueError:
        return False
