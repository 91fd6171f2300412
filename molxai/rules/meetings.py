"""Where two recorded things meet in the graph: a sum may join them, a product may not.

A ledger that adds up is no proof. A norm is of degree 0 in x and of degree 1 in its weight, so the
weight takes all relevance under plain gradient × value, and nothing is missing. A product of x and
something of degree 0 made from x adds up as well, and gives the relevance to the wrong factor.

So the graph that the gradient went through is looked at once more. Wherever two recorded things go
into a node, and one of them comes from x, the node must be known: it adds them or chooses among
them (`SUMS`), or it multiplies some and only one of these is recorded (`FACTORS`). Everything else
is an error with the node's name. This sees what was called in any way: `torch.ops.aten`, functions
on no list, and `autograd.Function`s.

A length, √Σx², adds up as well, and is no sum either: it may only be a scale, which rules hold.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

SUMS = frozenset(
    {
        "AddBackward0",
        "SubBackward0",
        "RsubBackward0",
        "CatBackward0",
        "StackBackward0",
        "ComplexBackward0",
        "LerpBackward0",
        "WhereBackward0",
        "MaximumBackward0",
        "MinimumBackward0",
        "FmaxBackward0",
        "FminBackward0",
        "ClampBackward0",
        "ClampBackward1",
        "ClampMinBackward1",
        "ClampMaxBackward1",
        "MaskedFillBackward1",
        "MaskedScatterBackward0",
        "IndexPutBackward0",
        "IndexAddBackward0",
        "IndexCopyBackward0",
        "IndexFillBackward1",
        "ScatterBackward0",
        "ScatterAddBackward0",
        "ScatterReduceBackward0",
        "IndexReduceBackward0",
        "PutBackward0",
        "SliceScatterBackward0",
        "SelectScatterBackward0",
        "DiagonalScatterBackward0",
        "AsStridedScatterBackward0",
        "torch::autograd::CopyBackwards",
        "torch::autograd::CopySlices",
        "_RoutedProductBackward",
    }
)
"""Nodes whose inputs are added to each other, or of which each output is one of the inputs.

`LerpBackward0` has a number as its weight. A written slice (`CopySlices`) hides what was written;
functions in place that multiply have factors of their own. `_RoutedProductBackward` is the rule of
that name, which shares out attention and values itself.
"""

PAIR = (0, 1)
"""Positions of two factors."""

AFTER_SUM = (1, 2)
"""Positions of two factors behind a summand."""

FACTORS: Mapping[str, tuple[int, ...]] = {
    "MulBackward0": PAIR,
    "DivBackward0": PAIR,
    "MmBackward0": PAIR,
    "BmmBackward0": PAIR,
    "MvBackward0": PAIR,
    "DotBackward0": PAIR,
    "VdotBackward0": PAIR,
    "LinalgCrossBackward0": PAIR,
    "PreluKernelBackward0": PAIR,
    "ConvolutionBackward0": PAIR,
    "ConvolutionOverrideableBackward0": PAIR,
    "CudnnConvolutionBackward0": PAIR,
    "CudnnConvolutionTransposeBackward0": PAIR,
    "MkldnnConvolutionBackward0": PAIR,
    "MpsConvolutionBackward0": PAIR,
    "LinearBackward0": PAIR,
    "MkldnnLinearBackward0": PAIR,
    "GroupedMmBackward0": PAIR,
    "_GammaLinearBackward": PAIR,
    "NativeLayerNormBackward0": PAIR,
    "NativeGroupNormBackward0": PAIR,
    "NativeBatchNormBackward0": PAIR,
    "CudnnBatchNormBackward0": PAIR,
    "FusedRmsNormBackward0": PAIR,
    "AddmmBackward0": AFTER_SUM,
    "AddmvBackward0": AFTER_SUM,
    "AddbmmBackward0": AFTER_SUM,
    "BaddbmmBackward0": AFTER_SUM,
    "AddrBackward0": AFTER_SUM,
    "AddcmulBackward0": AFTER_SUM,
    "AddcdivBackward0": AFTER_SUM,
    "TrilinearBackward0": (0, 1, 2),
}
"""Nodes that multiply the inputs at these positions; inputs at others are added."""

LENGTHS = frozenset(
    {
        "LinalgVectorNormBackward0",
        "NormBackward0",
        "NormBackward1",
        "NormBackward2",
        "NormBackward3",
        "NormBackward4",
        "SqrtBackward0",
        "StdBackward0",
        "StdMeanBackward0",
        "DistBackward0",
        "PairwiseDistBackward0",
        "PdistForwardBackward0",
    }
)
"""Nodes that take a length: it grows with x and is no sum. Rules hold it where it is a scale."""

HALF = "_HalvedBackward"
"""Node of a product's half: a rule has shared it out."""

