"""A pair flow as a picture: arcs between the nodes that exchanged most, and bars by distance."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from graphormer.graphs.molecules import Molecule, shortened
from graphormer.graphs.slic import SIDE
from graphormer.graphs.superpixels import Digit
from molxai.rendering import Kind
from molxai.rendering.about import About
from molxai.rendering.arcs import ALPHA, WIDEST, Arc, Scene, draw_arcs
from molxai.rendering.colour import BLUE, RED, scale
from molxai.rendering.digit import draw_boundaries
from molxai.rendering.figure import (
    IN_FRONT,
    MARGIN,
    Sheet,
    axes_at,
    blank,
    draw_to,
    merge,
    write,
)
from molxai.rendering.lettering import cut_to_fit
from molxai.rendering.look import PLAIN, RESOLUTION
from molxai.rendering.skeleton import draw_skeleton
from molxai.rendering.wording import signed_or_zero

Subject = Molecule | Digit
"""What a flow is drawn on."""

WIDTH = 1120
"""Width of a picture in pixels."""

DRAWING = (660, 460)
"""Width and height of the molecule's or digit's drawing."""

HEADER = 64
"""Height of the lines above."""

KEY = 40
"""Height of the key of widths, below the drawing."""

FOOTER = 100
"""Height of the lines below all."""

LINE = 20
"""Height of one line of those."""

HEIGHT = HEADER + DRAWING[1] + KEY + FOOTER
"""Height of a picture in pixels."""

TITLE_ROOM = (WIDTH - 2 * MARGIN) / RESOLUTION * 72 / 12
"""Room for the title, whose letters are 12 points large, as a multiple of their size."""

PREDICTION_ROOM = (WIDTH - 2 * MARGIN) / RESOLUTION * 72 / 10
"""The same for the line below, whose letters are 10 points large."""

LABELS = 134
"""Width of the names of the distances, right of the drawing."""

PROFILE = 304
"""Width of the bars of the distances."""

ABOVE_PROFILE = 44
"""Pixels above the bars, for their title and the axis below them."""

LETTERS = 165
"""Letters in a line below the picture."""

MOST_BARS = 21
"""Bars at most, of which the last distance stands for all longer ones."""

TALLEST_BAR = 32
"""Pixels for each bar at most."""

KEY_SHARES = (1, 1 / 2, 1 / 8)
"""Widths in the key, as shares of the widest."""

KEY_LEFT = 290
"""Where the first width of the key stands, right of its words."""

KEY_STEP = 122
"""Pixels from one width of the key to the next."""

STROKE = 20
"""Length in pixels of a line in the key."""

AROUND_BARS = 0.3
"""Share of the bars' range that is left free for their numbers."""


@dataclass(frozen=True, eq=False)
class FlowPicture:
    """What the picture of a flow shows."""

    subject: Subject
    arcs: tuple[Arc, ...]
    """Pairs of nodes with the relevance carried between them, the largest first."""
    by_distance: Mapping[str, float]
    """Relevance carried over each distance."""
    total: float
    unit: str
    title: str
    prediction: str
    reading: tuple[str, ...] = ()
    """Lines below: what is shown, and how to read it."""


def node_words(subject: Subject) -> str:
    """What the nodes are."""
    return "atoms" if isinstance(subject, Molecule) else "superpixels"


def draw_flow(picture: FlowPicture, path: str | Path | None = None) -> str | bytes:
    """The picture in the format of the file's ending, or as SVG text; written to `path`.

    Arcs are as wide as what was carried, red for the target, blue against it. In an SVG each is a
    group `flow-i-j` of node numbers i < j.

    Raises:
        ValueError: the file name ends otherwise.
    """
    return draw_to(path, partial(_draw, picture))


def _draw(picture: FlowPicture, kind: Kind) -> str | bytes:
    about = About(picture.title, " ".join(picture.reading))
    figure = blank((WIDTH, HEIGHT), PLAIN, kind, about=about)
    axes = axes_at(figure, 0, FOOTER + KEY, *DRAWING)
    width, height = DRAWING
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    limit = scale([value for _, _, value in picture.arcs])
    numbered = {node for i, j, _ in picture.arcs for node in (i, j)}
    skeleton: str | bytes | None = None
    if isinstance(picture.subject, Molecule):
        skeleton, scene = draw_skeleton(axes, picture.subject, DRAWING, kind, numbered)
    else:
        scene = _strokes(figure, picture.subject, numbered)
    draw_arcs(scene, picture.arcs, limit)
    nodes = node_words(picture.subject)
    _draw_key(figure, limit, f"two {nodes} ({picture.unit})")
    _draw_profile(figure, picture)
    _write_lines(figure, picture)
    drawings = [] if skeleton is None else [(skeleton, (0, HEADER))]
    return merge(figure, drawings, DRAWING, kind, IN_FRONT)


