"""Each rule against an independent dense formula, written with explicit Jacobians."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from molxai.rules import ACTIVATION, AH, LN, PRODUCT, epsilon, gamma, residual, rules


@pytest.fixture(autouse=True)
def double():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def jacobian(function, x, *tables):
    """∂y/∂x row by row, with the rules on."""
    x = x.clone().requires_grad_()
    with rules(*tables):
        y = function(x)
    rows = [
        torch.autograd.grad(y, x, one, retain_graph=True)[0].flatten()
        for one in torch.eye(y.numel()).reshape(-1, *y.shape)
    ]
    return torch.stack(rows)


def test_layer_norm_is_centring_times_a_constant():
    """Ali et al. 2022, LN rule as a matrix: y = (x − E[x]) / [√(ε + Var x)], brackets constant."""
    x, norm = torch.randn(6), nn.LayerNorm(6)
    norm.weight.data = torch.randn(6)
    scale = 1 / torch.sqrt(((x - x.mean()) ** 2).mean() + norm.eps)
    dense = torch.diag(norm.weight.detach()) @ (torch.eye(6) - torch.full((6, 6), 1 / 6)) * scale
    assert torch.allclose(jacobian(norm, x.unsqueeze(0), LN), dense, atol=1e-13)


def test_freezing_the_mean_as_well_would_be_another_rule():
    x, norm = torch.randn(1, 6), nn.LayerNorm(6)
    columns = jacobian(norm, x, LN).sum(1)
    assert torch.allclose(
        columns, torch.zeros(6), atol=1e-12
    )  # a shift of all inputs changes nothing: the centring is linear


def test_attention_is_a_constant_mixing_matrix():
    q, k, x = torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 2)
    mixing = torch.softmax(q @ k.T, -1)

    def attend(values):
        return F.softmax((q + values.sum()) @ (k + values.sum()).T, -1) @ values

    shifted = torch.softmax((q + x.sum()) @ (k + x.sum()).T, -1)
    assert not torch.allclose(mixing, shifted)
    assert torch.allclose(jacobian(attend, x, AH), torch.kron(shifted, torch.eye(2)), atol=1e-13)


def test_fused_attention_is_the_same_rule():
    x = torch.randn(1, 1, 4, 3)
    weights = torch.softmax(x @ x.transpose(2, 3) / 3**0.5, -1)[0, 0]
    dense = torch.kron(weights, torch.eye(3))
    assert torch.allclose(
        jacobian(lambda v: F.scaled_dot_product_attention(v, v, v), x, AH), dense, atol=1e-13
    )


GATES = {
    "gelu": (F.gelu, lambda x: 0.5 * (1 + torch.erf(x / 2**0.5))),
    "silu": (F.silu, lambda x: 1 / (1 + torch.exp(-x))),
    "tanh": (torch.tanh, lambda x: torch.tanh(x) / x),
    "relu": (F.relu, lambda x: (x > 0).double()),
}


@pytest.mark.parametrize("name", GATES)
def test_activations_are_gates(name):
    function, gate = GATES[name]
    x = torch.randn(7)
    assert torch.allclose(jacobian(function, x, ACTIVATION), torch.diag(gate(x)), atol=1e-13)


def test_tanh_approximated_gelu_is_a_gate():
    x = torch.randn(7)
    gate = F.gelu(x, approximate="tanh") / x
    assert torch.allclose(
        jacobian(lambda v: F.gelu(v, approximate="tanh"), x, ACTIVATION),
        torch.diag(gate),
        atol=1e-13,
    )


@pytest.mark.parametrize("function", [torch.tanh, F.gelu, F.silu])
def test_gates_survive_zero(function):
    x = torch.zeros(3, requires_grad=True)
    with rules(ACTIVATION):
        y = function(x)
    assert torch.equal(y, torch.zeros(3)) and torch.autograd.grad(y.sum(), x)[0].isfinite().all()


def test_weights_are_constants_and_keep_their_own_gradients():
    layer, norm, x = nn.Linear(3, 2), nn.LayerNorm(3), torch.randn(4, 3, requires_grad=True)
    with rules():
        y = F.linear(norm(x), layer.weight, bias=layer.bias).sum()
    y.backward()
    assert layer.weight.grad is None and norm.weight.grad is None and x.grad.abs().sum() > 0
    layer(x).sum().backward()
    assert layer.weight.grad.abs().sum() > 0


def test_biases_are_set_apart_for_each_graph():
    layer, x = nn.Linear(3, 2), torch.randn(4, 5, 3)
    with rules() as applied:
        y = layer(x)
    assert torch.allclose(y, layer(x), atol=1e-14)
    (bias,) = applied.biases
    assert bias.shape == (4, 1, 2)
    (grad,) = torch.autograd.grad(y.sum(), bias)
    assert torch.equal(grad, torch.full((4, 1, 2), 5.0))


def linear_case():
    torch.manual_seed(3)
    layer, x = nn.Linear(5, 4), torch.randn(1, 5)
    return layer, x, (x * layer.weight).detach(), layer.bias.detach(), layer(x)[0].detach()


def shares(layer, x, *tables):
    """Relevance of every input and of the bias for each output, in its unit: rows are outputs."""
    with rules(*tables) as applied:
        leaf = x.clone().requires_grad_()
        y = layer(leaf)
    rows = []
    for j in range(y.shape[-1]):
        grad, bias = torch.autograd.grad(y[0, j], [leaf, applied.biases[0]], retain_graph=True)
        rows.append([*(leaf * grad)[0].tolist(), float((applied.biases[0].detach() * bias).sum())])
    return y[0].detach(), torch.tensor(rows)


def test_epsilon_rule():
    """Bach et al. 2015, equation 58: R_i = z_ij / (z_j + ε sign z_j) R_j, biases among the z_ij."""
    layer, x, parts, bias, z = linear_case()
    y, made = shares(layer, x, epsilon(0.3))
    dense = torch.cat([parts, bias[:, None]], 1) / (z + 0.3 * z.sign())[:, None] * z[:, None]
    assert torch.allclose(y, z, atol=1e-14) and torch.allclose(made, dense, atol=1e-13)


def test_gamma_rule_is_sign_aware():
    """Contributions of the sign of z_j count 1 + γ.

    All shares of an output add up to it, whatever the signs.
    """
    layer, x, parts, bias, z = linear_case()
    y, made = shares(layer, x, gamma(0.5))
    every = torch.cat([parts, bias[:, None]], 1)
    weighted = every * torch.where(every.sign() == z.sign()[:, None], 1.5, 1.0)
    assert (z > 0).any() and (z < 0).any()
    dense = weighted / weighted.sum(1, keepdim=True) * z[:, None]
    assert torch.allclose(y, z, atol=1e-14) and torch.allclose(made, dense, atol=1e-13)
    assert torch.allclose(made.sum(1), z, atol=1e-13)


def test_plain_linear_rule_is_the_limit_of_both():
    layer, x, parts, bias, _ = linear_case()
    plain = torch.cat([parts, bias[:, None]], 1)
    for table in (epsilon(1e-12), gamma(1e-12)):
        assert torch.allclose(shares(layer, x, table)[1], plain, atol=1e-9)


def test_residual_rule():
    """The term of the sum's sign gets (1 + γ) parts, the other one; −∞ of a mask is let through."""
    a, b = torch.tensor([2.0, -3.0, 1.0, 0.0]), torch.tensor([-1.0, 1.0, 4.0, 0.0])
    x, y = a.clone().requires_grad_(), b.clone().requires_grad_()
    with rules(residual(0.5)):
        z = x + y
    assert torch.equal(z.detach(), a + b)
    first, second = torch.autograd.grad(z.sum(), [x, y])
    wa, wb = (torch.where(t * (a + b) > 0, 1.5, 1.0) * t for t in (a, b))
    total = torch.where(wa + wb == 0, 1.0, wa + wb)
    assert torch.allclose(a * first, wa / total * (a + b)) and torch.allclose(
        b * second, wb / total * (a + b)
    )
    masked = torch.tensor([0.0, float("-inf")]).requires_grad_()
    with rules(residual(0.5)):
        out = masked + torch.ones(2).requires_grad_()
    assert out.tolist() == [1.0, float("-inf")]
    with rules(residual(0.5)):
        constant = x + torch.ones(4)
    assert torch.autograd.grad(constant.sum(), x)[0].tolist() == [1.0] * 4


def test_product_rule_gives_half_to_each_factor():
    a, b = torch.randn(3, 4).requires_grad_(), torch.randn(4, 2).requires_grad_()
    with rules(PRODUCT):
        z = a @ b
        alone = a @ b.detach()
    assert torch.equal(z, a @ b)
    left, right = torch.autograd.grad(z.sum(), [a, b])
    total = z.sum().item()
    assert (a * left).sum().item() == pytest.approx(total / 2) and (
        b * right
    ).sum().item() == pytest.approx(total / 2)
    assert (a * torch.autograd.grad(alone.sum(), a)[0]).sum().item() == pytest.approx(
        alone.sum().item()
    )
