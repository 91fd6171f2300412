"""Which fragments carry relevance across the rows of a page, summed from the rows' views."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from graphormer.readers.numerals import is_number, plain_number
from molxai.chemistry.series import Carrier, Occurrence, summarise_occurrences
from molxai.explanation.words import DECIMALS, decimals
from molxai.pages.view import View, rounded
from molxai.rendering.colour import scale
from molxai.rendering.ramp import low_of

MIXED = (
    "Rows explain different classes, so their fragments have no mean: explain one class in every "
    "row."
)
"""What is said in place of a table of means that would compare different classes."""

SPREAD_DIGITS = 5
"""Significant digits of a standard deviation, of which a page shows three decimals."""


def has_one_target(views: Sequence[View]) -> bool:
    """Whether all rows that were explained are explained for the same class or value."""
    targets = {view["target"] for view in views if "methods" in view}
    return len(targets) <= 1


def measured_value(view: View) -> float | None:
    """The measured value of a row, if it has one that is a number.

    A label of a class is no value, even if it is written as one: 0 and 1 have no mean.
    """
    if view.get("probability") is not None:
        return None
    number = plain_number(view.get("label") or "")
    return float(number) if is_number(number) else None


def carriers(views: Sequence[View], method: str, scheme: str) -> list[Carrier]:
    """The fragments of all rows by name, those with the largest |sum| over the rows first.

    They are those of `molxai.chemistry.series.carriers`, except that an example is the number of a
    row in place of an id, and has no structure.

    Args:
        views: of one target.
        method: a method of the views; rows without it count nothing.
        scheme: how molecules are taken apart; digits have no fragments.
    """
    occurrences: dict[str, list[Occurrence]] = defaultdict(list)
    for place, view in enumerate(views):
        # Neither digits nor rows that were not explained have fragments.
        if "fragments" in view and method in view["methods"]:
            sums = view["methods"][method]["sums"]
            row = str(view["row"])
            for name, part in view["fragments"][scheme]:
                occurrence = Occurrence(place, row, sums[part], view["parts"][part])
                occurrences[name].append(occurrence)
    summaries = [summarise_occurrences(name, members) for name, members in occurrences.items()]
    return sorted(summaries, key=lambda carrier: (-abs(carrier.total), carrier.name))


def carrier_table(
    views: Sequence[View], method: str, scheme: str, in_unit: bool, signed: bool = True
) -> dict[str, Any]:
    """The same as a page shows it.

    Args:
        views: of any targets.
        method: a method of the views.
        scheme: how molecules are taken apart.
        in_unit: whether the method's relevances have the unit of the output.
        signed: whether they speak for or against.

    Returns:
        `rows` of name, number of molecules and of occurrences, mean, standard deviation, smallest,
        largest, and row of the example; the `limit` in full colour of the means, and as in a view
        `low` and `decimals`; a `note` if there are no rows because rows of different classes have
        no mean.
    """
    if not has_one_target(views):
        return {"rows": [], "limit": 1.0, "low": None, "decimals": DECIMALS, "note": MIXED}
    fragments = carriers(views, method, scheme)
    means = [carrier.mean for carrier in fragments]
    limit = scale(means, in_unit)
    return {
        "rows": [_cells(carrier) for carrier in fragments],
        "limit": rounded(limit),
        "low": None if signed else rounded(low_of(means, limit)),
        "decimals": decimals(limit),
        "note": "",
    }


def _cells(carrier: Carrier) -> list[Any]:
    spread = None if carrier.sd is None else rounded(carrier.sd, SPREAD_DIGITS)
    return [
        carrier.name,
        carrier.molecules,
        carrier.occurrences,
        rounded(carrier.mean),
        spread,
        rounded(carrier.smallest),
        rounded(carrier.largest),
        int(carrier.example),
    ]
