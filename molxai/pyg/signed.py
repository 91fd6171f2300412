"""torch-geometric's explanations for relevance that may speak against the target.

Its magnitude decides what counts, and signs stay.
"""

import torch
from torch import Tensor
from torch_geometric.explain import Explanation, HeteroExplanation
from torch_geometric.explain.config import ThresholdConfig, ThresholdType
from torch_geometric.explain.explanation import ExplanationMixin


class _Signed(ExplanationMixin):
    """Thresholds that take the largest magnitudes and keep their signs."""

    def _threshold_mask(
        self, mask: Tensor | None, threshold_config: ThresholdConfig
    ) -> Tensor | None:
        if mask is None:
            return None
        size = super()._threshold_mask(mask.abs(), threshold_config)
        return size * mask.sign() if threshold_config.type == ThresholdType.topk else size


class SignedExplanation(_Signed, Explanation):
    """An `Explanation` with a ledger: `logit = node_mask.sum() + bias + gap`.

    `logit` is what was explained, summed over graphs or the given index. `bias` is the relevance
    that ended in what the model adds of its own (biases, a learned token, inputs other than `x`),
    and `ledger` names each of these. `gap` is what is missing: rounding.

    torch-geometric's own thresholds take the largest values, and its subgraphs the positive ones,
    which would lose what speaks against the target. Here the largest magnitudes stay, with their
    sign, and a subgraph keeps every node whose relevance is not zero.
    """

    def get_explanation_subgraph(self) -> "SignedExplanation":
        """The nodes whose relevance is not zero, and the edges between them."""
        return self._apply_masks(_is_relevant(self.node_mask))

    def get_complement_subgraph(self) -> "SignedExplanation":
        """The nodes whose relevance is zero, and the edges between them."""
        return self._apply_masks(~_is_relevant(self.node_mask))


class SignedHeteroExplanation(_Signed, HeteroExplanation):
    """The same for nodes of several kinds: one signed `node_mask` for each.

    `logit` is the sum of all masks, `bias` and `gap`. A threshold holds for each kind alone.
    """

    def get_explanation_subgraph(self) -> "SignedHeteroExplanation":
        """The nodes whose relevance is not zero, and the edges between them."""
        masks = self.collect("node_mask")
        return self._apply_masks({kind: _is_relevant(mask) for kind, mask in masks.items()}, {})

    def get_complement_subgraph(self) -> "SignedHeteroExplanation":
        """The nodes whose relevance is zero, and the edges between them."""
        masks = self.collect("node_mask")
        return self._apply_masks({kind: ~_is_relevant(mask) for kind, mask in masks.items()}, {})


def _is_relevant(mask: Tensor) -> Tensor:
    return torch.as_tensor(mask).ne(0).any(-1)  # (nodes)
