"""LRP as an explainer algorithm of torch-geometric: signed masks with a ledger.

It takes any eager model, for graphs and for batches of graphs.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch_geometric.explain import ExplainerAlgorithm
from torch_geometric.explain.config import (
    ExplainerConfig,
    MaskType,
    ModelConfig,
    ModelMode,
    ModelReturnType,
)

from molxai.pyg.network import PyGGraphormer
from molxai.pyg.signed import SignedExplanation
from molxai.rules.conserve import Conserved, conserve
from molxai.rules.recipes import EVERY
from molxai.rules.rule import Function, Rule


def weighted_entries(
    func: Function, codes: Tensor, entries: Tensor, *args: Any, **kwargs: Any
) -> Tensor:
    """A sum of table entries is linear in their weights, and the table is a constant."""
    return func(codes, entries.detach(), *args, **kwargs)


ENTRIES = Rule("entries", {F.embedding_bag: weighted_entries})
"""The plain linear rule for the input embeddings of `PyGGraphormer`.

Their input are the weights of its codes.
"""


class LRPExplainer(ExplainerAlgorithm):
    """Relevance x · ∂f̃/∂x of node features, where f̃ is the model under rules (Ali et al. 2022).

    With integer codes, which only `PyGGraphormer` takes, x is the codes' weights. The explained
    quantity is the logit (or value) of each graph's or node's target, summed over the given
    `index`, by default over all. Class 0 of a binary model is explained by the negative of its
    logit. Edges take no relevance: they decide who listens to whom, and that is frozen.

    Example:
        >>> from torch_geometric.explain import Explainer
        >>> from torch_geometric.nn import SimpleConv
        >>> x = torch.tensor([[1.0], [2.0]])
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> config = {"mode": "regression", "task_level": "node", "return_type": "raw"}
        >>> explainer = Explainer(SimpleConv().eval(), LRPExplainer(), "model", config, "object")
        >>> explanation = explainer(x, edges)
        >>> explanation.node_mask.tolist(), explanation.logit
        ([[1.0], [2.0]], 3.0)
    """

    def __init__(self, rules: Sequence[Rule] = EVERY) -> None:
        """Choose the rules: by default all, each if the model has a function that it is for."""
        super().__init__()
        self.rules = tuple(rules)

    def connect(self, explainer_config: ExplainerConfig, model_config: ModelConfig) -> None:
        """Take the settings.

        Raises:
            ValueError: an edge mask is asked for, or the model returns probabilities.
        """
        self._explainer_config = ExplainerConfig.cast(explainer_config)
        self._model_config = ModelConfig.cast(model_config)
        refusal = self._refusal()
        if refusal:
            raise ValueError(refusal)

    def supports(self) -> bool:
        return not self._refusal()

    def _refusal(self) -> str:
        edge_mask_type = self.explainer_config.edge_mask_type
        if edge_mask_type is not None:
            return (
                f"edge_mask_type {edge_mask_type.value!r}: edges take no relevance under these "
                "rules; leave it out and give a node_mask_type"
            )
        return_type = self.model_config.return_type
        if return_type != ModelReturnType.raw:
            return (
                f"return_type {return_type.value!r}: LRP explains logits, 'raw'; "
                "let the model return what comes before its softmax or sigmoid"
            )
        return ""

    def forward(  # type: ignore[override]
        self,
        model: nn.Module,
        x: Tensor,
        edge_index: Tensor,
        *,
        target: Tensor,
        index: int | Tensor | None = None,
        **kwargs: Any,
    ) -> SignedExplanation:
        """Explain the model's output for the target.

        Args:
            model: in evaluation mode, neither compiled nor scripted.
            x: float node features; or codes, for a `PyGGraphormer`.
            edge_index: passed to the model.
            target: the class of each graph or node; ignored for a regression.
            index: rows of the output to explain, by default all.
            kwargs: passed to the model, for instance `batch`.

        Raises:
            ValueError: the model is in training mode, compiled or scripted; `x` is neither; output,
                target and index do not fit together; or the rules do not make this model
                conservative.
        """
        if not isinstance(x, Tensor):
            raise ValueError(
                f"x is a {type(x).__name__}: the features of one kind of nodes are needed, "
                "as one tensor"
            )

        def share_out(output: Tensor) -> Tensor:
            return (output * self._share(output, target, index)).sum()

        rules = self.rules
        if isinstance(model, PyGGraphormer):
            rules = (*rules, ENTRIES)
        source = x
        call = _call_with_features(edge_index)
        if not x.is_floating_point():
            if not isinstance(model, PyGGraphormer):
                raise ValueError(
                    f"x of type {x.dtype}: float features are needed, of which a gradient can be "
                    "taken; embed the codes first"
                )
            source = model.weights_of(x, kwargs.pop("x_weight", None))
            call = _call_with_codes(x, edge_index)
        account = conserve(model, source, target=share_out, call=call, rules=rules, **kwargs)
        return self._explanation(account)

    def _explanation(self, account: Conserved) -> SignedExplanation:
        """The account as torch-geometric's masks."""
        relevance = account.relevance
        mask = relevance.reshape(len(relevance), -1)  # (nodes, features)
        kind = self.explainer_config.node_mask_type
        if kind == MaskType.object:
            mask = mask.sum(1, keepdim=True)  # (nodes, 1)
        if kind == MaskType.common_attributes:
            mask = mask.sum(0, keepdim=True)  # (1, features)
        ledger = account.ledger
        bias = math.fsum(ledger.values())
        gap = account.logit - float(mask.sum(dtype=torch.float64)) - bias
        return SignedExplanation(
            node_mask=mask, logit=account.logit, bias=bias, gap=gap, ledger=ledger
        )

    def _share(
        self, output: Tensor, target: Tensor, index: int | Tensor | None
    ) -> Float[Tensor, "..."]:
        """How often each entry of the output is in what is explained, or minus that."""
        mode = self.model_config.mode
        is_multiclass = mode == ModelMode.multiclass_classification
        rows = len(output) if output.ndim else 1
        _check_output(output, rows, is_multiclass)
        every = torch.arange(rows, device=output.device)
        named = every if index is None else every[index].reshape(-1)
        count = torch.bincount(named, minlength=rows).to(output.dtype)  # (rows)
        if mode == ModelMode.regression:
            return count.reshape(output.shape)
        classes = output.shape[1] if is_multiclass else 2
        labels = _labels(target, rows, classes).to(output.device)  # (rows)
        if is_multiclass:
            return F.one_hot(labels, classes) * count.unsqueeze(1)  # (rows, classes)
        sign = 2 * labels - 1
        return (sign * count).reshape(output.shape)


