"""Tables of fragments, of series and of matched pairs, as the terminal shows them."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from graphormer.checkpoint import row_ranges
from molxai.explanation import Explanation
from molxai.fragments import Fragment


def fragment_table(explanation: Explanation, found: Sequence[Fragment]) -> Table:
    """Fragments, the most positive first, and what makes their sum the explained quantity."""
    from molxai.terminal import bar

    table = Table("fragment", "atoms", "relevance", "", box=None, header_style="bold")
    largest = max(abs(one.relevance) for one in found)
    for one in found:
        table.add_row(Text(one.name), Text(row_ranges(one.atoms)), f"{one.relevance:+.4f}", bar(one.relevance, largest))
    for name, value in {"graph token": explanation.token, "bias": explanation.bias, "not accounted for": explanation.gap}.items():
        if abs(value) >= SMALLEST:
            table.add_row(Text(name, style="dim"), "", f"{value:+.4f}")
    table.add_row(Text("sum", style="bold"), "", f"{explanation.logit:+.4f}", Text(f"the {total_name(explanation)}", style="dim"))
    return table


SMALLEST = 5e-5
"""Anything less would be shown as zero."""


def total_name(explanation: Explanation) -> str:
    """What the relevances sum to."""
    return "predicted value" if explanation.probability is None else f"logit of {explanation.target_name}"
