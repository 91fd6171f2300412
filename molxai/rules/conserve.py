"""Conservative relevance for any eager PyTorch model: what the output is made of, down to the last bias.

`conserve` calls the model once under the rules and goes back once. The output it explains is then
`Σ relevance of x + Σ relevance of everything that the model adds`, or an error says where the sum is lost.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import BaseTorchFunctionMode

from molxai.rules.leaks import Tracing
from molxai.rules.ledger import Accounting
from molxai.rules.mode import refuse_opaque
from molxai.rules.recipes import EVERY
from molxai.rules.rule import Rule, names
from molxai.rules.tables import ACTIVATION

Target: TypeAlias = int | Sequence[int] | Tensor | Callable[[Any], Tensor] | None
"""A class, one class for each example, or a function of the model's output; None where there is one output each."""

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
"""Largest gap, as a share of |output| + Σ|relevance|, by the input's type."""


@dataclass(frozen=True, repr=False)
class Conserved:
    """An output shared out, in the output's unit, among the input and everything that the model adds."""

    relevance: Float[Tensor, "..."]
    """Of each entry of x: x × gradient under the rules."""
    parts: Mapping[str, Tensor] = field(repr=False)
    """Of each added parameter, buffer or further input, by its name and in its shape: biases, position and type
    embeddings, class tokens, edge features. Plain numbers that were added are one part, `numbers`."""
    logits: Float[Tensor, " examples"]
    """What was explained, for each example; relevances and parts are those of their sum."""
    fired: Mapping[str, int] = field(repr=False)
    """How often each function that has a rule was called."""

    def __repr__(self) -> str:
        shape, total = list(self.relevance.shape), float(self.relevance.sum(dtype=torch.float64))
        added = f"{len(self.parts)} parts {math.fsum(self.ledger.values()):+.4g}"
        return (
            f"Conserved({self.logit:+.4g} = x {shape} {total:+.4g}, {added} | gap {self.gap:.1g})"
        )

    def _repr_html_(self) -> str:
        shares = {
            f"x {list(self.relevance.shape)}": float(self.relevance.sum(dtype=torch.float64)),
            **self.ledger,
            "gap": self.gap,
        }
        cells = [*shares.items(), ("explained", self.logit)]
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{value:+.4g}</td></tr>" for name, value in cells
        )
        return f"<table><tr><th>part</th><th>relevance</th></tr>{rows}</table>"

    @property
    def logit(self) -> float:
        """What was explained, summed over the examples."""
        return math.fsum(self.logits.tolist())

    @property
    def tokens(self) -> Float[Tensor, "..."]:
        """Relevance of each token, node or patch: summed over the last axis of x."""
        return self.relevance.sum(-1)

    @property
    def ledger(self) -> dict[str, float]:
        """The sum of each of the parts."""
        return {name: float(part.sum(dtype=torch.float64)) for name, part in self.parts.items()}

    @property
    def gap(self) -> float:
        """Output not accounted for: rounding, or `conserve` had raised an error."""
        return (
            self.logit
            - float(self.relevance.sum(dtype=torch.float64))
            - math.fsum(self.ledger.values())
        )


