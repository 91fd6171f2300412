"""Picture files of any size and colour, brought to what a digit model reads: 28 × 28, white ink on black, 0 to 1."""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image, UnidentifiedImageError

from graphormer.graphs.molecules import shortened
from graphormer.graphs.superpixels import SIDE
from graphormer.readers.arrays import Header, array_header, array_names, read_array

PICTURES = (".png", ".jpg", ".jpeg")
ARRAYS = (".npy", ".npz")

INK_BOX = 20
"""MNIST's digits fit a box of 20 × 20 pixels, their centre of mass in the middle of the 28 × 28 (LeCun et al. 1998)."""

MAX_PIXELS = 40_000_000
"""Larger picture files are refused unread."""

FLAT = 0.02
"""A picture whose grey values differ by less than this share of the full range holds no ink."""


def read_picture(path: Path) -> tuple[Float[ndarray, "28 28"], tuple[str, ...]]:
    """The digit of a picture file, and notes on what was changed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no picture, too large, or blank.
    """
    try:
        with Image.open(path) as file:
            if file.width * file.height > MAX_PIXELS:
                raise ValueError(
                    f"{path} has {file.width} × {file.height} pixels: at most {MAX_PIXELS} are read, scale it down"
                )
            if file.mode.startswith("I"):  # 16 bits of grey, which a conversion would clip at 255
                values = np.asarray(file, dtype=np.float64) / 65535
            else:
                colour = _on_white(file) if file.has_transparency_data else file.convert("RGB")
                values = np.asarray(colour.convert("F"), dtype=np.float64) / 255
    except FileNotFoundError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} is no complete picture ({error}): a PNG or JPEG is needed"
        ) from error
    return picture(values)


def _on_white(file: Image.Image) -> Image.Image:
    """The picture laid on white paper where it is transparent."""
    layer = file.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")


def picture(grey: ndarray) -> tuple[Float[ndarray, "28 28"], tuple[str, ...]]:
    """A grey picture as a digit: inverted where the ink is dark, and brought to MNIST's frame where its size is another.

    Args:
        grey: `[rows, columns]` of numbers from 0 (black) to 1 (white), or of bytes.

    Raises:
        ValueError: another shape, other values, or a picture without ink.
    """
    if grey.ndim != 2 or not grey.size or grey.dtype.kind not in "biuf":
        raise ValueError(
            f"a picture of {grey.dtype} and shape {grey.shape}: numbers in rows × columns are needed"
        )
    values = grey / 255 if grey.dtype.kind in "iu" else grey.astype(np.float64)
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"pixel values {values.min():g} … {values.max():g}: numbers from 0 (black) to 1 (white) are needed"
        )
    notes = []
    if values.max() - values.min() < FLAT:
        raise ValueError("a picture of one grey: a digit on a background is needed")
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    if np.median(border) > (values.min() + values.max()) / 2:
        values = 1 - values
        notes.append("dark ink on light paper: inverted")
    if values.shape != (SIDE, SIDE):
        notes.append(
            f"{values.shape[1]} × {values.shape[0]} pixels: ink scaled to {INK_BOX} pixels and centred as in MNIST"
        )
        values = _framed(values)
    return values, tuple(notes)


def _framed(values: Float[ndarray, "rows columns"]) -> Float[ndarray, "28 28"]:
    """Contrast stretched, ink cut out, scaled to fit `INK_BOX`, centre of mass in the middle."""
    from skimage.transform import resize

    paper, ink = np.median(values), values.max()
    values = np.clip((values - paper) / max(ink - paper, FLAT), 0, 1)
    rows, columns = np.nonzero(values > 0.3)
    cut = values[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    share = INK_BOX / max(cut.shape)
    small = resize(
        cut, [max(1, round(side * share)) for side in cut.shape], order=1, anti_aliasing=True
    )
    grid = np.indices(small.shape)
    centre = [float((axis * small).sum() / small.sum()) for axis in grid]
    corner = [round((SIDE - 1) / 2 - c) for c in centre]
    top, left = (min(max(c, 0), SIDE - side) for c, side in zip(corner, small.shape, strict=True))
    framed = np.zeros((SIDE, SIDE))
    framed[top : top + small.shape[0], left : left + small.shape[1]] = np.clip(small, 0, 1)
    return framed


def read_arrays(path: Path) -> Float[ndarray, "digits 28 28"]:
    """The pictures of an .npy or .npz file, values 0 to 1 (from 0 to 255 where they are larger), ink as it is.

    An .npz may hold one array, or name the pictures `images` or `x`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file or damaged, or the array is not (n, 28, 28) or (28, 28) of numbers from 0 to 1 or 0 to 255.
    """
    name, _ = _pictures(path)
    content = read_array(path, name)
    values = content.reshape(-1, SIDE, SIDE).astype(np.float64)
    return (
        values / 255 if content.dtype.kind in "iu" or (values.size and values.max() > 1) else values
    )


def picture_count(path: Path) -> int:
    """How many pictures an .npy or .npz file holds, by its header.

    Raises:
        FileNotFoundError, ValueError: as `read_arrays`.
    """
    shape = _pictures(path)[1].shape
    return shape[0] if len(shape) == 3 else 1


def _pictures(path: Path) -> tuple[str, Header]:
    """Name of the array of pictures, empty in an .npy file, and what its header says.

    Raises:
        FileNotFoundError, ValueError: as `read_arrays`.
    """
    held = array_names(path)
    names = [one for one in ("images", "x") if one in held] or held
    if len(names) != 1:
        listed = shortened(", ".join(held)) or "nothing"
        raise ValueError(f"{path} holds the arrays {listed}: one, or one named 'images', is needed")
    header = array_header(path, names[0])
    if (
        len(header.shape) not in (2, 3)
        or header.shape[-2:] != (SIDE, SIDE)
        or header.dtype.kind not in "biuf"
    ):
        needed = f"numbers of shape (n, {SIDE}, {SIDE}) are needed"
        raise ValueError(f"{path} holds {header.dtype} of shape {header.shape}: {needed}")
    return names[0], header
