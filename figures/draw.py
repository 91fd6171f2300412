"""Draws every picture of this folder: `python figures/draw.py [NAME …] [--data DIR]`.

`--help` lists the names. BACE and MNIST are read from DIR, else from $MOLXAI_DATA, else from the
user's cache, and are downloaded if they are missing. The figures `report` and `walkthrough` need
chromium, its chromedriver and selenium.
"""

import argparse
import csv
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, which
from time import sleep

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
from molxai.cli import main as main_of_molxai
from molxai.explanation.target import Target
from molxai.metrics.comparison import compare
from molxai.rendering.figure import quiet_settings

HERE = Path(__file__).parent
DATASETS = HERE.parent / "datasets"

DRUG = "elenbecestat"
"""A molecule of datasets/drugs."""

CURVES = (
    "lrp",
    "lrp-tuned",
    "lrp-routing",
    "lrp-gamma",
    "shap",
    "leave-one-out",
    "gae",
    "rollout",
    "gradient-input",
    "random",
)
"""Methods whose activation and pruning curves are drawn.

docs/faithfulness.md has the numbers of all methods.
"""

SAMPLES = {"bace": 152, "mnist": 300}
"""Graphs that the curves are means over: the whole test set of BACE, and 300 test digits.

docs/faithfulness.md measures on the same.
"""

MOST_ATOMS = 40
"""Atoms of a molecule in the grid: a larger one would shorten the bonds of all."""

SERIES = (
    "verubecestat",
    "lanabecestat",
    "atabecestat",
    "elenbecestat",
    "umibecestat",
    "LY2886721",
    "donepezil",
    "caffeine",
    "ibuprofen",
    "atorvastatin",
)
"""Molecules of datasets/drugs in the report that is photographed."""

WINDOW = (1280, 980)
"""Width and height of the browser in which the report is photographed."""

STEPS = (1280, 700)
"""The same for the steps of the walkthrough."""

CLOSE_DETAILS = "document.querySelectorAll('details').forEach(one => one.open = false);"
"""The table of fragments is closed, so that the table of molecules comes into sight."""

SORT_BY_ERROR = """
const head = [...document.querySelectorAll('#table th button')]
  .findIndex((one) => one.textContent.startsWith('|predicted'));
for (const time of [1, 2]) document.querySelectorAll('#table th button')[head].click();
"""
"""Clicks on the head of the error, of which the second one puts the largest first."""

SORT_GROUPS = """
const table = document.querySelectorAll('#rgroups details table')[1];
const heads = [...table.querySelectorAll('thead button')];
const head = heads.find((one) => one.textContent === 'mean relevance');
head.click();
if (head.parentElement.getAttribute('aria-sort') === 'descending') head.click();
table.closest('details').scrollIntoView();
scrollBy(0, -110);
"""
"""Clicks on the head of the mean relevance of R2, which is brought into sight."""

LARGEST_FILE = 150_000
"""Bytes of a PNG, above which it is reduced to 256 colours."""


@dataclass(frozen=True)
class Folders:
    """Where data are read and measurements are kept."""

    data: Path | None
    study: Path


def elenbecestat(folders: Folders) -> None:
    """One molecule in both styles, and by an ensemble: hatched where its members disagree."""
    explain = Explainer("bace")
    explanation = explain(explain.subject(_smiles(DRUG), DRUG), "active")
    explanation.draw(HERE / f"{DRUG}.png")
    explanation.draw(HERE / f"{DRUG}.svg")
    explanation.draw(HERE / f"{DRUG}-contour.png", "contour")
    routing = explain.with_method("lrp-routing")
    routing(routing.subject(_smiles(DRUG), DRUG), "active").draw(HERE / f"{DRUG}-routing.png")
    ensemble = Explainer("bace-ensemble")
    ensemble(ensemble.subject(_smiles(DRUG), DRUG), "active").draw(
        HERE / f"{DRUG}-ensemble.png", atom_numbers=True, cmap="orange-purple"
    )


def comparisons(folders: Folders) -> None:
    """A molecule and a digit by eight methods."""
    molecules = Explainer("bace")
    molecule = molecules.subject(_smiles(DRUG), DRUG)
    compare(molecules, molecule, target="active").draw(HERE / f"compare-{DRUG}.png")
    compare(Explainer("mnist"), _digit("8-a.png")).draw(HERE / "compare-digit-8.png")


