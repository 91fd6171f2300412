"""torch-geometric's GNNExplainer for many graphs at once, each with its own loss."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch_geometric.explain import GNNExplainer

Loss = Callable[[Tensor], Tensor]
"""Of each graph, `[graphs]`, from the outputs of the masked graphs, `[graphs, outputs]`."""

MODEL = {"mode": "regression", "task_level": "graph", "return_type": "raw"}
"""What torch-geometric is told of the model; the loss is the caller's."""


class _Together(GNNExplainer):
    """The loss is a sum over graphs and Adam works on each entry alone, so no graph sees another."""

    def __init__(
        self,
        epochs: int,
        lr: float,
        start: Float[Tensor, "graphs nodes"],
        there: Bool[Tensor, "graphs nodes"],
        own: Loss,
    ) -> None:
        super().__init__(epochs=epochs, lr=lr)
        self.start, self.own = start.reshape(-1, 1), own
        counted = there.to(start.dtype)
        self.share = (counted / counted.sum(1, keepdim=True)).reshape(-1, 1)
        """Of each node in its graph's mean; 0 for padding."""
        self.connect({"explanation_type": "phenomenon", "node_mask_type": "object"}, MODEL)

    def _initialize_masks(self, x: Tensor, edge_index: Tensor) -> None:
        self.node_mask = nn.Parameter(self.start.clone())
        self.edge_mask = None

    def _loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """Each graph's own loss, and torch-geometric's price of its mask: the mean size and the mean entropy over its nodes."""
        kept = self.node_mask.sigmoid()
        entropy = -kept * torch.log(kept + self.coeffs["EPS"]) - (1 - kept) * torch.log(
            1 - kept + self.coeffs["EPS"]
        )
        price = self.coeffs["node_feat_size"] * kept + self.coeffs["node_feat_ent"] * entropy
        return self.own(y_hat).sum() + (self.share * price).sum()


def learned_masks(
    model: nn.Module,
    x: Float[Tensor, "graphs nodes width"],
    there: Bool[Tensor, "graphs nodes"],
    start: Float[Tensor, "graphs nodes"],
    own: Loss,
    epochs: int,
    lr: float,
) -> Float[Tensor, "graphs nodes"]:
    """Masks from 0 to 1 over the nodes, after so many epochs.

    Args:
        model: called as `model(x, edge_index)` with `x` masked and flattened to `[graphs · nodes, width]`; none of its
            parameters may require a gradient that somebody else keeps.
        x: what describes each node.
        there: false for padding.
        start: the masks before the sigmoid.
        own: the loss of each graph.
        epochs: steps of Adam.
        lr: its learning rate.
    """
    nowhere = torch.empty(2, 0, dtype=torch.long, device=x.device)
    made = _Together(epochs, lr, start, there, own)(model, x.flatten(0, 1), nowhere, target=start)
    return made.node_mask.view(start.shape)
