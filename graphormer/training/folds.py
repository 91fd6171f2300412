"""Folds of a training set: what a model says of graphs that it was not trained on."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.splits import scaffold

Outputs = Float[Tensor, "components graphs outputs"]

Predictor = Callable[[int, LabelledGraphs, LabelledGraphs], Outputs]
"""From the number of a fold, what is kept and what is left out: each component's outputs for the
latter."""


def folds(data: LabelledGraphs, count: int, seed: int) -> list[list[int]]:
    """Positions that each of `count` folds leaves out; together they are the training set.

    They follow the split: if it keeps scaffolds together, so do they, as long as there are enough.
    What is measured on them is then as hard as the test set.

    Raises:
        ValueError: there are fewer graphs than folds.
    """
    from sklearn.model_selection import GroupKFold, KFold

    if len(data) < count:
        raise ValueError(
            f"{len(data)} training graphs in {count} folds: ask for fewer, or for none"
        )
    groups = None
    splitter = KFold(count, shuffle=True, random_state=seed)
    if data.texts and "scaffold" in data.split:
        names = [scaffold(text, "chiral" in data.split) for text in data.texts]
        if len(set(names)) >= count:
            _, groups = np.unique(names, return_inverse=True)
            splitter = GroupKFold(count, shuffle=True, random_state=seed)
    pairs = splitter.split(np.zeros(len(data)), groups=groups)
    return [left_out.tolist() for _, left_out in pairs]


def out_of_fold(
    data: LabelledGraphs, count: int, seed: int, fitted: Predictor
) -> Float[Tensor, "components graphs outputs"]:
    """What is said of each graph by models that were trained without its fold."""
    of_folds = []
    places = folds(data, count, seed)
    for number, left_out in enumerate(places):
        kept = sorted(set(range(len(data))) - set(left_out))
        of_folds.append(
            fitted(
                number,
                data.part(kept, f"{data.split}, without fold {number}"),
                data.part(left_out, f"{data.split}, fold {number}"),
            )
        )
    order = torch.tensor([place for left_out in places for place in left_out]).argsort()
    return torch.cat(of_folds, 1)[:, order]
