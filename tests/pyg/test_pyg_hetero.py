"""LRP on graphs with nodes of several kinds, and what of x and target is refused."""

import inspect
import re

import pytest
import torch
from pyg_cases import explainer
from torch import nn
from torch_geometric.explain import HeteroExplanation
from torch_geometric.nn import (
    GATConv,
    GCNConv,
    HANConv,
    HeteroConv,
    HGTConv,
    Linear,
    SAGEConv,
    global_add_pool,
)

from molxai.pyg import LRPExplainer, SignedHeteroExplanation, lrp
from molxai.rules.conserve import conserve

DOUBLE = torch.float64
X = {"atom": (5, 4), "ring": (2, 3)}
EDGES = {
    ("atom", "bond", "atom"): torch.tensor([[0, 1, 1, 2, 3, 4], [1, 0, 2, 1, 4, 3]]),
    ("atom", "in", "ring"): torch.tensor([[0, 1, 2, 3], [0, 0, 0, 1]]),
    ("ring", "holds", "atom"): torch.tensor([[0, 0, 0, 1], [0, 1, 2, 3]]),
}


def layer(kind):
    if kind == "HeteroConv":
        bond, *others = EDGES
        convolutions = {edge: SAGEConv((-1, -1), 8) for edge in others}
        return HeteroConv({bond: GATConv(4, 8), **convolutions})
    types = ([*X], [*EDGES])
    if kind == "HGTConv":
        return HGTConv({"atom": 4, "ring": 3}, 8, types, heads=2)
    return HANConv({"atom": 4, "ring": 3}, 8, types, heads=2)


class Network(nn.Module):
    """One layer over all kinds, and a class for each atom, or for each graph of atoms and rings."""

    def __init__(self, kind, level):
        super().__init__()
        self.layer, self.head, self.level = layer(kind), Linear(8, 3), level

    def forward(self, x_dict, edge_index_dict, batch=None):
        h = {
            kind: features.relu() for kind, features in self.layer(x_dict, edge_index_dict).items()
        }
        if self.level == "node":
            return self.head(h["atom"])
        return self.head(global_add_pool(h["atom"], batch) + h["ring"])


def features():
    return {kind: torch.randn(shape, dtype=DOUBLE) for kind, shape in X.items()}


def asked(kind, level):
    """A network, its features, and what else it takes."""
    torch.manual_seed(0)
    network = Network(kind, level).double().eval()
    x = features()
    given = {"batch": torch.tensor([0, 0, 0, 1, 1])} if level == "graph" else {}
    with torch.no_grad():
        network(x, EDGES, **given)  # lazy layers take their shapes
        for one in network.parameters():
            one += 0.1 * torch.rand_like(one)
    return network, x, given


@pytest.mark.parametrize("level", ["graph", "node"])
@pytest.mark.parametrize("kind", ["HeteroConv", "HGTConv", "HANConv"])
def test_each_kind_of_nodes_has_a_mask_and_all_add_up(kind, level):
    network, x, given = asked(kind, level)
    made = explainer(network, "multiclass", "attributes", level=level)(x, EDGES, index=1, **given)
    logit = network(x, EDGES, **given)[1].max().item()
    masks = made.collect("node_mask")
    assert isinstance(made, SignedHeteroExplanation) and isinstance(made, HeteroExplanation)
    assert {name: mask.shape for name, mask in masks.items()} == X
    assert all(mask.any() for mask in masks.values()) and made.ledger["head.bias"] != 0
    assert made.logit == pytest.approx(logit, rel=1e-12)
    total = sum(float(mask.sum()) for mask in masks.values())
    assert total + made.bias == pytest.approx(logit, rel=1e-10, abs=1e-12)
    assert abs(made.gap) < 1e-12 and made.validate_masks()


def test_masks_are_those_of_one_kind_after_the_other():
    """By hand: the features of one kind are x, those of the other a further input."""
    network, x, _ = asked("HeteroConv", "node")
    made = explainer(network, "multiclass", "attributes", level="node")(x, EDGES)

    def call(model, atoms, rings):
        return model({"atom": atoms, "ring": rings}, EDGES)

    best = network(x, EDGES).argmax(1)
    rows = torch.arange(5)
    account = conserve(
        network, x["atom"], rings=x["ring"], call=call, target=lambda out: out[rows, best].sum()
    )
    assert torch.allclose(made["atom"].node_mask, account.relevance, atol=1e-14)
    assert torch.allclose(made["ring"].node_mask, account.parts["rings (input)"], atol=1e-14)


