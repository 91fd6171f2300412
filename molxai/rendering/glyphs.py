"""Letters that the fonts of this machine have; in their place others get a mark, which is said.

DejaVu Sans, which comes with matplotlib, has Latin, Greek, Cyrillic, Arabic and many signs, but no
Chinese, Japanese or Korean. An SVG needs no font: it holds the text itself.
"""

from functools import cache

from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

FONT = "DejaVu Sans"
"""The font of all pictures, which comes with matplotlib: it is in every PNG and PDF."""

FALLBACKS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans",
    "Arial Unicode MS",
    "Noto Sans",
    "Noto Sans Symbols 2",
    "Noto Emoji",
    "Segoe UI Symbol",
)
"""Fonts of other letters, of which those are used that the machine has."""

MARK = "?"
"""In the place of a letter that no font has."""

NOTE = f"{MARK}: no font for this letter"
"""What is said of the mark, at the lower edge of the figure."""

NOTE_SIZE = 6
"""Points of the letters of the note."""

BESIDE = 10
"""Points between the note and the left edge of the figure."""

BELOW = 2
"""Points below it."""


@cache
def families() -> tuple[str, ...]:
    """The font of all pictures, and those that help out, as far as the machine has them."""
    installed = {font.name for font in fontManager.ttflist}
    return (FONT, *(name for name in FALLBACKS if name in installed))


@cache
def _has() -> frozenset[int]:
    """Numbers of all letters that these fonts have."""
    fonts = (FT2Font(findfont(name, fallback_to_default=False)) for name in families())
    return frozenset(letter for font in fonts for letter in font.get_charmap())


def drawable(text: str) -> str:
    """The text with a mark for each letter that no font has.

    Example:
        >>> drawable("β-lactam"), drawable(chr(0x10FFFD) + "1")
        ('β-lactam', '?1')
    """
    return "".join(letter if letter.isspace() or ord(letter) in _has() else MARK for letter in text)


def mark_missing(figure: Figure, ink: str) -> None:
    """Put marks into all words of a figure, and say so at its lower edge if there are any."""
    is_marked = False
    for words in figure.findobj(Text):
        assert isinstance(words, Text)
        text = words.get_text()
        shown = drawable(text)
        if shown != text:
            words.set_text(shown)
            is_marked = True
    if is_marked:
        width, height = figure.get_size_inches() * 72
        x = BESIDE / width
        y = BELOW / height
        figure.text(x, y, NOTE, fontsize=NOTE_SIZE, color=ink, va="bottom")
