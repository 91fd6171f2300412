"""The Graphormer, in reading order: configuration, attention bias, attention, block, network.

Ying et al. 2021, "Do Transformers Really Perform Bad for Graph Representation?".

Design constraints:
- Two kinds of parameters are separate. Routing (queries, keys, structural bias, softmax) decides
  which token attends to which. The value path (values, outputs, feed-forward, norms, head) carries
  what they pass on. Explanations freeze the routing, so it may have biases. With `Config.bias` off
  the value path has none, and relevance has nowhere to go but the nodes.
- The model knows nothing of explanations: `embed` and `predict` are two plain calls.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.graphs.graph import FIRST_PATTERN, PADDING, GraphBatch
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.inputs import GraphInputs

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
}

ENVIRONMENT_SCALE = 0.1
"""Initial size of the embeddings of environments, relative to those of the other features."""

TOKEN_SCALE = 0.02
"""Initial standard deviation of the embedding of the graph token."""

LARGEST = 100_000
"""Largest size that a configuration may name."""

Task = Literal["binary", "multiclass", "regression"]


@dataclass(frozen=True)
class Config:
    """Architecture of a Graphormer."""

    task: Task
    outputs: int
    """Binary and regression: one column per target. Multiclass: one column per class."""
    width: int = 64
    heads: int = 4
    layers: int = 4
    feedforward: int = 128
    activation: str = "relu"
    norm: Literal["pre", "post"] = "pre"
    readout: Literal["token", "mean"] = "token"
    bias: bool = False
    """Biases along the value path and a learned embedding of the graph token. If off, the
    relevances of the nodes alone sum to the logit."""
    output_bias: bool = False
    """A constant added to the output, the same for every input."""
    dropout: float = 0.0
    temperature: float = 1.0
    """What logits are divided by before they become probabilities: see
    `graphormer.evaluation.calibration`. It is outside of what is explained."""

    def __post_init__(self) -> None:
        if self.task not in ("binary", "multiclass", "regression"):
            raise ValueError(f"task {self.task!r}: binary, multiclass or regression is needed")
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation {self.activation!r}: one of {', '.join(ACTIVATIONS)} is needed"
            )
        has_probabilities = self.task != "regression"
        if not (0 < self.temperature < math.inf and (has_probabilities or self.temperature == 1)):
            raise ValueError(
                f"temperature {self.temperature!r}: a positive number is needed, 1 for a regression"
            )
        if self.norm not in ("pre", "post") or self.readout not in ("token", "mean"):
            raise ValueError(
                f"norm {self.norm!r} and readout {self.readout!r}: "
                "pre or post, and token or mean are needed"
            )
        sizes = (self.outputs, self.width, self.heads, self.layers, self.feedforward)
        is_valid = all(isinstance(size, int) and 1 <= size <= LARGEST for size in sizes)
        if not is_valid or self.width % self.heads:
            raise ValueError(
                f"outputs, width, heads, layers, feedforward {sizes}: "
                f"whole numbers from 1 to {LARGEST} are needed, and heads must divide the width"
            )

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


class StructuralBias(nn.Module):
    """Attention bias of every pair of tokens (Ying et al. 2021, sections 3.1.2 and 3.1.3).

    Each head has a learned number for each hop bucket (their spatial encoding), for each edge type
    on the k-th hop of the shortest path (their edge encoding, averaged over the path), and for each
    offset bin. A pair's bias is the sum of the numbers that describe it. The sum is taken once for
    each distinct pattern of the batch and then only looked up.
    """

    def __init__(self, vocabulary: Vocabulary, heads: int) -> None:
        super().__init__()
        self.pairs = nn.Parameter(torch.zeros(vocabulary.pair_entries, heads))
        token_entries = FIRST_PATTERN - PADDING - 1
        self.token = nn.Parameter(torch.zeros(token_entries, heads))

    def forward(self, batch: GraphBatch) -> Float[Tensor, "batch heads tokens tokens"]:
        """Minus infinity for keys that are padding."""
        patterns = F.embedding_bag(
            batch.patterns, self.pairs, per_sample_weights=batch.pattern_weights, mode="sum"
        )  # (patterns, heads)
        padding = self.token.new_full((1, self.token.shape[1]), float("-inf"))
        table = torch.cat([padding, self.token, patterns])  # rows as `batch.relation` numbers them
        table = table.T.contiguous()  # (heads, rows)
        graphs, tokens, _ = batch.relation.shape
        bias = table.index_select(1, batch.relation.flatten())  # (heads, batch * tokens * tokens)
        bias = bias.view(-1, graphs, tokens, tokens)  # (heads, batch, tokens, tokens)
        # Contiguous, because each layer reads it again.
        return bias.transpose(0, 1).contiguous()  # (batch, heads, tokens, tokens)


class Attention(nn.Module):
    """Multi-head attention. Queries and keys come from one projection, values from another.

    Written out: on a CPU the fused form with a learned bias takes two to nine times as long.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.dropout
        self.routing = nn.Linear(config.width, 2 * config.width)
        self.value = nn.Linear(config.width, config.width, bias=config.bias)
        self.out = nn.Linear(config.width, config.width, bias=config.bias)

    def forward(
        self,
        x: Float[Tensor, "batch tokens width"],
        bias: Float[Tensor, "batch heads tokens tokens"],
    ) -> Float[Tensor, "batch tokens width"]:
        routing = self.routing(x)  # (batch, tokens, 2 * width)
        routing = routing.unflatten(2, (2, self.heads, -1))  # (batch, tokens, 2, heads, head width)
        routing = routing.permute(2, 0, 3, 1, 4)  # (2, batch, heads, tokens, head width)
        q, k = routing.flatten(1, 2)  # (batch * heads, tokens, head width) each
        v = self.value(x).unflatten(2, (self.heads, -1))  # (batch, tokens, heads, head width)
        v = v.transpose(1, 2)  # (batch, heads, tokens, head width)

        # bias + q kᵀ / √(head width), in one call
        scores = torch.baddbmm(
            bias.flatten(0, 1),  # (batch * heads, tokens, tokens)
            q,
            k.transpose(1, 2),  # (batch * heads, head width, tokens)
            alpha=q.shape[-1] ** -0.5,
        )
        scores = scores.view_as(bias)  # (batch, heads, tokens, tokens)
        probabilities = F.softmax(scores, dim=-1)  # over the keys
        probabilities = F.dropout(probabilities, self.dropout, self.training)
        y = probabilities @ v  # (batch, heads, tokens, head width)
        y = y.transpose(1, 2).flatten(2)  # (batch, tokens, width): heads side by side
        return self.out(y)


