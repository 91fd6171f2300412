"""Methods side by side: one page, or one figure, with rank correlations and most relevant nodes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from graphormer.files import write_file
from graphormer.graphs.molecules import shortened
from molxai.explanation.account import Account
from molxai.explanation.captions import prediction_line, sum_line
from molxai.explanation.pictures import relevance_map
from molxai.explanation.templating import render
from molxai.rendering import COMPARISON_ENDINGS, comparison
from molxai.rendering.comparison import (
    ComparisonPicture,
    MethodPanel,
    correlation_colour,
    correlation_text,
    picture_markup,
)
from molxai.rendering.figure import draw_to
from molxai.rendering.lettering import printable
from molxai.rendering.look import PLAIN, Look

TITLE_LETTERS = 90
"""Letters of a title at most."""

Top = Sequence[tuple[str, float]]
"""Names of a method's most relevant nodes with their relevance."""


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
        tops: the most relevant nodes of each method.
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
            sum_line(explanation),
            ", ".join(name for name, _ in top),
        )
        for explanation, top in zip(explanations, tops, strict=True)
    ]
    first = explanations[0]
    title = shortened(printable(first.name), TITLE_LETTERS)
    return ComparisonPicture(title, prediction_line(first, False), tuple(panels), spearman)


def _html(template: str, picture: ComparisonPicture, look: Look) -> str:
    """The page, or its body."""
    panels = [
        {
            "method": panel.method,
            "picture": picture_markup(panel.relevance_map, look),
            "limit": panel.full_colour(look),
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