def test_object_and_common_masks_are_sums_and_thresholds_keep_signs():
    network, x, _ = asked("HGTConv", "node")
    whole, nodes, shared = (
        explainer(network, "multiclass", kind, level="node")(x, EDGES)
        for kind in ("attributes", "object", "common_attributes")
    )
    for kind in X:
        mask = whole[kind].node_mask
        assert torch.allclose(nodes[kind].node_mask, mask.sum(1, keepdim=True), atol=1e-14)
        assert torch.allclose(shared[kind].node_mask, mask.sum(0, keepdim=True), atol=1e-14)
    cut = nodes.threshold("topk", 1)
    for kind in X:
        mask = nodes[kind].node_mask
        kept = cut[kind].node_mask
        assert kept.count_nonzero() == 1 and kept.abs().max() == mask.abs().max()
        assert torch.equal(kept[kept != 0], mask[kept != 0])
    left = cut.get_explanation_subgraph()
    assert {kind: left[kind].num_nodes for kind in X} == {"atom": 1, "ring": 1}
    rest = cut.get_complement_subgraph()
    assert {kind: rest[kind].num_nodes for kind in X} == {"atom": 4, "ring": 1}


def test_features_of_edges_in_a_dictionary_are_parts():
    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = Linear(4, 1)

        def forward(self, x_dict, edge_index_dict, edge_attr_dict):
            start, end = edge_index_dict["bond"]
            sent = x_dict["atom"][start] + edge_attr_dict["bond"]
            return self.head(torch.zeros_like(x_dict["atom"]).index_add(0, end, sent))

    network = Weighted().double().eval()
    x = {"atom": torch.randn(5, 4, dtype=DOUBLE)}
    attributes = {"bond": torch.randn(6, 4, dtype=DOUBLE)}
    algorithm = LRPExplainer()
    explainer(network, "regression", algorithm=algorithm, level="node")
    made = algorithm(
        network,
        x,
        {"bond": next(iter(EDGES.values()))},
        target=torch.zeros(5),
        edge_attr_dict=attributes,
    )
    assert set(made.ledger) == {"head.bias", "edge_attr_dict[0] (input)"}
    assert abs(made.gap) < 1e-12


NET = GCNConv(3, 4).eval()
BOTH_WAYS = torch.tensor([[0, 1], [1, 0]])


class Flat(nn.Module):
    """A model of features with an axis of their own."""

    def forward(self, x, edge_index):
        return x.flatten(1).sum(1)


@pytest.mark.parametrize(
    "x, message",
    {
        "one axis": (torch.ones(2), r"x of shape [2]: [nodes, features] is needed; one feature"),
        "a list": ([[1.0], [2.0]], "x is a list: the features of one kind of nodes are needed"),
        "nothing": (None, "x is a NoneType: the features of one kind of nodes are needed"),
        "a kind is a list": ({"a": [1.0]}, "x['a'] is a list: the features of one kind"),
        "codes of a kind": (
            {"a": torch.ones(2, 3), "b": torch.ones(2, 1).long()},
            "x['b'] of type torch.int64: float features are needed",
        ),
        "two precisions": (
            {"a": torch.ones(2, 3), "b": torch.ones(2, 1).double()},
            "x holds torch.float32 and torch.float64: features of one type are needed",
        ),
    }.values(),
)
def test_features_that_are_none_are_named(x, message):
    algorithm = LRPExplainer()
    explainer(NET, "multiclass", algorithm=algorithm, level="node")
    forward = inspect.unwrap(type(algorithm).forward)  # the checker of shapes would come before it
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        forward(algorithm, NET, x, BOTH_WAYS, target=torch.zeros(2))


@pytest.mark.parametrize("kind", ["attributes", "common_attributes"])
def test_features_with_an_axis_of_their_own(kind):
    x = torch.randn(5, 2, 3)
    made = explainer(Flat(), "regression", level="node")(x, BOTH_WAYS)
    assert torch.allclose(made.node_mask, x.sum((1, 2)).unsqueeze(1))
    with pytest.raises(
        ValueError, match=rf"^x of shape \[5, 2, 3\]: a mask of {kind} needs \[nodes, features\]"
    ):
        explainer(Flat(), "regression", kind, level="node")(x, BOTH_WAYS)


@pytest.mark.parametrize("target", ["1", True, [0, 1], 1.5, torch.tensor([0.5, 1.0])], ids=repr)
def test_targets_that_are_no_classes_are_named(target):
    ask = explainer(NET, "multiclass", explained="phenomenon", level="node")
    x, labels = torch.randn(2, 3), inspect.unwrap(lrp._labels)
    found = "of torch.float32" if isinstance(target, torch.Tensor) else re.escape(repr(target))
    with pytest.raises(ValueError, match=f"^target {found}: the class of each graph or node"):
        labels(target, 2, 4)
    whole = ask(x, BOTH_WAYS, target=torch.tensor([1.0, 0.0]))
    assert torch.equal(whole.node_mask, ask(x, BOTH_WAYS, target=torch.tensor([1, 0])).node_mask)
