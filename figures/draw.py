"""Draws every picture of this folder: `python figures/draw.py [NAME …] [--data DIR]`; `--help` lists the names.

BACE and MNIST are read from DIR, else $MOLXAI_DATA, else the user's cache, and downloaded where they are missing.
"""

import argparse
import csv
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from graphormer.data.public import bace
from molxai import Explainer, Explanation, grid
from molxai.benchmarks.comparison import compare as compare_methods
from molxai.benchmarks.faithfulness import Plan
from molxai.benchmarks.subjects import test_subjects
from molxai.explanation.target import Target
from molxai.metrics.comparison import compare
from molxai.rendering.figure import quiet_settings

HERE = Path(__file__).parent
DATASETS = HERE.parent / "datasets"

DRUG = "elenbecestat"
"""Of datasets/drugs."""

CURVES = (
    "lrp",
    "lrp-gamma",
    "gradient-input",
    "integrated-gradients",
    "leave-one-out",
    "gae",
    "rollout",
    "saliency",
    "random",
)
"""Methods whose activation and pruning curves are drawn; docs/faithfulness.md has the numbers of all."""

SAMPLES = {"bace": 152, "mnist": 500}
"""Graphs that the curves are means over: the whole test part of BACE, and of MNIST as many as docs/faithfulness.md."""

MOST_ATOMS = 40
"""Of a molecule in the grid: larger ones would make the bonds of all shorter."""

LARGEST_FILE = 150_000
"""Bytes of a PNG, above which it is reduced to 256 colours."""


@dataclass(frozen=True)
class Places:
    """Where data are read and measurements are kept."""

    data: Path | None
    study: Path


def elenbecestat(places: Places) -> None:
    """One molecule in both styles; hatched where the members of an ensemble do not agree."""
    explain = Explainer("bace")
    one = explain(explain.subject(_smiles(DRUG), DRUG), "active")
    one.draw(HERE / f"{DRUG}.png")
    one.draw(HERE / f"{DRUG}.svg")
    one.draw(HERE / f"{DRUG}-contour.png", "contour")
    ensemble = Explainer("bace-ensemble")
    ensemble(ensemble.subject(_smiles(DRUG), DRUG), "active").draw(
        HERE / f"{DRUG}-ensemble.png", atom_numbers=True, cmap="orange-purple"
    )


def comparisons(places: Places) -> None:
    """A molecule and a digit by eight methods."""
    molecules, digits = Explainer("bace"), Explainer("mnist")
    compare(molecules, molecules.subject(_smiles(DRUG), DRUG), target="active").draw(
        HERE / f"compare-{DRUG}.png"
    )
    compare(digits, _digit("8-a.png")).draw(HERE / "compare-digit-8.png")


def flow(places: Places) -> None:
    """Relevance that attention carried between atoms."""
    explain = Explainer("bace")
    explain(explain.subject(_smiles(DRUG), DRUG), "active").pair_flow().draw(
        HERE / f"flow-{DRUG}.png"
    )


def digits(places: Places) -> None:
    """Single digits, and all ten on one scale."""
    explain = Explainer("mnist")
    explain(_digit("8-a.png")).draw(HERE / "digit-8.png")
    explain(_digit("handdrawn-7.png")).draw(HERE / "digit-7.png")
    grid(
        explain([_digit(f"{name}-a.png") for name in range(10)]),
        columns=5,
        path=HERE / "digits.png",
    )


def series(places: Places) -> None:
    """Of BACE's test part the molecules that the ensemble is surest of: right and wrong, active and inactive."""
    explain, data = Explainer("bace-ensemble"), bace(places.data, part="test")
    small = [row for row, one in enumerate(data.graphs) if one.nodes <= MOST_ATOMS]
    made = explain([explain.subject(data.texts[row]) for row in small], "active")
    true = [bool(data.labels[row, 0]) for row in small]
    chosen = []
    for active in (True, False):
        for right in (True, False):
            said = active if right else not active
            group = [
                i for i, one in enumerate(made) if true[i] == active and (one.logit > 0) == said
            ]
            best = max(group, key=lambda i: abs(made[i].logit))
            name = f"measured {'active' if active else 'inactive'}, {'rightly' if right else 'wrongly'} predicted"
            subject = explain.subject(data.texts[small[best]], name)
            chosen.append(explain(subject, "active"))
    grid(chosen, columns=4, path=HERE / "series-bace.png")


