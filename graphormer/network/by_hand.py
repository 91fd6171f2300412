"""The forward pass written out, for models of the shipped kind.

`Graphormer.predict` is the definition, and a test holds this against it. Here the same numbers take
less time, and the backward pass of LRP finds what it needs:

- Tokens follow each other without padding, a graph after the other. Only attention pads them. In a
  batch of molecules a sixth of the tokens is padding.
- If the graph token is read out, the last layer computes its row alone: one query and one
  feed-forward row a graph. On digits that is a fifth of the whole pass.
- Of each layer the attention, both norms' 1/σ and the output of ReLU are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeGuard

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.modules.module import _has_any_global_hook

from graphormer.graphs.graph import GraphBatch
from graphormer.network.model import Attention, Block, FeedForward, Graphormer, StructuralBias

PARTS = frozenset(
    {
        Graphormer,
        StructuralBias,
        Block,
        Attention,
        FeedForward,
        nn.ModuleList,
        nn.Linear,
        nn.LayerNorm,
        nn.Dropout,
    }
)
"""Types of the modules of a model that nobody has changed."""


def is_usual(model: object) -> TypeGuard[Graphormer]:
    """Whether the model may be run by hand.

    It normalises before each block, and has ReLU and no biases along the value path. It is in
    evaluation mode, none of its modules is of another type, has hooks or another `forward`, and
    neither a torch function mode nor autocast is active.
    """
    if not isinstance(model, Graphormer) or model.training:
        return False
    config = model.config
    is_shipped_kind = config.norm == "pre" and config.activation == "relu" and not config.bias
    is_watched = torch.overrides._get_current_function_mode() is not None or _has_any_global_hook()
    if not is_shipped_kind or is_watched or torch.is_autocast_enabled(model.entries.device.type):
        return False
    return all(map(_is_untouched, model.modules())) and _has_usual_biases(model)


HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def _is_untouched(module: nn.Module) -> bool:
    """Whether the module does what its class says, and nobody listens."""
    own = vars(module)
    has_hooks = any(own[name] for name in HOOKS)
    return type(module) in PARTS and "forward" not in own and not has_hooks


def _has_usual_biases(model: Graphormer) -> bool:
    """Whether only queries and keys, and perhaps the head, have biases."""
    without: list[nn.Linear | nn.LayerNorm] = [model.norm]
    for block in model.blocks:
        assert isinstance(block, Block)
        attention = block.attention
        feedforward = block.feedforward
        without += [block.attention_norm, block.feedforward_norm]
        without += [attention.value, attention.out, feedforward.up, feedforward.down]
        if attention.routing.bias is None:
            return False
    return all(layer.bias is None for layer in without)


class Rows:
    """Where the tokens of a padded batch stand as rows that follow each other."""

    def __init__(self, batch: GraphBatch, heads: int) -> None:
        graphs, nodes = batch.mask.shape
        self.graphs = graphs
        self.longest = nodes + 1
        """Tokens of the largest graph."""
        self.heads = heads
        is_token = F.pad(batch.mask, (1, 0), value=True)  # (batch, longest)
        self.padded = is_token.flatten().nonzero().squeeze(1)
        """`[rows]` place of each row among batch · longest tokens."""
        self.graph = self.padded // self.longest
        """`[rows]` graph of each row."""
        self.token = self.padded % self.longest
        """`[rows]` its number in the graph; 0 is the graph token."""
        place = torch.full_like(is_token, len(self), dtype=torch.int64)
        place.masked_fill_(is_token, 0)
        place.view(-1)[self.padded] = torch.arange(len(self), device=place.device)
        self.place = place
        """`[batch, longest]` row of each token; that of padding is the row after the last."""
        nodes_left = batch.mask.sum(1).clamp_min(1)  # (batch,); the mean over no nodes is 0
        self.share = (self.token > 0).double() / nodes_left[self.graph]
        """`[rows]` of each row in a mean over its graph's nodes, in float64."""

    def __len__(self) -> int:
        return len(self.padded)

    @property
    def first(self) -> Int[Tensor, " batch"]:
        """Rows of the graph tokens."""
        return self.place[:, 0]

    def buffer(self, like: Tensor, width: int) -> Float[Tensor, "rows_and_one width"]:
        """Memory for rows, and a row of zeros for padding."""
        memory = like.new_empty(len(self) + 1, width)
        memory[-1] = 0
        return memory

    def into_heads(
        self, buffer: Float[Tensor, "rows_and_one width"], parts: int
    ) -> Float[Tensor, "parts batch_and_heads longest head_width"]:
        """Rows that hold so many parts of all heads side by side, padded, by part and head."""
        head_width = buffer.shape[1] // (parts * self.heads)
        index = self._into_heads[parts]
        padded = buffer.view(-1, head_width).index_select(0, index)
        return padded.view(parts, self.graphs * self.heads, self.longest, head_width)

    @cached_property
    def _into_heads(self) -> dict[int, Int[Tensor, " parts_batch_heads_longest"]]:
        """For 1 and 3 parts: row · parts · heads + part · heads + head."""
        device = self.place.device
        head = torch.arange(self.heads, device=device)[:, None]  # (heads, 1)
        row = self.place[:, None, :]  # (batch, 1, longest)
        one = row * self.heads + head  # (batch, heads, longest)
        part = torch.arange(3, device=device)[:, None, None, None]  # (3, 1, 1, 1)
        three = (row * 3 + part) * self.heads + head  # (3, batch, heads, longest)
        return {1: one.flatten(), 3: three.flatten()}

    def out_of_heads(
        self, padded: Float[Tensor, "batch_and_heads longest head_width"]
    ) -> Float[Tensor, "rows width"]:
        """The way back: rows with all heads side by side."""
        head_width = padded.shape[2]
        return padded.view(-1, head_width).index_select(0, self._out_of_heads).view(len(self), -1)

    @cached_property
    def _out_of_heads(self) -> Int[Tensor, " rows_and_heads"]:
        head = torch.arange(self.heads, device=self.place.device)
        row = (self.graph[:, None] * self.heads + head) * self.longest + self.token[:, None]
        return row.flatten()

    def pad(
        self, buffer: Float[Tensor, "rows_and_one width"]
    ) -> Float[Tensor, "batch longest width"]:
        """The padded batch of rows."""
        return buffer.index_select(0, self.place.flatten()).view(self.graphs, self.longest, -1)


