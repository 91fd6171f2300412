"""What a method needs of a model: any transformer over nodes that offers this can be explained.

A prediction is `network.predict(network.embed(batch), batch)`. A batch holds several inputs, padded
to the longest. Each input has *tokens*, of which some are *nodes*: atoms, superpixels or words.
Relevance is wanted for the nodes. The others, such as a graph token, are accounted for beside them.

`Graphormer` with its `GraphBatch` offers this, and `molxai.text` makes other people's language
models offer it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Protocol, TypeAlias, get_args, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.ensemble import Ensemble
from graphormer.network.model import StructuralBias
from molxai.rules import Rule

Removal = Literal["attn", "mask", "drop"]
"""What it means that a node is removed.

- `attn`: nothing attends to it. The others stay as they were.
- `mask`: its input says nothing, and it stays there to be attended to.
- `drop`: the input is read anew as if it had never been there.
"""

REMOVALS: tuple[Removal, ...] = get_args(Removal)

Tokens: TypeAlias = Float[Tensor, "batch tokens width"]


@runtime_checkable
class Task(Protocol):
    """What a model's outputs are."""

    @property
    def task(self) -> Literal["binary", "multiclass", "regression"]:
        """What they stand for."""

    @property
    def outputs(self) -> int:
        """Columns of the output."""


@runtime_checkable
class Batch(Protocol):
    """Several inputs, padded."""

    @property
    def mask(self) -> Bool[Tensor, "batch nodes"]:
        """True for a node, False for padding."""

    @property
    def sizes(self) -> list[int]:
        """Nodes of each input."""

    @property
    def node_tokens(self) -> Int[Tensor, "batch nodes"]:
        """The token that each node is. What stands for padding does not matter."""

    @property
    def token_mask(self) -> Bool[Tensor, "batch tokens"]:
        """True for a token, False for padding."""

    def __len__(self) -> int:
        """Inputs."""

    def to(self, target: Any) -> "Batch":
        """The batch on another device, or in another float type."""

    def copies(self, rows: Int[Tensor, " copies"]) -> "Batch":
        """These inputs, each as often as it is named."""

    def near(self, reach: int) -> Bool[Tensor, "batch nodes nodes"]:
        """Pairs of nodes at most so many steps apart; each node is near itself.

        Raises:
            ValueError: distances are not told apart as far as that.
        """

    def content(self, row: int) -> bytes:
        """What tells the input from others, whatever batch it comes in."""


@runtime_checkable
class Predictor(Protocol):
    """A model, or several as one, whose batches are of one kind; and what it is to remove nodes."""

    @property
    def config(self) -> Task:
        """What its outputs are."""

    def __call__(self, batch: Any) -> Float[Tensor, "batch outputs"]:
        """Logits or values."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """As of any module."""

    def collate(self, inputs: Sequence[Any]) -> Batch:
        """The inputs as one batch, on the processor and in float32."""

    def reduced(
        self,
        batch: Any,
        rows: Int[Tensor, " copies"],
        remaining: Bool[Tensor, "copies nodes"],
        mode: Literal["attn", "mask", "drop"],
    ) -> Batch:
        """Copies of inputs in which only some nodes are left.

        Args:
            batch: the whole inputs.
            rows: the input that each copy is of.
            remaining: True for the nodes of it that are left; beyond its nodes, False.
            mode: what removal means.

        Raises:
            ValueError: the inputs cannot be removed from so.
        """

    def induced(self, whole: Any, remaining: Bool[np.ndarray, " nodes"]) -> Any:
        """The input as it would be read if only these nodes had been there, at least one."""


@runtime_checkable
class Network(Predictor, Protocol):
    """A model that can be gone through from its input embeddings on."""

    training: bool

    def embed(self, batch: Any) -> Tokens:
        """Input embeddings."""

    def predict(self, tokens: Tokens, batch: Any) -> Float[Tensor, "batch outputs"]:
        """Logits or values from input embeddings."""

    def reading(self, batch: Any) -> Float[Tensor, "batch tokens"]:
        """The share of each token in what is read out after the last layer; their sum is 1."""


@runtime_checkable
class Layered(Protocol):
    """A network that can be run layer by layer."""

    def layers(
        self, tokens: Tokens, batch: Any, before: Callable[[Tokens], Tokens] = lambda tokens: tokens
    ) -> list[Tokens]:
        """The tokens after each layer.

        Args:
            tokens: input embeddings.
            batch: the inputs.
            before: done to the tokens before each layer.
        """

    def read(self, tokens: Tokens, batch: Any) -> Float[Tensor, "batch outputs"]:
        """Logits or values from tokens as they leave a layer, usually the last one."""


@runtime_checkable
class Redrawn(Protocol):
    """A network that can be had with other weights."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """As of any module."""

    def redrawn(self) -> nn.Module:
        """The same architecture with weights drawn anew."""


@runtime_checkable
class OwnPasses(Protocol):
    """A network that goes back in its own way, as it calls more than `torch.nn`'s functions."""

    def gradient_pass(
        self,
        batch: Any,
        targets: Any,
        tables: Sequence[Rule],
        recorded: Sequence[Tensor] | None,
        alpha: float | None,
    ) -> Any:
        """As `molxai.explanation.passes.gradient_pass`, of a model that is ready."""


