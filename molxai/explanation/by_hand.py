"""The pass of `lrp` written out, for models of the shipped kind.

The rules (`molxai.rules.tables`) are the definition, and a test holds this against them. Under AH,
LN and the activation rule everything but the value path is a constant, so the way back is a chain
of matrix products with what `graphormer.network.by_hand` has kept:

    norm and linear layer, y = W·diag(γ)·P·x / σ       g ← diag(1/σ) · g · (W·diag(γ)·P)
    ReLU                                               g ← g where its output is above 0
    attention, y = A·V                                 g ← Aᵀ·g
    residual connection, x + y                         both get g

P = I − 11ᵀ/width is the centring, which the LN rule does not freeze. With routing other lines take
the place of the third (`molxai.explanation.routed`).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import GraphBatch
from graphormer.network.by_hand import Kept, KeptLayer, Rows, forward, is_last_read
from graphormer.network.model import Block, Graphormer
from molxai.explanation.outcome import outcomes, resolve_targets
from molxai.explanation.passes import Pass, target_weights
from molxai.explanation.routed import Routed, centred
from molxai.explanation.target import Target
from molxai.rules import Rules


def lrp_pass(
    model: Graphormer,
    batch: GraphBatch,
    targets: Sequence[Target | None] | None,
    alpha: float | None = None,
) -> Pass:
    """What `gradient_pass` gives under AH, LN and the activation rule, of a model that `is_usual`.

    Args:
        model: in evaluation mode.
        batch: graphs.
        targets: of each graph; None for the predicted class.
        alpha: the share of routing in place of AH, above 0; None: AH.
    """
    with torch.no_grad():
        kept = forward(model, batch, alpha is not None)
        resolved_targets = resolve_targets(model.config, kept.logits, targets)
        weights = target_weights(model, resolved_targets, kept.logits)  # (batch, outputs)
        routed = None if alpha is None else Routed(kept, alpha)
        gradient = _backward(model, kept, weights, routed)
    bias = weights.new_zeros(len(weights))
    if model.head.bias is not None:
        bias = weights @ model.head.bias.detach()
    result = Pass(
        tokens=kept.tokens,
        gradient=gradient,
        explained=(kept.logits * weights).sum(1),
        outcome=outcomes(model.config, kept.logits, resolved_targets),
        bias=bias,
        recorded_gradients=[],
        mode=Rules(()),
    )
    return result if routed is None else routed.completed(result)


def _backward(
    model: Graphormer, kept: Kept, weights: Float[Tensor, "batch outputs"], routed: Routed | None
) -> Float[Tensor, "batch longest width"]:
    """The gradient at the input embeddings."""
    rows = kept.rows
    g = torch.mm(weights, centred(model.head, model.norm)) * kept.scale  # (batch, width)
    if model.config.readout == "mean":
        if routed is not None:
            routed.read_mean(g)
        g = g.index_select(0, rows.graph) * rows.share[:, None].to(g.dtype)
    buffer = rows.buffer(g, g.shape[1])  # (rows + 1, width)
    for index, layer in reversed(list(enumerate(kept.layers))):
        block = model.blocks[index]
        assert isinstance(block, Block)
        g = _back(block, layer, g, rows, buffer, is_last_read(model, index), routed)
    buffer[:-1] = g
    return rows.pad(buffer)


def _back(
    block: Block,
    layer: KeptLayer,
    g: Float[Tensor, "rows_or_batch width"],
    rows: Rows,
    buffer: Float[Tensor, "rows_and_one width"],
    is_read_alone: bool,
    routed: Routed | None,
) -> Float[Tensor, "rows width"]:
    """The gradient at a layer's input, from that at its output."""
    attention = block.attention
    feedforward = block.feedforward
    through = torch.mm(g, feedforward.down.weight)  # (rows or batch, feedforward)
    through = torch.ops.aten.threshold_backward(through, layer.active, 0)
    through = torch.mm(through, centred(feedforward.up, block.feedforward_norm))
    g = torch.addcmul(g, through, layer.feedforward_scale)
    if is_read_alone:
        heard = torch.mm(g, attention.out.weight).view(len(layer.attention), 1, -1)
        g = g.new_zeros(len(rows), g.shape[1]).index_copy_(0, rows.first, g)
    else:
        torch.mm(g, attention.out.weight, out=buffer[:-1])
        (heard,) = rows.into_heads(buffer, 1)  # (batch * heads, longest, head width)
    if routed is not None:
        said = routed.back(block, layer, heard)  # (rows, width)
    else:
        said = rows.out_of_heads(torch.bmm(layer.attention.mT, heard))
        said = torch.mm(said, centred(attention.value, block.attention_norm))
    return torch.addcmul(g, said, layer.attention_scale)
