"""Relevance of structure, against gradients of the model's own tables and paths by networkx."""

import math
from dataclasses import replace
from itertools import pairwise

import networkx
import pytest
import torch
from conftest import CONFIGS, SMALL, batch, graphs, random_model

from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.superpixels import SUPERPIXELS
from graphormer.network.ensemble import Ensemble
from graphormer.network.model import Graphormer
from molxai import Explainer
from molxai.explanation.methods import EXPLAINERS, method
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.structure import entry_names
from molxai.explanation.target import Target
from molxai.rules import ACTIVATION, LN, routing, rules

ROUTING = EXPLAINERS["lrp-routing"]


@pytest.fixture(params=["bias-free relu", "biases gelu", "regression", "digits"])
def case(request, stroke):
    """A model with a graph of one kind, and the same graph twice."""
    if request.param == "digits":
        torch.manual_seed(0)
        model = Graphormer(replace(SMALL, task="multiclass", outputs=10), SUPERPIXELS)
        torch.nn.init.normal_(model.structure.pairs)
        return model.double().eval(), stroke
    return random_model(CONFIGS[request.param]), graphs()[0]


def table_relevance(model, graph):
    """Value × gradient of the tables' entries themselves, summed over the heads."""
    one = collate([graph]).to(torch.float64)
    tables = (model.structure.pairs, model.structure.token)
    tokens = model.embed(one).detach().requires_grad_()
    with rules(routing(0.5), LN, ACTIVATION):
        output = model.predict(tokens, one)
    target = ROUTING(model, one)[0].target
    weights = torch.tensor(target.weights(model.config), dtype=torch.float64)
    gradients = torch.autograd.grad((output[0] * weights).sum(), tables)
    return [(x.detach() * g).sum(1) for x, g in zip(tables, gradients, strict=True)]


def test_entries_are_those_of_the_models_tables(case):
    model, graph = case
    (one,) = ROUTING(model, collate([graph]).to(torch.float64))
    structure, vocabulary = one.structure, model.vocabulary
    pairs, token = table_relevance(model, graph)
    distances = list(structure.by_distance.values())
    assert distances == pytest.approx(pairs[: vocabulary.hop_buckets].tolist(), abs=1e-12)
    types = len(vocabulary.edge_types)
    first_offset = vocabulary.hop_buckets + vocabulary.path_hops * types
    if vocabulary.path_hops:
        by_hop = pairs[vocabulary.hop_buckets : first_offset].view(-1, types)
        edges = list(structure.by_edge_type.values())
        assert edges == pytest.approx(by_hop.sum(0).tolist(), abs=1e-12)
    if vocabulary.offset_bins:
        offsets = structure.by_offset.flatten()
        assert torch.allclose(offsets, pairs[first_offset:], rtol=0, atol=1e-12)
    to_token, from_token, itself = structure.by_token.values()
    # The table's rows: a node listens to the token, the token to a node, the token to itself.
    assert [from_token, to_token, itself] == pytest.approx(token.tolist(), abs=1e-12)


def test_every_view_of_it_is_additive(case):
    model, graph = case
    (one,) = ROUTING(model, collate([graph]).to(torch.float64))
    structure = one.structure
    total = pytest.approx(structure.total, abs=1e-12)
    sums = structure.to_dict()
    assert math.fsum(value for entries in sums.values() for value in entries.values()) == total
    assert float(structure.pairs.sum()) == total and float(structure.by_node.sum()) == total
    assert {kind: tuple(entries) for kind, entries in sums.items()} == {
        kind: tuple(names) for kind, names in entry_names(model.vocabulary).items()
    }
    assert abs(structure.total) > 1e-4


def test_a_pair_goes_in_halves_to_its_nodes(case):
    model, graph = case
    (one,) = ROUTING(model, collate([graph]).to(torch.float64))
    pairs = one.structure.pairs.tolist()
    expected = [0.0] * len(pairs)
    for query, row in enumerate(pairs):
        for key, value in enumerate(row):
            # Of a pair with the graph token, which is no node, the node has all.
            first, second = query or key, key or query
            expected[first] += value / 2
            expected[second] += value / 2
    assert one.structure.by_node.tolist() == pytest.approx(expected, abs=1e-12)
    column = one.features.index("structure")
    assert one.feature_relevance[:, column].tolist() == pytest.approx(expected[1:], abs=1e-12)


@pytest.mark.parametrize("config", CONFIGS)
def test_apart_it_is_a_term_of_the_ledger(config):
    model = random_model(CONFIGS[config])
    targets = None if CONFIGS[config].task == "regression" else [Target(0)] * 7
    halves = ROUTING(model, batch(), targets)
    apart = method("lrp-routing", "apart")(model, batch(), targets)
    for one, other in zip(halves, apart, strict=True):
        by_node = one.structure.by_node
        assert torch.allclose(one.relevance, other.relevance + by_node[1:], rtol=0, atol=1e-12)
        assert one.token == pytest.approx(other.token + float(by_node[0]), abs=1e-12)
        assert one.structure_relevance == 0 and not one.is_apart
        assert other.structure_relevance == one.structure.total and other.is_apart
        assert abs(other.gap) <= 1e-12 * (abs(one.logit) + float(one.relevance.abs().sum()))
        assert "structure" not in other.features


