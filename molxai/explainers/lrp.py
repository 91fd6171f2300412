"""Gradient × input at the model's input embeddings, plain or under propagation rules: the LRP family."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.graph import GraphBatch
from graphormer.model import Graphormer
from molxai.explainers.outcome import Outcome, outcomes, resolved
from molxai.explanation import Explanation, Target
from molxai.rules import Rule, Rules, names, refuse_opaque, rules

TOLERANCE = 1e-4
"""Largest gap of a method that promises conservation, as a share of |logit| + Σ|relevance| (float32 leaves about 1e-6)."""


@dataclass(frozen=True)
class GradientInput:
    """Relevance x · ∂f̃/∂x, where f̃ is the model with the rules applied; one forward and one backward pass.

    With AH, LN and the activation rule this is the LRP of Ali et al. 2022 (section 4: each rule is a place to stop the
    gradient) with the plain linear rule LRP-0, whose relevance is gradient × input.
    """

    name: str
    tables: tuple[Rule, ...] = ()
    conserves: bool = False
    """Whether node, token and bias relevances are promised to sum to the logit."""
    signed: bool = True

    def __call__(self, model: Graphormer, batch: GraphBatch, targets: Sequence[Target | None] | None = None) -> list[Explanation]:
        """Explain each graph of the batch for its target, by default its predicted class.

        Raises:
            ValueError: the model is in training mode, compiled or scripted; a rule never fired; or a conserving
                method left a gap.
        """
        refuse_opaque(model)
        if model.training:
            raise ValueError("the model is in training mode, its dropout would make relevance random: call model.eval() first")
        with torch.inference_mode(False), torch.no_grad():
            tokens = model.embed(batch)
        with torch.inference_mode(False), torch.enable_grad():
            tokens.requires_grad_()
            with rules(*self.tables) as applied:
                logits = model.predict(tokens, batch)
            chosen = resolved(model.config, logits, targets)
            weights = torch.tensor([target.weights(model.config) for target in chosen], dtype=logits.dtype, device=logits.device)
            explained = (logits * weights).sum()
            token_grad, *bias_grads = torch.autograd.grad(explained, [tokens, *applied.biases], allow_unused=True)
        tokens = tokens.detach()
        relevance = (tokens * token_grad).sum(2)
        ledger = torch.zeros(len(batch), dtype=logits.dtype, device=logits.device)
        for bias, grad in zip(applied.biases, bias_grads, strict=True):
            if grad is not None:
                ledger += (bias.detach() * grad).flatten(1).sum(1)
        if self.conserves:
            _check(self.name, (logits.detach() * weights).sum(1), relevance, ledger, applied)
        return self._explanations(model, batch, outcomes(model.config, logits.detach(), chosen), relevance, ledger, token_grad)

    def _explanations(
        self,
        model: Graphormer,
        batch: GraphBatch,
        outcome: Sequence[Outcome],
        relevance: Float[Tensor, "batch tokens"],
        bias: Float[Tensor, " batch"],
        gradient: Float[Tensor, "batch tokens width"],
    ) -> list[Explanation]:
        split = feature_split(model, batch, gradient[:, 1:]).cpu()
        nodes, token, biases = relevance[:, 1:].cpu(), relevance[:, 0].tolist(), bias.tolist()
        return [
            Explanation(self.name, nodes[i, :n], split[i, :n], batch.vocabulary.feature_names, token[i], biases[i], **vars(outcome[i]))
            for i, n in enumerate(batch.sizes)
        ]


def feature_split(
    model: Graphormer, batch: GraphBatch, gradient: Float[Tensor, "batch nodes width"]
) -> Float[Tensor, "batch nodes features"]:
    """Each input feature's exact share in gradient × input: embeddings are sums over features, the product is linear."""
    codes = batch.codes.long()
    each = (gradient @ model.entries.detach().T).gather(2, codes) * batch.weights
    feature = batch.vocabulary.feature_of_entry.to(codes.device)[codes]
    split = each.new_zeros(*codes.shape[:2], len(batch.vocabulary.feature_names))
    return split.scatter_add_(2, feature, each)


def _check(
    method: str, logit: Float[Tensor, " batch"], relevance: Float[Tensor, "batch tokens"], bias: Float[Tensor, " batch"], applied: Rules
) -> None:
    gap = (logit.double() - relevance.double().sum(1) - bias.double()).abs()
    size = logit.abs() + relevance.abs().sum(1)
    if (share := gap / size.clamp_min(1e-6)).max() > TOLERANCE or not share.isfinite().all():
        worst = int(share.argmax())
        seen = names(applied.without_rule) or "none"
        missing = f"{method} left a gap of {float(gap[worst]):.3g} on a logit of {float(logit[worst]):.3g}"
        raise ValueError(f"{missing}; non-linear functions without a rule: {seen}")
