"""Each measure on inputs whose answer is known, and against independent code if there is some."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SMALL, batch, graphs, random_model, stroke_image
from scipy.stats import spearmanr

from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from molxai import Explainer
from molxai.benchmarks.faithfulness import explain_all
from molxai.explanation.explanation import Explanation
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.network import REMOVALS
from molxai.explanation.removal import kept_logits
from molxai.explanation.target import Target
from molxai.metrics import METRICS
from molxai.metrics.agreement import spearman, spearman_matrix, top_overlap
from molxai.metrics.bootstrap import interval, paired
from molxai.metrics.consistency import rewriting
from molxai.metrics.curves import FRACTIONS, TOP, curves, share_of_oracle
from molxai.metrics.fidelity import fidelity, unit_mask
from molxai.metrics.growth import growth, randomisation, redraw
from molxai.metrics.metric import ARROWS, NEEDS
from molxai.metrics.sparsity import entropy, gini, top_share

THREE = replace(SMALL, task="multiclass", outputs=3)


def made(relevance, label=1):
    return Explanation(
        "by hand", torch.tensor(relevance), None, (), 0.0, 0.0, 0.0, 0.5, Target(label), label, 0.0
    )


def explainer(config=SMALL):
    classes = ("no", "yes") if config.task == "binary" else ("a", "b", "c")
    return Explainer.from_network(
        random_model(config), Card("random", config, MOLECULES.name, ("effect",), classes)
    )


@pytest.mark.parametrize("config", [SMALL, THREE], ids=["binary", "three classes"])
@pytest.mark.parametrize("mode", REMOVALS)
def test_curves_follow_their_definition(config, mode):
    """AUAC, AU-MSE and the rest with explicit loops over fractions and nodes."""
    model = random_model(config)
    some = [g for g in graphs() if g.nodes > 3]
    explanations = explain_all(explainer(config), EXPLAINERS["lrp"], some, [None] * len(some))
    result = curves(model, some, explanations, mode)
    for row, (one, explanation) in enumerate(zip(some, explanations, strict=True)):
        relevance, n = explanation.relevance, one.nodes
        if len(set(relevance.abs().round(decimals=9).tolist())) < n:
            continue  # ties are broken at random

        def said(kept, one=one):
            return kept_logits(model, [one], torch.zeros(1, dtype=torch.long), kept[None], mode)[0]

        def chance(logits, label=explanation.target.label):
            if config.task == "multiclass":
                return float(logits.softmax(0)[label])
            return float(torch.sigmoid(logits[0] if label else -logits[0]))

        best = torch.argsort(-relevance).tolist()
        smallest = torch.argsort(relevance.abs()).tolist()
        full = said(torch.ones(n, dtype=torch.bool))
        for place, fraction in enumerate(FRACTIONS):
            taken = math.ceil(round(fraction * n, 9))
            only, without, pruned = (torch.zeros(n, dtype=torch.bool) for _ in range(3))
            only[best[:taken]] = True
            without[best[taken:]] = True
            pruned[smallest[taken:]] = True
            assert result.activation[row, place] == pytest.approx(chance(said(only)), abs=1e-9)
            assert result.deletion[row, place] == pytest.approx(chance(said(without)), abs=1e-9)
            weights = torch.tensor(explanation.target.weights(config), dtype=torch.float64)
            kept_logit, removed_logit = float(said(only) @ weights), float(said(without) @ weights)
            assert result.kept_logit[row, place] == pytest.approx(kept_logit, abs=1e-9)
            assert result.removed_logit[row, place] == pytest.approx(removed_logit, abs=1e-9)
            assert result.pruning[row, place] == pytest.approx(
                float(((said(pruned) - full) ** 2).sum()), abs=1e-9
            )
        for place, top in enumerate(TOP):
            only = torch.zeros(n, dtype=torch.bool)
            only[best[:top]] = True
            assert result.sufficiency[row, place] == pytest.approx(
                1 - chance(said(only)) / chance(full), abs=1e-9
            )
            assert result.comprehensiveness[row, place] == pytest.approx(
                1 - chance(said(~only)) / chance(full), abs=1e-9
            )
    mean = np.trapezoid(result.activation.mean(0), dx=0.1)
    assert result.auac.mean() == pytest.approx(mean) and np.all(result.pruning[:, 0] == 0)


def test_nobody_beats_the_oracle_by_much_and_random_is_worse():
    """If single nodes are the evidence, the best order is by relevance, and the oracle finds it."""
    model = random_model(SMALL)
    some = graphs()
    by = {
        name: explain_all(explainer(), EXPLAINERS[name], some, [Target(1)] * len(some))
        for name in ("oracle", "random", "leave-one-out")
    }
    area = {name: curves(model, some, one).auac.mean() for name, one in by.items()}
    assert area["oracle"] > area["leave-one-out"] > area["random"]


def test_the_symmetric_gain_of_a_reversed_order_is_opposite():
    """With ten nodes each fraction is a whole number of them, so the two curves change places."""
    model, some = random_model(SMALL), graphs(("CC(O)CNCC(=O)CF",))
    relevance = torch.randn(10, generator=torch.Generator().manual_seed(0)).tolist()
    forward = curves(model, some, [made(relevance)])
    backward = curves(model, some, [made([-value for value in relevance])])
    assert forward.symmetric_gain == pytest.approx(-backward.symmetric_gain, abs=1e-12)
    assert abs(forward.symmetric_gain) > 1e-3
    assert METRICS["srg"].function(forward) == forward.symmetric_gain


def test_a_regression_has_curves_of_values_and_none_of_probabilities():
    model = random_model(replace(SMALL, task="regression"))
    (one,) = EXPLAINERS["lrp"](model, batch(("CCO",)))
    result = curves(model, graphs(("CCO",)), [one])
    assert np.isnan(result.auac).all() and np.isnan(result.deletion_area).all()
    assert result.kept_logit[0, -1] == pytest.approx(one.logit)
    assert np.isfinite(result.symmetric_gain).all() and np.isfinite(result.au_mse).all()


def test_curves_need_fitting_relevance():
    with pytest.raises(ValueError, match="2 relevances but 15 nodes"):
        curves(random_model(SMALL), graphs()[:1], [made([1.0, 2.0])])


def test_the_order_of_atoms_does_not_break_ties():
    constant = made([0.0] * graphs()[0].nodes)
    result = curves(random_model(SMALL), graphs()[:1], [constant])
    ordered = curves(
        random_model(SMALL), graphs()[:1], [made([-float(i) for i in range(graphs()[0].nodes)])]
    )
    assert not np.allclose(result.activation, ordered.activation)


def test_intervals():
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    mean, low, high = interval(values)
    assert mean == pytest.approx(values.mean()) and low < mean < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)
    assert interval(values) == interval(values)
    assert paired(values + 0.5, values) == pytest.approx((0.5, 0.5, 0.5))
    assert all(math.isnan(x) for x in interval(np.array([])))


def test_sparsity():
    assert gini(np.ones(5)) == pytest.approx(0) and gini(np.array([0, 0, 0, 2.0])) == pytest.approx(
        0.75
    )
    assert entropy(np.ones(5)) == pytest.approx(1) and entropy(
        np.array([0, 0, 3.0])
    ) == pytest.approx(0)
    assert top_share(np.array([9.0, 1, 0, 0, 0, 0, 0, 0, 0, 0])) == pytest.approx(0.9)
    assert gini(np.zeros(3)) == entropy(np.zeros(3)) == top_share(np.zeros(3)) == 0


def test_agreement():
    a, b = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([1.0, 3.0, 2.0, 4.0])
    assert spearman(a, b) == pytest.approx(spearmanr([1, 2, 3, 4], [1, 3, 2, 4]).statistic)
    assert math.isnan(spearman(a, torch.ones(4)))
    matrix = spearman_matrix({"a": [a, a], "b": [b, torch.ones(4)], "c": [-a, -a]})
    assert (
        matrix[0, 1] == pytest.approx(0.8) and matrix[0, 2] == -1 and np.allclose(matrix, matrix.T)
    )
    assert top_overlap([a], [b], 2) == 0.5 and top_overlap([a], [a], 10) == 1


def test_fidelity_is_torch_geometrics():
    """The free function gives what PyG's own `fidelity` gives for the same masks."""
    from torch_geometric.data import Batch
    from torch_geometric.explain import Explainer as PyGExplainer
    from torch_geometric.explain import ExplainerAlgorithm
    from torch_geometric.explain import Explanation as PyGExplanation
    from torch_geometric.explain.metric import fidelity as theirs

    from graphormer.graphs.pyg import to_pyg
    from molxai.pyg import PyGGraphormer

    config = replace(
        THREE, bias=True, activation="gelu"
    )  # a learned graph token, which no mask may touch
    model, some = random_model(config), graphs()
    explanations = explain_all(explainer(config), EXPLAINERS["lrp"], some, [None] * len(some))
    wrapped = PyGGraphormer(model)
    data = Batch.from_data_list([to_pyg(one) for one in some])
    x = torch.cat([wrapped.dense(one) for one in some])
    mask = torch.cat([unit_mask(one.relevance) for one in explanations])[:, None]
    config = {"mode": "multiclass_classification", "task_level": "graph", "return_type": "raw"}

    class Given(ExplainerAlgorithm):
        def forward(self, model, x, edge_index, **kwargs):
            return PyGExplanation(node_mask=mask)

        def supports(self):
            return True

    pyg = PyGExplainer(
        wrapped, Given(), explanation_type="model", node_mask_type="object", model_config=config
    )
    wanted = theirs(pyg, pyg(x, data.edge_index, edge_attr=data.edge_attr, batch=data.batch))
    ours = fidelity(model, some, explanations).double().mean(0).tolist()
    assert ours == pytest.approx(list(wanted)) and sum(ours) > 0


