"""LRP as an explainer algorithm of PyTorch Geometric.

On this model it is `lrp`, on its own networks it conserves.
"""

from dataclasses import replace

import pytest
import torch
from conftest import CONFIGS, SMALL, SMILES, batch, graphs, random_model
from pyg_cases import arguments, digit_network, explainer, state, structure, together, unchanged
from torch import nn
from torch_geometric.explain import Explainer
from torch_geometric.nn import BatchNorm, GATConv, GCNConv, GINEConv, Linear, global_mean_pool

from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import molecule
from graphormer.graphs.pyg import to_pyg
from graphormer.network.model import Graphormer
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.target import Target
from molxai.pyg import LRPExplainer, PyGGraphormer
from molxai.rules import Rule

IBUPROFEN = SMILES[0]


@pytest.fixture(params=CONFIGS)
def model(request) -> Graphormer:
    return random_model(CONFIGS[request.param])


@pytest.fixture
def digits() -> PyGGraphormer:
    return digit_network()


@pytest.mark.parametrize("form", ["codes", "dense"])
def test_lrp_is_lrp(model, form):
    """Batches, object and attributes masks, and the ledger, against the method `lrp`."""
    data, wrapped = together(graphs()), PyGGraphormer(model)
    x = data.x if form == "codes" else wrapped.dense(data)
    expected = EXPLAINERS["lrp"](model, batch())
    relevance = torch.cat([one.relevance for one in expected])
    nodes, entries = (
        explainer(wrapped, model.config.task, kind)(x, **structure(data))
        for kind in ("object", "attributes")
    )
    assert nodes.node_mask.shape == (len(x), 1) and entries.node_mask.shape == x.shape
    assert torch.allclose(nodes.node_mask[:, 0], relevance, rtol=0, atol=1e-12)
    assert torch.allclose(entries.node_mask.sum(1), relevance, rtol=0, atol=1e-12)
    assert nodes.logit == pytest.approx(sum(one.logit for one in expected), rel=1e-12)
    assert nodes.bias == pytest.approx(
        sum(one.bias + one.token for one in expected), rel=1e-11, abs=1e-13
    )
    assert (
        nodes.logit == pytest.approx(float(nodes.node_mask.sum()) + nodes.bias, rel=1e-12)
        and abs(nodes.gap) < 1e-12
    )
    shared = explainer(wrapped, model.config.task, "common_attributes")(x, **structure(data))
    assert torch.allclose(
        shared.node_mask, entries.node_mask.sum(0, keepdim=True), rtol=0, atol=1e-12
    )


def test_attributes_of_codes_are_the_feature_split():
    model, data = random_model(SMALL), to_pyg(molecule(IBUPROFEN).graph)
    (expected,) = EXPLAINERS["lrp"](model, batch((IBUPROFEN,)))
    made = explainer(PyGGraphormer(model), "binary", "attributes")(**arguments(data))
    assert torch.allclose(made.node_mask, expected.feature_relevance, rtol=0, atol=1e-12)


def test_lrp_of_a_digit(digits, stroke):
    (expected,) = EXPLAINERS["lrp"](digits.model, collate([stroke]).to(torch.float64), [Target(3)])
    made = explainer(digits, "multiclass", explained="phenomenon")(
        **arguments(to_pyg(stroke)), target=torch.tensor([3])
    )
    assert torch.allclose(made.node_mask[:, 0], expected.relevance, rtol=0, atol=1e-12)
    assert (
        made.bias == pytest.approx(expected.bias + expected.token, rel=1e-11)
        and made.ledger["model.token"] != 0
    )


def test_index_chooses_graphs_of_a_batch():
    model, data = random_model(CONFIGS["output bias three classes"]), together(graphs())
    expected, run = EXPLAINERS["lrp"](model, batch()), explainer(PyGGraphormer(model), "multiclass")
    one = run(data.x, **structure(data), index=3)
    assert torch.allclose(
        one.node_mask[data.batch == 3, 0], expected[3].relevance, rtol=0, atol=1e-12
    )
    assert (one.node_mask[data.batch != 3] == 0).all() and one.logit == pytest.approx(
        expected[3].logit, rel=1e-12
    )
    two = run(data.x, **structure(data), index=torch.tensor([0, 3]))
    assert two.logit == pytest.approx(expected[0].logit + expected[3].logit, rel=1e-12)


