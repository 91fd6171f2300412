"""Arcs between nodes of a drawing that keep clear of what is written and of each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy import ndarray

from molxai.rendering.colour import BLUE, RED
from molxai.rendering.crowding import distances_between

Arc = tuple[int, int, float]
"""Two nodes and the value between them."""

WIDEST = 9.0
"""Width in points of an arc of the full scale; the others are in proportion."""

ALPHA = 0.8
"""Opacity of an arc: what it crosses must be seen."""

BENDS = tuple(side * bend for bend in (0.12, 0.2, 0.3, 0.42, 0.58) for side in (1, -1))
"""Sideways reach of an arc's control point, as a share of its length.

The least crowded one is taken.
"""

STEPS = np.linspace(0.0, 1.0, 41)
"""Positions along an arc at which it is drawn and its surroundings are looked at."""

ENDS = 4
"""Positions at either end of an arc that may be near its own nodes."""

MOST_CUT = 0.3
"""Share of its length at most that an arc leaves free around a node."""

CROWD_WEIGHT = 4
"""How much worse a crowded arc is than one of a larger bend."""

ARC_SHARE = 0.5
"""How much another arc is in the way, compared with a node."""

OUTSIDE_WEIGHT = 10
"""How much worse an arc beyond the edge is than one of a larger bend."""


@dataclass(frozen=True)
class Scene:
    """Where the nodes lie, in the units of `axes`."""

    axes: Axes
    places: Float[ndarray, "nodes 2"]
    reach: float
    """Half the distance of neighbouring nodes: closer to an arc than that is crowded."""
    gaps: Float[ndarray, " nodes"]
    """Radius around each node that arcs leave free for what is written there."""


def draw_arcs(scene: Scene, arcs: Sequence[Arc], limit: float) -> None:
    """One curve for each pair; the strongest chooses its way first and lies on top."""
    curves: list[ndarray] = []
    for rank, (i, j, value) in enumerate(arcs):
        curve = _least_crowded(scene, i, j, curves)
        curves.append(curve)
        is_clear = _is_clear_of(scene, i, curve) & _is_clear_of(scene, j, curve)
        patch = PathPatch(
            Path(curve[is_clear]),
            fill=False,
            edgecolor=RED if value > 0 else BLUE,
            linewidth=WIDEST * abs(value) / limit,
            capstyle="round",
            alpha=ALPHA,
        )
        depth = rank / len(arcs)
        patch.set(gid=f"flow-{i}-{j}", zorder=3 - depth)
        scene.axes.add_patch(patch)


def _is_clear_of(
    scene: Scene, node: int, curve: Float[ndarray, "steps 2"]
) -> Bool[ndarray, " steps"]:
    """Whether each point of the curve is outside of what is written at the node."""
    chord = curve[-1] - curve[0]
    length = float(np.linalg.norm(chord))
    gap = min(scene.gaps[node], MOST_CUT * length)
    distances = np.linalg.norm(curve - scene.places[node], axis=1)  # (steps,)
    return distances >= gap


def _least_crowded(
    scene: Scene, i: int, j: int, arcs: Sequence[ndarray]
) -> Float[ndarray, "steps 2"]:
    """The arc from node i to node j that keeps clear of other nodes, other arcs and the edge."""
    other_nodes = np.delete(scene.places, (i, j), axis=0)  # (nodes - 2, 2)
    start = scene.places[i]
    end = scene.places[j]
    curves = [_curve(start, end, bend) for bend in BENDS]
    costs = [
        _crowd(scene, curve, other_nodes, arcs) + abs(bend)
        for curve, bend in zip(curves, BENDS, strict=True)
    ]
    return curves[int(np.argmin(costs))]


def _curve(start: ndarray, end: ndarray, bend: float) -> Float[ndarray, "steps 2"]:
    """A quadratic Bézier curve."""
    x, y = end - start
    across = np.array([y, -x])
    middle = (start + end) / 2
    control = middle + bend * across
    t = STEPS[:, None]  # (steps, 1)
    rest = 1 - t
    from_start = rest**2 * start  # (steps, 2)
    from_control = 2 * t * rest * control  # (steps, 2)
    from_end = t**2 * end  # (steps, 2)
    return from_start + from_control + from_end


def _crowd(
    scene: Scene, curve: ndarray, other_nodes: ndarray, other_arcs: Sequence[ndarray]
) -> float:
    """How much is in the way, as a share of the arc."""
    inner = curve[ENDS:-ENDS]
    crowd = _near(inner, other_nodes, scene.reach)
    for arc in other_arcs:
        inner_arc = arc[ENDS:-ENDS]
        crowd += ARC_SHARE * _near(inner, inner_arc, scene.reach / 2)
    is_outside = _is_outside(scene.axes, curve)
    outside = float(is_outside.mean())
    return CROWD_WEIGHT * crowd + OUTSIDE_WEIGHT * outside


def _is_outside(axes: Axes, curve: Float[ndarray, "steps 2"]) -> Bool[ndarray, " steps"]:
    """Whether each point of the curve is beyond the edge of the axes."""
    left, right = sorted(axes.get_xlim())
    low, high = sorted(axes.get_ylim())
    x, y = curve.T  # (steps,) each
    is_beside = (x < left) | (x > right)
    is_below_or_above = (y < low) | (y > high)
    return is_beside | is_below_or_above


def _near(curve: ndarray, places: ndarray, reach: float) -> float:
    """Share of the curve that is near any of the places."""
    if not len(places):
        return 0.0
    distances = distances_between(curve, places)  # (steps, places)
    nearest = distances.min(1) / reach  # (steps,)
    nearness = np.exp(-(nearest**2))  # (steps,)
    return float(nearness.mean())
