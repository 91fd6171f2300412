"""Several models as one: mean, spread, and a ledger that adds up as exactly as each member's."""

import json
from dataclasses import replace

import pytest
import torch
from conftest import CONFIGS, SMALL, SMILES, batch, graphs, random_model

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.checkpoint import load, save
from graphormer.network.ensemble import Ensemble
from graphormer.network.prediction import predict, predict_each
from molxai.explanation.explainer import Explainer
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.removal import kept_logits
from molxai.metrics.curves import curves
from molxai.metrics.fidelity import fidelity

CARD = Card("three", SMALL, MOLECULES.name, ("effect",), ("no", "yes"), members=3)

CONSERVATIVE = [name for name, method in EXPLAINERS.items() if method.conserves]


def ensemble(config=SMALL, dtype=torch.float64):
    return Ensemble([random_model(config, seed, dtype) for seed in range(3)]).eval()


def test_its_output_is_the_mean():
    model = ensemble()
    outputs = torch.stack([member(batch()) for member in model.networks])
    assert torch.allclose(model(batch()), outputs.mean(0), atol=1e-12)
    in_single_precision = ensemble(dtype=torch.float32)
    outputs = predict_each(in_single_precision, graphs())
    assert torch.allclose(outputs.mean(0), predict(in_single_precision, graphs()))


@pytest.mark.parametrize("readout", ["token", "mean"])
def test_removal_of_all_nodes_is_the_mean_too(readout):
    model = ensemble(replace(SMALL, readout=readout))
    nothing = torch.zeros_like(batch().mask)
    rows = torch.arange(len(batch()))
    outputs = [kept_logits(one, graphs(), rows, nothing) for one in (model, *model.networks)]
    assert torch.allclose(outputs[0], torch.stack(outputs[1:]).mean(0), atol=1e-12)


@pytest.mark.parametrize("name", CONSERVATIVE)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_relevances_add_up(name, config):
    for explanation in explain_batch(EXPLAINERS[name], ensemble(config), batch()):
        size = float(explanation.relevance.abs().sum())
        size += abs(explanation.logit) + abs(explanation.bias)
        assert abs(explanation.gap) <= 1e-12 * size


def test_relevance_is_the_members_mean_and_spread():
    model = ensemble()
    method = EXPLAINERS["lrp"]
    explanations = explain_batch(method, model, batch())
    targets = [explanation.target for explanation in explanations]
    by_member = [method(member, batch(), targets) for member in model.networks]
    for explanation, *members in zip(explanations, *by_member, strict=True):
        relevance = torch.stack([member.relevance for member in members])
        assert torch.allclose(explanation.relevance, relevance.mean(0), atol=1e-12)
        assert torch.allclose(explanation.relevance_sd, relevance.std(0), atol=1e-12)
        logits = torch.tensor([member.logit for member in members])
        assert explanation.logit == pytest.approx(float(logits.mean()))
        assert explanation.logit_sd == pytest.approx(float(logits.std()))
        assert explanation.feature_relevance.sum(1).allclose(explanation.relevance)


def test_members_are_explained_for_the_class_they_chose_together():
    model = ensemble(replace(SMALL, task="multiclass", outputs=3))
    explanations = explain_batch(EXPLAINERS["lrp"], model, batch())
    predictions = [explanation.prediction for explanation in explanations]
    assert predictions == model(batch()).argmax(1).tolist()
    assert [explanation.target.label for explanation in explanations] == predictions


def test_the_ceiling_of_one_model_is_refused():
    with pytest.raises(ValueError, match="choose other methods"):
        explain_batch(EXPLAINERS["oracle"], ensemble(), batch())


def test_measures_take_an_ensemble():
    model = ensemble(dtype=torch.float32)
    explainer = Explainer.from_network(model, CARD)
    explanations = explainer.explain(graphs(), [None] * len(SMILES))
    assert curves(model, graphs(), explanations).auac.shape == (len(SMILES),)
    assert fidelity(model, graphs(), explanations).shape == (len(SMILES), 2)


def test_it_survives_the_disk(tmp_path):
    model = ensemble(dtype=torch.float32)
    save(model, CARD, tmp_path)
    loaded, card = load(tmp_path)
    assert card.members == 3
    inputs = batch(dtype=torch.float32)
    assert torch.equal(loaded(inputs), model(inputs))
    explanation = Explainer(tmp_path)(SMILES[0])
    record = explanation.to_dict()
    assert len(record["relevance_sd"]) == len(record["relevance"]) and record["logit_sd"] > 0
    assert list(explanation.to_frame().columns)[:3] == ["node", "relevance", "relevance_sd"]
    with pytest.raises(ValueError, match="no pair flow"):
        explanation.pair_flow()


@pytest.mark.parametrize("members", [0, 2, 1000, "3"])
def test_a_card_of_other_members_is_refused(tmp_path, members):
    save(ensemble(dtype=torch.float32), CARD, tmp_path)
    path = tmp_path / "three.json"
    path.write_text(path.read_text().replace('"members": 3', f'"members": {json.dumps(members)}'))
    with pytest.raises(ValueError, match="members"):
        load(tmp_path)