@dataclass(frozen=True)
class KeptRouting:
    """What decided a layer's attention."""

    q: Float[Tensor, "batch_and_heads queries head_width"]
    k: Float[Tensor, "batch_and_heads longest head_width"]
    v: Float[Tensor, "batch_and_heads longest head_width"]
    scores: Float[Tensor, "batch_and_heads queries longest"]
    heard: Float[Tensor, "batch_and_heads queries head_width"]


@dataclass(frozen=True)
class KeptLayer:
    """What the backward pass needs of a layer. Read alone, the graph tokens are its only rows."""

    attention_scale: Float[Tensor, "rows 1"]
    """1/σ of the norm before attention, of all rows."""
    attention: Float[Tensor, "batch_and_heads queries longest"]
    feedforward_scale: Float[Tensor, "rows_or_batch 1"]
    """1/σ of the norm before the feed-forward."""
    active: Float[Tensor, "rows_or_batch feedforward"]
    """What ReLU gives."""
    routing: KeptRouting | None


@dataclass(frozen=True)
class Kept:
    """A forward pass."""

    tokens: Float[Tensor, "batch longest width"]
    """Input embeddings."""
    rows: Rows
    layers: list[KeptLayer]
    scale: Float[Tensor, "batch 1"]
    """1/σ of the last norm."""
    logits: Float[Tensor, "batch outputs"]
    bias: Float[Tensor, "batch_and_heads longest longest"]
    """The structural bias."""
    last: Float[Tensor, "rows_or_batch width"]
    """What the last layer gives."""
    read: Float[Tensor, "batch width"]
    """What is read out of it."""


