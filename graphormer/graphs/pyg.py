"""Graphs of torch-geometric as graphs of our vocabularies, and ours as theirs."""

from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch_geometric.data import Data

from graphormer.graphs.graph import Graph, graph
from graphormer.graphs.molecules import MOLECULES, Molecule, molecule, shortened
from graphormer.graphs.superpixels import SIDE, SUPERPIXELS, centroid_graph
from graphormer.graphs.vocabulary import Vocabulary

FROM_SMILES_COLUMNS = 9
"""Of `x` in `torch_geometric.utils.from_smiles`; the first is the atomic number."""


def describes_nodes(codes: Tensor, vocabulary: Vocabulary) -> bool:
    """Whether every node has an entry of every feature of the vocabulary, as in all graphs that it was made for."""
    if (
        codes.ndim != 2
        or not codes.numel()
        or int(codes.min()) < 0
        or int(codes.max()) >= vocabulary.node_entries
    ):
        return False
    features = vocabulary.feature_of_entry.to(codes.device)[codes.long()]
    found = torch.zeros(
        len(codes), len(vocabulary.node_features), dtype=torch.bool, device=codes.device
    )
    return bool(found.scatter(1, features, True).all())


def graph_of(data: Data, vocabulary: Vocabulary) -> Graph:
    """The graph of a `Data`, in whichever of three forms it comes.

    - As `graphormer.graphs.pyg.to_pyg` writes it: integer codes of the vocabulary.
    - As `torch_geometric.utils.from_smiles` makes it: see `molecule_of`.
    - As `MNISTSuperpixels` holds it: see `superpixels_of`.

    Raises:
        ValueError: it is none of these, or of another kind than the vocabulary.
    """
    x = data.x
    if getattr(data, "num_graphs", 1) != 1 or isinstance(data.get("smiles"), list | tuple):
        raise ValueError(
            f"a batch of {getattr(data, 'num_graphs', 1)} graphs: give the graphs of data.to_data_list() one by one"
        )
    if x is None or data.edge_index is None:
        raise ValueError(f"a PyG graph with {sorted(data.keys())}: x and edge_index are needed")
    if not isinstance(x, Tensor) or not isinstance(data.edge_index, Tensor):
        found = f"x is a {type(x).__name__} and edge_index a {type(data.edge_index).__name__}"
        raise ValueError(f"{found}: torch tensors are needed, such as torch.as_tensor(x)")
    if not x.is_floating_point():
        if (
            isinstance(data.get("smiles"), str)
            and vocabulary == MOLECULES
            and not describes_nodes(x, vocabulary)
        ):
            return molecule_of(data).graph
        if describes_nodes(x, vocabulary):
            return from_pyg(data, vocabulary)
    elif vocabulary == SUPERPIXELS:
        return superpixels_of(data)
    known = f"codes of '{vocabulary.name}' from to_pyg"
    others = {
        MOLECULES: " or a graph of from_smiles with its smiles",
        SUPERPIXELS: " or x, pos and edge_index of MNISTSuperpixels",
    }
    other = next((text for kind, text in others.items() if kind == vocabulary), "")
    raise ValueError(f"x of type {x.dtype} and shape {list(x.shape)}: {known}{other} are needed")


def molecule_of(data: Data) -> Molecule:
    """The molecule of a graph of `from_smiles`; node i is atom i of both.

    It is read from `data.smiles` and held against `x` and `edge_index`. Without a SMILES nothing is guessed: `x` keeps
    chirality relative to an order of bonds that it does not keep, and other libraries number elements differently in
    a table of the same shape. Kekulized graphs are the same molecule and give the same graph.

    Raises:
        ValueError: there is no SMILES, it is of another molecule, or hydrogens are nodes of their own.
    """
    x, smiles = data.x, data.get("smiles")
    if not isinstance(smiles, str):
        raise ValueError(
            "a molecule without smiles: its stereo cannot be read from x; set data.smiles to what it was made of"
        )
    made = molecule(smiles)
    if x is None or data.edge_index is None or x.ndim != 2 or x.shape[1] != FROM_SMILES_COLUMNS:
        raise ValueError(
            f"x of shape {None if x is None else list(x.shape)}: x and edge_index as from_smiles makes them are needed"
        )
    numbers, own = x[:, 0].tolist(), [atom.GetAtomicNum() for atom in made.mol.GetAtoms()]
    if numbers.count(1) > own.count(1):
        raise ValueError(
            f"{numbers.count(1)} hydrogens are nodes: from_smiles(smiles, with_hydrogen=False) is needed"
        )
    if numbers != own or _pairs(data.edge_index) != _pairs(made.graph.edges):
        raise ValueError(
            f"x and edge_index are not of the smiles {shortened(smiles)!r}: a graph as from_smiles makes it is needed"
        )
    return made


def _pairs(edges: torch.Tensor) -> set[tuple[int, int]]:
    return set(zip(*edges.tolist(), strict=True))


