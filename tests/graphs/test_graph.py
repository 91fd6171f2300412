"""Graphs, pairs of nodes, batches, and the way to PyG and back."""

from collections import deque

import numpy as np
import pytest
import torch
from conftest import SMALL, SMILES, graphs, random_model
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
            node = queue.popleft()
            for neighbour in edges[1][edges[0] == node]:
                if hops[start, neighbour] < 0:
                    hops[start, neighbour] = hops[start, node] + 1
                    queue.append(neighbour)
    return hops


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=14))
def test_hop_distance_is_breadth_first_search(nodes, bonds):
    there = {(a, b) for a, b in bonds if a != b and a < nodes and b < nodes}
    back = {(b, a) for a, b in there}
    edges = np.array(sorted(there | back), dtype=int).reshape(-1, 2).T
    assert np.array_equal(hop_distance(nodes, edges), breadth_first(nodes, edges))


def test_pairs_are_described_by_the_bonds_between_them():
    """C–C=O: from the methyl carbon to the oxygen, a single and then a double bond, two hops."""
    acetaldehyde = molecule("CC=O").graph
    first_hop = MOLECULES.hop_buckets
    second_hop = first_hop + len(BONDS)
    single = BONDS.index("single")
    double = BONDS.index("double")
    there = int(acetaldehyde.relation[0, 2])
    back = int(acetaldehyde.relation[2, 0])
    assert acetaldehyde.patterns[there, :3].tolist() == [2, first_hop + single, second_hop + double]
    assert acetaldehyde.patterns[back, :3].tolist() == [2, first_hop + double, second_hop + single]
    assert acetaldehyde.pattern_weights[there].tolist() == [1, 0.5, 0.5, 0, 0, 0]


def test_fragments_are_unreachable():
    salt = molecule("CCO.[Na+]").graph
    assert salt.hops[0, 3] == -1
    assert salt.patterns[int(salt.relation[0, 3])][0] == MOLECULES.max_hops + 1


def test_offsets_are_binned_from_query_to_key():
    side_by_side = graph(
        SUPERPIXELS,
        codes=np.zeros((2, 1), dtype=int),
        weights=np.ones((2, 1)),
        edges=np.array([[0, 1], [1, 0]]),
        edge_types=np.zeros(2, dtype=int),
        positions=np.array([[5.0, 5.0], [5.0, 25.0]]),
    )
    bins = len(SUPERPIXELS.offset_bins) + 1

    def offset_bins(query, key):
        pattern = int(side_by_side.relation[query, key])
        entry = int(side_by_side.patterns[pattern, 1])
        return divmod(entry - SUPERPIXELS.hop_buckets, bins)

    assert offset_bins(0, 1) == (bins // 2, bins - 1)
    assert offset_bins(1, 0) == (bins // 2, 0)


def test_a_batch_says_what_is_padding_and_what_is_token():
    batch = collate(graphs(("CCO", "C")))
    assert batch.sizes == [3, 1]
    relation = batch.relation
    assert (relation[:, 1:, 0] == TO_TOKEN).all()
    assert relation[0, 0, 1:].tolist() == [FROM_TOKEN] * 3
    assert relation[0, 1:, 1:].ge(FIRST_PATTERN).all()
    assert relation[1, :, 2:].eq(PADDING).all()


def test_padding_is_never_attended():
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


def is_same(first, second):
    """Whether all fields of two graphs are equal."""
    fields = zip(vars(first).values(), vars(second).values(), strict=True)
    return all(torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in fields)


@pytest.mark.parametrize("smiles", SMILES)
def test_molecules_go_to_pyg_and_back(smiles):
    ours = molecule(smiles).graph
    theirs = to_pyg(ours)
    assert theirs.num_nodes == ours.nodes and theirs.validate()
    assert is_same(ours, from_pyg(theirs, MOLECULES))


def test_digits_go_to_pyg_and_back(stroke):
    assert is_same(stroke, from_pyg(to_pyg(stroke), SUPERPIXELS))


def test_pyg_batches_come_apart(stroke):
    from torch_geometric.data import Batch

    batch = Batch.from_data_list([to_pyg(ours) for ours in graphs()])
    for ours, theirs in zip(graphs(), batch.to_data_list(), strict=True):
        assert is_same(ours, from_pyg(theirs, MOLECULES))


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
            codes=np.zeros((1, 1), dtype=int),
            weights=np.ones((1, 1)),
            edges=np.array([[0], [7]]),
            edge_types=np.zeros(1, dtype=int),
        )
    with pytest.raises(ValueError, match="no positions"):
        graph(
            SUPERPIXELS,
            codes=np.zeros((1, 1), dtype=int),
            weights=np.ones((1, 1)),
            edges=np.zeros((2, 0), dtype=int),
            edge_types=np.zeros(0, dtype=int),
        )