@pytest.mark.parametrize("name", ["bias-free relu", "output bias three classes"])
def test_a_phenomenon_is_explained_by_its_label(name):
    model, data = random_model(CONFIGS[name]), together(graphs())
    labels = [
        i % model.config.outputs if model.config.task == "multiclass" else i % 2
        for i in range(len(SMILES))
    ]
    expected = EXPLAINERS["lrp"](model, batch(), [Target(label) for label in labels])
    run = explainer(PyGGraphormer(model), model.config.task, explained="phenomenon")
    made = run(data.x, **structure(data), target=torch.tensor(labels))
    assert torch.allclose(
        made.node_mask[:, 0], torch.cat([one.relevance for one in expected]), rtol=0, atol=1e-12
    )


class Network(nn.Module):
    """A graph network as PyG's tutorials write them, with biases wherever there can be one."""

    def __init__(self, layer, norm=None):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.norm, self.head = (
            layer(4, 8),
            layer(8, 8),
            norm or nn.Identity(),
            Linear(8, 3),
        )
        self.double().eval()
        for name, parameter in self.named_parameters():
            if "bias" in name:
                nn.init.normal_(parameter)

    def forward(self, x, edge_index, edge_attr=None, batch=None):
        more = () if edge_attr is None else (edge_attr,)
        x = self.second(
            self.norm(self.first(x, edge_index, *more).relu()), edge_index, *more
        ).relu()
        return self.head(x if batch is None else global_mean_pool(x, batch))


def normed():
    norm = BatchNorm(8)
    nn.init.uniform_(norm.module.running_mean), nn.init.uniform_(norm.module.running_var, 0.5, 2)
    return norm


FOREIGN = {
    "GCN": lambda: Network(GCNConv),
    "GAT": lambda: Network(GATConv),
    "GINE with batch norm": lambda: Network(
        lambda i, o: GINEConv(Linear(i, o), train_eps=True, edge_dim=3), normed()
    ),
}
EDGES = torch.tensor([[0, 1, 1, 2, 3, 4], [1, 0, 2, 1, 4, 3]])


@pytest.mark.parametrize("level", ["graph", "node"])
@pytest.mark.parametrize("name", FOREIGN)
def test_relevance_and_biases_of_a_foreign_network_add_up(name, level):
    network = FOREIGN[name]()
    given = {"batch": torch.tensor([0, 0, 0, 1, 1])} if level == "graph" else {}
    given |= {"edge_attr": torch.randn(6, 3, dtype=torch.float64)} if "GINE" in name else {}
    x = torch.randn(5, 4, dtype=torch.float64)
    made = explainer(network, "multiclass", "attributes", level=level)(x, EDGES, index=1, **given)
    logit = network(x, EDGES, **given)[1].max().item()
    assert (
        made.logit == pytest.approx(logit, rel=1e-12)
        and made.ledger["first.bias" if "GINE" not in name else "head.bias"] != 0
    )
    assert float(made.node_mask.sum()) + made.bias == pytest.approx(logit, rel=1e-10, abs=1e-12)
    if level == "graph":
        assert (made.node_mask[:3] == 0).all() and (made.node_mask[3:] != 0).any()


