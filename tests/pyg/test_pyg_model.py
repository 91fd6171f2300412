"""The model as PyTorch Geometric calls one, under its explainers, and its graphs as ours."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import CONFIGS, SMALL, SMILES, batch, graphs, random_model, stroke_image
from pyg_cases import arguments, digit_network, explainer, structure, together
from torch_geometric.data import Batch, Data
from torch_geometric.explain import CaptumExplainer, GNNExplainer
from torch_geometric.utils import from_smiles

import molxai.pyg.network
from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.pyg import from_pyg, to_pyg
from graphormer.graphs.superpixels import SUPERPIXELS, digit
from graphormer.network.model import Graphormer
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.target import Target
from molxai.pyg import PyGGraphormer, graph_of, molecule_of

IBUPROFEN = SMILES[0]


@pytest.fixture(params=CONFIGS)
def model(request) -> Graphormer:
    return random_model(CONFIGS[request.param])


@pytest.fixture
def digits() -> PyGGraphormer:
    return digit_network()


@pytest.mark.parametrize("form", ["codes", "dense"])
def test_the_same_logits_as_the_model(model, form):
    data, wrapped = together(graphs()), PyGGraphormer(model)
    x = data.x if form == "codes" else wrapped.dense(data)
    assert torch.allclose(wrapped(x, **structure(data)), model(batch()), rtol=0, atol=1e-12)


@pytest.mark.parametrize("form", ["codes", "dense"])
def test_the_same_logits_for_digits(digits, stroke, form):
    data = to_pyg(stroke)
    given = arguments(data) if form == "codes" else {"x": digits.dense(stroke), **structure(data)}
    assert torch.allclose(
        digits(**given), digits.model(collate([stroke]).to(torch.float64)), rtol=0, atol=1e-12
    )


def test_nodes_may_come_in_any_order_of_graphs():
    wrapped, data = PyGGraphormer(random_model(SMALL)), together(graphs(("CCO", "CN")))
    order = torch.tensor([3, 0, 4, 1, 2])
    place = torch.argsort(order)
    mixed = wrapped(data.x[order], place[data.edge_index], data.edge_attr, data.batch[order])
    assert torch.allclose(mixed, wrapped(data.x, **structure(data)), rtol=0, atol=1e-13)


def test_the_structure_is_worked_out_once(monkeypatch):
    built = []
    monkeypatch.setattr(
        molxai.pyg.network, "from_pyg", lambda *args: built.append(args) or from_pyg(*args)
    )
    wrapped, (one, other) = (
        PyGGraphormer(random_model(SMALL)),
        (to_pyg(molecule(smiles).graph) for smiles in ("CCO", "CC=O")),
    )
    first = wrapped(one.x, one.edge_index, one.edge_attr)
    for _ in range(3):
        assert torch.equal(wrapped(one.x, one.edge_index.clone(), one.edge_attr.clone()), first)
    assert len(built) == 1
    one.edge_attr.copy_(
        other.edge_attr
    )  # the very tensor that was looked at before, with another bond
    assert not torch.equal(wrapped(one.x, one.edge_index, one.edge_attr), first) and len(built) == 2


def test_a_structure_from_inference_mode_serves_gradients():
    wrapped, data = PyGGraphormer(random_model(SMALL)), together(graphs(("CCO", "CN")))
    with torch.inference_mode():
        logits = wrapped(data.x, **structure(data))
    wrapped(data.x, **structure(data)).sum().backward()
    assert wrapped.model.structure.pairs.grad.abs().sum() > 0 and logits.shape == (2, 1)


def test_one_column_of_several_targets():
    model, data = random_model(replace(SMALL, outputs=3)), together(graphs())
    column = PyGGraphormer(model, column=2)(data.x, **structure(data))
    assert torch.allclose(column, model(batch())[:, [2]], rtol=0, atol=1e-13)
    with pytest.raises(ValueError, match="output column 3: the model has 3"):
        PyGGraphormer(model, column=3)


def test_what_does_not_describe_a_graph_is_refused():
    wrapped, data = PyGGraphormer(random_model(SMALL)), together(graphs(("CCO", "CN")))
    with pytest.raises(ValueError, match=r"float x of shape \[5, 7\]: \[nodes, 4156\].*graph_of"):
        wrapped(torch.rand(5, 7), data.edge_index)
    with pytest.raises(
        ValueError,
        match="codes 0 … 5000 in 10 columns: .*each of the 10 features of 'molecule-2' "
        "is needed, 0 … 4155",
    ):
        wrapped(data.x.clone().fill_diagonal_(5000), data.edge_index)
    with pytest.raises(ValueError, match="codes 0 … 8 in 9 columns: .*graph_of"):
        wrapped(from_smiles("CCO").x, from_smiles("CCO").edge_index)
    with pytest.raises(ValueError, match="x_weight with a float x"):
        wrapped(wrapped.dense(data), data.edge_index, x_weight=data.x_weight)
    with pytest.raises(ValueError, match="2 edges join two graphs"):
        wrapped(data.x, torch.tensor([[0, 4], [4, 0]]), batch=data.batch)
    with pytest.raises(ValueError, match="edges name nodes 0 … 9, but there are 5"):
        wrapped(data.x, torch.tensor([[0], [9]]))
    with pytest.raises(
        ValueError, match=r"edge_attr of type torch.int64 and shape \(4, 3\): one integer edge type"
    ):
        smiles = from_smiles("CCO")
        wrapped(data.x[:3], smiles.edge_index, smiles.edge_attr)
    with pytest.raises(ValueError, match="edge types 0 … 8: 'molecule-2' has types 0 … 7"):
        wrapped(
            data.x,
            data.edge_index,
            data.edge_attr * 0 + torch.tensor([[0], [8], [0], [0], [0], [0]]),
            data.batch,
        )


@pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients")
@pytest.mark.parametrize("name", ["bias-free relu", "output bias three classes", "regression"])
def test_captum_by_pyg_agrees(name):
    """Its binary mode needs probabilities, so a logit is explained as a regression's value."""
    model = random_model(CONFIGS[name])
    task, data, wrapped = model.config.task, to_pyg(molecule(IBUPROFEN).graph), PyGGraphormer(model)
    x, targets = wrapped.dense(data), [Target(1)] if model.config.task == "binary" else None
    pairs = {"InputXGradient": "gradient-input", "IntegratedGradients": "integrated-gradients"}
    for theirs, ours in pairs.items():
        run = explainer(
            wrapped,
            "multiclass" if task == "multiclass" else "regression",
            "attributes",
            CaptumExplainer(theirs),
        )
        made = run(x, **structure(data))
        (expected,) = EXPLAINERS[ours](model, batch((IBUPROFEN,)), targets)
        assert torch.allclose(made.node_mask.sum(1), expected.relevance, rtol=0, atol=1e-5)
    run = explainer(
        wrapped,
        "multiclass" if task == "multiclass" else "regression",
        "attributes",
        CaptumExplainer("Saliency"),
    )
    slope = x.clone().requires_grad_()
    logits = wrapped(slope, **structure(data))[0]
    (gradient,) = torch.autograd.grad(logits.max() if task == "multiclass" else logits[0], slope)
    assert torch.allclose(run(x, **structure(data)).node_mask, gradient.abs(), rtol=0, atol=1e-10)


