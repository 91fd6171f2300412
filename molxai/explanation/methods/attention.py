"""Relevance read off the attention probabilities, alone or with their gradients.

A token's row says whom it listens to. A model is explained by the row of what it reads out: the
graph token's, or the mean of the nodes' rows. Only the entries of nodes count.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from graphormer.names import unknown
from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Network, at_nodes
from molxai.explanation.outcome import outcomes, resolve_targets
from molxai.explanation.passes import check_ready, gradient_pass
from molxai.rules import Function, Rule, rules
from molxai.rules.scores import attention

if TYPE_CHECKING:
    import networkx

Layer = Float[Tensor, "batch heads tokens tokens"]

Combine: TypeAlias = Callable[[Network, Batch, list[Layer]], Float[Tensor, "batch nodes"]]
"""Relevance of the nodes from a matrix of each layer."""


Fusion: TypeAlias = Literal["mean", "max", "min"]
"""How a layer's heads are made one."""

FUSIONS: tuple[Fusion, ...] = ("mean", "max", "min")


def fused(layer: Layer, fusion: Fusion) -> Float[Tensor, "batch tokens tokens"]:
    """A layer's heads as one matrix: their mean, or the largest or smallest of each entry."""
    if fusion == "max":
        return layer.amax(1)
    if fusion == "min":
        return layer.amin(1)
    return layer.mean(1)


def check_fusion(fusion: str) -> None:
    """Refuse a name that is none of `FUSIONS`."""
    if fusion not in FUSIONS:
        raise ValueError(unknown("head fusion", fusion, FUSIONS))


@dataclass(frozen=True)
class RawAttention:
    """The attention of one layer: the mean of its heads, or one of them."""

    layer: int = -1
    """Counted from 0, or from the end: −1 is the last."""
    head: int = -1
    """Counted from 0; −1: the mean of all."""

    def __call__(
        self, model: Network, batch: Batch, layers: list[Layer]
    ) -> Float[Tensor, "batch nodes"]:
        """What the read-out hears from each node.

        Raises:
            ValueError: there is no such layer or head.
        """
        layer = _layer_at(layers, self.layer)  # (batch, heads, tokens, tokens)
        of_head = layer.mean(1) if self.head == -1 else _head_at(layer, self.head)
        return read_row(model, batch, of_head)


ALL = "all"


@dataclass(frozen=True)
class MeanProduct:
    """Mean over layers and heads of A ⊙ ∂f/∂A, or of one of them."""

    layer: int | str = ALL
    """`all`, or one counted from 0, or from the end: −1 is the last."""
    head: int | str = ALL
    """`all`, or one counted from 0."""

    def __post_init__(self) -> None:
        layer = str(self.layer).removeprefix("-")
        for name, text in (("layer", layer), ("head", str(self.head))):
            if text != ALL and not text.isdecimal():
                raise ValueError(f"{name} {text!r}: a number counted from 0, or all, is needed")

    def __call__(
        self, model: Network, batch: Batch, layers: list[Layer]
    ) -> Float[Tensor, "batch nodes"]:
        """What the read-out hears from each node.

        Raises:
            ValueError: there is no such layer or head.
        """
        some = layers if self.layer == ALL else [_layer_at(layers, int(self.layer))]
        if self.head == ALL:
            matrices = [layer.mean(1) for layer in some]  # (batch, tokens, tokens) each
        else:
            matrices = [_head_at(layer, int(self.head)) for layer in some]
        return read_row(model, batch, torch.stack(matrices).mean(0))


def _layer_at(layers: list[Layer], number: int) -> Layer:
    if not -len(layers) <= number < len(layers):
        raise ValueError(f"layer {number}: the model has {len(layers)}, counted from 0")
    return layers[number]


def _head_at(layer: Layer, number: int) -> Float[Tensor, "batch tokens tokens"]:
    heads = layer.shape[1]
    if not 0 <= number < heads:
        raise ValueError(f"head {number}: the layer has {heads}, counted from 0")
    return layer[:, number]


