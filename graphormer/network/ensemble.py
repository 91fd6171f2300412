"""Several models as one: the mean of their outputs, and their disagreement."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.graphs.graph import GraphBatch
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.by_hand import outputs
from graphormer.network.inputs import GraphInputs
from graphormer.network.kernel import Kernel
from graphormer.network.model import Config, Graphormer

Component: TypeAlias = Graphormer | Kernel


class Ensemble(GraphInputs, nn.Module):
    """Networks trained alike from different seeds, and perhaps a kernel machine beside them.

    Lakshminarayanan et al. 2017, "Deep Ensembles", section 2.4. Logits or values are averaged, not
    probabilities: a mean of logits is linear, so the mean of the components' relevances adds up to
    it.
    """

    def __init__(self, members: Sequence[Graphormer], kernel: Kernel | None = None) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.kernel = kernel

    @property
    def networks(self) -> list[Graphormer]:
        """The members."""
        return [member for member in self.members if isinstance(member, Graphormer)]

    @property
    def components(self) -> list[Component]:
        """The networks, and the kernel machine if there is one."""
        return [*self.networks, *([] if self.kernel is None else [self.kernel])]

    @property
    def shares(self) -> list[float]:
        """The share of each component in the mean; their sum is 1."""
        networks = len(self.members)
        if self.kernel is None:
            return [1 / networks] * networks
        of_kernel = float(self.kernel.share)
        return [(1 - of_kernel) / networks] * networks + [of_kernel]

    @property
    def config(self) -> Config:
        return self.networks[0].config

    @property
    def vocabulary(self) -> Vocabulary:
        return self.networks[0].vocabulary

    def each(self, batch: GraphBatch) -> Float[Tensor, "components batch outputs"]:
        """The outputs of every component."""
        return torch.stack([outputs(component, batch) for component in self.components])

    def forward(self, batch: GraphBatch) -> Float[Tensor, "batch outputs"]:
        return mean(self.each(batch), self.shares)


Model: TypeAlias = Graphormer | Ensemble


def components(model: Model) -> list[Component]:
    """The components of an ensemble, or the one model."""
    return model.components if isinstance(model, Ensemble) else [model]


def shares(model: object) -> list[float]:
    """The share of each component in the output."""
    return model.shares if isinstance(model, Ensemble) else [1.0]


def networks(model: Model) -> list[Graphormer]:
    """The networks of an ensemble, or the one model."""
    return model.networks if isinstance(model, Ensemble) else [model]


def kernel_of(model: Model) -> Kernel | None:
    """The kernel machine beside the networks, if there is one."""
    return model.kernel if isinstance(model, Ensemble) else None


def mean(
    values: Float[Tensor, "components *rest"], shares: Sequence[float]
) -> Float[Tensor, " *rest"]:
    """The mean of what the components say, each with its share."""
    # One after the other: no sum depends on how many graphs a batch has.
    total = torch.zeros_like(values[0])
    for value, share in zip(values, shares, strict=True):
        total = total + share * value
    return total


def spread(
    values: Float[Tensor, "components *rest"], shares: Sequence[float]
) -> Float[Tensor, " *rest"]:
    """The standard deviation of what at least two components say, each with its share.

    √(Σ s (x − x̄)² / (1 − Σ s²)): for equal shares that of a sample.

    Example:
        >>> spread(torch.tensor([1.0, 2.0, 3.0]), [1 / 3] * 3)
        tensor(1.)
    """
    squared = (values - mean(values, shares)) ** 2  # (components, *rest)
    missing = 1 - sum(share**2 for share in shares)
    return (mean(squared, shares) / missing).sqrt()
