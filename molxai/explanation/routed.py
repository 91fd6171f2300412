"""Routing and presence on the way back that is written out.

`molxai.rules.routing` and `molxai.rules.presence` are the definition. With g the gradient at what a
head's queries hear, O = A·V, n the keys of a graph, and L the logarithmic means in units of 1 / n:

    values     (1 − α) Aᵀ·g + α / n · Σ g             the second term is the same for every key
    scores     s = α / n · L ⊙ (g·Vᵀ − Σ L ⊙ g·Vᵀ / Σ L)
    queries    s·K / 2√d, and keys sᵀ·Q / 2√d
    presence   Σ A ⊙ (g·Vᵀ − Σ A ⊙ g·Vᵀ) = V ⊙ (Aᵀ·g) − Aᵀ·(g ⊙ O), summed over the width

Only the line of the scores goes through all pairs of tokens.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from graphormer.network.by_hand import Kept, KeptLayer
from graphormer.network.model import Block
from molxai.explanation.passes import Pass
from molxai.explanation.structure import pair_relevance
from molxai.rules.routing import log_mean


def centred(linear: nn.Linear, norm: nn.LayerNorm) -> Float[Tensor, "outputs width"]:
    """W·diag(γ)·P: a linear layer after a norm, but for the norm's scale."""
    weight = linear.weight * norm.weight
    return weight - weight.mean(1, keepdim=True)


class Routed:
    """What structure, presence and the biases of queries and keys gather on the way back."""

    def __init__(self, kept: Kept, alpha: float) -> None:
        self.kept = kept
        self.alpha = alpha
        rows = kept.rows
        tokens = rows.graph.bincount(minlength=rows.graphs)  # (batch,)
        keys = tokens.to(kept.tokens.dtype).repeat_interleave(rows.heads)
        self.keys = keys[:, None, None]  # (batch * heads, 1, 1)
        self.structure = torch.zeros_like(kept.bias)  # (batch * heads, longest, longest)
        self.presence = kept.tokens.new_zeros(rows.graphs, rows.longest)
        # In float64, as are other sums that go row by row.
        self.bias = kept.tokens.new_zeros(rows.graphs, dtype=torch.float64)

    def read_mean(self, g: Float[Tensor, "batch width"]) -> None:
        """Presence in a mean read-out: a node's share in it, less the mean of all nodes'."""
        rows = self.kept.rows
        away = self.kept.last - self.kept.read[rows.graph]  # (rows, width)
        of_row = rows.share.to(g.dtype) * (away * g[rows.graph]).sum(1)
        self.presence.view(-1).index_add_(0, rows.padded, of_row)

    def back(
        self,
        block: Block,
        layer: KeptLayer,
        g: Float[Tensor, "batch_and_heads queries head_width"],
    ) -> Float[Tensor, "rows width"]:
        """From the gradient at what queries hear to that behind a norm's scale."""
        rows = self.kept.rows
        kept = layer.routing
        assert kept is not None, "the forward pass keeps what decided the attention"
        own = (g * kept.heard).sum(2, keepdim=True)  # (batch * heads, queries, 1)
        carried = torch.bmm(layer.attention.mT, torch.cat([g, own], 2))
        of_own = carried[:, :, -1]
        carried = carried[:, :, :-1]  # (batch * heads, longest, head width)
        presence = (kept.v * carried).sum(2) - of_own  # (batch * heads, longest)
        self.presence += presence.view(rows.graphs, rows.heads, -1).sum(1)
        to_values = (1 - self.alpha) * carried + self.alpha / self.keys * g.sum(1, keepdim=True)

        to_scores = self._to_scores(g, kept.v, kept.scores)
        self.structure[:, : g.shape[1]] += to_scores
        half = kept.q.shape[2] ** -0.5 / 2
        to_queries = torch.zeros_like(kept.k)
        to_queries[:, : g.shape[1]] = torch.bmm(to_scores, half * kept.k)
        to_keys = torch.bmm(to_scores.mT, half * kept.q)
        both = [rows.out_of_heads(part) for part in (to_queries, to_keys)]
        to_routing = torch.cat(both, 1)  # (rows, 2 * width)

        attention = block.attention
        of_rows = to_routing @ attention.routing.bias  # (rows,)
        self.bias.index_add_(0, rows.graph, of_rows.double())
        said = torch.mm(
            rows.out_of_heads(to_values), centred(attention.value, block.attention_norm)
        )
        return said.addmm_(to_routing, centred(attention.routing, block.attention_norm))

    def _to_scores(
        self,
        g: Float[Tensor, "batch_and_heads queries head_width"],
        v: Float[Tensor, "batch_and_heads longest head_width"],
        scores: Float[Tensor, "batch_and_heads queries longest"],
    ) -> Float[Tensor, "batch_and_heads queries longest"]:
        paid = torch.bmm(g, v.mT)
        logs = scores.log_softmax(2).add_(self.keys.log())
        weight = log_mean(logs)  # 0 for padding
        total = weight.sum(2, keepdim=True)
        share = weight.div_(total)
        to_scores = torch.ops.aten._softmax_backward_data(paid, share, 2, paid.dtype)
        return to_scores.mul_(self.alpha / self.keys * total)

    def completed(self, result: Pass) -> Pass:
        """The pass with what has gathered."""
        rows = self.kept.rows
        shape = (rows.graphs, rows.heads, rows.longest, rows.longest)
        structure = self.structure.view(shape)
        return replace(
            result,
            bias=result.bias + self.bias.to(result.bias.dtype),
            structure=structure,
            pairs=pair_relevance(self.kept.bias.view(shape), structure),
            presence=self.presence,
        )
