"""How a picture is to look: what may be chosen, checked where it is chosen."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

from graphormer.names import unknown
from molxai.rendering import STYLES
from molxai.rendering.colour import PALETTES, RED_BLUE, Palette, palette, scale

RESOLUTION = 100
"""Pixels per inch at which all layouts are measured, and of a PNG unless more are asked for."""

MOST_DPI = 1200
"""Of a PNG: 100 megapixels for a usual picture."""

Part: TypeAlias = tuple[Sequence[int], str]
"""Atoms that are one part of the molecule, and what is written beside it; empty: it is outlined only."""


@dataclass(frozen=True)
class Look:
    """Choices that any picture understands; each has a usual value."""

    style: str = "highlight"
    """Of molecules: highlight or contour."""
    atom_numbers: bool = False
    """Whether the index stands beside each atom."""
    cmap: str = RED_BLUE.name
    """One of `PALETTES`."""
    scale: str | float = "own"
    """Magnitude in full colour: a number, or `own`, the picture's largest (`common` is the same for one picture)."""
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
        scale_of(self.scale)
        if not 10 <= self.dpi <= MOST_DPI:
            raise ValueError(f"{self.dpi} pixels per inch: 10 to {MOST_DPI} are needed")
        palette(self.cmap)

    @property
    def colours(self) -> Palette:
        """The palette itself."""
        return PALETTES[self.cmap]

    def limit_for(self, relevance: Sequence[float], in_unit: bool = True) -> float:
        """The magnitude in full colour, fixed or the picture's own; `in_unit`: whether relevances have the output's unit.

        Raises:
            ValueError: a relevance is not finite.
        """
        own = scale(relevance, in_unit)
        wanted = scale_of(self.scale)
        return own if isinstance(wanted, str) else wanted

    def at(self, limit: float | None) -> "Look":
        """The same look with that magnitude in full colour; None: each picture's own largest."""
        return replace(self, scale="own" if limit is None else limit)


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
    except (TypeError, ValueError):
        limit = math.nan
    if not 0 < limit < math.inf:
        raise ValueError(unknown("scale", str(text), SCALES, "or give a positive number"))
    return limit


def common_limit(
    scale_wanted: Scale, relevances: Iterable[Sequence[float]], in_unit: bool = True
) -> float | None:
    """The magnitude in full colour for all of a set; None where each picture has its own.

    Raises:
        ValueError: no such scale, or a relevance is not finite.
    """
    wanted = scale_of(scale_wanted)
    if wanted == "own":
        return None
    return (
        max((scale(one, in_unit) for one in relevances), default=None)
        if wanted == "common"
        else float(wanted)
    )


PLAIN = Look()

OLD_NAMES = {"numbers": "atom_numbers", "palette": "cmap", "limit": "scale"}
"""Names that choices had before they were called as on the command line; they are still understood."""


def look_of(choices: Mapping[str, Any]) -> Look:
    """The look of choices by name, as `draw` and `grid` take them.

    Raises:
        ValueError: there is no such choice, or one has no such value.
    """
    known = [one.name for one in fields(Look)]
    named: dict[str, Any] = {}
    for name, value in choices.items():
        if name in ("limit", "scale") and value is None:
            continue
        named[OLD_NAMES.get(name, name)] = value
    for name in named:
        if name not in known:
            raise ValueError(unknown("choice", name, known, where="of a picture"))
    return Look(**named)