def _strokes(figure: Sheet, digit: Digit, numbered: set[int]) -> Scene:
    """The picture in grey with its segments and the numbers of some, and their centroids."""
    side = DRAWING[1]
    left = (DRAWING[0] - side) / 2
    axes = axes_at(figure, left, FOOTER + KEY, side, side)
    axes.imshow(digit.image, cmap="gray_r", vmin=0, vmax=2.2)
    draw_boundaries(axes, digit.segments, "0.85", 0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    assert digit.graph.positions is not None
    rows_and_columns = digit.graph.positions.double().numpy()  # (nodes, 2)
    places = rows_and_columns[:, ::-1]  # (nodes, 2): x and y
    for node in numbered:
        text = axes.annotate(
            str(node), places[node], (4, 4), textcoords="offset points", fontsize=8, zorder=5
        )
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])
    nodes = digit.graph.nodes
    segment = SIDE / nodes**0.5
    return Scene(axes, places, segment / 2, np.zeros(nodes))


def _draw_key(figure: Sheet, limit: float, between: str) -> None:
    """What the widths mean."""
    axes = axes_at(figure, 0, FOOTER, DRAWING[0], KEY)
    axes.set(xlim=(0, DRAWING[0]), ylim=(0, KEY))
    axes.axis("off")
    middle = KEY / 2
    axes.text(MARGIN, middle, f"Carried between {between}:", fontsize=9, va="center")
    for column, share in enumerate(KEY_SHARES):
        value = limit * share
        left = KEY_LEFT + KEY_STEP * column
        for colour, start in ((RED, left), (BLUE, left + STROKE + 4)):
            axes.plot(
                [start, start + STROKE],
                [middle, middle],
                color=colour,
                linewidth=WIDEST * value / limit,
                alpha=ALPHA,
                solid_capstyle="butt",
            )
        axes.text(left + 52, middle, f"±{value:.3f}", fontsize=9, va="center")


def _draw_profile(figure: Sheet, picture: FlowPicture) -> None:
    """A bar for each distance, with its number, and the sum of all."""
    bars = _bars(picture.by_distance)
    values = list(bars.values())
    rows = np.arange(len(bars))
    colours = [RED if value > 0 else BLUE for value in values]
    axes = _profile_axes(figure, len(bars))
    axes.barh(rows, values, height=0.66, color=colours)
    low = min(0.0, *values)
    high = max(0.0, *values)
    room = AROUND_BARS * max(high - low, 1e-9)
    if low < 0:
        low -= room
    axes.set_xlim(low, high + room)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_yticks(rows)
    axes.set_yticklabels(list(bars), fontsize=9)
    for row, value in enumerate(values):
        _write_number(axes, row, value)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(f"{picture.unit}, all layers and heads", fontsize=9)
    title = f"Carried over each distance; sum {signed_or_zero(picture.total)}"
    axes.set_title(title, fontsize=10, loc="left", pad=8)


def _profile_axes(figure: Sheet, bars: int) -> Axes:
    """Axes right of the drawing that are as tall as the bars need."""
    room = DRAWING[1] - ABOVE_PROFILE
    height = min(room, TALLEST_BAR * bars)
    below = FOOTER + KEY + room - height
    return axes_at(figure, DRAWING[0] + LABELS, below, PROFILE, height)


def _write_number(axes: Axes, row: int, value: float) -> None:
    """Write a value beyond the end of its bar."""
    is_left = value < 0
    axes.annotate(
        signed_or_zero(value),
        (value, row),
        (-4 if is_left else 4, 0),
        textcoords="offset points",
        ha="right" if is_left else "left",
        va="center",
        fontsize=8.5,
    )


def _bars(by_distance: Mapping[str, float]) -> dict[str, float]:
    """The distances, with the longest in one if there are many.

    Example:
        >>> hops = {f"{count} hops": 1.0 for count in range(2, 40)}
        >>> list(_bars(hops | {"unreachable": 0.5}).items())[-2:]
        [('21 to 39 hops', 19.0), ('unreachable', 0.5)]
    """
    hops = [name for name in by_distance if name[0].isdigit()]
    others = {name: value for name, value in by_distance.items() if name not in hops}
    is_full = len(by_distance) > MOST_BARS  # one bar is then kept for the longest
    near = hops[: MOST_BARS - len(others) - is_full]
    far = hops[len(near) :]
    bars = {name: by_distance[name] for name in near}
    if far:
        nearest = far[0].split()[0]
        furthest = far[-1]
        total = sum(by_distance[name] for name in far)
        bars[f"{nearest} to {furthest}"] = total
    return bars | others


def _write_lines(figure: Sheet, picture: FlowPicture) -> None:
    """Title and prediction above; what is shown and how to read it below."""
    write(
        figure,
        MARGIN,
        HEIGHT - 24,
        cut_to_fit(picture.title, TITLE_ROOM, bold=True),
        fontsize=12,
        fontweight="bold",
    )
    write(
        figure,
        MARGIN,
        HEIGHT - 47,
        cut_to_fit(picture.prediction, PREDICTION_ROOM),
        fontsize=10,
        fontweight="normal",
    )
    for row, text in enumerate(picture.reading):
        write(
            figure,
            MARGIN,
            FOOTER - 18 - LINE * row,
            shortened(text, LETTERS),
            fontsize=9,
            fontweight="normal",
        )
