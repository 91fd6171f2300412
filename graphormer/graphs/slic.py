"""The cut of a digit picture into SLIC superpixels, by scikit-image."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

SIDE = 28
"""Rows and columns of a digit picture, as in MNIST."""

SEGMENTS = 75
"""How many segments SLIC is asked for."""

COMPACTNESS = 0.25
"""SLIC's weight of the distance in the picture against the difference in grey. At scikit-image's
default of 10 the segments are a plain grid that ignores the strokes."""

SLIC_ROUNDS = 10
SLIC_SMALLEST = 0.5
SLIC_LARGEST = 3
"""Usual options of scikit-image's `slic`: rounds, and sizes of segments in units of the mean."""


def superpixels(image: Float[ndarray, "28 28"]) -> Integer[ndarray, "28 28"]:
    """SLIC segment of each pixel, numbered from 0 without gaps (Achanta et al. 2012)."""
    labels = _cut()(image)
    is_there = np.bincount(labels.ravel()) > 0  # (labels,)
    return (is_there.cumsum() - 1)[labels]


Cut: TypeAlias = Callable[[Float[ndarray, "28 28"]], Integer[ndarray, "28 28"]]
"""From a picture to the SLIC segment of each pixel."""


@cache
def _cut() -> Cut:
    """scikit-image's own loop, or its whole `slic` if this version's loop is another one.

    `slic` looks for seeds, checks and copies anew for each picture, a fifth of its time.
    """
    gradient = np.linspace(0, 1, SIDE**2).reshape(SIDE, SIDE)
    try:
        is_same = np.array_equal(_inner_cut(gradient), _whole_cut(gradient))
    except (ImportError, TypeError, ValueError):  # the names are private
        is_same = False
    return _inner_cut if is_same else _whole_cut


def _whole_cut(image: Float[ndarray, "28 28"]) -> Integer[ndarray, "28 28"]:
    from skimage.segmentation import slic

    return slic(
        image, n_segments=SEGMENTS, compactness=COMPACTNESS, channel_axis=None, start_label=0
    )


def _inner_cut(image: Float[ndarray, "28 28"]) -> Integer[ndarray, "28 28"]:
    """The same cut, by the functions that `slic` calls."""
    from skimage.segmentation._slic import _enforce_label_connectivity_cython, _slic_cython

    if image.dtype != np.float64:
        return _whole_cut(image)
    seeds, step = _seeds()
    low = image.min()
    high = image.max()
    scaled = image - low
    if high != low:
        scaled /= high - low
    pixels = np.ascontiguousarray(scaled[None, :, :, None] * (1.0 / COMPACTNESS))
    options = {"slic_zero": False, "ignore_color": False, "start_label": 0}
    spacing = np.ones(3)
    labels = _slic_cython(pixels, None, seeds.copy(), step, SLIC_ROUNDS, spacing, **options)
    size = SIDE**2 / len(seeds)
    smallest = int(SLIC_SMALLEST * size)
    largest = int(SLIC_LARGEST * size)
    return _enforce_label_connectivity_cython(labels, smallest, largest, start_label=0)[0]


@cache
def _seeds() -> tuple[Float[ndarray, "seeds 4"], float]:
    """Where SLIC begins: plane, row, column and grey value of each seed, and their distance."""
    from skimage.segmentation.slic_superpixels import _get_grid_centroids

    centroids, steps = _get_grid_centroids(np.zeros((1, SIDE, SIDE, 1)), SEGMENTS)
    grey = np.zeros((len(centroids), 1))
    return np.ascontiguousarray(np.concatenate([centroids, grey], 1)), max(steps)
