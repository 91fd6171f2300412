"""The laws, over every method and every kind of model.

Models are with and without biases, of every activation, random and trained.
"""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import CONFIGS, ROOT, SMALL, SMILES, batch, graphs, random_model
from rdkit import Chem
from torch import nn

from graphormer.graphs.graph import Graph, collate, graph
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.reduced import induced
from graphormer.graphs.superpixels import SUPERPIXELS, digit
from graphormer.network.checkpoint import load, shipped
from graphormer.network.ensemble import networks
from graphormer.network.model import Graphormer
from graphormer.readers.pictures import read_picture
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.methods.lrp import GradientInput
from molxai.explanation.target import Target
from molxai.rules import ACTIVATION, AH, LN, Rule, rules

EQUIVARIANT = [
    name for name in EXPLAINERS if name not in ("random", "shap", "gnn-explainer", "oracle")
]
"""Methods that do not depend on the order of the nodes.

Random numbers are drawn in it, and the oracle breaks ties between symmetric atoms by it.
"""

SPLIT = [name for name, method in EXPLAINERS.items() if isinstance(method, GradientInput)]
"""Methods whose relevance is linear in the input embedding, and so splits over its features."""

QUICK = EXPLAINERS | {
    "shap": replace(EXPLAINERS["shap"], pairs=2),
    "integrated-gradients": replace(EXPLAINERS["integrated-gradients"], steps=4),
    "gnn-explainer": replace(EXPLAINERS["gnn-explainer"], epochs=2),
}
"""The laws hold however finely a method samples."""

CONSERVING = [name for name, method in EXPLAINERS.items() if method.conserves]


def explained(name, model, graph_batch, targets=None):
    return QUICK[name](model, graph_batch, targets)


@pytest.fixture(params=CONFIGS)
def model(request) -> Graphormer:
    return random_model(CONFIGS[request.param])


@pytest.mark.parametrize("name", CONSERVING)
def test_relevance_adds_up_to_the_logit(name, model):
    targets = (
        [Target(i % 2) for i in range(len(SMILES))] if model.config.task != "regression" else None
    )
    for one in explained(name, model, batch(), targets):
        assert abs(one.gap) <= 1e-12 * (abs(one.logit) + float(one.relevance.abs().sum()))


@pytest.mark.parametrize("name", CONSERVING)
def test_relevance_adds_up_in_float32(name):
    for config in CONFIGS.values():
        for one in explained(
            name, random_model(config, dtype=torch.float32), batch(dtype=torch.float32)
        ):
            assert abs(one.gap) <= 1e-5 * (abs(one.logit) + float(one.relevance.abs().sum()))


@pytest.mark.parametrize("name", sorted(set(EXPLAINERS) - set(CONSERVING)))
def test_other_methods_leave_a_gap(name):
    gaps = [
        abs(one.gap) / abs(one.logit)
        for one in explained(name, random_model(CONFIGS["biases gelu"]), batch())
    ]
    assert min(gaps) > 1e-3


def test_without_biases_the_nodes_alone_add_up():
    for one in explained("lrp", random_model(SMALL), batch()):
        assert one.token == 0 and one.bias == 0
        assert float(one.relevance.sum()) == pytest.approx(one.logit, rel=1e-12)


def test_every_term_of_the_ledger_is_met():
    made = explained("lrp", random_model(CONFIGS["biases gelu"]), batch())
    assert all(abs(one.bias) > 1e-4 and abs(one.token) > 1e-6 for one in made)


def test_a_constant_output_bias_is_the_same_for_every_input():
    model = random_model(CONFIGS["output bias three classes"])
    for one in explained("lrp", model, batch(), [Target(2)] * len(SMILES)):
        assert one.bias == pytest.approx(model.head.bias[2].item(), rel=1e-12)


