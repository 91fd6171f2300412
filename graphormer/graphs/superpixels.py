"""Digit pictures as graphs: one node per SLIC superpixel, edges between superpixels that touch."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Integer
from numpy import ndarray
from torch import Tensor

from graphormer.graphs.graph import FIRST_PATTERN, Graph, GraphBatch, graph
from graphormer.graphs.vocabulary import Vocabulary

SIDE = 28
"""Rows and columns of a digit picture, as in MNIST."""

SEGMENTS, COMPACTNESS = 75, 0.25
"""SLIC's settings: at scikit-image's default compactness of 10 the segments are a plain grid that ignores the strokes."""

INTENSITY_BINS, GRID, MAX_DEGREE = 8, 10, 12
"""Soft bins of the mean intensity, soft bins along each axis of the picture, and the last degree bucket."""

OFFSET_BINS = (-14.0, -10.0, -7.0, -5.0, -3.5, -2.0, -0.75, 0.75, 2.0, 3.5, 5.0, 7.0, 10.0, 14.0)
"""Edges, in pixels, between bins of row and column offsets: fine where strokes are (2 to 3 pixels wide), coarse far away."""

SUPERPIXELS = Vocabulary(
    name="superpixel-1",
    node_features=(
        ("intensity", INTENSITY_BINS),
        ("position", GRID**2),
        ("ink position", GRID**2),
        ("degree", MAX_DEGREE + 1),
    ),
    edge_types=("touching",),
    max_hops=2,
    path_hops=0,
    offset_bins=OFFSET_BINS,
)
"""Soft bins, whose weights sum to one, keep the scale that a LayerNorm without bias would erase from raw coordinates.
"Ink position" is the position weighted by the mean intensity."""

POSITION, INK = slice(2, 6), slice(6, 10)
"""Slots of a node's codes and weights that hold its position and its ink position, after two of its intensity."""


@dataclass(frozen=True, repr=False)
class Digit:
    """A digit picture with its graph and its segment map."""

    graph: Graph
    image: Float[ndarray, "28 28"]
    """White ink on black, 0 to 1."""
    segments: Integer[ndarray, "28 28"]
    """Node of each pixel."""
    id: str = ""
    notes: tuple[str, ...] = ()
    """What was changed on reading."""

    def __repr__(self) -> str:
        return f"Digit(id={self.id!r}, graph={self.graph!r}, notes={self.notes!r})"


def digit(
    image: Float[ndarray, "rows columns"], id: str = "", notes: tuple[str, ...] = ()
) -> Digit:
    """The digit of a 28 × 28 picture, white ink on black, values 0 to 1.

    Raises:
        ValueError: another shape, or values that are not numbers from 0 to 1.
    """
    if image.shape != (SIDE, SIDE):
        raise ValueError(
            f"a picture of shape {image.shape}: {(SIDE, SIDE)} is needed; `picture` brings others to that size"
        )
    if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            f"pixel values {image.min():g} … {image.max():g}: numbers from 0 (black) to 1 (ink) are needed"
        )
    segments = superpixels(image)
    return Digit(superpixel_graph(image, segments), image, segments, id, notes)


def superpixels(image: Float[ndarray, "28 28"]) -> Integer[ndarray, "28 28"]:
    """SLIC segment of each pixel, numbered from 0 without gaps (Achanta et al. 2012)."""
    from skimage.segmentation import slic

    found = slic(
        image, n_segments=SEGMENTS, compactness=COMPACTNESS, channel_axis=None, start_label=0
    )
    _, segments = np.unique(found, return_inverse=True)
    return segments.reshape(image.shape)


def superpixel_graph(image: Float[ndarray, "28 28"], segments: Integer[ndarray, "28 28"]) -> Graph:
    """The graph of a picture cut into segments: mean intensity, centroid and degree; edges where segments touch."""
    label, nodes = segments.ravel(), int(segments.max()) + 1
    size = np.bincount(label, minlength=nodes)
    intensity = np.bincount(label, image.ravel(), nodes) / size
    rows, columns = np.divmod(np.arange(SIDE * SIDE), SIDE)
    positions = np.stack([np.bincount(label, axis, nodes) / size for axis in (rows, columns)], 1)
    return centroid_graph(intensity, positions, _touching(segments, nodes))


