"""The tables in a model's folder: what it learnt, what it predicts, what was left out."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from graphormer.data.examples import LeftOut
from graphormer.data.labelled import LabelledGraphs
from graphormer.files import real_path, write_table
from graphormer.network.card import Card
from graphormer.training.history import HISTORY
from graphormer.training.problem import Problem

SPLIT = "split.csv"
"""Every molecule that was used, or the row of every picture, its labels and its part."""

PREDICTIONS = "predictions.csv"
"""What the model predicts for the valid and test parts."""

LEFT_OUT = "skipped.csv"
"""The rows that were not used, and why."""

TABLES = (SPLIT, PREDICTIONS, HISTORY, LEFT_OUT)
"""All tables in a model's folder."""


def refuse_overwriting(sources: Sequence[Path], folder: Path) -> None:
    """Refuse a folder in which a table of the model would replace one that it is to learn from.

    Raises:
        ValueError: there is such a table.
    """
    for source in sources:
        name = source.name.lower()
        if name in TABLES and real_path(source).parent == real_path(folder):
            raise ValueError(
                f"{source} would be overwritten by the model's own {name}: "
                "choose another folder, or rename it"
            )


def write_split(problem: Problem, path: Path) -> None:
    """Every molecule with its labels and its part, or the rows of pictures.

    `--split-column split` reads the table again.
    """
    molecules = ["smiles"] if problem.train.texts else []
    header = [*molecules, *problem.targets, "split", "row"]
    write_table(path, header, _split_lines(problem))


def _split_lines(problem: Problem) -> Iterator[list[object]]:
    for part, data in problem.parts.items():
        for position, row in enumerate(data.rows):
            text = data.texts[position : position + 1]  # none for a picture
            labels = data.labels[position].reshape(-1).tolist()  # (targets,)
            cells = [_cell(problem, label) for label in labels]
            yield [*text, *cells, part, row]


def _cell(problem: Problem, label: float) -> str:
    """A label as text: its class, or its number; empty if it is missing."""
    if math.isnan(label):
        return ""
    if problem.classes:
        return problem.classes[int(label)]
    return f"{label:.7g}"


def write_predictions(
    card: Card,
    parts: Mapping[str, LabelledGraphs],
    outputs: Mapping[str, Float[Tensor, "graphs outputs"]],
    path: Path,
) -> None:
    """A line for each labelled target of each graph: label, prediction, a classifier's probability.

    The probability is that of the second of two classes, or that of the predicted one of several.
    """
    header = ["split", "row", "target", "label", "predicted", "probability"]
    lines = [
        [part, *line]
        for part, data in parts.items()
        for line in _prediction_lines(card, data, outputs[part])
    ]
    write_table(path, header, lines)


def _prediction_lines(
    card: Card, data: LabelledGraphs, outputs: Float[Tensor, "graphs outputs"]
) -> Iterator[list[object]]:
    labels = data.labels if data.labels.ndim == 2 else data.labels[:, None]  # (graphs, targets)
    for row, graph_outputs, graph_labels in zip(data.rows, outputs, labels.tolist(), strict=True):
        for column, label in enumerate(graph_labels):
            if not math.isnan(label):
                cells = _prediction_cells(card, graph_outputs, column, label)
                yield [row, card.targets[column], *cells]


def _prediction_cells(
    card: Card, outputs: Float[Tensor, " outputs"], column: int, label: float
) -> tuple[str, str, str]:
    """Label, prediction and probability as text."""
    if card.config.task == "regression":
        return f"{label:.7g}", f"{float(outputs[column]):.7g}", ""
    name = card.classes[int(label)]
    log_odds = outputs.double() / card.config.temperature  # (outputs,)
    if card.config.task == "binary":
        probability = float(log_odds[column].sigmoid())
        return name, card.classes[int(probability > 0.5)], f"{probability:.6f}"
    probabilities = log_odds.softmax(0)  # (outputs,)
    best = int(probabilities.argmax())
    return name, card.classes[best], f"{float(probabilities[best]):.6f}"


def write_left_out(rows: Sequence[LeftOut], path: Path) -> None:
    """A line for each row that was not used."""
    lines = [(row.row, row.text, row.reason) for row in rows]
    write_table(path, ["row", "input", "reason"], lines)
