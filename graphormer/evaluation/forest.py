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
"""Trees of a forest; its other settings are scikit-learn's."""

SMALLEST = 1e-3
"""Probability below which a forest's vote is not believed, so that it has a finite logit."""


def forest_outputs(
    config: Config,
    train: Sequence[str],
    labels: Shaped[Tensor, " train *targets"],
    test: Sequence[str],
    seed: int = 0,
) -> Float[Tensor, "test outputs"]:
    """What a forest predicts for the test molecules, in the model's terms: logits, or values.

    There is a forest for each target, grown on the rows that have its label.

    Raises:
        ValueError: there is no molecule to learn from.
    """
    if not len(train):
        raise ValueError(
            "no molecules to grow a forest from: "
            "the model's folder holds no split.csv, train it again"
        )
    train_counts = ecfp_counts(train)
    test_counts = ecfp_counts(test)
    if config.task == "multiclass":
        return _multiclass_outputs(config, train_counts, labels, test_counts, seed)
    columns = [
        _votes(config, train_counts, column, test_counts, seed, out_of_bag=False)[1]
        for column in labels.double().numpy().T  # (train,) of (train, targets)
    ]
    outputs = np.stack(columns, 1)  # (test, targets)
    if config.task == "binary":
        share = np.clip(outputs, SMALLEST, 1 - SMALLEST)
        outputs = np.log(share / (1 - share))
    return torch.tensor(outputs, dtype=torch.float32)


def _multiclass_outputs(
    config: Config,
    train_counts: Int[ndarray, "train places"],
    labels: Shaped[Tensor, " train"],
    test_counts: Int[ndarray, "test places"],
    seed: int,
) -> Float[Tensor, "test outputs"]:
    """Log-probabilities; a class that the forest has not met has the smallest probability."""
    forest = _forest(True, train_counts, labels.numpy(), seed, out_of_bag=False)
    share = np.full((len(test_counts), config.outputs), SMALLEST)
    votes = np.maximum(forest.predict_proba(test_counts), SMALLEST)  # (test, classes in train)
    share[:, forest.classes_.astype(int)] = votes
    return torch.tensor(share).log().float()


def votes(
    config: Config,
    train: Sequence[str],
    labels: Float[Tensor, "train targets"],
    unlabelled: Sequence[str],
    seed: int,
) -> tuple[Float[Tensor, "train targets"], Float[Tensor, "unlabelled targets"]]:
    """A forest's votes on its training molecules and on others.

    A vote is the share of trees for the second class, or the mean value. On a training molecule
    only the trees vote that have not seen it (out of bag: Breiman 2001, "Random Forests",
    section 3.1).
    """
    train_counts = ecfp_counts(train)
    unlabelled_counts = ecfp_counts(unlabelled)
    train_votes = []
    unlabelled_votes = []
    for column in labels.double().numpy().T:  # (train,) of (train, targets)
        on_train, on_unlabelled = _votes(
            config, train_counts, column, unlabelled_counts, seed, out_of_bag=True
        )
        train_votes.append(on_train)
        unlabelled_votes.append(on_unlabelled)
    return (
        torch.tensor(np.stack(train_votes, 1), dtype=torch.float32),  # (train, targets)
        torch.tensor(np.stack(unlabelled_votes, 1), dtype=torch.float32),  # (unlabelled, targets)
    )


def _votes(
    config: Config,
    train_counts: Int[ndarray, "train places"],
    labels: Float[ndarray, " train"],
    test_counts: Int[ndarray, "test places"],
    seed: int,
    out_of_bag: bool,
) -> tuple[Float[ndarray, " train"], Float[ndarray, " test"]]:
    """Votes for one target on the training molecules and on others.

    Those on the training molecules are NaN if the label is unknown or `out_of_bag` is false.
    """
    is_labelled = np.isfinite(labels)  # (train,)
    binary = config.task == "binary"
    forest = _forest(binary, train_counts[is_labelled], labels[is_labelled], seed, out_of_bag)
    train_votes = np.full(len(labels), np.nan)
    if not binary:
        if out_of_bag:
            train_votes[is_labelled] = forest.oob_prediction_
        return train_votes, forest.predict(test_counts)
    if 1.0 not in forest.classes_:
        train_votes[is_labelled] = 0.0
        return train_votes, np.zeros(len(test_counts))
    second = list(forest.classes_).index(1.0)
    if out_of_bag:
        train_votes[is_labelled] = forest.oob_decision_function_[:, second]
    return train_votes, forest.predict_proba(test_counts)[:, second]


def _forest(
    classifier: bool,
    counts: Int[ndarray, "train places"],
    labels: Shaped[ndarray, " train"],
    seed: int,
    out_of_bag: bool,
) -> Any:
    """A forest grown on fingerprints and labels."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if classifier else RandomForestRegressor
    forest = kind(TREES, n_jobs=-1, random_state=seed, oob_score=out_of_bag)
    return forest.fit(counts, labels)
