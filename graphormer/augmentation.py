"""What is taken away at random while training, so that a model does not lean on any one thing and knows graphs with parts missing."""

from dataclasses import replace

import torch

from graphormer.graph import PADDING, GraphBatch


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