def test_gnn_explainer_by_pyg_runs_and_builds_the_structure_once(monkeypatch):
    built = []
    monkeypatch.setattr(
        molxai.pyg.network, "from_pyg", lambda *args: built.append(args) or from_pyg(*args)
    )
    wrapped, data = PyGGraphormer(random_model(SMALL)), together(graphs(("CCO", "CN")))
    run = explainer(wrapped, "binary", "object", GNNExplainer(epochs=12))
    made = run(wrapped.dense(data), **structure(data))
    assert (
        made.node_mask.shape == (5, 1)
        and ((made.node_mask > 0) & (made.node_mask < 1)).all()
        and len(built) == 2
    )


@pytest.mark.parametrize("kekulize", [False, True])
@pytest.mark.parametrize("smiles", SMILES)
def test_graphs_of_from_smiles_are_the_molecules(smiles, kekulize):
    model, data = random_model(SMALL), from_smiles(smiles, kekulize=kekulize)
    assert torch.equal(
        model(collate([graph_of(data, MOLECULES)]).to(torch.float64)), model(batch((smiles,)))
    )
    assert [atom.GetAtomicNum() for atom in molecule_of(data).mol.GetAtoms()] == data.x[
        :, 0
    ].tolist()


def superpixels(dtype=torch.float64):
    """A picture as PyG's ToSLIC writes it, on our segments.

    That is: mean intensity, and centroid as column and row.
    """
    made = digit(stroke_image())
    label, size = made.segments.ravel(), np.bincount(made.segments.ravel())
    rows, columns = np.divmod(np.arange(28 * 28), 28)
    x, *pos = (np.bincount(label, values) / size for values in (made.image.ravel(), columns, rows))
    loops = torch.arange(3).expand(2, -1)
    one_way = made.graph.edges[:, made.graph.edges[0] < made.graph.edges[1]].long()
    edges = torch.cat([one_way, loops], 1)
    data = Data(
        x=torch.tensor(x, dtype=dtype).unsqueeze(1),
        pos=torch.tensor(np.stack(pos, 1), dtype=dtype),
        edge_index=edges,
    )
    data.edge_attr = torch.rand(edges.shape[1], 2)
    return made, data


