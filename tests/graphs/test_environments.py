"""Circular environments: what they tell apart, what they do not depend on, and what training takes away."""

import numpy as np
import pytest
import torch
from conftest import SMALL, SMILES, batch, graphs, random_model
from rdkit import Chem

from graphormer.graphs.graph import FIRST_PATTERN, PADDING
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.pyg import from_pyg, to_pyg
from graphormer.training.augmentation import without_environments, without_nodes
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.removal import induced

SLOTS = len(MOLECULES.environments)


def environments(smiles):
    return molecule(smiles).graph.codes[:, -SLOTS:]


def test_environments_are_entries_of_their_own_features():
    first, second = (MOLECULES.offsets[f"environment {radius}"] for radius in (1, 2))
    for one in graphs():
        assert (one.codes[:, -2] >= first).all() and (one.codes[:, -2] < second).all()
        assert (one.codes[:, -1] >= second).all() and (
            one.codes[:, -1] < MOLECULES.node_entries
        ).all()


def test_environments_do_not_change_between_machines():
    """Buckets are part of every trained model: these were noted when the vocabulary was made."""
    assert environments("CCO").tolist() == [[317, 3202], [1924, 3798], [1650, 2587]]


@pytest.mark.parametrize("smiles", SMILES)
def test_environments_move_with_their_atoms(smiles):
    mol = molecule(smiles).mol
    order = np.random.default_rng(0).permutation(mol.GetNumAtoms()).tolist()
    other = environments(Chem.RenumberAtoms(mol, order))
    assert torch.equal(other, environments(mol)[order])


def test_a_radius_reaches_as_far_as_it_says():
    """Heptane and its 1-chloride differ at one end: the other end's environments must not know."""
    plain, chloride = environments("CCCCCCC"), environments("CCCCCCCCl")[:7]
    same = plain == chloride
    assert same[:4].all() and not same[6].any()
    assert same[5, 0] == False and same[4, 0] and not same[4, 1]  # noqa: E712  two bonds from the chlorine's carbon's degree


def test_a_subgraph_has_environments_of_its_own():
    whole = molecule("CCCCCl").graph
    kept = np.array([True, True, True, True, False])
    part = induced(whole, kept)
    assert torch.equal(part.codes[:, -SLOTS:][:2, 0], whole.codes[:, -SLOTS:][:2, 0])
    assert not torch.equal(part.codes[3, -SLOTS:], whole.codes[3, -SLOTS:])


def test_graphs_of_torch_geometric_keep_them():
    one = molecule(SMILES[0]).graph
    assert torch.equal(from_pyg(to_pyg(one), MOLECULES).codes, one.codes)


def test_dropped_environments_leave_the_mean():
    whole = batch(dtype=torch.float32)
    torch.manual_seed(0)
    kept = torch.stack([without_environments(whole, 0.3).weights for _ in range(200)])
    assert torch.equal(kept[:, :, :, :-SLOTS], whole.weights[:, :, :-SLOTS].expand(200, -1, -1, -1))
    share = (kept[:, :, :, -SLOTS:][:, whole.mask] > 0).float().mean()
    assert 0.68 < share < 0.72
    assert kept[:, :, :, -SLOTS:][:, whole.mask].mean() == pytest.approx(1.0, abs=0.02)
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
    assert (
        torch.equal(thinned.relation[:, 1:, 1:][here], whole.relation[:, 1:, 1:][here])
        and (whole.relation[:, 1:, 1:][here] >= FIRST_PATTERN).all()
    )


def test_shared_relevance_keeps_its_sum_and_goes_no_farther_than_the_environment():
    model, several = random_model(SMALL), batch()
    own, shared = (EXPLAINERS[name](model, several) for name in ("lrp", "lrp-shared"))
    for one, graph, a, b in zip(graphs(), graphs(), own, shared, strict=True):
        assert float(a.relevance.sum()) == pytest.approx(
            float(b.relevance.sum()), abs=1e-12
        ) and abs(b.gap) < 1e-12 * (1 + abs(b.logit))
        assert torch.equal(a.feature_relevance[:, :-SLOTS], b.feature_relevance[:, :-SLOTS])
        assert torch.allclose(b.feature_relevance.sum(1), b.relevance, atol=1e-12)
        hops = graph.hops.long()
        for place, radius in ((-2, 1), (-1, 2)):
            expected = torch.zeros(one.nodes, dtype=torch.float64)
            for centre in range(one.nodes):
                ball = (hops[centre] >= 0) & (hops[centre] <= radius)
                expected[ball] += a.feature_relevance[centre, place] / ball.sum()
            assert torch.allclose(b.feature_relevance[:, place], expected, atol=1e-12)
