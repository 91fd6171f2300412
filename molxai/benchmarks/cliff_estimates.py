"""Errors and directions on activity cliffs, with resamples, by table and pooled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

from molxai.benchmarks.cliffs import MODEL, PREDICTORS, Outcome
from molxai.benchmarks.estimates import (
    Samples,
    draws,
    interval,
    mean,
    pair_draws,
    quotient,
    root_mean_square,
)

ALL = "mean of targets"
"""The target of errors over several tables."""

POOLED = "all targets"
"""The target of pairs of several tables together."""


@dataclass(frozen=True)
class Estimate:
    """A measure of one judge on one target, with its resamples."""

    target: str
    judge: str
    """A predictor or a method."""
    measure: str
    samples: Samples
    count: int
    """Molecules, or pairs."""

    def row(self) -> dict[str, Any]:
        """The same as a row of a table."""
        value, low, high = interval(self.samples)
        names = {"target": self.target, "name": self.judge, "measure": self.measure}
        return names | {"value": value, "low": low, "high": high, "count": self.count}


def estimates(outcomes: Sequence[Outcome]) -> list[Estimate]:
    """All measures of each table, and of several tables together."""
    errors = [list(_errors(outcome)) for outcome in outcomes]
    directions = list(_directions(outcomes)) if outcomes[0].differences else []
    if len(outcomes) == 1:
        return errors[0] + directions
    means = [
        Estimate(
            ALL,
            same[0].judge,
            same[0].measure,
            mean([estimate.samples for estimate in same]),
            sum(estimate.count for estimate in same),
        )
        for same in zip(*errors, strict=True)
    ]
    each = [estimate for of_table in errors for estimate in of_table]
    if directions:
        for outcome in outcomes:
            directions += _directions([outcome])
    return each + means + directions


def _seed(outcome: Outcome) -> int:
    """Of a table's draws: the same beside any other tables, whose draws must be others."""
    return crc32(outcome.table.name.encode())


def _errors(outcome: Outcome) -> Iterator[Estimate]:
    """RMSE of each predictor, on all test molecules and on cliffs; and the model's less each."""
    for measure, on_cliffs in (("rmse", False), ("rmse_cliffs", True)):
        of_model = outcome.errors(MODEL, on_cliffs)
        count = of_model.shape[1]
        drawn = draws(count, _seed(outcome))
        samples = {
            name: root_mean_square(outcome.errors(name, on_cliffs), drawn) for name in PREDICTORS
        }
        for name in PREDICTORS:
            yield Estimate(outcome.table.name, name, measure, samples[name], count)
            if name != MODEL:
                less = samples[MODEL] - samples[name]
                yield Estimate(outcome.table.name, name, f"model_less_{measure}", less, count)


def _directions(outcomes: Sequence[Outcome]) -> Iterator[Estimate]:
    """Direction accuracy of each judge over the pairs of all these tables.

    `agreement` is the share over the pairs of which the model itself is right, and `ratio` the
    accuracy divided by the model's.
    """
    target = outcomes[0].table.name if len(outcomes) == 1 else POOLED
    count = sum(len(outcome.pairs) for outcome in outcomes)
    drawn = [pair_draws(outcome.ends, _seed(outcome)) for outcome in outcomes]
    everything = sum(weights.sum(1) for weights in drawn)  # (draws,)

    def total(judge: str, of_right: bool = False) -> Samples:
        """Weighted number of hits, as a mean over seeds."""
        sums = np.zeros_like(everything)
        for outcome, weights in zip(outcomes, drawn, strict=True):
            hits = outcome.hits(judge)  # (seeds, pairs)
            if of_right:
                hits = hits & outcome.hits(MODEL)
            sums += weights @ hits.mean(0)
        return sums

    right = total(MODEL)
    for judge in outcomes[0].differences:
        hits = total(judge)
        yield Estimate(target, judge, "direction", quotient(hits, everything), count)
        yield Estimate(target, judge, "agreement", quotient(total(judge, True), right), count)
        yield Estimate(target, judge, "ratio", quotient(hits, right), count)
