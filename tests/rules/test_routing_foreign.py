"""Routing in other people's models: biases of attention are parts, and the ledger closes."""

import math

import pytest
import torch
import torch.nn.functional as F
from foreign_cases import CASES, DOUBLE, MASK, case, randomised, transformers
from test_foreign_limits import middle
from torch import nn

from molxai.rules import Rule, Rules, routing
from molxai.rules.conserve import conserve
from molxai.rules.recipes import EVERY

ALPHA = 0.4
ROUTED = (*EVERY, routing(ALPHA))
WORDS = {"vocab_size": 11, "num_labels": 3, "pad_token_id": 0}


def sentences(model):
    return (
        large(model),
        torch.randn(2, 5, 8, dtype=DOUBLE),
        {"argument": "inputs_embeds", "attention_mask": MASK},
    )


def large(model):
    """Large weights, so that attention is far from uniform."""
    model = randomised(model).requires_grad_(False)
    for weight in model.parameters():
        if weight.ndim == 2:
            weight *= 8
    return model


def t5(attention, layers=2):
    config = transformers.T5Config(
        vocab_size=11,
        d_model=8,
        d_kv=4,
        d_ff=12,
        num_layers=layers,
        num_heads=2,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=8,
        attn_implementation=attention,
    )
    model, x, inputs = sentences(transformers.T5EncoderModel(config))
    return model, x, {**inputs, "target": lambda out: out.last_hidden_state[:, 0, 3].sum()}


def bloom(attention):
    config = transformers.BloomConfig(hidden_size=8, n_layer=2, n_head=2, **WORDS)
    model, x, inputs = sentences(transformers.BloomForSequenceClassification(config))
    for block in model.transformer.h:  # its own is an autograd.Function, which no rule sees
        block.mlp.gelu_impl = nn.GELU("tanh")
    return model.eval(), x, {**inputs, "target": 1}


def falcon(attention):
    config = transformers.FalconConfig(
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        alibi=True,
        attn_implementation=attention,
        **WORDS,
    )
    model, x, inputs = sentences(transformers.FalconForSequenceClassification(config))
    return model, x, {**inputs, "target": 1}


def mpt(attention):
    config = transformers.MptConfig(d_model=8, n_layers=2, n_heads=2, max_seq_len=9, **WORDS)
    model, x, inputs = sentences(transformers.MptForSequenceClassification(config))
    return model, x, {**inputs, "target": 1}


def swin(attention):
    config = transformers.SwinConfig(
        image_size=16,
        patch_size=2,
        embed_dim=8,
        depths=[2, 2],
        num_heads=[2, 2],
        window_size=4,
        num_labels=3,
        attn_implementation=attention,
    )
    model = large(transformers.SwinForImageClassification(config))
    return model, torch.randn(2, 3, 16, 16, dtype=DOUBLE), {"target": 1}


def beit(attention):
    config = transformers.BeitConfig(
        image_size=8,
        patch_size=4,
        hidden_size=8,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=12,
        num_labels=3,
        out_indices=[1, 2, 3, 4],
        use_relative_position_bias=True,
        attn_implementation=attention,
    )
    model = large(transformers.BeitForImageClassification(config))
    return model, torch.randn(2, 3, 8, 8, dtype=DOUBLE), {"target": 1}


BIASES = {
    "T5 eager": (t5, "eager", "relative_attention_bias.weight"),
    "T5 sdpa": (t5, "sdpa", "relative_attention_bias.weight"),
    "Bloom": (bloom, "eager", "constant"),
    "Falcon": (falcon, "eager", "constant"),
    "MPT": (mpt, "eager", "constant"),
    "Swin eager": (swin, "eager", "relative_position_bias_table"),
    "Swin sdpa": (swin, "sdpa", "relative_position_bias_table"),
    "BEiT eager": (beit, "eager", "relative_position_bias_table"),
    "BEiT sdpa": (beit, "sdpa", "relative_position_bias_table"),
}
"""Families with an additive bias of attention, and the start or end of the name of its part."""


