"""A pair flow as a picture: arcs between the atoms or segments that exchanged most, and the flow by distance."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from graphormer.files import write_file
from graphormer.graphs.molecules import Molecule, shortened
from graphormer.graphs.superpixels import SIDE, Digit
from molxai.explanation.captions import prediction_line, printable
from molxai.explanation.explanation import Explanation
from molxai.explanation.flow import hop_buckets
from molxai.explanation.pair_flow import PairFlow
from molxai.rendering.arcs import WIDEST, Scene, draw_arcs
from molxai.rendering.colour import BLUE, RED, scale
from molxai.rendering.digit import boundaries
from molxai.rendering.layout import flat_copy
from molxai.rendering.picture import DPI, axes_at, kind_of, quiet_settings, saved, spliced

WIDTH, DRAWING, HEADER, KEY, FOOTER = 1120, (660, 460), 64, 40, 100
"""Width of a picture; size of the molecule's or digit's drawing; heights of the lines above, the key of widths, the lines below."""

LABELS, PROFILE = 134, 304
"""Width of the names of the distances and of their bars, right of the drawing."""

NAMED, LETTERS = 5, 165
"""Arcs that are given in numbers, and letters in a line below the picture."""

LONGEST_BOND, LETTER = 50, 0.4
"""Pixels per Å, at most, so that few atoms are not blown up; radius of a letter, in halves of a bond."""

MOST_BARS, TALLEST_BAR = 21, 32
"""Bars, of which the last distance stands for all longer ones, and pixels for each at most."""


def draw_flow(
    source: Explanation | PairFlow, path: str | Path | None = None, top: int = 12
) -> str | bytes:
    """The picture as SVG text, or as PNG bytes where `path` ends in .png; written to `path` where one is given.

    Arcs join the `top` pairs of nodes with the largest |F_ij + F_ji|, summed over layers and heads: as wide as that is,
    red for the target, blue against it. In an SVG each is a group `flow-i-j` of node numbers i < j. The bars are the
    flow by distance, all pairs included, and sum to the total. Flows say how evidence was carried between nodes given
    the attention: an arc along a bond is no relevance of the bond.

    Args:
        source: an explanation by lrp, or its flow.
        path: ends in .svg or .png.
        top: number of arcs.

    Raises:
        ValueError: there is nothing to draw on, the explanation has no flow, or the file name ends otherwise.
    """
    kind = kind_of(path)
    flow = source.pair_flow() if isinstance(source, Explanation) else source
    if flow.explanation is None or flow.explanation.subject is None:
        raise ValueError(
            "the flow of a bare graph has no picture: take the pair_flow of an explanation"
        )
    with quiet_settings():
        content = _picture(flow, flow.explanation, kind, top)
    if path:
        write_file(Path(path), content)
    return content


def _picture(
    flow: PairFlow, explanation: Explanation, kind: Literal["svg", "png"], top: int
) -> str | bytes:
    subject, unit = explanation.subject, explanation.unit
    figure = Figure(
        figsize=(WIDTH / DPI, (HEADER + DRAWING[1] + KEY + FOOTER) / DPI),
        dpi=DPI,
        facecolor="white",
    )
    axes = axes_at(figure, 0, FOOTER + KEY, *DRAWING)
    axes.set(xlim=(0, DRAWING[0]), ylim=(DRAWING[1], 0))
    axes.axis("off")
    shown = flow.strongest(top)
    limit = scale([value for _, _, value in shown])
    numbered = {node for i, j, _ in shown for node in (i, j)}
    if isinstance(subject, Molecule):
        skeleton, scene = _skeleton(axes, subject, kind, numbered)
    else:
        assert isinstance(subject, Digit)
        skeleton, scene = None, _strokes(figure, subject, numbered)
    draw_arcs(scene, shown, limit)
    _key(figure, limit, f"two {_nodes(explanation)} ({unit})")
    _profile(figure, flow, unit)
    _texts(figure, flow, explanation, shown)
    return _merged(figure, skeleton, kind)


def _merged(
    figure: Figure, skeleton: str | bytes | None, kind: Literal["svg", "png"]
) -> str | bytes:
    """The finished figure with RDKit's drawing over the arcs."""
    if isinstance(skeleton, bytes):
        figure.figimage(
            matplotlib.image.imread(io.BytesIO(skeleton)),
            0,
            FOOTER + KEY,
            origin="upper",
            zorder=10,
        )
    if kind == "png":
        return saved(figure, kind)
    picture = saved(figure, kind).decode()
    return spliced(picture, skeleton, HEADER, DRAWING) if isinstance(skeleton, str) else picture


