"""What a notebook shows of an explanation and of a comparison; whatever the user typed is escaped."""

import html
from collections.abc import Sequence

from jinja2 import Environment, PackageLoader

from graphormer.molecules import Molecule
from molxai.explanation import Explanation
from molxai.rendering.comparison import Top, comparison_body
from molxai.rendering.grid import grid
from molxai.rendering.look import PLAIN
from molxai.rendering.picture import draw

TOP, FEATURES = 5, 2
"""Nodes in the table, and input features that are named for each."""


def explanation_html(explanation: Explanation) -> str:
    """The picture with its ledger, and the most relevant nodes in numbers."""
    if explanation.subject is None:
        return f"<pre>{html.escape(repr(explanation))}</pre>"
    svg = draw(explanation)
    assert isinstance(svg, str)
    relevance = explanation.relevance.tolist()
    ranked = sorted(range(len(relevance)), key=lambda node: -abs(relevance[node]))[:TOP]
    node = "atom" if isinstance(explanation.subject, Molecule) else "superpixel"
    return (
        _templates()
        .get_template("explanation.html")
        .render(
            picture=svg[svg.index("<svg") :],
            caption=f"The {len(ranked)} most relevant {node}s",
            node=node,
            rows=[_row(explanation, one) for one in ranked],
            spread=explanation.relevance_sd is not None,
            features=explanation.feature_relevance is not None,
            count=len(relevance),
            total=f"{sum(relevance):+.3f}",
            logit=f"explained: {explanation.logit:+.3f} {explanation.unit}",
        )
    )


def _row(explanation: Explanation, node: int) -> dict[str, str]:
    relevance = explanation.relevance.tolist()
    row = {
        "name": explanation.node_names()[node],
        "relevance": f"{relevance[node]:+.3f}",
        "colour": PLAIN.colours.hexadecimal(relevance[node], PLAIN.limit_for(relevance, explanation.in_unit)),
    }
    if explanation.relevance_sd is not None:
        row["spread"] = f"{float(explanation.relevance_sd[node]):.3f}"
    if explanation.feature_relevance is not None:
        shares = dict(zip(explanation.features, explanation.feature_relevance[node].tolist(), strict=True))
        largest = sorted(shares, key=lambda name: -abs(shares[name]))[:FEATURES]
        row["features"] = ", ".join(f"{name} {shares[name]:+.2f}" for name in largest)
    return row


def list_html(explanations: Sequence[Explanation], count: int) -> str:
    """The explanations in a grid, and how many there are in all."""
    if not explanations or any(one.subject is None for one in explanations):
        return f"<pre>{html.escape(repr(explanations))}</pre>"
    scale = "common" if len({one.relevance_unit for one in explanations}) == 1 else "own"
    more = f"<p>The first {len(explanations)} of {count} explanations.</p>" if count > len(explanations) else ""
    return grid(explanations, scale=scale)._repr_svg_() + more


def comparison_html(explanations: Sequence[Explanation], spearman: Sequence[Sequence[float]], tops: Sequence[Top]) -> str:
    """Pictures side by side with their rank correlations."""
    if explanations[0].subject is None:
        return f"<pre>{html.escape(repr(explanations))}</pre>"
    return comparison_body(explanations, spearman, tops)


def _templates() -> Environment:
    return Environment(loader=PackageLoader("molxai.rendering"), autoescape=True)
