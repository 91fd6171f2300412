"""The routing rule against a dense formula, and what it must leave alone."""

import math

import pytest
import torch
import torch.nn.functional as F
from conftest import CONFIGS, batch, random_model

from molxai.rules import ACTIVATION, AH, LN, routing, rules
from molxai.rules.routing import log_mean


@pytest.fixture(autouse=True)
def double():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def leaves(*shapes):
    return [torch.randn(shape, requires_grad=True) for shape in shapes]


def attend(q, k, v, bias):
    """The Graphormer's attention, written out."""
    scores = torch.baddbmm(bias, q, k.transpose(1, 2), alpha=q.shape[-1] ** -0.5)
    return F.softmax(scores, dim=-1) @ v


def parts(output, inputs):
    """Relevance of each input, as a sum; masked scores are −∞ and take nothing."""
    gradients = torch.autograd.grad(output, inputs)
    pairs = zip(inputs, gradients, strict=True)
    return [float(torch.where(g == 0, 0.0, x * g).detach().sum()) for x, g in pairs]


def assert_sum(shares, output):
    size = sum(map(abs, shares))
    assert abs(sum(shares) - float(output.detach())) <= 1e-12 * max(1.0, size)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 10.0, 60.0])
def test_everything_that_goes_in_comes_out(alpha, scale):
    q, k, v = leaves((2, 9, 5), (2, 9, 5), (2, 9, 4))
    bias = (scale * torch.randn(2, 9, 9)).index_fill(2, torch.tensor([7, 8]), -math.inf)
    bias.requires_grad_()
    with rules(routing(alpha)):
        output = (attend(scale * q, k, v, bias) * torch.randn(9, 4)).sum()
    shares = parts(output, [v] if alpha == 0 else [q, k, bias, v])
    assert_sum(shares, output)
    assert alpha == 0 or scale == 0 or min(map(abs, shares)) > 0


def test_a_dense_formula_of_the_scores():
    """g_k = α L_k (r_k − Σ L r / Σ L), one number at a time."""
    (scores,) = leaves((6,))
    paid, alpha = torch.randn(6), 0.4
    with rules(routing(alpha)):
        output = F.softmax(scores, dim=-1)
    (gradient,) = torch.autograd.grad(output, scores, paid)
    a = scores.detach().softmax(0).tolist()
    uniform = 1 / len(a)
    means = [(one - uniform) / (math.log(one) - math.log(uniform)) for one in a]
    pairs = list(zip(means, paid.tolist(), strict=True))
    mean = math.fsum(m * r for m, r in pairs) / math.fsum(means)
    expected = torch.tensor([alpha * m * (r - mean) for m, r in pairs])
    assert torch.allclose(gradient, expected, rtol=0, atol=1e-14)


def test_the_logarithmic_mean_is_an_integral():
    """L(a, b) = ∫₀¹ aᵗ b¹⁻ᵗ dt (Carlson 1972, equation 1), here by Gauss-Legendre quadrature."""
    import numpy as np

    places, weights = np.polynomial.legendre.leggauss(60)
    for a, b in ((0.9, 0.1), (1e-8, 0.2), (0.25, 0.25 + 1e-5), (0.25, 0.25 * 1.0011), (0.3, 0.3)):
        t = (places + 1) / 2
        integral = float((weights / 2 * a**t * b ** (1 - t)).sum())
        mean = b * float(log_mean(torch.tensor(math.log(a / b))))
        assert mean == pytest.approx(integral, rel=1e-13)


def test_scores_take_an_integral_along_a_path():
    """α ∫ r · da(t), with a(t) the normalised geometric way from uniform attention to a.

    Along it every score grows evenly, s(t) = t s, so the integral splits over the scores: score k
    has s_k ∫ a_k(t) (r_k − Σ a(t) r) dt by the softmax's own derivative. The rule has the same
    total, and is that integral itself if attention is nearly uniform, up to the third order.
    """
    import numpy as np

    places, weights = np.polynomial.legendre.leggauss(80)
    alpha, paid = 0.6, torch.randn(4)
    for size in (1e-3, 1.0, 5.0):
        scores = (size * torch.randn(4)).requires_grad_()
        with rules(routing(alpha)):
            output = F.softmax(scores, dim=-1)
        (gradient,) = torch.autograd.grad(output, scores, paid)
        s = scores.detach() - scores.detach().mean()
        along = torch.zeros(4)
        for place, weight in zip((places + 1) / 2, weights / 2, strict=True):
            a = (place * s).softmax(0)
            along += weight * a * (paid - (a * paid).sum())
        integral = alpha * s * along
        assert float((s * gradient).sum()) == pytest.approx(float(integral.sum()), abs=1e-13)
        if size < 1:
            assert torch.allclose(s * gradient, integral, rtol=0, atol=size**2)


def test_values_take_what_the_scores_leave():
    q, k, v = leaves((1, 5, 3), (1, 5, 3), (1, 5, 2))
    bias = torch.zeros(1, 5, 5, requires_grad=True)
    weights = torch.randn(1, 5, 2)
    with rules(routing(0.25)):
        output = attend(q, k, v, bias)
    (gradient,) = torch.autograd.grad(output, v, weights)
    a = (q @ k.transpose(1, 2) / 3**0.5).softmax(-1).detach()
    kept = a - 0.25 * (a - 1 / 5)
    assert torch.allclose(gradient, kept.transpose(1, 2) @ weights, rtol=0, atol=1e-14)


