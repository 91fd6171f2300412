"""Shapley values from few orders: against all subsets, against captum, and against their error."""

from dataclasses import dataclass, replace

import pytest
import torch
from captum.attr import ShapleyValueSampling
from conftest import CONFIGS, SMALL, SMILES, batch, graphs, random_model
from scipy.stats import t as student

from graphormer.graphs.graph import Graph, collate
from graphormer.network.ensemble import Ensemble
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.ensemble import explain_batch
from molxai.explanation.methods.random import graph_seed
from molxai.explanation.methods.shapley import Shapley, estimates, paired_positions
from molxai.explanation.removal import kept_logits
from molxai.explanation.target import Target

SHAP = EXPLAINERS["shap"]

SEEDS = 1500

FAR = 4.0
"""Standard errors beyond which a mean is not where it should be."""


@pytest.fixture(scope="module")
def model():
    return random_model(CONFIGS["biases gelu"])


@dataclass(frozen=True)
class Game:
    """A small graph with the logit of every subset of its nodes, numbered by its bits."""

    graph: Graph
    logits: torch.Tensor

    def exact(self):
        """Shapley's formula: the mean over subset sizes of the mean rise at each size."""
        nodes = self.graph.nodes
        values = torch.zeros(nodes, dtype=torch.float64)
        for node in range(nodes):
            by_size = [[] for _ in range(nodes)]
            for without in range(2**nodes):
                if not without >> node & 1:
                    rise = self.logits[without | 1 << node] - self.logits[without]
                    by_size[without.bit_count()].append(float(rise))
            values[node] = sum(sum(rises) / len(rises) for rises in by_size) / nodes
        return values

    def drawn(self, pairs, seed):
        """Rises and positions in some pairs of orders, looked up in the table of all subsets."""
        position = paired_positions(self.graph.nodes, pairs, seed)
        bit = 1 << torch.arange(self.graph.nodes)
        before = position[..., None, :] < position[..., :, None]  # (pairs, 2, nodes, others)
        subset = (before * bit).sum(-1)  # (pairs, 2, nodes)
        return self.logits[subset + bit] - self.logits[subset], position


def game(model, smiles):
    (one,) = graphs((smiles,))
    subset = torch.arange(2**one.nodes)[:, None] >> torch.arange(one.nodes) & 1
    rows = torch.zeros(len(subset), dtype=torch.long)
    return Game(one, kept_logits(model, [one], rows, subset.bool())[:, 0])


@pytest.fixture(scope="module")
def five(model):
    return game(model, "CC(O)CN")


@pytest.fixture(scope="module")
def eight(model):
    return game(model, "CC(O)CNCC=O")


def test_a_call_is_the_estimate_of_its_orders(model, five):
    one = collate([five.graph]).to(torch.float64)
    for seed in range(3):
        (made,) = replace(SHAP, seed=seed)(model, one, [Target(1)])
        of_pairs = estimates(*five.drawn(SHAP.pairs, seed * 2**32 + graph_seed(one, 0)))
        assert torch.allclose(made.relevance, of_pairs.mean(0), rtol=0, atol=1e-12)
        error = of_pairs.std(0) / SHAP.pairs**0.5
        assert torch.allclose(made.relevance_error, error, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pairs", [2, 5])
def test_the_mean_over_seeds_is_exact(five, pairs):
    """Also with two pairs, where an effect of the orders that it corrects is furthest off."""
    values = torch.stack(
        [estimates(*five.drawn(pairs, seed)).mean(0) for seed in range(SEEDS)]
    )  # (seeds, nodes)
    error = values.std(0) / SEEDS**0.5
    assert ((values.mean(0) - five.exact()).abs() <= FAR * error).all()


def test_the_stated_error_covers_what_it_should(eight):
    """95 % intervals by Student's t, as few pairs need, hold the exact value about as often."""
    quantile = student.ppf(0.975, SHAP.pairs - 1)
    exact, covered = eight.exact(), []
    for seed in range(SEEDS):
        of_pairs = estimates(*eight.drawn(SHAP.pairs, seed))
        error = of_pairs.std(0) / SHAP.pairs**0.5
        covered.append((of_pairs.mean(0) - exact).abs() <= quantile * error)
    share = float(torch.stack(covered).double().mean())
    assert 0.90 <= share <= 0.98


def test_captum_and_all_subsets_agree(model, five):
    (made,) = replace(SHAP, pairs=200)(model, collate([five.graph]).to(torch.float64), [Target(1)])
    assert ((made.relevance - five.exact()).abs() <= FAR * made.relevance_error).all()

    def logit_of(presence):
        subset = (presence.long() << torch.arange(5)).sum(1)
        return five.logits[subset]

    sampling = ShapleyValueSampling(logit_of)
    torch.manual_seed(0)
    whole = torch.ones(1, five.graph.nodes, dtype=torch.float64)
    repeats = torch.cat(
        [sampling.attribute(whole, n_samples=20, perturbations_per_eval=5) for _ in range(20)]
    )  # (repeats, nodes)
    spread = repeats.std(0) / len(repeats) ** 0.5
    both = (spread**2 + made.relevance_error**2).sqrt()
    assert ((repeats.mean(0) - made.relevance).abs() <= FAR * both).all()


def test_values_add_up_whatever_the_orders(model):
    """The position effect sums to zero over each order, so that nothing is lost or added."""
    for one in SHAP(model, batch()):
        assert abs(one.delta) <= 1e-12 * float(one.relevance.abs().sum())
    for one in SHAP(random_model(SMALL, dtype=torch.float32), batch(dtype=torch.float32)):
        assert abs(one.delta) <= 1e-5 * (1 + float(one.relevance.abs().sum()))


def test_the_effect_of_positions_is_taken_out():
    """Rises that early positions dominate: the pairs differ far less than their plain means."""
    nodes, pairs = 30, 5
    position = paired_positions(nodes, pairs, seed=0)
    generator = torch.Generator().manual_seed(1)
    value = torch.randn(nodes, generator=generator, dtype=torch.float64)
    noise = torch.randn(position.shape, generator=generator, dtype=torch.float64)
    rises = value + 30 / (1 + position) ** 2 + noise
    plain = rises.mean(1).std(0).mean()
    assert estimates(rises, position).std(0).mean() < plain / 3


def test_one_atom_has_the_whole_rise(model):
    (made,) = SHAP(model, batch(("C",)))
    assert made.relevance_error.tolist() == [0.0] and made.delta == pytest.approx(0, abs=1e-12)


def test_an_error_needs_two_pairs():
    with pytest.raises(ValueError, match="1 pairs of orders: at least 2 are needed"):
        Shapley("shap", pairs=1)


def test_records_and_tables_hold_the_error(model):
    made, other = SHAP(model, batch(SMILES[:1]))[0], EXPLAINERS["lrp"](model, batch(SMILES[:1]))[0]
    assert made.to_dict()["relevance_error"] == made.relevance_error.tolist()
    assert made.rows()[0]["relevance_error"] == float(made.relevance_error[0])
    assert other.to_dict()["relevance_error"] is None and "relevance_error" not in other.rows()[0]


def test_an_ensemble_states_the_mean_error_of_its_members():
    members = [random_model(SMALL, seed) for seed in range(2)]
    one, target = batch(SMILES[:1]), [Target(1)]
    (made,) = explain_batch(SHAP, Ensemble(members).eval(), one, target)
    errors = torch.stack([SHAP(member, one, target)[0].relevance_error for member in members])
    assert torch.allclose(made.relevance_error, errors.mean(0), rtol=1e-12)
