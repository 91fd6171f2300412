"""The propagation rules as tables of torch functions, and the mode that applies them to any eager PyTorch model.

A rule replaces a torch function by one of the same value with a part frozen (no gradient flows through it), so that
every layer is linear in what is left, and gradient × input adds up to the output. `with rules(AH, LN) as applied:` sees
every torch function that the model calls inside the block; it touches no module and leaves nothing behind.

Sources: Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative Propagation" (AH rule,
section 4.1; LN rule, section 4.2); Achtibat et al. 2024, "AttnLRP" (activations as gates).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

Function = Callable[..., Any]


@dataclass(frozen=True)
class Rule:
    """A named table: each torch function with its replacement, called as `replacement(function, *args, **kwargs)`."""

    name: str
    rows: Mapping[Function, Function]


def frozen_output(func: Function, *args: Any, **kwargs: Any) -> Tensor:
    """Same value, no gradient: the attention probabilities under the AH rule."""
    with torch.no_grad():
        return func(*args, **kwargs)


def frozen_routing(
    func: Function, query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, *args: Any, **kwargs: Any
) -> Tensor:
    """AH rule on fused attention: gradient flows through the values alone."""
    return func(query.detach(), key.detach(), value, None if attn_mask is None else attn_mask.detach(), *args, **kwargs)


class _FrozenScale(torch.autograd.Function):
    """Layer norm without its affine part; the backward pass centres and scales, and takes 1/√(Var + ε) as a constant."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, shape: list[int], eps: float) -> Tensor:
        y, _, scale = torch.native_layer_norm(x, shape, None, None, eps)
        ctx.save_for_backward(scale)
        ctx.dims = tuple(range(-len(shape), 0))
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (scale,) = ctx.saved_tensors
        return scale * (grads[0] - grads[0].mean(ctx.dims, keepdim=True)), None, None