def test_unit_mask():
    assert unit_mask(torch.tensor([2.0, -1.0, 1.0])).tolist() == [1.0, 0.0, 0.5]
    assert unit_mask(torch.tensor([-1.0, -2.0])).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="regression has none"):
        fidelity(random_model(replace(SMALL, task="regression")), [], [])


def test_growth_starts_from_the_nodes():
    """At the first block's input Σ|R| is that of the explanation; the blocks keep no hook."""
    model = random_model(SMALL)
    sizes = growth(model, batch(), EXPLAINERS["lrp"])
    for one, size in zip(EXPLAINERS["lrp"](model, batch()), sizes, strict=True):
        assert float(size[0]) == pytest.approx(
            float(one.relevance.abs().sum()) / abs(one.logit), rel=1e-9
        )
    assert sizes.shape == (7, 2) and bool((sizes >= 1 - 1e-9).all())
    assert not any(block._forward_pre_hooks for block in model.blocks)


def test_randomisation_tells_explanations_of_the_model_from_others():
    model = random_model(SMALL)
    others = [redraw(model, seed) for seed in range(5)]
    other = others[0]
    assert np.nanmean(randomisation(model, other, batch(), EXPLAINERS["random"])) == pytest.approx(
        1
    )
    assert np.nanmean(randomisation(model, model, batch(), EXPLAINERS["lrp"])) == pytest.approx(1)
    assert (
        abs(np.nanmean([randomisation(model, one, batch(), EXPLAINERS["lrp"]) for one in others]))
        < 0.5
    )