@runtime_checkable
class OfGraphs(Protocol):
    """A network whose nodes have named features and whose attention has a structural bias.

    Its `predict` takes that bias, and the presence of nodes in a mean read-out, as well.
    """

    vocabulary: Vocabulary
    """What its features are, and what pairs of nodes can be to each other."""
    entries: nn.Parameter
    """`[entries, width]` the embedding of each value of a feature."""

    structure: StructuralBias
    """What the structure of a batch adds to the scores of attention."""


@runtime_checkable
class Based(Protocol):
    """A network whose outputs begin at constants, the same for every input."""

    @property
    def base_values(self) -> Float[Tensor, " outputs"]:
        """The constants; 0 if there is none."""


def at_nodes(batch: Batch, by_token: Float[Tensor, "batch tokens *rest"]) -> Tensor:
    """`[batch, nodes, *rest]` what the tokens that are nodes have."""
    row = torch.arange(len(batch), device=by_token.device)[:, None]  # (batch, 1)
    return by_token[row, batch.node_tokens]


def beside_nodes(batch: Batch, by_token: Float[Tensor, "batch tokens"]) -> Float[Tensor, " batch"]:
    """What the tokens have together that are not nodes."""
    row, node = batch.mask.nonzero(as_tuple=True)  # (all nodes,) each
    others = by_token.clone()
    others[row, batch.node_tokens[row, node]] = 0
    return others.sum(1)


def with_nodes(batch: Batch, tokens: Tokens, nodes: Float[Tensor, "batch nodes width"]) -> Tokens:
    """The tokens with these embeddings of their nodes in the place of their own."""
    row, node = batch.mask.nonzero(as_tuple=True)  # (all nodes,) each
    return tokens.index_put((row, batch.node_tokens[row, node]), nodes[row, node])


def batch_of(network: Predictor, inputs: Sequence[Any]) -> Batch:
    """The inputs as one batch, on the network's device and in its float type."""
    return placed(network, network.collate(inputs))


def placed(network: Predictor, batch: Batch) -> Batch:
    """The batch on the network's device and in its float type."""
    parameter = next(network.parameters())
    return batch.to(parameter.device).to(parameter.dtype)


def components_of(model: Any) -> list[Any]:
    """The components of an ensemble, networks first, or the one network."""
    return model.components if isinstance(model, Ensemble) else [model]


def dtype_of(network: Predictor) -> torch.dtype:
    """The float type of the network."""
    return next(network.parameters()).dtype