@dataclass(frozen=True)
class GenericAttention:
    """R ← R + Ā R from R = I, with Ā = the heads of (A ⊙ ∂f/∂A)⁺ as one, by default their mean.

    Source: Chefer et al. 2021, "Generic Attention-Model Explainability for Interpreting Bi-Modal
    and Encoder-Decoder Transformers", equations 5 and 6.
    """

    head_fusion: Fusion = "mean"

    def __post_init__(self) -> None:
        check_fusion(self.head_fusion)

    def __call__(
        self, model: Network, batch: Batch, layers: list[Layer]
    ) -> Float[Tensor, "batch nodes"]:
        """What reaches the read-out from each node's input."""
        relevance = _identity(layers[0]).expand(len(batch), -1, -1)  # (batch, tokens, tokens)
        for layer in layers:
            positive = fused(layer.clamp_min(0), self.head_fusion)  # (batch, tokens, tokens)
            relevance = relevance + positive @ relevance
        return read_row(model, batch, relevance)


def _identity(layer: Layer) -> Float[Tensor, "tokens tokens"]:
    return torch.eye(layer.shape[-1], dtype=layer.dtype, device=layer.device)


@dataclass(frozen=True)
class Rollout:
    """Π over layers of the fused attention, half of it for the residual connection.

    Source: Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """

    head_fusion: Fusion = "mean"
    discard_ratio: float = 0.0
    """Share of each graph's smallest attentions among nodes that is set to zero.

    Rows are normalised again afterwards.
    """

    def __post_init__(self) -> None:
        check_fusion(self.head_fusion)
        if not 0 <= self.discard_ratio < 1:
            raise ValueError(
                f"discard ratio {self.discard_ratio}: a share from 0 to below 1 is needed"
            )

    def __call__(
        self, model: Network, batch: Batch, layers: list[Layer]
    ) -> Float[Tensor, "batch nodes"]:
        """What reaches the read-out from each node's input."""
        product = self.step(layers[0], batch)
        for layer in layers[1:]:
            product = self.step(layer, batch) @ product
        return read_row(model, batch, product)

    def step(self, layer: Layer, batch: Batch) -> Float[Tensor, "batch tokens tokens"]:
        """One layer's mixing matrix; its rows sum to one."""
        attention = fused(layer, self.head_fusion)
        if self.discard_ratio:
            attention = self._discard(attention, batch)
        mixed = attention / attention.sum(2, keepdim=True) + _identity(layer)
        return mixed / 2

    def _discard(
        self, attention: Float[Tensor, "batch tokens tokens"], batch: Batch
    ) -> Float[Tensor, "batch tokens tokens"]:
        """The attentions without the smallest ones to the nodes of each graph."""
        attention = attention.clone()
        for row, nodes in enumerate(batch.sizes):
            queries = batch.token_mask[row].nonzero()  # (tokens, 1)
            keys = batch.node_tokens[row, :nodes]  # (nodes,)
            to_nodes = attention[row, queries, keys]  # (tokens, nodes)
            count = int(self.discard_ratio * to_nodes.numel())
            if count:
                largest = to_nodes.flatten().kthvalue(count).values
                attention[row, queries, keys] = to_nodes.where(to_nodes > largest, 0.0)
        return attention


def attention_flow(
    model: Network, batch: Batch, layers: list[Layer]
) -> Float[Tensor, "batch nodes"]:
    """Largest flow from each node's input to the read-out, with ½ A + ½ I as capacities.

    Source: Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3.
    """
    import networkx  # other methods need not wait for it

    steps = [Rollout().step(layer, batch) for layer in layers]
    push = networkx.algorithms.flow.preflow_push
    flows = torch.zeros(batch.mask.shape, dtype=steps[0].dtype)
    is_read = model.reading(batch) > 0  # (batch, tokens)
    for row, nodes in enumerate(batch.sizes):
        capacities = [step[row].tolist() for step in steps]
        network = _network(capacities, is_read[row].nonzero().squeeze(1).tolist())
        for node, token in enumerate(batch.node_tokens[row, :nodes].tolist()):
            source = (0, token)
            flows[row, node] = networkx.maximum_flow_value(
                network, source, "read-out", flow_func=push
            )
    return flows


