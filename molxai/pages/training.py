"""The report of a training: what was found in the data, how it went, how good the model is."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from jinja2 import Environment, PackageLoader
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy import ndarray

from graphormer.files import write_file
from graphormer.graphs.molecules import shortened
from graphormer.network.card import Card
from graphormer.training.history import HISTORY, STANDARD_RMSE, read_history
from graphormer.training.tables import PREDICTIONS
from molxai.explanation.subjects import read_by
from molxai.pages.quality import NAMES, quality_rows, target_rows

REPORT = "report"
"""File in the model's folder, as .html and .png."""

BINS = 10
"""Bins of a calibration curve, equally wide."""

MOST_PANELS = 6
"""Targets of which parity or calibration is drawn, each alone: their units differ."""

COLUMNS = 3
"""Panels side by side."""

WIDTH = 12.6
"""Width of the figure, in inches."""

ROW_HEIGHT = 4.1
"""Height of a row of panels, in inches."""

COLOURS = {"valid": "#8a8a8a", "test": "#b2182b"}
"""Colours of the splits."""

FONTS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "molxai",
    "font.family": "DejaVu Sans",
    "font.size": 9,
}
"""Letters stay text, and an SVG of the same numbers is the same file."""

Z = 1.96
"""Standard deviations of the normal distribution that enclose 95 %."""


@dataclass(frozen=True)
class Predictions:
    """What the model predicts for one target in one split, as the file has it."""

    label: list[str] = field(default_factory=list)
    predicted: list[str] = field(default_factory=list)
    probability: list[str] = field(default_factory=list)


Splits = Mapping[str, Predictions]
"""The predictions of each split."""

Histories = Mapping[str, Sequence[Mapping[str, float]]]
"""The measures of each epoch, by member."""


def write_report(card: Card, folder: Path) -> Path:
    """Write `report.html` and `report.png` from what a training left in its folder.

    Returns:
        The page.
    """
    histories = {
        file.parent.name: read_history(file) for file in sorted(folder.glob(f"member-*/{HISTORY}"))
    }
    if (folder / HISTORY).exists():
        histories[card.name] = read_history(folder / HISTORY)
    predictions = _predictions(folder / PREDICTIONS)
    picture = _figure(card, histories, predictions, "png")
    drawing = _figure(card, histories, predictions, "svg").decode()
    write_file(folder / f"{REPORT}.png", picture)
    page = folder / f"{REPORT}.html"
    write_file(page, _page(card, drawing))
    return page


def _page(card: Card, drawing: str) -> str:
    """The page, around the figure as SVG."""
    training = card.training
    recipe = ", ".join(f"{name} {value}" for name, value in training["recipe"].items())
    facts = {
        "learnt from": f"{training['graphs']} graphs, {training['split']}",
        "recipe": recipe,
        "begun with": training.get("init") or "random weights",
        "networks": card.members,
        "kernel machine": f"{card.kernel} molecules" if card.kernel else "none",
        "command": training["command"],
        "date": card.date,
    }
    targets = [
        (split, *target_rows(measures["targets"]))
        for split, measures in card.metrics.items()
        if "targets" in measures
    ]
    environment = Environment(loader=PackageLoader("molxai.pages"), autoescape=True)
    return environment.get_template("training.html").render(
        card=card,
        notes=training.get("notes", []),
        splits=[f"{split} ({measures['graphs']})" for split, measures in card.metrics.items()],
        rows=quality_rows(card),
        targets=targets,
        facts=facts,
        figure=drawing[drawing.index("<svg") :],
        molecules=read_by(card) == "molecules",
    )


def _predictions(path: Path) -> dict[str, dict[str, Predictions]]:
    """What the model predicts for each target, by split."""
    targets: dict[str, dict[str, Predictions]] = {}
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            splits = targets.setdefault(line["target"], {})
            predictions = splits.setdefault(line["split"], Predictions())
            predictions.label.append(line["label"])
            predictions.predicted.append(line["predicted"])
            predictions.probability.append(line["probability"])
    return targets


def _figure(
    card: Card, histories: Histories, targets: Mapping[str, Splits], file_format: str
) -> bytes:
    """Losses, the watched measure, and a panel for each of the first targets."""
    names = card.targets[:MOST_PANELS]
    rows = math.ceil((2 + len(names)) / COLUMNS)
    with matplotlib.rc_context(FONTS):
        figure = Figure(figsize=(WIDTH, ROW_HEIGHT * rows), layout="constrained")
        losses, measure, *panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        _losses(losses, histories)
        _measure(measure, histories)
        why = "no label in valid or test" if targets else "no valid or test part"
        for axes, name in zip(panels, names, strict=False):
            _target_panel(axes, name, targets.get(name), card, why)
        for axes in panels[len(names) :]:
            axes.set_axis_off()
        if len(card.targets) > len(names):
            figure.suptitle(f"the first {len(names)} of {len(card.targets)} targets are drawn")
        content = io.BytesIO()
        metadata = {"Date": None} if file_format == "svg" else None
        figure.savefig(content, format=file_format, dpi=120, metadata=metadata)
    return content.getvalue()


