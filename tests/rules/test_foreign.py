"""Conservation in models that are not ours: each ledger closes, and no model is changed."""

import copy
import math
import re

import pytest
import torch
import torch.nn.functional as F
from foreign_cases import CASES, DOUBLE, Encoder, called, case, randomised
from torch import nn

import molxai
from molxai.rules import AH, LN, Rules, gamma
from molxai.rules.conserve import conserve
from molxai.rules.gates import GATES
from molxai.rules.recipes import EVERY, FAMILIES, PRECISION


@pytest.mark.parametrize("name", CASES)
def test_the_ledger_closes(name):
    family, model, x, inputs, part = case(name)
    with Rules((PRECISION,) if family == "Llama" else ()):
        expected = called(model, x.clone().requires_grad_(), inputs).detach()[[0, 1], [2, 1]]
    for rules in (EVERY, FAMILIES[family]):
        account = conserve(model, x, target=[2, 1], rules=rules, **inputs)
        assert torch.allclose(account.logits, expected, rtol=1e-12, atol=1e-13)
        assert abs(account.gap) <= 1e-9 * max(1.0, abs(account.logit))
        assert account.relevance.shape == x.shape and account.tokens.shape == x.shape[:-1]
        assert part in account.ledger and all(account.ledger.values())
        known = {"token_type_embeddings.weight", "position_embeddings.weight", "wpe.weight"}
        assert {
            ".".join(key.split(".")[-2:]) for key in account.ledger if key.endswith("weight")
        } <= known


@pytest.mark.parametrize("name", CASES)
def test_without_rules_it_does_not(name):
    """The families' rules are needed; their absence is an error and never a map."""
    _, model, x, inputs, _ = case(name)
    with pytest.raises(
        ValueError, match=r"the ledger does not close: .* is lost in torch\."
    ) as error:
        conserve(model, x, target=[2, 1], rules=(PRECISION,), **inputs)
    missing, whole = map(
        float, re.search(r"close: (\S+) of an output of (\S+) is", str(error.value)).groups()
    )
    assert abs(missing) > 1e-3 * abs(whole)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_rule_of_a_family_is_needed(family):
    name = next(name for name, (kind, *_) in CASES.items() if kind == family)
    _, model, x, inputs, _ = case(
        name if family != "nn.TransformerEncoder" else "nn.TransformerEncoder gelu pre-norm"
    )
    for rule in FAMILIES[family]:
        if rule is PRECISION:
            continue
        with pytest.raises(ValueError, match="the ledger does not close"):
            conserve(
                model,
                x,
                target=[2, 1],
                rules=[one for one in FAMILIES[family] if one is not rule],
                **inputs,
            )


@pytest.mark.parametrize(
    "name",
    [
        "nn.TransformerEncoder gelu post-norm",
        "BERT sdpa",
        "Llama eager",
        "ViT sdpa",
        "GPSConv, batch norm",
    ],
)
def test_nothing_is_left_behind(name):
    _, model, x, inputs, _ = case(name)
    next(model.parameters()).requires_grad_(False)
    given, before = x.clone(), copy.deepcopy(model.state_dict())
    flags = [one.requires_grad for one in model.parameters()]
    with torch.no_grad():
        inside = conserve(model, x, target=[2, 1], **inputs)
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        conserve(model, x, target=[2, 1], **inputs)
        assert torch.is_inference_mode_enabled()
    assert torch.equal(inside.relevance, conserve(model, x, target=[2, 1], **inputs).relevance)
    assert torch.equal(given, x) and not x.requires_grad and x.grad is None
    assert flags == [one.requires_grad for one in model.parameters()] and not model.training
    assert all(one.grad is None for one in model.parameters())
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())
    assert not any(
        m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in model.modules()
    )


def test_nothing_is_left_behind_after_an_exception():
    class Broken(Encoder):
        def forward(self, x):
            super().forward(x)
            raise RuntimeError("on the way")

    model, x = randomised(Broken()), torch.randn(1, 4, 8, dtype=DOUBLE)
    flags = [one.requires_grad for one in model.parameters()]
    with torch.no_grad():
        with pytest.raises(RuntimeError, match="on the way"):
            conserve(model, x, target=0)
        assert not torch.is_grad_enabled()
    assert flags == [one.requires_grad for one in model.parameters()] and not model.training
    scores = torch.randn(4, requires_grad=True)
    F.softmax(scores, -1)[0].backward()
    assert scores.grad.abs().sum() > 0


