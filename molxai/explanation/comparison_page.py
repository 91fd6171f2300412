"""Methods side by side: one page, or one figure, with rank correlations and most relevant nodes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from graphormer.files import write_file
from graphormer.graphs.molecules import shortened
from molxai.explanation.account import Account
from molxai.explanation.alternative import about_several
from molxai.explanation.captions import prediction_line, sum_line
from molxai.explanation.relevance_maps import relevance_map
from molxai.explanation.templating import render
from molxai.explanation.words import amount
from molxai.rendering import COMPARISON_ENDINGS, comparison
from molxai.rendering.comparison import (
    ComparisonPicture,
    MethodPanel,
    picture_markup,
)
from molxai.rendering.correlations import correlation_colour, correlation_text
from molxai.rendering.figure import draw_to
from molxai.rendering.look import PLAIN, Look
from molxai.rendering.wording import printable, true_minus

NAMED = 3
"""Nodes of the largest magnitude that are named for each method."""

TITLE_LETTERS = 90
"""Letters of a title at most."""

Top = Sequence[tuple[str, float]]
"""Names of a method's nodes of the largest magnitude with their relevance."""


def draw_comparison(
    explanations: Sequence[Account],
    spearman: Sequence[Sequence[float]],
    tops: Sequence[Top],
    path: Path,
    look: Look = PLAIN,
) -> None:
    """Write the page or the figure that the file's ending asks for.

    Args:
        explanations: one by each method, of one molecule or digit and one target.
        spearman: rank correlation of every two methods.
        tops: the nodes of the largest magnitude of each method.
        path: ends in .html, or as a picture's name.
        look: palette, resolution and so on.

    Raises:
        ValueError: another ending, or there is nothing to draw.
    """
    ending = path.suffix.lower()
    if ending not in COMPARISON_ENDINGS:
        raise ValueError(f"{path}: a comparison is drawn as {', '.join(COMPARISON_ENDINGS)}")
    if explanations[0].subject is None:
        raise ValueError(
            "explanations of a bare graph have no picture: compare a molecule or a digit"
        )
    picture = _picture(explanations, spearman, tops)
    if ending == ".html":
        write_file(path, _html("comparison.html", picture, look))
    else:
        draw_to(path, partial(comparison.draw_comparison, picture, look))


def write_pair_page(path: Path, title: str, body: str) -> None:
    """Write a page about two inputs.

    Args:
        path: ends in .html.
        title: what is compared; it may hold anything.
        body: markup of this project, as a notebook shows it.
    """
    content = render("pair.html", title=printable(title), body=body)
    write_file(path, content)


def comparison_body(
    explanations: Sequence[Account], spearman: Sequence[Sequence[float]], tops: Sequence[Top]
) -> str:
    """The pictures and the table of a page, without its head and title: what a notebook shows."""
    return _html("comparison_body.html", _picture(explanations, spearman, tops), PLAIN)


def _picture(
    explanations: Sequence[Account], spearman: Sequence[Sequence[float]], tops: Sequence[Top]
) -> ComparisonPicture:
    """The comparison as plain values."""
    panels = [
        MethodPanel(
            explanation.method,
            relevance_map(explanation),
            true_minus(sum_line(explanation)),
            _top_line(explanation, top),
        )
        for explanation, top in zip(explanations, tops, strict=True)
    ]
    first = explanations[0]
    title = shortened(printable(first.name), TITLE_LETTERS)
    prediction = true_minus(prediction_line(first, False))
    about = about_several(explanations)
    return ComparisonPicture(title, prediction, tuple(panels), spearman, about)


def _top_line(explanation: Account, top: Top) -> str:
    """The nodes of the largest magnitude, in a picture the first few with their numbers."""
    named = [
        f"{name} {true_minus(amount(value, explanation.signed))}" for name, value in top[:NAMED]
    ]
    return ", ".join(named)


def _html(template: str, picture: ComparisonPicture, look: Look) -> str:
    """The page, or its body."""
    panels = [
        {
            "method": panel.method,
            "picture": picture_markup(
                panel.relevance_map, look, f"{panel.method}: largest {panel.top}"
            ),
            "colours": panel.colours(look),
            "ledger": panel.total,
            "top": panel.top,
        }
        for panel in picture.panels
    ]
    towards, against = look.colours.words
    return render(
        template,
        title=picture.title,
        prediction=picture.prediction,
        towards=towards,
        against=against,
        unsigned=[panel.method for panel in picture.panels if not panel.relevance_map.signed],
        panels=panels,
        methods=picture.methods,
        matrix=[_matrix_row(row, look) for row in picture.spearman],
    )


def _matrix_row(correlations: Sequence[float], look: Look) -> list[dict[str, str]]:
    """Text and colour of each cell."""
    return [
        {"text": correlation_text(value), "colour": correlation_colour(value, look.colours)}
        for value in correlations
    ]
