"""How a picture is to look: what may be chosen, checked where it is chosen."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from graphormer.names import unknown
from molxai.rendering import STYLES
from molxai.rendering.colour import PALETTES, RED_BLUE, Palette, palette, scale

RESOLUTION = 100
"""Pixels per inch at which all layouts are measured, and of a PNG unless more are asked for."""

MOST_DPI = 1200
"""Of a PNG: 100 megapixels for a usual picture."""

Part: TypeAlias = tuple[Sequence[int], str]
"""Atoms that are one part of the molecule, and what is written beside it."""


@dataclass(frozen=True)
class Look:
    """Choices that any picture understands; each has a usual value."""

    style: str = "highlight"
    """Of molecules: highlight or contour."""
    numbers: bool = False
    """Whether the index stands beside each atom."""
    palette: str = RED_BLUE.name
    """One of `PALETTES`."""
    limit: float | None = None
    """Magnitude in full colour. None: each picture's largest."""
    dpi: int = RESOLUTION
    """Pixels per inch of a PNG."""
    transparent: bool = False
    """Whether there is no white behind the picture."""
    shared: bool = False
    """Whether a part's atoms share its relevance evenly, in one colour; nothing is hatched then."""
    caption: str | None = None
    """One's own words in place of the usual ones; empty: none, the drawing and its bar only."""

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise ValueError(unknown("style", self.style, STYLES))
        if self.limit is not None and not 0 < self.limit < math.inf:
            raise ValueError(f"a scale of {self.limit}: full colour needs a positive number")
        if not 10 <= self.dpi <= MOST_DPI:
            raise ValueError(f"{self.dpi} pixels per inch: 10 to {MOST_DPI} are needed")
        palette(self.palette)

    @property
    def colours(self) -> Palette:
        """The palette itself."""
        return PALETTES[self.palette]

    def limit_for(self, relevance: Sequence[float], in_unit: bool = True) -> float:
        """The magnitude in full colour, fixed or the picture's own; `in_unit`: whether relevances have the output's unit.

        Raises:
            ValueError: a relevance is not finite.
        """
        own = scale(relevance, in_unit)
        return self.limit or own


PLAIN = Look()

Scale: TypeAlias = str | float
"""What full colour is in a set of pictures: `own` (each picture's largest), `common` (the set's largest), or a number."""


SCALES = ("own", "common")
"""Scales that have a name."""


def scale_of(text: Scale) -> Scale:
    """A scale as it was typed.

    Raises:
        ValueError: it is neither own, common nor a positive number.
    """
    if text in SCALES:
        return text
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not 0 < limit < math.inf:
        raise ValueError(unknown("scale", str(text), SCALES, "or give a positive number"))
    return limit


def common_limit(scale_wanted: Scale, relevances: Iterable[Sequence[float]], in_unit: bool = True) -> float | None:
    """The magnitude in full colour for all of a set; None where each picture has its own.

    Raises:
        ValueError: no such scale, or a relevance is not finite.
    """
    wanted = scale_of(scale_wanted)
    if wanted == "own":
        return None
    return max((scale(one, in_unit) for one in relevances), default=None) if wanted == "common" else float(wanted)
