"""Which factor of a product is the gate, and which products have none."""

import pytest
import torch
import torch.nn.functional as F
from foreign_cases import transformers
from test_foreign_limits import middle

from molxai.rules.conserve import conserve


def global_response(h, is_held=False):
    """ConvNeXt V2's norm: each channel times its length over the mean length."""
    length = h.norm(dim=0, keepdim=True)
    scale = length / length.mean(-1, keepdim=True)
    return h * (scale.detach() if is_held else scale)


def tanh_gelu(h):
    """GELU as transformers writes it out."""
    inner = 0.7978845608 * (h + 0.044715 * torch.pow(h, 3.0))
    return 0.5 * h * (1.0 + torch.tanh(inner))


def own_gate(gate, up, alpha=1.702):
    """GPT-OSS' gated layer."""
    return (up + 1) * (gate * torch.sigmoid(gate * alpha))


GATED = {
    "squared ReLU": (lambda m, h: torch.square(F.relu(h)), lambda m, h: F.relu(h)),
    "ReLU to the power 2": (lambda m, h: F.relu(h) ** 2, lambda m, h: F.relu(h)),
    "ReLU times itself": (
        lambda m, h: (lambda r: r * r)(F.relu(h)),
        lambda m, h: F.relu(h),
    ),
    "ReLU6": (lambda m, h: F.relu6(40 * h) / 40, lambda m, h: F.relu6(40 * h) / (40 * h)),
    "hardtanh": (lambda m, h: F.hardtanh(h, -0.1, 0.1), lambda m, h: F.hardtanh(h, -0.1, 0.1) / h),
    "a gated GELU, written out": (
        lambda m, h: tanh_gelu(m.side(h)) * h,
        lambda m, h: tanh_gelu(m.side(h)),
    ),
    "hard swish, written out": (
        lambda m, h: h * F.relu6(h + 3) / 6,
        lambda m, h: F.relu6(h + 3) / 6,
    ),
    "a gate, permuted and picked from": (
        lambda m, h: F.gelu(m.side(h))[..., [1, 0, 2, 3, 5, 4]].permute(1, 0).T * h,
        lambda m, h: F.gelu(m.side(h))[..., [1, 0, 2, 3, 5, 4]],
    ),
    "a gate, taken apart": (
        lambda m, h: torch.stack(
            [g * s for g, s in zip(F.gelu(m.side(h)).unbind(), h, strict=True)]
        ),
        lambda m, h: F.gelu(m.side(h)),
    ),
    "a gate of one channel": (
        lambda m, h: F.gelu(m.side(h)).select(1, 0)[:, None] * h,
        lambda m, h: F.gelu(m.side(h))[:, :1],
    ),
    "a gate in einsum": (
        lambda m, h: torch.einsum("bi,bi->bi", F.gelu(m.side(h)), h),
        lambda m, h: F.gelu(m.side(h)),
    ),
    "a gate in place": (lambda m, h: h.mul_(F.gelu(m.side(1 * h))), lambda m, h: F.gelu(m.side(h))),
    "a length": (
        lambda m, h: h * torch.linalg.vector_norm(h, dim=-1, keepdim=True),
        lambda m, h: h.norm(dim=-1, keepdim=True),
    ),
}
"""A function of h, and the gate g of which it is g · h."""


@pytest.mark.parametrize("name", GATED)
def test_a_gate_is_held(name):
    """Against the Jacobian with the gate held: down · diag(gate) · up."""
    function, gate = GATED[name]
    model, x = middle(function)
    account = conserve(model, x)
    held = gate(model, model.up(x).detach())
    dense = (model.down.weight * held) @ model.up.weight
    assert torch.allclose(account.relevance, x * dense.detach(), atol=1e-13)
    assert torch.allclose(account.logits, model(x)[:, 0], rtol=1e-12)


SPLIT = {
    "GLU": (F.glu, lambda a, b: a * b.sigmoid().detach()),
    "halves": (lambda h: F.silu(h.chunk(2, -1)[0]) * h.chunk(2, -1)[1], None),
    "split": (lambda h: F.silu(h.split(3, -1)[0]) * h.split(3, -1)[1], None),
    "GPT-OSS": (
        lambda h: own_gate(*h.chunk(2, -1)),
        lambda a, b: (b + 1) * (a * torch.sigmoid(1.702 * a)).detach(),
    ),
}


