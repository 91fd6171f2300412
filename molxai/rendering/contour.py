"""A map of Gaussians on the atoms: one picture, transparent where nothing is, under a drawing."""

import io

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image

from molxai.rendering.colour import Palette

GAUSSIAN = 0.75
"""Standard deviation of each atom's Gaussian in Å: half a bond."""

LINES = 8
"""Contour lines from zero to full colour."""

LINE_SHADE = 0.7
"""Brightness of a line, as a share of the colour that it crosses."""

LINE_ALPHA = 2 / LINES
"""Least opacity of a line: the outermost ones, on nearly nothing, must be seen too."""

STEPS = 64
"""Shades of a map: as smooth as the eye sees, and a third of the file."""

FINER = 2
"""Pixels of the map to one of the drawing, each way."""


def field(
    x: Float[ndarray, " width"],
    y: Float[ndarray, " height"],
    places: Float[ndarray, "atoms 2"],
    relevance: Float[ndarray, " atoms"],
) -> Float[ndarray, "height width"]:
    """Sum of the atoms' Gaussians: a lone atom's is its relevance where it stands."""
    across = np.exp(-0.5 * ((x[:, None] - places[:, 0]) / GAUSSIAN) ** 2)  # (width, atoms)
    along = np.exp(-0.5 * ((y[:, None] - places[:, 1]) / GAUSSIAN) ** 2)  # (height, atoms)
    return (along * relevance) @ across.T  # (height, width)


def contour_map(
    values: Float[ndarray, "height width"], limit: float, palette: Palette
) -> Image.Image:
    """The values in colour, full at ± `limit`.

    Paler values let through what is behind, so that on white they are the palette's own colours.
    """
    share = np.clip(values / limit, -1, 1)
    band = np.trunc(share * LINES)
    line = np.zeros(values.shape, bool)
    line[:, :-1] |= band[:, :-1] != band[:, 1:]
    line[:-1] |= band[:-1] != band[1:]
    full = np.where((share > 0)[..., None], palette.towards, palette.against)  # (height, width, 3)
    shade = np.where(line, LINE_SHADE, 1.0)[..., None]  # (height, width, 1)
    colour = full * shade
    opacity = np.round(np.abs(share) * STEPS) / STEPS
    alpha = np.maximum(opacity, np.where(line, LINE_ALPHA, 0))
    pixels = np.dstack([colour, alpha])  # (height, width, 4)
    return Image.fromarray(np.round(255 * pixels).astype(np.uint8), "RGBA")


def png_of(picture: Image.Image) -> bytes:
    """The picture as a PNG file's content."""
    content = io.BytesIO()
    picture.save(content, "png")
    return content.getvalue()
