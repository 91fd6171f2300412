"""torch-geometric's GNNExplainer for many graphs at once, each with its own loss."""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch_geometric.explain import GNNExplainer

Losses = Callable[[Tensor], Tensor]
"""The loss of each graph, `[graphs]`, from the masked graphs' outputs, `[graphs, outputs]`."""

MODEL = {"mode": "regression", "task_level": "graph", "return_type": "raw"}
"""What torch-geometric is told of the model; the loss is the caller's."""


class _GraphMasks(GNNExplainer):
    """Masks of many graphs, of which no graph sees another's.

    The loss is a sum over graphs, and Adam works on each entry alone.
    """

    def __init__(
        self,
        epochs: int,
        lr: float,
        start: Float[Tensor, "graphs nodes"],
        is_node: Bool[Tensor, "graphs nodes"],
        losses: Losses,
    ) -> None:
        super().__init__(epochs=epochs, lr=lr)
        self.start = start.reshape(-1, 1)  # (graphs · nodes, 1)
        self.losses = losses
        count = is_node.to(start.dtype)
        share = count / count.sum(1, keepdim=True)  # (graphs, nodes)
        self.share = share.reshape(-1, 1)  # (graphs · nodes, 1)
        """Share of each node in its graph's mean; 0 for padding."""
        self.connect({"explanation_type": "phenomenon", "node_mask_type": "object"}, MODEL)

    def _initialize_masks(self, x: Tensor, edge_index: Tensor) -> None:
        self.node_mask = nn.Parameter(self.start.clone())
        self.edge_mask = None

    def _loss(self, y_hat: Tensor, y: Tensor) -> Tensor:
        """Each graph's own loss, and torch-geometric's price of its mask.

        The price is the mean size and the mean entropy over the graph's nodes.
        """
        mask = self.node_mask.sigmoid()
        tiny = self.coeffs["EPS"]
        rest = 1 - mask
        kept_entropy = -mask * torch.log(mask + tiny)
        entropy = kept_entropy - rest * torch.log(rest + tiny)
        size_price = self.coeffs["node_feat_size"] * mask
        entropy_price = self.coeffs["node_feat_ent"] * entropy
        price = self.share * (size_price + entropy_price)
        return self.losses(y_hat).sum() + price.sum()


def learned_masks(
    model: nn.Module,
    x: Float[Tensor, "graphs nodes width"],
    is_node: Bool[Tensor, "graphs nodes"],
    start: Float[Tensor, "graphs nodes"],
    losses: Losses,
    epochs: int,
    lr: float,
) -> Float[Tensor, "graphs nodes"]:
    """Masks from 0 to 1 over the nodes, after so many epochs.

    Args:
        model: called as `model(x, edge_index)` with `x` masked and flattened to
            `[graphs · nodes, width]`; none of its parameters may require a gradient that somebody
            else keeps.
        x: what describes each node.
        is_node: false for padding.
        start: the masks before the sigmoid.
        losses: the loss of each graph.
        epochs: steps of Adam.
        lr: its learning rate.
    """
    no_edges = torch.empty(2, 0, dtype=torch.long, device=x.device)
    algorithm = _GraphMasks(epochs, lr, start, is_node, losses)
    nodes = x.flatten(0, 1)  # (graphs · nodes, width)
    explanation = algorithm(model, nodes, no_edges, target=start)
    return explanation.node_mask.view(start.shape)  # (graphs, nodes)
