"""How a picture is to look: the choices, checked as soon as they are made."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

from graphormer.names import unknown
from molxai.rendering import FOREGROUNDS, PANELS, STYLES, Kind
from molxai.rendering.choices import check_types
from molxai.rendering.colour import PALETTES, RED_BLUE, Palette, palette, scale
from molxai.rendering.ramp import Ramp, low_of
from molxai.rendering.width import LEAST_INCHES, check_inches, check_pixels, width_of

POINTS_PER_INCH = 72
"""Unit of font sizes, and of matplotlib's SVG."""

USUAL_WIDTH = 760
"""Width of a picture in pixels, unless another one is asked for."""

RESOLUTION = 100
"""Pixels per inch at which all layouts are measured, and of a PNG unless more are asked for."""

LEAST_DPI = 10
"""Pixels per inch of a PNG at least."""

MOST_DPI = 1200
"""Pixels per inch of a PNG at most: 100 megapixels for a usual picture."""

SMALLEST_ZOOM = 7 / 9
"""Letters of a narrow picture have at least this share of their usual size: 9 points become 7."""

FINER_FOR_PDF = 2
"""RDKit's drawing for a PDF is so much larger, because RDKit writes one decimal of a pixel.

Larger still, it would hatch a wedged bond with so many lines that they run together.
"""

CAPTIONS = ("short", "long")
"""Captions that have a name: what is needed to read the picture, or all that can be said."""

Part: TypeAlias = tuple[Sequence[int], str]
"""Atoms that are one part of the molecule, and the words beside it; empty: only its outline."""

Scale: TypeAlias = str | float
"""What full colour is in a set of pictures: a name of `SCALES`, or a number.

`own` is each picture's largest relevance, `common` the set's largest.
"""

SCALES = ("own", "common")
"""Scales that have a name."""


