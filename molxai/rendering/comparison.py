"""Methods side by side: each one's picture, and a figure of all with their rank correlations."""

import base64
import html
import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from graphormer.graphs.molecules import Molecule
from graphormer.graphs.superpixels import Digit
from molxai.rendering import Kind
from molxai.rendering.bar import colour_map
from molxai.rendering.colour import Palette
from molxai.rendering.digit import draw_relevance
from molxai.rendering.figure import blank, file_content, quiet_settings
from molxai.rendering.lettering import printable, true_minus
from molxai.rendering.look import RESOLUTION, Look
from molxai.rendering.molecule import draw_molecule
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import RelevanceMap, structure_limit
from molxai.rendering.sentence import Words, draw_sentence, height_of, placed_words

PANEL = (420, 300)
"""Width and height of one method's picture, in pixels."""

DIGIT_SIDE = 300
"""Pixels of a digit's side on a page."""

COLUMNS = 4
"""Pictures in a row of a figure at most."""

MOLECULE_HEIGHT = 2.9
"""Height in inches of a molecule's panel with its words."""

DIGIT_HEIGHT = 3.6
"""Height in inches of a digit's panel with its words."""

TEXT_WORDS = 0.9
"""Height in inches of the words over a text's panel."""

PALER = 0.7
"""A correlation of 1 has this share of the full colour, on which its number is read."""

WHITE = "#fff"
"""Behind a correlation that does not exist."""


@dataclass(frozen=True, eq=False)
class MethodPanel:
    """One method's picture and the words below it."""

    method: str
    relevance_map: RelevanceMap
    total: str
    """What the relevances sum to."""
    top: str
    """The nodes of the largest magnitude."""

    def colours(self, look: Look) -> str:
        """Which values the colours stand for: of nodes, and of bonds if they have any.

        The scale is each method's own, for methods differ in unit and size.
        """
        ramp = self.relevance_map.ramp(look)
        if not self.relevance_map.signed:
            return f"one colour, {ramp.words}"
        bonds = self.relevance_map.bonds
        of_bonds = f", bonds ±{structure_limit(bonds.values()):.2g}" if bonds else ""
        return f"full colour {ramp.words}{of_bonds}"


@dataclass(frozen=True, eq=False)
class ComparisonPicture:
    """What a comparison shows."""

    title: str
    prediction: str
    panels: tuple[MethodPanel, ...]
    spearman: Sequence[Sequence[float]]
    """Rank correlation of every two methods; NaN if one is constant."""

    @property
    def methods(self) -> list[str]:
        return [panel.method for panel in self.panels]


def correlation_text(value: float) -> str:
    """A rank correlation in words; a dash if there is none.

    Example:
        >>> correlation_text(0.5), correlation_text(math.nan)
        ('+0.50', '–')
    """
    return "–" if math.isnan(value) else true_minus(f"{round(value, 2) + 0.0:+.2f}")


def correlation_colour(value: float, palette: Palette) -> str:
    """What is behind a rank correlation, as HTML writes it."""
    return WHITE if math.isnan(value) else palette.hexadecimal(PALER * value, 1.0)


def picture_markup(relevance_map: RelevanceMap, look: Look, alternative: str) -> str:
    """The picture as markup: RDKit's drawing of a molecule, and an embedded PNG of a digit or text.

    Args:
        relevance_map: what is drawn.
        look: palette and so on.
        alternative: what is said to those who do not see it, in plain text.
    """
    told = html.escape(alternative)
    if isinstance(relevance_map.subject, Molecule):
        svg = _molecule(relevance_map, "svg", look)
        svg = re.sub(r"<\?xml.*?\?>", "", svg, flags=re.S)
        return re.sub(r"<svg\b", lambda match: f'<svg role="img" aria-label="{told}"', svg, count=1)
    if isinstance(relevance_map.subject, Digit):
        figure = blank((DIGIT_SIDE, DIGIT_SIDE), look, "png")
        _draw_map(figure.add_axes((0, 0, 1, 1)), relevance_map, look)
        content = file_content(figure, "png")
    else:
        content = _words(relevance_map, _finer(look))
    source = base64.b64encode(content).decode()
    return f'<img alt="{told}" src="data:image/png;base64,{source}">'


