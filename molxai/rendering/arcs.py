"""Arcs between places of a drawing, laid so that they keep clear of what is written and of each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy import ndarray

from molxai.rendering.colour import BLUE, RED

WIDEST = 9.0
"""Width in points of an arc of the full scale; the others are in proportion."""

BENDS = tuple(side * bend for bend in (0.12, 0.2, 0.3, 0.42, 0.58) for side in (1, -1))
"""Sideways reach of an arc's control point, as a share of its length: the least crowded one is taken."""

STEPS = np.linspace(0.0, 1.0, 41)
"""Places along an arc at which it is drawn and its surroundings are looked at."""


@dataclass(frozen=True)
class Scene:
    """Where the nodes lie, in the units of `axes`."""

    axes: Axes
    places: Float[ndarray, "nodes 2"]
    reach: float
    """Half the distance of neighbouring nodes: closer to an arc than that is crowded."""
    gaps: Float[ndarray, " nodes"]
    """Radius around each node that arcs leave free for what is written there."""


def draw_arcs(scene: Scene, shown: Sequence[tuple[int, int, float]], limit: float) -> None:
    """One curve for each pair; the strongest chooses its way first and lies on top."""
    taken: list[ndarray] = []
    for rank, (i, j, value) in enumerate(shown):
        curve = _least_crowded(scene, i, j, taken)
        taken.append(curve)
        longest = 0.3 * float(np.linalg.norm(curve[-1] - curve[0]))
        clear = [
            np.linalg.norm(curve - scene.places[node], axis=1) >= min(scene.gaps[node], longest)
            for node in (i, j)
        ]
        patch = PathPatch(
            Path(curve[np.logical_and(*clear)]),
            fill=False,
            edgecolor=RED if value > 0 else BLUE,
            linewidth=WIDEST * abs(value) / limit,
            capstyle="round",
            alpha=0.8,
        )
        patch.set(gid=f"flow-{i}-{j}", zorder=3 - rank / len(shown))
        scene.axes.add_patch(patch)


def _least_crowded(scene: Scene, i: int, j: int, taken: Sequence[ndarray]) -> ndarray:
    """`[points, 2]` along the arc from node i to node j that keeps clear of other nodes, other arcs and the edge."""
    others = np.delete(scene.places, (i, j), axis=0)
    curves = [_bent(scene.places[i], scene.places[j], bend) for bend in BENDS]
    return curves[
        int(
            np.argmin(
                [
                    _crowd(scene, curve, others, taken) + abs(bend)
                    for curve, bend in zip(curves, BENDS, strict=True)
                ]
            )
        )
    ]


def _bent(start: ndarray, end: ndarray, bend: float) -> ndarray:
    """A quadratic Bézier curve."""
    across = np.array([end[1] - start[1], start[0] - end[0]])
    middle, t = (start + end) / 2 + bend * across, STEPS[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def _crowd(scene: Scene, curve: ndarray, others: ndarray, taken: Sequence[ndarray]) -> float:
    """How much is in the way, as a share of the arc."""
    inner = curve[4:-4]
    near = [
        _near(inner, others, scene.reach),
        *(0.5 * _near(inner, arc[4:-4], scene.reach / 2) for arc in taken),
    ]
    (left, right), (low, high) = sorted(scene.axes.get_xlim()), sorted(scene.axes.get_ylim())
    outside = (curve < (left, low)) | (curve > (right, high))
    return 4 * sum(near) + 10 * float(outside.any(1).mean())


def _near(curve: ndarray, places: ndarray, reach: float) -> float:
    """Share of the curve that is near any of the places."""
    if not len(places):
        return 0.0
    distance = np.linalg.norm(curve[:, None] - places[None], axis=2).min(1)
    return float(np.exp(-((distance / reach) ** 2)).mean())