def test_superpixels_of_pyg_are_the_digit(digits):
    made, data = superpixels()
    logits = [
        digits.model(collate([one]).to(torch.float64))
        for one in (made.graph, graph_of(data, SUPERPIXELS))
    ]
    assert torch.equal(*logits)
    turned = Data(x=data.x, pos=data.pos.flip(1), edge_index=data.edge_index)
    assert not torch.allclose(
        logits[0], digits.model(collate([graph_of(turned, SUPERPIXELS)]).to(torch.float64))
    )


def test_our_own_form_is_read_as_it_is(stroke):
    for one, vocabulary in ((stroke, SUPERPIXELS), (molecule(IBUPROFEN).graph, MOLECULES)):
        again = graph_of(to_pyg(one), vocabulary)
        assert torch.equal(again.codes, one.codes) and torch.equal(again.relation, one.relation)


def test_positions_are_read_where_the_vocabulary_has_offsets(stroke):
    drawn = to_pyg(molecule("CCO").graph)
    drawn.pos = torch.rand(3, 3)
    assert from_pyg(drawn, MOLECULES).positions is None
    data = to_pyg(stroke)
    data.pos = data.pos[:, :1]
    with pytest.raises(
        ValueError, match=r"pos of shape \(\d+, 1\) for \d+ nodes: a row and a column"
    ):
        from_pyg(data, SUPERPIXELS)


def test_other_graphs_are_refused_in_one_line():
    ethanol, (_, data) = from_smiles("CCO"), superpixels()
    with pytest.raises(ValueError, match="6 hydrogens are nodes: from_smiles"):
        graph_of(from_smiles("CCO", with_hydrogen=True), MOLECULES)
    with pytest.raises(ValueError, match="not of the smiles 'CCN'"):
        graph_of(Data(x=ethanol.x, edge_index=ethanol.edge_index, smiles="CCN"), MOLECULES)
    with pytest.raises(ValueError, match="cannot read the SMILES"):
        graph_of(from_smiles("nonsense"), MOLECULES)
    with pytest.raises(ValueError, match="without smiles: its stereo cannot be read"):
        molecule_of(Data(x=ethanol.x, edge_index=ethanol.edge_index))
    with pytest.raises(
        ValueError,
        match=r"x of type torch.int64 and shape \[3, 9\]: codes of 'molecule-2'.*with its smiles",
    ):
        graph_of(Data(x=ethanol.x, edge_index=ethanol.edge_index), MOLECULES)
    with pytest.raises(
        ValueError, match="codes of 'superpixel-1' from to_pyg or x, pos and edge_index"
    ):
        graph_of(ethanol, SUPERPIXELS)
    with pytest.raises(ValueError, match="a batch of 2 graphs.*to_data_list"):
        graph_of(Batch.from_data_list([ethanol, ethanol]), MOLECULES)
    with pytest.raises(ValueError, match="superpixels with .*x, pos and edge_index are needed"):
        graph_of(Data(x=data.x, edge_index=data.edge_index), SUPERPIXELS)
    with pytest.raises(ValueError, match=r"intensities 0 … 2: 0 \(black\) to 1 \(ink\)"):
        graph_of(Data(x=data.x * 2, pos=data.pos, edge_index=data.edge_index), SUPERPIXELS)
    with pytest.raises(ValueError, match="positions -.*before any normalisation"):
        graph_of(Data(x=data.x, pos=data.pos - 14, edge_index=data.edge_index), SUPERPIXELS)


def test_the_explainer_takes_pyg_graphs():
    """A `from_smiles` graph is the molecule, drawn too.

    Superpixels of elsewhere are explained without a picture.
    """
    from torch_geometric.utils import from_smiles

    from molxai import Explainer

    explain = Explainer("bace")
    data, written = explain([from_smiles("CC(=O)NC1CC1"), "CC(=O)NC1CC1"])
    assert torch.equal(data.relevance, written.relevance) and data.subject.smiles and data.draw()
    coded = explain(to_pyg(written.subject.graph))
    assert torch.allclose(coded.relevance, written.relevance, atol=1e-6) and coded.subject is None
    assert "most relevant nodes" in coded._repr_html_()
    with pytest.raises(ValueError):
        Explainer("mnist")(from_smiles("CCO"))
