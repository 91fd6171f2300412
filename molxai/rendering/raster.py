"""A picture in pixels as the file that was asked for, which says how many pixels are an inch."""

import io

import numpy as np
from PIL import Image

from molxai.rendering import Format

QUALITY = 95
"""Quality of a JPEG, out of 100: thin lines and letters blur below."""

OPAQUE = 255
"""Opacity of a pixel through which nothing is seen."""


def encode(content: bytes, file_format: Format) -> bytes:
    """A PNG's content as that of another format of pixels, with as many pixels per inch.

    The content of another file is not changed.

    A JPEG has no transparency: white is put behind it.
    """
    if file_format not in ("jpg", "tiff"):
        return content
    picture = Image.open(io.BytesIO(content))
    across, along = picture.info["dpi"]
    dpi = (round(across), round(along))
    buffer = io.BytesIO()
    if file_format == "jpg":
        on_white(picture).save(buffer, "JPEG", quality=QUALITY, subsampling=0, dpi=dpi)
    else:
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
        is_opaque = bool((alpha == OPAQUE).all())
        opaque = on_white(picture) if is_opaque else picture
        opaque.save(buffer, "TIFF", compression="tiff_lzw", dpi=dpi)
    return buffer.getvalue()


def on_white(picture: Image.Image) -> Image.Image:
    """The picture without transparency."""
    layers = picture.convert("RGBA")
    paper = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(paper, layers).convert("RGB")
