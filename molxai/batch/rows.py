"""From inputs to explanations, predictions and pictures: a row that cannot be read is a counted record, never a missing one."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.evaluation.fingerprints import ecfp_bits, nearest
from graphormer.graphs.molecules import Molecule
from graphormer.network.prediction import predict_each
from molxai.chemistry.fragments import Scheme, worded
from molxai.explanation.explainer import Explainer, graph_in
from molxai.explanation.explanation import Explanation
from molxai.explanation.inputs import Input
from molxai.explanation.methods import check_size
from molxai.explanation.outcome import Outcome, outcomes, resolved
from molxai.explanation.target import Target
from molxai.rendering.look import PLAIN, Look, Scale, common_limit

CHUNK = 512
"""Inputs that are read and sorted by size together; fewer for methods of many passes, so that progress is seen."""

USUAL = 30
"""Nodes of a usual graph."""

Explained = tuple[Input, Explanation | None]

REFUSALS = (ValueError, RuntimeError, MemoryError)
"""What a row may fail with; torch has no other name for memory that it does not get."""


def explained(
    explainer: Explainer, inputs: Iterable[Input], target: str = "pred", contrast: str | None = None
) -> Iterator[Explained]:
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
        yield from _explained(explainer, rows, targets)


def _explained(
    explainer: Explainer, rows: Sequence[Input], targets: Sequence[Target | None]
) -> list[Explained]:
    """All rows at once; where one is refused, each alone, so that no row fails for another's sake."""
    readable = [i for i, one in enumerate(rows) if one.subject is not None]
    try:
        made = explainer.explain(
            [rows[i].subject for i in readable], [targets[i] for i in readable]
        )  # type: ignore[misc]
    except REFUSALS as error:
        if len(rows) == 1:
            return [(replace(rows[0], subject=None, error=str(error)), None)]
        return [
            pair
            for one, target in zip(rows, targets, strict=True)
            for pair in _explained(explainer, [one], [target])
        ]
    found = dict(zip(readable, made, strict=True))
    return [(one, found.get(i)) for i, one in enumerate(rows)]


def cost(explainer: Explainer) -> int:
    """Passes that the method takes for a graph of usual size; for one pass, a second does some hundred graphs."""
    return max(explainer.method.passes(USUAL))


def _chunks(inputs: Iterable[Input], size: int = CHUNK) -> Iterator[list[Input]]:
    remaining = iter(inputs)
    while chunk := list(islice(remaining, size)):
        yield chunk


def _fitting(
    explainer: Explainer, one: Input, target: str, contrast: str | None, common: Target | None
) -> tuple[Input, Target | None]:
    """The input with its own target, or refused where the model cannot take it."""
    if one.subject is None:
        return one, None
    try:
        check_size(explainer.method, graph_in(explainer.subject(one.subject)).nodes)
        if target != "true":
            return one, common
        if not one.label.strip():
            raise ValueError(_without_class(one))
        return one, explainer.target(explainer.class_in_table(one.label), contrast)
    except ValueError as error:
        return replace(one, subject=None, error=str(error)), None


def _without_class(one: Input) -> str:
    """Why a row has no true class, and what to do."""
    if one.label_column:
        return f"the cell in column {one.label_column!r} is empty: --target true needs the row's class there; fill it, or name a class"
    return "no true class is known: --target true needs a table with --target-columns"


@dataclass(frozen=True)
class Prediction:
    """What the model says of one input, how sure its members are, and how near the input is to what it learnt from."""

    outcome: Outcome
    logit_sd: float | None
    """Ensembles: standard deviation over the members."""
    similarity: float | None
    """Tanimoto similarity of the nearest molecule of the train part, 0 to 1; None where that is not known."""
    outputs: dict[str, float] | None
    """Several targets: the value, or the probability of the second class, of each."""
    endpoint: str


