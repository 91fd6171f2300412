"""What the tests of PyTorch Geometric's interface share: its Explainer on a model, and graphs as
its models take them."""

from dataclasses import replace

import torch
from conftest import SMALL
from torch_geometric.data import Batch
from torch_geometric.explain import Explainer

from graphormer.graphs.pyg import to_pyg
from graphormer.graphs.superpixels import SUPERPIXELS
from graphormer.network.model import Graphormer
from molxai.pyg import LRPExplainer, PyGGraphormer

MODES = {
    "binary": "binary_classification",
    "multiclass": "multiclass_classification",
    "regression": "regression",
}


def explainer(model, mode, kind="object", algorithm=None, explained="model", level="graph", **more):
    config = {"mode": MODES.get(mode, mode), "task_level": level, "return_type": "raw"}
    return Explainer(
        model, algorithm or LRPExplainer(), explained, config, node_mask_type=kind, **more
    )


def together(some):
    return Batch.from_data_list([to_pyg(one) for one in some])


def structure(data):
    """Everything but `x`, in the order of the model's arguments: PyG hands these to captum by
    position."""
    given = {
        "edge_index": data.edge_index,
        "edge_attr": data.edge_attr,
        "batch": data.get("batch"),
        "pos": data.get("pos"),
    }
    return {name: value for name, value in given.items() if value is not None or name in ("batch",)}


def arguments(data):
    return {"x": data.x, **structure(data), "x_weight": data.get("x_weight")}


def unchanged(before, after):
    """Whether two states are the same."""
    alike = all(
        a[0] == b[0] and a[1] is b[1] is None and torch.equal(a[2], b[2])
        for a, b in zip(before[3], after[3], strict=True)
    )
    return before[:3] == after[:3] and alike


def state(network):
    hooks = [
        len(module._forward_hooks) + len(module._backward_hooks) + len(module._forward_pre_hooks)
        for module in network.modules()
    ]
    own = [(p.requires_grad, p.grad, p.detach().clone()) for p in network.parameters()]
    return torch.is_grad_enabled(), network.training, hooks, own


def digit_network():
    torch.manual_seed(0)
    return PyGGraphormer(
        Graphormer(replace(SMALL, task="multiclass", outputs=10, bias=True), SUPERPIXELS)
        .double()
        .eval()
    )
