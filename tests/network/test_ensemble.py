"""Several models as one: mean, spread, and a ledger that adds up as exactly as each member's."""

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
from molxai.metrics.curves import curves
from molxai.metrics.fidelity import fidelity

CARD = Card("three", SMALL, MOLECULES.name, ("effect",), ("no", "yes"), members=3)

LINEAR = [name for name, method in EXPLAINERS.items() if method.conserves]


def ensemble(config=SMALL, dtype=torch.float64):
    return Ensemble([random_model(config, seed, dtype) for seed in range(3)]).eval()


def test_it_says_the_mean():
    model = ensemble()
    assert torch.allclose(
        model(batch()), torch.stack([one(batch()) for one in model.networks]).mean(0), atol=1e-12
    )
    single = ensemble(dtype=torch.float32)
    assert torch.allclose(predict_each(single, graphs()).mean(0), predict(single, graphs()))


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_relevances_add_up(name, config):
    for one in explain_batch(EXPLAINERS[name], ensemble(config), batch()):
        assert abs(one.gap) <= 1e-12 * (
            abs(one.logit) + float(one.relevance.abs().sum()) + abs(one.bias)
        )


def test_relevance_is_the_members_mean_and_spread():
    model, method = ensemble(), EXPLAINERS["lrp"]
    together = explain_batch(method, model, batch())
    targets = [one.target for one in together]
    alone = [method(member, batch(), targets) for member in model.networks]
    for i, one in enumerate(together):
        members = torch.stack([each[i].relevance for each in alone])
        assert torch.allclose(one.relevance, members.mean(0), atol=1e-12) and torch.allclose(
            one.relevance_sd, members.std(0), atol=1e-12
        )
        logits = torch.tensor([each[i].logit for each in alone])
        assert one.logit == pytest.approx(float(logits.mean())) and one.logit_sd == pytest.approx(
            float(logits.std())
        )
        assert one.feature_relevance.sum(1).allclose(one.relevance)


def test_members_are_explained_for_the_class_they_chose_together():
    model = ensemble(replace(SMALL, task="multiclass", outputs=3))
    together = explain_batch(EXPLAINERS["lrp"], model, batch())
    assert [one.prediction for one in together] == model(batch()).argmax(1).tolist()
    assert all(one.target.label == one.prediction for one in together)


def test_the_ceiling_of_one_model_is_refused():
    with pytest.raises(ValueError, match="choose other methods"):
        explain_batch(EXPLAINERS["oracle"], ensemble(), batch())


def test_measures_take_an_ensemble():
    model = ensemble(dtype=torch.float32)
    made = Explainer.from_network(model, CARD).explain(graphs(), [None] * len(SMILES))
    assert curves(model, graphs(), made).auac.shape == (len(SMILES),) and fidelity(
        model, graphs(), made
    ).shape == (len(SMILES), 2)


def test_it_survives_the_disk(tmp_path):
    model = ensemble(dtype=torch.float32)
    save(model, CARD, tmp_path)
    loaded, card = load(tmp_path)
    assert card.members == 3 and torch.equal(
        loaded(batch(dtype=torch.float32)), model(batch(dtype=torch.float32))
    )
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
    path.write_text(
        path.read_text().replace('"members": 3', f'"members": {members!r}'.replace("'", '"'))
    )
    with pytest.raises(ValueError, match="members"):
        load(tmp_path)