@pytest.mark.parametrize("name", SPLIT)
def test_a_layer_may_make_signal_and_gate_at_once(name):
    function, held = SPLIT[name]
    held = held or (lambda a, b: F.silu(a).detach() * b)
    model, x = middle(lambda m, h: function(m.side(h)).repeat(1, 2))
    account = conserve(model, x)
    x = x.requires_grad_()
    expected = model.down(held(*model.side(model.up(x)).chunk(2, -1)).repeat(1, 2)).sum()
    (gradient,) = torch.autograd.grad(expected, x)
    assert torch.allclose(account.relevance, (x * gradient).detach(), atol=1e-13)


UNDECIDED = {
    "GELU times its layer": lambda m, h: (lambda u: u * m.side(u))(F.gelu(h)),
    "ReLU times its layer": lambda m, h: (lambda u: m.side(u) * u)(F.relu(h)),
    "in another shape": lambda m, h: (lambda u: u.view(6, 3) * m.side(u).view(6, 3))(
        F.relu(h)
    ).view(3, 6),
    "GELU, written out": lambda m, h: (lambda u: u * m.side(u))(tanh_gelu(h)),
    "swish, written out": lambda m, h: (lambda u: u * m.side(u))(h * torch.sigmoid(h)),
    "a square times its root's layer": lambda m, h: (lambda u: u.square() * m.side(u))(F.relu(h)),
    "a length, written out": lambda m, h: (lambda u: u * u.square().sum(0, True).sqrt())(F.gelu(h)),
    "SwiGLU times a signal": lambda m, h: (lambda s: F.silu(s[:, :3]) * s[:, 3:] * h[:, :3])(
        m.side(h)
    ).repeat(1, 2),
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_both_factors_from_one_activation_are_refused(name):
    """A mark cannot decide which of the two is the gate."""
    model, x = middle(UNDECIDED[name])
    with pytest.raises(ValueError, match="of two things that both come from x"):
        conserve(model, x)


def test_global_response_norm_holds_its_norm():
    """The map of h · ‖h‖ / mean ‖h‖ is that of the same model with the norm detached."""
    model, x = middle(lambda m, h: global_response(F.gelu(h)))
    held, _ = middle(lambda m, h: global_response(F.gelu(h), is_held=True))
    account, expected = conserve(model, x), conserve(held, x)
    assert torch.allclose(account.relevance, expected.relevance, rtol=0, atol=1e-14)
    assert account.ledger == pytest.approx(expected.ledger, abs=1e-14)


def test_convnext_v2(monkeypatch):
    """A whole ConvNeXt V2 against the same model whose global response norm is detached."""
    from transformers.models.convnextv2 import modeling_convnextv2 as source

    torch.manual_seed(0)
    config = transformers.ConvNextV2Config(hidden_sizes=[8, 16], depths=[1, 1], num_stages=2)
    model = transformers.ConvNextV2ForImageClassification(config).double().eval()
    for name, weight in model.named_parameters():
        weight.requires_grad_(False)
        if "grn" in name:
            weight.copy_(torch.rand_like(weight) + 0.5)
    picture = torch.randn(1, 3, 16, 16, dtype=torch.float64)
    account = conserve(model, picture, target=1)

    def held(self, h):
        length = torch.linalg.vector_norm(h, ord=2, dim=(1, 2), keepdim=True).detach()
        scale = length / (length.mean(dim=-1, keepdim=True) + 1e-6)
        return self.weight * (h * scale) + self.bias + h

    monkeypatch.setattr(source.ConvNextV2GRN, "forward", held)
    expected = conserve(model, picture, target=1)
    assert abs(account.gap) <= 1e-12 and abs(float(account.logit - expected.logit)) <= 1e-12
    assert torch.allclose(account.relevance, expected.relevance, rtol=0, atol=1e-13)


def test_the_leak_finder_blames_no_innocents():
    """GELU with tanh has a number in its gate, which the measuring pass copies."""
    model, x = middle(lambda m, h: tanh_gelu(h) + h.new_ones(6))
    with pytest.raises(ValueError) as error:
        conserve(model, x)
    message = str(error.value).partition("Rows met")[0]
    assert "torch.Tensor.add of a constant made on the way" in message
    assert not any(word in message for word in ("mul", "pow", "tanh", "cannot be measured"))
