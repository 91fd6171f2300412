"""A finished figure made larger or smaller, with its letters and lines.

Matplotlib measures positions as shares of the figure, but letters and lines in points.
"""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from molxai.rendering.look import POINTS_PER_INCH

TICK = 3.5
"""Points of a tick, and from it to its number, as matplotlib draws them."""


def enlarge(figure: Figure, zoom: float) -> None:
    """Enlarge all that is measured in points; the size of the figure itself stays."""
    figure.draw_without_rendering()  # makes the ticks
    for artist in figure.findobj():
        _enlarge(artist, zoom)
    for axes in figure.axes:
        _enlarge_gaps(axes, zoom)


def _enlarge(artist: Artist, zoom: float) -> None:
    """Enlarge what is measured in points."""
    if isinstance(artist, Text):
        artist.set_fontsize(float(artist.get_fontsize()) * zoom)
    elif isinstance(artist, Line2D):
        artist.set_linewidth(artist.get_linewidth() * zoom)
        artist.set_markersize(artist.get_markersize() * zoom)
        artist.set_markeredgewidth(artist.get_markeredgewidth() * zoom)
    elif isinstance(artist, Patch):
        artist.set_linewidth(artist.get_linewidth() * zoom)
    elif isinstance(artist, Collection):
        widths = np.atleast_1d(artist.get_linewidth())
        artist.set_linewidth((widths * zoom).tolist())


def _enlarge_gaps(axes: Axes, zoom: float) -> None:
    """Enlarge the ticks, and what lies between them, their numbers, the axes and their titles."""
    axes.tick_params(length=TICK * zoom, pad=TICK * zoom)
    assert axes.figure is not None
    titles: Any = axes  # matplotlib's stubs lack the offset
    shift = titles.titleOffsetTrans.get_matrix()[1, 2]  # in pixels
    pad = shift * POINTS_PER_INCH / axes.figure.dpi
    for title in (child for child in axes.get_children() if isinstance(child, Text)):
        for side in ("left", "center"):
            if title.get_text() and title.get_text() == axes.get_title(loc=side):
                size = title.get_fontsize()
                axes.set_title(title.get_text(), loc=side, pad=pad * zoom, fontsize=size)
