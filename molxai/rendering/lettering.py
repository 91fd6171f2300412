"""How wide words are, and words that fit."""

from functools import cache

from matplotlib import get_data_path
from PIL import ImageFont

FONTS = f"{get_data_path()}/fonts/ttf"
"""DejaVu Sans, the font of all pictures, comes with matplotlib."""

REGULAR, BOLD = f"{FONTS}/DejaVuSans.ttf", f"{FONTS}/DejaVuSans-Bold.ttf"

MEASURED = 100
"""Size at which letters are measured."""


@cache
def _font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, MEASURED)


def width(text: str, bold: bool = False) -> float:
    """Of the words, as a multiple of the size of the font."""
    return _font(BOLD if bold else REGULAR).getlength(text) / MEASURED


def fitted(text: str, room: float, bold: bool = False) -> str:
    """The words, cut with an ellipsis where they are wider than `room` times the size of the font."""
    text = text[: int(8 * room) + 2]  # no letter is narrower than an eighth
    if width(text, bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (
            (middle, high) if width(text[:middle] + "…", bold) <= room else (low, middle - 1)
        )
    return text[:low] + "…"
