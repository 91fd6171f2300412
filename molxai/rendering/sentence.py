"""A text with its relevance: every word on its colour, in as many lines as it needs."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from molxai.rendering.figure import axes_at
from molxai.rendering.lettering import cut_to_fit, width
from molxai.rendering.ramp import Ramp
from molxai.rendering.relevance_map import Words
from molxai.rendering.wording import printable

SIZE = 17
"""Size of the letters in pixels."""

LINE = 32
"""Height of a line in pixels."""

BLANK = 8
"""Pixels between two words."""

INSET = 3
"""Pixels of colour on either side of a word."""

POINTS = 0.72
"""Points of a pixel, at the resolution at which pictures are laid out."""


RIGHT_TO_LEFT = ("R", "AL")
"""Unicode's names of that direction of writing."""


@dataclass(frozen=True)
class Place:
    """Where a word stands, in pixels from the upper left corner."""

    text: str
    left: float
    line: int
    width: float


def placed_words(words: Words, room: float) -> list[Place]:
    """The words in lines that are at most so wide.

    Example:
        >>> words = Words(("so", "good", "!"), (False, True, False))
        >>> [place.line for place in placed_words(words, 70)]
        [0, 1, 1]
    """
    places: list[Place] = []
    left = 0.0
    line = 0
    for chunk in _unbroken(words):
        texts = [cut_to_fit(printable(text), (room - 2 * INSET) / SIZE) for text in chunk]
        widths = [SIZE * width(text) + 2 * INSET for text in texts]
        left += BLANK if left else 0
        if left + sum(widths) > room and left:
            left = 0.0
            line += 1
        for text, own in zip(texts, widths, strict=True):
            if left + own > room and left:  # what stands together is wider than a line
                left = 0.0
                line += 1
            places.append(Place(text, left, line, own))
            left += own
    return _mirrored(places, room) if _is_right_to_left(words) else places


def _is_right_to_left(words: Words) -> bool:
    """Whether the first letter that has a direction of writing is Hebrew, Arabic or the like."""
    directions = map(unicodedata.bidirectional, "".join(words.texts))
    return next((name for name in directions if name in ("L", *RIGHT_TO_LEFT)), "L") != "L"


def _mirrored(places: Sequence[Place], room: float) -> list[Place]:
    """The lines from the right edge on."""
    return [replace(place, left=room - place.left - place.width) for place in places]


def _unbroken(words: Words) -> list[list[str]]:
    """The words that stand together without a blank, such as `film` and `,`."""
    chunks: list[list[str]] = []
    for text, is_spaced in zip(words.texts, words.is_spaced, strict=True):
        if is_spaced or not chunks:
            chunks.append([])
        chunks[-1].append(text)
    return chunks


def draw_sentence(
    figure: Figure,
    corner: tuple[float, float],
    room: float,
    places: Sequence[Place],
    relevance: Sequence[float],
    ramp: Ramp,
) -> None:
    """Draw the words into a figure.

    Args:
        figure: laid out in pixels.
        corner: left and lower edge of the drawing, in pixels.
        room: its width.
        places: of the words.
        relevance: of each word.
        ramp: the colours.
    """
    height = height_of(places)
    axes = axes_at(figure, *corner, room, height)
    axes.set_xlim(0, room)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    fills = ramp.inks(relevance)
    for place, fill in zip(places, fills, strict=True):
        top = place.line * LINE + (LINE - SIZE) / 2 - INSET
        height = SIZE + 2 * INSET
        box = FancyBboxPatch(
            (place.left, top),
            place.width,
            height,
            boxstyle="round,pad=0,rounding_size=3",
            facecolor=fill,
            linewidth=0,
        )
        axes.add_patch(box)
        axes.text(
            place.left + INSET,
            top + height / 2,
            place.text,
            fontsize=SIZE * POINTS,
            color=getattr(figure, "ink", "black"),
            va="center_baseline",
            parse_math=False,
        )


def height_of(places: Sequence[Place]) -> int:
    """Pixels that the lines take."""
    return LINE * (max((place.line for place in places), default=0) + 1)
