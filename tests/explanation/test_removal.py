"""Removing nodes means what it says, in each of its three modes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import SMALL, graphs, random_model

from graphormer.graphs.graph import PADDING, collate
from graphormer.graphs.molecules import molecule
from graphormer.graphs.reduced import induced
from graphormer.graphs.superpixels import SUPERPIXELS
from graphormer.network.model import Graphormer
from molxai.explanation.network import REMOVALS
from molxai.explanation.removal import kept_logits


@pytest.fixture(params=["token", "mean"])
def model(request):
    return random_model(replace(SMALL, readout=request.param))


def some_kept(nodes, seed=0):
    random = np.random.default_rng(seed)
    kept = torch.from_numpy(
        random.random((6, nodes)) < np.array([[0.1], [0.3], [0.5], [0.7], [0.9], [1.0]])
    )
    return torch.cat([kept, torch.ones(1, nodes, dtype=torch.bool)])


@pytest.mark.parametrize("mode", REMOVALS)
def test_nothing_removed_is_the_whole_graph(model, mode):
    for one in graphs():
        whole = model(collate([one]).to(torch.float64))
        left = kept_logits(
            model,
            [one],
            torch.zeros(2, dtype=torch.long),
            torch.ones(2, one.nodes, dtype=torch.bool),
            mode,
        )
        assert torch.allclose(left, whole.expand(2, -1), atol=1e-12)


def test_attn_is_a_key_that_nothing_attends_to(model):
    """The compact copy gives what masking the keys of the full one gives."""
    one = graphs()[0]
    kept = some_kept(one.nodes)
    made = kept_logits(model, [one], torch.zeros(len(kept), dtype=torch.long), kept)
    for copy, row in zip(kept, made, strict=True):
        full = collate([one]).to(torch.float64)
        relation = full.relation.clone()
        relation[:, :, 1:][:, :, ~copy] = PADDING
        masked = replace(full, relation=relation, mask=copy[None])
        assert torch.allclose(model(masked)[0], row, atol=1e-12)


def test_mask_zeroes_the_input_embedding(model):
    one = graphs()[0]
    kept = some_kept(one.nodes)
    made = kept_logits(model, [one], torch.zeros(len(kept), dtype=torch.long), kept, "mask")
    batch = collate([one]).to(torch.float64)
    tokens = model.embed(batch)
    for copy, row in zip(kept, made, strict=True):
        zeroed = tokens.clone()
        zeroed[0, 1:][~copy] = 0.0
        assert torch.allclose(model.predict(zeroed, batch)[0], row, atol=1e-12)


def test_drop_is_the_graph_that_is_left():
    """Without its last carbon, the atoms of butanol's chain keep their own features.

    Degrees and distances are new.
    """
    whole = molecule("OCCCC").graph
    kept = np.array([True, True, True, True, False])
    left = induced(whole, kept)
    other = molecule("OCCC").graph
    assert torch.equal(left.hops, other.hops) and torch.equal(
        left.edges.sort(1).values, other.edges.sort(1).values
    )
    degree = whole.vocabulary.feature_names.index("degree")
    assert torch.equal(left.codes[:, degree], other.codes[:, degree])
    stated = whole.vocabulary.stated
    assert torch.equal(left.codes[:3, :stated], whole.codes[:3, :stated])
    split = induced(whole, np.array([True, True, False, True, True]))
    assert split.hops[0, 2] == -1


def test_modes_differ_and_agree_on_the_empty_graph(model):
    one = graphs()[0]
    nothing = torch.zeros(1, one.nodes, dtype=torch.bool)
    half = torch.arange(one.nodes)[None] % 2 == 0
    zero = torch.zeros(1, dtype=torch.long)
    empty = {mode: kept_logits(model, [one], zero, nothing, mode) for mode in REMOVALS}
    assert torch.allclose(empty["attn"], empty["drop"], atol=1e-13)
    assert all(value.isfinite().all() for value in empty.values())
    halves = [float(kept_logits(model, [one], zero, half, mode)) for mode in REMOVALS]
    assert len({round(value, 9) for value in halves}) == 3


@pytest.mark.parametrize("mode", REMOVALS)
def test_copies_of_several_graphs_come_back_in_order(model, mode):
    several = graphs()
    widest = max(g.nodes for g in several)
    rows, kept = [], []
    for row, one in enumerate(several):
        for copy in some_kept(one.nodes, row)[:3]:
            rows.append(row)
            kept.append(torch.nn.functional.pad(copy, (0, widest - one.nodes)))
    together = kept_logits(model, several, torch.tensor(rows), torch.stack(kept), mode)
    for row, copy, logits in zip(rows, kept, together, strict=True):
        alone = kept_logits(
            model,
            [several[row]],
            torch.zeros(1, dtype=torch.long),
            copy[None, : several[row].nodes],
            mode,
        )
        assert torch.allclose(alone[0], logits, atol=1e-12)


def test_digits_lose_superpixels(stroke):
    torch.manual_seed(0)
    model = Graphormer(replace(SMALL, task="multiclass", outputs=10), SUPERPIXELS).double().eval()
    kept = some_kept(stroke.nodes)
    for mode in REMOVALS:
        made = kept_logits(model, [stroke], torch.zeros(len(kept), dtype=torch.long), kept, mode)
        assert made.shape == (7, 10) and made.isfinite().all()
        assert torch.allclose(made[-1], model(collate([stroke]).to(torch.float64))[0], atol=1e-12)
    assert torch.equal(induced(stroke, kept[2].numpy()).positions, stroke.positions[kept[2]])
