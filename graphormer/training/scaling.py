"""A regression learns standardised labels; its head is then scaled back to the target's unit."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.network.kernel import Kernel
from graphormer.network.model import Config, Graphormer


@dataclass(frozen=True)
class Scaling:
    """Mean and standard deviation of the targets of a regression; 0 and 1 for other tasks."""

    mean: Float[Tensor, " outputs"]
    deviation: Float[Tensor, " outputs"]

    def standardise(self, part: LabelledGraphs) -> LabelledGraphs:
        """The part with its labels in standard deviations from their mean.

        Class numbers, which have no columns, stay as they are.
        """
        if part.labels.ndim != 2:
            return part
        labels = (part.labels - self.mean) / self.deviation  # (graphs, outputs)
        return replace(part, labels=labels)

    def restore_unit(self, model: Graphormer) -> Graphormer:
        """The model with its head in the target's unit.

        The weights become w · deviation, the biases b · deviation + mean.
        """
        with torch.no_grad():
            model.head.weight *= self.deviation[:, None]  # (outputs, width)
            if model.head.bias is not None:
                model.head.bias.copy_(model.head.bias * self.deviation + self.mean)
        return model

    def restore_unit_of_kernel(self, kernel: Kernel) -> Kernel:
        """The kernel machine with its output in the target's unit, likewise."""
        with torch.no_grad():
            kernel.coefficients.mul_(self.deviation)
            kernel.offset.copy_(kernel.offset * self.deviation + self.mean)
        return kernel


UNSCALED = Scaling(torch.zeros(1), torch.ones(1))
"""The scaling of one target that is learnt as it is."""


def scaling_of(config: Config, labels: Tensor) -> Scaling:
    """The scaling by the labels of a training set; NaN is left out.

    Without an output bias there is no base value: the mean is then 0.

    Example:
        >>> labels = torch.tensor([[1.0], [3.0], [torch.nan]])
        >>> scaling_of(Config("regression", outputs=1, output_bias=True), labels)
        Scaling(mean=tensor([2.]), deviation=tensor([1.]))
        >>> scaling_of(Config("binary", outputs=1), labels)
        Scaling(mean=tensor([0.]), deviation=tensor([1.]))
    """
    if config.task != "regression":
        return Scaling(torch.zeros(config.outputs), torch.ones(config.outputs))
    values = labels.double().numpy()  # (graphs, outputs)
    mean = np.zeros(config.outputs)
    if config.output_bias:
        mean = np.nanmean(values, 0)
    deviation = np.nanstd(values, 0)
    return Scaling(
        torch.tensor(mean, dtype=torch.float32), torch.tensor(deviation, dtype=torch.float32)
    )
