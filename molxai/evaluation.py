"""How good a model is on the data it was made for, and whether its explanations add up there."""

from pathlib import Path
from typing import Any

from graphormer.prediction import evaluate
from graphormer.presets import preset_of
from molxai.explainer import Explainer
from molxai.metrics import METRICS


def evaluate_model(explainer: Explainer, home: str | Path | None = None, part: str = "test") -> dict[str, Any]:
    """Quality measures and conservation on a part of the data set that the model's card names.

    Raises:
        ValueError: the card names data for which there is no loader.
        OSError: the data are not there and cannot be downloaded.
    """
    data = preset_of(explainer.card).load(home, part)
    result: dict[str, Any] = {"model": explainer.card.name, "data": f"{data.name} {data.split}", "graphs": len(data)}
    result |= evaluate(explainer.network, data)
    result |= {"method": explainer.method.name}
    explanations = explainer.explain(data.graphs, [None] * len(data))
    for metric in METRICS.values():
        result |= metric(explanations)
    return result
