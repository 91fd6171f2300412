"""The page of a report: one self-contained file with views as data and scripts to draw them."""

import base64
import datetime
import json
from collections.abc import Mapping, Sequence
from importlib import metadata, resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from graphormer.files import write_file
from molxai.chemistry.schemes import SCHEMES
from molxai.explanation.about import About
from molxai.explanation.captions import bias_word
from molxai.pages.packing import Texts, pack, pack_carriers
from molxai.pages.quality import quality_rows
from molxai.pages.series import MIXED, carrier_table
from molxai.pages.summary import conservation, histogram, tiles
from molxai.pages.view import ADDS_UP, View
from molxai.rendering.colour import PALETTES, SMALLEST_SCALE

SCRIPTS = (
    "nodes",
    "kinds",
    "colour",
    "words",
    "sentence",
    "picture",
    "waterfall",
    "export",
    "raster",
    "offsets",
    "detail",
    "dialog",
    "columns",
    "table",
    "ranges",
    "conditions",
    "filters",
    "chooser",
    "selection",
    "axes",
    "plots",
    "histogram",
    "carriers",
    "workspace",
    "cutout",
    "lists",
    "series",
    "rgroups",
    "heatmap",
    "pairs",
    "versus",
    "folding",
)
"""Scripts in `assets`, each after those that it needs; the report and the workbench share them."""

REPORT_SCRIPTS = ("unpack", "smaller", "substructures", "report")
"""Scripts in `assets` that only a report needs."""

READING = (
    "The number of an atom or superpixel is the share of the model's output that came through it, "
    "in the output's own unit: the logit (log-odds) of the explained class, or the predicted "
    "value. Positive speaks for the class or raises the value, negative the opposite. Under a "
    "method that adds up, the numbers of all atoms, of the graph token and of biases together are "
    "the output.",
    "It shows what the model relies on, not what is true in chemistry: if the model learnt a wrong "
    "rule, the map shows that rule. A large number does not promise that changing this "
    "atom changes the activity. Bonds are coloured only by methods that give them relevance of "
    "their own, on a scale of their own. Hydrogens count with their heavy atom.",
    "Compare rows on the common scale only: on its own scale each picture uses its full colours, "
    "however small its relevances are.",
    "Some methods, such as attention, have no sign. Their pictures have one colour: the stronger, "
    "the more relevant, from the least value (a fixed scale begins at 0) to the largest. They do "
    "not say what speaks for the class and what against it.",
)
"""How to read a report of molecules or digits."""

READING_OF_TEXTS = (
    "The number of a word is the share of the model's output that came through it, summed over the "
    "tokens that it is cut into, in the output's own unit: the logit (log-odds) of the explained "
    "class, or the predicted value. Positive speaks for the class or raises the value, negative "
    "the opposite. Under a method that adds up, the numbers of all words, of the tokenizer's "
    "special tokens, and of positions and biases together are the output.",
    "It shows what the model relies on, not what is true of the text: if the model learnt a wrong "
    "rule, the map shows that rule. A large number does not promise that changing this "
    "word changes the prediction, for a word has its number in this text only.",
    *READING[-2:],
)
"""The same of texts."""

FIRST_TARGETS = 5
"""Targets of a model that its page names."""

MOST_CLASSES = 20
"""Classes of a model that its page names; of the tokens of a vocabulary it says how many."""


def asset(name: str) -> str:
    """The text of a script or style sheet that pages share."""
    return (resources.files("molxai.pages") / "assets" / name).read_text(encoding="utf-8")


def rdkit() -> dict[str, str]:
    """RDKit for browsers: its script, and its WebAssembly as base64 of a gzip file."""
    folder = resources.files("molxai.pages") / "vendor" / "rdkit"
    packed = (folder / "RDKit_minimal.wasm.gz").read_bytes()
    script = (folder / "RDKit_minimal.js").read_text(encoding="utf-8")
    # Whoever passes a page on passes RDKit on, whose licence asks for its notice.
    notice = (folder / "LICENSE").read_text(encoding="utf-8")
    return {
        "script": f"/*\nRDKit\n\n{notice}*/\n{script}",
        "wasm": base64.b64encode(packed).decode(),
    }


def is_searchable(views: Sequence[View]) -> bool:
    """Whether the page has a table of molecules to search."""
    return len(views) > 1 and any("molecule" in view for view in views)


def palettes() -> dict[str, Any]:
    """The palettes as pages need them: colours, and how a sentence begins with them."""
    return {
        name: {
            "towards": palette.towards_hex,
            "against": palette.against_hex,
            "unsigned": palette.unsigned_hex,
            "words": (palette.words[0].capitalize(), palette.words[1]),
        }
        for name, palette in PALETTES.items()
    }


