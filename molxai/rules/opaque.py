"""Modules that rules cannot look into: compiled, scripted, exported and quantised ones."""

from functools import cache

import torch
from torch import nn
from torch.fx import GraphModule

QUANTISED = (
    "torch.ao.nn.quantized.",
    "torch.ao.nn.intrinsic.quantized.",
    "torch.ao.nn.sparse.quantized.",
    "torch.ao.nn.qat.",
    "torch.ao.nn.intrinsic.qat.",
    "torchao.",
    "bitsandbytes.",
    "optimum.quanto.",
    "quanto.",
    "hqq.",
    "awq.",
    "auto_gptq.",
    "gptqmodel.",
    "aqlm.",
    "eetq.",
    "transformers.integrations.bitnet.",
    "transformers.integrations.eetq.",
    "transformers.integrations.fbgemm_fp8.",
    "transformers.integrations.finegrained_fp8.",
    "transformers.integrations.gemma_quant.",
    "transformers.integrations.higgs.",
    "transformers.integrations.mxfp4.",
    "transformers.integrations.nvfp4.",
    "compressed_tensors.",
)
"""Python modules whose classes hold packed integers, with kernels of their own."""


@cache
def is_quantised(kind: type) -> bool:
    """Whether a module's or a parameter's class comes from a library of quantised ones."""
    return f"{kind.__module__}.".startswith(QUANTISED)


def refuse_opaque(model: nn.Module) -> None:
    """Refuse models that compute outside Python, where rules cannot see them, or in integers.

    Raises:
        ValueError: the model is or contains a compiled, scripted, exported or quantised module, or
            one that frees its inputs.
    """
    for name, module in model.named_modules():
        reason = _opacity(module)
        if reason:
            raise ValueError(f"{name or 'the model'} is {reason}")


def _calls_aten(module: GraphModule) -> bool:
    """Whether the graph's functions are PyTorch's inner ones, which have no rows."""
    targets = [node.target for node in module.graph.nodes]
    return any(isinstance(target, torch._ops.OpOverload) for target in targets)


def _opacity(module: nn.Module) -> str:
    """What the module is, and which one is needed; empty if rules can look into it."""
    kind = type(module)
    if isinstance(module, torch.jit.ScriptModule) or kind.__name__ == "OptimizedModule":
        needed = "rules need the eager module, before torch.compile or torch.jit"
        return f"a {kind.__name__}: {needed}"
    if isinstance(module, GraphModule) and _calls_aten(module):
        needed = "rules need the eager module, before torch.export"
        return f"an exported module, which calls functions of aten: {needed}"
    if any(base.__name__ == "InvertibleModule" for base in kind.__mro__) and not module.disable:
        needed = "build it with disable=True, so that it keeps them"
        return f"a {kind.__name__}, which frees its inputs while it runs: {needed}"
    if module._compiled_call_impl is not None:
        return "compiled: rules need the eager module, before module.compile()"
    for owner in (kind, *map(type, module._parameters.values())):
        if is_quantised(owner):
            where = f"{owner.__module__}.{owner.__name__}"
            return f"quantised ({where}): rules need the float module, before quantisation"
    return ""
