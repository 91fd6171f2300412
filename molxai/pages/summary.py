"""What the rows of a page say together: counts, the spread of the outputs, what adds up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from graphormer.graphs.molecules import shortened
from molxai.pages.view import View
from molxai.rendering.wording import true_minus

BINS = 24
"""Bins of the histogram of outputs."""

MOST_TILES = 12
"""Classes that are counted one by one; of next tokens there may be one for each row."""

LABEL = 40
"""Letters of a label that is told."""

SMALLEST_OUTPUT = 1e-3
"""The output that a gap is divided by is at least this."""


def readable(views: Sequence[View]) -> list[View]:
    """The rows that were explained."""
    return [view for view in views if "methods" in view]


def tiles(views: Sequence[View]) -> list[tuple[str, str]]:
    """Counts and means, name first."""
    read = readable(views)
    counts = [("inputs", str(len(views)))]
    errors = len(views) - len(read)
    if errors:
        counts.append(("could not be read", str(errors)))
    first = read[0]
    predictions = [view["prediction"] for view in read]
    if first["probability"] is None:
        mean = sum(predictions) / len(read)
        counts.append((f"mean, {first['unit']}", true_minus(f"{mean:.3g}")))
        return counts + _without_number(views)
    return counts + _predicted(predictions) + _agreement(read) + _without_class(read)


def _predicted(predictions: Sequence[str]) -> list[tuple[str, str]]:
    """How often each class is predicted; of many classes, how many are."""
    counts = Counter(predictions)
    if len(counts) > MOST_TILES:
        return [("different predictions", str(len(counts)))]
    return [(f"predicted {name}", str(count)) for name, count in sorted(counts.items())]


def _without_number(views: Sequence[View]) -> list[tuple[str, str]]:
    """How many measured values are no numbers, if any: they are compared with nothing."""
    count = sum(view.get("label_is_number") is False for view in views)
    return [("measured values that are no number", str(count))] if count else []


def _agreement(views: Sequence[View]) -> list[tuple[str, str]]:
    """How many of the rows with a measured class are predicted so."""
    labels = [view for view in views if view.get("label_class")]
    if not labels:
        return []
    right = sum(view["label_class"] == view["prediction"] for view in labels)
    return [("predicted as measured", f"{right} of {len(labels)}")]


def _without_class(views: Sequence[View]) -> list[tuple[str, str]]:
    """How many measured labels are none of the model's classes, if any, and the first of them."""
    labels = labels_without_class(views)
    if not labels:
        return []
    return [(f"measured labels that are no class, like {labels[0]!r}", str(len(labels)))]


def labels_without_class(views: Sequence[View]) -> list[str]:
    """The measured labels that are none of the model's classes, shortened."""
    unknown = [view for view in views if "label_class" in view and view["label_class"] is None]
    return [shortened(view["label"], LABEL) for view in unknown]


def comparison_note(views: Sequence[View]) -> str:
    """How many measured labels could not be compared, with an example; empty if all could.

    Example:
        >>> comparison_note([{"label": "high", "label_class": None, "methods": {}}])
        "1 measured label, 'high', is none of the model's classes and is not compared"
    """
    read = readable(views)
    labels = labels_without_class(read)
    if labels:
        return _not_compared(labels, "is none", "are none", "of the model's classes")
    texts = [view["label"] for view in read if view.get("label_is_number") is False]
    return _not_compared([shortened(text, LABEL) for text in texts], "is", "are", "no number")


def _not_compared(labels: Sequence[str], one: str, many: str, what: str) -> str:
    if not labels:
        return ""
    if len(labels) == 1:
        return f"1 measured label, {labels[0]!r}, {one} {what} and is not compared"
    return f"{len(labels)} measured labels, like {labels[0]!r}, {many} {what} and are not compared"


def histogram(views: Sequence[View]) -> dict[str, Any] | None:
    """How the outputs are spread: the `counts` of equal bins from `low` to `high`, and their unit.

    None if nothing was explained.
    """
    read = readable(views)
    if not read:
        return None
    first = read[0]
    is_value = first["probability"] is None
    output = "prediction" if is_value else "logit"
    values = [view[output] for view in read]
    low = min(values)
    high = max(values)
    width = (high - low) or 1.0
    counts = [0] * BINS
    for value in values:
        place = int((value - low) / width * BINS)
        counts[min(place, BINS - 1)] += 1
    unit = first["unit"] if is_value else "logit"
    return {"counts": counts, "low": low, "high": high, "unit": unit}


def conservation(views: Sequence[View], methods: Mapping[str, Any]) -> list[dict[str, str]]:
    """For each method, whether it adds up, its largest gap / output, and what it is.

    Args:
        views: of all inputs.
        methods: what each is, under `says`.
    """
    rows = []
    for method, about in methods.items():
        read = [view for view in readable(views) if method in view["methods"]]
        count = sum(view["methods"][method]["adds_up"] for view in read)
        shares = [_gap_share(view, method) for view in read]
        always = count == len(read)
        row = {
            "method": method,
            "verdict": "adds up" if always else f"adds up for {count} of {len(read)}",
            "worst": _exponential(max(shares, default=0.0)),
            "says": about["says"],
        }
        rows.append(row)
    return rows


def _gap_share(view: View, method: str) -> float:
    output = max(abs(view["logit"]), SMALLEST_OUTPUT)
    gap = view["methods"][method]["gap"]
    return abs(gap) / output


def _exponential(value: float) -> str:
    """A value in two digits.

    Example:
        >>> _exponential(0.000212)
        '2.1e-4'
    """
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent):+d}"