def test_atoms_written_in_another_order_are_explained_alike():
    explainer = Explainer("bace", "lrp")
    smiles = ["CC(C)Cc1ccc(cc1)C(C)C(=O)O", "FC(F)(F)c1ccccc1", "C"]
    assert (rewriting(explainer, smiles) < 1e-4).all()
    assert (rewriting(explainer.with_method("random"), smiles[:2]) > 0.1).all()
    with pytest.raises(ValueError, match="a molecule is needed"):
        rewriting(Explainer("mnist"), [stroke_image()])


def test_every_measure_is_described():
    """A row says what a measure is, which values are better and what it needs; ids are unique."""
    for id, metric in METRICS.items():
        assert id == metric.id and metric.title and metric.says and metric.range
        assert metric.direction in ARROWS and metric.needs in NEEDS and callable(metric.function)
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)


def test_measures_of_explanations_alone():
    explanations = [made([1.0, -1.0]), made([0.0, 3.0])]
    alone = {
        id: metric.function(explanations)
        for id, metric in METRICS.items()
        if metric.needs == "explanations"
    }
    assert alone == pytest.approx(
        {"gap_max": 3000, "gap_median": 1500, "gini": 0.25, "entropy": 0.5, "top_share": 0.75}
    )
    for id in alone:
        with pytest.raises(ValueError, match="no explanations"):
            METRICS[id].function([])


def test_measures_of_curves_and_of_the_model():
    """The functions of the table give what the curves and the fidelity hold."""
    model, some = random_model(SMALL), graphs()
    explanations = explain_all(explainer(), EXPLAINERS["lrp"], some, [None] * len(some))
    result = curves(model, some, explanations)
    values = {
        id: metric.function(result) for id, metric in METRICS.items() if metric.needs == "curves"
    }
    assert all(value.shape == (len(some),) for value in values.values())
    assert np.array_equal(values["auac"], result.auac)
    for place, top in enumerate(TOP):
        for name in ("sufficiency", "comprehensiveness"):
            assert np.array_equal(values[f"{name}@{top}"], getattr(result, name)[:, place])
    for column, id in enumerate(("fidelity+", "fidelity-")):
        value = METRICS[id].function(model, some, explanations)
        assert torch.equal(value, fidelity(model, some, explanations)[:, column])


def test_share_of_oracle():
    low, middle, high = np.array([0.2, 0.4]), np.array([0.4, 0.5]), np.array([0.8, 0.8])
    assert share_of_oracle(low, low, high) == 0 and share_of_oracle(high, low, high) == 1
    assert share_of_oracle(middle, low, high) == pytest.approx(0.3)


def test_measures_do_not_depend_on_company():
    model, some = random_model(SMALL), graphs()
    explanations = explain_all(explainer(), EXPLAINERS["lrp"], some, [None] * len(some))
    together = curves(model, some, explanations)
    for row, one in enumerate(some):
        alone = curves(model, [one], [explanations[row]])
        assert np.allclose(alone.activation[0], together.activation[row], atol=1e-12)
        assert torch.equal(
            fidelity(model, [one], [explanations[row]])[0], fidelity(model, some, explanations)[row]
        )
    assert len(collate(some)) == len(some)