def conserve(
    model: nn.Module,
    x: Tensor,
    *,
    target: Target = None,
    argument: str | None = None,
    call: Callable[..., Any] | None = None,
    rules: Sequence[Rule] = EVERY,
    **inputs: Any,
) -> Conserved:
    """Relevance of a model's floating input for one of its outputs, with the full ledger.

    The model is called as `model(x, **inputs)`. Floating tensors among `inputs` take relevance as well, as parts named
    `NAME (input)`. Float64 closes the ledger to 1e-9 and better, float32 to 1e-4 of its terms.

    Args:
        model: any eager module, in evaluation mode; it is left as it was.
        x: token embeddings, pixels, node features: what relevance is wanted for.
        target: the class, or one for each row of the output; a function of the output for anything else.
        argument: pass x by this name instead of first: `argument="inputs_embeds"`.
        call: called as `call(model, x, **inputs)` where the model is not called like that.
        rules: tables to apply instead of all of them, such as one of `FAMILIES`. Rules of your own must fire.
        **inputs: what else the model takes, by name.

    Raises:
        ValueError: the model is in training mode, compiled, scripted or quantised; x holds no floats; the target is
            not one of the output's; the rules changed the output; or the ledger does not close.

    Example:
        >>> account = conserve(bert, bert.get_input_embeddings()(ids), argument="inputs_embeds", target=1)
        >>> account.tokens, account.ledger["classifier.bias"], account.gap

    Source:
        Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative Propagation", section 4:
        gradient × input of a model whose attention and norms are constants is LRP, and conserves.
    """
    _check_ready(model, x)
    if call is not None and argument is not None:
        raise ValueError("call= and argument= together: leave out argument=, call passes x itself")

    def run(x: Tensor, inputs: Mapping[str, Any]) -> Float[Tensor, " examples"]:
        if call is not None:
            return _explained(call(model, x, **inputs), target)
        return _explained(
            model(x, **inputs) if argument is None else model(**{argument: x}, **inputs), target
        )

    with torch.inference_mode(False), torch.enable_grad():
        leaf = x.detach().clone().requires_grad_()
        with torch.no_grad(), BaseTorchFunctionMode():
            expected = run(x, inputs)
        with Accounting(tuple(rules), model, given := leaf.clone(), inputs) as applied:
            logits = run(given, applied.inputs)
        _check_rules(applied, logits.detach(), expected)
        account = _account(applied, leaf, logits)
        if not _closes(account):
            with Tracing(tuple(rules), model, given := leaf.clone(), inputs) as traced:
                logits = run(given, traced.inputs)
            raise ValueError(_lost(account, traced, traced.losses(logits.sum())))
    return account


def _account(applied: Accounting, leaf: Tensor, logits: Float[Tensor, " examples"]) -> Conserved:
    ends = [leaf, *applied.parts.values(), *applied.numbers]
    grads = (
        torch.autograd.grad(logits.sum(), ends, allow_unused=True)
        if logits.requires_grad
        else [None]
    )
    if grads[0] is None:
        raise ValueError(
            f"no relevance reaches x: under the rules x only weighs what {type(applied.model).__name__} adds; "
            f"leave out the rule that freezes what x goes through: {_fired(applied)}"
        )
    shares = [
        None if grad is None else _product(end.detach(), grad)
        for end, grad in zip(ends, grads, strict=True)
    ]
    named = {
        name: share
        for name, share in zip(applied.parts, shares[1:], strict=False)
        if share is not None
    }
    numbers = [share for share in shares[1 + len(applied.parts) :] if share is not None]
    if numbers:
        named["numbers"] = torch.stack(numbers)
    return Conserved(_product(leaf.detach(), grads[0]), named, logits.detach(), _counts(applied))


def _product(value: Tensor, grad: Tensor) -> Tensor:
    """Value × gradient; a masked −∞ through which nothing passes has no relevance."""
    return torch.where(grad == 0, 0.0, value * grad)


def _check_ready(model: Any, x: Any) -> None:
    if not isinstance(model, nn.Module):
        raise ValueError(
            f"the model is a {type(model).__name__}: a torch.nn.Module is needed; wrap other functions in one"
        )
    if not isinstance(x, Tensor):
        raise ValueError(
            f"x is a {type(x).__name__}: a torch tensor of floats is needed, such as torch.as_tensor(x)"
        )
    refuse_opaque(model)
    if not x.is_floating_point():
        raise ValueError(
            f"x holds {x.dtype}: floats are needed, as ids and codes have no gradient; "
            'pass their embeddings, such as conserve(model, model.get_input_embeddings()(ids), argument="inputs_embeds")'
        )
    if x.dtype not in TOLERANCE:
        raise ValueError(
            f"x holds {x.dtype}, too coarse for sums: float32 or float64 is needed, so call model.float() and x.float()"
        )
    if torch.is_autocast_enabled(x.device.type):
        raise ValueError(
            "autocast is on, and rounds inside the model: call conserve outside of torch.autocast"
        )
    if training := [name for name, module in model.named_modules() if module.training]:
        raise ValueError(
            f"{training[0] or 'the model'} is in training mode, its dropout would make relevance random: call model.eval() first"
        )


