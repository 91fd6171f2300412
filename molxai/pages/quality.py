"""How well a model does, in words: names of the measures, values with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

from molxai.explanation.about import About

NAMES = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "accuracy": "accuracy",
    "mcc": "MCC",
    "brier": "Brier score",
    "ece": "calibration error",
    "cross_entropy": "cross entropy",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "spearman": "Spearman ρ",
}
"""The name of each measure, in the order in which they are shown."""

BRIEF = ("roc_auc", "accuracy", "rmse", "r2", "mae")
"""Measures of which the first two that a model has stand in its `quality_line`."""

Interval = Sequence[float | None]
"""A value with the low and the high end of its interval; None if it is not defined."""

Measured = Mapping[str, Interval]
"""The value of each measure."""


def quality_rows(card: About) -> list[tuple[str, list[str]]]:
    """Name of each measure, and for each judged split its value with interval."""
    splits = list(card.metrics.values())
    rows = []
    for name in _present(splits):
        values = [interval_text(measures.get(name)) for measures in splits]
        rows.append((NAMES[name], values))
    return rows


def _present(splits: Sequence[Mapping[str, Any]]) -> list[str]:
    """The measures that any of these have, in the order in which they are shown."""
    present: set[str] = set()
    for measures in splits:
        present.update(measures)
    return [name for name in NAMES if name in present]


def target_rows(targets: Mapping[str, Measured]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Names of the measures, and for each target its values with intervals."""
    names = _present(list(targets.values()))
    rows = []
    for target, measures in targets.items():
        rows.append((target, _target_values(measures, names)))
    return [NAMES[name] for name in names], rows


def _target_values(measures: Measured, names: Sequence[str]) -> list[str]:
    if not measures:
        return ["no labels"] * len(names)
    return [interval_text(measures.get(name)) for name in names]


def interval_text(value: Interval | None) -> str:
    """Value, and the ends of its interval in brackets.

    Example:
        >>> interval_text([0.9, 0.85, 0.94])
        '0.900 (0.850 … 0.940)'
    """
    if not value or value[0] is None:
        return "not defined: one class only"
    middle, low, high = ("–" if number is None else f"{number:.3f}" for number in value)
    return f"{middle} ({low} … {high})"


def quality_line(judged: Mapping[str, Any], members: int) -> str:
    """A model's quality on data that it did not learn from, in a line; empty if it was not judged.

    Args:
        judged: what the card says of the test set: measures, and beside them the data.
        members: models of the ensemble.

    Example:
        >>> quality_line({"accuracy": [0.81234, 0.75, 0.9]}, members=1)
        'test set: accuracy 0.812 (0.75–0.9)'
    """
    texts = []
    for name in BRIEF:
        interval = judged.get(name)
        if interval and None not in interval:
            value, low, high = map(_brief, interval)
            texts.append(f"{NAMES[name]} {value} ({low}–{high})")
    line = f"{members} members; " if members > 1 else ""
    if texts:
        line += f"test set: {', '.join(texts[:2])}"
    return line


def _brief(number: float | None) -> str:
    """A number in three digits."""
    assert number is not None
    short = float(f"{number:.3g}")
    return f"{short:g}"
