"""The base value in even shares: what it adds, to which methods, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import ROOT

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.ensemble import Ensemble
from graphormer.network.model import Config, Graphormer
from molxai import Explainer
from molxai.batch.question import Question
from molxai.cli import main
from molxai.explanation.methods.base_value import FEATURE

SMILES = ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "O", "[Na+].[Cl-]")
PATIENT = ("lrp", "lrp-routing", "lrp-gamma", "integrated-gradients", "shap", "leave-one-out")


def regression(*biases: float) -> tuple[Graphormer, Card]:
    torch.manual_seed(0)
    config = Config("regression", outputs=len(biases), width=8, heads=2, layers=2, output_bias=True)
    network = Graphormer(config, MOLECULES).eval()
    with torch.no_grad():
        network.head.bias.copy_(torch.tensor(biases))
    names = tuple(f"y{number}" for number in range(len(biases)))
    return network, Card("some", config, MOLECULES.name, names, (), unit="units")


@pytest.mark.parametrize("method", PATIENT)
@pytest.mark.parametrize("smiles", SMILES)
def test_every_node_takes_the_same_share(method, smiles):
    network, card = regression(6.5)
    apart = Explainer.from_network(network, card, method)(smiles)
    spread = Explainer.from_network(network, card, method, base="spread")(smiles)
    share = (spread.relevance - apart.relevance).tolist()
    assert share == pytest.approx([6.5 / len(share)] * len(share), abs=1e-5)
    assert (spread.logit, spread.token) == (apart.logit, apart.token)
    assert spread.base == 6.5 and apart.base is None


@pytest.mark.parametrize("method", ["lrp", "shap"])
def test_nodes_sum_to_the_value_itself(method):
    network, card = regression(6.5)
    explanation = Explainer.from_network(network, card, method, base="spread")(SMILES[0])
    assert float(explanation.relevance.sum()) == pytest.approx(explanation.value, rel=1e-5)
    assert explanation.bias == pytest.approx(0, abs=1e-6)
    assert explanation.adds_up


def test_the_split_over_features_has_the_share():
    explanation = Explainer("bace-pic50", base="spread")(SMILES[0])
    assert explanation.features[-1] == FEATURE
    split = explanation.feature_relevance
    assert torch.allclose(split.sum(1), explanation.relevance, atol=1e-5)
    assert split[:, -1].tolist() == pytest.approx([explanation.base / len(split)] * len(split))


def test_the_explanation_says_so():
    network, card = regression(6.5)
    explanation = Explainer.from_network(network, card, base="spread")("CCO")
    assert explanation.notes == ("+6.500 of base value, in even shares to all nodes",)
    assert explanation.to_dict()["notes"] == list(explanation.notes)
    assert "even shares" in explanation.draw()


def test_the_target_decides_which_constant():
    network, card = regression(6.5, -2.0)
    explainer = Explainer.from_network(network, card, base="spread")
    second = explainer.with_method("lrp", endpoint="y1")("CCO")
    assert second.base == pytest.approx(-2.0)
    assert float(second.relevance.sum()) == pytest.approx(second.value, rel=1e-5)


def test_an_ensemble_has_the_mean_of_its_members():
    members = [regression(6.0)[0], regression(7.0)[0]]
    card = replace(regression(0.0)[1], members=2)
    explanation = Explainer.from_network(Ensemble(members), card, base="spread")("CCO")
    assert explanation.base == pytest.approx(6.5)
    assert float(explanation.relevance.sum()) == pytest.approx(explanation.value, rel=1e-5)


def test_methods_that_only_rank_stay_as_they_are():
    network, card = regression(6.5)
    apart = Explainer.from_network(network, card, "gae")("CCO")
    spread = Explainer.from_network(network, card, "gae", base="spread")("CCO")
    assert torch.equal(apart.relevance, spread.relevance)
    assert spread.base is None


def test_batches_and_another_method_keep_the_choice():
    explainer = Explainer("bace-pic50", "gradient-input", base="spread").with_method("lrp")
    together = explainer(list(SMILES))
    for smiles, explanation in zip(SMILES, together, strict=True):
        alone = explainer(smiles)
        assert np.allclose(alone.relevance, explanation.relevance, atol=1e-5)
        assert explanation.base == alone.base != 0


def test_what_has_no_base_is_refused(capsys):
    with pytest.raises(ValueError, match="'bace' has no base value"):
        Explainer("bace", base="spread")
    with pytest.raises(ValueError, match="did you mean 'spread'"):
        Question(base="sprea")
    assert main(["explain", "CCO", "-m", "bace", "--base", "spread"]) != 0
    assert "leave --base out" in capsys.readouterr().err


def test_commands_take_the_choice(tmp_path, capsys):
    assert main(["explain", "CCO", "-m", "bace-pic50", "--base", "spread"]) == 0
    assert "base value +0.000" in capsys.readouterr().out
    table = ROOT / "datasets" / "drugs" / "drugs.csv"
    page = tmp_path / "page.html"
    arguments = ["report", str(table), "-m", "bace-pic50", "--base", "spread", "-o", str(page)]
    assert main([*arguments, "--methods", "lrp", "-q"]) == 0
    assert "in even shares to all nodes" in page.read_text(encoding="utf-8")