MASKS = {
    "none": {},
    "causal": {"is_causal": True},
    "bool": {"attn_mask": (torch.arange(7) < 5).expand(7, 7)},
    "numbers": {"attn_mask": torch.linspace(-2, 2, 49, dtype=torch.float64).reshape(7, 7)},
    "a row without keys": {"attn_mask": torch.arange(7)[:, None] > torch.zeros(7)},
    "scale": {"scale": 0.7},
    "groups": {"enable_gqa": True},
}


@pytest.mark.parametrize("mask", MASKS)
def test_fused_attention_is_the_same_rule(mask):
    options = MASKS[mask]
    groups = 2 if options.get("enable_gqa") else 4
    q, k, v = leaves((2, 4, 7, 3), (2, groups, 7, 3), (2, groups, 7, 5))
    with rules(routing(0.5)):
        output = F.scaled_dot_product_attention(q, k, v, **options)
    assert torch.allclose(output, F.scaled_dot_product_attention(q, k, v, **options), atol=1e-14)
    weights = torch.randn(output.shape)
    shares = parts((output * weights).sum(), [q, k, v])
    if mask != "numbers":  # these have a part of their own
        assert_sum(shares, (output * weights).sum())
    again = [x.detach().clone().requires_grad_() for x in (q, k, v)]
    repeated = again[0], *(x.repeat_interleave(4 // groups, 1) for x in again[1:])
    written = {name: options[name] for name in ("attn_mask", "is_causal") if name in options}
    with rules(routing(0.5)):
        scores = repeated[0] @ repeated[1].transpose(2, 3) * options.get("scale", 3**-0.5)
        if "is_causal" in written:
            scores = scores + torch.full((7, 7), -math.inf).triu(1)
        elif "attn_mask" in written and written["attn_mask"].dtype == torch.bool:
            scores = scores.masked_fill(~written["attn_mask"], -math.inf)
        elif "attn_mask" in written:
            scores = scores + written["attn_mask"]
        y = F.softmax(scores, -1) @ repeated[2]
    rows = ~y.isnan()  # written out, a row without keys is no number
    if rows.all():
        assert torch.allclose(y, output, atol=1e-14)
        assert parts((y * weights).sum(), again) == pytest.approx(shares, abs=1e-12)


def test_no_share_of_routing_is_the_ah_rule():
    assert routing(0) is AH


@pytest.mark.parametrize("bias", [-50, -95, -100, -104, -400, -800, -4000])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_a_weight_too_small_for_its_type_is_no_mask(bias, dtype, tolerance):
    """Against the formula with the logarithms of attention, which stay numbers at any size."""
    scores = torch.randn(6) + torch.tensor([0, 0, 0, bias, 0, bias - 1])
    paid, alpha = torch.randn(6), 0.5
    inputs = [x.to(dtype).requires_grad_() for x in (scores[None], paid[:, None])]
    with rules(routing(alpha)):
        output = (F.softmax(inputs[0], -1) @ inputs[1]).sum()
    of_scores, of_values = torch.autograd.grad(output, inputs)
    s = scores.to(dtype).tolist()
    whole = max(s) + math.log(math.fsum(math.exp(one - max(s)) for one in s))
    logs = [one - whole for one in s]
    means = [(math.exp(log) - 1 / 6) / (log + math.log(6)) for log in logs]
    mean = math.fsum(m * r for m, r in zip(means, paid.tolist(), strict=True)) / math.fsum(means)
    expected = [alpha * m * (r - mean) for m, r in zip(means, paid.tolist(), strict=True)]
    kept = [math.exp(log) - alpha * (math.exp(log) - 1 / 6) for log in logs]
    assert of_scores[0].tolist() == pytest.approx(expected, rel=tolerance)
    assert of_values[:, 0].tolist() == pytest.approx(kept, rel=tolerance)


@pytest.mark.parametrize("mask", [-10_000.0, -1e9, torch.finfo(torch.float32).min, -math.inf])
def test_a_mask_leaves_the_others_alone(mask):
    scores, values = torch.randn(2, 4), torch.randn(4, 3)
    expected = None
    for last in (mask, -math.inf):
        s = torch.cat([scores[:, :3], torch.full((2, 1), last)], 1).requires_grad_()
        with rules(routing(0.5)):
            output = (F.softmax(s, -1) @ values).sum()
        (gradient,) = torch.autograd.grad(output, s)
        assert (gradient[:, 3] == 0).all()
        expected = gradient if expected is None else expected
        assert torch.allclose(gradient, expected, atol=1e-15)


@pytest.mark.parametrize("alpha", [-0.1, 1.5, math.nan])
def test_a_share_is_from_0_to_1(alpha):
    with pytest.raises(ValueError, match="a number from 0 to 1 is needed"):
        routing(alpha)


def test_dropout_is_refused():
    q, k, v = leaves((1, 3, 2), (1, 3, 2), (1, 3, 2))
    with pytest.raises(ValueError, match="put the model in evaluation mode"), rules(routing(0.5)):
        F.scaled_dot_product_attention(q, k, v, dropout_p=0.1)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_network_adds_up_with_its_structure(name):
    """Nodes, token, biases and the structural bias together are the logit."""
    model = random_model(CONFIGS[name])
    graphs = batch()
    tokens = model.embed(graphs).detach().requires_grad_()
    for table in (model.structure.pairs, model.structure.token):
        table.requires_grad_()
    with rules(routing(0.5), LN, ACTIVATION) as mode:
        output = model.predict(tokens, graphs)[:, 0].sum()
    inputs = [tokens, model.structure.pairs, model.structure.token, *mode.biases]
    shares = parts(output, inputs)
    assert_sum(shares, output)
    assert abs(shares[1]) > 0
