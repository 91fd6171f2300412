"""The pass of `lrp` written out, for models of the shipped kind.

The rules (`molxai.rules.tables`) are the definition, and a test holds this against them. Under AH,
LN and the activation rule everything but the value path is a constant, so the way back is a chain
of matrix products with what `graphormer.network.by_hand` has kept:

    norm and linear layer, y = W·diag(γ)·P·x / σ       g ← diag(1/σ) · g · (W·diag(γ)·P)
    ReLU                                               g ← g where its output is above 0
    attention, y = A·V                                 g ← Aᵀ·g
    residual connection, x + y                         both get g

P = I − 11ᵀ/width is the centring, which the LN rule does not freeze.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.graphs.graph import GraphBatch
from graphormer.network.by_hand import Kept, KeptLayer, forward, is_last_read
from graphormer.network.model import Block, Graphormer
from molxai.explanation.outcome import outcomes, resolve_targets
from molxai.explanation.passes import Pass, target_weights
from molxai.explanation.target import Target
from molxai.rules import Rules


@torch.no_grad()
def lrp_pass(model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None) -> Pass:
    """What `gradient_pass` gives under AH, LN and the activation rule, of a model that `is_usual`.

    Args:
        model: in evaluation mode.
        batch: graphs.
        targets: of each graph; None for the predicted class.
    """
    kept = forward(model, batch)
    resolved_targets = resolve_targets(model.config, kept.logits, targets)
    weights = target_weights(model, resolved_targets, kept.logits)  # (batch, outputs)
    g = torch.mm(weights, _centred(model.head, model.norm)) * kept.scale  # (batch, width)
    if model.config.readout == "mean":
        g = g.index_select(0, kept.rows.graph) * kept.rows.share[:, None].to(g.dtype)
    buffer = kept.rows.buffer(g, g.shape[1])  # (rows + 1, width)
    for index, layer in reversed(list(enumerate(kept.layers))):
        block = model.blocks[index]
        assert isinstance(block, Block)
        g = _back(block, layer, g, kept, buffer, is_last_read(model, index))
    buffer[:-1] = g
    bias = weights.new_zeros(len(weights))
    if model.head.bias is not None:
        bias = weights @ model.head.bias
    return Pass(
        tokens=kept.tokens,
        gradient=kept.rows.pad(buffer),
        explained=(kept.logits * weights).sum(1),
        outcome=outcomes(model.config, kept.logits, resolved_targets),
        bias=bias,
        recorded_gradients=[],
        mode=Rules(()),
    )


def _back(
    block: Block,
    layer: KeptLayer,
    g: Float[Tensor, "rows_or_batch width"],
    kept: Kept,
    buffer: Float[Tensor, "rows_and_one width"],
    is_read_alone: bool,
) -> Float[Tensor, "rows width"]:
    """The gradient at a layer's input, from that at its output."""
    rows = kept.rows
    attention = block.attention
    feedforward = block.feedforward
    through = torch.mm(g, feedforward.down.weight)  # (rows or batch, feedforward)
    through = torch.ops.aten.threshold_backward(through, layer.active, 0)
    through = torch.mm(through, _centred(feedforward.up, block.feedforward_norm))
    g = torch.addcmul(g, through, layer.feedforward_scale)
    if is_read_alone:
        heard = torch.mm(g, attention.out.weight).view(len(layer.attention), 1, -1)
        g = g.new_zeros(len(rows), g.shape[1]).index_copy_(0, rows.first, g)
    else:
        torch.mm(g, attention.out.weight, out=buffer[:-1])
        (heard,) = rows.into_heads(buffer, 1)  # (batch * heads, longest, head width)
    said = rows.out_of_heads(torch.bmm(layer.attention.mT, heard))  # (rows, width)
    said = torch.mm(said, _centred(attention.value, block.attention_norm))
    return torch.addcmul(g, said, layer.attention_scale)


def _centred(linear: nn.Linear, norm: nn.LayerNorm) -> Float[Tensor, "outputs width"]:
    """W·diag(γ)·P: a linear layer after a norm, but for the norm's scale."""
    weight = linear.weight * norm.weight
    return weight - weight.mean(1, keepdim=True)
