"""The pass by hand gives what the definition gives: the plain forward pass, and the rules."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import CONFIGS, ROOT, SMALL, batch, random_model
from torch import nn

from graphormer.graphs.graph import Graph, collate, graph
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.superpixels import digit
from graphormer.network import by_hand
from graphormer.network.by_hand import is_usual
from graphormer.network.checkpoint import load, shipped
from graphormer.network.ensemble import networks
from molxai.explanation.by_hand import lrp_pass
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.passes import gradient_pass
from molxai.explanation.target import Target
from molxai.rules import ACTIVATION, CONSERVATIVE, LN, rules

USUAL = {
    "token": SMALL,
    "mean": replace(SMALL, readout="mean"),
    "one layer": replace(SMALL, layers=1, heads=4),
    "three classes": replace(SMALL, task="multiclass", outputs=3, output_bias=True),
    "regression": CONFIGS["regression"],
}

GRAPHS = 2000


def random_graph(random: np.random.Generator) -> Graph:
    """Any codes, and up to two edges a node, so that some nodes are apart from the others."""
    nodes = int(random.integers(1, 30))
    sizes = [size for _, size in MOLECULES.node_features[: MOLECULES.stated]]
    codes = random.integers(0, sizes, (nodes, len(sizes)))
    first = [MOLECULES.offsets[name] for name in MOLECULES.feature_names[: MOLECULES.stated]]
    pairs = {tuple(sorted(pair)) for pair in random.integers(0, nodes, (2 * nodes, 2)).tolist()}
    edges = np.array([pair for pair in pairs if pair[0] != pair[1]], dtype=int).reshape(-1, 2).T
    types = random.integers(0, len(MOLECULES.edge_types), edges.shape[1])
    return graph(
        MOLECULES,
        codes + first,
        np.ones(codes.shape),
        np.concatenate([edges, edges[::-1]], 1),
        np.concatenate([types, types]),
    )


@pytest.fixture(scope="module")
def batches():
    random = np.random.default_rng(0)
    made = [random_graph(random) for _ in range(GRAPHS)]
    return [collate(made[i : i + 32]).to(torch.float64) for i in range(0, GRAPHS, 32)]


def assert_same(by_hand, defined, tolerance):
    names = ["explained", "gradient", "bias"]
    if defined.structure is not None:
        names += ["structure", "pairs", "presence"]
    for name in names:
        value = getattr(defined, name)
        difference = (getattr(by_hand, name) - value).abs().max()
        assert difference <= tolerance * value.abs().max(), name


@pytest.mark.parametrize("config", USUAL.values(), ids=USUAL)
def test_thousands_of_graphs(config, batches):
    model = random_model(config)
    assert is_usual(model)
    for one in batches:
        targets = [Target(row % config.outputs) for row in range(len(one))]
        if config.task == "regression":
            targets = None
        defined = gradient_pass(model, one, targets, CONSERVATIVE)
        assert_same(lrp_pass(model, one, targets), defined, 1e-12)
        with torch.no_grad():
            plain = model(one)
        assert torch.allclose(by_hand.outputs(model, one).exp(), plain.exp(), rtol=1e-11)


@pytest.mark.parametrize("config", USUAL.values(), ids=USUAL)
def test_a_graph_of_which_no_node_is_left(config):
    model = random_model(config)
    empty = batch()
    empty = replace(empty, mask=torch.zeros_like(empty.mask))
    with torch.no_grad():
        plain = model(empty)
    assert plain.isfinite().all()
    assert torch.allclose(by_hand.outputs(model, empty), plain, rtol=1e-12)
    assert not model.reading(empty)[:, 1:].any()


@pytest.mark.parametrize("config", USUAL.values(), ids=USUAL)
@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_routing_and_presence_of_thousands_of_graphs(config, alpha, batches):
    model = random_model(config)
    for one in batches:
        defined = gradient_pass(model, one, None, (LN, ACTIVATION), alpha=alpha)
        assert_same(lrp_pass(model, one, None, alpha), defined, 1e-11)


def test_routing_of_weights_too_small_for_their_type():
    """Scores so far apart that attention is 0 in float32, where its logarithm is not."""
    model = random_model(SMALL)
    with torch.no_grad():
        model.structure.pairs *= 2000
    defined = gradient_pass(model, batch(), None, (LN, ACTIVATION), alpha=0.5)
    assert_same(lrp_pass(model, batch(), None, 0.5), defined, 1e-11)
    single = batch(dtype=torch.float32)
    result = lrp_pass(model.float(), single, None, 0.5)
    difference = (result.structure - defined.structure).abs().max()
    assert difference <= 1e-4 * defined.structure.abs().max()


@pytest.mark.parametrize("name", shipped())
def test_shipped_models_in_float32(name):
    model, card = load(name)
    if card.vocabulary == MOLECULES.name:
        lines = (ROOT / "datasets/drugs/drugs.smi").read_text().splitlines()
        graphs = [molecule(line.split()[0]).graph for line in lines if line]
    else:
        images = np.load(ROOT / "datasets/digits/digits.npz")["images"]
        graphs = [digit(image / max(1, image.max())).graph for image in images]
    for member in networks(model):
        assert is_usual(member)
        defined = gradient_pass(member, collate(graphs), None, CONSERVATIVE)
        assert_same(lrp_pass(member, collate(graphs), None), defined, 1e-5)
        defined = gradient_pass(member, collate(graphs), None, (LN, ACTIVATION), alpha=0.5)
        assert_same(lrp_pass(member, collate(graphs), None, 0.5), defined, 2e-5)


def test_both_ways_conserve_in_float32(batches):
    model = random_model(USUAL["mean"], dtype=torch.float32)
    for one in batches:
        result = lrp_pass(model, one.to(torch.float32), None)
        parts = (result.tokens * result.gradient).double().sum((1, 2)) + result.bias
        terms = (result.tokens * result.gradient).abs().sum((1, 2)) + result.explained.abs()
        assert ((parts - result.explained).abs() <= 1e-5 * terms).all()


class Wrapped(nn.Linear):
    """A layer of a type that nothing is known of."""


CHANGES = {
    "training": lambda model: model.train(),
    "hook": lambda model: model.blocks[0].register_forward_hook(lambda *all: None),
    "hook before": lambda model: model.head.register_forward_pre_hook(lambda *all: None),
    "another layer": lambda model: setattr(model, "head", Wrapped(16, 1)),
    "another weight": lambda model: nn.utils.parametrizations.weight_norm(model.head),
    "another forward": lambda model: setattr(model.head, "forward", lambda x: 2 * x[:, :1]),
    "hook behind": lambda model: model.head.register_full_backward_hook(lambda *all: None),
    "a bias of values": lambda model: setattr(
        model.blocks[0].attention.value, "bias", nn.Parameter(torch.ones(16))
    ),
    "a bias of a norm": lambda model: setattr(model.norm, "bias", nn.Parameter(torch.ones(16))),
    "no bias of queries": lambda model: setattr(model.blocks[1].attention.routing, "bias", None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_model_is_not_run_by_hand(change):
    model = random_model(SMALL)
    change(model)
    assert not is_usual(model)


def test_where_somebody_listens_to_all_modules_the_model_itself_is_run():
    handle = nn.modules.module.register_module_forward_hook(lambda *all: None)
    try:
        assert not is_usual(random_model(SMALL))
    finally:
        handle.remove()
    assert is_usual(random_model(SMALL))


@pytest.mark.parametrize("smiles", ["C" * 300, "c1ccccc1" * 20, ".".join(["CCO"] * 90)])
def test_many_equal_atoms_are_read_out_exactly(smiles):
    """A sum of so many equal numbers row by row would lose a digit in float32."""
    model, _ = load("bace")
    one = batch((smiles,), dtype=torch.float32)
    with torch.no_grad():
        exact = float(copy.deepcopy(model).double()(one.to(torch.float64)))
    assert abs(float(by_hand.forward(model, one).logits) - exact) <= 3e-6


@pytest.mark.parametrize("config", CONFIGS)
def test_only_the_shipped_kind_is(config):
    assert is_usual(random_model(CONFIGS[config])) == (not CONFIGS[config].bias)


def test_under_rules_the_model_itself_is_run():
    model = random_model(SMALL)
    with rules(*CONSERVATIVE):
        assert not is_usual(model)
        by_hand.outputs(model, batch())


def test_under_autocast_the_model_itself_is_run():
    model = random_model(SMALL, dtype=torch.float32)
    with torch.autocast("cpu"):
        assert not is_usual(model)
        by_hand.outputs(model, batch(dtype=torch.float32))


def test_a_gradient_with_respect_to_weights_is_there():
    model = random_model(SMALL)
    by_hand.outputs(model, batch()).sum().backward()
    assert model.blocks[0].attention.routing.weight.grad is not None


@pytest.mark.parametrize("name", ["lrp", "lrp-shared", "lrp-routing"])
def test_these_methods_take_this_way(monkeypatch, name):
    model = random_model(SMALL)
    monkeypatch.setattr("molxai.explanation.methods.lrp.gradient_pass", None)
    assert len(EXPLAINERS[name](model, batch())) == len(batch())
