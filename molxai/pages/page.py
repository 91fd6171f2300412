"""The page of a report: one self-contained file, with the views as data and the scripts that draw them."""

import datetime
import json
from collections.abc import Mapping, Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from graphormer.files import write_file
from graphormer.network.card import Card
from molxai.chemistry.fragments import SCHEMES
from molxai.explanation.captions import bias_word
from molxai.pages.quality import quality_rows
from molxai.pages.view import View
from molxai.rendering.colour import PALETTES, SMALLEST_SCALE

SCRIPTS = (
    "nodes",
    "colour",
    "words",
    "picture",
    "waterfall",
    "export",
    "detail",
    "table",
    "series",
)
"""Of the folder `assets`, in the order in which they need each other; the report and the workbench share them."""

READING = (
    "The number of an atom or superpixel is the share of the model's output that came through it, in the output's own unit: the "
    "logit (log-odds) of the explained class, or the predicted value. Positive speaks for the class or raises the value, negative "
    "the opposite. Under a method that adds up, the numbers of all atoms together are the output.",
    "It is the model's evidence, not chemistry's truth: a model that learnt a wrong rule is explained faithfully in its wrong "
    "rule. A large number does not promise that changing this atom changes the activity. Bonds have no number of their own: their "
    "colour is the mean of their two atoms. Hydrogens belong to their heavy atom.",
    "Compare rows on the common scale only: on its own scale each picture uses its full colours, however little it has to say.",
)


def asset(name: str) -> str:
    """The text of a script or style sheet that pages share."""
    return (resources.files("molxai.pages") / "assets" / name).read_text(encoding="utf-8")


def palettes() -> dict[str, Any]:
    """The palettes as pages need them."""
    return {
        name: {"towards": one.towards_hex, "against": one.against_hex, "words": one.words}
        for name, one in PALETTES.items()
    }


def write_page(
    path: Path,
    views: Sequence[View],
    card: Card,
    settings: Mapping[str, Any],
    title: str,
    direction: str,
) -> None:
    """Write the page.

    Args:
        path: of the file.
        views: of every input, as `view` makes them.
        card: of the model.
        settings: `methods` (what each is), `palette` and `scale` to begin with.
        title: of the page.
        direction: what a positive relevance speaks for.

    Raises:
        OSError: it cannot be written.
    """
    schemes = list(SCHEMES) if any("molecule" in one for one in views) else []
    biases = bias_word(card.config)
    shared = {
        "biases": biases,
        "palettes": palettes(),
        "smallest_scale": SMALLEST_SCALE,
        "schemes": schemes,
        "model": card.name,
    }
    template = Environment(loader=PackageLoader("molxai.pages"), autoescape=True).get_template(
        "report.html"
    )
    errors = sum(bool(one["error"]) for one in views)
    page = template.render(
        title=title,
        counts=f"{len(views)} inputs" + (f", {errors} with errors" if errors else ""),
        card=card,
        version=metadata.version("molxai"),
        date=datetime.date.today().isoformat(),
        several=len(views) > 1,
        labels=any(one.get("label_class") for one in views),
        tiles=_tiles(views),
        direction=direction,
        schemes=schemes,
        reading=READING,
        facts=_facts(card),
        style=asset("style.css"),
        scripts=[asset(f"{name}.js") for name in (*SCRIPTS, "report")],
        data=embedded({**settings, **shared, "views": list(views)}),
    )
    write_file(path, page)


def embedded(content: Any) -> str:
    """JSON that may stand within a page: no `<` in it, so nothing in it ends the script or begins another."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


def _tiles(views: Sequence[View]) -> list[tuple[str, str]]:
    """Counts and means, name first."""
    read = [one for one in views if not one["error"]]
    tiles = [("inputs", str(len(views)))]
    if len(read) < len(views):
        tiles.append(("could not be read", str(len(views) - len(read))))
    if read[0]["probability"] is None:
        mean = sum(one["prediction"] for one in read) / len(read)
        return [*tiles, (f"mean, {read[0]['unit']}", f"{mean:.3g}")]
    for name in sorted({one["prediction"] for one in read}):
        tiles.append((f"predicted {name}", str(sum(one["prediction"] == name for one in read))))
    if judged := [one for one in read if one.get("label_class")]:
        right = sum(one["label_class"] == one["prediction"] for one in judged)
        tiles.append(("predicted as measured", f"{right} of {len(judged)}"))
    return tiles


def _facts(card: Card) -> list[tuple[str, str]]:
    """The model card, shortened."""
    training = card.training
    facts = [
        ("name", card.name),
        ("says", f"{', '.join(card.targets[:5])} ({', '.join(card.classes) or card.unit})"),
        ("reads", card.vocabulary),
        ("members", str(card.members)),
        *(
            (f"trained, {key}", str(training[key]))
            for key in ("data", "split", "graphs", "command")
            if key in training
        ),
    ]
    parts = list(card.metrics)
    for name, values in quality_rows(card):
        facts += [(f"{parts[-1]}, {name}", values[-1])] if values else []
    return [*facts, ("weights, sha256", card.weights_sha256), ("date", card.date)]