def expected_bonds(structure, graph):
    """Bonds by networkx: each shortest path that has the pair's edge types has an equal share."""
    network = networkx.Graph()
    kinds = {}
    for i, j, kind in zip(*graph.edges.tolist(), graph.edge_types.tolist(), strict=True):
        network.add_edge(i, j)
        kinds[i, j] = kind
    bonds = dict.fromkeys([tuple(sorted(edge)) for edge in network.edges], 0.0)
    types, between = len(MOLECULES.edge_types), structure.entries[:, 1:, 1:]
    codes = graph.patterns[graph.relation.long()]
    for query, lengths in networkx.all_pairs_shortest_path_length(network):
        for key, length in lengths.items():
            if not 1 <= length <= MOLECULES.path_hops:
                continue
            described = [
                int(codes[query, key, hop]) - MOLECULES.hop_buckets - (hop - 1) * types
                for hop in range(1, length + 1)
            ]
            paths = [
                list(pairwise(path)) for path in networkx.all_shortest_paths(network, query, key)
            ]
            fitting = [path for path in paths if [kinds[edge] for edge in path] == described]
            for path in fitting:
                for hop, edge in enumerate(path, 1):
                    share = float(between[hop, query, key]) / len(fitting)
                    bonds[tuple(sorted(edge))] += share
            if length == 1:
                bonds[tuple(sorted((query, key)))] += float(between[0, query, key])
    return bonds


@pytest.mark.parametrize("smiles", ["CC(=O)Nc1ccc(O)cc1", "C12C3C4C1C5C2C3C45", "C", "CC.[Na+]"])
def test_bonds_have_their_pairs_and_their_places_on_paths(smiles):
    model, graph = random_model(SMALL), molecule(smiles).graph
    (one,) = ROUTING(model, collate([graph]).to(torch.float64))
    expected = expected_bonds(one.structure, graph)
    assert one.bonds == pytest.approx(expected, abs=1e-12)
    by_type = math.fsum(one.structure.by_edge_type.values())
    neighbours = one.structure.by_distance["1 hop"]
    assert math.fsum(one.bonds.values()) == pytest.approx(by_type + neighbours, abs=1e-12)


def test_neighbours_of_a_digit_have_bonds(stroke):
    torch.manual_seed(0)
    model = Graphormer(replace(SMALL, task="multiclass", outputs=10), SUPERPIXELS)
    torch.nn.init.normal_(model.structure.pairs)
    (one,) = ROUTING(model.double().eval(), collate([stroke]).to(torch.float64))
    assert len(one.bonds) == stroke.edges.shape[1] // 2
    i, j = min(one.bonds)
    pairs = one.structure.pairs
    assert one.bonds[i, j] == pytest.approx(float(pairs[i + 1, j + 1] + pairs[j + 1, i + 1]))


def test_members_of_an_ensemble_have_their_mean():
    members = [random_model(SMALL, seed) for seed in range(3)]
    targets = [Target(1)] * 7
    means = explain_batch(ROUTING, Ensemble(members), batch(), targets)
    alone = [ROUTING(member, batch(), targets) for member in members]
    for row, mean in enumerate(means):
        pairs = torch.stack([explanations[row].structure.pairs for explanations in alone])
        assert torch.allclose(mean.structure.pairs, pairs.mean(0), rtol=0, atol=1e-14)


def test_other_methods_give_structure_nothing():
    explanation = Explainer("bace")("CCO")
    assert explanation.structure is None and explanation.bonds == {}
    assert "structure" not in explanation.features
    assert "structure" not in explanation.to_dict(features=True)


def test_the_place_of_structure_is_chosen_by_name():
    explanation = Explainer("bace", "lrp-routing", structure="apart")("CCO")
    assert explanation.is_apart and explanation.adds_up
    record = explanation.to_dict(features=True)
    assert record["structure_relevance"] == explanation.structure.total
    assert [bond["nodes"] for bond in record["bonds"]] == [[0, 1], [1, 2]]
    with pytest.raises(ValueError, match="no place for structure 'quarters'"):
        Explainer("bace", structure="quarters")


def test_rounding_is_judged_by_all_terms():
    """Special tokens and biases may be large and cancel: their rounding is no gap."""
    from dataclasses import replace

    explanation = Explainer("bace")("CCO")
    small = replace(explanation, relevance=explanation.relevance * 0, token=2.0, bias=-1.99)
    assert replace(small, logit=0.01 + 1e-5).adds_up
    assert not replace(small, logit=0.01 + 1e-4).adds_up
    assert not replace(small, token=0.0, bias=0.0, logit=1e-5).adds_up
