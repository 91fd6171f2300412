"""Our graphs as those of torch-geometric, and theirs as ours.

`to_pyg` and `from_pyg` are inverses of each other. `graph_of` also reads graphs that others made:
those of `torch_geometric.utils.from_smiles`, and the superpixels of `MNISTSuperpixels`.
"""

from typing import Any

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor
from torch_geometric.data import Data

from graphormer.graphs.graph import Graph, graph
from graphormer.graphs.molecules import MOLECULES, Molecule, molecule, shortened
from graphormer.graphs.slic import SIDE
from graphormer.graphs.superpixels import SUPERPIXELS, centroid_graph
from graphormer.graphs.vocabulary import Vocabulary

FROM_SMILES_COLUMNS = 9
"""Columns of `x` in `torch_geometric.utils.from_smiles`. The first is the atomic number."""


# Our own graphs, there and back.


def to_pyg(graph: Graph) -> Data:
    """The graph as PyG `Data`.

    `x` holds its codes, `x_weight` their weights, `edge_attr` the edge types, and `pos` the
    positions, row and then column, if it has any.
    """
    return Data(
        x=graph.codes.long(),
        x_weight=graph.weights,
        edge_index=graph.edges.long(),
        edge_attr=graph.edge_types.long().unsqueeze(1),  # (edges, 1)
        pos=graph.positions,
    )


def from_pyg(data: Data, vocabulary: Vocabulary) -> Graph:
    """The graph that a PyG `Data` describes in the codes of `vocabulary`, as `to_pyg` writes them.

    `x_weight` defaults to ones and `edge_attr` to the first edge type. `pos` is read if the
    vocabulary has offsets.

    Raises:
        ValueError: `x` or `edge_index` is missing, `x` holds no integer codes, `edge_attr` no edge
            types, or a code, type or index is out of range.
    """
    if data.x is None or data.edge_index is None:
        raise ValueError(f"a PyG graph with {sorted(data.keys())}: x and edge_index are needed")
    if data.x.is_floating_point():
        raise ValueError(
            f"x of type {data.x.dtype}: "
            f"integer codes of the vocabulary '{vocabulary.name}' are needed"
        )
    # `graph` computes environments from the edges.
    slots = data.x.shape[1] - len(vocabulary.environments)
    positions = data.pos if vocabulary.offset_bins else None
    if positions is not None and positions.shape != (len(data.x), 2):
        raise ValueError(
            f"pos of shape {tuple(positions.shape)} for {len(data.x)} nodes: "
            "a row and a column for each node are needed"
        )
    edges = data.edge_index.cpu().numpy()
    return graph(
        vocabulary,
        codes=data.x[:, :slots].cpu().numpy(),
        weights=_weights(data, slots),
        edges=edges,
        edge_types=_edge_types(data.edge_attr, edges.shape[1], vocabulary),
        positions=None if positions is None else positions.cpu().numpy(),
    )


def _weights(data: Data, slots: int) -> ndarray:
    """`[nodes, slots]` weights of the codes in `x`."""
    weights: Any = getattr(data, "x_weight", None)
    if weights is None:
        return np.ones((len(data.x), slots), dtype=np.float32)
    return weights[:, :slots].cpu().numpy()


def _edge_types(edge_attr: Tensor | None, edges: int, vocabulary: Vocabulary) -> ndarray:
    """`[edges]` indices into `vocabulary.edge_types`."""
    if edge_attr is None:
        return np.zeros(edges, dtype=np.int64)
    if edge_attr.is_floating_point() or edge_attr.ndim > 2 or edge_attr.shape[1:].numel() != 1:
        raise ValueError(
            f"edge_attr of type {edge_attr.dtype} and shape {tuple(edge_attr.shape)}: "
            f"one integer edge type of '{vocabulary.name}' for each edge is needed"
        )
    if len(edge_attr) != edges:
        raise ValueError(f"{edges} edges but {len(edge_attr)} rows of edge_attr")
    types = edge_attr.flatten().cpu().numpy()  # (edges,)
    if len(types) and not 0 <= types.min() <= types.max() < len(vocabulary.edge_types):
        last = len(vocabulary.edge_types) - 1
        raise ValueError(
            f"edge types {types.min()} … {types.max()}: '{vocabulary.name}' has types 0 … {last}"
        )
    return types


# Graphs that others made.


def graph_of(data: Data, vocabulary: Vocabulary) -> Graph:
    """The graph of a `Data`, whichever of three forms it has.

    - As `graphormer.graphs.pyg.to_pyg` writes it: integer codes of the vocabulary.
    - As `torch_geometric.utils.from_smiles` makes it: see `molecule_of`.
    - As `MNISTSuperpixels` holds it: see `superpixels_of`.

    Raises:
        ValueError: it is none of these, or of another kind than the vocabulary.
    """
    _check_single_graph(data)
    x = data.x
    if x.is_floating_point():
        if vocabulary == SUPERPIXELS:
            return superpixels_of(data)
    elif describes_nodes(x, vocabulary):
        return from_pyg(data, vocabulary)
    elif vocabulary == MOLECULES and isinstance(data.get("smiles"), str):
        return molecule_of(data).graph
    needed = f"codes of '{vocabulary.name}' from to_pyg"
    if vocabulary == MOLECULES:
        needed += " or a graph of from_smiles with its smiles"
    elif vocabulary == SUPERPIXELS:
        needed += " or x, pos and edge_index of MNISTSuperpixels"
    raise ValueError(f"x of type {x.dtype} and shape {list(x.shape)}: {needed} are needed")


