"""Functions that multiply their arguments, and functions that add numbers to them."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from molxai.rules.rule import Function

Factors = tuple[tuple[int, str], ...]
"""Position and name of each argument that a function multiplies."""

INPUT_WEIGHT: Factors = ((0, "input"), (1, "weight"))
NORM_WEIGHT: Factors = ((0, "input"), (2, "weight"))
INPUT_OTHER: Factors = ((0, "input"), (1, "other"))
MATRICES: Factors = ((0, "input"), (1, "mat2"))
VECTORS: Factors = ((0, "input"), (1, "vec"))

GROUPED: tuple[Function, ...] = tuple(
    getattr(owner, name)
    for owner, name in ((torch, "_grouped_mm"), (F, "grouped_mm"))
    if hasattr(owner, name)
)
"""Products of groups of rows with a matrix each, as in a mixture of experts."""

FACTORS: Mapping[Function, Factors] = {
    F.linear: INPUT_WEIGHT,
    F.prelu: INPUT_WEIGHT,
    torch.prelu: INPUT_WEIGHT,
    torch.conv1d: INPUT_WEIGHT,
    torch.conv2d: INPUT_WEIGHT,
    torch.conv3d: INPUT_WEIGHT,
    torch.conv_transpose1d: INPUT_WEIGHT,
    torch.conv_transpose2d: INPUT_WEIGHT,
    torch.conv_transpose3d: INPUT_WEIGHT,
    F.layer_norm: NORM_WEIGHT,
    torch.layer_norm: NORM_WEIGHT,
    F.rms_norm: NORM_WEIGHT,
    torch.rms_norm: NORM_WEIGHT,
    F.group_norm: NORM_WEIGHT,
    F.batch_norm: ((0, "input"), (2, "running_var"), (3, "weight")),
    F.instance_norm: ((0, "input"), (2, "running_var"), (3, "weight")),
    torch.mul: INPUT_OTHER,
    torch.multiply: INPUT_OTHER,
    torch.div: INPUT_OTHER,
    torch.divide: INPUT_OTHER,
    torch.true_divide: INPUT_OTHER,
    torch.matmul: INPUT_OTHER,
    torch.dot: INPUT_OTHER,
    torch.inner: INPUT_OTHER,
    torch.tensordot: INPUT_OTHER,
    torch.kron: INPUT_OTHER,
    Tensor.mul: INPUT_OTHER,
    Tensor.mul_: INPUT_OTHER,
    Tensor.multiply: INPUT_OTHER,
    Tensor.div: INPUT_OTHER,
    Tensor.div_: INPUT_OTHER,
    Tensor.divide: INPUT_OTHER,
    Tensor.true_divide: INPUT_OTHER,
    Tensor.matmul: INPUT_OTHER,
    Tensor.dot: INPUT_OTHER,
    Tensor.__rdiv__: INPUT_OTHER,
    Tensor.__rmatmul__: INPUT_OTHER,
    torch.mm: MATRICES,
    torch.bmm: MATRICES,
    Tensor.mm: MATRICES,
    Tensor.bmm: MATRICES,
    torch.mv: VECTORS,
    torch.outer: VECTORS,
    Tensor.mv: VECTORS,
    Tensor.outer: VECTORS,
    torch.addmm: ((1, "mat1"), (2, "mat2")),
    Tensor.addmm: ((1, "mat1"), (2, "mat2")),
    torch.baddbmm: ((1, "batch1"), (2, "batch2")),
    Tensor.baddbmm: ((1, "batch1"), (2, "batch2")),
    torch.addcmul: ((1, "tensor1"), (2, "tensor2")),
    Tensor.addcmul: ((1, "tensor1"), (2, "tensor2")),
    F.bilinear: ((0, "input1"), (1, "input2"), (2, "weight")),
    **dict.fromkeys(GROUPED, ((0, "mat_a"), (1, "mat_b"))),
    torch.native_layer_norm: NORM_WEIGHT,
    torch.group_norm: NORM_WEIGHT,
    torch.native_group_norm: INPUT_WEIGHT,
    torch.instance_norm: ((0, "input"), (1, "weight"), (4, "running_var")),
    torch.batch_norm: ((0, "input"), (1, "weight"), (4, "running_var")),
    torch.functional.einsum: tuple((position, "") for position in range(1, 7)),
}
"""Functions that multiply their arguments: the signal first, where the function knows one."""

SUMS: frozenset[Function] = frozenset(
    (
        torch.add,
        torch.sub,
        torch.rsub,
        Tensor.add,
        Tensor.sub,
        Tensor.add_,
        Tensor.sub_,
        Tensor.__rsub__,
    )
)
"""Functions that may add a plain number, which then has a part in the sum like any bias."""

ADDED: Mapping[Function, Factors] = {
    **dict.fromkeys(SUMS, INPUT_OTHER),
    torch.baddbmm: ((0, "input"),),
    Tensor.baddbmm: ((0, "input"),),
    F.scaled_dot_product_attention: ((3, "attn_mask"),),
    F.multi_head_attention_forward: ((16, "attn_mask"),),
}
"""Position and name of each argument that a function adds, to a signal or to attention's scores."""

UNRECORDED = {
    F.batch_norm: (1, 2),
    torch.batch_norm: (3, 4),
    F.instance_norm: (1, 2),
    torch.instance_norm: (3, 4),
}
"""Positions of running statistics, which PyTorch's own functions take only as constants."""
