"""Methods with options that no id has, where an id is taken."""

import pytest
import torch
from conftest import SMALL, SMILES, batch, random_model

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from molxai import compare
from molxai.explanation.explainer import Explainer
from molxai.explanation.methods import EXPLAINERS, attention
from molxai.explanation.methods.attention import (
    FUSIONS,
    Attention,
    GenericAttention,
    GradientAttention,
    Rollout,
    fused,
)
from molxai.explanation.methods.integrated import IntegratedGradients
from molxai.explanation.methods.lrp import GradientInput

IBUPROFEN = SMILES[0]


@pytest.fixture
def explainer():
    card = Card("own", SMALL, MOLECULES.name, ("effect",), ("no", "yes"))
    return Explainer.from_network(random_model(SMALL), card)


def test_the_steps_of_integrated_gradients_can_be_chosen(explainer):
    own = explainer.with_method(IntegratedGradients("ig-200", steps=200))
    made = own(IBUPROFEN)
    assert made.method == made.to_dict()["method"] == "ig-200"
    assert own.method.passes(15) == (203, 200)
    usual = explainer.with_method("integrated-gradients")(IBUPROFEN)
    same = explainer.with_method(IntegratedGradients("ig-50", steps=50))(IBUPROFEN)
    assert torch.equal(usual.relevance, same.relevance) and usual.delta == same.delta
    assert not torch.allclose(usual.relevance, made.relevance) and usual.delta != made.delta


def test_a_method_is_taken_at_every_door(explainer):
    own = Attention("rollout-max", Rollout("max", 0.9))
    first = Explainer.from_network(explainer.network, explainer.card, own)
    assert repr(first) == "Explainer('own', method='rollout-max', device='cpu')"
    assert first.with_method("lrp").method is EXPLAINERS["lrp"]
    assert first.with_method(EXPLAINERS["gae"]).method is EXPLAINERS["gae"]
    both = compare(explainer, IBUPROFEN, [own, "rollout"])
    assert both.methods == ["rollout-max", "rollout"]
    assert torch.equal(both.explanations[0].relevance, first(IBUPROFEN).relevance)
    assert Explainer("bace", own)("CCO").method == "rollout-max"


def test_a_name_says_which_method_made_a_record(explainer):
    with pytest.raises(ValueError, match="^a IntegratedGradients without a name: records carry"):
        explainer.with_method(IntegratedGradients(steps=20))
    with pytest.raises(ValueError, match="named 'lrp', which is the id of another method"):
        explainer.with_method(GradientInput("lrp"))
    with pytest.raises(ValueError, match="no method named 'ig-200'"):
        explainer.with_method("ig-200")


def test_heads_are_fused_in_three_ways():
    layer = torch.tensor([[[[5.0]], [[1.0]], [[3.0]]]])  # three heads of one token
    values = {fusion: fused(layer, fusion).item() for fusion in FUSIONS}
    assert values == {"mean": 3.0, "max": 5.0, "min": 1.0}


@pytest.mark.parametrize("kind", [Rollout, GenericAttention])
def test_attention_and_its_gradient_take_them(kind):
    model, molecules = random_model(SMALL), batch(SMILES[:1])
    method = Attention if kind is Rollout else GradientAttention
    maps = {
        fusion: method(f"own-{fusion}", kind(fusion))(model, molecules)[0].relevance
        for fusion in FUSIONS
    }
    usual = EXPLAINERS["rollout" if kind is Rollout else "gae"](model, molecules)[0].relevance
    assert torch.equal(maps["mean"], usual)
    assert not torch.allclose(maps["max"], usual) and not torch.allclose(maps["min"], usual)
    if kind is GenericAttention:  # of numbers that are not negative: ordered entry by entry
        assert (maps["min"] <= maps["mean"]).all() and (maps["mean"] <= maps["max"]).all()


def test_options_that_cannot_be_are_named():
    with pytest.raises(ValueError, match="no head fusion 'median': .* mean, max, min"):
        attention.check_fusion("median")  # the checker of shapes comes before it in a method
    with pytest.raises(ValueError, match="^discard ratio 1.5: a share from 0 to below 1"):
        Rollout("mean", 1.5)
    with pytest.raises(ValueError, match="^0 steps: at least 1 is needed"):
        IntegratedGradients("none", steps=0)