def frozen_scale(
    func: Function, x: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """LN rule: the centring stays linear, the scale 1/√(Var + ε) is frozen."""
    y = _FrozenScale.apply(x, list(normalized_shape), eps)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def frozen_gelu(func: Function, x: Tensor, approximate: str = "none") -> Tensor:
    """GELU as x · stop(Φ(x)); the approximate form's gate is its value over x."""
    if approximate != "none":
        return frozen_gate(func, x, approximate=approximate)
    return x * torch.special.ndtr(x.detach())


def frozen_silu(func: Function, x: Tensor, inplace: bool = False) -> Tensor:
    """SiLU as x · stop(σ(x))."""
    return x * torch.sigmoid(x.detach())


def frozen_gate(func: Function, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Any activation f with f(0) = 0 as x · stop(f(x) / x): same value, exact degree one."""
    with torch.no_grad():
        gate = func(x, *args, **kwargs) / torch.where(x == 0, torch.ones_like(x), x)
    return x * gate


def unchanged(func: Function, *args: Any, **kwargs: Any) -> Tensor:
    """ReLU is its own gate: x · [x > 0]. The row is there so that the rule is known to have been met."""
    return func(*args, **kwargs)


AH = Rule(
    "AH",
    {
        F.softmax: frozen_output,
        torch.softmax: frozen_output,
        Tensor.softmax: frozen_output,
        F.scaled_dot_product_attention: frozen_routing,
    },
)
"""Attention heads: the probabilities, and with them queries, keys and structural biases, are constants."""

LN = Rule("LN", {F.layer_norm: frozen_scale})
"""Layer norm: the scale is a constant, the centring is not."""

ACTIVATION = Rule(
    "activation",
    {
        F.gelu: frozen_gelu,
        F.silu: frozen_silu,
        F.tanh: frozen_gate,
        torch.tanh: frozen_gate,
        Tensor.tanh: frozen_gate,
        F.relu: unchanged,
        torch.relu: unchanged,
        Tensor.relu: unchanged,
    },
)
"""Activations: x times a constant gate."""

AFFINE = {F.linear: (1, 2), F.layer_norm: (2, 3)}
"""Functions of a weight and a bias, and the positions of these two arguments.

The plain linear rule (LRP-0) holds in all of them: the weight is a constant, so that nothing is kept or computed for its
gradient; the bias is set apart, so that what ends in it is accounted for.
"""

NONLINEAR = frozenset(
    (
        *(torch.exp, torch.sigmoid, torch.rsqrt, torch.sqrt, torch.pow, torch.log, torch.std, torch.var, torch.reciprocal),
        *(Tensor.exp, Tensor.sigmoid, Tensor.rsqrt, Tensor.sqrt, Tensor.pow, Tensor.log, Tensor.std, Tensor.var, Tensor.reciprocal),
        *(F.elu, F.selu, F.celu, F.softplus, F.mish, F.hardswish, F.leaky_relu, F.prelu, F.log_softmax, F.sigmoid),
        *(F.batch_norm, F.group_norm, F.instance_norm, F.rms_norm, F.multi_head_attention_forward),
        *(row for rule in (AH, LN, ACTIVATION) for row, replacement in rule.rows.items() if replacement is not unchanged),
    )
)
"""Functions that break conservation where no rule is applied to them; named when a sum does not come out."""


class Rules(TorchFunctionMode):
    """The active tables: replaces, counts what fired, and sets biases apart so that they can be accounted for."""

    def __init__(self, tables: tuple[Rule, ...]) -> None:
        super().__init__()
        self.tables = tables
        self.table = {func: replacement for rule in tables for func, replacement in rule.rows.items()}
        self.fired: dict[Function, int] = dict.fromkeys(self.table, 0)
        self.without_rule: dict[Function, int] = {}
        self.biases: list[Float[Tensor, "batch ..."]] = []
        """A copy for each graph of the batch of every bias that was added: gradient × bias is that graph's share."""

    def __torch_function__(self, func: Function, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        bias = None
        if positions := AFFINE.get(func):
            args, kwargs, bias = _constant_weight(positions, args, kwargs)
        if replacement := self.table.get(func):
            self.fired[func] += 1
            out = replacement(func, *args, **kwargs)
        else:
            if func in NONLINEAR:
                self.without_rule[func] = self.without_rule.get(func, 0) + 1
            out = func(*args, **kwargs)
        return out if bias is None else out.add_(self._set_apart(bias, out))

    def _set_apart(self, bias: Tensor, out: Tensor) -> Tensor:
        batch, inner = out.shape[0], (1,) * (out.ndim - 1 - bias.ndim)
        leaf = bias.detach().expand(batch, *inner, *bias.shape).clone().requires_grad_()
        self.biases.append(leaf)
        return leaf

    @property
    def silent(self) -> list[Rule]:
        """The rules none of whose functions was called."""
        return [rule for rule in self.tables if not any(self.fired[func] for func in rule.rows)]


def _constant_weight(
    positions: tuple[int, int], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any], Tensor | None]:
    """The arguments with the weight detached and the bias taken out, and the bias."""
    given = dict(enumerate(args)) | kwargs
    weight, bias = (position if len(args) > position else name for position, name in zip(positions, ("weight", "bias"), strict=True))
    taken = given.get(bias)
    if given.get(weight) is not None:
        given[weight] = given[weight].detach()
    if bias in given:
        given[bias] = None
    return tuple(given[i] for i in range(len(args))), {name: given[name] for name in kwargs}, taken


@contextmanager
def rules(*tables: Rule) -> Iterator[Rules]:
    """Apply the rules to every torch function called inside the block.

    Raises:
        ValueError: at the end of a block that ran through, if a rule never met a function that it is for: the
            relevance would not be what the method promises.
    """
    with Rules(tables) as applied:
        yield applied
    if applied.silent:
        silent, known = ", ".join(rule.name for rule in applied.silent), ", ".join(names(rule.rows) for rule in applied.silent)
        raise ValueError(
            f"the rules {silent} never fired: the model calls none of {known}; "
            "leave the rule out, or add the model's own function to its rows"
        )


def names(functions: Iterable[Function]) -> str:
    """The functions' names, for messages."""
    return ", ".join(sorted({resolve_name(func) or str(func) for func in functions}))


def refuse_opaque(model: nn.Module) -> None:
    """Compiled and scripted modules run outside Python, where rules cannot see them.

    Raises:
        ValueError: the model is or contains one.
    """
    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule) or type(module).__name__ == "OptimizedModule":
            kind = type(module).__name__
            raise ValueError(f"{name or 'the model'} is a {kind}: rules need the eager module, before torch.compile or torch.jit")
