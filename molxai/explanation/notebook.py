"""What a notebook shows: a picture where there is one, and the numbers; whatever the user typed is escaped."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader

from graphormer.graphs.molecules import shortened
from molxai.explanation.captions import ledger_line, prediction_line, printable
from molxai.explanation.explanation import Explanation
from molxai.explanation.refused import Refused
from molxai.explanation.words import signed
from molxai.rendering.comparison import Top, comparison_body
from molxai.rendering.grid import grid
from molxai.rendering.look import PLAIN
from molxai.rendering.picture import draw

TOP, FEATURES = 5, 2
"""Nodes in the table, and input features that are named for each."""

CELL = 90
"""Letters of a cell."""


@dataclass(frozen=True)
class Row:
    """Cells of a table, and the colour of the dot before the first; empty: no dot."""

    cells: Sequence[str]
    colour: str = ""


@dataclass(frozen=True)
class Numbers:
    """A table."""

    head: Sequence[str]
    """Names of the columns; the first holds text, the others numbers."""
    rows: Sequence[Row]
    total: Sequence[str] = ()
    caption: str = ""
    texts: Sequence[str] = ()
    """Names of further columns of text."""


def numbers_html(numbers: Numbers, picture: str = "", words: Sequence[str] = ()) -> str:
    """A picture, lines of words and a table, next to one another where there is room.

    Args:
        numbers: what the table holds; nothing in it is taken for markup.
        picture: SVG that this project drew.
        words: lines above the table.
    """
    rows = [Row([_cell(one) for one in row.cells], row.colour) for row in numbers.rows]
    sides = [
        "left" if not place or name in numbers.texts else "right"
        for place, name in enumerate(numbers.head)
    ]
    template = Environment(loader=PackageLoader("molxai.pages"), autoescape=True).get_template(
        "numbers.html"
    )
    return template.render(
        picture=picture[picture.index("<svg") :] if picture else "",
        words=[printable(line) for line in words if line],
        caption=numbers.caption,
        head=numbers.head,
        sides=sides,
        rows=rows,
        total=[_cell(one) for one in numbers.total],
    )


def explanation_html(explanation: Explanation) -> str:
    """The picture with its ledger, and the most relevant nodes in numbers; of a bare graph the same in words."""
    relevance = explanation.relevance.tolist()
    ranked = sorted(range(len(relevance)), key=lambda node: -abs(relevance[node]))[:TOP]
    spread = explanation.relevance_sd is not None
    features = explanation.feature_relevance is not None
    total = [f"Σ of all {len(relevance)}", signed(sum(relevance))]
    explained = f"explained: {explanation.logit:+.3f} {explanation.unit}"
    node = explanation.node_word
    numbers = Numbers(
        [node, "relevance", *(["± sd"] if spread else []), *(["mostly from"] if features else [])],
        [_node_row(explanation, one) for one in ranked],
        [*total, *([""] if spread else []), *([explained] if features else [])],
        f"The {len(ranked)} most relevant {node}s",
        ["mostly from"],
    )
    if explanation.subject is None:
        return numbers_html(numbers, words=[prediction_line(explanation), ledger_line(explanation)])
    return numbers_html(numbers, _svg(draw(explanation)))


def _node_row(explanation: Explanation, node: int) -> Row:
    relevance = explanation.relevance.tolist()
    cells = [explanation.node_names()[node], signed(relevance[node])]
    if explanation.relevance_sd is not None:
        cells.append(f"{float(explanation.relevance_sd[node]):.3f}")
    if explanation.feature_relevance is not None:
        shares = dict(
            zip(explanation.features, explanation.feature_relevance[node].tolist(), strict=True)
        )
        largest = sorted(shares, key=lambda name: -abs(shares[name]))[:FEATURES]
        cells.append(", ".join(f"{name} {shares[name]:+.2f}" for name in largest))
    return Row(cells, _colour(relevance[node], relevance, explanation.in_unit))


def list_html(explanations: Sequence[Explanation | Refused], count: int) -> str:
    """The explanations in a grid, and how many there are in all; those of bare graphs as a table."""
    explained = [one for one in explanations if isinstance(one, Explanation)]
    refused = [one for one in explanations if isinstance(one, Refused)]
    more = (
        f"<p>The first {len(explanations)} of {count} explanations.</p>"
        if count > len(explanations)
        else ""
    )
    if not explanations:
        return f"<pre>{html.escape(repr(explanations))}</pre>"
    below = more + (refused_html(refused) if refused else "")
    if not explained:
        return below
    if any(one.subject is None for one in explained):
        rows = [Row([str(place), one.said, one.made]) for place, one in enumerate(explained)]
        return (
            numbers_html(Numbers(["", "explained", "by"], rows, texts=["explained", "by"])) + below
        )
    scale = "common" if len({one.relevance_unit for one in explained}) == 1 else "own"
    return grid(explained, scale=scale)._repr_svg_() + below


def refused_html(refused: Sequence[Refused]) -> str:
    """Inputs that could not be explained, with the reasons."""
    rows = [Row([f"[{one.row}]", one.name, one.error]) for one in refused]
    return numbers_html(
        Numbers(["place", "not explained", "because"], rows, texts=["not explained", "because"])
    )


def comparison_html(
    explanations: Sequence[Explanation], spearman: Sequence[Sequence[float]], tops: Sequence[Top]
) -> str:
    """Pictures side by side with their rank correlations; of a bare graph, the methods with their largest nodes."""
    if explanations[0].subject is None:
        rows = [
            Row([one.method, one.said, ", ".join(name for name, _ in top)])
            for one, top in zip(explanations, tops, strict=True)
        ]
        return numbers_html(
            Numbers(["method", "explained", "top"], rows, texts=["explained", "top"])
        )
    return comparison_body(explanations, spearman, tops)


def shares_html(
    shares: Mapping[str, float],
    head: str,
    total: str,
    picture: str | bytes = "",
    words: Sequence[str] = (),
) -> str:
    """Named shares with their sum, below or beside a picture.

    Args:
        shares: in the unit of what is explained.
        head: what the shares are.
        total: what they sum to.
        picture: SVG that this project drew.
        words: lines above the table.
    """
    values = list(shares.values())
    rows = [Row([name, signed(value)], _colour(value, values)) for name, value in shares.items()]
    return numbers_html(
        Numbers([head, "relevance"], rows, [total, signed(sum(values))]), _svg(picture), words
    )


def parts_html(parts: Sequence[tuple[str, str, float]], picture: str = "") -> str:
    """Parts of a molecule by name, structure and relevance, beside the molecule in which they are outlined."""
    values = [value for _, _, value in parts]
    rows = [
        Row([name, signed(value), smiles], _colour(value, values)) for name, smiles, value in parts
    ]
    total = [f"Σ of all {len(rows)}", signed(sum(values)), ""]
    return numbers_html(
        Numbers(["part", "relevance", "structure"], rows, total, texts=["structure"]), picture
    )


def _colour(value: float, values: Sequence[float], in_unit: bool = True) -> str:
    return PLAIN.colours.hexadecimal(value, PLAIN.limit_for(values, in_unit))


def _cell(text: str) -> str:
    return shortened(printable(text), CELL)


def _svg(picture: str | bytes) -> str:
    assert isinstance(picture, str)
    return picture
