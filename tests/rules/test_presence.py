"""Presence against attention whose keys have a factor, and what it must leave alone."""

import pytest
import torch
import torch.nn.functional as F
from conftest import CONFIGS, batch, random_model

from molxai.explanation.passes import gradient_pass
from molxai.rules import ACTIVATION, AH, LN, gamma, presence, residual, routing, rules


@pytest.fixture(autouse=True)
def double():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_it_is_the_derivative_by_a_factor_on_each_key(alpha):
    """a_k(m) = m_k a_k / Σ m a, with autograd through the quotient."""
    scores, v = torch.randn(2, 3, 6, 6), torch.randn(2, 3, 6, 4)
    scores[1, :, :, 4:] = -torch.inf
    weights = torch.randn(2, 3, 6, 4)
    m = torch.ones(2, 6, requires_grad=True)
    weighted = scores.softmax(-1) * m[:, None, None, :]
    output = (weighted / weighted.sum(-1, keepdim=True)) @ v
    (expected,) = torch.autograd.grad((output * weights).sum(), m)

    present = torch.ones(2, 6, requires_grad=True)
    with rules(presence(present, routing(alpha))):
        a = F.softmax(scores.clone().requires_grad_(), dim=-1)
        y = a @ v.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((y * weights).sum(), present)
    assert torch.allclose(gradient, expected, rtol=0, atol=1e-13)
    assert torch.allclose(y.detach(), scores.softmax(-1) @ v, rtol=0, atol=1e-14)
    assert gradient[1, 4:].abs().sum() == 0  # masked keys are not there


def test_it_changes_nothing_that_other_things_get():
    scores, v = torch.randn(1, 2, 5, 5, requires_grad=True), torch.randn(1, 2, 5, 3)
    weights = torch.randn(1, 2, 5, 3)
    values = v.requires_grad_()

    def gradients(rule):
        with rules(rule):
            output = F.softmax(scores, dim=-1) @ values
        return torch.autograd.grad((output * weights).sum(), [scores, values])

    alone = gradients(routing(0.5))
    beside = gradients(presence(torch.ones(1, 5, requires_grad=True), routing(0.5)))
    for one, other in zip(alone, beside, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-14)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_presences_of_a_network_sum_to_zero(config, alpha):
    model = random_model(CONFIGS[config])
    result = gradient_pass(model, batch(), None, (LN, ACTIVATION), alpha=alpha)
    size = float(result.presence.abs().sum())
    assert size > 1e-3
    assert float(result.presence.sum(1).abs().max()) <= 1e-12 * max(1.0, size)


def test_the_mean_read_out_has_presence_too():
    """If attention says nothing, presence is that of Σ m x / Σ m, by autograd through it."""
    model, graphs = random_model(CONFIGS["regression"]), batch()
    with torch.no_grad():
        for block in model.blocks:
            block.attention.out.weight.zero_()
    result = gradient_pass(model, graphs, None, (LN, ACTIVATION), alpha=0.5)
    m = graphs.mask.double().requires_grad_()
    tokens = model.embed(graphs)
    for block in model.blocks:
        tokens = block(tokens, model.structure(graphs))
    tokens = tokens[:, 1:].detach()
    mean = (tokens * m[:, :, None]).sum(1) / m.sum(1, keepdim=True)
    with rules(LN):
        output = model.head(model.norm(mean)).sum()
    (expected,) = torch.autograd.grad(output, m)
    expected = torch.where(graphs.mask, expected, 0.0)
    assert torch.allclose(result.presence[:, 1:], expected, rtol=0, atol=1e-12)
    assert result.presence[:, 0].abs().max() <= 1e-14  # the token is not read out
    assert expected.abs().max() > 1e-4


@pytest.mark.parametrize("config", CONFIGS)
def test_it_combines_with_the_other_rules(config):
    """Nodes, structure, token and biases are the logit under all rules together."""
    tables = (LN, ACTIVATION, gamma(0.25), residual(0.25))
    model = random_model(CONFIGS[config])
    result = gradient_pass(model, batch(), None, tables, alpha=0.7)
    relevance = (result.tokens * result.gradient).sum((1, 2)) + result.bias
    bias = model.structure(batch()).detach()
    structure = torch.where(result.structure == 0, 0.0, bias * result.structure).sum((1, 2, 3))
    gap = (result.explained - relevance - structure).abs().max()
    assert float(gap) <= 1e-12 * float(result.explained.abs().max() + structure.abs().max() + 1)


def test_a_rule_for_attention_is_kept():
    present = torch.ones(1, 4, requires_grad=True)
    rule = presence(present, AH)
    assert rule.name == "AH, presence" and rule.rows.keys() == AH.rows.keys()
