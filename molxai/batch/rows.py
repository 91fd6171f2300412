"""Inputs in, explanations or predictions out, in order.

An input that cannot be read stays a row, with its error.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.evaluation.fingerprints import ecfp_bits, nearest
from graphormer.graphs.molecules import Molecule
from graphormer.network.ensemble import mean, shares, spread
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods import check_size
from molxai.explanation.outcome import Outcome, outcomes, resolve_targets, temperature_of
from molxai.explanation.target import Target

CHUNK = 1024
"""Inputs that are sorted by size together; fewer for methods of many passes, so that progress is
seen."""

USUAL_NODES = 30
"""Nodes of a usual graph."""

NO_TRUE_CLASS = "no true class is known: --target true needs a table with --target-columns"
"""Why nothing can be explained for its true class."""

REFUSALS = (ValueError, RuntimeError, MemoryError)
"""What a row may fail with; torch has no other name for memory that it does not get."""

ExplainedRow = tuple[Input, Explanation | None]
"""An input with its explanation; without one, the input has the reason as its error."""


def explain_rows(
    explainer: BaseExplainer,
    inputs: Iterable[Input],
    target: str = "pred",
    contrast: str | None = None,
) -> Iterator[ExplainedRow]:
    """Explain each input, in order; one that cannot be read or does not fit keeps its place.

    Args:
        explainer: model and method.
        inputs: as `read_inputs` gives them.
        target: `pred`, `true` (each input's own label), or a class.
        contrast: the class whose logit is subtracted.

    Raises:
        ValueError: there is no such class.
    """
    common_target = None if target == "true" else explainer.target(target, contrast)
    for chunk in chunks(inputs, max(1, CHUNK // cost(explainer))):
        rows = []
        targets = []
        for row in chunk:
            row = fit(explainer, row)
            row_target = common_target
            if target == "true" and row.subject is not None:
                row, row_target = _with_true_target(explainer, row, contrast)
            rows.append(row)
            targets.append(row_target)
        yield from _explain_together(explainer, rows, targets)


def cost(explainer: BaseExplainer) -> int:
    """Passes of a usual graph that the method costs: a second does some hundred of them."""
    return explainer.PASS_COST * max(explainer.method.passes(USUAL_NODES))


def chunks(inputs: Iterable[Input], size: int) -> Iterator[list[Input]]:
    """The inputs in lists of at most so many."""
    remaining = iter(inputs)
    while chunk := list(islice(remaining, size)):
        yield chunk


def fit(explainer: BaseExplainer, row: Input) -> Input:
    """The row with what the model reads of it, or its refusal if the model cannot take it."""
    if row.subject is None:
        return row
    try:
        subject = explainer.subject(row.subject, row.id)
        check_size(explainer.method, subject.nodes)
    except ValueError as error:
        return replace(row, subject=None, error=str(error))
    return row if subject is row.subject else replace(row, subject=subject)


def _with_true_target(
    explainer: BaseExplainer, row: Input, contrast: str | None
) -> tuple[Input, Target | None]:
    """The row and the class of its label, or its refusal if there is no such class."""
    try:
        if not row.label.strip():
            raise ValueError(_missing_label(row))
        return row, explainer.target(explainer.class_in_table(row.label), contrast)
    except ValueError as error:
        return replace(row, subject=None, error=str(error)), None


def _missing_label(row: Input) -> str:
    """Why a row has no true class, and what to do."""
    if row.label_column:
        return (
            f"the cell in column {row.label_column!r} is empty: --target true needs the row's "
            "class there; fill it, or name a class"
        )
    return NO_TRUE_CLASS


def _explain_together(
    explainer: BaseExplainer, rows: Sequence[Input], targets: Sequence[Target | None]
) -> list[ExplainedRow]:
    """All rows at once; if one is refused, each alone, so that no row fails for another's sake."""
    readable = [i for i, row in enumerate(rows) if row.subject is not None]
    subjects = [rows[i].subject for i in readable]
    try:
        explanations = explainer.explain(subjects, [targets[i] for i in readable])
    except REFUSALS as error:
        if len(rows) == 1:
            return [(replace(rows[0], subject=None, error=str(error)), None)]
        alone: list[ExplainedRow] = []
        for row, target in zip(rows, targets, strict=True):
            alone += _explain_together(explainer, [row], [target])
        return alone
    by_row = dict(zip(readable, explanations, strict=True))
    return [(row, by_row.get(i)) for i, row in enumerate(rows)]


@dataclass(frozen=True)
class Prediction:
    """What the model predicts for an input, and how far that can be trusted."""

    outcome: Outcome
    logit_sd: float | None
    """Ensembles: standard deviation over the components."""
    similarity: float | None
    """Tanimoto similarity to the nearest training molecule, 0 to 1; None if that is not known."""
    outputs: dict[str, float] | None
    """Several targets: the value, or the probability of the second class, of each."""
    endpoint: str


def predict_rows(
    explainer: BaseExplainer, inputs: Iterable[Input], target: str = "pred"
) -> Iterator[tuple[Input, Prediction | None]]:
    """Predict each input, in order.

    Args:
        explainer: model.
        inputs: as `read_inputs` gives them.
        target: `pred`, or the class whose probability and logit are told.

    Raises:
        ValueError: there is no such class.
    """
    common_target = explainer.target(target)
    for chunk in chunks(inputs, CHUNK // explainer.PASS_COST):
        rows = [fit(explainer, row) for row in chunk]
        yield from _predict_together(explainer, rows, common_target)


def _predict_together(
    explainer: BaseExplainer, rows: Sequence[Input], target: Target | None
) -> list[tuple[Input, Prediction | None]]:
    """All rows at once; if one is refused, each alone."""
    readable = [row for row in rows if row.subject is not None]
    try:
        # (components, graphs, outputs)
        logits = explainer.logits([row.subject for row in readable])
        nearness = similarities(explainer, readable)
    except REFUSALS as error:
        if len(rows) == 1:
            return [(replace(rows[0], subject=None, error=str(error)), None)]
        return [pair for row in rows for pair in _predict_together(explainer, [row], target)]
    remaining = iter(_predictions(explainer, logits, nearness, target))
    return [(row, None if row.subject is None else next(remaining)) for row in rows]


def _predictions(
    explainer: BaseExplainer,
    component_logits: Float[Tensor, "components graphs outputs"],
    nearness: Sequence[float | None],
    target: Target | None,
) -> Iterator[Prediction]:
    card = explainer.card
    component_shares = shares(explainer.network)
    logits = mean(component_logits, component_shares)  # (graphs, outputs)
    targets = resolve_targets(card.config, logits, [target] * len(logits))
    all_outcomes = outcomes(card.config, logits, targets)
    for graph, (outcome, similarity) in enumerate(zip(all_outcomes, nearness, strict=True)):
        logit_sd = None
        if len(component_logits) > 1:
            weights = torch.tensor(outcome.target.weights(card.config))
            explained_logits = (component_logits[:, graph] * weights).sum(1)  # (components,)
            logit_sd = float(spread(explained_logits, component_shares))
        outputs = None
        if card.endpoints:
            values = logits[graph] / temperature_of(card.config)
            if card.config.task == "binary":
                values = values.sigmoid()
            outputs = dict(zip(card.targets, values.tolist(), strict=True))
        yield Prediction(outcome, logit_sd, similarity, outputs, explainer.endpoint)


def similarities(explainer: BaseExplainer, rows: Sequence[Input]) -> list[float | None]:
    """Tanimoto similarity of each molecule to its nearest training molecule, if both are known."""
    molecules = [row.subject.mol for row in rows if isinstance(row.subject, Molecule)]
    if explainer.known is None or not molecules:
        return [None] * len(rows)
    remaining = iter(nearest(ecfp_bits(molecules), explainer.known).tolist())
    return [next(remaining) if isinstance(row.subject, Molecule) else None for row in rows]
