"""Conservative relevance for any eager PyTorch model: what the output is made of, to the last bias.

`conserve` calls the model once under the rules and goes back once. The output it explains is then
`Σ relevance of x + Σ relevance of everything that the model adds`, or an error says where the sum
is lost.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import BaseTorchFunctionMode

from molxai.rules.call import Call
from molxai.rules.conserved import Attributed as Attributed
from molxai.rules.conserved import Conserved as Conserved
from molxai.rules.copies import flattened, refilled
from molxai.rules.embeddings import check_same_as_ids, embedding_of, ids_of
from molxai.rules.leaks import Tracing, kernels
from molxai.rules.ledger import Accounting
from molxai.rules.meetings import meeting
from molxai.rules.methods import METHODS
from molxai.rules.outputs import Target
from molxai.rules.recipes import EVERY
from molxai.rules.rule import Rule, names
from molxai.rules.tables import ACTIVATION

CHANGES = {torch.float64: 1e-6, torch.float32: 1e-4}
"""Largest change of an output of size 1 by the rules, by the input's type.

In float64 it comes from casts to float32 that are left out, in float32 from rounding.
"""

PADDED_LEFT = (
    "if x is padded on the left, attention in eager float64 may be why: take "
    "attn_implementation='sdpa', or float32"
)
"""The usual reason for NaN: a mask of −1.8e308 that becomes −∞ in a softmax in float32."""

SMALLEST_LOSS = 1e-3
"""Losses that a message names are at least this share of the largest."""

EXPERTS = (
    'set config._experts_implementation = "eager" before the model is made: each expert is then a '
    "layer of its own"
)
"""What to do about a mixture of experts in one function."""

ROUTED = (
    "routing needs attention that is multiplied with values as the softmax gives it, or some of "
    "its queries or keys; leave routing out, or add a row for what the model does in between"
)
"""What to do about a softmax that routing takes for attention, and that is used otherwise."""


def conserve(
    model: nn.Module,
    x: Any = None,
    *,
    target: Target = None,
    at: nn.Module | None = None,
    argument: str | None = None,
    call: Callable[..., Any] | None = None,
    rules: Sequence[Rule] = EVERY,
    **inputs: Any,
) -> Conserved:
    """Relevance of a model's floating input for one of its outputs, with the full ledger.

    The model is called as `model(x, **inputs)`. Floating tensors among `inputs` take relevance as
    well, as parts named `NAME (input)`; those inside a list, a dictionary or a cache are named
    `NAME[0] (input)`. Float64 closes the ledger to 1e-9 and better, float32 to 1e-5 of its terms.
    The model is called two or three times, each time with copies of what is passed.

    Args:
        model: any eager module, in evaluation mode; it is left as it was.
        x: token embeddings, pixels, node features: what relevance is wanted for. With `at`, what
            else is passed first, such as ids, or nothing.
        target: the class, or one for each row of the output; a function of the output for anything
            else.
        at: a module of the model. Relevance is then wanted for the output of its first call, which
            the model makes itself from what is passed: `at=model.get_input_embeddings(),
            input_ids=ids` for tokens. Later calls with an equal output count as the same. Others
            are left to the model, and end in the ledger under their weight's name.
        argument: pass x by this name instead of first: `argument="inputs_embeds"`.
        call: called as `call(model, x, **inputs)`, for models that are not called like that.
        rules: tables to apply instead of all of them, such as one of `FAMILIES`. Rules of your own
            must fire.
        **inputs: what else the model takes, by name.

    Raises:
        ValueError: the model is in training mode, compiled, scripted or quantised; x holds no
            floats; `at` is not called; the target is not one of the output's; the output is another
            one than that of the ids whose embeddings are passed; the rules changed the output; the
            ledger does not close; or it closes because a weight took relevance.

    Example:
        >>> layer = nn.Linear(2, 1).eval()
        >>> account = conserve(layer, torch.ones(1, 2))
        >>> account.tokens.shape, list(account.ledger), abs(account.gap) < 1e-6
        (torch.Size([1]), ['bias'], True)

        The tokens of a text, which the model embeds itself:

        >>> table = nn.Embedding(9, 2)
        >>> model = nn.Sequential(table, nn.Flatten(), nn.Linear(6, 1)).eval()
        >>> conserve(model, torch.tensor([[4, 0, 7]]), at=table).tokens.shape
        torch.Size([1, 3])

    Source:
        Ali et al. 2022, "XAI for Transformers: Better Explanations through Conservative
        Propagation", section 4: gradient × input of a model whose attention and norms are constants
        is LRP, and conserves.
    """
    question = Call(model, x, inputs, target, at, argument, call)
    tables = tuple(rules)
    answer = _answer(question, tables)
    account = Conserved(**vars(answer.account))
    if not account.adds_up:
        raise ValueError(_loss(account, question, tables, answer.x))
    _check_meetings(answer.mode, answer.logits)
    return account


def attribute(
    model: nn.Module,
    x: Any = None,
    *,
    method: str | Sequence[Rule] = "gradient-input",
    target: Target = None,
    at: nn.Module | None = None,
    argument: str | None = None,
    call: Callable[..., Any] | None = None,
    **inputs: Any,
) -> Attributed:
    """The same by a method that need not add up, with the gap that it leaves.

    It is for baselines and comparisons. Whatever `conserve` refuses as lost is the `gap` here.

    Args:
        model: as in `conserve`, like all other arguments.
        x: what relevance is wanted for.
        method: one of `METHODS`: gradient-input, attnlrp, lrp, lrp-epsilon, lrp-gamma, lrp-res; or
            tables of rules.
        target: the class, one for each row, or a function of the output.
        at: a module whose output relevance is wanted for.
        argument: the name by which x is passed.
        call: called as `call(model, x, **inputs)`.
        **inputs: what else the model takes, by name.

    Raises:
        ValueError: as `conserve`, except that the ledger need not close; or there is no such
            method.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 2), nn.Softplus(), nn.Linear(2, 1)).eval()
        >>> account = attribute(model, torch.ones(1, 2), method="gradient-input")
        >>> account.adds_up, "does not add up" in repr(account)
        (False, True)
    """
    if isinstance(method, str):
        if method not in METHODS:
            raise ValueError(f"no method named {method!r}: there are {', '.join(METHODS)}")
        method = METHODS[method]
    question = Call(model, x, inputs, target, at, argument, call)
    return _answer(question, tuple(method)).account


@dataclass(frozen=True)
class _Answer:
    """What an output is made of, and what relevance was taken of."""

    account: Attributed
    x: Tensor
    mode: Accounting
    logits: Float[Tensor, " examples"]
    """What was explained, with its graph."""


def _answer(question: Call, tables: tuple[Rule, ...]) -> _Answer:
    """The question's account under the rules."""
    with torch.inference_mode(False), torch.enable_grad():
        with torch.no_grad(), BaseTorchFunctionMode():
            expected, x = question.plain()
            _check_precision(expected)
            _check_ids(question, expected)
        leaf = x.detach().clone().requires_grad_()
        # Not the leaf itself: a node of the graph tells what comes from x.
        source = leaf.clone()
        with Accounting(tables, question.model, source, flattened(question.inputs)) as mode:
            logits = question.from_source(source, refilled(question.inputs, mode.inputs))
        _check_rules(mode, logits.detach(), expected)
        account = _account(mode, leaf, logits)
        _check_finite(account)
        return _Answer(account, x, mode, logits)


