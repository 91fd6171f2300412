"""LRP as an explainer algorithm of torch-geometric: signed masks with a ledger.

It takes any eager model, for graphs and for batches of graphs.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
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
from molxai.pyg.signed import SignedExplanation, SignedHeteroExplanation
from molxai.rules.conserve import Conserved, conserve
from molxai.rules.recipes import EVERY
from molxai.rules.rule import Function, Rule

Kinds: TypeAlias = Mapping[str, Tensor]
"""A tensor for each kind of nodes."""


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

    Heterogeneous graphs, `x_dict` and `edge_index_dict`, get one mask for each kind of nodes.

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
        x: Tensor | Kinds,
        edge_index: Any,
        *,
        target: Tensor,
        index: int | Tensor | None = None,
        **kwargs: Any,
    ) -> SignedExplanation | SignedHeteroExplanation:
        """Explain the model's output for the target.

        Args:
            model: in evaluation mode, neither compiled nor scripted.
            x: float node features, of one kind of nodes or of several by name; or codes, for a
                `PyGGraphormer`.
            edge_index: passed to the model.
            target: the class of each graph or node; ignored for a regression.
            index: rows of the output to explain, by default all.
            kwargs: passed to the model, for instance `batch`.

        Raises:
            ValueError: the model is in training mode, compiled or scripted; `x` is neither; output,
                target and index do not fit together; or the rules do not make this model
                conservative.
        """
        _check_features(x)

        def share_out(output: Tensor) -> Tensor:
            return (output * self._share(output, target, index)).sum()

        rules = self.rules
        if isinstance(model, PyGGraphormer):
            rules = (*rules, ENTRIES)
        if not isinstance(x, Tensor):
            call = _call_with_kinds(x)
            account = conserve(
                model,
                _joined(x),
                target=share_out,
                call=call,
                rules=rules,
                edge_index=edge_index,
                **kwargs,
            )
            return self._hetero_explanation(account, x)
        source = x
        call = _call_with_features
        if not x.is_floating_point():
            if not isinstance(model, PyGGraphormer):
                raise ValueError(
                    f"x of type {x.dtype}: float features are needed, of which a gradient can be "
                    "taken; embed the codes first"
                )
            source = model.weights_of(x, kwargs.pop("x_weight", None))
            call = _call_with_codes(x)
        account = conserve(
            model,
            source,
            target=share_out,
            call=call,
            rules=rules,
            edge_index=edge_index,
            **kwargs,
        )
        return self._explanation(account)

    def _explanation(self, account: Conserved) -> SignedExplanation:
        """The account as torch-geometric's masks."""
        mask = self._mask(account.relevance)
        return SignedExplanation(node_mask=mask, **_sums(account, [mask]))

    def _hetero_explanation(self, account: Conserved, x: Kinds) -> SignedHeteroExplanation:
        """The account as torch-geometric's masks, one for each kind of nodes."""
        relevances = _parted(account.relevance, x)
        masks = {kind: self._mask(relevance) for kind, relevance in relevances.items()}
        explanation = SignedHeteroExplanation()
        explanation.set_value_dict("node_mask", masks)
        # Not as arguments: a dictionary would be taken for a kind of nodes.
        for name, value in _sums(account, masks.values()).items():
            setattr(explanation, name, value)
        return explanation

    def _mask(self, relevance: Float[Tensor, "nodes ..."]) -> Float[Tensor, "_ _"]:
        """Relevances of nodes or features, as the explainer was asked for."""
        kind = self.explainer_config.node_mask_type
        mask = relevance.reshape(len(relevance), -1)  # (nodes, features)
        if kind == MaskType.object:
            return mask.sum(1, keepdim=True)  # (nodes, 1)
        if relevance.ndim != 2:
            raise ValueError(
                f"x of shape {list(relevance.shape)}: a mask of {kind.value} needs [nodes, "
                "features]; flatten x, or take node_mask_type='object'"
            )
        if kind == MaskType.common_attributes:
            return mask.sum(0, keepdim=True)  # (1, features)
        return mask

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


def _sums(account: Conserved, masks: Iterable[Tensor]) -> dict[str, Any]:
    """What an explanation holds beside its masks."""
    ledger = account.ledger
    bias = math.fsum(ledger.values())
    held = math.fsum(float(mask.sum(dtype=torch.float64)) for mask in masks)
    return {
        "logit": account.logit,
        "bias": bias,
        "gap": account.logit - held - bias,
        "ledger": ledger,
    }


def _check_features(x: Any) -> None:
    """Refuse what are not the features of one kind of nodes, or floats of several kinds."""
    kinds = x if isinstance(x, Mapping) else {"": x}
    for kind, features in kinds.items():
        name = f"x[{kind!r}]" if kind else "x"
        if not isinstance(features, Tensor):
            raise ValueError(
                f"{name} is a {type(features).__name__}: the features of one kind of nodes are "
                "needed, as one tensor"
            )
        if features.ndim < 2:
            raise ValueError(
                f"{name} of shape {list(features.shape)}: [nodes, features] is needed; "
                "one feature for each node is x.unsqueeze(1)"
            )
        if kind and not features.is_floating_point():
            raise ValueError(
                f"{name} of type {features.dtype}: float features are needed, of which a gradient "
                "can be taken; embed the codes first"
            )
    types = {str(features.dtype) for features in kinds.values()}
    if len(types) > 1:
        raise ValueError(
            f"x holds {' and '.join(sorted(types))}: features of one type are needed for all kinds "
            "of nodes"
        )


def _joined(x: Kinds) -> Shaped[Tensor, " entries"]:
    """All features in a row, so that they are one input."""
    return torch.cat([features.reshape(-1) for features in x.values()])


def _parted(row: Shaped[Tensor, " entries"], x: Kinds) -> dict[str, Tensor]:
    """The row's parts, in the shapes of what it was joined of."""
    parts = row.split([features.numel() for features in x.values()])
    return {
        kind: part.view(features.shape)
        for (kind, features), part in zip(x.items(), parts, strict=True)
    }


def _call_with_codes(codes: Tensor) -> Any:
    """A call of a `PyGGraphormer` as a function of the codes' weights."""

    def call(model: nn.Module, weights: Tensor, edge_index: Tensor, **inputs: Any) -> Tensor:
        return model(codes, edge_index, x_weight=weights, **inputs)

    return call


def _call_with_kinds(x: Kinds) -> Any:
    """A call of a model of several kinds of nodes, as a function of all their features."""

    def call(model: nn.Module, row: Tensor, edge_index: Any, **inputs: Any) -> Tensor:
        return model(_parted(row, x), edge_index, **inputs)

    return call


def _call_with_features(model: nn.Module, x: Tensor, edge_index: Tensor, **inputs: Any) -> Tensor:
    """A call of any model as a function of the node features."""
    return model(x, edge_index, **inputs)


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


def _labels(target: Any, rows: int, classes: int) -> Tensor:
    if not isinstance(target, Tensor) or not _is_whole(target):
        found = f"of {target.dtype}" if isinstance(target, Tensor) else repr(target)
        raise ValueError(
            f"target {found}: the class of each graph or node is needed, as a tensor of whole "
            "numbers"
        )
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


def _is_whole(target: Tensor) -> bool:
    """Whether it holds whole numbers, which may be written as floats."""
    return bool((target == target.floor()).all()) if target.is_floating_point() else True
