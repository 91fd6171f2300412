"""Conservative relevance for any eager PyTorch model: what the output is made of, to the last bias.

`conserve` calls the model once under the rules and goes back once. The output it explains is then
`Σ relevance of x + Σ relevance of everything that the model adds`, or an error says where the sum
is lost.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import BaseTorchFunctionMode

from molxai.rules.balance import adds_up
from molxai.rules.leaks import Tracing, kernels
from molxai.rules.ledger import Accounting
from molxai.rules.meetings import meeting
from molxai.rules.outputs import Target, select
from molxai.rules.readiness import TOLERANCES, check_ready
from molxai.rules.recipes import EVERY
from molxai.rules.rule import Rule, names
from molxai.rules.tables import ACTIVATION

CHANGES = {torch.float64: 1e-6, torch.float32: 1e-4}
"""Largest change of an output of size 1 by the rules, by the input's type.

In float64 it comes from casts to float32 that are left out, in float32 from rounding.
"""

SMALLEST_LOSS = 1e-3
"""Losses that a message names are at least this share of the largest."""

EXPERTS = (
    'set config._experts_implementation = "eager" before the model is made: each expert is then a '
    "layer of its own"
)
"""What to do about a mixture of experts in one function."""

Run = Callable[[Tensor, Mapping[str, Any]], Float[Tensor, " examples"]]
"""The outputs to explain as a function of x and further inputs."""


@dataclass(frozen=True, repr=False)
class Conserved:
    """An output shared out, in its own unit, among the input and everything that the model adds."""

    relevance: Float[Tensor, "..."]
    """The relevance of each entry of x: x × gradient under the rules."""
    parts: Mapping[str, Tensor] = field(repr=False)
    """The relevance of each added parameter, buffer or further input, by name and in its shape.

    These are biases, position and type embeddings, class tokens, edge features. Plain numbers that
    were added are one part, `numbers`.
    """
    logits: Float[Tensor, " examples"]
    """What was explained, for each example; relevances and parts are those of their sum."""
    fired: Mapping[str, int] = field(repr=False)
    """How often each function that has a rule was called."""

    def __repr__(self) -> str:
        shape = list(self.relevance.shape)
        relevance = f"x {shape} {_total(self.relevance):+.4g}"
        total = math.fsum(self.ledger.values())
        parts = f"{len(self.parts)} parts {total:+.4g}"
        return f"Conserved({self.logit:+.4g} = {relevance}, {parts} | gap {self.gap:.1g})"

    def _repr_html_(self) -> str:
        terms = {
            f"x {list(self.relevance.shape)}": _total(self.relevance),
            **self.ledger,
            "gap": self.gap,
        }
        cells = [*terms.items(), ("explained", self.logit)]
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
        return {name: _total(part) for name, part in self.parts.items()}

    @property
    def gap(self) -> float:
        """Output not accounted for: rounding, because `conserve` raises an error for more."""
        parts = math.fsum(self.ledger.values())
        return self.logit - _total(self.relevance) - parts


def _total(relevance: Tensor) -> float:
    return float(relevance.sum(dtype=torch.float64))


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

    The model is called as `model(x, **inputs)`. Floating tensors among `inputs` take relevance as
    well, as parts named `NAME (input)`. Float64 closes the ledger to 1e-9 and better, float32 to
    1e-5 of its terms.

    Args:
        model: any eager module, in evaluation mode; it is left as it was.
        x: token embeddings, pixels, node features: what relevance is wanted for.
        target: the class, or one for each row of the output; a function of the output for anything
            else.
        argument: pass x by this name instead of first: `argument="inputs_embeds"`.
        call: called as `call(model, x, **inputs)`, for models that are not called like that.
        rules: tables to apply instead of all of them, such as one of `FAMILIES`. Rules of your own
            must fire.
        **inputs: what else the model takes, by name.

    Raises:
        ValueError: the model is in training mode, compiled, scripted or quantised; x holds no
            floats; the target is not one of the output's; the rules changed the output; the ledger
            does not close; or it closes because a weight took relevance.

    Example:
        >>> layer = nn.Linear(2, 1).eval()
        >>> account = conserve(layer, torch.ones(1, 2))
        >>> account.tokens.shape, list(account.ledger), abs(account.gap) < 1e-6
        (torch.Size([1]), ['bias'], True)

        A language model takes embeddings by name: `conserve(bert, bert.get_input_embeddings()(ids),
        argument="inputs_embeds", target=1)`.

    Source:
        Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative
        Propagation", section 4: gradient × input of a model whose attention and norms are constants
        is LRP, and conserves.
    """
    check_ready(model, x)
    if call is not None and argument is not None:
        raise ValueError("call= and argument= together: leave out argument=, call passes x itself")
    tables = tuple(rules)
    run = _runner(model, target, argument, call)
    with torch.inference_mode(False), torch.enable_grad():
        leaf = x.detach().clone().requires_grad_()
        with torch.no_grad(), BaseTorchFunctionMode():
            expected = run(x.detach().clone(), inputs)  # a model may change it in place
        # Not the leaf itself: a node of the graph tells what comes from x.
        source = leaf.clone()
        with Accounting(tables, model, source, inputs) as mode:
            logits = run(source, mode.inputs)
        _check_rules(mode, logits.detach(), expected)
        account = _account(mode, leaf, logits)
        if not _closes(account):
            source = leaf.clone()
            with Tracing(tables, model, source, inputs) as trace:
                logits = run(source, trace.inputs)
            raise ValueError(_loss_message(account, trace, logits.sum()))
        _check_meetings(mode, logits)
    return account


