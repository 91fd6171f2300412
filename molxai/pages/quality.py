"""How well a model does, in words: names of the measures, values with their intervals."""

from collections.abc import Mapping, Sequence

from graphormer.network.card import Card

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
"""Of the measures, in the order in which they are shown."""


def quality_rows(card: Card) -> list[tuple[str, list[str]]]:
    """Name of each measure, and for each judged part its value with interval."""
    parts = list(card.metrics)
    names = [name for name in NAMES if any(name in card.metrics[part] for part in parts)]
    return [
        (NAMES[name], [interval_text(card.metrics[part].get(name)) for part in parts])
        for name in names
    ]


Measured = Mapping[str, Sequence[float | None]]
"""Value, low and high of each measure."""


def target_rows(targets: Mapping[str, Measured]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Names of the measures, and for each target its values with intervals."""
    names = [name for name in NAMES if any(name in one for one in targets.values())]
    rows = [
        (target, [interval_text(one.get(name)) if one else "no labels" for name in names])
        for target, one in targets.items()
    ]
    return [NAMES[name] for name in names], rows


def interval_text(value: Sequence[float | None] | None) -> str:
    """Value, and the ends of its interval in brackets."""
    if not value or value[0] is None:
        return "not defined: one class only"
    numbers = ["–" if one is None else f"{one:.3f}" for one in value]
    return f"{numbers[0]} ({numbers[1]} … {numbers[2]})"
