"""Whether the same thing is explained alike however it is written."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem

from graphormer.graphs.molecules import Molecule
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.explainer import Class, Explainer, Source
from molxai.explanation.explanation import Explanation
from molxai.explanation.ranks import spearman
from molxai.explanation.sentence import Sentence, shared_words

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


def paraphrase(
    explainer: BaseExplainer, pairs: Sequence[tuple[Any, Any]], target: Class = "pred"
) -> Float[ndarray, " pairs"]:
    """Rank correlation of the relevances of the words that a text and its paraphrase share.

    1 if the common words keep their order. Both are explained for the target of the first one.

    Args:
        explainer: of texts: the model and the method to judge.
        pairs: a text and another one that says the same.
        target: what is explained.

    Returns:
        NaN for a pair that shares fewer than two words, or of which all are equally relevant.

    Raises:
        ValueError: an input cannot be read, or is no text.
    """
    first = [_sentence(explainer, a) for a, _ in pairs]
    second = [_sentence(explainer, b) for _, b in pairs]
    before = explainer.explain(first, [explainer.target(target)] * len(pairs))
    after = explainer.explain(second, [explanation.target for explanation in before])
    correlations: list[float] = []
    for a, b, of_a, of_b in zip(first, second, before, after, strict=True):
        words_a = of_a.by_word()
        words_b = of_b.by_word()
        shared = [(words_a[i][1], words_b[j][1]) for i, j in shared_words(a, b)]
        values = torch.tensor(shared, dtype=torch.float64).reshape(-1, 2)
        correlations.append(spearman(values[:, 0], values[:, 1]))
    return np.array(correlations)


def _sentence(explainer: BaseExplainer, source: Any) -> Sentence:
    subject = explainer.subject(source)
    if not isinstance(subject, Sentence):
        raise ValueError("only texts have words in common: a language model is needed")
    return subject


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