def _runner(
    model: nn.Module, target: Any, argument: str | None, call: Callable[..., Any] | None
) -> Run:
    """One call of the model, and the outputs to explain."""

    def run(x: Tensor, inputs: Mapping[str, Any]) -> Float[Tensor, " examples"]:
        if call is not None:
            output = call(model, x, **inputs)
        elif argument is not None:
            output = model(**{argument: x}, **inputs)
        else:
            output = model(x, **inputs)
        return select(output, target)

    return run


def _account(mode: Accounting, leaf: Tensor, logits: Float[Tensor, " examples"]) -> Conserved:
    """Value × gradient of x, of every part, and of every plain number."""
    grads: Sequence[Tensor | None] = [None]
    if logits.requires_grad:
        ends = [leaf, *mode.parts.values(), *mode.numbers]
        grads = torch.autograd.grad(logits.sum(), ends, allow_unused=True)
    x_grad, *other_grads = grads
    if x_grad is None:
        kind = type(mode.model).__name__
        if mode.unseen:
            raise ValueError(
                f"no relevance reaches x: {kind} turns gradients off (torch.no_grad or "
                f"torch.inference_mode) where it calls {mode.unseen[0]} on what comes from x; "
                "take that out of its forward"
            )
        fired = ", ".join(_counts(mode)) or "none"
        raise ValueError(
            f"no relevance reaches x: under the rules x only weighs what {kind} adds; "
            f"leave out the rule that freezes what x goes through: {fired}"
        )
    part_grads = other_grads[: len(mode.parts)]
    number_grads = other_grads[len(mode.parts) :]
    parts = {
        name: _product(part.detach(), grad)
        for (name, part), grad in zip(mode.parts.items(), part_grads, strict=True)
        if grad is not None
    }
    parts = {name: part for name, part in parts.items() if _is_part(name, part)}
    numbers = [
        _product(number.detach(), grad)
        for number, grad in zip(mode.numbers, number_grads, strict=True)
        if grad is not None
    ]
    if numbers:
        parts["numbers"] = torch.stack(numbers)
    relevance = _product(leaf.detach(), x_grad)
    return Conserved(relevance, parts, logits.detach(), _counts(mode))


