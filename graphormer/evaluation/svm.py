"""Support vector regression on ECFP4: the strongest baseline on activity cliffs.

Fingerprint, kernel and tuning inside the training set are those of van Tilborg, Alenicheva and
Grisoni 2022, "Exposing the Limitations of Molecular Machine Learning with Activity Cliffs"
(J. Chem. Inf. Model. 62, 5938). The grid is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from graphormer.evaluation.fingerprints import ecfp_flags

if TYPE_CHECKING:
    from sklearn.model_selection import KFold

PLACES = 1024
"""Places of the fingerprint."""

FOLDS = 5
"""Folds of the training set, on which the settings are chosen."""

GRID: Mapping[str, tuple[float, ...]] = {
    "C": (1.0, 3.0, 10.0, 30.0),
    "gamma": (0.003, 0.01, 0.03, 0.1),
    "epsilon": (0.01, 0.1, 0.3),
}
"""Settings that are tried, by their names in scikit-learn; C and ε are for standardised values.

The kernel of two molecules is exp(-γ · places in which they differ).
"""


@dataclass(frozen=True)
class SvmPrediction:
    """What a support vector machine predicts."""

    values: Float[ndarray, " test"]
    settings: dict[str, float]
    """The best of `GRID` on folds of the training set."""


def svm_prediction(
    train: Sequence[str], labels: Float[ndarray, " train"], test: Sequence[str], seed: int = 0
) -> SvmPrediction:
    """Values of test molecules, by a machine whose settings are chosen on the training set alone.

    Args:
        train: SMILES to learn from.
        labels: their values.
        test: SMILES to predict.
        seed: of the folds.

    Raises:
        ValueError: there are fewer molecules to learn from than folds.
    """
    from sklearn.model_selection import KFold

    if len(train) < FOLDS:
        raise ValueError(
            f"{len(train)} molecules to train a support vector machine on: "
            f"at least {FOLDS} are needed"
        )
    mean = labels.mean()
    deviation = labels.std() or 1.0
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    scaled = (labels - mean) / deviation  # (train,)
    known = ecfp_flags(train, PLACES)
    apart = _apart(known, known)  # (train, train)
    searches = [_search(np.exp(-gamma * apart), scaled, folds) for gamma in GRID["gamma"]]
    best = int(np.argmax([search.best_score_ for search in searches]))
    gamma = GRID["gamma"][best]
    kernel = np.exp(-gamma * _apart(ecfp_flags(test, PLACES), known))  # (test, train)
    values = searches[best].predict(kernel) * deviation + mean  # (test,)
    return SvmPrediction(values, searches[best].best_params_ | {"gamma": gamma})


def _apart(
    some: UInt8[ndarray, "some places"], others: UInt8[ndarray, "others places"]
) -> Float[ndarray, "some others"]:
    """In how many places each two fingerprints differ."""
    one = some.astype(float)
    other = others.astype(float)
    return one.sum(1)[:, None] + other.sum(1) - 2 * one @ other.T


def _search(kernel: Float[ndarray, "train train"], labels: ndarray, folds: "KFold") -> Any:
    """The best C and ε for a kernel, chosen on the folds, and a machine with them.

    The kernel is worked out once for all of them, which takes a fifth of the time.
    """
    from sklearn.model_selection import GridSearchCV
    from sklearn.svm import SVR

    grid = {name: list(GRID[name]) for name in ("C", "epsilon")}
    machine = SVR(kernel="precomputed")
    search = GridSearchCV(machine, grid, scoring="neg_mean_squared_error", cv=folds)
    return search.fit(kernel, labels)