def superpixels_of(data: Data) -> Graph:
    """The graph of superpixels known by mean intensity, centroid and neighbours, as in `MNISTSuperpixels` and `ToSLIC`.

    `x` is `[nodes, 1]`, 0 (black) to 1 (ink). `pos` is `[nodes, 2]`, column and then row (downwards) in pixels: so does
    torch-geometric's `ToSLIC` write it, and its examples draw `MNISTSuperpixels` with the second coordinate flipped. (The
    `pos` of `to_pyg` is row and then column.) Edges are taken as they are, in both directions, without loops;
    `edge_attr` is not read.

    Raises:
        ValueError: one of these is missing, or out of range.
    """
    x, pos, edges = data.x, data.pos, data.edge_index
    if x is None or pos is None or edges is None:
        raise ValueError(
            f"superpixels with {sorted(data.keys())}: x, pos and edge_index are needed"
        )
    if x.numel() != len(x) or pos.shape != (len(x), 2) or not len(x):
        found = f"superpixels with x of shape {list(x.shape)} and pos of shape {list(pos.shape)}"
        raise ValueError(f"{found}: [nodes, 1] intensities and [nodes, 2] positions are needed")
    nodes = len(x)
    _check_range("intensities", x, 1, "0 (black) to 1 (ink)")
    _check_range("positions", pos, SIDE, f"pixels from 0 to {SIDE}, before any normalisation,")
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < nodes:
        raise ValueError(
            f"edges name nodes {int(edges.min())} … {int(edges.max())}, but the graph has {nodes} nodes"
        )
    touching = np.zeros((nodes, nodes), dtype=bool)
    start, end = edges.cpu().numpy()
    touching[start, end] = touching[end, start] = True
    np.fill_diagonal(touching, False)
    columns, rows = pos.double().cpu().numpy().T
    return centroid_graph(
        x.double().cpu().numpy().ravel(),
        np.stack([rows, columns], 1),
        np.stack(np.nonzero(touching)),
    )


def _check_range(name: str, values: Any, largest: float, needed: str) -> None:
    if not (
        bool(values.isfinite().all()) and 0 <= float(values.min()) <= float(values.max()) <= largest
    ):
        raise ValueError(
            f"{name} {float(values.min()):g} … {float(values.max()):g}: {needed} are needed"
        )


def to_pyg(one: Graph) -> Data:
    """The graph as PyG `Data`: `x` codes, `x_weight`, `edge_index`, `edge_attr` edge types, `pos` where there are positions."""
    return Data(
        x=one.codes.long(),
        x_weight=one.weights,
        edge_index=one.edges.long(),
        edge_attr=one.edge_types.long().unsqueeze(1),
        pos=one.positions,
    )


def from_pyg(data: Data, vocabulary: Vocabulary) -> Graph:
    """The graph that a PyG `Data` describes in the codes of `vocabulary`, as `to_pyg` writes them.

    `x_weight` defaults to ones and `edge_attr` to the first edge type; `pos` is read where the vocabulary has offsets.

    Raises:
        ValueError: `x` or `edge_index` is missing, `x` holds no integer codes, `edge_attr` no edge types, or a code,
            type or index is out of range.
    """
    if data.x is None or data.edge_index is None:
        raise ValueError(f"a PyG graph with {sorted(data.keys())}: x and edge_index are needed")
    if data.x.is_floating_point():
        raise ValueError(
            f"x of type {data.x.dtype}: integer codes of the vocabulary '{vocabulary.name}' are needed"
        )
    edges = data.edge_index.cpu().numpy()
    stated = data.x.shape[1] - len(vocabulary.environments)  # environments follow from the edges
    weights: Any = getattr(data, "x_weight", None)
    positions = data.pos if vocabulary.offset_bins else None
    if positions is not None and positions.shape != (len(data.x), 2):
        raise ValueError(
            f"pos of shape {tuple(positions.shape)} for {len(data.x)} nodes: a row and a column for each node are needed"
        )
    return graph(
        vocabulary,
        data.x[:, :stated].cpu().numpy(),
        np.ones((len(data.x), stated), dtype=np.float32)
        if weights is None
        else weights[:, :stated].cpu().numpy(),
        edges,
        _edge_types(data.edge_attr, edges.shape[1], vocabulary),
        None if positions is None else positions.cpu().numpy(),
    )


def _edge_types(edge_attr: Tensor | None, edges: int, vocabulary: Vocabulary) -> ndarray:
    """`[edges]` positions in `vocabulary.edge_types`."""
    if edge_attr is None:
        return np.zeros(edges, dtype=np.int64)
    if edge_attr.is_floating_point() or edge_attr.ndim > 2 or edge_attr.shape[1:].numel() != 1:
        found = f"edge_attr of type {edge_attr.dtype} and shape {tuple(edge_attr.shape)}"
        raise ValueError(
            f"{found}: one integer edge type of '{vocabulary.name}' for each edge is needed"
        )
    if len(edge_attr) != edges:
        raise ValueError(f"{edges} edges but {len(edge_attr)} rows of edge_attr")
    types = edge_attr.flatten().cpu().numpy()
    if len(types) and not 0 <= types.min() <= types.max() < len(vocabulary.edge_types):
        last = len(vocabulary.edge_types) - 1
        raise ValueError(
            f"edge types {types.min()} … {types.max()}: '{vocabulary.name}' has types 0 … {last}"
        )
    return types
