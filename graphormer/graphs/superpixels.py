"""Digit pictures as graphs: one node per SLIC superpixel, edges between superpixels that touch."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer
from numpy import ndarray
from torch import Tensor

from graphormer.graphs.graph import FIRST_PATTERN, Graph, GraphBatch, graph
from graphormer.graphs.slic import SIDE, superpixels
from graphormer.graphs.vocabulary import Vocabulary

INTENSITY_BINS = 8
"""Soft bins of the mean intensity."""

GRID = 10
"""Soft bins along each axis of the picture."""

MAX_DEGREE = 12
"""The last bucket of degrees: more neighbours are read as that many."""

OFFSET_BINS = (-14.0, -10.0, -7.0, -5.0, -3.5, -2.0, -0.75, 0.75, 2.0, 3.5, 5.0, 7.0, 10.0, 14.0)
"""Edges, in pixels, between bins of row and column offsets: fine where strokes are (2 to 3 pixels
wide), coarse far away."""

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
"""Soft bins, whose weights sum to one, keep the scale that a LayerNorm without bias would erase
from raw coordinates. "Ink position" is the position weighted by the mean intensity."""

POSITION_SLOTS = slice(2, 6)
"""Slots of a node's codes and weights that hold its position, after two of its intensity."""

INK_SLOTS = slice(6, 10)
"""Those that hold its ink position."""


@dataclass(frozen=True, repr=False)
class Digit:
    """A digit picture with its graph and its segment map."""

    image: Float[ndarray, "28 28"]
    """White ink on black, 0 to 1."""
    segments: Integer[ndarray, "28 28"]
    """Node of each pixel."""
    id: str = ""
    notes: tuple[str, ...] = ()
    """What was changed on reading."""

    @cached_property
    def graph(self) -> Graph:
        """Node i is segment i."""
        return superpixel_graph(self.image, self.segments)

    @property
    def nodes(self) -> int:
        return int(self.segments.max()) + 1

    def __repr__(self) -> str:
        notes = f", notes={self.notes!r}" if self.notes else ""
        return f"Digit(id={self.id!r}, {self.nodes} superpixels{notes})"


def digit(
    image: Float[ndarray, "rows columns"], id: str = "", notes: tuple[str, ...] = ()
) -> Digit:
    """The digit of a 28 × 28 picture, white ink on black, values 0 to 1.

    Raises:
        ValueError: another shape, or values that are not numbers from 0 to 1.
    """
    if image.shape != (SIDE, SIDE):
        raise ValueError(
            f"a picture of shape {image.shape}: {(SIDE, SIDE)} is needed; "
            "`picture` brings others to that size"
        )
    if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
        raise ValueError(
            f"pixel values {image.min():g} … {image.max():g}: "
            "numbers from 0 (black) to 1 (ink) are needed"
        )
    return Digit(image, superpixels(image), id, notes)


def superpixel_graph(image: Float[ndarray, "28 28"], segments: Integer[ndarray, "28 28"]) -> Graph:
    """The graph of a picture cut into segments.

    Nodes have mean intensity, centroid and degree. Edges are where segments touch.
    """
    nodes = int(segments.max()) + 1
    intensity, positions = segment_means(image.ravel(), segments.ravel(), nodes)
    (touches,) = touching(segments[None], nodes)  # (nodes, nodes)
    return centroid_graph(intensity, positions, np.stack(np.nonzero(touches)))


def segment_means(
    grey: Float[ndarray, " pixels"], node: Integer[ndarray, " pixels"], nodes: int
) -> tuple[Float[ndarray, " nodes"], Float[ndarray, "nodes 2"]]:
    """Mean grey value and centroid, as row and column, of each node.

    Args:
        grey: of all pixels, picture after picture.
        node: that each pixel belongs to.
        nodes: how many there are.
    """
    size = np.bincount(node, minlength=nodes)
    row, column = np.divmod(np.arange(node.size) % SIDE**2, SIDE)  # (pixels,) each
    intensity = np.bincount(node, grey, nodes) / size
    mean_row = np.bincount(node, row, nodes) / size
    mean_column = np.bincount(node, column, nodes) / size
    return intensity, np.stack([mean_row, mean_column], 1)