def _target_panel(axes: Axes, target: str, splits: Splits | None, card: Card, why: str) -> None:
    """Parity or calibration of a target; without predictions, `why` there are none."""
    if splits is None:
        _write_reason(axes, why)
        return
    draw = _parity if card.config.task == "regression" else _calibration
    draw(axes, splits, card)
    if len(card.targets) > 1:
        axes.set_title(f"{axes.get_title()}: {_plain(target)}")


def _plain(text: str) -> str:
    """A user's name as matplotlib shows it unchanged: a dollar would begin mathematics."""
    return shortened(text, 40).replace("$", r"\$")


def _write_reason(axes: Axes, why: str) -> None:
    """Say why nothing is drawn."""
    axes.text(0.5, 0.5, why, ha="center", va="center")
    axes.set_axis_off()


def _style(epochs: Sequence[object]) -> str:
    """A line; a point for a single epoch, of which a line would not be seen."""
    return "-" if len(epochs) > 1 else "o"


def _losses(axes: Axes, histories: Histories) -> None:
    """The loss over the epochs, a line for each member."""
    for member, history in enumerate(histories.values()):
        epochs = [epoch["epoch"] for epoch in history]
        style = _style(history)
        losses = [epoch["loss"] for epoch in history]
        label = "train" if member == 0 else ""
        axes.plot(epochs, losses, style, color="black", label=label)
        if "valid_loss" in history[0]:
            losses = [epoch["valid_loss"] for epoch in history]
            label = "valid (averaged weights)" if member == 0 else ""
            axes.plot(epochs, losses, style, color=COLOURS["valid"], label=label)
    axes.set(xlabel="epoch", ylabel="loss", title="loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def _measure(axes: Axes, histories: Histories) -> None:
    """The measure that is watched over the epochs, a line for each member."""
    first = next(iter(histories.values()))[0]
    watched = [name for name in first if name.startswith("valid_") and name != "valid_loss"]
    if not watched:
        _write_reason(axes, "no valid part")
        return
    column = watched[0]
    for history in histories.values():
        epochs = [epoch["epoch"] for epoch in history]
        values = [epoch[column] for epoch in history]
        axes.plot(epochs, values, _style(history), color=COLOURS["valid"])
    measure, _, unit = column.removeprefix("valid_").partition(" ")
    name = NAMES[measure]
    axes.set(
        xlabel="epoch",
        ylabel=name + _unit_text(column, unit),
        title=f"{name} on valid: watched, decides nothing",
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)


def _unit_text(column: str, unit: str) -> str:
    """What a measure is counted in."""
    if column == STANDARD_RMSE:
        return " (in standard deviations)"
    return f" {_plain(unit)}" if unit else ""


def _parity(axes: Axes, splits: Splits, card: Card) -> None:
    """Predicted against measured values, and the line on which they are equal."""
    ends = []
    for split, predictions in splits.items():
        label = np.array(predictions.label, dtype=float)
        predicted = np.array(predictions.predicted, dtype=float)
        axes.scatter(
            label,
            predicted,
            s=9,
            alpha=0.5,
            color=COLOURS[split],
            label=f"{split} ({len(label)})",
            linewidths=0,
        )
        ends += [label.min(), label.max(), predicted.min(), predicted.max()]
    diagonal = [min(ends), max(ends)]
    axes.plot(diagonal, diagonal, color="black", linewidth=0.8)
    axes.set(xlabel=f"measured ({_plain(card.unit)})", ylabel="predicted", title="parity")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def _calibration(axes: Axes, splits: Splits, card: Card) -> None:
    """How often what is predicted with some probability is so."""
    is_binary = card.config.task == "binary"
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8)
    for split, predictions in splits.items():
        probability = np.array(predictions.probability, dtype=float)
        named = [card.classes[1]] * len(probability) if is_binary else predictions.predicted
        pairs = zip(predictions.label, named, strict=True)
        correct = np.array([label == name for label, name in pairs], dtype=float)
        middle, frequency, low, high = _reliability(probability, correct)
        axes.errorbar(
            middle,
            frequency,
            (frequency - low, high - frequency),
            color=COLOURS[split],
            marker="o",
            capsize=2,
            label=f"{split} ({len(probability)})",
        )
    what = _plain(card.classes[1]) if is_binary else "the predicted class"
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel=f"predicted probability of {what}",
        ylabel="observed share",
        title="calibration",
    )
    axes.legend(frameon=False, loc="upper left")
    axes.grid(alpha=0.3)


def _reliability(
    probability: ndarray, correct: ndarray
) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """How often predictions of some probability are correct.

    Returns:
        Mean probability and observed share in bins of equal width, and the ends of the share's 95 %
        interval.
    """
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    rows = []
    for number in np.unique(bins):
        members = bins == number
        share = float(correct[members].mean())
        low, high = _wilson(share, int(members.sum()))
        rows.append((float(probability[members].mean()), share, low, high))
    table: ndarray = np.array(rows).T  # (4, bins)
    return table[0], table[1], table[2], table[3]


def _wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of so many, which it encloses.

    Source:
        Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    centre = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    spread = math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    half = Z / (1 + Z**2 / count) * spread
    return min(centre - half, share), max(centre + half, share)