@pytest.mark.parametrize("name", BIASES)
def test_biases_of_attention_are_parts(name):
    build, attention, part = BIASES[name]
    torch.manual_seed(0)
    model, x, inputs = build(attention)
    account, fixed = conserve(model, x, rules=ROUTED, **inputs), conserve(model, x, **inputs)
    size = float(account.relevance.abs().sum() + account.logits.abs().sum())
    assert abs(account.gap) <= 1e-9 * size
    biases = [key for key in account.parts if key.startswith(part) or key.endswith(part)]
    assert biases and all(account.parts[key].any() for key in biases)
    assert not any(key.startswith(part) or key.endswith(part) for key in fixed.parts)
    assert float((account.relevance - fixed.relevance).abs().sum()) > 1e-6 * size


@pytest.mark.parametrize("name", [name for name in CASES if "Conv," not in name[:17]])
def test_every_family_closes(name):
    """Not those whose softmax is written out over edges: they call no function of the rule."""
    family, model, x, inputs, _ = case(name)
    if family.startswith(("TransformerConv", "GATv2Conv")):
        with pytest.raises(ValueError, match="never fired"):
            conserve(model, x, target=[2, 1], rules=ROUTED, **inputs)
        return
    account = conserve(model, x, target=[2, 1], rules=ROUTED, **inputs)
    assert abs(account.gap) <= 1e-9 * max(1.0, abs(account.logit))


def dense_scores(a, paid):
    """α · L · (r − Σ L r / Σ L) of the scores of each query, one number at a time."""
    gradient = torch.zeros_like(a)
    for place in torch.cartesian_prod(*map(torch.arange, a.shape[:-1])).tolist():
        weights, r = a[tuple(place)].tolist(), paid[tuple(place)].tolist()
        uniform = 1 / sum(weight > 0 for weight in weights)
        means = []
        for weight in weights:
            same = weight == uniform or weight == 0
            ratio = 1.0 if same else math.log(weight / uniform)
            means.append(weight if same else (weight - uniform) / ratio)
        mean = sum(m * one for m, one in zip(means, r, strict=True)) / sum(means)
        shares = [ALPHA * m * (one - mean) for m, one in zip(means, r, strict=True)]
        gradient[tuple(place)] = torch.tensor(shares, dtype=DOUBLE)
    return gradient


def test_each_bucket_of_t5_by_the_dense_formula():
    """Relevance of the distances' table, from attention and what it is paid, without the rule."""
    torch.manual_seed(0)
    model, x, inputs = t5("eager", layers=1)
    account = conserve(model, x, rules=ROUTED, **inputs)
    taken = []

    def leaf(func, scores, *args, **kwargs):
        taken.append(scores.detach().softmax(-1).requires_grad_())
        return taken[-1]

    with Rules((*EVERY, Rule("leaf", {F.softmax: leaf}))):
        out = model(inputs_embeds=x.clone().requires_grad_(), attention_mask=MASK)
    inputs["target"](out).backward()
    (a,) = taken
    gradient = dense_scores(a.detach(), a.grad)  # (batch, heads, queries, keys)
    layer = model.encoder.block[0].layer[0].SelfAttention
    buckets = layer._relative_position_bucket(
        torch.arange(5)[None] - torch.arange(5)[:, None], num_buckets=8, max_distance=8
    )
    table = layer.relative_attention_bias.weight.detach()
    expected = torch.zeros_like(table)
    for q in range(5):
        for k in range(5):
            bucket = int(buckets[q, k])
            expected[bucket] += table[bucket] * gradient[:, :, q, k].sum(0)
    part = account.parts["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"]
    assert torch.allclose(part, expected, rtol=0, atol=1e-12) and part.abs().max() > 1e-3


OPTIONS = [
    {},
    {"kdim": 6, "vdim": 5},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"bias": False},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("alpha", [0, ALPHA])
