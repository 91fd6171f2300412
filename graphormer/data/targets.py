"""What a table wants predicted: its columns as the labels of one task."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.classes import (
    class_key,
    ordered_classes,
    spelling_counts,
    spelling_notes,
    usual_names,
)
from graphormer.data.missing import empty_missing, is_missing, is_missing_among_numbers
from graphormer.names import unknown
from graphormer.network.model import Task
from graphormer.readers.numerals import (
    NEARLY_ALL,
    is_number,
    numerals,
    plain_number,
    refuse_quantities,
)

KINDS = ("auto", "classification", "regression", "multiclass")
"""Tasks that can be asked for."""

MOST_CLASSES = 50
"""Distinct values beyond which a column is no column of classes."""

MOST_NAMED = 5
"""Targets that a line names at most."""


@dataclass(frozen=True)
class Targets:
    """The labels of a table's rows."""

    names: tuple[str, ...]
    task: Task
    classes: tuple[str, ...]
    """Empty for a regression."""
    labels: Float[Tensor, "rows targets"]
    """Class number or value; NaN if it is missing."""
    notes: tuple[str, ...] = ()
    """How cells were read that are not written plainly: decimal commas, several spellings."""

    @property
    def outputs(self) -> int:
        """Outputs of a model that predicts them."""
        return len(self.classes) if self.task == "multiclass" else len(self.names)

    @property
    def stated(self) -> str:
        """The task in one line.

        Example:
            >>> targets({"effect": ["yes", "no"], "toxicity": ["no", "yes"]}).stated
            "effect, toxicity: classification, two classes (no / yes; tables explain 'yes')"
        """
        names = ", ".join(self.names[:MOST_NAMED])
        if len(self.names) > MOST_NAMED:
            names += f" and {len(self.names) - MOST_NAMED} more"
        classes = " / ".join(self.classes)
        if self.task == "regression":
            return f"{names}: regression"
        if self.task == "multiclass":
            return f"{names}: classification, {len(self.classes)} classes ({classes})"
        explanation = f"tables explain {self.classes[1]!r}"
        return f"{names}: classification, two classes ({classes}; {explanation})"


def targets(
    columns: Mapping[str, Sequence[str]],
    kind: str = "auto",
    rows: Sequence[int] = (),
    decimal_commas: bool = False,
) -> Targets:
    """The labels in the named columns of text.

    The kind `auto` decides by the distinct values of a column:

    | distinct values | task                                  |
    |-----------------|---------------------------------------|
    | two             | binary                                |
    | more            | regression if all of them are numbers |
    | more            | else multiclass                       |

    Numbers may be written in any notation of `graphormer.readers.numerals`. Classes that differ
    only in case or blanks are one class.

    Args:
        columns: cells by the column's name.
        kind: one of `KINDS`.
        rows: number of each cell's row, for messages; if empty, they are counted from 0.
        decimal_commas: whether the file itself says that commas in numbers are decimal ones.

    Raises:
        ValueError: a column holds no value, one value only, text although numbers are needed or
            nearly all cells are numbers, or numbers with limits or units; or the columns are of
            different kinds.

    Example:
        Classes are numbered in their order, the negative one first. A missing label is NaN:

        >>> effect = targets({"effect": ["yes", "no", "No", "", "no"]})
        >>> effect.task, effect.classes
        ('binary', ('no', 'yes'))
        >>> effect.labels[:, 0].tolist()
        [1.0, 0.0, 0.0, nan, 0.0]
        >>> effect.notes
        ("'no', 'No' are read as one class, 'no'",)
    """
    if kind not in KINDS:
        raise ValueError(unknown("task", kind, KINDS))
    notes: list[str] = []
    cells: dict[str, list[str]] = {}
    for name, column in columns.items():
        numbers = numerals(name, empty_missing(column), decimal_commas)
        if numbers.note:
            notes.append(f"{name}: {numbers.note}")
        _check_column(name, numbers.cells, kind, rows or range(len(column)))
        cells[name] = numbers.cells
    values = {name: [text for text in column if text] for name, column in cells.items()}
    task = _common_task(values, kind)
    names = tuple(columns)
    if task == "regression":
        numbers_of = [[float(text or "nan") for text in column] for column in cells.values()]
        return Targets(names, task, (), _label_matrix(numbers_of), tuple(notes))
    counts = spelling_counts(text for column in values.values() for text in column)
    class_names = usual_names(counts)
    notes += spelling_notes(counts, class_names)
    classes = ordered_classes(values, class_names)
    number_of = {key: float(classes.index(name)) for key, name in class_names.items()}
    labels = [
        [number_of[class_key(text)] if text else math.nan for text in column]
        for column in cells.values()
    ]
    return Targets(names, task, classes, _label_matrix(labels), tuple(notes))