def _skeleton(
    axes: Axes, molecule: Molecule, kind: Literal["svg", "png"], numbered: set[int]
) -> tuple[str | bytes, Scene]:
    """RDKit's black drawing without a background, with the numbers of some atoms, and where it put the atoms."""
    from rdkit.Chem.Draw import (
        rdMolDraw2D,
    )  # here: `molecule.py`, imported first, says what a machine that cannot draw lacks

    drawer = (
        rdMolDraw2D.MolDraw2DSVG(*DRAWING)
        if kind == "svg"
        else rdMolDraw2D.MolDraw2DCairo(*DRAWING)
    )
    options = drawer.drawOptions()
    options.useBWAtomPalette()
    options.clearBackground = False
    options.padding = 0.12
    options.fixedBondLength = LONGEST_BOND
    options.minFontSize, options.maxFontSize = 10, 20
    options.annotationFontScale = 0.65
    options.prepareMolsBeforeDrawing = False  # it would add the hydrogens that `flat_copy` left out
    flat = flat_copy(molecule.mol)
    for i in numbered:
        flat.GetAtomWithIdx(i).SetProp("atomNote", str(i))
    drawer.DrawMolecule(flat)
    drawer.FinishDrawing()
    found = [drawer.GetDrawCoords(i) for i in range(flat.GetNumAtoms())]
    places = np.array([(point.x, point.y) for point in found])
    letters = [
        (atom.GetSymbol() != "C" or not atom.GetDegree()) * (1 + (atom.GetTotalNumHs() > 0))
        for atom in flat.GetAtoms()
    ]
    bonds = [
        np.linalg.norm(places[bond.GetBeginAtomIdx()] - places[bond.GetEndAtomIdx()])
        for bond in flat.GetBonds()
    ]
    reach = float(np.median(bonds)) / 2 if bonds else LONGEST_BOND / 2
    return drawer.GetDrawingText(), Scene(axes, places, reach, LETTER * reach * np.array(letters))


def _strokes(figure: Figure, digit: Digit, numbered: set[int]) -> Scene:
    """The picture in grey with its segments and the numbers of some, and their centroids."""
    side = DRAWING[1]
    axes = axes_at(figure, (DRAWING[0] - side) / 2, FOOTER + KEY, side, side)
    axes.imshow(digit.image, cmap="gray_r", vmin=0, vmax=2.2)
    boundaries(axes, digit.segments, "0.85", 0.5)
    axes.set_xticks([])
    axes.set_yticks([])
    assert digit.graph.positions is not None
    places = digit.graph.positions.double().numpy()[:, ::-1]
    for i in numbered:
        text = axes.annotate(
            str(i), places[i], (4, 4), textcoords="offset points", fontsize=8, zorder=5
        )
        text.set_path_effects([withStroke(linewidth=2, foreground="white")])
    return Scene(axes, places, SIDE / digit.graph.nodes**0.5 / 2, np.zeros(digit.graph.nodes))


def _key(figure: Figure, limit: float, between: str) -> None:
    """What the widths mean."""
    axes = axes_at(figure, 0, FOOTER, DRAWING[0], KEY)
    axes.set(xlim=(0, DRAWING[0]), ylim=(0, KEY))
    axes.axis("off")
    axes.text(14, KEY / 2, f"Carried between {between}:", fontsize=9, va="center")
    for place, value in enumerate((limit, limit / 2, limit / 8)):
        x = 290 + 122 * place
        for colour, left in ((RED, x), (BLUE, x + 24)):
            axes.plot(
                [left, left + 20],
                [KEY / 2] * 2,
                color=colour,
                linewidth=WIDEST * value / limit,
                alpha=0.8,
                solid_capstyle="butt",
            )
        axes.text(x + 52, KEY / 2, f"±{value:.2g}", fontsize=9, va="center")


