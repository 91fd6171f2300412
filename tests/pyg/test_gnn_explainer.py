"""gnn-explainer: PyTorch Geometric's algorithm, for many graphs at once."""

from dataclasses import replace

import pytest
import torch
from conftest import CONFIGS, SMALL, SMILES, batch, graphs, random_model
from pyg_cases import explainer, state, structure, unchanged
from torch import nn
from torch_geometric.explain import GNNExplainer as PyGGNNExplainer

from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import molecule
from graphormer.graphs.pyg import to_pyg
from graphormer.network.model import Graphormer
from molxai.explanation.methods.gnn import GNNExplainer
from molxai.explanation.target import Target
from molxai.pyg import PyGGraphormer

IBUPROFEN = SMILES[0]


@pytest.fixture(params=CONFIGS)
def model(request) -> Graphormer:
    return random_model(CONFIGS[request.param])


def test_gnn_explainer_finds_the_atom_that_decides():
    """A model that sums up atoms: nitrogen speaks for class 1, fluorine against it."""
    model = random_model(replace(SMALL, readout="mean", layers=1))
    with torch.no_grad():
        model.entries.zero_()
        model.blocks[0].attention.out.weight.zero_()
        model.blocks[0].feedforward.down.weight.zero_()
        nitrogen, fluorine = torch.linalg.qr(
            torch.randn(16, 3, dtype=torch.float64) - torch.ones(16, 3)
        ).Q.T[1:]
        model.entries[1], model.entries[3] = nitrogen, fluorine
        model.norm.weight.fill_(1.0)
        model.head.weight.copy_(nitrogen - fluorine)
    for label, found in ((1, "N"), (0, "F")):
        one = molecule("CCC(N)CCF")
        (made,) = GNNExplainer()(model, collate([one.graph]).to(torch.float64), [Target(label)])
        assert one.symbols[int(made.relevance.argmax())] == found
        others = made.relevance[[symbol == "C" for symbol in one.symbols]]
        assert float(made.relevance.max()) > float(others.max()) + 0.05


def test_gnn_explainer_does_not_depend_on_its_batch(model):
    """Mixed targets as well: contrasts and classes side by side."""
    targets = (
        [Target(i % 2, 2 if i % 3 else None) for i in range(len(SMILES))]
        if model.config.task == "multiclass"
        else None
    )
    method = GNNExplainer(epochs=8)
    all_at_once, again = (method(model, batch(), targets) for _ in range(2))
    assert all(
        torch.equal(a.relevance, b.relevance) for a, b in zip(all_at_once, again, strict=True)
    )
    for i, one in enumerate(graphs()):
        (alone,) = method(model, collate([one]).to(torch.float64), targets and targets[i : i + 1])
        assert torch.allclose(alone.relevance, all_at_once[i].relevance, rtol=0, atol=1e-11)
        assert (
            (alone.relevance > 0) & (alone.relevance < 1)
        ).all() and alone.logit == pytest.approx(all_at_once[i].logit, rel=1e-12)


def test_gnn_explainer_is_the_one_of_pyg():
    """For one graph, from the same start, PyG's own algorithm ends in the same masks."""
    model, epochs = random_model(CONFIGS["output bias three classes"]), 25
    data, wrapped = to_pyg(molecule(IBUPROFEN).graph), PyGGraphormer(model)
    (ours,) = GNNExplainer(epochs=epochs)(model, batch((IBUPROFEN,)))
    theirs = PyGGNNExplainer(epochs=epochs)
    start = GNNExplainer()._start(batch((IBUPROFEN,))).T.double()
    whole = torch.ones_like(start, dtype=torch.bool)

    def begin(x, edge_index):
        theirs.node_mask, theirs.hard_node_mask = nn.Parameter(start.clone()), whole

    theirs._initialize_masks = begin
    made = explainer(wrapped, "multiclass", "object", theirs)(
        wrapped.dense(data), **structure(data)
    )
    assert torch.allclose(made.node_mask[:, 0], ours.relevance, rtol=0, atol=1e-12)


def test_gnn_explainer_leaves_nothing_behind():
    model, generator = random_model(SMALL), torch.get_rng_state()
    passed = []
    hook = model.head.register_forward_hook(lambda module, given, out: passed.append(len(out)))
    before = state(model)
    with torch.no_grad():
        method = GNNExplainer(epochs=3)
        method(model, batch())
    assert unchanged(before, state(model)) and torch.equal(generator, torch.get_rng_state())
    assert passed == [len(SMILES)] * method.passes(10)[0] and method.passes(10) == (4, 3)
    hook.remove()
    with pytest.raises(ValueError, match="training mode"):
        method(model.train(), batch())