def _check_precision(expected: Float[Tensor, " examples"]) -> None:
    """Refuse outputs that are too coarse to add up, as autocast makes them."""
    if expected.dtype not in CHANGES:
        raise ValueError(
            f"the output holds {expected.dtype}, too coarse for sums: float32 or float64 is "
            "needed, so take torch.autocast and casts out of the model's forward"
        )


def _check_ids(question: Call, expected: Float[Tensor, " examples"]) -> None:
    """Refuse embeddings for which the model says something else than for their ids."""
    if question.argument != "inputs_embeds" or not expected.isfinite().all():
        return
    embedding = embedding_of(question.model)
    ids = None if embedding is None else ids_of(embedding, question.x)
    if ids is not None:
        check_same_as_ids(expected, question.with_ids(ids), CHANGES[expected.dtype])


def _account(mode: Accounting, leaf: Tensor, logits: Float[Tensor, " examples"]) -> Attributed:
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
    return Attributed(relevance, parts, logits.detach(), _counts(mode))


def _is_part(name: str, relevance: Tensor) -> bool:
    """Whether something belongs to the ledger: masks made on the way, which add nothing, do not."""
    return not name.startswith("constant ") or bool(relevance.any())


def _product(value: Tensor, grad: Tensor) -> Tensor:
    """Value × gradient; a masked −∞ through which nothing passes has no relevance."""
    return torch.where(grad == 0, 0.0, value * grad)


def _check_finite(account: Attributed) -> None:
    """Refuse relevances that are not finite, of an output that is."""
    terms = {"x": account.relevance, **account.parts}
    broken = [name for name, term in terms.items() if not term.isfinite().all()]
    if broken:
        raise ValueError(
            f"the output is {account.logit:.3g}, but the relevance of {', '.join(broken)} is not "
            "finite: the model computes NaN or infinite numbers on the way, where they are not "
            f"read; {PADDED_LEFT}"
        )


def _check_rules(
    mode: Accounting, logits: Float[Tensor, " examples"], expected: Float[Tensor, " examples"]
) -> None:
    """Refuse outputs that are not finite, rules that were not met, and rules that change values."""
    if not expected.isfinite().all():
        raise ValueError(
            f"the output is {expected.tolist()}: nothing adds up to that, "
            f"look at the model and x first; {PADDED_LEFT}"
        )
    silent = [rule for rule in mode.silent if rule not in (*EVERY, ACTIVATION)]
    if silent:
        functions = ", ".join(names(rule.needs or rule.rows) for rule in silent)
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


def _loss(account: Attributed, question: Call, tables: tuple[Rule, ...], x: Tensor) -> str:
    """Where relevance is lost, by another pass that measures each function."""
    with torch.inference_mode(False), torch.enable_grad():
        source = x.detach().clone().requires_grad_().clone()
        with Tracing(tables, question.model, source, flattened(question.inputs)) as trace:
            logits = question.from_source(source, refilled(question.inputs, trace.inputs))
        return _loss_message(account, trace, logits.sum())


def _loss_message(account: Attributed, trace: Tracing, total: Tensor) -> str:
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
    elif trace.has_scores and any("softmax" in cause for cause in causes):
        advice = ROUTED
    return (
        f"the ledger does not close: {account.gap:.3g} of an output of {account.logit:.3g} is "
        f"missing; it is lost in {', '.join(causes)}; {advice}. "
        f"Rows met: {', '.join(account.fired) or 'none'}"
    )


def _counts(mode: Accounting) -> dict[str, int]:
    """How often each function with a rule was called, by name."""
    return {names([func]): count for func, count in mode.fired.items() if count}