def touching(
    segments: Integer[ndarray, "pictures 28 28"], longest: int
) -> Bool[ndarray, "pictures longest longest"]:
    """Whether two different segments of a picture share a pixel side."""
    touches = np.zeros((len(segments), longest, longest), bool)
    picture = np.arange(len(segments))[:, None, None]
    sides = (
        (segments[:, :, :-1], segments[:, :, 1:]),  # left and right
        (segments[:, :-1], segments[:, 1:]),  # upper and lower
    )
    for first, second in sides:
        touches[picture, first, second] = True
        touches[picture, second, first] = True
    diagonal = np.arange(longest)
    touches[:, diagonal, diagonal] = False
    return touches


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
    degree = np.minimum(np.bincount(edges[0], minlength=len(intensity)), MAX_DEGREE)
    codes, weights = centroid_codes(intensity, positions, degree)
    return graph(
        SUPERPIXELS,
        codes=codes,
        weights=weights,
        edges=edges,
        edge_types=np.zeros(edges.shape[1], dtype=np.int64),
        positions=positions,
    )


def centroid_codes(
    intensity: Float[ndarray, " nodes"],
    positions: Float[ndarray, "nodes 2"],
    degree: Integer[ndarray, " nodes"],
) -> tuple[Integer[ndarray, "nodes slots"], Float[ndarray, "nodes slots"]]:
    """Entries of the table of nodes that describe segments, and their weights."""
    bins, bin_weights = _soft_bins(
        torch.as_tensor(intensity) * (INTENSITY_BINS - 1), INTENSITY_BINS
    )
    cells, cell_weights = _soft_cells(torch.as_tensor(positions))
    offsets = SUPERPIXELS.offsets
    codes = [
        offsets["intensity"] + bins.numpy(),  # (nodes, 2)
        offsets["position"] + cells.numpy(),  # (nodes, 4)
        offsets["ink position"] + cells.numpy(),  # (nodes, 4)
        offsets["degree"] + degree[:, None],  # (nodes, 1)
    ]
    weights = [
        bin_weights.numpy(),
        cell_weights.numpy(),
        cell_weights.numpy() * intensity[:, None],
        np.ones((len(intensity), 1)),
    ]
    return np.concatenate(codes, 1), np.concatenate(weights, 1)


def _soft_bins(
    value: Float[Tensor, "*values"], bins: int
) -> tuple[Integer[Tensor, "*values 2"], Float[Tensor, "*values 2"]]:
    """The two bins next to each value (in units of bins) and their weights, which sum to one.

    Example:
        >>> _soft_bins(torch.tensor(2.25), bins=8)
        (tensor([2, 3]), tensor([0.7500, 0.2500]))
    """
    low = value.floor().clamp(0, bins - 2)
    high_weight = (value - low).clamp(0, 1)
    nearest_bins = torch.stack([low, low + 1], -1)  # (*values, 2)
    weights = torch.stack([1 - high_weight, high_weight], -1)  # (*values, 2)
    return nearest_bins.long(), weights


def _soft_cells(
    positions: Float[Tensor, "*nodes 2"],
) -> tuple[Integer[Tensor, "*nodes 4"], Float[Tensor, "*nodes 4"]]:
    """The four grid cells around each (row, column) in pixels, with bilinear weights."""
    bins_per_pixel = (GRID - 1) / (SIDE - 1)
    bins, weights = _soft_bins(positions * bins_per_pixel, GRID)  # (*nodes, 2 axes, 2) each
    row, column = bins.unbind(-2)  # (*nodes, 2) each: low and high
    row_weight, column_weight = weights.unbind(-2)  # (*nodes, 2) each
    cells = row[..., :, None] * GRID + column[..., None, :]  # (*nodes, 2 rows, 2 columns)
    cell_weights = row_weight[..., :, None] * column_weight[..., None, :]  # likewise
    return cells.flatten(-2), cell_weights.flatten(-2)  # (*nodes, 4) each