def test_multi_head_attention_is_torchs_own(options, weights, alpha):
    """Written out it gives what torch gives, and queries, keys and the mask have their parts."""
    torch.manual_seed(0)
    layer = randomised(nn.MultiheadAttention(8, 2, **options))
    query = 3 * torch.randn(3, 2, 8, dtype=DOUBLE)
    key = torch.randn(4, 2, options.get("kdim", 8), dtype=DOUBLE)
    value = torch.randn(4, 2, options.get("vdim", 8), dtype=DOUBLE)
    inputs = {
        "query": query,
        "key": key,
        "attn_mask": torch.randn(3, 4, dtype=DOUBLE),
        "key_padding_mask": torch.zeros(2, 4, dtype=DOUBLE).masked_fill(
            torch.tensor([[False] * 4, [False, False, False, True]]), -math.inf
        ),
    }

    def read(layer, value, query, key, **masks):
        return layer(query, key, value, need_weights=weights, **masks)

    plain = read(layer, value, **inputs)
    with Rules((routing(alpha),)):
        written = read(layer, value, **inputs)
    assert torch.allclose(plain[0], written[0], atol=1e-13)
    assert (plain[1] is None) is (not weights)
    assert not weights or torch.allclose(plain[1], written[1], atol=1e-13)
    account = conserve(
        layer,
        value,
        call=read,
        target=lambda out: out[0][:, :, 3].sum(),
        rules=(routing(alpha),),
        **inputs,
    )
    assert abs(account.gap) <= 1e-12
    scores = {"query (input)", "key (input)", "attn_mask (input)"}
    assert scores.isdisjoint(account.ledger) if alpha == 0 else scores <= set(account.ledger)
    assert alpha == 0 or min(abs(account.ledger[name]) for name in scores) > 1e-6


@pytest.mark.parametrize("options", [{}, {"average_attn_weights": False}, {"is_causal": True}])
def test_multi_head_attention_of_one_sequence(options):
    torch.manual_seed(0)
    layer, x = randomised(nn.MultiheadAttention(8, 2)), torch.randn(4, 8, dtype=DOUBLE)
    mask = torch.ones(4, 4, dtype=torch.bool).triu(1)
    plain = layer(x, x, x, attn_mask=mask, **options)
    with Rules((routing(ALPHA),)):
        written = layer(x, x, x, attn_mask=mask, **options)
    for one, other in zip(plain, written, strict=True):
        assert torch.allclose(one, other, atol=1e-14)


class Attention(nn.Module):
    """Attention of one head, with a product that is given."""

    def __init__(self, scores, mix, axis=-1):
        super().__init__()
        self.scores, self.mix, self.axis = scores, mix, axis
        self.q, self.k, self.v = nn.Linear(4, 6), nn.Linear(4, 6), nn.Linear(4, 6)
        self.values, self.out = nn.Parameter(torch.randn(2, 5, 6)), nn.Linear(6, 1)

    def forward(self, x):
        scores = self.scores(self.q(x), self.k(x))
        a = F.softmax(scores, self.axis)
        return self.out(self.mix(a, self.v(x), self.values))[:, 0]


def attention(*parts):
    torch.manual_seed(0)
    model = randomised(Attention(*parts))
    return model, 2 * torch.randn(2, 5, 4, dtype=DOUBLE)


def by_matmul(q, k):
    return q @ k.transpose(1, 2)


def mixed(a, v, values):
    return a @ v


def test_einsum_is_the_same_attention():
    model, x = attention(by_matmul, mixed)
    summed, _ = attention(
        lambda q, k: torch.einsum("bqd,bkd->bqk", q, k),
        lambda a, v, values: torch.einsum("bkd,bqk->bqd", v, a),
    )
    expected, account = conserve(model, x, rules=ROUTED), conserve(summed, x, rules=ROUTED)
    assert abs(account.gap) <= 1e-12 and account.ledger == pytest.approx(expected.ledger)
    assert torch.allclose(account.relevance, expected.relevance, rtol=0, atol=1e-13)


def test_a_memory_has_what_the_scores_leave():
    """Values that do not come from x: they have their part, and the scores theirs."""
    model, x = attention(by_matmul, lambda a, v, values: a @ values)
    account = conserve(model, x, rules=ROUTED)
    assert abs(account.gap) <= 1e-12 and "values" in account.ledger
    assert float(account.relevance.abs().sum()) > 1e-3


def test_over_another_axis_attention_is_a_constant():
    model, x = attention(by_matmul, mixed, 1)
    account, fixed = conserve(model, x, rules=ROUTED), conserve(model, x)
    assert torch.equal(account.relevance, fixed.relevance)


def test_a_query_whose_keys_are_all_masked():
    """By the least number, as transformers does: it attends evenly, and its scores have no part."""
    low = torch.finfo(DOUBLE).min
    mask = torch.zeros(5, 5, dtype=DOUBLE).index_fill(0, torch.tensor([0, 2]), low)
    model, x = attention(lambda q, k: by_matmul(q, k) + mask, mixed)
    account = conserve(model, x, rules=ROUTED, target=0, call=lambda model, x: model(x))
    assert abs(account.gap) <= 1e-12 * float(account.relevance.abs().sum())
    assert not any(name.startswith("constant") for name in account.ledger)