def known_label(name: str, text: str, task: Task, classes: Sequence[str]) -> float:
    """The label in a cell for a model that has its task and its classes; NaN if it is missing.

    Args:
        name: of the column, for messages.
        text: of the cell.
        task: of the model.
        classes: of the model.

    Raises:
        ValueError: the cell holds no number, or no class of the model.
    """
    if is_missing(text):
        return math.nan
    number = plain_number(text)
    if task == "regression" and is_number(number):
        return float(number)
    keys = [class_key(name) for name in classes]
    key = class_key(text)
    if key in keys:
        return float(keys.index(key))
    if task == "binary" and text.strip() in ("0", "1", "0.0", "1.0"):
        return float(text)  # tables of two named classes often have numbers for them
    numeric = task == "regression" or all(map(is_number, keys))
    if numeric and is_missing_among_numbers(text):
        return math.nan
    needed = "a finite number" if task == "regression" else " or ".join(classes)
    raise ValueError(f"{name!r} holds {text!r}: {needed} is needed")


def _label_matrix(columns: list[list[float]]) -> Float[Tensor, "rows targets"]:
    return torch.tensor(columns, dtype=torch.float32).T.contiguous()  # (rows, targets)


def _check_column(name: str, cells: Sequence[str], kind: str, rows: Sequence[int]) -> None:
    """Refuse a column from which nothing can be learnt."""
    values = [text for text in cells if text]
    if not values:
        raise ValueError(
            f"all {len(cells)} labels in {name!r} are missing: at least some are needed"
        )
    _refuse_slips(name, cells, kind, rows)
    distinct = _count_distinct(values)
    if kind in ("auto", "classification") and distinct > 2:
        refuse_quantities(name, values)
    if distinct < 2:
        raise ValueError(
            f"all labels in {name!r} are {values[0]!r}: "
            "at least two different ones are needed to learn anything"
        )


def _count_distinct(values: Sequence[str]) -> int:
    return len(set(map(class_key, values)))


def _refuse_slips(name: str, cells: Sequence[str], kind: str, rows: Sequence[int]) -> None:
    """Refuse text among numbers: one `#DIV/0!` would turn a regression into a classification."""
    values = [(row, text) for row, text in zip(rows, cells, strict=True) if text]
    slips = [(row, text) for row, text in values if not is_number(text)]
    nearly_all = len(values) - len(slips) >= NEARLY_ALL * len(values)
    numeric = kind == "regression" or (kind != "multiclass" and nearly_all)
    if not slips or not numeric:
        return
    row, text = slips[0]
    first = f", the first of {len(slips)} such cells" if len(slips) > 1 else ""
    remedy = "mend or empty such cells"
    if kind != "regression":
        remedy += ", or name --task multiclass if classes are meant"
    raise ValueError(
        f"{name!r} holds {text!r} in row {row}{first} among {len(values)}: "
        f"finite numbers are needed; {remedy}"
    )


def _common_task(values: Mapping[str, Sequence[str]], kind: str) -> Task:
    """The task of all columns together.

    Raises:
        ValueError: they have several, or more than one column of more than two classes.
    """
    tasks = {name: _task(name, column, kind) for name, column in values.items()}
    task = next(iter(tasks.values()))
    if len(set(tasks.values())) > 1:
        listing = ", ".join(f"{name!r} is {column_task}" for name, column_task in tasks.items())
        raise ValueError(
            f"targets of different kinds in one model ({listing}): "
            "train one model for each, or name the --task"
        )
    if task == "multiclass" and len(values) > 1:
        raise ValueError(f"{len(values)} targets of several classes: one at a time is possible")
    return task


def _task(name: str, values: Sequence[str], kind: str) -> Task:
    """The task of one column."""
    distinct = _count_distinct(values)
    numeric = all(map(is_number, values))
    if kind == "regression" or (kind == "auto" and numeric and distinct > 2):
        return "regression"
    if distinct > MOST_CLASSES or (distinct > len(values) / 2 and distinct > 2):
        if numeric:
            content = "numbers"
            remedy = "use --task regression"
        else:
            first = next(text for text in values if not is_number(text))
            content = f"text, like {first!r},"
            remedy = "name a column of classes or numbers"
        raise ValueError(
            f"{name!r} holds {content} with {distinct} different values in {len(values)} rows: "
            f"too many for classes; {remedy}"
        )
    return "multiclass" if distinct > 2 or kind == "multiclass" else "binary"
