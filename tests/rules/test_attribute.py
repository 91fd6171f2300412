"""Methods that need not add up, on foreign models: their gap is stated, and `conserve` refuses."""

import math

import pytest
import torch
import torch.nn.functional as F
from conftest import ROOT
from foreign_cases import DOUBLE, SIZES, case, randomised
from test_foreign_calls import RIGHT, SEQUENCES, built
from torch import nn

from molxai.rules.conserve import Attributed, Conserved, attribute, conserve
from molxai.rules.methods import ATTENTION_PRODUCTS, METHODS, halved_attention

NAMES = ("BERT", "GPT-2", "Llama", "ViT", "DistilBERT", "Swin", "T5", "BART", "TransformerEncoder")
"""Models on which every method runs."""

EXACT = {"lrp", "lrp-gamma", "lrp-res"}
"""The methods that add up."""


def asked(name, attention="eager"):
    """A model, and how it is asked."""
    if name in ("BERT", "GPT-2", "Llama", "ViT"):
        _, model, x, inputs, _ = case(f"{name} {attention}")
        return model, {"x": x, "target": [2, 1], **inputs}
    if name == "DistilBERT":
        sizes = {"dim": 8, "n_layers": 2, "n_heads": 2, "hidden_dim": 12, "num_labels": 3}
        model = built("DistilBert", "ForSequenceClassification", sizes, attention)
        return model, {"at": model.get_input_embeddings(), "input_ids": RIGHT[:1], "target": 1}
    if name == "TransformerEncoder":
        torch.manual_seed(0)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        model = nn.Sequential(encoder, nn.Flatten(), nn.Linear(40, 3)).double().eval()
        return model, {"x": torch.randn(1, 5, 8, dtype=DOUBLE), "target": 1}
    if name == "Swin":
        sizes = {"image_size": 8, "patch_size": 2, "embed_dim": 8, "depths": [1, 1]}
        more = {"num_heads": [2, 2], "window_size": 2, "num_labels": 3}
        model = built("Swin", "ForImageClassification", sizes | more, attention)
        return model, {"x": torch.randn(1, 3, 8, 8, dtype=DOUBLE), "target": 1}
    family = name.replace("BART", "Bart")
    model = built(family, "ForConditionalGeneration", SEQUENCES[family], attention)
    return model, {
        "at": model.get_encoder().get_input_embeddings(),
        "input_ids": RIGHT[:1],
        "decoder_input_ids": torch.tensor([[1, 3, 4]]),
        "target": lambda out: out.logits[0, -1, 3],
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_method_runs_and_states_its_gap(name):
    model, question = asked(name)
    exact = conserve(model, **question)
    for method in METHODS:
        account = attribute(model, method=method, **question)
        assert torch.allclose(account.logits, exact.logits, rtol=1e-6)
        assert account.adds_up == (method in EXACT)
        assert type(account) is Attributed and type(exact) is Conserved
        total = float(account.relevance.sum()) + sum(account.ledger.values())
        assert account.gap == pytest.approx(account.logit - total, abs=1e-12)
        note = ": adds up)" if method in EXACT else ": does not add up)"
        assert repr(account).startswith("Attributed(") and repr(account).endswith(note)
    lrp = attribute(model, method="lrp", **question)
    assert torch.equal(lrp.relevance, exact.relevance)


@pytest.mark.parametrize("name", ["BERT", "GPT-2", "Llama"])
def test_attention_in_one_function_is_attention_written_out(name):
    accounts = []
    for attention in ("eager", "sdpa"):
        model, question = asked(name, attention)
        question["x"] = torch.linspace(-1, 1, 80, dtype=DOUBLE).view(2, 5, 8)
        question["attention_mask"] = torch.ones(2, 5, dtype=torch.long)
        accounts.append(attribute(model, method="attnlrp", **question))
    eager, sdpa = accounts
    assert torch.allclose(eager.relevance, sdpa.relevance, rtol=1e-6, atol=1e-9)
    assert "torch.nn.functional.scaled_dot_product_attention" in sdpa.fired
    assert not eager.adds_up


def test_gradient_times_input_is_that():
    model, question = asked("BERT")
    x = question["x"].clone().requires_grad_()
    logits = model(inputs_embeds=x, attention_mask=question["attention_mask"]).logits
    (gradient,) = torch.autograd.grad(logits[[0, 1], [2, 1]].sum(), x)
    account = attribute(model, **question)
    assert torch.allclose(account.relevance, question["x"] * gradient, atol=1e-15)


@pytest.mark.parametrize("options", [{}, {"is_causal": True}, {"scale": 0.3}, {"enable_gqa": True}])
@pytest.mark.parametrize("mask", [None, "bool", "float"])
def test_halved_attention_has_the_functions_value(options, mask):
    """And half of what each product passes on: the gradients against those written out."""
    torch.manual_seed(0)
    heads = 1 if "enable_gqa" in options else 2
    query = torch.randn(3, 2, 5, 4, dtype=DOUBLE, requires_grad=True)
    key, value = torch.randn(2, 3, heads, 5, 4, dtype=DOUBLE).requires_grad_()
    masks = {}
    if mask and "is_causal" not in options:
        seen = torch.rand(5, 5) > 0.3
        seen |= torch.eye(5, dtype=torch.bool)
        masks = {"attn_mask": seen if mask == "bool" else torch.randn(5, 5, dtype=DOUBLE)}
    plain = F.scaled_dot_product_attention(query, key, value, **masks, **options)
    halved = halved_attention(F.scaled_dot_product_attention, query, key, value, **masks, **options)
    assert torch.allclose(halved, plain, rtol=1e-12, atol=1e-14)
    toward = torch.randn_like(plain)
    of_query, of_value = torch.autograd.grad((plain * toward).sum(), [query, value])
    half_query, half_value = torch.autograd.grad((halved * toward).sum(), [query, value])
    assert torch.allclose(half_value, of_value / 2, atol=1e-14)  # one product
    assert torch.allclose(half_query, of_query / 4, atol=1e-14)  # two


def test_what_conserve_refuses_is_the_gap_here():
    torch.manual_seed(0)
    model = randomised(nn.Sequential(nn.Linear(4, 6), nn.Softplus(), nn.Linear(6, 1)))
    x = torch.randn(2, 4, dtype=DOUBLE)
    with pytest.raises(ValueError, match="the ledger does not close"):
        conserve(model, x)
    account = attribute(model, x, method="lrp")
    assert not account.adds_up and abs(account.gap) > 1e-3
    own = attribute(model, x, method=())
    assert math.isclose(own.gap, account.gap) and "gap" in own._repr_html_()


def test_unknown_methods_and_silent_rules_are_named():
    model, x = nn.Linear(4, 1).double().eval(), torch.randn(2, 4, dtype=DOUBLE)
    with pytest.raises(ValueError, match="no method named 'attn-lrp'.*attnlrp"):
        attribute(model, x, method="attn-lrp")
    with pytest.raises(ValueError, match="the rules attention products never fired"):
        attribute(model, x, method=(ATTENTION_PRODUCTS,))


def test_the_documented_attention_times_gradient_runs():
    """R ← R + Ā R of the page, against its first two terms by hand in a model of one layer."""
    page = (ROOT / "docs/foreign-models.md").read_text(encoding="utf-8")
    (block,) = [part for part in page.split("```python")[1:] if "output_attentions" in part]
    sizes = {**SIZES, "num_hidden_layers": 1, "max_position_embeddings": 12}
    model = built("Bert", "ForSequenceClassification", sizes, "eager").requires_grad_()
    scope = {"model": model, "ids": RIGHT[:1], "mask": torch.ones_like(RIGHT[:1]), "torch": torch}
    exec(block.split("```")[0], scope)
    (attention,), (gradient,) = scope["out"].attentions, scope["gradients"]
    expected = torch.eye(6, dtype=DOUBLE) + (attention * gradient).relu()[0].mean(0)
    assert torch.allclose(scope["relevance"], expected) and scope["relevance"].shape == (6, 6)