def flow(folders: Folders) -> None:
    """Relevance that attention carried between atoms."""
    explain = Explainer("bace")
    explanation = explain(explain.subject(_smiles(DRUG), DRUG), "active")
    explanation.pair_flow().draw(HERE / f"flow-{DRUG}.png")


def digits(folders: Folders) -> None:
    """Single digits, and all ten on one scale."""
    explain = Explainer("mnist")
    explain(_digit("8-a.png")).draw(HERE / "digit-8.png")
    explain(_digit("handdrawn-7.png")).draw(HERE / "digit-7.png")
    explanations = explain([_digit(f"{name}-a.png") for name in range(10)])
    grid(explanations, columns=5, path=HERE / "digits.png")


def series(folders: Folders) -> None:
    """Four molecules of BACE's test set: active and inactive, correctly and wrongly predicted.

    They are those that the ensemble is surest of, among molecules of at most `MOST_ATOMS` atoms.
    """
    explain = Explainer("bace-ensemble")
    data = bace(folders.data, part="test")
    rows = [row for row, graph in enumerate(data.graphs) if graph.nodes <= MOST_ATOMS]
    explanations = explain([explain.subject(data.texts[row]) for row in rows], "active")
    is_active = [bool(data.labels[row, 0]) for row in rows]
    chosen = []
    for active in (True, False):
        for right in (True, False):
            candidates = [
                i
                for i, explanation in enumerate(explanations)
                if is_active[i] == active and ((explanation.logit > 0) == active) == right
            ]
            surest = max(candidates, key=lambda i: abs(explanations[i].logit))
            measured = "active" if active else "inactive"
            name = f"measured {measured}: {'correct' if right else 'wrong'}"
            molecule = explain.subject(data.texts[rows[surest]], name)
            chosen.append(explain(molecule, "active"))
    grid(chosen, columns=4, path=HERE / "series-bace.png")


def report(folders: Folders) -> None:
    """The page that `molxai report` writes of a few molecules, as a browser shows it."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "series.csv")
        page = Path(folder, "report.html")
        lines = [f"{name},{_smiles(name)}\n" for name in SERIES]
        table.write_text("name,smiles\n" + "".join(lines), encoding="utf-8")
        title = "BACE-1 inhibitors and other drugs"
        _run("report", str(table), "-o", str(page), "--scale", "common", "--title", title)
        _photograph(page, HERE / "report.png", CLOSE_DETAILS)


def walkthrough(folders: Folders) -> None:
    """The steps of docs/walkthrough.md, whose model is trained for that."""
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder, "own"))
        page = Path(folder, "series.html")
        table = DATASETS / "series/series.csv"
        asked = [str(table), "-m", model, "--target-columns", "logP"]
        _run("train", str(table), "--target-columns", "logP", "-o", model, "-q")
        _run("report", *asked, "--align", "mcs", "--core", "mcs", "-o", str(page), "-q")
        for name, script in {
            "report": "",  # as it opens
            "errors": SORT_BY_ERROR,
            "groups": SORT_GROUPS,
        }.items():
            _photograph(page, HERE / f"walkthrough-{name}.png", script, STEPS)
        explain = Explainer(model)
        amides = [row for row in _rows(table) if "C(N)=O" in row["smiles"]]
        chosen = [explain(explain.subject(row["smiles"], row["name"])) for row in amides[:6]]
        grid(
            chosen,
            columns=2,
            path=HERE / "walkthrough-figure.png",
            align="mcs",
            letters=True,
            width="3.25in",
            dpi=250,
        )


def _run(*command: str) -> None:
    if main_of_molxai(list(command)):
        raise RuntimeError(f"molxai {' '.join(command)} failed")


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _photograph(page: Path, picture: Path, script: str, window: tuple[int, int] = WINDOW) -> None:
    """Take a picture of a page in a browser without a window, after a script."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = which("chromium") or ""
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "hide-scrollbars"):
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options, Service(which("chromedriver")))
    try:
        width, height = window
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        driver.get(page.as_uri())
        driver.execute_script(script)
        sleep(0.5)  # the page draws its pictures as they come into sight
        driver.save_screenshot(str(picture))
    finally:
        driver.quit()


def conservation(folders: Folders) -> None:
    """Sum of the relevances against the logit for every molecule of BACE's test set."""
    data = bace(folders.data, part="test")
    targets = [Target(1)] * len(data)
    with quiet_settings():
        figure = Figure(figsize=(8.6, 4.3), layout="constrained")
        panels: Sequence[Axes] = figure.subplots(1, 2, sharex=True, sharey=True)
        for axes, method in zip(panels, ("lrp", "gradient-input"), strict=True):
            explanations = Explainer("bace", method).explain(_molecules(data.texts), targets)
            _scatter(axes, explanations, method)
        panels[0].set_ylabel("Σ relevance of the atoms")
        figure.savefig(HERE / "conservation.png", dpi=110)