def _call_with_codes(codes: Tensor, edge_index: Tensor) -> Any:
    """A call of a `PyGGraphormer` as a function of the codes' weights."""

    def call(model: nn.Module, weights: Tensor, **inputs: Any) -> Tensor:
        return model(codes, edge_index, x_weight=weights, **inputs)

    return call


def _call_with_features(edge_index: Tensor) -> Any:
    """A call of any model as a function of the node features."""

    def call(model: nn.Module, x: Tensor, **inputs: Any) -> Tensor:
        return model(x, edge_index, **inputs)

    return call


def _check_output(output: Tensor, rows: int, is_multiclass: bool) -> None:
    if is_multiclass:
        fits = output.ndim == 2
        needed = "one row per graph or node and one column per class"
    else:
        fits = output.numel() == rows
        needed = "one logit or value per graph or node"
    if not fits:
        raise ValueError(
            f"an output of shape {list(output.shape)}: {needed} is needed; "
            "let the model return that alone"
        )


def _labels(target: Tensor, rows: int, classes: int) -> Tensor:
    labels = target.reshape(-1).long()
    if len(labels) != rows:
        raise ValueError(
            f"{len(labels)} targets for {rows} rows of output: the class of each is needed, "
            "whatever the index"
        )
    lowest, highest = int(labels.min()), int(labels.max())
    if not 0 <= lowest <= highest < classes:
        raise ValueError(
            f"target classes {lowest} … {highest}: the model has {classes} classes, "
            f"0 … {classes - 1}"
        )
    return labels
