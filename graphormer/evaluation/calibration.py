"""Temperature: by how much the logits of a model are too large or too small to be log-odds.

A model that was trained until it knew its molecules by heart is too sure of others. Its logits,
divided by one number, give probabilities that are met (Guo et al. 2017, "On Calibration of Modern
Neural Networks", section 4.2, "temperature scaling"). Order, predicted class and relevances stay.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor

from graphormer.evaluation.measures import quality
from graphormer.network.model import Task

DIGITS = 5
"""Decimal places of what a card tells."""

BOUNDS = (0.05, 20.0)
"""Least and largest temperature: labels that are all met, or all missed, would ask for 0 or ∞."""


@dataclass(frozen=True)
class Calibration:
    """A temperature, and what it does to graphs that the models were not trained on."""

    temperature: float = 1.0
    graphs: int = 0
    """On which it was fitted; 0 if it was not."""
    ece: tuple[float, ...] = ()
    """Expected calibration error of these graphs, before and after."""
    brier: tuple[float, ...] = ()
    """Brier score, likewise; none for several classes."""


UNCALIBRATED = Calibration()


def calibration_of(
    task: Task, logits: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs *outputs"]
) -> Calibration:
    """The temperature that fits these logits; arguments as for `fitted_temperature`."""
    temperature = round(fitted_temperature(task, logits, labels), DIGITS)
    before = quality(task, logits, labels)
    after = quality(task, logits / temperature, labels)
    pairs = {
        name: (round(before[name], DIGITS), round(after[name], DIGITS))
        for name in ("ece", "brier")
        if name in before
    }
    return Calibration(temperature, len(labels), pairs["ece"], pairs.get("brier", ()))


def fitted_temperature(
    task: Task, logits: Float[Tensor, "graphs outputs"], labels: Shaped[Tensor, " graphs *outputs"]
) -> float:
    """The temperature by which the labels are most likely.

    Args:
        task: binary or multiclass; several targets have one temperature.
        logits: of graphs that the model was not trained on.
        labels: of these graphs; NaN is missing.

    Raises:
        ValueError: no graph has a label.

    Example:
        Logits of ±4, a probability of .98, where only three of four are right. The log-odds of
        three in four are 1.1:

        >>> logits = torch.tensor([[4.0], [4.0], [4.0], [4.0]])
        >>> labels = torch.tensor([[1.0], [1.0], [1.0], [0.0]])
        >>> round(fitted_temperature("binary", logits, labels), 2)
        3.64
    """
    from scipy.optimize import minimize_scalar

    logits = logits.double()
    if task == "binary":
        is_labelled = ~labels.isnan()  # (graphs, outputs)
        logits = logits[is_labelled]  # (labels)
        labels = labels[is_labelled].double()  # (labels)
    if not len(labels):
        raise ValueError("no graph has a label: a temperature cannot be fitted")
    criterion = F.binary_cross_entropy_with_logits if task == "binary" else F.cross_entropy

    def unlikelihood(logarithm: float) -> float:
        # The loss is convex in 1 / temperature, so it has one minimum here, too.
        return float(criterion(logits * torch.tensor(-logarithm).exp(), labels))

    ends = torch.tensor(BOUNDS).log().tolist()
    found = minimize_scalar(unlikelihood, bounds=ends, method="bounded", options={"xatol": 1e-6})
    return float(torch.tensor(found.x).exp())
