"""Strengths of rules that are chosen for a model, and kept in its card."""

from dataclasses import replace

import pytest
from conftest import CONFIGS, SMALL, batch, graphs, random_model

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.checkpoint import load, read_card, save, save_card
from molxai import Explainer
from molxai.batch.question import Question
from molxai.batch.run import manifest_of
from molxai.batch.worker import Worker
from molxai.benchmarks import tuning
from molxai.benchmarks.tuning import score, tune
from molxai.explanation.inputs import Inputs
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.strengths import Strengths, strengths_of


def card(config=SMALL, **fields):
    classes = () if config.task == "regression" else ("no", "yes")
    return Card("random", config, MOLECULES.name, ("effect",), classes, **fields)


def explainer(config=SMALL):
    return Explainer.from_network(random_model(config), card(config))


@pytest.fixture(autouse=True)
def few_choices(monkeypatch):
    monkeypatch.setattr(tuning, "CHOICES", {"alpha": (0.0, 0.5), "gamma": (0.0, 0.25)})


@pytest.mark.parametrize("config", ["bias-free relu", "regression"])
def test_the_best_setting_is_one_that_no_single_change_betters(config):
    lines = []
    result = tune(explainer(CONFIGS[config]), graphs(), "seven molecules", lines.append)
    by_strengths = {trial.strengths: trial.score for trial in result.trials}
    assert len(lines) == len(result.trials) == len(by_strengths)
    best = result.best.strengths
    for name, values in tuning.CHOICES.items():
        for value in values:
            assert by_strengths[replace(best, **{name: value})] <= result.best.score
    measures = {"au_mse", "srg"} if config == "regression" else {"auac", "au_mse", "srg"}
    assert set(result.reference) == measures
    content = result.to_dict()
    assert content["strengths"] == best.to_dict() and content["graphs"] == "seven molecules"
    assert len(content["tried"]) == len(result.trials)


def test_lrp_itself_scores_nothing():
    """With no share of routing, presence or γ the method is lrp, on which it gains nothing."""
    none = Strengths(alpha=0.0, presence=0.0)
    measures = tuning.measures_of(explainer(), none.method(), graphs())
    reference = tuning.measures_of(explainer(), EXPLAINERS["lrp"], graphs())
    # `lrp` runs by hand, the other under rules: rounding may turn the order of two atoms.
    assert score(measures, reference) == pytest.approx(0, abs=1e-3)


def test_a_setting_that_is_behind_in_a_measure_loses_that_once_more():
    reference = {"auac": 0.8, "au_mse": 4.0, "srg": 2.0}
    assert score({"auac": 0.9, "au_mse": 4.0, "srg": 2.0}, reference) == pytest.approx(0.5 / 3)
    behind = {"auac": 0.9, "au_mse": 6.0, "srg": 2.0}
    assert score(behind, reference) == pytest.approx((0.5 - 0.5) / 3 - 0.5)


def test_a_card_carries_the_strengths_to_the_method(tmp_path):
    weights = save(random_model(SMALL), card(), tmp_path)
    with pytest.raises(ValueError, match="no strengths for lrp-tuned: run 'molxai tune"):
        Explainer(tmp_path, "lrp-tuned")
    wanted = Strengths(0.25, 1.0, 0.1, 0.25)
    before = read_card(weights)
    save_card(replace(before, tuning={"strengths": wanted.to_dict()}), weights)
    assert replace(load(weights)[1], tuning={}) == before  # the weights still fit
    chosen = Explainer(tmp_path, "lrp").with_method("lrp-tuned").method
    assert (chosen.alpha, chosen.presence) == (0.25, 1.0)
    assert [rule.name for rule in chosen.tables] == [rule.name for rule in wanted.tables]
    assert len(chosen.tables) == 4
    (one,) = chosen(random_model(SMALL), batch(("CCO",)))
    assert one.method == "lrp-tuned" and one.adds_up


@pytest.mark.parametrize(
    "values",
    [
        {"alpha": 0.5},
        "strong",
        {**Strengths().to_dict(), "gamma": -1.0},
        {**Strengths().to_dict(), "alpha": 3},
        {**Strengths().to_dict(), "presence": float("inf")},
        {**Strengths().to_dict(), "residual": True},
    ],
)
def test_a_card_with_other_strengths_is_refused(values):
    with pytest.raises(ValueError, match="numbers by the names alpha, presence, gamma, residual"):
        strengths_of(card(tuning={"strengths": values}))


def test_a_run_with_other_strengths_is_another_run(tmp_path):
    """Records of two strengths must not be mixed by a run that is resumed."""
    manifests = []
    for alpha in (0.25, 0.5):
        folder = tmp_path / str(alpha)
        tuned = card(tuning={"strengths": Strengths(alpha).to_dict()})
        save(random_model(SMALL), tuned, folder)
        worker = Worker(Question(str(folder), methods=("lrp-tuned",), target="pred"))
        manifests.append(manifest_of(worker, Inputs(("C",)), 8))
    assert manifests[0] != manifests[1]
    assert {**manifests[0], "strengths": None} == {**manifests[1], "strengths": None}


def test_a_measure_of_nothing_gains_nothing():
    none = {"auac": 1.0, "au_mse": 0.0, "srg": 0.0}
    assert score(none, none) == 0
