"""What a notebook shows: a picture if there is one, and the numbers; all words are escaped."""

import html
from collections.abc import Mapping, Sequence

from molxai.explanation.account import Account
from molxai.explanation.captions import ledger_line, prediction_line
from molxai.explanation.comparison_page import Top, comparison_body
from molxai.explanation.grid import grid
from molxai.explanation.numbers import Numbers, Row, numbers_html, refused_html
from molxai.explanation.pictures import draw
from molxai.explanation.refused import Refused
from molxai.explanation.words import amount, signed
from molxai.rendering.colour import hexadecimal
from molxai.rendering.look import PLAIN

TOP = 5
"""Nodes in the table of an explanation."""

FEATURES = 2
"""Input features that are named for each node."""


def explanation_html(explanation: Account) -> str:
    """The picture with its ledger, and the most relevant nodes in numbers.

    The explanation of a bare graph has its ledger in words.
    """
    numbers = _strongest_nodes(explanation)
    if explanation.subject is None:
        return numbers_html(numbers, words=[prediction_line(explanation), ledger_line(explanation)])
    return numbers_html(numbers, _svg(draw(explanation)))


def _strongest_nodes(explanation: Account) -> Numbers:
    """The most relevant nodes, with the sum of all."""
    relevance = explanation.relevance.tolist()
    strongest = _largest(relevance, TOP)
    node = explanation.node_word
    head = [node, "relevance"]
    total = [f"Σ of all {len(relevance)}", signed(sum(relevance))]
    if explanation.relevance_sd is not None:
        head.append("± sd")
        total.append("")
    if explanation.feature_relevance is not None:
        head.append("mostly from")
        total.append(f"explained: {explanation.logit:+.3f} {explanation.unit}")
    rows = [_node_row(explanation, node) for node in strongest]
    caption = f"The {len(strongest)} most relevant {node}s"
    return Numbers(head, rows, total, caption, ["mostly from"])


def _node_row(explanation: Account, node: int) -> Row:
    """Name, relevance, and as far as they are known its spread and the features it is from."""
    relevance = explanation.relevance.tolist()
    value = relevance[node]
    cells = [explanation.node_names()[node], amount(value, explanation.signed)]
    if explanation.relevance_sd is not None:
        sd = float(explanation.relevance_sd[node])
        cells.append(f"{sd:.3f}")
    if explanation.feature_relevance is not None:
        cells.append(_strongest_features(explanation, node))
    return Row(cells, _colour(value, relevance, explanation.in_unit, explanation.signed))


def _strongest_features(explanation: Account, node: int) -> str:
    """The input features with the largest shares of a node's relevance."""
    assert explanation.feature_relevance is not None
    shares = explanation.feature_relevance[node].tolist()  # (features,)
    texts = [
        f"{explanation.features[feature]} {shares[feature]:+.2f}"
        for feature in _largest(shares, FEATURES)
    ]
    return ", ".join(texts)


def _largest(values: Sequence[float], count: int) -> list[int]:
    """Positions of the values of the largest magnitudes.

    Example:
        >>> _largest([0.1, -2.0, 1.0], 2)
        [1, 2]
    """
    positions = range(len(values))
    ranking = sorted(positions, key=lambda position: -abs(values[position]))
    return ranking[:count]


def list_html(explanations: Sequence[Account | Refused], count: int) -> str:
    """The explanations in a grid, or of bare graphs in a table, and how many there are.

    Args:
        explanations: the first ones.
        count: of all.
    """
    if not explanations:
        return f"<pre>{html.escape(repr(explanations))}</pre>"
    explained = [item for item in explanations if isinstance(item, Account)]
    refused = [item for item in explanations if isinstance(item, Refused)]
    below = ""
    if count > len(explanations):
        below += f"<p>The first {len(explanations)} of {count} explanations.</p>"
    if refused:
        below += refused_html([item.cells for item in refused])
    if not explained:
        return below
    if any(explanation.subject is None for explanation in explained):
        return _list_table(explained) + below
    units = {explanation.relevance_unit for explanation in explained}
    scale = "common" if len(units) == 1 else "own"
    return grid(explained, scale=scale)._repr_svg_() + below


def _list_table(explanations: Sequence[Account]) -> str:
    """A line for each explanation."""
    rows = [
        Row([str(position), explanation.said, explanation.made])
        for position, explanation in enumerate(explanations)
    ]
    return numbers_html(Numbers(["", "explained", "by"], rows, texts=["explained", "by"]))


def comparison_html(
    explanations: Sequence[Account], spearman: Sequence[Sequence[float]], tops: Sequence[Top]
) -> str:
    """Pictures side by side with their rank correlations; without a picture, a table of methods."""
    if explanations[0].subject is not None:
        return comparison_body(explanations, spearman, tops)
    rows: list[Row] = []
    for explanation, top in zip(explanations, tops, strict=True):
        names = ", ".join(name for name, _ in top)
        rows.append(Row([explanation.method, explanation.said, names]))
    texts = ["explained", "top"]
    return numbers_html(Numbers(["method", *texts], rows, texts=texts))


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
    rows: list[Row] = []
    for name, value in shares.items():
        colour = _colour(value, values)
        rows.append(Row([name, signed(value)], colour))
    total_row = [total, signed(sum(values))]
    numbers = Numbers([head, "relevance"], rows, total_row)
    return numbers_html(numbers, _svg(picture), words)


def difference_html(
    shares: Mapping[str, float],
    quantity: str,
    difference: float,
    picture: str | bytes,
    words: Sequence[str],
) -> str:
    """A difference of two outputs with what it consists of, below or beside a picture.

    Args:
        shares: what it consists of; empty: nothing that is known adds up to it.
        quantity: what differs.
        difference: by how much.
        picture: SVG that this project drew.
        words: lines above the table.
    """
    if shares:
        return shares_html(shares, "B less A", quantity, picture, words)
    row = Row([quantity, signed(difference)])
    return numbers_html(Numbers(["", "B less A"], [row]), _svg(picture), words)


def parts_html(parts: Sequence[tuple[str, str, float]], picture: str = "") -> str:
    """Parts of a molecule beside the molecule in which they are outlined.

    Args:
        parts: name, structure and relevance of each.
        picture: SVG that this project drew.
    """
    values = [value for _, _, value in parts]
    rows: list[Row] = []
    for name, smiles, value in parts:
        colour = _colour(value, values)
        rows.append(Row([name, signed(value), smiles], colour))
    numbers = Numbers(
        head=["part", "relevance", "structure"],
        rows=rows,
        total=[f"Σ of all {len(rows)}", signed(sum(values)), ""],
        texts=["structure"],
    )
    return numbers_html(numbers, picture)


def _colour(
    value: float, values: Sequence[float], in_unit: bool = True, is_signed: bool = True
) -> str:
    """The value's colour on the scale of all values."""
    return hexadecimal(PLAIN.ramp_for(values, in_unit, is_signed).colour(value))


def _svg(picture: str | bytes) -> str:
    assert isinstance(picture, str)
    return picture
