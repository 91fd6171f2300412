"""The kernel machine beside the networks: the formula, its account, its file."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SMALL, SMILES, batch, graphs, random_model
from safetensors.torch import load_file, save_file
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import KernelCenterer

from graphormer.data.labelled import LabelledGraphs
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.superpixels import SUPERPIXELS
from graphormer.network.card import Card
from graphormer.network.checkpoint import load, save
from graphormer.network.ensemble import Ensemble, spread
from graphormer.network.kernel import STATED_WEIGHT
from graphormer.training.kernel import (
    LARGEST,
    RIDGE,
    bag,
    fitted_kernel,
    logistic,
    machine,
    takes_kernel,
)
from graphormer.training.share import fitted_share
from molxai.explanation.explainer import Explainer
from molxai.explanation.methods import EXPLAINERS, spread_base
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.removal import kept_logits

VALUES = replace(SMALL, task="regression", output_bias=True, readout="mean")
LEARNT = (*SMILES, "CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "CCN(CC)CC", "O=C(O)c1ccccc1")
CONSERVATIVE = [name for name, method in EXPLAINERS.items() if method.conserves]
OF_LAYERS = [name for name, method in EXPLAINERS.items() if method.is_of_layers]


def data(labels, texts=LEARNT):
    labels = torch.as_tensor(np.asarray(labels), dtype=torch.float32).reshape(len(texts), -1)
    molecules = [molecule(text).graph for text in texts]
    return LabelledGraphs("own", MOLECULES, molecules, labels, list(range(len(texts))), "", {})


def labels_of(task, columns=1):
    drawn = np.random.default_rng(0).normal(size=(len(LEARNT), columns))
    return drawn if task == "regression" else (drawn > 0).astype(float)


def kernel(config=VALUES):
    return fitted_kernel(config, data(labels_of(config.task, config.outputs)))


def ensemble(config=VALUES, networks=2):
    members = [random_model(config, seed) for seed in range(networks)]
    beside = kernel(config).double()
    beside.share.fill_(0.6)
    return Ensemble(members, beside).eval()


def alike(a, b):
    """The formula, entry by entry."""
    weight = np.ones(len(a))
    weight[: MOLECULES.stated_entries] = STATED_WEIGHT
    return (weight * np.minimum(a, b)).sum() / (weight * np.maximum(a, b)).sum()


def test_likeness_is_the_formulas():
    fitted, bags = machine(VALUES, data(labels_of("regression")))
    own = [bag(graph) for graph in graphs()]
    expected = np.array([[alike(a, b) for b in bags] for a in own])
    found = fitted.likeness(torch.from_numpy(np.stack(own)))
    assert np.allclose(found, expected, rtol=1e-13, atol=0)
    assert np.allclose(np.diag(found), 1.0)  # the training set begins with these molecules


def test_amounts_between_whole_numbers_follow_the_formula():
    fitted, bags = machine(VALUES, data(labels_of("regression")))
    own = bags[:3] * np.random.default_rng(1).uniform(0, 1.7, bags[:3].shape)
    expected = np.array([[alike(a, b) for b in bags] for a in own])
    assert np.allclose(fitted.likeness(torch.from_numpy(own)), expected, rtol=1e-12)


def test_values_are_those_of_a_centred_kernel_ridge_regression():
    """An offset that is free is the same as centring labels and the space of the kernel."""
    labels = labels_of("regression") + 3.0
    bags = [bag(molecule(text).graph) for text in LEARNT]
    pairs = np.array([[alike(a, b) for b in bags] for a in bags])
    own = np.array([[alike(bag(graph), b) for b in bags] for graph in graphs()])
    centre = KernelCenterer().fit(pairs)
    ridge = KernelRidge(alpha=RIDGE, kernel="precomputed")
    ridge.fit(centre.transform(pairs), labels - labels.mean())
    fitted = fitted_kernel(VALUES, data(labels))
    with torch.no_grad():
        found = fitted(batch(dtype=torch.float32))
    expected = ridge.predict(centre.transform(own)) + labels.mean()
    assert np.allclose(found, expected, atol=1e-5)


def test_what_all_training_molecules_have_in_common_has_no_relevance():
    """CCI is as like each of them as the others: nothing in it speaks for a value."""
    fitted = fitted_kernel(VALUES, data([[1.0], [5.0], [4.5]], ["CCF", "CCCl", "CCBr"])).double()
    [explanation] = explain_batch(EXPLAINERS["lrp"], fitted, batch(("CCI",)))
    assert fitted.coefficients.abs().max() > 1
    assert explanation.relevance.abs().max() < 1e-6
    assert explanation.logit == pytest.approx(float(fitted.base_values[0]))


@pytest.mark.parametrize("offset", [0.0, -2.5])
def test_classes_are_those_of_a_kernel_logistic_regression(offset):
    from scipy.optimize import minimize

    rng = np.random.default_rng(2)
    points = rng.normal(size=(40, 3))
    pairs = np.exp(-((points[:, None] - points[None]) ** 2).sum(2))
    labels = (points[:, 0] + 0.3 * rng.normal(size=40) > 1).astype(float)
    found = logistic(pairs, labels, offset, penalty=0.05)

    def objective(coefficients):
        logits = pairs @ coefficients + offset
        loss = np.logaddexp(0, logits) - labels * logits
        gradient = pairs @ (1 / (1 + np.exp(-logits)) - labels + 0.05 * coefficients)
        return loss.sum() + 0.025 * coefficients @ pairs @ coefficients, gradient

    other = minimize(objective, np.zeros(40), jac=True, options={"gtol": 1e-8})
    assert np.allclose(pairs @ found, pairs @ other.x, atol=1e-3)
    assert objective(found)[0] <= other.fun + 1e-9


def test_rare_classes_are_met():
    labels = np.zeros(len(LEARNT))
    labels[3] = 1
    fitted = fitted_kernel(replace(SMALL, output_bias=True), data(labels))
    with torch.no_grad():
        logits = fitted(batch(dtype=torch.float32))[:, 0]
    assert logits.argmax() == 3 and logits.isfinite().all()


def test_a_missing_label_has_no_say():
    labels = labels_of("regression", 2)
    labels[[1, 4], 0] = np.nan
    fitted = fitted_kernel(replace(VALUES, outputs=2), data(labels))
    assert (fitted.coefficients[[1, 4], 0] == 0).all()
    kept = [place for place in range(len(LEARNT)) if place not in (1, 4)]
    alone = fitted_kernel(VALUES, data(labels[kept, :1], [LEARNT[place] for place in kept]))
    inputs = batch(dtype=torch.float32)
    with torch.no_grad():
        assert torch.allclose(fitted(inputs)[:, 0], alone(inputs)[:, 0], atol=1e-6)


def test_a_target_without_labels_has_its_offset():
    labels = labels_of("regression", 2)
    labels[:, 1] = np.nan
    fitted = fitted_kernel(replace(VALUES, outputs=2), data(labels))
    with torch.no_grad():
        found = fitted(batch(dtype=torch.float32))
    assert (found[:, 1] == 0).all() and (found[:, 0] != 0).all()


def test_relevance_is_each_occurrences_part_in_what_is_shared():
    fitted = kernel().double()
    bags = [bag(molecule(text).graph) for text in LEARNT]
    coefficients = fitted.coefficients.detach().numpy()[:, 0]
    weight = np.ones(MOLECULES.node_entries)
    weight[: MOLECULES.stated_entries] = STATED_WEIGHT
    explanations = explain_batch(EXPLAINERS["lrp"], fitted, batch())
    for graph, explanation in zip(graphs(), explanations, strict=True):
        own = bag(graph)
        of_entry = np.zeros(len(own))
        for other, coefficient in zip(bags, coefficients, strict=True):
            either = (weight * np.maximum(own, other)).sum()
            of_entry += coefficient * weight * np.minimum(own, other) / either
        of_occurrence = np.divide(of_entry, own, out=np.zeros_like(own), where=own > 0)
        expected = of_occurrence[graph.codes.numpy()].sum(1)  # (nodes,)
        assert np.allclose(explanation.relevance, expected, rtol=1e-10, atol=1e-13)
        assert explanation.feature_relevance.sum(1).allclose(explanation.relevance)


@pytest.mark.parametrize("name", CONSERVATIVE)
@pytest.mark.parametrize("config", [VALUES, SMALL, replace(VALUES, outputs=2)])
def test_relevances_add_up(name, config):
    for explanation in explain_batch(EXPLAINERS[name], ensemble(config), batch()):
        size = float(explanation.relevance.abs().sum())
        size += abs(explanation.logit) + abs(explanation.bias)
        assert abs(explanation.gap) <= 1e-12 * size


@pytest.mark.parametrize("name", CONSERVATIVE)
def test_what_speaks_for_and_against_adds_up_in_single_precision(name):
    model = kernel()
    with torch.no_grad():
        model.coefficients *= 1000  # sums of thousands, of which units are left
    for explanation in explain_batch(EXPLAINERS[name], model, batch(dtype=torch.float32)):
        assert abs(explanation.gap) <= 1e-5 * (abs(explanation.logit) + 1)


def test_who_only_predicts_first_can_explain_afterwards():
    fitted = kernel().double()
    with torch.inference_mode():
        fitted(batch())
    assert all(each.adds_up for each in explain_batch(EXPLAINERS["lrp"], fitted, batch()))


def test_a_plain_gradient_is_the_slope():
    fitted = kernel().double()
    inputs = batch()
    tokens = fitted.embed(inputs)
    explanations = explain_batch(EXPLAINERS["gradient-input"], fitted, inputs)
    step = 1e-6
    with torch.no_grad():
        for node in range(3):
            less = tokens.clone()
            less[0, 1 + node] *= 1 - step  # min has two slopes at a whole number: that of less
            change = fitted.predict(tokens, inputs) - fitted.predict(less, inputs)
            slope = float(change[0, 0]) / step
            assert float(explanations[0].relevance[node]) == pytest.approx(slope, rel=1e-3)


def test_the_output_is_the_mean_of_networks_and_kernel():
    model = ensemble()
    with torch.no_grad():
        networks = torch.stack([network(batch()) for network in model.networks]).mean(0)
        expected = 0.4 * networks + 0.6 * model.kernel(batch())
    assert torch.allclose(model(batch()), expected, atol=1e-12)
    assert sum(model.shares) == pytest.approx(1)


def test_the_spread_counts_each_part_with_its_share():
    values = torch.tensor([1.0, 2.0, 4.0])
    assert float(spread(values, [1 / 3] * 3)) == pytest.approx(float(values.std()))
    twice = torch.tensor([1.0, 2.0, 4.0, 4.0])
    mean = float(twice.mean())
    expected = (0.25 * (1 - mean) ** 2 + 0.25 * (2 - mean) ** 2 + 0.5 * (4 - mean) ** 2) / 0.625
    assert float(spread(values, [0.25, 0.25, 0.5])) == pytest.approx(expected**0.5)


@pytest.mark.parametrize("name", OF_LAYERS)
def test_methods_of_layers_explain_the_networks_share(name):
    if name == "attention-flow":
        return  # slow, and the same branch
    model = ensemble(networks=2)
    explanations = explain_batch(EXPLAINERS[name], model, batch())
    targets = [explanation.target for explanation in explanations]
    by_network = [EXPLAINERS[name](network, batch(), targets) for network in model.networks]
    for explanation, *of_networks in zip(explanations, *by_network, strict=True):
        relevance = torch.stack([each.relevance for each in of_networks])  # (networks, nodes)
        assert torch.allclose(explanation.relevance, 0.4 * relevance.mean(0), atol=1e-12)
        assert torch.allclose(explanation.relevance_sd, 0.4 * relevance.std(0), atol=1e-12)
        assert explanation.logit_sd is not None and explanation.relevance_sd.isfinite().all()


@pytest.mark.parametrize("name", ["legrad", "gae"])
def test_one_network_alone_has_no_spread_of_its_layers(name):
    explanation, *_ = explain_batch(EXPLAINERS[name], ensemble(networks=1), batch())
    assert explanation.relevance_sd is None and explanation.logit_sd > 0


def test_structure_has_the_networks_share():
    model = ensemble(networks=1)
    (network,) = model.networks
    both, *_ = explain_batch(EXPLAINERS["lrp-routing"], model, batch())
    alone, *_ = explain_batch(EXPLAINERS["lrp-routing"], network, batch(), [both.target] * 7)
    assert both.structure.total == pytest.approx(0.4 * alone.structure.total)
    assert both.features == alone.features
    column = both.features.index("structure")
    of_both = both.feature_relevance[:, column]
    assert torch.allclose(of_both, 0.4 * alone.feature_relevance[:, column], atol=1e-12)


def test_a_base_is_spread():
    config = replace(VALUES, output_bias=True)
    for explanation in explain_batch(spread_base(EXPLAINERS["lrp"]), ensemble(config), batch()):
        assert explanation.base is not None
        sums = float(explanation.relevance.sum()) + explanation.token + explanation.bias
        assert sums == pytest.approx(explanation.logit, abs=1e-9)


@pytest.mark.parametrize("mode", ["attn", "mask"])
def test_removed_atoms_are_not_in_the_bag(mode):
    fitted = kernel().double()
    remaining = batch().mask.clone()
    remaining[:, 0] = False
    rows = torch.arange(len(batch()))
    less = fitted.reduced(batch(), rows, remaining, mode)
    for row, graph in enumerate(graphs()):
        codes = graph.codes[1:]
        expected = torch.bincount(codes.flatten(), minlength=MOLECULES.node_entries).double()
        assert torch.equal(fitted.bags(fitted.embed(less), less)[row], expected)


def test_an_empty_graph_has_the_base_value():
    fitted = kernel().double()
    nothing = torch.zeros_like(batch().mask)
    found = kept_logits(fitted, graphs(), torch.arange(len(graphs())), nothing)
    assert torch.allclose(found, fitted.offset.detach().expand_as(found))


def test_results_depend_on_neither_batch_nor_order():
    fitted = kernel()
    with torch.no_grad():
        together = fitted(batch(dtype=torch.float32))
        for row, graph in enumerate(graphs()):
            order = np.random.default_rng(row).permutation(graph.nodes)
            alone = fitted(fitted.collate([replace(graph, codes=graph.codes[order])]))
            assert torch.allclose(alone[0], together[row], rtol=1e-6)


CARD = Card(
    "both", VALUES, MOLECULES.name, ("effect",), (), "log units", members=2, kernel=len(LEARNT)
)


def saved(folder):
    model = ensemble().float()
    return model, save(model, CARD, folder)


def test_it_survives_the_disk(tmp_path):
    model, path = saved(tmp_path)
    loaded, card = load(path)
    inputs = batch(dtype=torch.float32)
    assert torch.equal(loaded(inputs), model(inputs))
    assert (card.members, card.kernel) == (2, len(LEARNT))
    explanation = Explainer(path)(SMILES[0])
    assert explanation.adds_up and explanation.logit_sd > 0


@pytest.mark.parametrize("graphs_in_card", [0, 3, 100, "5", -1])
def test_a_card_of_another_kernel_is_refused(tmp_path, graphs_in_card):
    _, path = saved(tmp_path)
    card = path.with_suffix(".json")
    text = card.read_text().replace(
        f'"kernel": {len(LEARNT)}', f'"kernel": {json.dumps(graphs_in_card)}'
    )
    card.write_text(text)
    with pytest.raises(ValueError, match="kernel"):
        load(path)


@pytest.mark.parametrize(
    "name, value",
    [
        ("graphs", -1),
        ("graphs", len(LEARNT)),
        ("entries", -1),
        ("entries", MOLECULES.node_entries),
        ("amounts", 0),
        ("amounts", 10**9),
        ("share", 0.0),
        ("share", 1.0),
    ],
)
def test_a_file_with_bags_of_nothing_is_refused(tmp_path, name, value):
    model, path = saved(tmp_path)
    getattr(model.kernel, name).view(-1)[-1] = value
    save(model, CARD, tmp_path)
    with pytest.raises(ValueError, match="train the model again"):
        load(path)


def test_a_file_without_bags_is_refused(tmp_path):
    _, path = saved(tmp_path)
    weights = {key: value for key, value in load_file(path).items() if key != "kernel.entries"}
    save_file(weights, path)
    import hashlib

    card = json.loads(path.with_suffix(".json").read_text())
    card["weights_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match=r"kernel\.entries"):
        load(path)


def test_what_it_cannot_learn_is_refused():
    several = replace(SMALL, task="multiclass", outputs=3)
    few = data(labels_of("regression"))
    assert takes_kernel("binary", LARGEST) and not takes_kernel("multiclass", 10)
    with pytest.raises(ValueError, match="leave it out"):
        fitted_kernel(several, few)
    pictures = LabelledGraphs("p", SUPERPIXELS, [], torch.zeros(0, 1), [], "", {})
    with pytest.raises(ValueError, match="leave it out"):
        fitted_kernel(VALUES, pictures)
    assert not takes_kernel("regression", LARGEST + 1)


def outputs_of(network, kernel):
    return torch.from_numpy(np.array([network, kernel]))[:, :, None]


def test_the_share_is_that_of_the_least_error():
    random = np.random.default_rng(3)
    labels = random.normal(size=300)
    network = labels + random.normal(size=300)
    beside = labels + 0.5 * random.normal(size=300)
    found = fitted_share(VALUES, outputs_of(network, beside), torch.from_numpy(labels)[:, None])
    away = beside - network
    best = float((away * (labels - network)).sum() / (away**2).sum())
    assert found == pytest.approx(best, abs=0.03) and 0.6 < found < 0.9


@pytest.mark.parametrize(("network", "beside", "share"), [(0.1, 3.0, 0.0), (3.0, 0.01, 0.9)])
def test_the_better_model_has_nearly_all(network, beside, share):
    random = np.random.default_rng(4)
    labels = random.normal(size=300)
    said = [labels + error * random.normal(size=300) for error in (network, beside)]
    assert fitted_share(VALUES, outputs_of(*said), torch.from_numpy(labels)[:, None]) == share


def test_the_share_of_classes_does_not_depend_on_the_size_of_logits():
    random = np.random.default_rng(5)
    logits = 2 * random.normal(size=2000)
    labels = (random.random(2000) < 1 / (1 + np.exp(-logits))).astype(float)
    said = [logits + error * random.normal(size=2000) for error in (2.0, 1.0)]
    config = replace(SMALL, output_bias=True)
    labels = torch.from_numpy(labels)[:, None]
    found = fitted_share(config, outputs_of(*said), labels)
    assert 0.5 < found < 0.9
    assert fitted_share(config, 5 * outputs_of(*said), labels) == found
