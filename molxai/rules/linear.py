"""Other ways to share out a sum: stabilised, amplified, or split through a product.

A rule for z = Σ_i z_i that gives part i the share q_i / Σ_k q_k of z's relevance is written as
q · stop(z / q) with q = Σ_i q_i: the same value, and a gradient that shares as the rule says.

Sources: Bach et al. 2015, "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by
Layer-Wise Relevance Propagation" (LRP-ε, section 2.4); Montavon et al. 2019, "Layer-Wise Relevance
Propagation: An Overview" (LRP-γ, section 10.2.3); Achtibat et al. 2024, "AttnLRP: Attention-Aware
Layer-Wise Relevance Propagation for Transformers" (products and softmax, section 3.3).
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.rule import Function, Rule

EPSILON = 0.05
"""Usual ε, in units of a linear layer's outputs."""

GAMMA = 0.25
"""Usual γ: 1/4 (Montavon et al. 2019, section 10.3)."""


def shared_as(value: Tensor, parts: Tensor) -> Tensor:
    """`value`, with its relevance shared among whatever `parts` is a sum of.

    If the parts sum to zero, or to −∞ as under an attention mask, nothing is passed on.

    Example:
        >>> a, b = torch.tensor([1.0, 2.0]).requires_grad_()
        >>> shared = shared_as(a + b, 2 * a + b)  # 1 counts twice: 2 + 2
        >>> grads = torch.autograd.grad(shared, [a, b])
        >>> float((a * grads[0]).detach()), float((b * grads[1]).detach())
        (1.5, 1.5)
    """
    passes = (parts != 0) & parts.isfinite()
    divisor = torch.where(passes, parts, 1.0)
    ratio = torch.where(passes, value / divisor, 0.0).detach()
    shared = parts * ratio
    # Rounding may have moved the value: the difference is added as a constant.
    exact = shared + (value - shared).detach()
    return torch.where(passes, exact, value.detach())


def epsilon_linear(
    func: Function, x: Tensor, weight: Tensor, bias: Tensor | None = None, *, epsilon: float
) -> Tensor:
    """LRP-ε: relevance × z / (z + ε · sign z).

    Small sums pass little on, and what they keep is the method's gap.
    """
    z = func(x, weight)
    if bias is not None:
        z = z + bias
    sign = torch.where(z < 0, -1.0, 1.0)
    share = (z / (z + epsilon * sign)).detach()
    remainder = z * (1 - share)
    return z * share + remainder.detach()


class _GammaLinear(torch.autograd.Function):
    """A linear layer whose contributions of the sign of the sum count 1 + γ."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, gamma: float) -> Tensor:
        z = F.linear(x, weight)
        # Two factors of one sign make a positive contribution.
        signs = torch.cat([x.clamp_min(0), x.clamp_max(0)], -1)  # (…, 2 · inputs)
        positive = F.linear(signs, torch.cat(_signs(weight), 1))
        if bias is not None:
            z = z + bias
            positive = positive + bias.clamp_min(0)
        ctx.is_above = z > 0
        same_sign = torch.where(ctx.is_above, positive, z - positive)
        ctx.share = z / (z + gamma * same_sign).where(z != 0, 1.0)
        ctx.gamma = gamma
        ctx.save_for_backward(x, weight, bias)
        return z

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor | None, None]:
        x, weight, bias = ctx.saved_tensors
        passed = grads[0] * ctx.share
        up = passed * ctx.is_above
        down = passed - up
        plain = passed @ weight
        # What a positive input has of the amplified part; a negative one has the remainder.
        amplified = torch.cat([up, down], -1) @ torch.cat(_signs(weight), 0)
        to_x = plain + ctx.gamma * torch.where(x > 0, amplified, plain - amplified)
        to_bias = None
        if bias is not None:
            own = passed + ctx.gamma * torch.where(bias > 0, up, down)
            to_bias = own.sum_to_size(bias.shape)
        return to_x, None, to_bias, None


def _signs(weight: Tensor) -> tuple[Tensor, Tensor]:
    """The positive weights, and the negative ones."""
    return weight.clamp_min(0), weight.clamp_max(0)


def gamma_linear(
    func: Function, x: Tensor, weight: Tensor, bias: Tensor | None = None, *, gamma: float
) -> Tensor:
    """Sign-aware LRP-γ: contributions of the sign of the sum z count 1 + γ, the others 1.

    The plain rule amplifies positive weights, which on signed inputs can cancel the sum that is
    divided by. Here the sum of shares is at least as large as z.
    """
    return _GammaLinear.apply(x, weight, bias, gamma)


def gamma_sum(func: Function, x: Any, y: Any, *args: Any, gamma: float, **kwargs: Any) -> Tensor:
    """Residual rule: of the two terms of a sum, one of the sum's sign counts 1 + γ, the other 1.

    Only sums of two recorded tensors of one shape are residual connections. Others pass unchanged.
    """
    z = func(x, y, *args, **kwargs)
    terms = [term for term in (x, y) if _is_term(term, z)]
    if len(terms) != 2 or args or kwargs:
        return z
    first, second = (_amplify(term, z, gamma) for term in terms)
    return shared_as(z, first + second)


def _is_term(term: Any, z: Tensor) -> bool:
    if not isinstance(term, Tensor):
        return False
    return term.requires_grad and term.shape == z.shape


def _amplify(term: Tensor, z: Tensor, gamma: float) -> Tensor:
    same_sign = term.detach() * z.detach() > 0
    return term * torch.where(same_sign, 1 + gamma, 1.0)


class _Halved(torch.autograd.Function):
    """The same value, half the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0] / 2


def halved(x: Tensor) -> Tensor:
    """The same value, of which half the relevance goes on."""
    return _Halved.apply(x)


def halved_product(func: Function, x: Tensor, y: Tensor) -> Tensor:
    """Uniform rule: half of a product's relevance goes to each factor, if both carry any."""
    z = func(x, y)
    return halved(z) if x.requires_grad and y.requires_grad else z


def epsilon(value: float) -> Rule:
    """LRP-ε in every linear layer; `value` in units of its outputs."""
    row = partial(epsilon_linear, epsilon=value)
    return Rule(f"ε = {value:g}", {F.linear: row})


def gamma(value: float) -> Rule:
    """Sign-aware LRP-γ in every linear layer."""
    row = partial(gamma_linear, gamma=value)
    return Rule(f"γ = {value:g}", {F.linear: row})


def residual(value: float) -> Rule:
    """The residual rule in every sum of two recorded tensors."""
    row = partial(gamma_sum, gamma=value)
    return Rule(f"residual γ = {value:g}", {Tensor.add: row, torch.add: row})


PRODUCT = Rule(
    "product",
    {Tensor.matmul: halved_product, torch.matmul: halved_product, torch.bmm: halved_product},
)
"""AttnLRP's rule for the products Q·Kᵀ and A·V.

Its rule for the softmax is the softmax's own gradient, and so needs no row.
"""
