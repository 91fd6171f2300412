"""Picture files of any size and colour, brought to what a digit model reads.

That is 28 × 28 pixels, white ink on black, from 0 to 1.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image, UnidentifiedImageError

from graphormer.graphs.molecules import shortened
from graphormer.graphs.slic import SIDE
from graphormer.readers.arrays import Header, array_header, array_names, read_array

PICTURES = (".png", ".jpg", ".jpeg")
"""Endings of files of one picture."""

ARRAYS = (".npy", ".npz")
"""Endings of files of many pictures."""

INK_BOX = 20
"""MNIST's digits fit a box of 20 × 20 pixels, their centre of mass in the middle of the 28 × 28
(LeCun et al. 1998)."""

MAX_PIXELS = 40_000_000
"""Larger picture files are refused unread."""

FLAT = 0.02
"""A picture whose grey values differ by less than this share of the full range holds no ink."""

INK = 0.3
"""Share of the contrast from which on a pixel counts as ink, and not as the paper's grain."""


def read_picture(path: Path) -> tuple[Float[ndarray, "28 28"], tuple[str, ...]]:
    """The digit of a picture file, and notes on what was changed.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no picture, too large, or blank.
    """
    try:
        with Image.open(path) as file:
            pixels = file.width * file.height
            if pixels > MAX_PIXELS:
                raise ValueError(
                    f"{path} has {file.width} × {file.height} pixels: "
                    f"at most {MAX_PIXELS} are read, scale it down"
                )
            values = _grey_values(file)
    except FileNotFoundError:
        raise
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} is no complete picture ({error}): a PNG or JPEG is needed"
        ) from error
    return picture(values)


def _grey_values(file: Image.Image) -> Float[ndarray, "rows columns"]:
    """The picture in grey, 0 to 1."""
    if file.mode.startswith("I"):  # 16 bits of grey, which a conversion would clip at 255
        return np.asarray(file, dtype=np.float64) / 65535
    colours = _on_white(file) if file.has_transparency_data else file.convert("RGB")
    return np.asarray(colours.convert("F"), dtype=np.float64) / 255


def _on_white(file: Image.Image) -> Image.Image:
    """The picture, laid on white paper if it is transparent."""
    layer = file.convert("RGBA")
    paper = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(paper, layer).convert("RGB")


def picture(grey: ndarray) -> tuple[Float[ndarray, "28 28"], tuple[str, ...]]:
    """A grey picture as a digit, and notes on what was changed.

    It is inverted if the ink is dark, and brought to MNIST's frame if its size is another.

    Args:
        grey: `[rows, columns]` of numbers from 0 (black) to 1 (white), or of bytes.

    Raises:
        ValueError: another shape, other values, or a picture without ink.
    """
    values = _unit_range(grey)
    notes = []
    edges = [values[0], values[-1], values[:, 0], values[:, -1]]
    paper = np.median(np.concatenate(edges))  # over the pixels of all four
    if paper > (values.min() + values.max()) / 2:
        values = 1 - values
        notes.append("dark ink on light paper: inverted")
    if values.shape != (SIDE, SIDE):
        rows, columns = values.shape
        notes.append(
            f"{columns} × {rows} pixels: ink scaled to {INK_BOX} pixels and centred as in MNIST"
        )
        values = _fit_frame(values)
    return values, tuple(notes)


def _unit_range(grey: ndarray) -> Float[ndarray, "rows columns"]:
    """Numbers from 0 to 1.

    Raises:
        ValueError: as `picture`.
    """
    if grey.ndim != 2 or not grey.size or grey.dtype.kind not in "biuf":
        raise ValueError(
            f"a picture of {grey.dtype} and shape {grey.shape}: "
            "numbers in rows × columns are needed"
        )
    values = grey / 255 if grey.dtype.kind in "iu" else grey.astype(np.float64)
    darkest = values.min()
    lightest = values.max()
    if not np.isfinite(values).all() or darkest < 0 or lightest > 1:
        raise ValueError(
            f"pixel values {darkest:g} … {lightest:g}: "
            "numbers from 0 (black) to 1 (white) are needed"
        )
    if lightest - darkest < FLAT:
        raise ValueError("a picture of one grey: a digit on a background is needed")
    return values


def _fit_frame(values: Float[ndarray, "rows columns"]) -> Float[ndarray, "28 28"]:
    """Contrast stretched, ink cut out, scaled to fit `INK_BOX`, centre of mass in the middle."""
    from skimage.transform import resize

    paper = np.median(values)
    contrast = max(values.max() - paper, FLAT)
    values = np.clip((values - paper) / contrast, 0, 1)
    rows, columns = np.nonzero(values > INK)
    ink = values[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = INK_BOX / max(ink.shape)
    shape = [max(1, round(side * scale)) for side in ink.shape]
    small = resize(ink, shape, order=1, anti_aliasing=True)  # (rows, columns), at most 20 × 20
    height, width = small.shape
    row_numbers, column_numbers = np.indices(small.shape)  # (rows, columns) each
    top = _corner(row_numbers, small, SIDE - height)
    left = _corner(column_numbers, small, SIDE - width)
    frame = np.zeros((SIDE, SIDE))
    frame[top : top + height, left : left + width] = np.clip(small, 0, 1)
    return frame


def _corner(numbers: ndarray, ink: Float[ndarray, "rows columns"], last: int) -> int:
    """The row or column of the frame at which the ink begins, so that its mass is in the middle.

    Args:
        numbers: of each pixel's row, or of its column.
        ink: the picture.
        last: row or column at which it still fits the frame.
    """
    centre = float((numbers * ink).sum() / ink.sum())
    return min(max(round((SIDE - 1) / 2 - centre), 0), last)


def read_arrays(path: Path) -> Float[ndarray, "digits 28 28"]:
    """The pictures of an .npy or .npz file, ink as it is.

    Their values are from 0 to 1, scaled if the file has them from 0 to 255. An .npz may hold one
    array, or name the pictures `images` or `x`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file or damaged, or the array is not (n, 28, 28) or (28, 28) of
            numbers from 0 to 1 or 0 to 255.
    """
    name, _ = _pictures(path)
    content = read_array(path, name)
    values = content.reshape(-1, SIDE, SIDE).astype(np.float64)  # (digits, 28, 28)
    are_bytes = content.dtype.kind in "iu" or (values.size and values.max() > 1)
    return values / 255 if are_bytes else values


def picture_count(path: Path) -> int:
    """How many pictures an .npy or .npz file holds, by its header.

    Raises:
        FileNotFoundError, ValueError: as `read_arrays`.
    """
    _, header = _pictures(path)
    return header.shape[0] if len(header.shape) == 3 else 1


def _pictures(path: Path) -> tuple[str, Header]:
    """Name of the array of pictures, empty in an .npy file, and what its header says.

    Raises:
        FileNotFoundError, ValueError: as `read_arrays`.
    """
    arrays = array_names(path)
    names = [name for name in ("images", "x") if name in arrays] or arrays
    if len(names) != 1:
        listed = shortened(", ".join(arrays)) or "nothing"
        raise ValueError(f"{path} holds the arrays {listed}: one, or one named 'images', is needed")
    header = array_header(path, names[0])
    is_digits = len(header.shape) in (2, 3) and header.shape[-2:] == (SIDE, SIDE)
    if not is_digits or header.dtype.kind not in "biuf":
        raise ValueError(
            f"{path} holds {header.dtype} of shape {header.shape}: "
            f"numbers of shape (n, {SIDE}, {SIDE}) are needed"
        )
    return names[0], header