def _profile(figure: Figure, flow: PairFlow, unit: str) -> None:
    """A bar for each distance, with its number, and the sum of all."""
    bars = _bars(flow.by_hops())
    height = min(DRAWING[1] - 44, TALLEST_BAR * len(bars))
    axes = axes_at(
        figure, DRAWING[0] + LABELS, FOOTER + KEY + DRAWING[1] - 44 - height, PROFILE, height
    )
    values, rows = list(bars.values()), np.arange(len(bars))
    axes.barh(rows, values, height=0.66, color=[RED if value > 0 else BLUE for value in values])
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.3 * max(high - low, 1e-9)
    axes.set(xlim=(low - room * (low < 0), high + room), ylim=(len(bars) - 0.4, -0.6), yticks=rows)
    axes.set_yticklabels(list(bars), fontsize=9)
    for row, value in enumerate(values):
        left = value < 0
        axes.annotate(
            _number(value),
            (value, row),
            (-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8.5,
        )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8.5)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(f"{unit}, all layers and heads", fontsize=9)
    axes.set_title(
        f"Carried over each distance; sum {_number(flow.total())}", fontsize=10, loc="left", pad=8
    )


def _bars(by_hops: dict[str, float]) -> dict[str, float]:
    """The buckets, with the longest distances in one where there are many."""
    hops = [name for name in by_hops if name[0].isdigit()]
    rest = {name: value for name, value in by_hops.items() if name not in hops}
    own = hops[: MOST_BARS - len(rest) - (len(by_hops) > MOST_BARS)]
    bars = {name: by_hops[name] for name in own}
    if far := hops[len(own) :]:
        bars[f"{far[0].split()[0]} to {far[-1]}"] = sum(by_hops[name] for name in far)
    return bars | rest


def _texts(
    figure: Figure,
    flow: PairFlow,
    explanation: Explanation,
    shown: Sequence[tuple[int, int, float]],
) -> None:
    """Title and prediction above; what is shown, what each layer carried and how to read it below."""
    height = figure.get_size_inches()[1] * DPI
    lines = [
        (height - 24, 12, "bold", "Pair flow · " + shortened(explanation.name, 88)),
        (height - 47, 10, "normal", prediction_line(explanation)),
    ]
    below = (
        _arc_line(flow, explanation, shown),
        _strongest_line(flow, shown),
        _layer_line(flow),
        _reading_line(explanation),
    )
    lines += [
        (FOOTER - 18 - 20 * row, 9, "normal", shortened(text, LETTERS))
        for row, text in enumerate(below)
    ]
    for y, size, weight, text in lines:
        figure.text(
            14 / WIDTH,
            y / height,
            printable(text),
            fontsize=size,
            fontweight=weight,
            parse_math=False,
            color="black",
        )


def _nodes(explanation: Explanation) -> str:
    return "atoms" if isinstance(explanation.subject, Molecule) else "superpixels"


def _arc_line(
    flow: PairFlow, explanation: Explanation, shown: Sequence[tuple[int, int, float]]
) -> str:
    """How much of the flow the arcs are."""
    between = flow.pairs()[1:, 1:]
    everything, pairs = (
        float(between.sum() - between.trace()),
        len(between) * (len(between) - 1) // 2,
    )
    arcs = f"Arcs: {len(shown)} of {pairs} pairs of different {_nodes(explanation)}"
    return f"{arcs}, Σ shown {_number(sum(value for *_, value in shown))} of Σ all {_number(everything)}."


def _strongest_line(flow: PairFlow, shown: Sequence[tuple[int, int, float]]) -> str:
    """The first arcs in numbers."""
    buckets, bucket = hop_buckets(flow.graph)
    named = [
        f"{flow.names[i + 1]}–{flow.names[j + 1]} {_number(value)} ({buckets[int(bucket[i + 1, j + 1])]})"
        for i, j, value in shown[:NAMED]
    ]
    return f"Strongest: {', '.join(named) or 'none'}."


def _layer_line(flow: PairFlow) -> str:
    """What each layer's attention carried."""
    layers = ", ".join(map(_number, flow.totals.sum(1).tolist()))
    return f"Layers, first to last (they overlap and do not sum to the output): {layers}."


def _reading_line(explanation: Explanation) -> str:
    """What the colours say, and what they do not."""
    raised = f"Red was carried for {explanation.target_name}, blue against it"
    said = "Red raised the value, blue lowered it" if explanation.probability is None else raised
    bonds = (
        " A bond has no relevance of its own." if isinstance(explanation.subject, Molecule) else ""
    )
    return f"{said}: how evidence moved, taking the attention as given.{bonds}"


def _number(value: float) -> str:
    return f"{value:+.3f}" if abs(value) >= 5e-4 else "0"