def predictions(
    explainer: Explainer, inputs: Iterable[Input], target: str = "pred"
) -> Iterator[tuple[Input, Prediction | None]]:
    """Each input with what the model says of it, in order.

    Args:
        explainer: model.
        inputs: as `read_inputs` gives them.
        target: `pred`, or the class whose probability and logit are told.

    Raises:
        ValueError: there is no such class.
    """
    chosen = explainer.target(target)
    for chunk in _chunks(inputs):
        yield from _predicted(
            explainer, [_fitting(explainer, one, "pred", None, None)[0] for one in chunk], chosen
        )


def similarities(explainer: Explainer, rows: Sequence[Input]) -> list[float | None]:
    """Tanimoto similarity of each molecule to the nearest one that the model learnt from, where both are known."""
    molecules = [one.subject.mol for one in rows if isinstance(one.subject, Molecule)]
    if explainer.known is None or not molecules:
        return [None] * len(rows)
    near = iter(nearest(ecfp_bits(molecules), explainer.known).tolist())
    return [next(near) if isinstance(one.subject, Molecule) else None for one in rows]


def _predicted(
    explainer: Explainer, rows: Sequence[Input], target: Target | None
) -> list[tuple[Input, Prediction | None]]:
    """All rows at once; where one is refused, each alone."""
    subjects = [one.subject for one in rows if one.subject is not None]
    try:
        each = predict_each(
            explainer.network, [one.graph for one in subjects], explainer.batch_size
        )
        near = [
            value
            for one, value in zip(rows, similarities(explainer, rows), strict=True)
            if one.subject is not None
        ]
    except REFUSALS as error:
        if len(rows) == 1:
            return [(replace(rows[0], subject=None, error=str(error)), None)]
        return [pair for one in rows for pair in _predicted(explainer, [one], target)]
    made = iter(_predictions(explainer, each, near, target))
    return [(one, None if one.subject is None else next(made)) for one in rows]


def _predictions(
    explainer: Explainer,
    each: Float[Tensor, "members graphs outputs"],
    near: Sequence[float | None],
    target: Target | None,
) -> Iterator[Prediction]:
    card, logits = explainer.card, each.mean(0)
    chosen = resolved(card.config, logits, [target] * len(logits))
    for row, (outcome, similarity) in enumerate(
        zip(outcomes(card.config, logits, chosen), near, strict=True)
    ):
        weights = torch.tensor(outcome.target.weights(card.config))
        spread = float((each[:, row] * weights).sum(1).std()) if len(each) > 1 else None
        shown = logits[row].sigmoid() if card.config.task == "binary" else logits[row]
        outputs = dict(zip(card.targets, shown.tolist(), strict=True)) if card.endpoints else None
        yield Prediction(outcome, spread, similarity, outputs, explainer.endpoint)


def picture_name(one: Input, ending: str = ".svg") -> str:
    """A file name from the row and the input's id, without anything that a file system could mistake."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", one.id).strip("-")[:60]
    return f"{one.row:05d}{'-' + safe if safe else ''}{ending}"


def draw_all(
    rows: Sequence[Explained],
    folder: Path,
    look: Look = PLAIN,
    scale: Scale = "own",
    scheme: Scheme | None = None,
    ending: str = ".svg",
) -> int:
    """One picture for each explanation in the folder, which is made where it is missing; returns how many.

    Args:
        rows: inputs with their explanations.
        folder: where pictures go.
        look: colours, style and so on.
        scale: what full colour is.
        scheme: into what parts molecules are taken, each outlined and with its sum beside it; None: none.
        ending: of the files, .svg or .png.

    Raises:
        ValueError: no such scale or ending.
    """
    from molxai.explanation.pictures import draw

    made = [(one, explanation) for one, explanation in rows if explanation is not None]
    limit = common_limit(
        scale, (one.relevance.tolist() for _, one in made), all(one.in_unit for _, one in made)
    )
    folder.mkdir(parents=True, exist_ok=True)
    for one, explanation in made:
        draw(
            explanation,
            folder / picture_name(one, ending),
            look.at(limit),
            worded(explanation, scheme) if scheme else (),
        )
    return len(made)