Depends = Callable[[Any], bool]
"""Whether a node of the graph comes from x."""


def meeting(output: Tensor, from_x: Depends, names: Mapping[int, str]) -> str:
    """The first place where x meets what it may not, in words; empty if there is none.

    Args:
        output: what the gradient is taken of.
        from_x: whether a node comes from x.
        names: the names of the recorded constants, by id.
    """
    nodes = list(graph_nodes(output))
    shared = {_product(node) for node in nodes if node.name() == HALF}
    for node in nodes:
        recorded = _recorded(node)
        signals = [before for before in recorded.values() if from_x(before)]
        if signals and node.name() in LENGTHS:
            return f"{_name(node)} takes a length of what comes from x, which is no sum"
        if len(recorded) < 2 or not signals or node.name() in SUMS:
            continue
        multiplied = _multiplied(node, recorded)
        is_shared = node in shared or all(one.name() == HALF for one in multiplied)
        if len(multiplied) < 2 or is_shared:
            continue
        constants = [before for before in recorded.values() if not from_x(before)]
        return _reason(node, constants, names)
    return ""


def _product(half: Any) -> Any:
    """The product that a rule has shared out, perhaps in another shape."""
    node = half
    while len(_recorded(node)) == 1:
        (node,) = _recorded(node).values()
    return node


def graph_nodes(output: Tensor) -> Iterator[Any]:
    """The nodes of the graph, each once, from the output back."""
    stack: list[Any] = [output.grad_fn]
    seen = set(stack)
    while stack:
        node = stack.pop()
        yield node
        for before in _recorded(node).values():
            if before not in seen:
                seen.add(before)
                stack.append(before)


def _recorded(node: Any) -> dict[int, Any]:
    """The nodes that go into a node, by position."""
    inputs = enumerate(node.next_functions)
    return {position: before for position, (before, _) in inputs if before is not None}


def _multiplied(node: Any, recorded: Mapping[int, Any]) -> list[Any]:
    """The recorded inputs that the node multiplies; all of them if it is not known."""
    factors = FACTORS.get(node.name(), tuple(recorded))
    return [recorded[position] for position in factors if position in recorded]


def _name(node: Any) -> str:
    return re.sub(r"Backward\d*$", "", node.name())


def _reason(node: Any, constants: list[Any], names: Mapping[int, str]) -> str:
    """What meets in the node."""
    name = _name(node)
    if not constants:
        return f"{name} takes two things that both come from x, and no rule says which is the gate"
    found = {name for constant in constants for name in _constants(constant, names)}
    what = ", ".join(sorted(found)) or "a constant"
    return f"{name} takes x together with {what}, which would take relevance like something added"


def _constants(node: Any, names: Mapping[int, str]) -> Iterator[str]:
    """The names of the recorded constants behind a node."""
    stack = [node]
    while stack:
        node = stack.pop()
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, torch.Tensor) and id(leaf) in names:
            yield names[id(leaf)]
        stack.extend(_recorded(node).values())