def _explained(output: Any, target: Any) -> Float[Tensor, " examples"]:
    """The outputs to explain, one for each example."""
    if callable(target):
        chosen = target(output)
        if not isinstance(chosen, Tensor) or chosen.numel() != 1:
            found = (
                f"a tensor of shape {tuple(chosen.shape)}"
                if isinstance(chosen, Tensor)
                else f"a {type(chosen).__name__}"
            )
            raise ValueError(f"the target function gave {found}: a tensor of one number is needed")
        return chosen.reshape(1)
    logits = output if isinstance(output, Tensor) else getattr(output, "logits", None)
    if not isinstance(logits, Tensor):
        raise ValueError(
            f"the model gave a {type(output).__name__} without logits: pass target= a function of it that gives one number"
        )
    if target is None and logits.numel() == (len(logits) if logits.ndim else 1):
        return logits.reshape(-1)
    wanted = _numbers(target, logits)
    whole = wanted is not None and logits.ndim == 2 and wanted.shape == logits.shape[:1]
    if wanted is None or not whole or not ((wanted >= 0) & (wanted < logits.shape[1])).all():
        raise ValueError(
            f"target {target!r} for an output of shape {tuple(logits.shape)}: a class, one class for each row, or a function of the "
            "output that gives one number is needed"
        )
    return logits[torch.arange(len(logits), device=logits.device), wanted]


def _numbers(target: Any, logits: Tensor) -> Tensor | None:
    """The class of each example; None where the target holds no whole numbers."""
    try:
        wanted = torch.as_tensor(-1 if target is None else target, device=logits.device)
    except (TypeError, ValueError, RuntimeError):  # texts, ragged lists
        return None
    if wanted.is_floating_point() or wanted.is_complex() or wanted.dtype == torch.bool:
        return None
    return wanted.expand(len(logits)) if logits.ndim and not wanted.ndim else wanted


def _check_rules(
    applied: Accounting, logits: Float[Tensor, " examples"], expected: Float[Tensor, " examples"]
) -> None:
    """Every own rule was met, and no rule changed the output (more than a cast to float32 that was left out)."""
    if not expected.isfinite().all():
        raise ValueError(
            f"the output is {expected.tolist()}: nothing adds up to that, look at the model and x first"
        )
    if silent := [rule for rule in applied.silent if rule not in (*EVERY, ACTIVATION)]:
        known = ", ".join(names(rule.rows) for rule in silent)
        raise ValueError(
            f"the rules {', '.join(rule.name for rule in silent)} never fired: {type(applied.model).__name__} calls none of {known}; "
            "leave the rule out, or add the model's own function to its rows"
        )
    allowed = max(1e-6, TOLERANCE[logits.dtype]) * expected.abs().clamp_min(1.0)
    if not ((logits - expected).abs() <= allowed).all():
        raise ValueError(
            f"the output is {logits.tolist()} under the rules and {expected.tolist()} without them: rules must keep values, and the "
            "model must give the same output twice"
        )


def _closes(account: Conserved) -> bool:
    terms = [account.relevance, *account.parts.values(), account.logits]
    size = math.fsum(float(term.abs().sum(dtype=torch.float64)) for term in terms)
    return abs(account.gap) <= TOLERANCE[account.relevance.dtype] * max(size, 1e-6)


def _lost(account: Conserved, traced: Tracing, losses: Mapping[str, float]) -> str:
    """The message: what is missing, and in which functions it went."""
    least = 1e-3 * max(abs(loss) for loss in (account.gap, *losses.values()))
    places = [f"{name} ({loss:+.3g})" for name, loss in losses.items() if abs(loss) > least]
    if abs(hidden := account.gap - math.fsum(losses.values())) > least:
        unseen = ", ".join((*sorted(traced.unmeasured), "scripted functions", "autograd.Functions"))
        places.append(f"what cannot be measured ({hidden:+.3g}): {unseen}")
    return (
        f"the ledger does not close: {account.gap:.3g} of an output of {account.logit:.3g} is missing; it is lost in "
        f"{', '.join(places)}; add a row for that to rules= (docs/foreign-models.md). Rows met: {', '.join(account.fired) or 'none'}"
    )


def _fired(applied: Accounting) -> str:
    return ", ".join(_counts(applied)) or "none"


def _counts(applied: Accounting) -> dict[str, int]:
    """How often each function with a rule was called, by name."""
    return {names([func]): count for func, count in applied.fired.items() if count}
