"""What the rows of a page say together: counts, the spread of the outputs, what adds up."""

from collections.abc import Mapping, Sequence
from typing import Any

from molxai.pages.view import View

BINS = 24
"""Of the histogram of outputs."""

SMALLEST_OUTPUT = 1e-3
"""The output that a gap is divided by is at least this."""


def readable(views: Sequence[View]) -> list[View]:
    """The rows that were explained."""
    return [view for view in views if "methods" in view]


def tiles(views: Sequence[View]) -> list[tuple[str, str]]:
    """Counts and means, name first."""
    read = [view for view in views if not view["error"]]
    counts = [("inputs", str(len(views)))]
    if len(read) < len(views):
        counts.append(("could not be read", str(len(views) - len(read))))
    if read[0]["probability"] is None:
        mean = sum(view["prediction"] for view in read) / len(read)
        return [*counts, (f"mean, {read[0]['unit']}", f"{mean:.3g}")]
    for name in sorted({view["prediction"] for view in read}):
        count = sum(view["prediction"] == name for view in read)
        counts.append((f"predicted {name}", str(count)))
    labelled = [view for view in read if view.get("label_class")]
    if labelled:
        right = sum(view["label_class"] == view["prediction"] for view in labelled)
        counts.append(("predicted as measured", f"{right} of {len(labelled)}"))
    return counts


def histogram(views: Sequence[View]) -> dict[str, Any] | None:
    """How the outputs are spread: the `counts` of equal bins from `low` to `high`, and their unit.

    None if nothing was explained.
    """
    read = readable(views)
    if not read:
        return None
    is_value = read[0]["probability"] is None
    outputs = [view["prediction"] if is_value else view["logit"] for view in read]
    low, high = min(outputs), max(outputs)
    width = (high - low) or 1.0
    counts = [0] * BINS
    for output in outputs:
        place = int((output - low) / width * BINS)
        counts[min(place, BINS - 1)] += 1
    unit = read[0]["unit"] if is_value else "logit"
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
        verdict = "adds up" if count == len(read) else f"adds up for {count} of {len(read)}"
        worst = _exponential(max(shares, default=0.0))
        rows.append({"method": method, "verdict": verdict, "worst": worst, "says": about["says"]})
    return rows


def _gap_share(view: View, method: str) -> float:
    output = max(abs(view["logit"]), SMALLEST_OUTPUT)
    return abs(view["methods"][method]["gap"]) / output


def _exponential(value: float) -> str:
    """A value in two digits.

    Example:
        >>> _exponential(0.000212)
        '2.1e-4'
    """
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent):+d}"
