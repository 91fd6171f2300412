"""The report of a training: what was found in the data, how the training went, how good the model is."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from graphormer.training.run import PREDICTIONS
from molxai.pages.quality import NAMES, quality_rows, target_rows

REPORT = "report"
"""File in the model's folder, as .html and .png."""

BINS = 10

MOST_PANELS = 6
"""Targets of which parity or calibration is drawn, each alone: their units differ."""

COLOURS = {"valid": "#8a8a8a", "test": "#b2182b"}


@dataclass(frozen=True)
class Said:
    """What the model says of one target in one part."""

    label: list[str]
    predicted: list[str]
    probability: list[str]


def write_report(card: Card, folder: Path) -> Path:
    """Write `report.html` and `report.png` from what a training left in its folder; returns the page."""
    histories = {
        place.parent.name: read_history(place)
        for place in sorted(folder.glob(f"member-*/{HISTORY}"))
    }
    if (folder / HISTORY).exists():
        histories[card.name] = read_history(folder / HISTORY)
    figure_png, figure_svg = (
        _figure(card, histories, _predictions(folder / PREDICTIONS), kind)
        for kind in ("png", "svg")
    )
    write_file(folder / f"{REPORT}.png", figure_png)
    page = folder / f"{REPORT}.html"
    write_file(page, _page(card, figure_svg.decode()))
    return page


def _page(card: Card, figure: str) -> str:
    template = Environment(loader=PackageLoader("molxai.pages"), autoescape=True).get_template(
        "training.html"
    )
    training = card.training
    facts = {
        "learnt from": f"{training['graphs']} graphs, {training['split']}",
        "recipe": ", ".join(f"{name} {value}" for name, value in training["recipe"].items()),
        "begun with": training.get("init") or "random weights",
        "members": card.members,
        "command": training["command"],
        "date": card.date,
    }
    return template.render(
        card=card,
        notes=training.get("notes", []),
        parts=[f"{part} ({card.metrics[part]['graphs']})" for part in card.metrics],
        rows=quality_rows(card),
        targets=[
            (part, *target_rows(card.metrics[part]["targets"]))
            for part in card.metrics
            if "targets" in card.metrics[part]
        ],
        facts=facts,
        figure=figure[figure.index("<svg") :],
        molecules=card.vocabulary.startswith("molecule"),
    )


Parts = Mapping[str, Said]


def _predictions(path: Path) -> dict[str, dict[str, Said]]:
    """Of each target, by part."""
    targets: dict[str, dict[str, Said]] = {}
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            said = targets.setdefault(line["target"], {}).setdefault(
                line["split"], Said([], [], [])
            )
            said.label.append(line["label"])
            said.predicted.append(line["predicted"])
            said.probability.append(line["probability"])
    return targets


def _figure(
    card: Card,
    histories: dict[str, list[dict[str, float]]],
    targets: dict[str, dict[str, Said]],
    kind: str,
) -> bytes:
    drawn = card.targets[:MOST_PANELS]
    height = math.ceil((2 + len(drawn)) / 3)
    with matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "molxai",
            "font.family": "DejaVu Sans",
            "font.size": 9,
        }
    ):
        figure = Figure(figsize=(12.6, 4.1 * height), layout="constrained")
        losses, measure, *panels = figure.subplots(height, 3, squeeze=False).ravel()
        _losses(losses, histories)
        _measure(measure, histories)
        for axes in panels[len(drawn) :]:
            axes.set_axis_off()
        for target, axes in zip(drawn, panels, strict=False):
            panel = _parity if card.config.task == "regression" else _calibration
            if target not in targets:
                _without(
                    axes, "no valid or test part" if not targets else "no label in valid or test"
                )
                continue
            panel(axes, targets[target], card)
            if len(card.targets) > 1:
                axes.set_title(f"{axes.get_title()}: {_plain(target)}")
        if len(card.targets) > len(drawn):
            figure.suptitle(f"the first {len(drawn)} of {len(card.targets)} targets are drawn")
        content = io.BytesIO()
        figure.savefig(
            content, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None
        )
    return content.getvalue()


def _plain(text: str) -> str:
    """A user's name as matplotlib shows it unchanged: a dollar would begin mathematics."""
    return shortened(text, 40).replace("$", r"\$")


