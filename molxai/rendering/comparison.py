"""Methods side by side: one page, or one figure, with their rank correlations and most relevant nodes."""

import base64
import io
import math
import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from jinja2 import Environment, PackageLoader
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graphormer.files import write_file
from graphormer.molecules import Molecule, shortened
from molxai.explanation import Explanation
from molxai.rendering import COMPARISON_ENDINGS
from molxai.rendering.caption import prediction_line
from molxai.rendering.colour import BLUE, RED, WHITE, mix
from molxai.rendering.digit import draw_relevance
from molxai.rendering.molecule import draw_molecule
from molxai.rendering.picture import DIVERGING

PANEL = (420, 300)
"""Width and height of one method's picture, in pixels."""

COLUMNS = 4
"""Of pictures in a figure, at most."""

Top = Sequence[tuple[str, float]]


def draw_comparison(explanations: Sequence[Explanation], spearman: Sequence[Sequence[float]], tops: Sequence[Top], path: Path) -> None:
    """Write the page or the figure that the file's ending asks for.

    Raises:
        ValueError: another ending, or there is nothing to draw.
    """
    ending = path.suffix.lower()
    if ending not in COMPARISON_ENDINGS:
        raise ValueError(f"{path}: a comparison is drawn as {', '.join(COMPARISON_ENDINGS)}")
    if explanations[0].subject is None:
        raise ValueError("explanations of a bare graph have no picture: compare a molecule or a digit")
    content = _page(explanations, spearman, tops) if ending == ".html" else _figure(explanations, spearman, tops, ending[1:])
    write_file(path, content)


def limit_of(explanation: Explanation) -> float:
    """The magnitude in full colour: the method's largest, for methods differ in unit and size."""
    return max(map(abs, explanation.relevance.tolist()), default=0.0) or 1.0


def _title(explanation: Explanation) -> str:
    subject = explanation.subject
    return subject.id or (shortened(subject.smiles, 90) if isinstance(subject, Molecule) else "digit") if subject else ""


def _ledger(explanation: Explanation) -> str:
    size = abs(explanation.logit) + float(explanation.relevance.abs().sum())
    if abs(explanation.gap) <= 1e-4 * size:
        return f"adds up to the logit {explanation.logit:+.2f}"
    return f"Σ {float(explanation.relevance.sum()):+.3g}, logit {explanation.logit:+.2f}: does not add up"


def _names(top: Top) -> str:
    return ", ".join(name for name, _ in top)


def _page(explanations: Sequence[Explanation], spearman: Sequence[Sequence[float]], tops: Sequence[Top]) -> str:
    panels = [
        {"method": one.method, "picture": _inline(one), "limit": f"{limit_of(one):.2g}", "ledger": _ledger(one), "top": _names(top)}
        for one, top in zip(explanations, tops, strict=True)
    ]
    matrix = [[{"text": _number(value), "colour": _shade(value)} for value in row] for row in spearman]
    template = Environment(loader=PackageLoader("molxai.rendering"), autoescape=True).get_template("comparison.html")
    first = explanations[0]
    methods = [one.method for one in explanations]
    return template.render(title=_title(first), prediction=prediction_line(first, False), panels=panels, methods=methods, matrix=matrix)


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.2f}"


def _shade(value: float) -> str:
    if math.isnan(value):
        return "#fff"
    red, green, blue = mix(WHITE, RED if value > 0 else BLUE, 0.7 * min(abs(value), 1.0))
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def _inline(explanation: Explanation) -> str:
    """The picture as markup that holds nothing of what the user typed: RDKit's drawing, or an embedded PNG."""
    subject = explanation.subject
    if isinstance(subject, Molecule):
        svg = draw_molecule(subject.mol, explanation.relevance.tolist(), limit_of(explanation), PANEL, "svg")
        assert isinstance(svg, str)
        return re.sub(r"<\?xml.*?\?>", "", svg, flags=re.S)
    figure = Figure(figsize=(3, 3), dpi=100)
    _panel(figure.add_axes((0, 0, 1, 1)), explanation)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return f'<img alt="relevance of each superpixel" src="data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}">'


def _panel(axes: Axes, explanation: Explanation) -> None:
    subject, limit = explanation.subject, limit_of(explanation)
    axes.set_axis_off()
    if isinstance(subject, Molecule):
        size = (2 * PANEL[0], 2 * PANEL[1])
        png = draw_molecule(subject.mol, explanation.relevance.tolist(), limit, size, "png")
        assert isinstance(png, bytes)
        axes.imshow(matplotlib.image.imread(io.BytesIO(png)), interpolation="antialiased")
    elif subject is not None:
        draw_relevance(axes, subject, explanation.relevance.numpy(), limit, DIVERGING)


def _figure(explanations: Sequence[Explanation], spearman: Sequence[Sequence[float]], tops: Sequence[Top], kind: str) -> bytes:
    count = len(explanations)
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    height = 2.9 if isinstance(explanations[0].subject, Molecule) else 3.6
    side = 0.34 * count + 2.4
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "molxai", "font.family": "DejaVu Sans", "font.size": 9}):
        figure = Figure(figsize=(4.2 * columns, height * rows + side + 0.8), layout="constrained")
        upper, lower = figure.subfigures(2, 1, height_ratios=[height * rows, side], squeeze=False).ravel()
        figure.suptitle(f"{_title(explanations[0])}\n{prediction_line(explanations[0], False)}", fontsize=11, parse_math=False)
        grid = upper.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid:
            axes.set_axis_off()
        for axes, one, top in zip(grid, explanations, tops, strict=False):
            _panel(axes, one)
            axes.set_title(f"{one.method}\nfull colour ±{limit_of(one):.2g}; {_ledger(one)}\ntop: {_names(top)}", fontsize=8)
        _heat_map(lower.subplots(), spearman, [one.method for one in explanations])
        content = io.BytesIO()
        figure.savefig(content, format=kind, dpi=110, metadata={"Date": None} if kind == "svg" else None)
    return content.getvalue()


def _heat_map(axes: Axes, spearman: Sequence[Sequence[float]], methods: Sequence[str]) -> None:
    axes.imshow(np.array(spearman), cmap=DIVERGING, vmin=-1, vmax=1)
    axes.set_xticks(range(len(methods)), methods, rotation=45, ha="right")
    axes.set_yticks(range(len(methods)), methods)
    axes.set_title("rank correlation (Spearman)")
    for i, row in enumerate(spearman):
        for j, value in enumerate(row):
            axes.text(j, i, _number(value), ha="center", va="center", fontsize=7)
