"""The model: graphs in, logits out. It knows nothing of explanations."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphormer.graphs.graph import Graph, GraphBatch, collate
    from graphormer.graphs.molecules import Molecule, molecule
    from graphormer.graphs.pyg import from_pyg, to_pyg
    from graphormer.graphs.superpixels import Digit, digit
    from graphormer.network.card import Card
    from graphormer.network.checkpoint import load, save, shipped
    from graphormer.network.model import Config, Graphormer
    from graphormer.network.prediction import predict
    from graphormer.training.fit import fit
    from graphormer.training.recipe import Recipe

__all__ = [
    "Card",
    "Config",
    "Digit",
    "Graph",
    "GraphBatch",
    "Graphormer",
    "Molecule",
    "Recipe",
    "__version__",
    "collate",
    "digit",
    "fit",
    "from_pyg",
    "load",
    "molecule",
    "predict",
    "save",
    "shipped",
    "to_pyg",
]

__version__ = "0.1.0"
"""Version of this tree, from which the metadata are built: it holds without an installation."""

MODULES = {
    "Card": "graphormer.network.card",
    "Config": "graphormer.network.model",
    "Digit": "graphormer.graphs.superpixels",
    "Graph": "graphormer.graphs.graph",
    "GraphBatch": "graphormer.graphs.graph",
    "Graphormer": "graphormer.network.model",
    "Molecule": "graphormer.graphs.molecules",
    "Recipe": "graphormer.training.recipe",
    "collate": "graphormer.graphs.graph",
    "digit": "graphormer.graphs.superpixels",
    "fit": "graphormer.training.fit",
    "from_pyg": "graphormer.graphs.pyg",
    "load": "graphormer.network.checkpoint",
    "molecule": "graphormer.graphs.molecules",
    "predict": "graphormer.network.prediction",
    "save": "graphormer.network.checkpoint",
    "shipped": "graphormer.network.checkpoint",
    "to_pyg": "graphormer.graphs.pyg",
}
"""Module of each name: imported on first use, because most of them import torch."""

if not TYPE_CHECKING:  # for type checkers every other name is a mistake

    def __getattr__(name):
        """The lazy name's value, from its module."""
        if name in MODULES:
            return getattr(import_module(MODULES[name]), name)
        raise AttributeError(f"module 'graphormer' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
