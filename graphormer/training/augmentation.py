"""What is taken away or moved at random while training, so that a model does not lean on any one thing."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import PADDING, GraphBatch
from graphormer.graphs.superpixels import SIDE, SUPERPIXELS, centroids, with_centroids


def without_environments(batch: GraphBatch, share: float) -> GraphBatch:
    """The batch with this share of all environments unsaid, and the others said louder so that the mean stays.

    Environments name single molecules of a small training set; a model that hears all of them all of the time learns
    them by heart.
    """
    slots = len(batch.vocabulary.environments)
    if not slots or not share:
        return batch
    kept = torch.rand(*batch.weights.shape[:2], slots, device=batch.weights.device) >= share
    weights = batch.weights.clone()
    weights[:, :, -slots:] *= kept / max(1 - share, 1e-6)
    return replace(batch, weights=weights)


def without_nodes(batch: GraphBatch, share: float) -> GraphBatch:
    """The batch in which no attention reaches some nodes, 0 to `share` of those of each graph: removal mode `attn`.

    The share is drawn anew for each graph. A removed node is then nothing that the model has never seen, which is what
    every measure of faithfulness does to it.
    """
    if not share:
        return batch
    lost = torch.rand(len(batch), 1, device=batch.mask.device) * share
    gone = (torch.rand(batch.mask.shape, device=batch.mask.device) < lost) & batch.mask
    gone &= gone.sum(1, keepdim=True) < batch.mask.sum(1, keepdim=True)  # never all of them
    relation = batch.relation.clone()
    relation[:, :, 1:].masked_fill_(gone[:, None, :], PADDING)
    return replace(batch, mask=batch.mask & ~gone, relation=relation)


SLANT, SHIFT, RIPPLE, RIPPLES = 0.12, 1.0, 0.7, 5
"""At most, at strength 1, standard deviations of the entries of the linear map (less the identity), of the shift in pixels,
and of the displacement in pixels at each of 5 × 5 points, between which it is interpolated. Of our choosing: by eye,
digits stay what they are."""


def deformed(batch: GraphBatch, strength: float) -> GraphBatch:
    """Superpixels moved by another smooth deformation of the picture in each graph: rotation, scale, slant, shift, ripples.

    After Simard et al. 2003, "Best Practices for Convolutional Neural Networks Applied to Visual Document Analysis",
    section 2, with centroids in place of pixels: no picture is cut anew. Each graph draws its own strength, from 0 to
    this one. Graphs of another vocabulary stay as they are.
    """
    if not strength or batch.vocabulary != SUPERPIXELS:
        return batch
    positions, middle = centroids(batch), (SIDE - 1) / 2
    graphs, device = len(batch), positions.device
    own = strength * torch.rand(graphs, 1, 1, device=device)
    slant = torch.eye(2, device=device) + SLANT * own * torch.randn(graphs, 2, 2, device=device)
    shift = SHIFT * own * torch.randn(graphs, 1, 2, device=device)
    field = RIPPLE * own.unsqueeze(3) * torch.randn(graphs, 2, RIPPLES, RIPPLES, device=device)
    return with_centroids(
        batch,
        (positions - middle) @ slant
        + middle
        + shift
        + _interpolated(field, positions / middle - 1),
    )


def _interpolated(
    field: Float[Tensor, "batch 2 rows columns"], places: Float[Tensor, "batch nodes 2"]
) -> Float[Tensor, "batch nodes 2"]:
    """The field at places (row, column) from -1 to 1."""
    found = F.grid_sample(
        field,
        places.flip(2).unsqueeze(1),
        mode="bicubic",
        padding_mode="border",
        align_corners=True,
    )
    return found.squeeze(2).transpose(1, 2)