def _check_single_graph(data: Data) -> None:
    """Refuse a batch, and what has no nodes and edges in tensors."""
    graphs = getattr(data, "num_graphs", 1)
    if graphs != 1 or isinstance(data.get("smiles"), list | tuple):
        raise ValueError(
            f"a batch of {graphs} graphs: give the graphs of data.to_data_list() one by one"
        )
    if data.x is None or data.edge_index is None:
        raise ValueError(f"a PyG graph with {sorted(data.keys())}: x and edge_index are needed")
    if not isinstance(data.x, Tensor) or not isinstance(data.edge_index, Tensor):
        raise ValueError(
            f"x is a {type(data.x).__name__} and edge_index a {type(data.edge_index).__name__}: "
            "torch tensors are needed, such as torch.as_tensor(x)"
        )


def describes_nodes(codes: Tensor, vocabulary: Vocabulary) -> bool:
    """Whether every node has an entry of every feature of the vocabulary.

    That is so in all graphs that were made for the vocabulary.
    """
    if codes.ndim != 2 or not codes.numel():
        return False
    if int(codes.min()) < 0 or int(codes.max()) >= vocabulary.node_entries:
        return False
    features = vocabulary.feature_of_entry.to(codes.device)[codes.long()]  # (nodes, slots)
    shape = (len(codes), len(vocabulary.node_features))
    has_feature = torch.zeros(shape, dtype=torch.bool, device=codes.device)
    return bool(has_feature.scatter(1, features, True).all())


def molecule_of(data: Data) -> Molecule:
    """The molecule of a graph of `from_smiles`; node i is atom i of both.

    It is read from `data.smiles` and compared with `x` and `edge_index`. Without a SMILES nothing
    is guessed: `x` keeps chirality relative to an order of bonds that it does not keep, and other
    libraries number elements differently in a table of the same shape. Kekulized graphs are the
    same molecule and give the same graph.

    Raises:
        ValueError: there is no SMILES, it is of another molecule, or hydrogens are nodes of their
            own.
    """
    x = data.x
    smiles = data.get("smiles")
    if not isinstance(smiles, str):
        raise ValueError(
            "a molecule without smiles: its stereo cannot be read from x; "
            "set data.smiles to what it was made of"
        )
    subject = molecule(smiles)
    if x is None or data.edge_index is None or x.ndim != 2 or x.shape[1] != FROM_SMILES_COLUMNS:
        shape = None if x is None else list(x.shape)
        raise ValueError(
            f"x of shape {shape}: x and edge_index as from_smiles makes them are needed"
        )
    numbers = x[:, 0].tolist()
    expected = [atom.GetAtomicNum() for atom in subject.mol.GetAtoms()]
    if numbers.count(1) > expected.count(1):
        raise ValueError(
            f"{numbers.count(1)} hydrogens are nodes: "
            "from_smiles(smiles, with_hydrogen=False) is needed"
        )
    if numbers != expected or _pairs(data.edge_index) != _pairs(subject.graph.edges):
        raise ValueError(
            f"x and edge_index are not of the smiles {shortened(smiles)!r}: "
            "a graph as from_smiles makes it is needed"
        )
    return subject


def _pairs(edges: Tensor) -> set[tuple[int, int]]:
    starts, ends = edges.tolist()
    return set(zip(starts, ends, strict=True))


def superpixels_of(data: Data) -> Graph:
    """The graph of superpixels as in `MNISTSuperpixels` and `ToSLIC`.

    - `x` is `[nodes, 1]`, the mean intensity, 0 (black) to 1 (ink).
    - `pos` is `[nodes, 2]`, the centroid in pixels: column and then row (downwards). So does
      torch-geometric's `ToSLIC` write it, and its examples draw `MNISTSuperpixels` with the second
      coordinate flipped. (The `pos` of `to_pyg` is row and then column.)
    - Edges are taken in both directions, without loops; `edge_attr` is not read.

    Raises:
        ValueError: one of these is missing, or out of range.
    """
    x, pos, edges = data.x, data.pos, data.edge_index
    if x is None or pos is None or edges is None:
        raise ValueError(
            f"superpixels with {sorted(data.keys())}: x, pos and edge_index are needed"
        )
    _check_superpixels(x, pos, edges)
    start, end = edges.cpu().numpy()
    touches = np.zeros((len(x), len(x)), dtype=bool)
    touches[start, end] = True
    touches[end, start] = True
    np.fill_diagonal(touches, False)
    columns, rows = pos.double().cpu().numpy().T  # (nodes,) each
    return centroid_graph(
        intensity=x.double().cpu().numpy().ravel(),
        positions=np.stack([rows, columns], 1),
        edges=np.stack(np.nonzero(touches)),
    )


def _check_superpixels(x: Tensor, pos: Tensor, edges: Tensor) -> None:
    nodes = len(x)
    if x.numel() != nodes or pos.shape != (nodes, 2) or not nodes:
        raise ValueError(
            f"superpixels with x of shape {list(x.shape)} and pos of shape {list(pos.shape)}: "
            "[nodes, 1] intensities and [nodes, 2] positions are needed"
        )
    _check_range("intensities", x, 1, "0 (black) to 1 (ink)")
    _check_range("positions", pos, SIDE, f"pixels from 0 to {SIDE}, before any normalisation,")
    if edges.numel() and not 0 <= int(edges.min()) <= int(edges.max()) < nodes:
        raise ValueError(
            f"edges name nodes {int(edges.min())} … {int(edges.max())}, "
            f"but the graph has {nodes} nodes"
        )


def _check_range(name: str, values: Tensor, largest: float, needed: str) -> None:
    lowest = float(values.min())
    highest = float(values.max())
    if not (bool(values.isfinite().all()) and 0 <= lowest <= highest <= largest):
        raise ValueError(f"{name} {lowest:g} … {highest:g}: {needed} are needed")
