"""Relevance read off the attention probabilities, alone or with their gradients.

A token's row says whom it listens to. Models that read out the graph token are explained by its row; models that read
out the mean of the nodes, by the mean of the nodes' rows. The graph token's own entry is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Graphormer
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods.gradient import node_explanations
from molxai.explanation.outcome import outcomes, resolved
from molxai.explanation.passes import check_ready, gradient_pass
from molxai.explanation.target import Target
from molxai.rules import Function, Rule, rules

if TYPE_CHECKING:
    import networkx

Layer = Float[Tensor, "batch heads tokens tokens"]


def recording(layers: list[Tensor]) -> Rule:
    """A rule that changes nothing and keeps every layer's attention probabilities."""

    def kept(func: Function, *args: Any, **kwargs: Any) -> Tensor:
        layers.append(func(*args, **kwargs))
        return layers[-1]

    return Rule("attention", {F.softmax: kept, torch.softmax: kept, Tensor.softmax: kept})


def read_row(
    model: Graphormer, batch: GraphBatch, matrix: Float[Tensor, "batch tokens tokens"]
) -> Float[Tensor, "batch nodes"]:
    """What the read-out hears from each node."""
    if model.config.readout == "token":
        return matrix[:, 0, 1:]
    share = (batch.mask / batch.mask.sum(1, keepdim=True)).to(matrix.dtype)
    return torch.einsum("bq,bqk->bk", share, matrix[:, 1:, 1:])


@dataclass(frozen=True)
class Attention:
    """Relevance from the layers' attention probabilities alone: the same for every target."""

    name: str
    combine: Callable[[Graphormer, GraphBatch, list[Layer]], Float[Tensor, "batch nodes"]]
    conserves: bool = False
    signed: bool = False
    by_target: bool = False
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 0

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch; targets decide the logit that is reported, not the relevance."""
        check_ready(model)
        layers: list[Layer] = []
        with torch.no_grad(), rules(recording(layers)):
            logits = model(batch)
        outcome = outcomes(model.config, logits, resolved(model.config, logits, targets))
        return node_explanations(self.name, batch, outcome, self.combine(model, batch, layers))


@dataclass(frozen=True)
class GradientAttention:
    """Relevance from the layers' A ⊙ ∂f/∂A."""

    name: str
    combine: Callable[[Graphormer, GraphBatch, list[Layer]], Float[Tensor, "batch nodes"]]
    conserves: bool = False
    signed: bool = True
    by_target: bool = True
    largest: int | None = None

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(
        self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None
    ) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class."""
        layers: list[Layer] = []
        made = gradient_pass(model, batch, targets, (recording(layers),), layers)
        products = [a.detach() * g for a, g in zip(layers, made.recorded_gradients, strict=True)]
        return node_explanations(
            self.name, batch, made.outcome, self.combine(model, batch, products)
        )


def last_layer(
    model: Graphormer, batch: GraphBatch, layers: list[Layer]
) -> Float[Tensor, "batch nodes"]:
    """Mean over the heads of the last layer."""
    return read_row(model, batch, layers[-1].mean(1))


def mean_product(
    model: Graphormer, batch: GraphBatch, layers: list[Layer]
) -> Float[Tensor, "batch nodes"]:
    """Mean over layers and heads of A ⊙ ∂f/∂A."""
    return read_row(model, batch, torch.stack(layers).mean((0, 2)))


def generic_attention(
    model: Graphormer, batch: GraphBatch, layers: list[Layer]
) -> Float[Tensor, "batch nodes"]:
    """R ← R + Ā R from R = I, with Ā = mean over heads of (A ⊙ ∂f/∂A)⁺.

    Source: Chefer et al. 2021, "Generic Attention-Model Explainability for Interpreting Bi-Modal and Encoder-Decoder
    Transformers", equations 5 and 6.
    """
    relevance = torch.eye(
        layers[0].shape[-1], dtype=layers[0].dtype, device=layers[0].device
    ).expand(len(batch), -1, -1)
    for layer in layers:
        relevance = relevance + layer.clamp_min(0).mean(1) @ relevance
    return read_row(model, batch, relevance)


@dataclass(frozen=True)
class Rollout:
    """Π over layers of the fused attention with half of it for the residual connection (Abnar & Zuidema 2020, section 3)."""

    head_fusion: Literal["mean", "max", "min"] = "mean"
    discard_ratio: float = 0.0
    """Share of each graph's smallest attentions among nodes that is set to zero before rows are normalised again."""

    def __post_init__(self) -> None:
        if self.head_fusion not in ("mean", "max", "min") or not 0 <= self.discard_ratio < 1:
            found = f"head fusion {self.head_fusion!r}, discard ratio {self.discard_ratio}"
            raise ValueError(f"{found}: mean, max or min, and a share from 0 to below 1 are needed")

    def __call__(
        self, model: Graphormer, batch: GraphBatch, layers: list[Layer]
    ) -> Float[Tensor, "batch nodes"]:
        """What reaches the read-out from each node's input."""
        product: Tensor | None = None
        for layer in layers:
            step = self.step(layer, batch)
            product = step if product is None else step @ product
        assert product is not None
        return read_row(model, batch, product)

    def step(self, layer: Layer, batch: GraphBatch) -> Float[Tensor, "batch tokens tokens"]:
        """One layer's mixing matrix; its rows sum to one."""
        fused: Tensor = (
            layer.mean(1)
            if self.head_fusion == "mean"
            else getattr(layer, f"a{self.head_fusion}")(1)
        )
        if self.discard_ratio:
            fused = fused.clone()
            for one, n in zip(fused, batch.sizes, strict=True):
                among = one[: n + 1, 1 : n + 1]
                if count := int(self.discard_ratio * among.numel()):
                    among[among <= among.flatten().kthvalue(count).values] = 0.0
        mixed = fused / fused.sum(2, keepdim=True) + torch.eye(
            fused.shape[-1], dtype=fused.dtype, device=fused.device
        )
        return mixed / 2


def attention_flow(
    model: Graphormer, batch: GraphBatch, layers: list[Layer]
) -> Float[Tensor, "batch nodes"]:
    """Largest flow from each node's input to the read-out, with ½ A + ½ I as capacities (Abnar & Zuidema 2020, section 3)."""
    import networkx  # here, because other methods need not wait for it

    steps = [Rollout().step(layer, batch) for layer in layers]
    flows = torch.zeros(batch.mask.shape, dtype=steps[0].dtype)
    for row, n in enumerate(batch.sizes):
        network = _network(
            [step[row, : n + 1, : n + 1].tolist() for step in steps], model.config.readout
        )
        for node in range(n):
            flow = networkx.maximum_flow_value(
                network, (0, node + 1), "read-out", flow_func=networkx.algorithms.flow.preflow_push
            )
            flows[row, node] = flow
    return flows


def _network(steps: Sequence[list[list[float]]], readout: str) -> "networkx.DiGraph":
    """Tokens of each layer as vertices `(layer, token)`, joined from key to query; a last vertex collects what is read out."""
    import networkx

    network = networkx.DiGraph()
    tokens, top = len(steps[0]), len(steps)
    for layer, step in enumerate(steps):
        for q in range(tokens):
            for k in range(tokens):
                if step[q][k] > 0:
                    network.add_edge((layer, k), (layer + 1, q), capacity=step[q][k])
    read = [0] if readout == "token" else range(1, tokens)
    for token in read:
        network.add_edge((top, token), "read-out")  # without a capacity: unlimited
    return network
