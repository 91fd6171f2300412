"""Methods side by side: one page, or one figure, with their rank correlations and most relevant nodes."""

import base64
import io
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
from jinja2 import Environment, PackageLoader
from matplotlib.axes import Axes

from graphormer.files import write_file
from graphormer.graphs.molecules import Molecule, shortened
from molxai.explanation.captions import prediction_line, printable
from molxai.explanation.explanation import Explanation
from molxai.rendering import COMPARISON_ENDINGS
from molxai.rendering.bar import colour_map
from molxai.rendering.colour import Palette
from molxai.rendering.digit import draw_relevance
from molxai.rendering.look import PLAIN, Look
from molxai.rendering.molecule import Kind, draw_molecule
from molxai.rendering.picture import DPI, blank, quiet_settings, saved

PANEL = (420, 300)
"""Width and height of one method's picture, in pixels."""

COLUMNS = 4
"""Of pictures in a figure, at most."""

TITLE_LETTERS = 90

Top = Sequence[tuple[str, float]]


def draw_comparison(
    explanations: Sequence[Explanation],
    spearman: Sequence[Sequence[float]],
    tops: Sequence[Top],
    path: Path,
    look: Look = PLAIN,
) -> None:
    """Write the page or the figure that the file's ending asks for.

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
    if ending == ".html":
        write_file(path, _rendered("comparison.html", explanations, spearman, tops, look))
    else:
        write_file(
            path, _figure(explanations, spearman, tops, "png" if ending == ".png" else "svg", look)
        )


def limit_of(explanation: Explanation, look: Look) -> float:
    """The magnitude in full colour: each method's own, for methods differ in unit and size."""
    return look.limit_for(explanation.relevance.tolist(), explanation.in_unit)


def _title(explanation: Explanation) -> str:
    return shortened(printable(explanation.name), TITLE_LETTERS)


def _ledger(explanation: Explanation) -> str:
    size = abs(explanation.logit) + float(explanation.relevance.abs().sum())
    if abs(explanation.gap) <= 1e-4 * size:
        return f"adds up to the logit {explanation.logit:+.2f}"
    return f"Σ {float(explanation.relevance.sum()):+.3g}, logit {explanation.logit:+.2f}: does not add up"


def _names(top: Top) -> str:
    return ", ".join(name for name, _ in top)


def comparison_body(
    explanations: Sequence[Explanation], spearman: Sequence[Sequence[float]], tops: Sequence[Top]
) -> str:
    """The pictures and the table of a page, without its head and title: what a notebook shows."""
    return _rendered("comparison_body.html", explanations, spearman, tops, PLAIN)


def _rendered(
    name: str,
    explanations: Sequence[Explanation],
    spearman: Sequence[Sequence[float]],
    tops: Sequence[Top],
    look: Look,
) -> str:
    panels = [
        {
            "method": one.method,
            "picture": _inline(one, look),
            "limit": f"{limit:.2g}",
            "ledger": _ledger(one),
            "top": _names(top),
        }
        for one, top, limit in zip(
            explanations, tops, [limit_of(one, look) for one in explanations], strict=True
        )
    ]
    matrix = [
        [{"text": _number(value), "colour": _shade(value, look.colours)} for value in row]
        for row in spearman
    ]
    template = Environment(loader=PackageLoader("molxai.pages"), autoescape=True).get_template(name)
    first = explanations[0]
    return template.render(
        title=_title(first),
        prediction=prediction_line(first, False),
        towards=look.colours.words[0],
        against=look.colours.words[1],
        panels=panels,
        methods=[one.method for one in explanations],
        matrix=matrix,
    )


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.2f}"


def _shade(value: float, palette: Palette) -> str:
    return "#fff" if math.isnan(value) else palette.hexadecimal(0.7 * value, 1.0)


def _inline(explanation: Explanation, look: Look) -> str:
    """The picture as markup that holds nothing of what the user typed: RDKit's drawing, or an embedded PNG."""
    subject = explanation.subject
    if isinstance(subject, Molecule):
        limit = limit_of(explanation, look)
        svg = draw_molecule(
            subject.mol,
            explanation.relevance.tolist(),
            limit,
            PANEL,
            "svg",
            look,
            explanation.uncertain,
        )
        assert isinstance(svg, str)
        return re.sub(r"<\?xml.*?\?>", "", svg, flags=re.S)
    figure = blank((300, 300), look, "png")
    _panel(figure.add_axes((0, 0, 1, 1)), explanation, look)
    content = base64.b64encode(saved(figure, "png")).decode()
    return f'<img alt="relevance of each superpixel" src="data:image/png;base64,{content}">'


def _panel(axes: Axes, explanation: Explanation, look: Look) -> None:
    subject, limit = explanation.subject, limit_of(explanation, look)
    axes.set_axis_off()
    if isinstance(subject, Molecule):
        fine = replace(look, dpi=max(2 * DPI, look.dpi))
        png = draw_molecule(
            subject.mol,
            explanation.relevance.tolist(),
            limit,
            PANEL,
            "png",
            fine,
            explanation.uncertain,
        )
        assert isinstance(png, bytes)
        axes.imshow(matplotlib.image.imread(io.BytesIO(png)), interpolation="antialiased")
    elif subject is not None:
        draw_relevance(
            axes,
            subject,
            explanation.relevance.numpy(),
            limit,
            colour_map(look.colours),
            np.array(explanation.uncertain),
        )


def _figure(
    explanations: Sequence[Explanation],
    spearman: Sequence[Sequence[float]],
    tops: Sequence[Top],
    kind: Kind,
    look: Look,
) -> bytes:
    count = len(explanations)
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    height = 2.9 if isinstance(explanations[0].subject, Molecule) else 3.6
    side = 0.34 * count + 2.4
    with quiet_settings(), matplotlib.rc_context({"font.size": 9}):
        figure = blank(
            (round(420 * columns), round(DPI * (height * rows + side + 0.8))), look, kind
        )
        figure.set_layout_engine("constrained")
        upper, lower = figure.subfigures(
            2, 1, height_ratios=[height * rows, side], squeeze=False
        ).ravel()
        title = f"{_title(explanations[0])}\n{printable(prediction_line(explanations[0], False))}"
        figure.suptitle(title, fontsize=11, parse_math=False)
        grid = upper.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, one, top in zip(grid, explanations, tops, strict=False):
            _panel(axes, one, look)
            axes.set_title(
                f"{one.method}\nfull colour ±{limit_of(one, look):.2g}; {_ledger(one)}\ntop: {_names(top)}",
                fontsize=8,
            )
        _heat_map(lower.subplots(), spearman, [one.method for one in explanations], look)
        return saved(figure, kind)


def _heat_map(
    axes: Axes, spearman: Sequence[Sequence[float]], methods: Sequence[str], look: Look
) -> None:
    axes.imshow(np.array(spearman), cmap=colour_map(look.colours), vmin=-1, vmax=1)
    axes.set_xticks(range(len(methods)), methods, rotation=45, ha="right")
    axes.set_yticks(range(len(methods)), methods)
    axes.set_title("rank correlation (Spearman)")
    for i, row in enumerate(spearman):
        for j, value in enumerate(row):
            axes.text(j, i, _number(value), ha="center", va="center", fontsize=7)