def _without(axes: Axes, why: str) -> None:
    axes.text(0.5, 0.5, why, ha="center", va="center")
    axes.set_axis_off()


def _style(lines: Sequence[object]) -> str:
    """A point for a single epoch, of which a line would not be seen."""
    return "-" if len(lines) > 1 else "o"


def _losses(axes: Axes, histories: dict[str, list[dict[str, float]]]) -> None:
    for place, lines in enumerate(histories.values()):
        epochs = [line["epoch"] for line in lines]
        shown, named = _style(lines), not place
        axes.plot(
            epochs,
            [line["loss"] for line in lines],
            shown,
            color="black",
            label="train" if named else "",
        )
        if "valid_loss" in lines[0]:
            losses, label = (
                [line["valid_loss"] for line in lines],
                "valid (averaged weights)" if named else "",
            )
            axes.plot(epochs, losses, shown, color=COLOURS["valid"], label=label)
    axes.set(xlabel="epoch", ylabel="loss", title="loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def _measure(axes: Axes, histories: dict[str, list[dict[str, float]]]) -> None:
    lines = next(iter(histories.values()))
    name = next(
        (name for name in lines[0] if name.startswith("valid_") and name != "valid_loss"), ""
    )
    if not name:
        _without(axes, "no valid part")
        return
    for one in histories.values():
        axes.plot(
            [line["epoch"] for line in one],
            [line[name] for line in one],
            _style(one),
            color=COLOURS["valid"],
        )
    measure, _, unit = name.removeprefix("valid_").partition(" ")
    shown = NAMES[measure]
    scale = (
        " (in standard deviations)" if name == STANDARD_RMSE else f" {_plain(unit)}" if unit else ""
    )
    axes.set(
        xlabel="epoch", ylabel=shown + scale, title=f"{shown} on valid: watched, decides nothing"
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)


def _parity(axes: Axes, parts: Parts, card: Card) -> None:
    ends = []
    for part, said in parts.items():
        label, predicted = (np.array(one, dtype=float) for one in (said.label, said.predicted))
        axes.scatter(
            label,
            predicted,
            s=9,
            alpha=0.5,
            color=COLOURS[part],
            label=f"{part} ({len(label)})",
            linewidths=0,
        )
        ends += [label.min(), label.max(), predicted.min(), predicted.max()]
    axes.plot([min(ends), max(ends)], [min(ends), max(ends)], color="black", linewidth=0.8)
    axes.set(xlabel=f"measured ({_plain(card.unit)})", ylabel="predicted", title="parity")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)


def _calibration(axes: Axes, parts: Parts, card: Card) -> None:
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8)
    binary = card.config.task == "binary"
    for part, said in parts.items():
        share = np.array(said.probability, dtype=float)
        wanted = card.classes[1] if binary else None
        came = np.array(
            [
                label == (wanted or guess)
                for label, guess in zip(said.label, said.predicted, strict=True)
            ],
            dtype=float,
        )
        middle, frequency, low, high = _reliability(share, came)
        axes.errorbar(
            middle,
            frequency,
            (frequency - low, high - frequency),
            color=COLOURS[part],
            marker="o",
            capsize=2,
            label=f"{part} ({len(share)})",
        )
    what = _plain(card.classes[1]) if binary else "the predicted class"
    axes.set(
        xlim=(0, 1),
        ylim=(0, 1),
        xlabel=f"predicted probability of {what}",
        ylabel="observed share",
        title="calibration",
    )
    axes.legend(frameon=False, loc="upper left")
    axes.grid(alpha=0.3)


def _reliability(share: ndarray, came: ndarray) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Mean probability and observed share in bins of equal width, with Wilson's 95 % interval (Wilson 1927)."""
    place = np.minimum((share * BINS).astype(int), BINS - 1)
    rows = []
    for b in np.unique(place):
        count, rate, z = int((place == b).sum()), float(came[place == b].mean()), 1.96
        centre = (rate + z**2 / (2 * count)) / (1 + z**2 / count)
        half = z / (1 + z**2 / count) * math.sqrt(rate * (1 - rate) / count + z**2 / (4 * count**2))
        rows.append(
            (
                float(share[place == b].mean()),
                rate,
                min(centre - half, rate),
                max(centre + half, rate),
            )
        )
    table: Any = np.array(rows).T
    return table[0], table[1], table[2], table[3]
