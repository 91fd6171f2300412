"""Every method on a network that is no Graphormer: it has what `molxai.explanation.network` asks.

Nodes do not begin at token 1, and the token beside them is the last one.
"""

import numpy as np
import pytest
import torch
from toy_network import List, Toy

from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.network import REMOVALS, Batch, Network, at_nodes, beside_nodes, with_nodes
from molxai.explanation.removal import kept_logits
from molxai.metrics.curves import curves

LISTS = [List((5, 3, 7)), List((2, 9, 4, 4, 8, 6)), List((3,))]


@pytest.fixture(scope="module")
def toy():
    return Toy().double().eval()


def test_it_is_what_methods_need(toy):
    assert isinstance(toy, Network)
    assert isinstance(toy.collate(LISTS), Batch)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_every_method_explains_it(toy, name):
    together = EXPLAINERS[name](toy, toy.collate(LISTS))
    logits = toy(toy.collate(LISTS)).detach()
    for one, explanation, row in zip(LISTS, together, logits, strict=True):
        assert len(explanation.relevance) == one.nodes
        assert explanation.relevance.isfinite().all()
        assert explanation.logit == pytest.approx(float(row.max()), abs=1e-12)
        (alone,) = EXPLAINERS[name](toy, toy.collate([one]))
        assert torch.allclose(explanation.relevance, alone.relevance, atol=1e-6)
        assert explanation.feature_relevance is None and explanation.features == ()
        if EXPLAINERS[name].conserves:
            assert abs(explanation.gap) < 1e-12


def test_lrp_is_the_gradient_with_the_frozen_parts_held(toy):
    """The witness: the network is linear in its input with its attentions and scales as numbers."""
    (one, *_) = LISTS
    batch = toy.collate([one])
    (explanation,) = EXPLAINERS["lrp"](toy, batch)
    tokens = toy.embed(batch).detach()
    held = _held(toy, tokens, batch)
    label = explanation.target.label
    by_hand = []
    for token in range(tokens.shape[1]):
        alone = torch.zeros_like(tokens)
        alone[:, token] = tokens[:, token]
        by_hand.append(float(held(alone)[label]))
    assert explanation.relevance.tolist() == pytest.approx(by_hand[:-1], abs=1e-12)
    assert explanation.token == pytest.approx(by_hand[-1], abs=1e-12)


def _held(toy, tokens, batch):
    """The logits as a linear function of the tokens, at the attentions, scales and gates of now."""
    frozen = []
    x = tokens
    for qkv, out, feedforward in toy.parts:
        scale = 1 / (x.var(2, correction=0, keepdim=True) + 1e-5).sqrt()
        y = (x - x.mean(2, keepdim=True)) * scale
        q, k, v = qkv(y).unflatten(2, (3, toy.heads, -1)).permute(2, 0, 3, 1, 4)
        a = (q @ k.mT).softmax(-1)
        x = x + out((a @ v).transpose(1, 2).flatten(2))
        second = 1 / (x.var(2, correction=0, keepdim=True) + 1e-5).sqrt()
        up = feedforward((x - x.mean(2, keepdim=True)) * second)
        x = x + up.relu()
        frozen.append((scale, a, second, up > 0))

    def linear(x):
        for (qkv, out, feedforward), (scale, a, second, gate) in zip(
            toy.parts, frozen, strict=True
        ):
            y = (x - x.mean(2, keepdim=True)) * scale
            v = qkv(y).unflatten(2, (3, toy.heads, -1)).permute(2, 0, 3, 1, 4)[2]
            x = x + out((a @ v).transpose(1, 2).flatten(2))
            x = x + feedforward((x - x.mean(2, keepdim=True)) * second) * gate
        return toy.head(x[0, -1])

    return torch.no_grad()(linear)


@pytest.mark.parametrize("mode", REMOVALS)
def test_nodes_are_removed(toy, mode):
    rows = torch.tensor([1, 1, 0])
    remaining = torch.tensor(
        [[True] * 6, [True, False, True, False, False, True], [False, True, True] + [False] * 3]
    )
    logits = kept_logits(toy, LISTS[:2], rows, remaining, mode)
    whole = toy(toy.collate(LISTS[:2])).detach()
    assert torch.allclose(logits[0], whole[1], atol=1e-12)
    if mode == "drop":
        alone = toy(toy.collate([List((2, 4, 6))])).detach()
        assert torch.allclose(logits[1], alone[0], atol=1e-12)
    assert not torch.allclose(logits[2], whole[0], atol=1e-3)


def test_measures_follow(toy):
    explanations = EXPLAINERS["lrp"](toy, toy.collate(LISTS))
    measured = curves(toy, LISTS, explanations)
    assert np.isfinite(measured.auac).all() and measured.activation.shape == (3, 11)
    assert np.allclose(measured.pruning[:, 0], 0)


def test_places_of_nodes(toy):
    batch = toy.collate(LISTS)
    by_token = torch.arange(21.0).view(3, 7)
    assert at_nodes(batch, by_token)[0, :3].tolist() == [0, 1, 2]
    assert beside_nodes(batch, by_token * batch.token_mask).tolist() == [3, 13, 15]
    tokens = torch.zeros(3, 7, 2)
    moved = with_nodes(batch, tokens, torch.ones(3, 6, 2))
    assert moved[2, :, 0].tolist() == [1, 0, 0, 0, 0, 0, 0]
