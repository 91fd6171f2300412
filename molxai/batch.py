"""From inputs to explanations, predictions and pictures: a row that cannot be read is a counted record, never a missing one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from graphormer.prediction import predict
from molxai.explainer import Explainer, graph_in
from molxai.explainers import check_size
from molxai.explainers.outcome import Outcome, outcomes, resolved
from molxai.explanation import Explanation, Target
from molxai.inputs import Input

CHUNK = 512
"""Inputs that are read and sorted by size together; fewer for methods of many passes, so that progress is seen."""

USUAL = 30
"""Nodes of a usual graph."""

Explained = tuple[Input, Explanation | None]


def explained(explainer: Explainer, inputs: Iterable[Input], target: str = "pred", contrast: str | None = None) -> Iterator[Explained]:
    """Each input with its explanation, in order; without one where the input could not be read or does not fit.

    Args:
        explainer: model and method.
        inputs: as `read_inputs` gives them.
        target: `pred`, `true` (each input's own label), or a class.
        contrast: the class whose logit is subtracted.

    Raises:
        ValueError: there is no such class.
    """
    common = None if target == "true" else explainer.target(target, contrast)
    for chunk in _chunks(inputs, max(1, CHUNK // cost(explainer))):
        rows, targets = [], []
        for one in chunk:
            fitting, chosen = _fitting(explainer, one, target, contrast, common)
            rows.append(fitting)
            targets.append(chosen)
        readable = [i for i, one in enumerate(rows) if one.subject is not None]
        made = iter(explainer.explain([rows[i].subject for i in readable], [targets[i] for i in readable]))  # type: ignore[misc]
        yield from ((one, None if one.subject is None else next(made)) for one in rows)


def cost(explainer: Explainer) -> int:
    """Passes that the method takes for a graph of usual size; for one pass, a second does some hundred graphs."""
    return max(explainer.method.passes(USUAL))


def _chunks(inputs: Iterable[Input], size: int = CHUNK) -> Iterator[list[Input]]:
    remaining = iter(inputs)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _fitting(explainer: Explainer, one: Input, target: str, contrast: str | None, common: Target | None) -> tuple[Input, Target | None]:
    """The input with its own target, or refused where the model cannot take it."""
    if one.subject is None:
        return one, None
    try:
        check_size(explainer.method, graph_in(explainer.subject(one.subject)).nodes)
        if target != "true":
            return one, common
        if not one.label:
            raise ValueError("no true class is known: --target true needs a table with --target-columns")
        return one, explainer.target(one.label, contrast)
    except ValueError as error:
        return replace(one, subject=None, error=str(error)), None


def predictions(explainer: Explainer, inputs: Iterable[Input]) -> Iterator[tuple[Input, Outcome | None]]:
    """Each input with what the model says of it, in order."""
    config = explainer.card.config
    for chunk in _chunks(inputs):
        rows = [_fitting(explainer, one, "pred", None, None)[0] for one in chunk]
        graphs = [one.subject.graph for one in rows if one.subject is not None]
        logits = predict(explainer.network, graphs, explainer.batch_size)
        made = iter(outcomes(config, logits, resolved(config, logits, None)))
        yield from ((one, None if one.subject is None else next(made)) for one in rows)


def picture_name(one: Input) -> str:
    """A file name from the row and the input's id, without anything that a file system could mistake."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", one.id).strip("-")[:60]
    return f"{one.row:05d}{'-' + safe if safe else ''}.svg"


def draw_all(rows: Iterable[Explained], folder: Path, style: str = "highlight", numbers: bool = False) -> int:
    """One SVG for each explanation in the folder, which is made where it is missing; returns how many."""
    from molxai.rendering.picture import draw

    folder.mkdir(parents=True, exist_ok=True)
    drawn = 0
    for one, explanation in rows:
        if explanation is not None:
            draw(explanation, folder / picture_name(one), style, numbers)
            drawn += 1
    return drawn