def shared_settings() -> dict[str, Any]:
    """What the scripts of every page know from the beginning."""
    verdicts = {str(adds_up).lower(): words for adds_up, words in ADDS_UP.items()}
    return {
        "palettes": palettes(),
        "schemes": list(SCHEMES),
        "verdicts": verdicts,
        "smallest_scale": SMALLEST_SCALE,
        "mixed": MIXED,
    }


def write_page(
    path: Path,
    views: Sequence[View],
    card: About,
    settings: Mapping[str, Any],
    title: str,
    directions: Mapping[str, str],
    panels: Mapping[str, Any] | None = None,
    search: bool = False,
) -> None:
    """Write the page.

    Args:
        path: of the file.
        views: of every input, as `view` makes them.
        card: of the model.
        settings: `methods` (what each is), `palette` and `scale` to begin with.
        title: of the page.
        directions: of each method what its relevances say in all rows.
        panels: further tables about the series, by the name of their panel: `rgroups`, `pairs`.
        search: whether the page carries RDKit and can search for any substructure. A page without
            a table of molecules never does.

    Raises:
        OSError: it cannot be written.
    """
    schemes = list(SCHEMES) if any("molecule" in view for view in views) else []
    is_of_texts = any("sentence" in view for view in views)
    searched = "id, text …" if is_of_texts else "id, SMILES, fragment …"
    errors = sum(bool(view["error"]) for view in views)
    environment = Environment(loader=PackageLoader("molxai.pages"), autoescape=True)
    page = environment.get_template("report.html").render(
        title=title,
        counts=f"{len(views)} inputs" + (f", {errors} with errors" if errors else ""),
        card=card,
        version=metadata.version("molxai"),
        date=datetime.date.today().isoformat(),
        several=len(views) > 1,
        tiles=tiles(views),
        direction=next(iter(directions.values())),
        schemes=schemes,
        reading=READING_OF_TEXTS if is_of_texts else READING,
        conservation=conservation(views, settings["methods"]),
        facts=_facts(card),
        style=asset("style.css"),
        scripts=[asset(f"{name}.js") for name in (*SCRIPTS, *REPORT_SCRIPTS)],
        rdkit=rdkit() if search and is_searchable(views) else None,
        panels=panels or {},
        data=embedded(
            _data(views, card, {**settings, "directions": directions}, schemes)
            | {"panels": panels or {}, "searched": searched}
        ),
    )
    write_file(path, page)


def _data(
    views: Sequence[View], card: About, settings: Mapping[str, Any], schemes: Sequence[str]
) -> dict[str, Any]:
    """What the scripts of a report know; the views and the tables of fragments are packed."""
    methods = settings["methods"]
    texts = Texts()
    packed = pack(views, list(methods), schemes, texts)
    series = {}
    if len(views) > 1:
        for scheme in schemes:
            tables = {
                name: carrier_table(views, name, scheme, about["in_unit"], about["signed"])
                for name, about in methods.items()
            }
            series[scheme] = {name: pack_carriers(table, texts) for name, table in tables.items()}
    return {
        **shared_settings(),
        **settings,
        "methods": list(methods),
        "in_unit": {name: about["in_unit"] for name, about in methods.items()},
        "signed": {name: about["signed"] for name, about in methods.items()},
        "schemes": schemes,
        "biases": bias_word(card.config),
        "histogram": histogram(views) if len(views) > 1 else None,
        "texts": texts.in_order,
        "views": packed,
        "series": series,
    }


def embedded(content: Any) -> str:
    """JSON for a page: it holds no `<`, so nothing in it ends the script or begins another one."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _facts(card: About) -> list[tuple[str, str]]:
    """The model card, shortened."""
    training = card.training
    facts = [
        ("name", card.name),
        ("says", f"{', '.join(card.targets[:FIRST_TARGETS])} ({_outputs(card)})"),
        ("reads", card.vocabulary),
        ("networks", str(card.members)),
        ("kernel machine", f"{card.kernel} training molecules" if card.kernel else ""),
    ]
    for key in ("data", "split", "graphs", "command"):
        if key in training:
            facts.append((f"trained, {key}", str(training[key])))
    judged = list(card.metrics)
    for name, values in quality_rows(card):
        if values:
            facts.append((f"{judged[-1]}, {name}", values[-1]))
    facts += [("weights, sha256", card.weights_sha256), ("date", card.date)]
    return [(name, value) for name, value in facts if value]


def _outputs(card: About) -> str:
    """Names of the classes, or how many there are; without classes the unit."""
    if len(card.classes) > MOST_CLASSES:
        return f"one of {len(card.classes)}"
    return ", ".join(card.classes) or card.unit
