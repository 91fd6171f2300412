"""From inputs to one page: every input explained by several methods, as views, and what is said beside them.

Everything is explained for one target, so that red means the same in every row: the second class of a binary model, the
value of a regression; only where there are several classes each row explains its own prediction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from graphormer.names import unknown
from graphormer.readers.tables import as_text
from molxai.batch.rows import CHUNK, explained, similarities
from molxai.chemistry.series import common_target
from molxai.explanation.explainer import Explainer
from molxai.explanation.inputs import Entry, Input
from molxai.explanation.methods import EXPLAINERS
from molxai.pages.view import View, view
from molxai.rendering.look import Scale

METHODS = ("lrp", "lrp-gamma", "gradient-input", "gae")
"""Of a report, where none are named: two that add up, one that does not, and one of attention; a pass each."""

MOST = 20_000
"""Inputs of a page: more would not open in a browser."""


@dataclass(frozen=True)
class Report:
    """How a page is made."""

    methods: tuple[str, ...] = METHODS
    """The first is shown first, and has its split over the input features on the page."""
    target: str = ""
    """`pred`, `true`, or a class; empty: `common_target`."""
    contrast: str | None = None
    columns: tuple[str, ...] = ()
    """Of the user's table, that the page's table shows."""
    title: str = ""
    cmap: str = "red-blue"
    scale: Scale = "own"
    """`own`, `common`, or the relevance in full colour."""


def views(
    explainer: Explainer, entries: Iterable[Entry], report: Report, max_atoms: int
) -> Iterator[View]:
    """A view of each row, in order; one that cannot be read has its error.

    Raises:
        ValueError: no such method, class or column.
    """
    target = report.target or common_target(explainer.card)
    several = [explainer.with_method(name) for name in report.methods]
    remaining = iter(entries)
    while chunk := list(islice(remaining, CHUNK)):
        inputs = [entry.read(max_atoms) for entry in chunk]
        made = [list(explained(one, inputs, target, report.contrast)) for one in several]
        near = similarities(explainer, inputs)
        for place, entry in enumerate(chunk):
            one = made[0][place][0]
            explanations = [rows[place][1] for rows in made]
            known = view(
                one, [each for each in explanations if each] if explanations[0] else [], near[place]
            )
            yield known | _beside(explainer, entry, one, report.columns)


def _beside(explainer: Explainer, entry: Entry, one: Input, columns: Sequence[str]) -> View:
    """What the table says of a row beside its structure."""
    known: View = {}
    if one.label:
        known["label"] = one.label
        if explainer.card.classes:
            known["label_class"] = _class_of(explainer, one.label)
    if missing := [name for name in columns if name not in entry.extras]:
        raise ValueError(
            unknown("column", missing[0], entry.extras, where="beside the structures and ids")
        )
    return known | (
        {"extras": {name: as_text(entry.extras[name]) for name in columns}} if columns else {}
    )


def _class_of(explainer: Explainer, label: str) -> str | None:
    """The model's name for a label of the table, None where it is none of its classes."""
    try:
        return explainer.card.classes[explainer.class_in_table(label)]
    except ValueError:
        return None


def write_report(
    explainer: Explainer, entries: Iterable[Entry], path: Path, report: Report, max_atoms: int
) -> tuple[int, int]:
    """Write the page; returns how many inputs there were, and how many of them could not be read.

    Raises:
        ValueError: no input, too many, none that can be read, or as `views`.
        OSError: it cannot be written.
    """
    from molxai.pages.page import write_page

    made = list(islice(views(explainer, entries, report, max_atoms), MOST + 1))
    if len(made) > MOST:
        raise ValueError(
            f"more than {MOST} inputs: a page holds no more; report on a part, and give the whole to 'molxai explain'"
        )
    errors = [one["error"] for one in made if one["error"]]
    if not made or len(errors) == len(made):
        raise ValueError(f"nothing to report: {errors[0] if errors else 'no inputs'}")
    about: Mapping[str, Any] = {
        name: {"says": EXPLAINERS[name].says, "in_unit": EXPLAINERS[name].in_unit}
        for name in report.methods
    }
    named = made[0]["id"] if len(made) == 1 else f"{len(made)} {explainer.reads} explained"
    direction = _direction(explainer, report)
    settings = {"methods": about, "palette": report.cmap, "scale": report.scale}
    write_page(path, made, explainer.card, settings, report.title or named, direction)
    return len(made), len(errors)


def _direction(explainer: Explainer, report: Report) -> str:
    """What a positive relevance speaks for, in all rows."""
    card, target = explainer.card, report.target or common_target(explainer.card)
    if not card.classes:
        return f"Positive relevance raises the predicted {explainer.endpoint or 'value'}."
    of = f" of {explainer.endpoint}" if explainer.endpoint else ""
    if target in ("pred", "true"):
        own = "predicted" if target == "pred" else "measured"
        return f"Each row explains its own {own} class{of}, so the same colour speaks for different classes in different rows."
    name, *rather = (
        card.classes[explainer.class_number(one)]
        for one in (target, report.contrast)
        if one is not None
    )
    against = f", rather than {rather[0]}" if rather else ""
    return f"Every row explains the class {name}{of}{against}: positive relevance speaks for it in every row."