@pytest.mark.parametrize("name", EQUIVARIANT)
def test_relevance_follows_the_atoms(name, model):
    """The same molecule written in another order: same numbers on the same atoms."""
    for smiles in SMILES:
        mol = Chem.MolFromSmiles(smiles)
        order = np.random.default_rng(1).permutation(mol.GetNumAtoms()).tolist()
        shuffled = Chem.RenumberAtoms(mol, order)
        (one,) = explained(name, model, collate([molecule(mol).graph]).to(torch.float64))
        (other,) = explained(name, model, collate([molecule(shuffled).graph]).to(torch.float64))
        assert torch.allclose(
            one.relevance[order],
            other.relevance,
            rtol=0,
            atol=1e-12 + 1e-12 * float(one.relevance.abs().sum()),
        )


@pytest.mark.parametrize("name", EQUIVARIANT)
def test_another_smiles_gives_the_same_numbers(name):
    model = random_model(SMALL, dtype=torch.float32)
    first, second = molecule("CC(C)Cc1ccc(cc1)C(C)C(=O)O"), molecule("OC(=O)C(C)c1ccc(CC(C)C)cc1")
    match = second.mol.GetSubstructMatch(first.mol)
    one, other = explained(name, model, collate([first.graph, second.graph]))
    assert torch.allclose(one.relevance, other.relevance[list(match)], atol=1e-5)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_company_and_padding_do_not_matter(name, model):
    together = explained(name, model, batch())
    for i, alone in enumerate(graphs()):
        (one,) = explained(name, model, collate([alone]).to(torch.float64))
        assert torch.allclose(one.relevance, together[i].relevance, rtol=0, atol=1e-11)
        assert one.logit == pytest.approx(together[i].logit, rel=1e-12)
        assert one.bias == pytest.approx(together[i].bias, rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_same_again(name, model):
    first, second = explained(name, model, batch()), explained(name, model, batch())
    assert all(torch.equal(a.relevance, b.relevance) for a, b in zip(first, second, strict=True))


def test_rules_keep_the_value(model):
    plain = model(batch())
    with rules(AH, LN, ACTIVATION):
        ruled = model(batch())
    assert torch.allclose(plain, ruled, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_nothing_is_left_behind(name, model):
    before, training = copy.deepcopy(model.state_dict()), model.training
    with torch.no_grad():
        explained(name, model, batch())
        assert not torch.is_grad_enabled()
    assert model.training == training
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    x = torch.randn(3, 5, dtype=torch.float64, requires_grad=True)
    F.softmax(x, -1)[:, 0].sum().backward()
    assert x.grad.abs().sum() > 0


def test_nothing_is_left_behind_after_an_exception():
    with pytest.raises(RuntimeError, match="on the way"), rules(AH, LN):
        raise RuntimeError("on the way")
    x = torch.randn(4, requires_grad=True)
    F.softmax(x, -1)[0].backward()
    assert x.grad.abs().sum() > 0


def test_a_rule_that_never_fires_is_an_error():
    with pytest.raises(ValueError, match="LN never fired.*layer_norm"), rules(AH, LN):
        F.softmax(torch.randn(3), -1)


def test_a_missing_rule_is_named():
    """A method that promises conservation and cannot keep it says which function had no rule."""
    lrp = EXPLAINERS["lrp"]
    broken = type(lrp)("lrp", (AH, LN), conserves=True)
    with pytest.raises(ValueError, match=r"left a gap.*gelu"):
        broken(random_model(CONFIGS["biases gelu"]), batch())


def test_training_mode_is_refused():
    with pytest.raises(ValueError, match="training mode"):
        explained("lrp", random_model(SMALL).train(), batch())


def test_compiled_and_scripted_models_are_refused():
    scripted = random_model(SMALL)
    scripted.norm = torch.jit.trace(
        nn.LayerNorm(16).double(), torch.randn(2, 16, dtype=torch.float64)
    )
    with pytest.raises(ValueError, match="norm is a .*before torch.compile or torch.jit"):
        explained("lrp", scripted, batch())


@pytest.mark.parametrize("name", SPLIT)
def test_features_split_the_relevance_exactly(name, model):
    for one in explained(name, model, batch()):
        assert torch.allclose(one.feature_relevance.sum(1), one.relevance, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", EQUIVARIANT)
def test_digits_obey_the_same_laws(name, stroke):
    """Superpixels have weighted features and offsets; sum, split and equivariance hold too."""
    torch.manual_seed(0)
    model = Graphormer(replace(SMALL, task="multiclass", outputs=10), SUPERPIXELS).double().eval()
    if name == "attention-flow":  # seconds for each of 60 nodes
        stroke = induced(stroke, np.arange(stroke.nodes) < 12)
    (one,) = explained(name, model, collate([stroke]).to(torch.float64))
    if name in SPLIT:
        assert torch.allclose(one.feature_relevance.sum(1), one.relevance, rtol=0, atol=1e-12)
    assert (abs(one.gap) <= 1e-12 * float(one.relevance.abs().sum())) == EXPLAINERS[name].conserves
    order = torch.randperm(stroke.nodes, generator=torch.Generator().manual_seed(1))
    place = torch.argsort(order)
    shuffled = graph(
        SUPERPIXELS,
        stroke.codes[order].numpy(),
        stroke.weights[order].numpy(),
        place[stroke.edges.long()].numpy(),
        stroke.edge_types.numpy(),
        stroke.positions[order].numpy(),
    )
    (other,) = explained(name, model, collate([shuffled]).to(torch.float64))
    assert torch.allclose(one.relevance[order], other.relevance, rtol=0, atol=1e-12)


def test_targets_are_linear_in_the_logits():
    """Class 0 of a binary model is the negative of class 1; a contrast is a difference."""
    model = random_model(SMALL)
    against, towards = (
        explained("lrp", model, batch(), [Target(label)] * len(SMILES)) for label in (0, 1)
    )
    assert all(
        torch.equal(a.relevance, -b.relevance) and a.logit == -b.logit
        for a, b in zip(against, towards, strict=True)
    )
    three = random_model(CONFIGS["output bias three classes"])
    a, b, both = (
        explained("lrp", three, batch(), [t] * len(SMILES))
        for t in (Target(0), Target(1), Target(0, 1))
    )
    for x, y, z in zip(a, b, both, strict=True):
        assert torch.allclose(x.relevance - y.relevance, z.relevance, atol=1e-12)
        assert z.logit == pytest.approx(x.logit - y.logit, abs=1e-12)


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_models_conserve(name, stroke):
    model, card = load(name)
    double = model.double()
    data = collate(
        [molecule(s).graph for s in SMILES] if card.vocabulary == MOLECULES.name else [stroke]
    ).to(torch.float64)
    # A regression has a base value, the same for every input; nothing else may end in a bias.
    bases = [
        one.head.bias[0].item() if one.head.bias is not None else 0.0 for one in networks(double)
    ]
    base = sum(bases) / len(bases)
    for one in explain_batch(EXPLAINERS["lrp"], double, data):
        assert one.token == 0 and one.bias == pytest.approx(
            base * (-1 if one.target.label == 0 and card.classes else 1), abs=1e-12
        )
        assert abs(one.gap) <= 1e-11 * (abs(one.logit) + float(one.relevance.abs().sum()))
    assert max(abs(p.gap) for p in explain_batch(EXPLAINERS["gradient-input"], double, data)) > 1e-2


MOST_SAMPLES = 8
"""Drugs or digits on which the laws are asked of every shipped model."""


def samples(card) -> list:
    """Real molecules as RDKit's, or graphs of real digits.

    Positions of digits have been rounded to float32 already.
    """
    if card.vocabulary == MOLECULES.name:
        lines = (ROOT / "datasets/drugs/drugs.smi").read_text().splitlines()
        return [Chem.MolFromSmiles(line.split()[0]) for line in lines[:MOST_SAMPLES]]
    made = [
        digit(read_picture(path)[0]).graph
        for path in sorted((ROOT / "datasets/digits").glob("*-a.png"))[:MOST_SAMPLES]
    ]
    return [renumbered(one, np.arange(one.nodes)) for one in made]


def renumbered(one, order):
    """A molecule with its atoms, or a graph of superpixels with its nodes, in another order."""
    if not isinstance(one, Graph):
        return molecule(Chem.RenumberAtoms(one, order)).graph
    place = np.argsort(order)
    codes, weights, positions = (x[order].numpy() for x in (one.codes, one.weights, one.positions))
    return graph(
        SUPERPIXELS, codes, weights, place[one.edges.numpy()], one.edge_types.numpy(), positions
    )


@pytest.mark.parametrize("name", sorted(shipped()))
def test_shipped_models_obey_the_laws_on_real_inputs(name):
    """As they are, in float32.

    Relevances add up, follow the nodes under renumbering, and do not depend on the batch.
    """
    model, card = load(name)
    made = samples(card)
    plain = [one if isinstance(one, Graph) else molecule(one).graph for one in made]
    orders = [np.random.default_rng(1).permutation(one.nodes).tolist() for one in plain]
    together = explain_batch(EXPLAINERS["lrp"], model, collate(plain))
    shuffled = explain_batch(
        EXPLAINERS["lrp"],
        model,
        collate([renumbered(*each) for each in zip(made, orders, strict=True)]),
    )
    assert np.median([abs(one.gap) / max(abs(one.logit), 1e-3) for one in together]) <= 1e-5
    for one, other, order, alone in zip(together, shuffled, orders, plain, strict=True):
        tolerance = 1e-5 * float(one.relevance.abs().sum())
        assert torch.allclose(one.relevance[order], other.relevance, rtol=0, atol=tolerance)
        (single,) = explain_batch(EXPLAINERS["lrp"], model, collate([alone]))
        assert (
            torch.allclose(one.relevance, single.relevance, rtol=0, atol=tolerance)
            and abs(one.logit - single.logit) <= tolerance
        )


def test_what_is_shipped():
    assert set(shipped()) >= {
        "bace",
        "bace-ensemble",
        "bace-pic50",
        "descriptor-pretrained",
        "mnist",
        "mnist-plain",
    }


def test_a_fragment_without_edges_is_part_of_the_sum():
    (one,) = explained("lrp", random_model(SMALL), batch(("CC(=O)[O-].[Na+]",)))
    assert len(one.relevance) == 5 and one.relevance[4] != 0


def test_graph_order_does_not_choose_between_shortest_paths():
    """Two ways around a ring with different bonds: a pair must not depend on numbering."""
    codes = np.zeros((4, 1), dtype=int)
    ring = np.array([(0, 1), (1, 2), (2, 3), (3, 0)])
    kinds = np.array([0, 2, 0, 6])
    edges = np.concatenate([ring, ring[:, ::-1]]).T
    one = graph(MOLECULES, codes, np.ones((4, 1)), edges, np.concatenate([kinds, kinds]))
    order = np.array([2, 0, 3, 1])
    place = np.argsort(order)
    other = graph(MOLECULES, codes, np.ones((4, 1)), place[edges], np.concatenate([kinds, kinds]))
    described = one.patterns[one.relation.long()]
    assert torch.equal(described[order][:, order], other.patterns[other.relation.long()])


def test_rules_reach_a_stock_transformer():
    """The same rows make PyTorch's own functions conservative: none is tied to this Graphormer."""
    torch.manual_seed(0)
    norm, up, down = nn.LayerNorm(8).double(), nn.Linear(8, 16).double(), nn.Linear(16, 8).double()
    x = torch.randn(2, 5, 8, dtype=torch.float64, requires_grad=True)
    with rules(AH, LN, ACTIVATION) as applied:
        h = norm(x)
        h = x + F.scaled_dot_product_attention(h, h, h)
        y = down(F.gelu(up(norm(h))))[:, 0].sum(1)
    x_grad, *bias_grads = torch.autograd.grad(y.sum(), [x, *applied.biases])
    parts = (x * x_grad).flatten(1).sum(1)
    for bias, grad in zip(applied.biases, bias_grads, strict=True):
        parts = parts + (bias * grad).flatten(1).sum(1)
    assert torch.allclose(parts, y, rtol=1e-12)


def test_a_rule_is_a_table():
    seen = []

    def spy(func, *args, **kwargs):
        seen.append(func)
        return func(*args, **kwargs)

    with rules(Rule("spy", {F.relu: spy})) as applied:
        F.relu(torch.randn(2))
    assert seen == [F.relu] and applied.fired[F.relu] == 1