def test_constants_on_the_way_are_no_parts_without_routing():
    model, x = middle(lambda m, h: h + torch.arange(6.0))
    with pytest.raises(ValueError, match="of a constant made on the way"):
        conserve(model, x)


PIECES = {
    "queries": lambda a, v, values: torch.cat([a[:, :2] @ v, a[:, 2:] @ v], 1),
    "keys": lambda a, v, values: a[:, :, :3] @ v[:, :3] + a[:, :, 3:] @ v[:, 3:],
}


@pytest.mark.parametrize("cut", PIECES)
def test_attention_in_pieces_is_the_same_attention(cut):
    model, x = attention(by_matmul, mixed)
    pieces, _ = attention(by_matmul, PIECES[cut])
    expected, account = conserve(model, x, rules=ROUTED), conserve(pieces, x, rules=ROUTED)
    assert torch.allclose(account.relevance, expected.relevance, rtol=0, atol=1e-13)


def test_attention_that_is_used_otherwise_is_an_error_that_says_so():
    model, x = attention(by_matmul, lambda a, v, values: (2 * a) @ v)
    with pytest.raises(ValueError, match="routing needs attention that is multiplied with values"):
        conserve(model, x, rules=ROUTED)


WRITTEN = {
    "exp": lambda s: s.exp() / s.exp().sum(-1, keepdim=True),
    "log_softmax": lambda s: s.log_softmax(-1).exp(),
}


@pytest.mark.parametrize("softmax", WRITTEN)
def test_a_softmax_that_is_written_out_is_not_met(softmax):
    """The products of queries and keys alone are not routing."""
    model, x = middle(lambda m, h: WRITTEN[softmax](h @ h.T) @ h)
    with pytest.raises(ValueError, match="never fired"):
        conserve(model, x, rules=ROUTED)


EXPERTS = {
    "Mixtral": ("MixtralConfig", "MixtralForSequenceClassification", {"num_local_experts": 4}),
    "Qwen2-MoE": ("Qwen2MoeConfig", "Qwen2MoeForSequenceClassification", {"num_experts": 4}),
    "GPT-OSS": (
        "GptOssConfig",
        "GptOssForSequenceClassification",
        {"num_local_experts": 4, "num_experts_per_tok": 2, "head_dim": 4},
    ),
}


@pytest.mark.parametrize("name", EXPERTS)
def test_the_choice_of_experts_is_no_attention(name):
    """It stays a gate. GPT-OSS' attention has a sink, a key without a value."""
    configuration, network, options = EXPERTS[name]
    sizes = {
        "hidden_size": 8,
        "intermediate_size": 12,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
    }
    config = getattr(transformers, configuration)(**WORDS, **sizes, **options)
    config._experts_implementation = "eager"
    torch.manual_seed(0)
    model = randomised(getattr(transformers, network)(config))
    ids = {"input_ids": torch.tensor([[4, 1, 7, 3, 9]])}
    at = model.get_input_embeddings()
    account = conserve(model, at=at, target=1, rules=ROUTED, **ids)
    held = conserve(model, at=at, target=1, **ids)
    size = float(account.relevance.abs().sum()) + abs(account.logit)
    assert abs(account.gap) <= 1e-9 * size
    assert float((account.relevance - held.relevance).abs().sum()) > 1e-6 * size


@pytest.mark.parametrize("std", [0.1, 0.2, 0.5])
def test_swins_mask_is_a_bias_in_float32_too(std):
    """Its −100 makes weights that are zero in float32, and not in float64."""
    torch.manual_seed(0)
    model, x, inputs = swin("sdpa")
    for weight in model.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=std)
    exact = conserve(model, x, rules=ROUTED, **inputs)
    account = conserve(model.float(), x.float(), rules=ROUTED, **inputs)
    terms = float(account.relevance.abs().sum())
    assert abs(account.gap) <= 1e-6 * terms
    assert float((account.relevance - exact.relevance).abs().sum()) <= 1e-4 * terms
