"""Several models of one architecture as one: the mean of their outputs, and their disagreement."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.graphs.graph import GraphBatch
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.by_hand import outputs
from graphormer.network.inputs import GraphInputs
from graphormer.network.model import Config, Graphormer


class Ensemble(GraphInputs, nn.Module):
    """Models trained alike from different seeds.

    Lakshminarayanan et al. 2017, "Deep Ensembles", section 2.4. Logits or values are averaged, not
    probabilities: a mean of logits is linear, so the mean of the members' relevances adds up to it.
    """

    def __init__(self, members: Sequence[Graphormer]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    @property
    def networks(self) -> list[Graphormer]:
        """The members."""
        return [member for member in self.members if isinstance(member, Graphormer)]

    @property
    def config(self) -> Config:
        return self.networks[0].config

    @property
    def vocabulary(self) -> Vocabulary:
        return self.networks[0].vocabulary

    def each(self, batch: GraphBatch) -> Float[Tensor, "members batch outputs"]:
        """The outputs of every member."""
        return torch.stack([outputs(member, batch) for member in self.networks])

    def forward(self, batch: GraphBatch) -> Float[Tensor, "batch outputs"]:
        return self.each(batch).mean(0)


Model: TypeAlias = Graphormer | Ensemble


def networks(model: Model) -> list[Graphormer]:
    """The members of an ensemble, or the one model."""
    return model.networks if isinstance(model, Ensemble) else [model]
