"""Float64 in models that cast to float32 inside.

What comes from x keeps its digits, and the model's constants are its own.
"""

import pytest
import torch
import torch.nn.functional as F
from foreign_cases import DOUBLE, SIZES, randomised, transformers
from torch import nn

from molxai.rules import Rules
from molxai.rules.conserve import conserve
from molxai.rules.recipes import PRECISION

OFFSET = 8000
"""Position of the first token: a rounded frequency times it is another angle."""

ROTARY = {
    "Llama eager": ("Llama", "eager", {"num_key_value_heads": 1}),
    "Llama sdpa": ("Llama", "sdpa", {"num_key_value_heads": 1}),
    "Mistral": ("Mistral", "sdpa", {"num_key_value_heads": 1}),
    "Qwen2": ("Qwen2", "eager", {"num_key_value_heads": 1}),
    "Phi": ("Phi", "sdpa", {}),
    "GPT-NeoX": ("GPTNeoX", "eager", {}),
    "Gemma": ("Gemma", "sdpa", {"num_key_value_heads": 1, "head_dim": 4}),
    "Starcoder2": ("Starcoder2", "eager", {"num_key_value_heads": 1}),
}
"""Families with rotary positions: the start of their classes' names, attention, further sizes."""


def far_along(name):
    """A small random model that looks at positions, and two sentences of five tokens.

    They begin at the offset.
    """
    family, attention, more = ROTARY[name]
    torch.manual_seed(0)
    special = {"vocab_size": 11, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    config = getattr(transformers, f"{family}Config")(
        attn_implementation=attention, **SIZES, **special, **more
    )
    model = randomised(
        getattr(transformers, f"{family}ForSequenceClassification")(config)
    ).requires_grad_(False)
    for part, weight in model.named_parameters():
        if weight.ndim == 2:  # large queries and keys, so that a wrong angle is seen in the output
            weight *= (
                30 if any(kind in part for kind in ("q_proj", "k_proj", "query_key_value")) else 2
            )
    x = torch.randn(2, 5, 8, dtype=DOUBLE)
    return model, x, {"position_ids": torch.arange(OFFSET, OFFSET + 5).expand(2, 5)}


@pytest.mark.parametrize("name", ROTARY)
def test_positions_far_along_are_the_models_own(name):
    model, x, inputs = far_along(name)
    with Rules((PRECISION,)):
        expected = model(inputs_embeds=x.clone().requires_grad_(), **inputs).logits[:, 1].detach()
    account = conserve(model, x, argument="inputs_embeds", target=1, **inputs)
    assert torch.allclose(account.logits, expected, rtol=1e-12, atol=1e-13)
    assert abs(account.gap) <= 1e-12 * float(account.relevance.abs().sum())
    near = conserve(
        model, x, argument="inputs_embeds", target=1, position_ids=inputs["position_ids"] - OFFSET
    )
    assert torch.allclose(near.relevance, account.relevance, atol=1e-2) and not torch.equal(
        near.relevance, account.relevance
    )


class Casting(nn.Module):
    """A layer, a function that casts, and a read-out."""

    def __init__(self, function):
        super().__init__()
        self.up, self.side, self.down, self.function = (
            nn.Linear(4, 6),
            nn.Linear(6, 6),
            nn.Linear(6, 1),
            function,
        )
        self.norm, self.scale = nn.LayerNorm(6), nn.Parameter(torch.rand(6))
        self.register_buffer("shift", torch.rand(6))

    def forward(self, x):
        return self.down(self.function(self, self.up(x)).to(x.dtype))


def norm_in_float32(m, h):
    return F.layer_norm(h.float(), (6,), m.norm.weight.float(), m.norm.bias.float()).to(h.dtype)


def changed_in_place(m, h):
    cast = h.float()
    cast.mul_(2).add_(m.scale.float())
    return cast + h


def constant_changed_in_place(m, h):
    cast = m.scale.float()
    return h * cast.mul_(2)


CASTS = {
    "a norm in float32": (norm_in_float32, {"norm.bias"}),
    "a layer in float32": (
        lambda m, h: F.linear(h.float(), m.side.weight.float(), m.side.bias.float()),
        {"side.bias"},
    ),
    "an added parameter": (lambda m, h: h.float() + m.scale.float(), {"scale"}),
    "an added buffer": (lambda m, h: (h + m.shift.type(torch.float32)).type_as(m.scale), {"shift"}),
    "a constant of the way": (lambda m, h: h.float() @ torch.ones(6, 6), set()),
    "a list of both": (lambda m, h: torch.cat([h.float(), m.scale.float()[None]])[:3], {"scale"}),
    "changed in place": (changed_in_place, {"scale"}),
    "a constant changed in place": (constant_changed_in_place, set()),
    "the type's name": (lambda m, h: h * len(h.type()), set()),
    "a learned frequency": (lambda m, h: h * torch.cos(OFFSET * m.scale.float()), set()),
    "a frequency in a buffer": (
        lambda m, h: h * torch.cos(OFFSET * m.shift.to(torch.float32)),
        set(),
    ),
}
"""What a model may cast, and which parts its ledger has beside the biases of the layers around."""


@pytest.mark.parametrize("name", CASTS)
def test_casts_lose_nothing(name):
    function, parts = CASTS[name]
    torch.manual_seed(0)
    model, x = randomised(Casting(function)), torch.randn(3, 4, dtype=DOUBLE)
    account = conserve(model, x)
    assert abs(account.gap) <= 1e-13 * float(account.relevance.abs().sum())
    assert set(account.ledger) - {"numbers"} == parts | {"up.bias", "down.bias"}
    with torch.no_grad():
        plain = model(x)[:, 0]
    assert torch.allclose(account.logits, plain, rtol=0, atol=1e-6)


def test_a_cast_constant_has_the_value_that_the_model_gave_it():
    """float32(b) is what is added, so float32(b) × gradient is its part, not b × gradient."""
    torch.manual_seed(0)
    model, x = (
        randomised(Casting(lambda m, h: h + m.scale.float())),
        torch.randn(1, 4, dtype=DOUBLE),
    )
    added = model.scale.detach().float().double() * model.down.weight.detach()[0]
    assert torch.allclose(conserve(model, x).parts["scale"], added, rtol=1e-15, atol=0)


def test_a_sum_that_a_model_makes_in_float32_is_told_as_such():
    """Written to a float32 tensor in place, the signal is rounded: the ledger misses that."""

    def summed(m, h):
        rows = torch.zeros(3, 6, dtype=torch.float32)
        return h + rows.index_add_(0, torch.arange(3), h.float())

    torch.manual_seed(0)
    model, x = randomised(Casting(summed)), torch.randn(3, 4, dtype=DOUBLE)
    with pytest.raises(ValueError, match="the ledger does not close.*index_add_"):
        conserve(model, x)
    assert abs(conserve(model.float(), x.float()).gap) < 1e-5


@pytest.mark.parametrize("cast", ["half", "bfloat16"])
def test_half_precision_is_refused(cast):
    """It is coarser than what a float64 ledger may move an output by."""
    model, x = randomised(Casting(lambda m, h: getattr(h, cast)())), torch.randn(3, 4, dtype=DOUBLE)
    with pytest.raises(ValueError, match=r"under the rules and .* without them"):
        conserve(model, x)