class FeedForward(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.activation]
        self.up = nn.Linear(config.width, config.feedforward, bias=config.bias)
        self.down = nn.Linear(config.feedforward, config.width, bias=config.bias)

    def forward(
        self, x: Float[Tensor, "batch tokens width"]
    ) -> Float[Tensor, "batch tokens width"]:
        x = self.up(x)  # (batch, tokens, feedforward)
        x = self.activation(x)
        return self.down(x)  # (batch, tokens, width)


class Block(nn.Module):
    """One layer: attention and feed-forward, each with a residual connection and a norm."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.pre = config.norm == "pre"
        self.attention = Attention(config)
        self.feedforward = FeedForward(config)
        self.attention_norm = nn.LayerNorm(config.width, bias=config.bias)
        self.feedforward_norm = nn.LayerNorm(config.width, bias=config.bias)
        self.drop = nn.Dropout(config.dropout)

    def forward(
        self,
        x: Float[Tensor, "batch tokens width"],
        bias: Float[Tensor, "batch heads tokens tokens"],
    ) -> Float[Tensor, "batch tokens width"]:
        if self.pre:
            update = self.attention(self.attention_norm(x), bias)
            x = x + self.drop(update)
            update = self.feedforward(self.feedforward_norm(x))
            return x + self.drop(update)
        update = self.attention(x, bias)
        x = self.attention_norm(x + self.drop(update))
        update = self.feedforward(x)
        return self.feedforward_norm(x + self.drop(update))


Step = Callable[[Tensor], Tensor]
"""What is done to tokens before they enter a block."""


class Graphormer(GraphInputs, nn.Module):
    """Graphs in, logits (or values in the target's unit) out."""

    def __init__(self, config: Config, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config = config
        self.vocabulary = vocabulary
        self.entries = nn.Parameter(torch.empty(vocabulary.node_entries, config.width))
        self.token = nn.Parameter(torch.empty(config.width)) if config.bias else None
        # On the meta device only shapes are wanted, and random numbers would import torch's
        # compiler.
        if not self.entries.is_meta:
            self._initialise_embeddings()
        self.structure = StructuralBias(vocabulary, config.heads)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, bias=config.bias)
        self.head = nn.Linear(config.width, config.outputs, bias=config.bias or config.output_bias)

    @torch.no_grad()
    def _initialise_embeddings(self) -> None:
        vocabulary = self.vocabulary
        # A node is the sum of an entry for each feature: divided so, its variance is about 1.
        self.entries.normal_().div_(len(vocabulary.node_features) ** 0.5)
        if vocabulary.environments:
            # A small table holds most environments once or never: what was not learnt should
            # change little.
            first_name = vocabulary.feature_names[vocabulary.stated]
            self.entries[vocabulary.offsets[first_name] :] *= ENVIRONMENT_SCALE
        if self.token is not None:
            self.token.normal_().mul_(TOKEN_SCALE)

    def forward(self, batch: GraphBatch) -> Float[Tensor, "batch outputs"]:
        return self.predict(self.embed(batch), batch)

    @property
    def base_values(self) -> Float[Tensor, " outputs"]:
        """The constants that outputs begin at: the head's bias, 0 if it has none."""
        if self.head.bias is None:
            return self.head.weight.new_zeros(self.config.outputs)
        return self.head.bias.detach()

    def redrawn(self) -> "Graphormer":
        """The same architecture with weights drawn anew."""
        return Graphormer(self.config, self.vocabulary)

    def embed(self, batch: GraphBatch) -> Float[Tensor, "batch tokens width"]:
        """Input embeddings: the graph token, then the sum of each node's weighted entries."""
        graphs, nodes, slots = batch.codes.shape
        codes = batch.codes.reshape(-1, slots)  # (batch * nodes, slots)
        weights = batch.weights.reshape(-1, slots)  # likewise
        x = F.embedding_bag(codes, self.entries, per_sample_weights=weights, mode="sum")
        x = x.view(graphs, nodes, -1)  # (batch, nodes, width)
        token = x.new_zeros(self.config.width) if self.token is None else self.token  # (width,)
        return torch.cat([token.expand(graphs, 1, -1), x], 1)  # (batch, 1 + nodes, width)

    def predict(
        self,
        tokens: Float[Tensor, "batch tokens width"],
        batch: GraphBatch,
        bias: Float[Tensor, "batch heads tokens tokens"] | None = None,
        presence: Float[Tensor, "batch nodes"] | None = None,
    ) -> Float[Tensor, "batch outputs"]:
        """Logits (binary, multiclass) or values (regression) from input embeddings.

        Args:
            tokens: what `embed` gives.
            batch: the graphs.
            bias: of every pair of tokens; None for what `structure` gives.
            presence: weight of each node in a mean read-out; None for 1 each.
        """
        if bias is None:
            bias = self.structure(batch)
        for block in self.blocks:
            tokens = block(tokens, bias)
        return self.read(tokens, batch, presence)

    def layers(
        self,
        tokens: Float[Tensor, "batch tokens width"],
        batch: GraphBatch,
        before: Step = lambda tokens: tokens,
    ) -> list[Float[Tensor, "batch tokens width"]]:
        """The tokens after each block.

        Args:
            tokens: what `embed` gives.
            batch: the graphs.
            before: done to the tokens before each block.
        """
        bias = self.structure(batch)
        layers = []
        for block in self.blocks:
            tokens = block(before(tokens), bias)
            layers.append(tokens)
        return layers

    def reading(self, batch: GraphBatch) -> Float[Tensor, "batch tokens"]:
        """The share of each token in what is read out: the graph token, or the nodes' mean."""
        if self.config.readout == "token":
            share = torch.zeros_like(batch.token_mask, dtype=self.entries.dtype)
            share[:, 0] = 1
            return share
        of_nodes = batch.mask / batch.mask.sum(1, keepdim=True).clamp_min(1)  # (batch, nodes)
        return F.pad(of_nodes.to(self.entries.dtype), (1, 0))

    def read(
        self,
        tokens: Float[Tensor, "batch tokens width"],
        batch: GraphBatch,
        presence: Float[Tensor, "batch nodes"] | None = None,
    ) -> Float[Tensor, "batch outputs"]:
        """Logits or values from tokens as they leave a block, usually the last one.

        Args:
            tokens: of any block.
            batch: the graphs.
            presence: as for `predict`.
        """
        return self.head(self.norm(self._read_out(tokens, batch, presence)))

    def _read_out(
        self,
        tokens: Float[Tensor, "batch tokens width"],
        batch: GraphBatch,
        presence: Float[Tensor, "batch nodes"] | None,
    ) -> Float[Tensor, "batch width"]:
        """The graph token, or the mean over the nodes."""
        if self.config.readout == "token":
            return tokens[:, 0]
        weights = batch.mask.to(tokens.dtype)  # (batch, nodes)
        if presence is not None:
            weights = weights * presence
        share = weights / weights.sum(1, keepdim=True).clamp_min(1)  # (batch, nodes)
        return (tokens[:, 1:] * share.unsqueeze(2)).sum(1)