def outputs(model: Callable[[Any], Tensor], batch: Any) -> Float[Tensor, "batch outputs"]:
    """Logits or values, by hand if the model is usual and nobody asks for a gradient."""
    if torch.is_grad_enabled() or not is_usual(model):
        return model(batch)
    return forward(model, batch).logits


@torch.no_grad()
def forward(model: Graphormer, batch: GraphBatch, routed: bool = False) -> Kept:
    """The pass of a model that `is_usual`.

    Args:
        model: in evaluation mode.
        batch: graphs.
        routed: whether to keep what decided the attention.
    """
    rows = Rows(batch, model.config.heads)
    tokens = model.embed(batch)  # (batch, longest, width)
    bias = model.structure(batch).flatten(0, 1)  # (batch * heads, longest, longest)
    x = tokens.flatten(0, 1).index_select(0, rows.padded)  # (rows, width)
    layers = []
    for index, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        x, layer = _block(block, x, bias, rows, is_last_read(model, index), routed)
        layers.append(layer)
    read = x
    if model.config.readout == "mean":
        weighted = x * rows.share[:, None]  # in float64: the sum goes row by row
        total = weighted.new_zeros(len(batch), x.shape[1]).index_add_(0, rows.graph, weighted)
        read = total.to(x.dtype)
    y, scale = _norm(model.norm, read)  # (batch, width)
    logits = F.linear(y, model.head.weight, model.head.bias)
    return Kept(tokens, rows, layers, scale, logits, bias, x, read)


def is_last_read(model: Graphormer, layer: int) -> bool:
    """Whether only the graph tokens of the layer's output are read."""
    return model.config.readout == "token" and layer == model.config.layers - 1


def _block(
    block: Block,
    x: Float[Tensor, "rows width"],
    bias: Float[Tensor, "batch_and_heads longest longest"],
    rows: Rows,
    is_read_alone: bool,
    routed: bool,
) -> tuple[Float[Tensor, "rows_or_batch width"], KeptLayer]:
    attention = block.attention
    y, attention_scale = _norm(block.attention_norm, x)
    weight = torch.cat([attention.routing.weight, attention.value.weight])  # (3 * width, width)
    qkv = rows.buffer(x, len(weight))
    routing_bias = F.pad(attention.routing.bias, (0, x.shape[1]))  # (3 * width,)
    torch.addmm(routing_bias, y, weight.T, out=qkv[:-1])
    q, k, v = rows.into_heads(qkv, 3)  # (batch * heads, longest, head width) each
    if is_read_alone:
        q = q[:, :1]
        bias = bias[:, :1]
    scores = torch.baddbmm(bias, q, k.mT, alpha=q.shape[-1] ** -0.5)
    a = scores.softmax(-1)  # (batch * heads, queries, longest)
    heard = torch.bmm(a, v)  # (batch * heads, queries, head width)
    routing = KeptRouting(q, k, v, scores, heard) if routed else None
    if is_read_alone:
        x = x.index_select(0, rows.first)  # (batch, width), as what follows
        heard = heard.view(x.shape)
    else:
        heard = rows.out_of_heads(heard)
    x = torch.addmm(x, heard, attention.out.weight.T)
    y, feedforward_scale = _norm(block.feedforward_norm, x)
    active = torch.mm(y, block.feedforward.up.weight.T).relu_()
    x = torch.addmm(x, active, block.feedforward.down.weight.T)
    return x, KeptLayer(attention_scale, a, feedforward_scale, active, routing)


def _norm(
    norm: nn.LayerNorm, x: Float[Tensor, "rows width"]
) -> tuple[Float[Tensor, "rows width"], Float[Tensor, "rows 1"]]:
    """What a norm without bias gives, and its 1/σ."""
    y, _, scale = torch.native_layer_norm(x, norm.normalized_shape, norm.weight, None, norm.eps)
    return y, scale
