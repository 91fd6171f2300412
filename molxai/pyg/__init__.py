"""PyTorch Geometric: its explainers on this model, LRP on its models, its graphs as ours."""

from graphormer.graphs.pyg import graph_of, molecule_of, superpixels_of
from molxai.pyg.lrp import LRPExplainer
from molxai.pyg.network import PyGGraphormer
from molxai.pyg.signed import SignedExplanation, SignedHeteroExplanation

__all__ = [
    "LRPExplainer",
    "PyGGraphormer",
    "SignedExplanation",
    "SignedHeteroExplanation",
    "graph_of",
    "molecule_of",
    "superpixels_of",
]
