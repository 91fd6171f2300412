"""How good a model is on the data it was made for, and whether its explanations add up there."""

from pathlib import Path
from typing import Any

from graphormer.data import LabelledGraphs
from graphormer.graph import size_batches
from graphormer.prediction import batch_for, evaluate
from graphormer.presets import preset_of
from molxai.explainer import Explainer
from molxai.explanation import Explanation
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
    explanations = _explain_all(explainer, data)
    for metric in METRICS.values():
        result |= metric(explanations)
    return result


def _explain_all(explainer: Explainer, data: LabelledGraphs) -> list[Explanation]:
    """Explanations of the predicted classes, batch by batch: in order of size, not of the data."""
    explanations: list[Explanation] = []
    for rows in size_batches([g.nodes for g in data.graphs], explainer.batch_size):
        explanations += explainer.method(explainer.network, batch_for(explainer.network, [data.graphs[row] for row in rows]))
    return explanations
