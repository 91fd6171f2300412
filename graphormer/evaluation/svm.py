"""Support vector regression on ECFP4: the strongest baseline on activity cliffs.

Fingerprint, kernel and tuning inside the training set are those of van Tilborg, Alenicheva and
Grisoni 2022, "Exposing the Limitations of Molecular Machine Learning with Activity Cliffs"
(J. Chem. Inf. Model. 62, 5938). The grid is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray

from graphormer.evaluation.fingerprints import ecfp_flags

PLACES = 1024
"""Places of the fingerprint."""

FOLDS = 5
"""Folds of the training set, on which the settings are chosen."""

GRID: Mapping[str, tuple[float, ...]] = {
    "C": (1.0, 3.0, 10.0, 30.0),
    "gamma": (0.003, 0.01, 0.03, 0.1),
    "epsilon": (0.01, 0.1, 0.3),
}
"""Settings that are tried, by their names in scikit-learn; C and ε are for standardised values."""


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
    from sklearn.model_selection import GridSearchCV, KFold
    from sklearn.svm import SVR

    if len(train) < FOLDS:
        raise ValueError(
            f"{len(train)} molecules to train a support vector machine on: "
            f"at least {FOLDS} are needed"
        )
    mean = labels.mean()
    deviation = labels.std() or 1.0
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    grid = {name: list(values) for name, values in GRID.items()}
    search = GridSearchCV(SVR(kernel="rbf"), grid, scoring="neg_mean_squared_error", cv=folds)
    search.fit(ecfp_flags(train, PLACES), (labels - mean) / deviation)
    values = search.predict(ecfp_flags(test, PLACES)) * deviation + mean  # (test,)
    return SvmPrediction(values, dict(search.best_params_))