def _network(layers: list[list[list[float]]], read: list[int]) -> "networkx.DiGraph":
    """Tokens of each layer as vertices `(layer, token)`, joined from key to query.

    A last vertex collects what is read out.

    Example:
        One layer, the graph token (0) and one node (1); the token hears 0.3 from the node.

        >>> network = _network([[[0.7, 0.3], [0.0, 1.0]]], [0])
        >>> sorted(network.edges(data="capacity"), key=str)[1]
        ((0, 1), (1, 0), 0.3)
    """
    import networkx

    network = networkx.DiGraph()
    for layer, query, key, capacity in _connections(layers):
        network.add_edge((layer, key), (layer + 1, query), capacity=capacity)
    for token in read:
        network.add_edge((len(layers), token), "read-out")  # without a capacity: unlimited
    return network


def _connections(layers: list[list[list[float]]]) -> Iterator[tuple[int, int, int, float]]:
    """Layer, query, key and capacity of each pair of tokens that attention joins."""
    for layer, matrix in enumerate(layers):
        for query, row in enumerate(matrix):
            for key, capacity in enumerate(row):
                if capacity > 0:
                    yield layer, query, key, capacity


def read_row(
    model: Network, batch: Batch, matrix: Float[Tensor, "batch tokens tokens"]
) -> Float[Tensor, "batch nodes"]:
    """What the read-out hears from each node."""
    share = model.reading(batch).to(matrix.dtype)  # (batch, tokens)
    heard = (share[:, None] @ matrix).squeeze(1)  # (batch, tokens)
    return at_nodes(batch, heard)


def recording(layers: list[Tensor]) -> Rule:
    """A rule that changes nothing and appends each layer's attention probabilities to a list."""

    def record(func: Function, *args: Any, **kwargs: Any) -> Tensor:
        probabilities: Tensor = func(*args, **kwargs)
        layers.append(probabilities)
        return probabilities

    def record_fused(func: Function, *args: Any, **kwargs: Any) -> Tensor:
        return attention(weigh, *args, product=plain_product, **kwargs)

    def weigh(scores: Tensor, value: Tensor) -> Tensor:
        return record(torch.softmax, scores, -1) @ value

    rows: dict[Function, Function] = {F.scaled_dot_product_attention: record_fused}
    for softmax in (F.softmax, torch.softmax, Tensor.softmax):
        rows[softmax] = record
    return Rule("attention", rows)


def plain_product(func: Function, x: Tensor, y: Tensor) -> Tensor:
    """The product itself, with its own gradient."""
    product: Tensor = func(x, y)
    return product


@dataclass(frozen=True)
class Attention(Method):
    """Relevance from the layers' attention probabilities alone: the same for every target."""

    combine: Combine = RawAttention()

    @property
    def is_of_layers(self) -> bool:
        return True

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 0

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        """Explain each graph of the batch.

        Targets decide the logit that is reported, not the relevance.
        """
        check_ready(model)
        layers: list[Layer] = []
        with torch.no_grad(), rules(recording(layers)):
            logits = model(batch)
        resolved_targets = resolve_targets(model.config, logits, targets)
        outcome = outcomes(model.config, logits, resolved_targets)
        return node_explanations(self.name, batch, outcome, self.combine(model, batch, layers))


@dataclass(frozen=True)
class GradientAttention(Method):
    """Relevance from the layers' A ⊙ ∂f/∂A."""

    combine: Combine = MeanProduct()

    @property
    def is_of_layers(self) -> bool:
        return True

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        layers: list[Layer] = []
        result = gradient_pass(model, batch, targets, (recording(layers),), layers)
        products = [
            layer.detach() * gradient
            for layer, gradient in zip(layers, result.recorded_gradients, strict=True)
        ]
        relevance = self.combine(model, batch, products)
        return node_explanations(self.name, batch, result.outcome, relevance)
