"""Random forests on count ECFP4: the bar in this field, and a teacher for small tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int, Shaped
from numpy import ndarray
from torch import Tensor

from graphormer.evaluation.fingerprints import ecfp_counts
from graphormer.network.model import Config

TREES = 500

SMALLEST = 1e-3
"""Probability below which a forest's vote is not believed, so that it has a finite logit."""


def forest_outputs(
    config: Config,
    train: Sequence[str],
    labels: Shaped[Tensor, " train *targets"],
    test: Sequence[str],
    seed: int = 0,
) -> Float[Tensor, "test outputs"]:
    """What a forest says of the test molecules, in the model's own terms: logits, or values.

    scikit-learn's forests of 500 trees with their usual settings, one for each target, on the rows that have its label.

    Raises:
        ValueError: there is no molecule to learn from.
    """
    if not len(train):
        raise ValueError(
            "no molecules to grow a forest from: the model's folder holds no split.csv, train it again"
        )
    seen, asked = ecfp_counts(train), ecfp_counts(test)
    if config.task == "multiclass":
        share = np.full((len(test), config.outputs), SMALLEST)
        forest = _grown(True, seen, labels.numpy(), seed, False)
        share[:, forest.classes_.astype(int)] = np.maximum(forest.predict_proba(asked), SMALLEST)
        return torch.tensor(share).log().float()
    said = np.stack(
        [
            _votes(config, seen, column, asked, seed, False)[1]
            for column in labels.double().numpy().T
        ],
        1,
    )
    if config.task == "binary":
        share = np.clip(said, SMALLEST, 1 - SMALLEST)
        said = np.log(share / (1 - share))
    return torch.tensor(said, dtype=torch.float32)


def votes(
    config: Config,
    train: Sequence[str],
    labels: Float[Tensor, "train targets"],
    others: Sequence[str],
    seed: int,
) -> tuple[Float[Tensor, "train targets"], Float[Tensor, "others targets"]]:
    """Shares of the trees that vote for the second class, or mean values: of the train molecules and of others.

    A train molecule is judged by the trees that have not seen it (out of bag; Breiman 2001, "Random Forests", section 3.1).
    """
    seen, asked = ecfp_counts(train), ecfp_counts(others)
    columns = [
        _votes(config, seen, column, asked, seed, True) for column in labels.double().numpy().T
    ]
    own, other = (np.stack(parts, 1) for parts in zip(*columns, strict=True))
    return torch.tensor(own, dtype=torch.float32), torch.tensor(other, dtype=torch.float32)


def _votes(
    config: Config,
    seen: Int[ndarray, "train places"],
    labels: Float[ndarray, " train"],
    asked: Int[ndarray, "test places"],
    seed: int,
    out_of_bag: bool,
) -> tuple[Float[ndarray, " train"], Float[ndarray, " test"]]:
    """Votes on the train molecules, NaN where none are known or asked for, and on the others."""
    known = np.isfinite(labels)
    own = np.full(len(labels), np.nan)
    forest = _grown(config.task == "binary", seen[known], labels[known], seed, out_of_bag)
    if config.task == "regression":
        if out_of_bag:
            own[known] = forest.oob_prediction_
        return own, forest.predict(asked)
    if 1.0 not in forest.classes_:
        own[known] = 0.0
        return own, np.zeros(len(asked))
    place = list(forest.classes_).index(1.0)
    if out_of_bag:
        own[known] = forest.oob_decision_function_[:, place]
    return own, forest.predict_proba(asked)[:, place]


def _grown(
    classifier: bool,
    seen: Int[ndarray, "train places"],
    labels: Shaped[ndarray, " train"],
    seed: int,
    out_of_bag: bool,
) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if classifier else RandomForestRegressor
    return kind(TREES, n_jobs=-1, random_state=seed, oob_score=out_of_bag).fit(seen, labels)
