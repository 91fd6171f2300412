"""The share of a kernel machine in the output beside networks, by what both say out of fold.

Which of the two is the better model depends on the table: solubility is nearly a sum over atoms,
which a network learns, and the potency of a series goes with the nearest known molecules. So the
share is chosen on folds of the training set, as a temperature is, and no test set has a say.
"""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from graphormer.evaluation.calibration import fitted_temperature
from graphormer.network.ensemble import mean
from graphormer.network.loss import loss
from graphormer.network.model import Config

SHARES = tuple(float(share) for share in np.linspace(0, 0.9, 19).round(2))
"""What is tried: networks have a tenth at least, for without them structure has no relevance."""

LEAST = 0.1
"""Share below which a kernel machine is left out."""


def fitted_share(
    config: Config,
    outputs: Float[Tensor, "2 graphs outputs"],
    labels: Float[Tensor, "graphs outputs"],
) -> float:
    """The share of the kernel machine with which both together have the least error.

    Args:
        config: of the networks. Values are judged by their squared error, logits by their log
            loss at the best temperature.
        outputs: of the networks and of the kernel machine, for graphs that were not learnt from;
            values in standard deviations.
        labels: likewise; NaN is missing.

    Returns:
        One of `SHARES`; 0 if it is below `LEAST`.

    Example:
        Values of which the networks overshoot by one, and the kernel machine falls short by two:

        >>> labels = torch.tensor([[1.0], [2.0], [3.0]])
        >>> outputs = torch.stack([labels + 1, labels - 2])
        >>> fitted_share(Config("regression", outputs=1), outputs, labels)
        0.35
    """
    errors = [_error(config, mean(outputs, [1 - share, share]), labels) for share in SHARES]
    share = SHARES[int(np.argmin(errors))]
    return share if share >= LEAST else 0.0


def _error(
    config: Config,
    outputs: Float[Tensor, "graphs outputs"],
    labels: Float[Tensor, "graphs outputs"],
) -> float:
    if config.task == "binary":
        outputs = outputs / fitted_temperature(config.task, outputs, labels)
    return float(loss(config, outputs, labels))