def conservation(places: Places) -> None:
    """Sum of the relevances against the logit for every molecule of BACE's test part."""
    data = bace(places.data, part="test")
    with quiet_settings():
        figure = Figure(figsize=(8.6, 4.3), layout="constrained")
        axes: Sequence[Axes] = figure.subplots(1, 2, sharex=True, sharey=True)
        for one, name in zip(axes, ("lrp", "gradient-input"), strict=True):
            _scatter(
                one,
                Explainer("bace", name).explain(_molecules(data.texts), [Target(1)] * len(data)),
                name,
            )
        axes[0].set_ylabel("Σ relevance of the atoms")
        figure.savefig(HERE / "conservation.png", dpi=110)


def _scatter(axes: Axes, explanations: Sequence[Explanation], name: str) -> None:
    logit = np.array([one.logit for one in explanations])
    total = np.array([float(one.relevance.double().sum()) for one in explanations])
    ends = np.array([logit.min(), logit.max()]) + np.array([-0.5, 0.5])
    axes.plot(ends, ends, color="0.6", linewidth=1, zorder=1)
    axes.scatter(logit, total, s=16, color="black", alpha=0.55, linewidths=0, zorder=2)
    said = f"largest |Σ − logit| = {np.abs(total - logit).max():.2g}\nr² = {np.corrcoef(logit, total)[0, 1] ** 2:.3f}"
    axes.text(0.04, 0.96, said, transform=axes.transAxes, va="top", fontsize=9)
    axes.set_title(f"{name}, {len(explanations)} molecules", fontsize=10)
    axes.set_xlabel("logit of “active”")
    axes.set_aspect("equal")
    axes.grid(alpha=0.25)


def curves(places: Places) -> None:
    """Activation and pruning of the nodes by several methods: a quarter of an hour of measuring, which is kept."""
    torch.set_num_threads(1)
    for name, sample in SAMPLES.items():
        explain = Explainer(name)
        compare_methods(
            {name: explain},
            Plan(CURVES),
            test_subjects(explain, sample, places.data),
            places.study / name,
            "figures/draw.py",
            print,
        )
        copyfile(places.study / name / "curves-predicted-attn.png", HERE / f"curves-{name}.png")


FIGURES: dict[str, Callable[[Places], None]] = {
    one.__name__: one
    for one in (elenbecestat, comparisons, flow, digits, series, conservation, curves)
}


def _molecules(smiles: Sequence[str]) -> list:
    explain = Explainer("bace")
    return [explain.subject(one) for one in smiles]


def _smiles(name: str) -> str:
    with (DATASETS / "drugs/drugs.csv").open(newline="", encoding="utf-8") as file:
        return next(row["smiles"] for row in csv.DictReader(file) if row["name"] == name)


def _digit(name: str) -> Path:
    return DATASETS / "digits" / name


def slim(path: Path) -> None:
    """Write a PNG anew without transparency, and a large one with 256 colours."""
    with Image.open(path) as picture:
        plain = picture.convert("RGB")
    plain.save(path, optimize=True)
    if path.stat().st_size > LARGEST_FILE:
        plain.quantize(256, dither=Image.Dither.NONE, kmeans=2).save(path, optimize=True)


def draw(figure: Callable[[Places], None], places: Places) -> None:
    """Draw, and slim what was written."""
    before = {path: path.stat().st_mtime_ns for path in HERE.glob("*.png")}
    figure(places)
    for path in HERE.glob("*.png"):
        if path.stat().st_mtime_ns != before.get(path):
            slim(path)


def main() -> None:
    """Draw the named figures, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(FIGURES)} [default: all]"
    )
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument(
        "--study",
        type=Path,
        help="folder for the curves' measurements, to go on with. [default: one that is removed]",
    )
    chosen = parser.parse_args()
    if unknown := [name for name in chosen.names if name not in FIGURES]:
        parser.error(f"no figure {', '.join(unknown)}: choose from {', '.join(FIGURES)}")
    with tempfile.TemporaryDirectory() as folder:
        places = Places(chosen.data, chosen.study or Path(folder))
        for name in chosen.names or FIGURES:
            print(name, flush=True)
            draw(FIGURES[name], places)


if __name__ == "__main__":
    main()
