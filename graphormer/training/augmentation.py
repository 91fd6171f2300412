"""Random changes of graphs while training, so that a model does not rely on any single thing."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import PADDING, GraphBatch
from graphormer.graphs.slic import SIDE
from graphormer.graphs.superpixels import SUPERPIXELS, centroids, with_centroids

SLANT = 0.12
"""Standard deviation, at strength 1, of the entries of the linear map less the identity."""

SHIFT = 1.0
"""Standard deviation, at strength 1, of the shift in pixels."""

RIPPLE = 0.7
"""Standard deviation, at strength 1, of the displacement in pixels at each point of a grid."""

RIPPLES = 5
"""Points on a side of that grid, between which displacements are interpolated.

These four are of our choosing: by eye, digits stay what they are.
"""

SMALLEST_SHARE = 1e-6
"""Share of environments that is taken to be left even if all are dropped."""


def without_environments(batch: GraphBatch, share: float) -> GraphBatch:
    """The batch without this share of all environments, at random.

    The others weigh more, so that the mean stays. Environments name single molecules of a small
    training set; a model that always sees all of them learns the molecules by heart.
    """
    slots = len(batch.vocabulary.environments)
    if not slots or not share:
        return batch
    graphs, nodes = batch.weights.shape[:2]
    random = torch.rand(graphs, nodes, slots, device=batch.weights.device)
    stays = random >= share  # (batch, nodes, environment slots)
    weights = batch.weights.clone()  # (batch, nodes, slots), those of environments last
    weights[:, :, -slots:] *= stays / max(1 - share, SMALLEST_SHARE)
    return replace(batch, weights=weights)


def without_nodes(batch: GraphBatch, share: float) -> GraphBatch:
    """The batch in which attention does not reach some nodes: removal mode `attn`.

    The share of removed nodes is drawn anew for each graph, from 0 to `share`. A model that was
    trained so has met removed nodes, with which every measure of faithfulness confronts it.
    """
    if not share:
        return batch
    device = batch.mask.device
    share_of_graph = torch.rand(len(batch), 1, device=device) * share  # (batch, 1)
    is_removed = torch.rand(batch.mask.shape, device=device) < share_of_graph  # (batch, nodes)
    is_removed &= batch.mask
    # If chance removes all nodes of a graph, it keeps all of them.
    is_removed &= is_removed.sum(1, keepdim=True) < batch.mask.sum(1, keepdim=True)
    relation = batch.relation.clone()  # (batch, tokens, tokens), token 0 is the readout
    relation[:, :, 1:].masked_fill_(is_removed[:, None, :], PADDING)
    return replace(batch, mask=batch.mask & ~is_removed, relation=relation)


def deformed(batch: GraphBatch, strength: float) -> GraphBatch:
    """Superpixels moved by a random smooth deformation of each picture.

    It rotates, scales, slants, shifts and ripples, after Simard et al. 2003, "Best Practices for
    Convolutional Neural Networks Applied to Visual Document Analysis", section 2, with centroids in
    place of pixels: no picture is cut anew. Each graph draws its own strength, from 0 to this one.
    Graphs of another vocabulary stay as they are.
    """
    if not strength or batch.vocabulary != SUPERPIXELS:
        return batch
    positions = centroids(batch)  # (batch, nodes, 2): row and column in pixels
    middle = (SIDE - 1) / 2
    graphs = len(batch)
    device = positions.device
    strengths = strength * torch.rand(graphs, 1, 1, device=device)
    noise = torch.randn(graphs, 2, 2, device=device)
    linear_map = torch.eye(2, device=device) + SLANT * strengths * noise  # (batch, 2, 2)
    shift = SHIFT * strengths * torch.randn(graphs, 1, 2, device=device)  # (batch, 1, 2)
    grid_noise = torch.randn(graphs, 2, RIPPLES, RIPPLES, device=device)
    grid = RIPPLE * strengths.unsqueeze(3) * grid_noise  # (batch, 2, ripples, ripples)
    ripples = _interpolate(grid, positions / middle - 1)  # (batch, nodes, 2)
    new_positions = (positions - middle) @ linear_map + middle + shift + ripples
    return with_centroids(batch, new_positions)


def _interpolate(
    grid: Float[Tensor, "batch 2 rows columns"], points: Float[Tensor, "batch nodes 2"]
) -> Float[Tensor, "batch nodes 2"]:
    """The grid's values at points (row, column) from -1 to 1."""
    values = F.grid_sample(
        grid,
        points.flip(2).unsqueeze(1),  # (batch, 1, nodes, 2): column before row
        mode="bicubic",
        padding_mode="border",
        align_corners=True,
    )  # (batch, 2, 1, nodes)
    return values.squeeze(2).transpose(1, 2)  # (batch, nodes, 2)
