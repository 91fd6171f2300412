"""LRP as a torch-geometric explainer algorithm: any eager model, graphs and batches, signed masks with a ledger."""

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
from molxai.rules.conserve import conserve
from molxai.rules.recipes import EVERY
from molxai.rules.rule import Function, Rule


def weighted_entries(
    func: Function, codes: Tensor, entries: Tensor, *args: Any, **kwargs: Any
) -> Tensor:
    """A sum of table entries is linear in their weights, and the table is a constant."""
    return func(codes, entries.detach(), *args, **kwargs)


ENTRIES = Rule("entries", {F.embedding_bag: weighted_entries})
"""The plain linear rule for the input embeddings of `PyGGraphormer`, whose input are the weights of its codes."""


class LRPExplainer(ExplainerAlgorithm):
    """Relevance x · ∂f̃/∂x of node features, where f̃ is the model with propagation rules applied (Ali et al. 2022).

    With integer codes, which only `PyGGraphormer` takes, x is the codes' weights. The explained quantity is the logit (or
    value) of each graph's or node's target, summed over the given `index`, by default over all; class 0 of a binary model
    is explained by the negative of its logit. Edges take no relevance: they decide who listens to whom, and that is frozen.

    Example:
        >>> explainer = Explainer(model, LRPExplainer(), "model", MODEL_CONFIG, node_mask_type="object")
        >>> made = explainer(data.x, data.edge_index, batch=data.batch)
        >>> made.node_mask.shape, abs(made.logit - float(made.node_mask.sum()) - made.bias) < 1e-4
        (torch.Size([15, 1]), True)
    """

    def __init__(self, rules: Sequence[Rule] = EVERY) -> None:
        """Choose the rules: by default all, each where the model has a function that it is for."""
        super().__init__()
        self.rules = tuple(rules)

    def connect(self, explainer_config: ExplainerConfig, model_config: ModelConfig) -> None:
        """Take the settings.

        Raises:
            ValueError: an edge mask is asked for, or the model returns probabilities.
        """
        self._explainer_config, self._model_config = (
            ExplainerConfig.cast(explainer_config),
            ModelConfig.cast(model_config),
        )
        if refusal := self._refusal():
            raise ValueError(refusal)

    def supports(self) -> bool:
        return not self._refusal()

    def _refusal(self) -> str:
        if self.explainer_config.edge_mask_type is not None:
            found = f"edge_mask_type {self.explainer_config.edge_mask_type.value!r}"
            return f"{found}: edges take no relevance under these rules; leave it out and give a node_mask_type"
        if self.model_config.return_type != ModelReturnType.raw:
            found = f"return_type {self.model_config.return_type.value!r}"
            return f"{found}: LRP explains logits, 'raw'; let the model return what comes before its softmax or sigmoid"
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
            target: the class of each graph or node; of a regression whatever.
            index: rows of the output to explain, by default all.
            kwargs: passed to the model, for instance `batch`.

        Raises:
            ValueError: the model is in training mode, compiled or scripted; `x` is neither; output, target and index do
                not fit together; or the rules do not make this model conservative.
        """
        if not isinstance(x, Tensor):
            raise ValueError(
                f"x is a {type(x).__name__}: the features of one kind of nodes are needed, as one tensor"
            )
        coded, source = not x.is_floating_point(), x
        if coded and not isinstance(model, PyGGraphormer):
            raise ValueError(
                f"x of type {x.dtype}: float features are needed, of which a gradient can be taken; embed the codes first"
            )
        if isinstance(model, PyGGraphormer) and coded:
            source = model.weights_of(x, kwargs.pop("x_weight", None))
        rules = (*self.rules, ENTRIES) if isinstance(model, PyGGraphormer) else self.rules

        def call(model: nn.Module, source: Tensor, **inputs: Any) -> Tensor:
            return (
                model(x, edge_index, x_weight=source, **inputs)
                if coded
                else model(source, edge_index, **inputs)
            )

        def explained(output: Tensor) -> Tensor:
            return (output * self._share(output, target, index)).sum()

        account = conserve(model, source, target=explained, call=call, rules=rules, **kwargs)
        return self._explanation(account.relevance, account.logit, account.ledger)

    def _explanation(
        self, relevance: Float[Tensor, "nodes ..."], logit: float, ledger: dict[str, float]
    ) -> SignedExplanation:
        kind, mask = self.explainer_config.node_mask_type, relevance.reshape(len(relevance), -1)
        if kind == MaskType.object:
            mask = mask.sum(1, keepdim=True)
        if kind == MaskType.common_attributes:
            mask = mask.sum(0, keepdim=True)
        bias = math.fsum(ledger.values())
        gap = logit - float(mask.sum(dtype=torch.float64)) - bias
        return SignedExplanation(node_mask=mask, logit=logit, bias=bias, gap=gap, ledger=ledger)

    def _share(
        self, output: Tensor, target: Tensor, index: int | Tensor | None
    ) -> Float[Tensor, "..."]:
        """Of each entry of the output in what is explained."""
        multiclass, regression = (
            self.model_config.mode == mode
            for mode in (ModelMode.multiclass_classification, ModelMode.regression)
        )
        rows = len(output) if output.ndim else 1
        if (multiclass and output.ndim != 2) or (not multiclass and output.numel() != rows):
            needed = (
                "one row per graph or node and one column per class"
                if multiclass
                else "one logit or value per graph or node"
            )
            raise ValueError(
                f"an output of shape {list(output.shape)}: {needed} is needed; let the model return that alone"
            )
        every = torch.arange(rows, device=output.device)
        count = torch.bincount(
            every if index is None else every[index].reshape(-1), minlength=rows
        ).to(output.dtype)
        if regression:
            return count.reshape(output.shape)
        labels = _labels(target, rows, output.shape[1] if multiclass else 2).to(output.device)
        if multiclass:
            return F.one_hot(labels, output.shape[1]) * count.unsqueeze(1)
        return ((2 * labels - 1) * count).reshape(output.shape)


def _labels(target: Tensor, rows: int, classes: int) -> Tensor:
    labels = target.reshape(-1).long()
    if len(labels) != rows:
        raise ValueError(
            f"{len(labels)} targets for {rows} rows of output: the class of each is needed, whatever the index"
        )
    if not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(
            f"target classes {int(labels.min())} … {int(labels.max())}: the model has {classes} classes, 0 … {classes - 1}"
        )
    return labels
