"""A map of Gaussians on the atoms: one picture, transparent where nothing is, under a drawing."""

import io

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from PIL import Image

from molxai.rendering.ramp import Ramp

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
    across = _gaussians(x, places[:, 0])  # (width, atoms)
    along = _gaussians(y, places[:, 1])  # (height, atoms)
    return (along * relevance) @ across.T  # (height, width)


def _gaussians(
    pixels: Float[ndarray, " pixels"], atoms: Float[ndarray, " atoms"]
) -> Float[ndarray, "pixels atoms"]:
    """Each atom's Gaussian along one axis: two of them multiply to that of the plane."""
    distances = pixels[:, None] - atoms  # (pixels, atoms)
    deviations = distances / GAUSSIAN
    return np.exp(-0.5 * deviations**2)


def contour_map(shares: Float[ndarray, "height width"], ramp: Ramp) -> Image.Image:
    """Shares of full colour in colour, full at ± 1.

    Paler values let through what is behind, so that on white they are the ramp's own colours.
    """
    share = np.clip(shares, -1, 1)
    is_line = _contour_lines(np.trunc(share * LINES))
    is_towards = (share > 0)[..., None]  # (height, width, 1)
    full = np.where(is_towards, ramp.full, ramp.palette.against)  # (height, width, 3)
    shade = np.where(is_line, LINE_SHADE, 1.0)
    colour = full * shade[..., None]  # (height, width, 3)
    steps = np.round(np.abs(share) * STEPS)
    least = np.where(is_line, LINE_ALPHA, 0)
    alpha = np.maximum(steps / STEPS, least)  # (height, width)
    pixels = np.dstack([colour, alpha])  # (height, width, 4)
    content = np.round(255 * pixels).astype(np.uint8)
    return Image.fromarray(content, "RGBA")


def _contour_lines(
    band: Float[ndarray, "height width"],
) -> Bool[ndarray, "height width"]:
    """Whether each pixel is in another band than the one right of it or below it.

    Example:
        >>> _contour_lines(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])).astype(int).tolist()
        [[0, 1, 0], [0, 1, 0]]
    """
    is_line = np.zeros(band.shape, bool)
    changes_across = np.diff(band, axis=1) != 0  # (height, width - 1)
    changes_down = np.diff(band, axis=0) != 0  # (height - 1, width)
    is_line[:, :-1] |= changes_across
    is_line[:-1] |= changes_down
    return is_line


def png_of(picture: Image.Image) -> bytes:
    """The picture as a PNG file's content."""
    content = io.BytesIO()
    picture.save(content, "png")
    return content.getvalue()
