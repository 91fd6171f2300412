"""Circular environments: what they tell apart, what they ignore, and what training removes."""

import numpy as np
import pytest
import torch
from conftest import SMALL, SMILES, batch, graphs, random_model
from rdkit import Chem

from graphormer.graphs.graph import FIRST_PATTERN, PADDING
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.pyg import from_pyg, to_pyg
from graphormer.graphs.reduced import induced
from graphormer.training.augmentation import without_environments, without_nodes
from molxai.explanation.methods import EXPLAINERS

SLOTS = len(MOLECULES.environments)


def environments(smiles):
    return molecule(smiles).graph.codes[:, -SLOTS:]


def test_environments_are_entries_of_their_own_features():
    first = MOLECULES.offsets["environment 1"]
    second = MOLECULES.offsets["environment 2"]
    for graph in graphs():
        assert ((graph.codes[:, -2] >= first) & (graph.codes[:, -2] < second)).all()
        assert (graph.codes[:, -1] >= second).all()
        assert (graph.codes[:, -1] < MOLECULES.node_entries).all()


def test_environments_do_not_change_between_machines():
    """Buckets are part of every trained model: these were noted when the vocabulary was made."""
    assert environments("CCO").tolist() == [[317, 3202], [1924, 3798], [1650, 2587]]


@pytest.mark.parametrize("smiles", SMILES)
def test_environments_move_with_their_atoms(smiles):
    mol = molecule(smiles).mol
    order = np.random.default_rng(0).permutation(mol.GetNumAtoms()).tolist()
    renumbered = Chem.RenumberAtoms(mol, order)
    assert torch.equal(environments(renumbered), environments(mol)[order])


def test_a_radius_reaches_as_far_as_it_says():
    """Heptane and its 1-chloride differ at one end: the other end's environments must not know."""
    is_same = environments("CCCCCCC") == environments("CCCCCCCCl")[:7]
    assert is_same[:4].all() and not is_same[6].any()
    # The last carbon of heptane has one neighbour more in the chloride: atom 5 is one bond away
    # from it, atom 4 two.
    assert not is_same[5, 0]
    assert is_same[4, 0] and not is_same[4, 1]


def test_a_subgraph_has_environments_of_its_own():
    whole = molecule("CCCCCl").graph
    is_carbon = np.array([True, True, True, True, False])
    carbons = induced(whole, is_carbon)
    assert torch.equal(carbons.codes[:2, -2], whole.codes[:2, -2])
    assert not torch.equal(carbons.codes[3, -SLOTS:], whole.codes[3, -SLOTS:])


def test_graphs_of_torch_geometric_keep_them():
    graph = molecule(SMILES[0]).graph
    assert torch.equal(from_pyg(to_pyg(graph), MOLECULES).codes, graph.codes)


def test_dropped_environments_leave_the_mean():
    whole = batch(dtype=torch.float32)
    torch.manual_seed(0)
    draws = [without_environments(whole, 0.3).weights for _ in range(200)]
    weights = torch.stack(draws)  # (draws, batch, nodes, slots)
    unchanged = whole.weights[:, :, :-SLOTS].expand(200, -1, -1, -1)
    assert torch.equal(weights[:, :, :, :-SLOTS], unchanged)
    environment_weights = weights[:, :, :, -SLOTS:][:, whole.mask]
    assert 0.68 < (environment_weights > 0).float().mean() < 0.72
    assert environment_weights.mean() == pytest.approx(1.0, abs=0.02)
    assert without_environments(whole, 0.0) is whole
    assert float(without_environments(whole, 1.0).weights[:, :, -SLOTS:].abs().sum()) == 0


def test_absent_nodes_are_heard_by_none():
    whole = batch(dtype=torch.float32)
    torch.manual_seed(0)
    thinned = without_nodes(whole, 0.9)
    gone = whole.mask & ~thinned.mask
    assert gone.any() and thinned.mask.any(1).all()
    assert (thinned.relation[:, :, 1:].transpose(1, 2)[gone] == PADDING).all()
    here = thinned.mask[:, :, None] & thinned.mask[:, None, :]
    relation = whole.relation[:, 1:, 1:][here]
    assert torch.equal(thinned.relation[:, 1:, 1:][here], relation)
    assert (relation >= FIRST_PATTERN).all()


def test_shared_relevance_keeps_its_sum_and_goes_no_farther_than_the_environment():
    model = random_model(SMALL)
    at_centres = EXPLAINERS["lrp"](model, batch())
    shared = EXPLAINERS["lrp-shared"](model, batch())
    for graph, before, after in zip(graphs(), at_centres, shared, strict=True):
        total = float(before.relevance.sum())
        assert total == pytest.approx(float(after.relevance.sum()), abs=1e-12)
        assert abs(after.gap) < 1e-12 * (1 + abs(after.logit))
        features = before.feature_relevance
        assert torch.equal(features[:, :-SLOTS], after.feature_relevance[:, :-SLOTS])
        assert torch.allclose(after.feature_relevance.sum(1), after.relevance, atol=1e-12)
        hops = graph.hops.long()
        for slot, radius in ((-2, 1), (-1, 2)):
            expected = torch.zeros(graph.nodes, dtype=torch.float64)
            for centre in range(graph.nodes):
                ball = (hops[centre] >= 0) & (hops[centre] <= radius)
                expected[ball] += features[centre, slot] / ball.sum()
            assert torch.allclose(after.feature_relevance[:, slot], expected, atol=1e-12)
