"""The Graphormer (Ying et al. 2021, "Do Transformers Really Perform Bad for Graph Representation?"), in reading order.

Design constraints:
- Routing (queries, keys, structural bias, softmax: who listens to whom) and the value path (values, outputs,
  feed-forward, norms, head: what is said) are separate parameters. Explanations freeze the routing, so it may carry
  biases; with `Config.bias` off the value path is free of them, and relevance has nowhere to go but the nodes.
- The model knows nothing of explanations: `embed` and `predict` are two plain calls.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.graphs.graph import FIRST_PATTERN, PADDING, GraphBatch
from graphormer.graphs.vocabulary import Vocabulary

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,
    "silu": F.silu,
    "tanh": torch.tanh,
}

UNLEARNT = 0.1
"""Size of the embeddings of environments to begin with, relative to the others."""

LARGEST = 100_000
"""Of the sizes in a configuration."""

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
    """Biases along the value path and a learned embedding of the graph token. Off: node relevances alone sum to the logit."""
    output_bias: bool = False
    """A constant added to the output, the same for every input."""
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.task not in ("binary", "multiclass", "regression"):
            raise ValueError(f"task {self.task!r}: binary, multiclass or regression is needed")
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"activation {self.activation!r}: one of {', '.join(ACTIVATIONS)} is needed"
            )
        if self.norm not in ("pre", "post") or self.readout not in ("token", "mean"):
            raise ValueError(
                f"norm {self.norm!r} and readout {self.readout!r}: pre or post, and token or mean are needed"
            )
        sizes = (self.outputs, self.width, self.heads, self.layers, self.feedforward)
        if (
            not all(isinstance(size, int) and 1 <= size <= LARGEST for size in sizes)
            or self.width % self.heads
        ):
            raise ValueError(
                f"outputs, width, heads, layers, feedforward {sizes}: whole numbers from 1 to {LARGEST} are needed, "
                "and heads must divide the width"
            )

    def to_dict(self) -> dict[str, object]:
        return asdict(self)


class StructuralBias(nn.Module):
    """Attention bias of every pair of tokens: spatial and edge encoding (Ying et al. 2021, sections 3.1.2 and 3.1.3).

    Each head has a learned number per hop bucket, per edge type on the k-th hop of the shortest path (averaged over the
    path) and per offset bin. The sum is taken once for each distinct pattern of the batch and then only looked up.
    """

    def __init__(self, vocabulary: Vocabulary, heads: int) -> None:
        super().__init__()
        self.pairs = nn.Parameter(torch.zeros(vocabulary.pair_entries, heads))
        self.token = nn.Parameter(torch.zeros(FIRST_PATTERN - PADDING - 1, heads))

    def forward(self, batch: GraphBatch) -> Float[Tensor, "batch heads tokens tokens"]:
        """Minus infinity where the key is padding; contiguous, for it is read once in each layer."""
        patterns = F.embedding_bag(
            batch.patterns, self.pairs, per_sample_weights=batch.pattern_weights, mode="sum"
        )
        padding = self.token.new_full((1, self.token.shape[1]), float("-inf"))
        table = torch.cat([padding, self.token, patterns]).T.contiguous()
        graphs, tokens, _ = batch.relation.shape
        return (
            table.index_select(1, batch.relation.flatten())
            .view(-1, graphs, tokens, tokens)
            .transpose(0, 1)
            .contiguous()
        )


class Attention(nn.Module):
    """Multi-head attention; queries and keys come from one projection, values from another.

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
        q, k = (
            self.routing(x).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4).flatten(1, 2)
        )
        v = self.value(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
        scores = torch.baddbmm(
            bias.flatten(0, 1), q, k.transpose(1, 2), alpha=q.shape[-1] ** -0.5
        ).view_as(bias)
        heard = F.dropout(F.softmax(scores, dim=-1), self.dropout, self.training) @ v
        return self.out(heard.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[config.activation]
        self.up = nn.Linear(config.width, config.feedforward, bias=config.bias)
        self.down = nn.Linear(config.feedforward, config.width, bias=config.bias)

    def forward(
        self, x: Float[Tensor, "batch tokens width"]
    ) -> Float[Tensor, "batch tokens width"]:
        return self.down(self.activation(self.up(x)))


class Block(nn.Module):
    """One layer: attention and feed-forward, each with a residual connection and a norm before or after."""

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
            x = x + self.drop(self.attention(self.attention_norm(x), bias))
            return x + self.drop(self.feedforward(self.feedforward_norm(x)))
        x = self.attention_norm(x + self.drop(self.attention(x, bias)))
        return self.feedforward_norm(x + self.drop(self.feedforward(x)))


class Graphormer(nn.Module):
    """Graphs in, logits (or values in the target's unit) out."""

    def __init__(self, config: Config, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config, self.vocabulary = config, vocabulary
        self.entries = nn.Parameter(torch.empty(vocabulary.node_entries, config.width))
        self.token = nn.Parameter(torch.empty(config.width)) if config.bias else None
        if (
            not self.entries.is_meta
        ):  # only shapes are wanted there, and random numbers would import torch's compiler
            self._begin()
        self.structure = StructuralBias(vocabulary, config.heads)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width, bias=config.bias)
        self.head = nn.Linear(config.width, config.outputs, bias=config.bias or config.output_bias)

    @torch.no_grad()
    def _begin(self) -> None:
        """Embeddings to begin with."""
        vocabulary = self.vocabulary
        self.entries.normal_().div_(len(vocabulary.node_features) ** 0.5)
        if (
            vocabulary.environments
        ):  # most are met once or never in a small table: what was not learnt should say little
            self.entries[vocabulary.offsets[vocabulary.feature_names[vocabulary.stated]] :] *= (
                UNLEARNT
            )
        if self.token is not None:
            self.token.normal_().mul_(0.02)

    def embed(self, batch: GraphBatch) -> Float[Tensor, "batch tokens width"]:
        """Input embeddings: the graph token, then for each node the weighted sum of its vocabulary entries."""
        graphs, nodes, slots = batch.codes.shape
        codes, weights = batch.codes.reshape(-1, slots), batch.weights.reshape(-1, slots)
        x = F.embedding_bag(codes, self.entries, per_sample_weights=weights, mode="sum").view(
            graphs, nodes, -1
        )
        token = x.new_zeros(self.config.width) if self.token is None else self.token
        return torch.cat([token.expand(graphs, 1, -1), x], 1)

    def predict(
        self, tokens: Float[Tensor, "batch tokens width"], batch: GraphBatch
    ) -> Float[Tensor, "batch outputs"]:
        """Logits (binary, multiclass) or values (regression) from input embeddings."""
        bias = self.structure(batch)
        for block in self.blocks:
            tokens = block(tokens, bias)
        return self.head(self.norm(self._read(tokens, batch)))

    def _read(
        self, tokens: Float[Tensor, "batch tokens width"], batch: GraphBatch
    ) -> Float[Tensor, "batch width"]:
        if self.config.readout == "token":
            return tokens[:, 0]
        share = batch.mask / batch.mask.sum(1, keepdim=True).clamp_min(1)
        return (tokens[:, 1:] * share.to(tokens.dtype).unsqueeze(2)).sum(1)

    def forward(self, batch: GraphBatch) -> Float[Tensor, "batch outputs"]:
        return self.predict(self.embed(batch), batch)
