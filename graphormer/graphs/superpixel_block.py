"""The graphs of many pictures at once: what `superpixel_graph` makes of each, in flat arrays.

The segments of a picture cover it, so they are all joined: two are 0 or 1 hop apart, or more. The
edges of offset bins are multiples of a quarter of a pixel, so an offset's bin is looked up.
"""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from graphormer.graphs.block import Block
from graphormer.graphs.pairs import pattern_table
from graphormer.graphs.slic import SIDE
from graphormer.graphs.superpixels import (
    MAX_DEGREE,
    OFFSET_BINS,
    SUPERPIXELS,
    centroid_codes,
    segment_means,
    touching,
)

TOGETHER = 16
"""Pictures that are taken together: their pairs of segments fit into the processor's cache."""

QUARTERS = 4
"""Steps in a pixel between which no bin has an edge."""

REACH = QUARTERS * SIDE
"""No offset has more steps, in either direction."""

STEPS = np.arange(-REACH, REACH) / QUARTERS
BIN_OF = np.searchsorted(OFFSET_BINS, STEPS, side="right").astype(np.int16)
"""Bin of each offset, by its steps."""


def superpixel_block(images: Sequence[ndarray], segments: Sequence[ndarray]) -> Block:
    """The graphs of pictures that are cut into segments, in their order.

    Args:
        images: `[28, 28]` each, values 0 to 1.
        segments: `[28, 28]` each, the node of every pixel.
    """
    parts = []
    for begin in range(0, len(images), TOGETHER):
        some = slice(begin, begin + TOGETHER)
        parts.append(_some(np.stack(images[some]), np.stack(segments[some])))
    return Block(
        SUPERPIXELS,
        [size for part in parts for size in part.sizes],
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.weights for part in parts]),
        [pairs for part in parts for pairs in part.pairs],
    )


def _some(images: ndarray, segments: ndarray) -> Block:
    """The graphs of some pictures `[pictures, 28, 28]`."""
    sizes = segments.max((1, 2)) + 1  # (pictures,)
    first = np.cumsum(sizes) - sizes
    nodes = int(sizes.sum())
    node = (segments + first[:, None, None]).ravel()  # (pixels of all pictures,)
    intensity, positions = segment_means(images.ravel(), node, nodes)

    touches = touching(segments, int(sizes.max()))  # (pictures, longest, longest)
    place = np.arange(nodes) - np.repeat(first, sizes)
    picture = np.repeat(np.arange(len(sizes)), sizes)
    degree = np.minimum(touches.sum(2)[picture, place], MAX_DEGREE)
    codes, weights = centroid_codes(intensity, positions, degree)
    padded = np.zeros((*touches.shape[:2], 2))
    padded[picture, place] = positions
    numbers = _numbers(touches, padded)
    counts = sizes.tolist()
    return Block(
        SUPERPIXELS,
        counts,
        codes.astype(np.int32),
        weights.astype(np.float32),
        [pairs[:count, :count] for pairs, count in zip(numbers, counts, strict=True)],
    )


def _numbers(touches: ndarray, positions: ndarray) -> ndarray:
    """`[pictures, longest, longest]` row of the table of patterns for each pair (query, key)."""
    same, near, far, _ = pattern_table(SUPERPIXELS).first
    numbers = np.where(touches, np.int16(near), np.int16(far))
    diagonal = np.arange(touches.shape[1])
    numbers[:, diagonal, diagonal] = same
    for values, count in ((positions[:, :, 0], len(OFFSET_BINS) + 1), (positions[:, :, 1], 1)):
        steps = QUARTERS * values
        away = np.floor(steps[:, None] - steps[:, :, None]).astype(np.int16)
        numbers += np.take(count * BIN_OF, away + REACH)
    return numbers