def test_company_does_not_matter():
    """Two sentences at once, one padded: what each gets alone; padding gets nothing."""
    _, model, x, inputs, _ = case("BERT sdpa")
    both = conserve(model, x, target=[2, 1], **inputs)
    for row, length in ((0, 5), (1, 3)):
        one = conserve(model, x[[row], :length], target=[2, 1][row], argument="inputs_embeds")
        assert torch.allclose(one.relevance[0], both.relevance[row, :length], rtol=0, atol=1e-13)
        assert float(one.logits[0]) == pytest.approx(float(both.logits[row]), rel=1e-12)
    assert not both.relevance[1, 3:].any()


def test_float32_closes_as_well():
    _, model, x, inputs, _ = case("ViT eager")
    account = conserve(model.float(), x.float(), target=1, **inputs)
    assert abs(account.gap) <= 1e-5 * (abs(account.logit) + float(account.relevance.abs().sum()))


def test_llama_in_float64_is_the_same_model():
    """The casts to float32 that are left out move its output by their rounding and no more."""
    _, model, x, inputs, _ = case("Llama eager")
    with torch.no_grad():
        plain = called(model, x, inputs)[:, 1]
    difference = (conserve(model, x, target=1, **inputs).logits - plain).abs().max()
    assert 0 < difference < 1e-6


def test_other_propagation_rules_can_be_added():
    """Sign-aware γ on top of a family's rules shares differently, and conserves."""
    _, model, x, inputs, _ = case("BERT eager")
    plain = conserve(model, x, target=1, rules=FAMILIES["BERT"], **inputs)
    account = conserve(model, x, target=1, rules=(*FAMILIES["BERT"], gamma(0.25)), **inputs)
    assert abs(account.gap) <= 1e-9 and not torch.allclose(
        plain.relevance, account.relevance, rtol=1e-3
    )


@pytest.mark.parametrize(
    "options",
    [{}, {"kdim": 6, "vdim": 5}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"bias": False}],
)
@pytest.mark.parametrize("weights", [True, False])
def test_multi_head_attention_is_a_constant_mixing_of_values(options, weights):
    """The inside of nn.MultiheadAttention against its own weights, written out."""
    torch.manual_seed(0)
    layer = randomised(nn.MultiheadAttention(8, 2, batch_first=True, **options))
    query, key = (
        torch.randn(2, 3, 8, dtype=DOUBLE),
        torch.randn(2, 4, options.get("kdim", 8), dtype=DOUBLE),
    )
    value = torch.randn(2, 4, options.get("vdim", 8), dtype=DOUBLE)
    bias, padding = (
        torch.randn(3, 4, dtype=DOUBLE),
        torch.tensor([[False] * 4, [False, False, False, True]]),
    )
    masks = {
        "attn_mask": bias,
        "key_padding_mask": torch.zeros(2, 4, dtype=DOUBLE).masked_fill(padding, -math.inf),
    }

    def read(layer, value, query, key, **masks):
        return layer(query, key, value, need_weights=weights, **masks)[0][:, :, 3].sum()

    account = conserve(
        layer,
        value,
        call=read,
        target=lambda out: out,
        rules=(AH,),
        query=query,
        key=key,
        **(masks if "vdim" not in options else {}),
    )
    assert abs(account.gap) <= 1e-12
    assert set(account.ledger) <= {"in_proj_bias", "out_proj.bias", "bias_v"}
    with torch.no_grad():
        used = masks if "vdim" not in options else {}
        mixing = layer(query, key, value, need_weights=True, average_attn_weights=False, **used)[1][
            ..., :4
        ]
        project = layer.v_proj_weight if "vdim" in options else layer.in_proj_weight[16:]
        heads = (value @ project.T).view(2, 4, 2, 4).permute(0, 2, 1, 3)
        mixed = torch.einsum("bhqk,bhkw->bhkw", mixing, heads).permute(0, 2, 1, 3).reshape(2, 4, 8)
        assert torch.allclose(account.tokens, mixed @ layer.out_proj.weight[3], atol=1e-12)


def test_the_front_door():
    assert molxai.conserve is conserve and set(FAMILIES) == {
        family for family, *_ in CASES.values()
    }
    assert GATES in EVERY and LN in EVERY