@dataclass(frozen=True)
class Look:
    """Choices that any picture understands; each has a usual value."""

    style: str = "highlight"
    """How molecules are painted: highlight or contour."""
    atom_numbers: bool = False
    """Whether the index stands beside each atom."""
    cmap: str = RED_BLUE.name
    """One of `PALETTES`."""
    scale: str | float = "own"
    """Magnitude in full colour: a number, or `own`, the picture's largest.

    For one picture, `common` is the same as `own`.
    """
    low: float = 0.0
    """Value in no colour, of a method without a sign, if the scale is a number."""
    dpi: int = RESOLUTION
    """Pixels per inch of a PNG."""
    transparent: bool = False
    """Whether there is no white behind the picture."""
    shared: bool = False
    """Whether a part's atoms share its relevance evenly, in one colour.

    Nothing is hatched then.
    """
    caption: str | None = None
    """One's own words in place of the usual ones; empty: none, only the drawing and its bar.

    `short` is the usual caption, and `long` one that explains all that is drawn.
    """
    width: str = ""
    """Width of the picture, like `3.25in`, `84mm` or `1200px`; empty: as wide as is usual."""
    foreground: str = "dark"
    """Colour of words and lines: dark, or light for a dark slide."""
    panel: str = "all"
    """What is shown of a digit: all, or relevance."""

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise ValueError(unknown("style", self.style, STYLES))
        scale_of(self.scale)
        if not LEAST_DPI <= self.dpi <= MOST_DPI:
            raise ValueError(f"{self.dpi} pixels per inch: {LEAST_DPI} to {MOST_DPI} are needed")
        palette(self.cmap)
        if self.width:
            width_of(self.width)
        if self.foreground not in FOREGROUNDS:
            raise ValueError(unknown("foreground", self.foreground, FOREGROUNDS))
        if self.foreground == "light" and not self.transparent:
            raise ValueError(
                "a light foreground on a white picture: add --transparent (transparent=True)"
            )
        if self.panel not in PANELS:
            raise ValueError(unknown("panel", self.panel, PANELS))

    @property
    def colours(self) -> Palette:
        """The palette itself."""
        return PALETTES[self.cmap]

    @property
    def ink(self) -> str:
        """Colour of words and lines."""
        return "white" if self.foreground == "light" else "black"

    @property
    def own_caption(self) -> str | None:
        """One's own words, if there are any."""
        return None if self.caption in CAPTIONS else self.caption

    def fit(self, usual: float, kind: Kind, least: float = LEAST_INCHES) -> tuple[float, float]:
        """The width in which a picture is laid out, and by how much it is enlarged then.

        Letters of a wider picture grow with it. Those of a narrower one stay readable, so that it
        is laid out anew in less room.

        Args:
            usual: width in pixels unless another one is asked for.
            kind: how the picture is drawn.
            least: inches that it needs.

        Raises:
            ValueError: it cannot be so wide.
        """
        if not self.width:
            return usual, 1.0
        inches = width_of(self.width).inches(kind, self.dpi)
        check_inches(inches, self.width, least)
        if kind == "png":
            check_pixels(inches * self.dpi)
        zoom = max(SMALLEST_ZOOM, inches * RESOLUTION / usual)
        return inches * RESOLUTION / zoom, zoom

    def room(self, usual: float, kind: Kind) -> float:
        """The widest layout of a picture of this width in pixels: with its smallest letters.

        Args:
            usual: width in pixels unless another one is asked for.
            kind: how the picture is drawn.
        """
        if not self.width:
            return usual
        return width_of(self.width).inches(kind, self.dpi) * RESOLUTION / SMALLEST_ZOOM

    def factor(self, kind: Kind, zoom: float = 1.0) -> float:
        """How much larger RDKit draws than the picture is laid out."""
        if kind == "png":
            return self.dpi / RESOLUTION * zoom
        return FINER_FOR_PDF if kind == "pdf" else 1.0

    def limit_for(self, relevance: Sequence[float], in_unit: bool = True) -> float:
        """The magnitude in full colour, fixed or the picture's own.

        Args:
            relevance: all that is drawn in the picture.
            in_unit: whether relevances have the output's unit.

        Raises:
            ValueError: a relevance is not finite.
        """
        largest = scale(relevance, in_unit)
        wanted = scale_of(self.scale)
        return largest if isinstance(wanted, str) else wanted

    def ramp_for(
        self, relevance: Sequence[float], in_unit: bool = True, signed: bool = True
    ) -> Ramp:
        """The colours of these values.

        Args:
            relevance: all that is drawn in the picture.
            in_unit: whether relevances have the output's unit.
            signed: whether they speak for or against; those without a sign have one colour, from
                the least of them to the largest, or from `low` to a fixed scale.

        Raises:
            ValueError: a relevance is not finite.
        """
        limit = self.limit_for(relevance, in_unit)
        if signed:
            return Ramp(self.colours, limit)
        is_fixed = not isinstance(scale_of(self.scale), str)
        return Ramp(self.colours, limit, self.low if is_fixed else low_of(relevance, limit))

    def at(self, limit: float | None, low: float | None = None) -> "Look":
        """The same look with that magnitude in full colour; None: each picture's own largest.

        Args:
            limit: the magnitude.
            low: the value in no colour, of a method without a sign. [default: the look's]
        """
        scale = "own" if limit is None else limit
        return replace(self, scale=scale, low=self.low if low is None else low)


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
    """The magnitude in full colour for all of a set; None if each picture has its own.

    Raises:
        ValueError: no such scale, or a relevance is not finite.
    """
    wanted = scale_of(scale_wanted)
    if wanted == "own":
        return None
    if wanted == "common":
        return max((scale(relevance, in_unit) for relevance in relevances), default=None)
    return float(wanted)


def common_low(
    scale_wanted: Scale, relevances: Iterable[Sequence[float]], signed: bool = True
) -> float | None:
    """The value in no colour for all of a set, of a method without a sign.

    It is the least of the set, or zero on a fixed scale; None if each picture has its own.
    """
    wanted = scale_of(scale_wanted)
    if signed or wanted == "own":
        return None
    if wanted != "common":
        return 0.0
    values = [value for relevance in relevances for value in relevance]
    return low_of(values, max(values, default=0.0))


PLAIN = Look()
"""The usual look."""

OLD_NAMES = {"numbers": "atom_numbers", "palette": "cmap", "limit": "scale"}
"""Names of choices before they were called as on the command line; they are still understood."""


def look_of(choices: Mapping[str, Any]) -> Look:
    """The look of choices by name, as `draw` and `grid` take them.

    Raises:
        ValueError: there is no such choice, or one has no such value.
    """
    names = [choice.name for choice in fields(Look)]
    values: dict[str, Any] = {}
    for name, value in choices.items():
        if name in ("limit", "scale") and value is None:
            continue  # the usual scale
        values[OLD_NAMES.get(name, name)] = value
    for name in values:
        if name not in names:
            raise ValueError(unknown("choice", name, names, where="of a picture"))
    check_types(values)
    return Look(**values | {"width": values.get("width") or ""})