def _is_part(name: str, relevance: Tensor) -> bool:
    """Whether something belongs to the ledger: masks made on the way, which add nothing, do not."""
    return not name.startswith("constant ") or bool(relevance.any())


def _product(value: Tensor, grad: Tensor) -> Tensor:
    """Value × gradient; a masked −∞ through which nothing passes has no relevance."""
    return torch.where(grad == 0, 0.0, value * grad)


def _check_rules(
    mode: Accounting, logits: Float[Tensor, " examples"], expected: Float[Tensor, " examples"]
) -> None:
    """Refuse outputs that are not finite, rules that were not met, and rules that change values."""
    if not expected.isfinite().all():
        raise ValueError(
            f"the output is {expected.tolist()}: nothing adds up to that, "
            "look at the model and x first"
        )
    silent = [rule for rule in mode.silent if rule not in (*EVERY, ACTIVATION)]
    if silent:
        functions = ", ".join(names(rule.rows) for rule in silent)
        raise ValueError(
            f"the rules {', '.join(rule.name for rule in silent)} never fired: "
            f"{type(mode.model).__name__} calls none of {functions}; "
            "leave the rule out, or add the model's own function to its rows"
        )
    allowed = CHANGES[logits.dtype] * expected.abs().clamp_min(1.0)
    if not ((logits - expected).abs() <= allowed).all():
        raise ValueError(
            f"the output is {logits.tolist()} under the rules and {expected.tolist()} without "
            "them: rules must keep values, and the model must give the same output twice"
        )


def _check_meetings(mode: Accounting, logits: Float[Tensor, " examples"]) -> None:
    """Refuse sums that come out though a weight, or a gate that nobody chose, took relevance."""
    recorded = {id(part): name for name, part in mode.parts.items()}
    mode.depends(logits)  # decides each node that goes into the output
    reason = meeting(logits, lambda node: mode.from_x.get(node, False), recorded)
    if reason:
        raise ValueError(
            f"the ledger closes, but not as a sum of what the model adds: {reason}; "
            "add a row for the function to rules= (docs/foreign-models.md)"
        )


def _closes(account: Conserved) -> bool:
    """Whether what is missing is no more than rounding."""
    terms = [account.relevance, *account.parts.values(), account.logits]
    size = math.fsum(_total(term.abs()) for term in terms)
    tolerance = TOLERANCES[account.relevance.dtype]
    return bool(adds_up(account.gap, size, tolerance))


def _loss_message(account: Conserved, trace: Tracing, total: Tensor) -> str:
    """What is missing, and in which functions it is lost."""
    losses = trace.losses(total)
    largest = max(map(abs, (account.gap, *losses.values())))
    least = SMALLEST_LOSS * largest
    causes = []
    for name, loss in losses.items():
        if abs(loss) > least:
            causes.append(f"{name} ({loss:+.3g})")
    hidden = account.gap - math.fsum(losses.values())
    if abs(hidden) > least:
        own = ", ".join(kernels(total))
        functions = f"autograd.Functions ({own})" if own else "autograd.Functions"
        unseen = (*sorted(trace.unmeasured), "scripted functions", functions)
        causes.append(f"what cannot be measured ({hidden:+.3g}): {', '.join(unseen)}")
    advice = "add a row for that to rules= (docs/foreign-models.md)"
    if any("grouped_mm" in cause for cause in causes):
        advice = EXPERTS
    return (
        f"the ledger does not close: {account.gap:.3g} of an output of {account.logit:.3g} is "
        f"missing; it is lost in {', '.join(causes)}; {advice}. "
        f"Rows met: {', '.join(account.fired) or 'none'}"
    )


def _counts(mode: Accounting) -> dict[str, int]:
    """How often each function with a rule was called, by name."""
    return {names([func]): count for func, count in mode.fired.items() if count}
