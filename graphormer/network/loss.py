"""What training makes small."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.network.model import Config


def loss(
    config: Config, logits: Float[Tensor, "batch outputs"], labels: Tensor
) -> Float[Tensor, ""]:
    """Cross entropy or squared error, over the labels that are not missing (NaN).

    Args:
        config: of the model.
        logits: its outputs.
        labels: `[batch]` class indices if multiclass, else `[batch, outputs]`.
    """
    if config.task == "multiclass":
        return F.cross_entropy(logits, labels)
    has_label = ~labels.isnan()  # (batch, outputs)
    criterion = F.binary_cross_entropy_with_logits if config.task == "binary" else F.mse_loss
    return criterion(logits[has_label], labels[has_label])