def draw_comparison(picture: ComparisonPicture, kind: Kind, look: Look) -> bytes:
    """The figure as a file's content: the methods' pictures over their rank correlations."""
    count = len(picture.panels)
    columns = min(COLUMNS, count)
    rows = -(-count // columns)  # rounded up
    panels_height = rows * _panel_height(picture.panels[0].relevance_map.subject)
    matrix_height = 0.34 * count + 2.4
    height = round(RESOLUTION * (panels_height + matrix_height + 0.8))
    with quiet_settings(), matplotlib.rc_context({"font.size": 9}):
        figure = blank((PANEL[0] * columns, height), look, kind)
        figure.set_layout_engine("constrained")
        upper, lower = figure.subfigures(
            2, 1, height_ratios=[panels_height, matrix_height], squeeze=False
        ).ravel()
        title = f"{picture.title}\n{printable(picture.prediction)}"
        figure.suptitle(title, fontsize=11, parse_math=False)
        panel_axes = upper.subplots(rows, columns, squeeze=False)  # (rows, columns)
        _draw_panels(panel_axes.ravel().tolist(), picture, look)
        _draw_matrix(lower.subplots(), picture, look)
        return file_content(figure, kind)


def _panel_height(subject: Molecule | Digit | Words) -> float:
    """Height in inches of a panel with its words."""
    if isinstance(subject, Words):
        return TEXT_WORDS + height_of(placed_words(subject, PANEL[0])) / RESOLUTION
    return MOLECULE_HEIGHT if isinstance(subject, Molecule) else DIGIT_HEIGHT


def _draw_panels(panel_axes: Sequence[Axes], picture: ComparisonPicture, look: Look) -> None:
    """Fill the axes, of which some may be left over."""
    for axes in panel_axes:
        axes.set_axis_off()
    for axes, panel in zip(panel_axes, picture.panels, strict=False):
        _draw_map(axes, panel.relevance_map, look)
        title = f"{panel.method}\n{panel.colours(look)}; {panel.total}\nlargest: {panel.top}"
        axes.set_title(title, fontsize=8)


def _draw_map(axes: Axes, relevance_map: RelevanceMap, look: Look) -> None:
    """Draw one method's picture without words."""
    axes.set_axis_off()
    if isinstance(relevance_map.subject, Digit):
        draw_relevance(
            axes,
            relevance_map.subject,
            relevance_map.relevance,
            relevance_map.ramp(look),
            np.array(relevance_map.uncertain),
        )
        return
    if isinstance(relevance_map.subject, Words):
        png = _words(relevance_map, _finer(look))
    else:
        png = _molecule(relevance_map, "png", _finer(look))
    axes.imshow(matplotlib.image.imread(io.BytesIO(png)), interpolation="antialiased")


def _finer(look: Look) -> Look:
    """The look with enough pixels for a picture inside a figure."""
    return replace(look, dpi=max(2 * RESOLUTION, look.dpi))


def _words(relevance_map: RelevanceMap, look: Look) -> bytes:
    """A text as PNG."""
    assert isinstance(relevance_map.subject, Words)
    places = placed_words(relevance_map.subject, PANEL[0])
    figure = blank((PANEL[0], height_of(places)), look, "png")
    ramp = relevance_map.ramp(look)
    draw_sentence(figure, (0, 0), PANEL[0], places, relevance_map.values, ramp)
    return file_content(figure, "png")


def _molecule(relevance_map: RelevanceMap, kind: Kind, look: Look) -> Any:
    assert isinstance(relevance_map.subject, Molecule)
    return draw_molecule(
        relevance_map.subject.mol,
        relevance_map.values,
        relevance_map.limit(look),
        PANEL,
        kind,
        look,
        relevance_map.uncertain,
        bonds=relevance_map.bonds,
        low=relevance_map.ramp(look).low,
    )


def _draw_matrix(axes: Axes, picture: ComparisonPicture, look: Look) -> None:
    """Draw the rank correlations as a heat map with numbers."""
    methods = picture.methods
    matrix = np.array(picture.spearman)  # (methods, methods)
    axes.imshow(matrix, cmap=colour_map(Ramp(look.colours, 1.0)), vmin=-1, vmax=1)
    axes.set_xticks(range(len(methods)), methods, rotation=45, ha="right")
    axes.set_yticks(range(len(methods)), methods)
    axes.set_title("rank correlation (Spearman)")
    for i, row in enumerate(picture.spearman):
        for j, value in enumerate(row):
            axes.text(j, i, correlation_text(value), ha="center", va="center", fontsize=7)
