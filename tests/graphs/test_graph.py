"""Graphs, pairs of nodes, batches, and the way to PyG and back."""

from collections import deque

import numpy as np
import pytest
import torch
from conftest import SMILES, graphs
from hypothesis import given, settings
from hypothesis import strategies as st

from graphormer.graphs.graph import (
    FIRST_PATTERN,
    FROM_TOKEN,
    PADDING,
    TO_TOKEN,
    collate,
    graph,
    size_batches,
)
from graphormer.graphs.molecules import BONDS, MOLECULES, molecule
from graphormer.graphs.pairs import hop_distance
from graphormer.graphs.pyg import from_pyg, to_pyg
from graphormer.graphs.superpixels import SUPERPIXELS


def breadth_first(nodes, edges):
    """Hop distances by an independent search."""
    hops = np.full((nodes, nodes), -1)
    for start in range(nodes):
        hops[start, start] = 0
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for there in edges[1][edges[0] == here]:
                if hops[start, there] < 0:
                    hops[start, there] = hops[start, here] + 1
                    queue.append(there)
    return hops


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=14))
def test_hop_distance_is_breadth_first_search(nodes, pairs):
    pairs = {(a, b) for a, b in pairs if a != b and a < nodes and b < nodes}
    edges = np.array(sorted(pairs | {(b, a) for a, b in pairs}), dtype=int).reshape(-1, 2).T
    assert np.array_equal(hop_distance(nodes, edges), breadth_first(nodes, edges))


def test_pairs_are_described_by_the_bonds_between_them():
    """C–C=O: from the methyl carbon to the oxygen, a single and then a double bond, two hops."""
    one = molecule("CC=O").graph
    pattern = int(one.relation[0, 2])
    entries, weights = one.patterns[pattern].tolist(), one.pattern_weights[pattern].tolist()
    first, second = (
        MOLECULES.hop_buckets + hop * len(BONDS) + BONDS.index(kind)
        for hop, kind in ((0, "single"), (1, "double"))
    )
    assert entries[:3] == [2, first, second] and weights == [1, 0.5, 0.5, 0, 0, 0]
    back = one.patterns[int(one.relation[2, 0])].tolist()
    assert back[:3] == [2, first + BONDS.index("double"), second - BONDS.index("double")]


def test_fragments_are_unreachable():
    one = molecule("CCO.[Na+]").graph
    assert one.hops[0, 3] == -1
    assert one.patterns[int(one.relation[0, 3])][0] == MOLECULES.max_hops + 1


def test_offsets_are_binned_from_query_to_key():
    codes = np.zeros((2, 1), dtype=int)
    edges = np.array([[0, 1], [1, 0]])
    one = graph(
        SUPERPIXELS,
        codes,
        np.ones((2, 1)),
        edges,
        np.zeros(2, dtype=int),
        np.array([[5.0, 5.0], [5.0, 25.0]]),
    )
    side = len(SUPERPIXELS.offset_bins) + 1
    right, left = (
        int(one.patterns[int(one.relation[pair])][1]) - SUPERPIXELS.hop_buckets
        for pair in ((0, 1), (1, 0))
    )
    assert (right % side, left % side) == (
        side - 1,
        0,
    ) and right // side == left // side == side // 2


def test_a_batch_says_what_is_padding_and_what_is_token():
    batch = collate(graphs(("CCO", "C")))
    assert batch.sizes == [3, 1]
    relation = batch.relation
    assert (relation[:, 1:, 0] == TO_TOKEN).all() and relation[0, 0, 1:].tolist() == [
        FROM_TOKEN
    ] * 3
    assert relation[1, :, 2:].eq(PADDING).all() and relation[0, 1:, 1:].ge(FIRST_PATTERN).all()


def test_padding_is_never_attended():
    from conftest import SMALL, random_model

    bias = random_model(SMALL).structure(collate(graphs(("CCO", "C"))).to(torch.float64))
    assert bias[1, :, :, 2:].isneginf().all() and bias[0].isfinite().all()


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=40), st.integers(1, 9), st.integers(10, 8000)
)
def test_batches_hold_every_graph_once_within_the_budget(sizes, batch_size, budget):
    batches = list(size_batches(sizes, batch_size, budget))
    assert sorted(i for rows in batches for i in rows) == list(range(len(sizes)))
    for rows in batches:
        assert len(rows) <= batch_size
        assert len(rows) == 1 or len(rows) * (max(sizes[i] for i in rows) + 1) ** 2 <= budget


def same(one, other):
    return all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
        for a, b in zip(vars(one).values(), vars(other).values(), strict=True)
    )


@pytest.mark.parametrize("smiles", SMILES)
def test_molecules_go_to_pyg_and_back(smiles):
    one = molecule(smiles).graph
    data = to_pyg(one)
    assert data.num_nodes == one.nodes and data.validate()
    assert same(one, from_pyg(data, MOLECULES))


def test_digits_go_to_pyg_and_back(stroke):
    assert same(stroke, from_pyg(to_pyg(stroke), SUPERPIXELS))


def test_pyg_batches_come_apart(stroke):
    from torch_geometric.data import Batch

    several = graphs()
    taken = Batch.from_data_list([to_pyg(one) for one in several]).to_data_list()
    assert all(same(a, from_pyg(b, MOLECULES)) for a, b in zip(several, taken, strict=True))


def test_what_is_no_graph_of_the_vocabulary_is_refused(stroke):
    data = to_pyg(molecule("CCO").graph)
    data.x = data.x + 10_000
    with pytest.raises(ValueError, match=r"node codes .*'molecule-2' has entries 0 … 4155"):
        from_pyg(data, MOLECULES)
    data.x = data.x.float()
    with pytest.raises(ValueError, match="integer codes"):
        from_pyg(data, MOLECULES)
    with pytest.raises(ValueError, match="one kind is needed"):
        collate([molecule("C").graph, stroke])
    with pytest.raises(ValueError, match="no graphs"):
        collate([])
    with pytest.raises(ValueError, match="edges name nodes"):
        graph(
            MOLECULES,
            np.zeros((1, 1), dtype=int),
            np.ones((1, 1)),
            np.array([[0], [7]]),
            np.zeros(1, dtype=int),
        )
    with pytest.raises(ValueError, match="no positions"):
        graph(
            SUPERPIXELS,
            np.zeros((1, 1), dtype=int),
            np.ones((1, 1)),
            np.zeros((2, 0), dtype=int),
            np.zeros(0, dtype=int),
        )