def centroid_graph(
    intensity: Float[ndarray, " nodes"],
    positions: Float[ndarray, "nodes 2"],
    edges: Integer[ndarray, "2 edges"],
) -> Graph:
    """The graph of segments of which only these are known.

    Args:
        intensity: mean grey value of each segment, 0 (black) to 1 (ink).
        positions: row and column of its centroid, in pixels of the 28 × 28 grid.
        edges: both directions of every pair of segments that touch.
    """
    nodes = len(intensity)
    degree = np.minimum(np.bincount(edges[0], minlength=nodes), MAX_DEGREE)
    ink, ink_weights = (
        side.numpy()
        for side in _soft_bin(torch.as_tensor(intensity) * (INTENSITY_BINS - 1), INTENSITY_BINS)
    )
    cell, cell_weights = (side.numpy() for side in _soft_cell(torch.as_tensor(positions)))
    offsets = SUPERPIXELS.offsets
    codes = [
        offsets["intensity"] + ink,
        offsets["position"] + cell,
        offsets["ink position"] + cell,
        offsets["degree"] + degree[:, None],
    ]
    weights = [ink_weights, cell_weights, cell_weights * intensity[:, None], np.ones((nodes, 1))]
    kinds = np.zeros(edges.shape[1], dtype=np.int64)
    return graph(
        SUPERPIXELS, np.concatenate(codes, 1), np.concatenate(weights, 1), edges, kinds, positions
    )


def _touching(segments: ndarray, nodes: int) -> ndarray:
    """`[2, edges]` pairs of different segments that share a pixel side, both directions."""
    across = np.stack([segments[:, :-1].ravel(), segments[:, 1:].ravel()])
    down = np.stack([segments[:-1].ravel(), segments[1:].ravel()])
    pairs = np.concatenate([across, down], 1)
    touching = np.zeros((nodes, nodes), dtype=bool)
    touching[pairs[0], pairs[1]] = touching[pairs[1], pairs[0]] = True
    np.fill_diagonal(touching, False)
    return np.stack(np.nonzero(touching))


def centroids(batch: GraphBatch) -> Float[Tensor, "batch nodes 2"]:
    """Row and column of each node's centroid, in pixels: soft bins tell it exactly."""
    cell = batch.codes[:, :, POSITION] - SUPERPIXELS.offsets["position"]
    grid = torch.stack([cell // GRID, cell % GRID], -1) * ((SIDE - 1) / (GRID - 1))
    return (grid * batch.weights[:, :, POSITION, None]).sum(2)


def with_centroids(batch: GraphBatch, positions: Float[Tensor, "batch nodes 2"]) -> GraphBatch:
    """The batch with the nodes elsewhere in the picture: intensities and what touches what stay as they were."""
    cell, weight = _soft_cell(positions)
    ink = batch.weights[:, :, INK].sum(2, keepdim=True)
    codes, weights = batch.codes.clone(), batch.weights.clone()
    for slots, name, said in ((POSITION, "position", weight), (INK, "ink position", weight * ink)):
        codes[:, :, slots] = cell.to(codes.dtype) + SUPERPIXELS.offsets[name]
        weights[:, :, slots] = said * batch.mask.unsqueeze(2)
    edges = torch.tensor(OFFSET_BINS, device=positions.device)
    rows, columns = torch.bucketize(
        positions[:, None] - positions[:, :, None], edges, right=True
    ).unbind(-1)
    buckets, offsets = SUPERPIXELS.hop_buckets, SUPERPIXELS.offset_entries
    between = batch.relation[:, 1:, 1:]
    hops = batch.patterns[:, 0][(between - FIRST_PATTERN).clamp_min(0)]
    pattern = hops * offsets + rows * (len(OFFSET_BINS) + 1) + columns
    relation = batch.relation.clone()
    relation[:, 1:, 1:] = torch.where(
        between < FIRST_PATTERN, between, (FIRST_PATTERN + pattern).to(between.dtype)
    )
    hop, offset = torch.meshgrid(
        torch.arange(buckets), torch.arange(offsets) + buckets, indexing="ij"
    )
    patterns = torch.stack([hop.flatten(), offset.flatten()], 1).to(batch.patterns)
    ones = batch.pattern_weights.new_ones(patterns.shape)
    return replace(
        batch,
        codes=codes,
        weights=weights,
        relation=relation,
        patterns=patterns,
        pattern_weights=ones,
    )


def _soft_bin(
    value: Float[Tensor, "*values"], bins: int
) -> tuple[Integer[Tensor, "*values 2"], Float[Tensor, "*values 2"]]:
    """The two bins next to each value (in units of bins) and their weights, which sum to one."""
    low = value.floor().clamp(0, bins - 2)
    share = (value - low).clamp(0, 1)
    return torch.stack([low, low + 1], -1).long(), torch.stack([1 - share, share], -1)


def _soft_cell(
    positions: Float[Tensor, "*nodes 2"],
) -> tuple[Integer[Tensor, "*nodes 4"], Float[Tensor, "*nodes 4"]]:
    """The four grid cells around each (row, column) in pixels, with bilinear weights."""
    bins, shares = _soft_bin(positions * ((GRID - 1) / (SIDE - 1)), GRID)
    (row, column), (row_share, column_share) = bins.unbind(-2), shares.unbind(-2)
    cell = row[..., :, None] * GRID + column[..., None, :]
    return cell.flatten(-2), (row_share[..., :, None] * column_share[..., None, :]).flatten(-2)
