"""Words in a picture: how wide they are, and words that fit."""

from collections.abc import Sequence
from functools import cache

from matplotlib import get_data_path
from PIL import ImageFont

FONTS = f"{get_data_path()}/fonts/ttf"
"""Folder of DejaVu Sans, the font of all pictures, which comes with matplotlib."""

REGULAR = f"{FONTS}/DejaVuSans.ttf"
"""File of the usual font."""

BOLD = f"{FONTS}/DejaVuSans-Bold.ttf"
"""File of the font of titles."""

MEASURED = 100
"""Size at which letters are measured."""

NARROWEST = 1 / 8
"""Width of the narrowest letter, as a multiple of the size of the font."""

HINTED = 1.04
"""Width of small letters in a PNG, which begin at whole pixels, as a share of what is measured."""


@cache
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, MEASURED)


def width(text: str, bold: bool = False) -> float:
    """Width of the words, as a multiple of the size of the font."""
    font = _font(BOLD if bold else REGULAR)
    return font.getlength(text) / MEASURED


def cut_to_fit(text: str, room: float, bold: bool = False) -> str:
    """The words, cut with an ellipsis if they are wider than `room` times the size of the font."""
    room /= HINTED
    text = text[: int(room / NARROWEST) + 2]  # what cannot fit is not measured
    if width(text, bold) <= room:
        return text
    # Bisection: `shortest` letters and an ellipsis fit, more than `longest` letters do not.
    shortest = 0
    longest = len(text)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if width(text[:middle] + "…", bold) <= room:
            shortest = middle
        else:
            longest = middle - 1
    return text[:shortest] + "…"


def wrap(
    text: str | Sequence[str], room: float, bold: bool = False, most: int | None = None
) -> list[str]:
    """The words in lines that are at most `room` times the size of the font wide.

    A word that is wider is cut. Lines after the first `most` are left out, with an ellipsis. Words
    that are given apart may have blanks, at which no line is broken.

    Example:
        >>> wrap("red speaks for it", 6)
        ['red speaks', 'for it']
        >>> wrap(["C0 +0.3,", "F23 +0.2"], 6)
        ['C0 +0.3,', 'F23 +0.2']
    """
    lines: list[str] = []
    for word in text.split() if isinstance(text, str) else text:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, bold) <= room / HINTED:
            lines[-1] = longer
        else:
            lines.append(cut_to_fit(word, room, bold))
    if most is not None and len(lines) > most:
        last = " ".join(lines[most - 1 :])
        lines[most - 1 :] = [cut_to_fit(last, room, bold)]
    *before, last = lines or [""]
    return [*(line.removesuffix(" ·") for line in before), last] if lines else []
