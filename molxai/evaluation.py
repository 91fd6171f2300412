"""How good a model is on the data it was made for, and whether its explanations add up there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from graphormer.data import LabelledGraphs
from graphormer.graph import collate, size_batches
from graphormer.prediction import measures
from graphormer.presets import PRESETS
from molxai.explainer import Explainer
from molxai.explanation import Explanation
from molxai.metrics import METRICS


def evaluate_model(explainer: Explainer, home: str | Path | None = None, part: str = "test") -> dict[str, Any]:
    """Quality measures and conservation on a part of the data set that the model's card names.

    Raises:
        ValueError: the card names data for which there is no loader.
        OSError: the data are not there and cannot be downloaded.
    """
    known = explainer.card.training.get("data")
    if known not in PRESETS:
        there = ", ".join(PRESETS)
        raise ValueError(f"the card of {explainer.card.name!r} names the data {known!r}: only models of {there} can be evaluated")
    data = PRESETS[known].load(home, part)
    explanations, logits = _explain_all(explainer, data)
    result: dict[str, Any] = {"model": explainer.card.name, "data": f"{data.name} {data.split}", "graphs": len(data)}
    result |= measures(explainer.card.config, logits, data.labels)
    result |= {"method": explainer.method.name}
    for metric in METRICS.values():
        result |= metric(explanations)
    return result


def _explain_all(explainer: Explainer, data: LabelledGraphs) -> tuple[Sequence[Explanation], torch.Tensor]:
    explanations: list[Explanation] = []
    logits = torch.empty(len(data), explainer.card.config.outputs)
    device = next(explainer.network.parameters()).device
    for rows in size_batches([g.nodes for g in data.graphs], explainer.batch_size):
        batch = collate([data.graphs[row] for row in rows]).to(device)
        explanations += explainer.method(explainer.network, batch)
        with torch.no_grad():
            logits[rows] = explainer.network(batch).cpu()
    return explanations, logits
