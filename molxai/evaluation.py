"""How good a model is, on its own data or on a table, beside a forest on fingerprints; and whether its explanations add up there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphormer.collection import labelled
from graphormer.data import LabelledGraphs
from graphormer.forest import forest_outputs
from graphormer.prediction import predict
from graphormer.presets import preset_of
from graphormer.quality import intervals
from graphormer.runs import SPLIT
from molxai.explainer import Explainer
from molxai.metrics import METRICS


def own_part(explainer: Explainer, part: str, home: str | Path | None = None) -> LabelledGraphs:
    """A part of the data that a model was trained and judged on.

    Raises:
        ValueError: it comes from no preset, and no split lies beside it; or there is no such part.
        OSError: the data are not there and cannot be downloaded.
    """
    beside = explainer.weights.parent / SPLIT if explainer.weights else None
    if beside and beside.exists():
        found = labelled(beside, explainer.card, "smiles", [], part)[0]
        return replace(found, name=str(explainer.card.training.get("data", found.name)))
    return preset_of(explainer.card).load(home, part)


def evaluate_table(
    explainer: Explainer, table: Path, smiles_column: str = "", target_columns: Sequence[str] = ()
) -> tuple[LabelledGraphs, list[str]]:
    """The labelled rows of a table, and a line for each row that cannot be used."""
    data, skipped = labelled(table, explainer.card, smiles_column, target_columns)
    return data, [f"row {one.row} is left out: {one.reason}" for one in skipped]


def evaluate_model(explainer: Explainer, data: LabelledGraphs, baseline: LabelledGraphs | None = None) -> dict[str, Any]:
    """Measures with 95 % intervals (value, low, high), and the conservation of the explanations.

    Args:
        explainer: model and method.
        data: to judge on.
        baseline: what a forest is trained on that is judged beside the model; None for no forest.

    Raises:
        ValueError: a forest is asked for where graphs are no molecules.
    """
    config = explainer.card.config
    result: dict[str, Any] = {"model": explainer.card.name, "data": f"{data.name} {data.split}", "graphs": len(data)}
    result["quality"] = intervals(config.task, predict(explainer.network, data.graphs), data.labels)
    if baseline is not None:
        if not data.texts or not baseline.texts:
            raise ValueError("a forest on fingerprints needs molecules: leave --baseline out")
        said = forest_outputs(config, baseline.texts, baseline.labels, data.texts)
        result["forest"] = intervals(config.task, said, data.labels)
    explanations = explainer.explain(data.graphs, [None] * len(data))
    result["method"] = explainer.method.name
    for metric in METRICS.values():
        result |= metric(explanations)
    return result