def _scatter(axes: Axes, explanations: Sequence[Explanation], method: str) -> None:
    logits = np.array([explanation.logit for explanation in explanations])
    sums = np.array([float(explanation.relevance.double().sum()) for explanation in explanations])
    ends = np.array([logits.min() - 0.5, logits.max() + 0.5])
    axes.plot(ends, ends, color="0.6", linewidth=1, zorder=1)
    axes.scatter(logits, sums, s=16, color="black", alpha=0.55, linewidths=0, zorder=2)
    largest = np.abs(sums - logits).max()
    correlation = np.corrcoef(logits, sums)[0, 1] ** 2
    note = f"largest |Σ − logit| = {_power(largest)}\nr² = {correlation:.3f}"
    axes.text(0.04, 0.96, note, transform=axes.transAxes, va="top", fontsize=9)
    axes.set_title(f"{method}, {len(explanations)} molecules", fontsize=10)
    axes.set_xlabel("logit of “active”")
    axes.set_aspect("equal")
    axes.grid(alpha=0.25)


def _power(value: float) -> str:
    """A number in two digits, a small one with its power of ten."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    power = int(exponent)
    return f"{value:.2g}" if power > -3 else f"{digits} × 10$^{{{power}}}$"


def curves(folders: Folders) -> None:
    """Activation and pruning of the nodes by several methods.

    Measuring takes a quarter of an hour; the measurements are kept.
    """
    torch.set_num_threads(1)
    for name, sample in SAMPLES.items():
        explain = Explainer(name)
        compare_methods(
            {name: explain},
            Plan(CURVES),
            test_subjects(explain, sample, folders.data),
            folders.study / name,
            "figures/draw.py",
            print,
        )
        copyfile(folders.study / name / "curves-predicted-attn.png", HERE / f"curves-{name}.png")


FIGURES: dict[str, Callable[[Folders], None]] = {
    figure.__name__: figure
    for figure in (
        elenbecestat,
        report,
        walkthrough,
        comparisons,
        flow,
        digits,
        series,
        conservation,
        curves,
    )
}


def _molecules(texts: Sequence[str]) -> list:
    explain = Explainer("bace")
    return [explain.subject(smiles) for smiles in texts]


def _smiles(name: str) -> str:
    with (DATASETS / "drugs/drugs.csv").open(newline="", encoding="utf-8") as file:
        return next(row["smiles"] for row in csv.DictReader(file) if row["name"] == name)


def _digit(name: str) -> Path:
    return DATASETS / "digits" / name


def slim(path: Path) -> None:
    """Rewrite a PNG without transparency, and a large one with 256 colours."""
    with Image.open(path) as picture:
        plain = picture.convert("RGB")
        resolution = picture.info.get("dpi")  # None: a photograph of a page
    plain.save(path, optimize=True, dpi=resolution)
    if path.stat().st_size > LARGEST_FILE:
        reduced = plain.quantize(256, dither=Image.Dither.NONE, kmeans=2)
        reduced.save(path, optimize=True, dpi=resolution)


def draw(figure: Callable[[Folders], None], folders: Folders) -> None:
    """Draw a figure, and slim the files that it wrote."""
    before = {path: path.stat().st_mtime_ns for path in HERE.glob("*.png")}
    figure(folders)
    for path in HERE.glob("*.png"):
        if path.stat().st_mtime_ns != before.get(path):
            slim(path)


def main() -> None:
    """Draw the named figures, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = ", ".join(FIGURES)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{names} [default: all]")
    parser.add_argument("--data", type=Path, help="folder of the data sets")
    parser.add_argument(
        "--study",
        type=Path,
        help="folder for the measurements of the curves, which a later run continues. "
        "[default: a temporary folder]",
    )
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in FIGURES]
    if unknown:
        parser.error(f"no figure {', '.join(unknown)}: choose from {names}")
    with tempfile.TemporaryDirectory() as folder:
        folders = Folders(options.data, options.study or Path(folder))
        for name in options.names or FIGURES:
            print(name, flush=True)
            draw(FIGURES[name], folders)


if __name__ == "__main__":
    main()