def test_the_relevance_of_a_linear_network_is_known():
    """One convolution without non-linearity: x · (Âᵀ 1/n) W, by hand."""
    layer = GCNConv(4, 1, bias=False, add_self_loops=False, normalize=False).double().eval()

    class Sum(nn.Module):
        def forward(self, x, edge_index):
            return layer(x, edge_index).sum(0, keepdim=True)

    x = torch.randn(5, 4, dtype=torch.float64)
    made = explainer(Sum().eval(), "regression", "attributes")(x, EDGES)
    heard = torch.bincount(EDGES[0], minlength=5)
    assert torch.allclose(
        made.node_mask, heard.unsqueeze(1) * x * layer.lin.weight, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize(
    "network", [PyGGraphormer(random_model(SMALL)), FOREIGN["GAT"]()], ids=["ours", "foreign"]
)
def test_nothing_is_left_behind(network, monkeypatch):
    ours = isinstance(network, PyGGraphormer)
    x = to_pyg(molecule("CCO").graph).x if ours else torch.randn(3, 4, dtype=torch.float64)
    next(network.parameters()).requires_grad_(False)
    before, run = (
        state(network),
        explainer(network, "binary" if ours else "multiclass", level="graph" if ours else "node"),
    )
    with torch.no_grad():
        run(x, EDGES[:, :4])
    with torch.inference_mode():
        run(x, EDGES[:, :4])
    assert unchanged(before, state(network))
    head = network.model.head if ours else network.head
    calls = []

    def failing(given):
        calls.append(given)
        if len(calls) == 3:
            raise RuntimeError("on the way")
        return type(head).forward(head, given)

    monkeypatch.setattr(head, "forward", failing)
    with pytest.raises(RuntimeError, match="on the way"):
        run(x, EDGES[:, :4])
    assert unchanged(before, state(network))


def test_signed_masks_keep_their_signs():
    model, data = random_model(SMALL, seed=1), to_pyg(molecule(IBUPROFEN).graph)
    given = {**arguments(data), "target": torch.tensor([0])}
    whole = explainer(PyGGraphormer(model), "binary", explained="phenomenon")(**given)
    assert whole.validate() and whole.get_explanation_subgraph().num_nodes == data.num_nodes
    few = {"threshold_type": "topk", "value": 6}
    cut = explainer(PyGGraphormer(model), "binary", explained="phenomenon", threshold_config=few)(
        **given
    )
    largest = whole.node_mask[:, 0].abs().topk(6).indices
    assert (
        torch.equal(cut.node_mask[largest], whole.node_mask[largest])
        and int((cut.node_mask != 0).sum()) == 6
    )
    assert (cut.node_mask < 0).any() and cut.logit == whole.logit
    assert (
        cut.get_explanation_subgraph().num_nodes == 6
        and cut.get_complement_subgraph().num_nodes == data.num_nodes - 6
    )
    hard = whole.threshold("topk_hard", 6)
    assert torch.equal(hard.node_mask, (cut.node_mask != 0).to(hard.node_mask))


def test_a_wrapper_is_in_the_mode_of_its_model():
    """PyG sets the whole model to the wrapper's mode when it has explained."""
    assert (
        not PyGGraphormer(random_model(SMALL)).training
        and PyGGraphormer(random_model(SMALL).train()).training
    )


def test_what_lrp_cannot_do_is_refused_in_one_line():
    wrapped, data = PyGGraphormer(random_model(SMALL)), to_pyg(molecule("CCO").graph)
    with pytest.raises(
        ValueError, match="^edge_mask_type 'object': edges take no relevance.*leave it out"
    ):
        explainer(wrapped, "binary", edge_mask_type="object")
    for mode, kind in (
        ("binary_classification", "probs"),
        ("multiclass_classification", "log_probs"),
    ):
        with pytest.raises(
            ValueError,
            match=f"^return_type '{kind}': LRP explains logits, 'raw'; let the model return",
        ):
            Explainer(
                wrapped,
                LRPExplainer(),
                "model",
                {"mode": mode, "task_level": "graph", "return_type": kind},
                node_mask_type="object",
            )
    with pytest.raises(ValueError, match=r"x of type torch.int64: float features are needed"):
        explainer(FOREIGN["GCN"](), "multiclass", explained="phenomenon")(
            data.x, data.edge_index, target=torch.zeros(3)
        )
    with pytest.raises(
        ValueError,
        match=r"output of shape \[1, 2\]: one logit or value per graph or node is needed",
    ):
        explainer(PyGGraphormer(random_model(replace(SMALL, outputs=2))), "binary")(
            data.x, data.edge_index
        )
    phenomenon = explainer(wrapped, "binary", explained="phenomenon")
    with pytest.raises(ValueError, match="target classes 2 … 2: the model has 2 classes, 0 … 1"):
        phenomenon(data.x, data.edge_index, target=torch.tensor([2]))
    with pytest.raises(ValueError, match="3 targets for 1 rows of output"):
        phenomenon(data.x, data.edge_index, target=torch.tensor([0, 1, 1]))
    algorithm = phenomenon.algorithm
    with pytest.raises(ValueError, match="training mode"):
        algorithm(wrapped.train(), data.x, data.edge_index, target=torch.tensor([1]))
    never = Rule("never", {torch.erfinv: lambda func, x: x})
    with pytest.raises(ValueError, match="never fired"):
        explainer(wrapped.eval(), "binary", algorithm=LRPExplainer([never]))(
            data.x, data.edge_index
        )


def test_a_network_that_does_not_conserve_says_so():
    class Square(nn.Module):
        def forward(self, x, edge_index):
            return (x * x).sum().reshape(1)

    with pytest.raises(ValueError, match="the ledger does not close"):
        explainer(Square().eval(), "regression")(torch.randn(3, 2), EDGES[:, :2])
