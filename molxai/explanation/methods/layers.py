"""Relevance from the tokens of every layer, not from the input's alone."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from molxai.explanation.explanation import Explanation
from molxai.explanation.method import Method, Targets
from molxai.explanation.methods.attention import Layer, recording
from molxai.explanation.methods.scores import node_explanations
from molxai.explanation.network import Batch, Layered, Network, Tokens, at_nodes
from molxai.explanation.outcome import Outcome, outcomes, resolve_targets
from molxai.explanation.passes import check_ready, target_weights
from molxai.rules import Rule, rules


@dataclass(frozen=True)
class LayerGradientInput(Method):
    """Σ over l of x_l · ∂f/∂x_l, of the input embeddings x_0 and the tokens x_l after block l.

    Source: FullGrad+ of Mehri et al. 2025, "LibraGrad: Balancing Gradient Flow for Universally
    Better Vision Transformer Attributions".
    """

    tables: tuple[Rule, ...] = ()
    """The rules under which gradients are taken."""

    @property
    def is_of_layers(self) -> bool:
        return True

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        check_ready(model)
        network = _in_layers(model, self.name)
        with torch.inference_mode(False), torch.enable_grad():
            tokens = free(model.embed(batch))
            with rules(*self.tables):
                layers = [tokens, *network.layers(tokens, batch)]
                logits = network.read(layers[-1], batch)
            outcome, weights = _targets(model, logits, targets)
            gradients = torch.autograd.grad((logits * weights).sum(), layers)
        products = [
            (layer.detach() * gradient).sum(2)  # (batch, tokens)
            for layer, gradient in zip(layers, gradients, strict=True)
        ]
        relevance = torch.stack(products).sum(0)  # (batch, tokens)
        return node_explanations(self.name, batch, outcome, at_nodes(batch, relevance))


@dataclass(frozen=True)
class LeGrad(Method):
    """How the logit that is read from each layer grows with the attention in that layer.

    Mean over layers l, heads h and queries q of (∂s_l/∂A_lhqk)⁺ for key k. s_l is the target's
    logit that the model's own read-out, last norm and head give of the tokens after block l, and
    the attention A_l acts on it through that block alone.

    Source: Bousselham et al. 2025, "LeGrad: An Explainability Method for Vision Transformers via
    Feature Formation Sensitivity", section 3.
    """

    @property
    def is_of_layers(self) -> bool:
        return True

    def passes(self, nodes: int) -> tuple[int, int]:
        return 1, 1

    def __call__(self, model: Network, batch: Batch, targets: Targets = None) -> list[Explanation]:
        check_ready(model)
        network = _in_layers(model, self.name)
        attentions: list[Layer] = []
        with torch.inference_mode(False), torch.enable_grad():
            # Every block starts from tokens without a history, so each logit sees its own layer.
            with rules(recording(attentions)):
                layers = network.layers(model.embed(batch), batch, before=free)
            read = torch.stack([network.read(layer, batch) for layer in layers])
            outcome, weights = _targets(model, read[-1], targets)
            gradients = torch.autograd.grad((read * weights).sum(), attentions)
        by_layer = [gradient.clamp_min(0).mean(1).sum(1) for gradient in gradients]
        queries = batch.token_mask.sum(1, keepdim=True)  # (batch, 1)
        relevance = torch.stack(by_layer).mean(0) / queries  # (batch, tokens)
        return node_explanations(self.name, batch, outcome, at_nodes(batch, relevance))


def _in_layers(model: Network, name: str) -> Layered:
    """The network, which can be run layer by layer.

    Raises:
        ValueError: it cannot.
    """
    if not isinstance(model, Layered):
        raise ValueError(
            f"{name} reads the output after each layer, and this network runs only as a whole: "
            "choose another method"
        )
    return model


def free(tokens: Tokens) -> Tokens:
    """The same tokens without a history, and a place where a gradient ends."""
    return tokens.detach().requires_grad_()


def _targets(
    model: Network, logits: Float[Tensor, "batch outputs"], targets: Targets
) -> tuple[list[Outcome], Float[Tensor, "batch outputs"]]:
    """What the model says, and the linear combination of its outputs that is explained."""
    resolved_targets = resolve_targets(model.config, logits, targets)
    outcome = outcomes(model.config, logits.detach(), resolved_targets)
    return outcome, target_weights(model, resolved_targets, logits)