def centroids(batch: GraphBatch) -> Float[Tensor, "batch nodes 2"]:
    """Row and column of each node's centroid, in pixels, which the soft bins hold exactly."""
    codes = batch.codes[:, :, POSITION_SLOTS]  # (batch, nodes, 4)
    weights = batch.weights[:, :, POSITION_SLOTS]  # (batch, nodes, 4)
    cells = codes - SUPERPIXELS.offsets["position"]
    rows_and_columns = torch.stack([cells // GRID, cells % GRID], -1)  # (batch, nodes, 4, 2)
    pixels_per_bin = (SIDE - 1) / (GRID - 1)
    corners = rows_and_columns * pixels_per_bin
    return (corners * weights[:, :, :, None]).sum(2)  # (batch, nodes, 2)


def with_centroids(batch: GraphBatch, positions: Float[Tensor, "batch nodes 2"]) -> GraphBatch:
    """The batch with its nodes moved to these positions; intensities and edges stay as they were.

    The graphs are what `centroid_graph` would make of the new positions, without leaving the
    device.
    """
    codes, weights = _moved_codes(batch, positions)
    patterns = _all_patterns().to(batch.patterns)
    return replace(
        batch,
        codes=codes,
        weights=weights,
        relation=_moved_relation(batch, positions),
        patterns=patterns,
        pattern_weights=batch.pattern_weights.new_ones(patterns.shape),
    )


def _moved_codes(
    batch: GraphBatch, positions: Float[Tensor, "batch nodes 2"]
) -> tuple[Integer[Tensor, "batch nodes slots"], Float[Tensor, "batch nodes slots"]]:
    """Codes and weights of the nodes at these positions."""
    cells, cell_weights = _soft_cells(positions)  # (batch, nodes, 4) each
    is_node = batch.mask.unsqueeze(2)  # (batch, nodes, 1)
    # The weights of the ink position sum to the mean intensity, as those of a position sum to one.
    intensity = batch.weights[:, :, INK_SLOTS].sum(2, keepdim=True)  # (batch, nodes, 1)
    codes = batch.codes.clone()
    codes[:, :, POSITION_SLOTS] = cells.to(codes.dtype) + SUPERPIXELS.offsets["position"]
    codes[:, :, INK_SLOTS] = cells.to(codes.dtype) + SUPERPIXELS.offsets["ink position"]
    weights = batch.weights.clone()
    weights[:, :, POSITION_SLOTS] = cell_weights * is_node
    weights[:, :, INK_SLOTS] = cell_weights * intensity * is_node
    return codes, weights


def _moved_relation(
    batch: GraphBatch, positions: Float[Tensor, "batch nodes 2"]
) -> Integer[Tensor, "batch tokens tokens"]:
    """Relation of the nodes at these positions, as rows of `_all_patterns`."""
    bin_edges = torch.tensor(OFFSET_BINS, device=positions.device)
    offsets = positions[:, None] - positions[:, :, None]  # (batch, query, key, 2)
    row_bin, column_bin = torch.bucketize(offsets, bin_edges, right=True).unbind(-1)
    offset_bin = row_bin * (len(OFFSET_BINS) + 1) + column_bin  # (batch, nodes, nodes)
    between_nodes = batch.relation[:, 1:, 1:]  # (batch, nodes, nodes)
    old_pattern = (between_nodes - FIRST_PATTERN).clamp_min(0)
    hop_bucket = batch.patterns[:, 0][old_pattern]  # (batch, nodes, nodes)
    pattern = FIRST_PATTERN + hop_bucket * SUPERPIXELS.offset_entries + offset_bin
    relation = batch.relation.clone()
    relation[:, 1:, 1:] = torch.where(
        between_nodes < FIRST_PATTERN, between_nodes, pattern.to(between_nodes.dtype)
    )
    return relation


def _all_patterns() -> Integer[Tensor, "patterns 2"]:
    """Every pair of a hop bucket and an offset bin, in order."""
    hop_buckets = SUPERPIXELS.hop_buckets
    offset_entries = torch.arange(SUPERPIXELS.offset_entries) + hop_buckets
    hop, offset = torch.meshgrid(torch.arange(hop_buckets), offset_entries, indexing="ij")
    return torch.stack([hop.flatten(), offset.flatten()], 1)
