"""Whether the same molecule is explained alike however it is written."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem

from graphormer.graphs.molecules import Molecule
from molxai.explanation.explainer import Class, Explainer, Source
from molxai.explanation.explanation import Explanation

TINY = 1e-12
"""Differences are measured against the largest relevance, but never against less than this."""


def rewriting(
    explainer: Explainer, molecules: Sequence[Source], target: Class = "pred", seed: int = 0
) -> Float[ndarray, " molecules"]:
    """Largest change of an atom's relevance if a molecule's atoms are written in another order.

    The change is divided by the molecule's largest |relevance|. The model reads both orders as one
    graph, so all that a method shows here is its own noise: about 1e-6 (rounding) for a method that
    computes, and as much as its estimates scatter for one that samples, like `shap`. Differences
    between atoms that are smaller than this mean nothing.

    Args:
        explainer: the model and the method to judge.
        molecules: SMILES or RDKit molecules.
        target: what is explained.
        seed: of the random orders.

    Raises:
        ValueError: an input cannot be read, or is no molecule.

    Example:
        >>> float(rewriting(Explainer("bace"), ["CC(C)Cc1ccc(cc1)C(C)C(=O)O"])[0]) < 1e-4
        True
    """
    random = np.random.default_rng(seed)
    subjects = []
    copies = []
    orders = []
    for source in molecules:
        subject = _molecule(explainer, source)
        order = random.permutation(len(subject.symbols)).tolist()
        copy = Chem.RenumberAtoms(subject.mol, order)
        subjects.append(subject)
        copies.append(_molecule(explainer, copy))
        orders.append(order)
    targets = [explainer.target(target)] * len(subjects)
    first = explainer.explain(subjects, targets)
    second = explainer.explain(copies, [explanation.target for explanation in first])
    triples = zip(first, second, orders, strict=True)
    return np.array([_change(*triple) for triple in triples])


def _molecule(explainer: Explainer, source: Source) -> Molecule:
    subject = explainer.subject(source)
    if not isinstance(subject, Molecule):
        raise ValueError("only molecules can be written in another order: a molecule is needed")
    return subject


def _change(first: Explanation, second: Explanation, order: Sequence[int]) -> float:
    """The largest difference; the second explanation's atom `k` is the first one's `order[k]`."""
    before = first.relevance[torch.tensor(order)]  # (atoms,), in the second explanation's order
    largest = float(first.relevance.abs().max())
    change = (before - second.relevance).abs().max()
    return float(change) / max(largest, TINY)
