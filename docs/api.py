"""Writes docs/api.md from docstrings, read from the source: `python docs/api.py`."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent

NAMES = """
# Explaining
molxai.explanation.explainer            Explainer
molxai.explanation.account          Account
molxai.explanation.explanation          Explanation
molxai.explanation.target          Target
molxai.explanation.explanations         Explanations
molxai.explanation.refused         Refused
molxai.explanation.method           Method
molxai.explanation.methods           EXPLAINERS method
molxai.explanation.methods.integrated  IntegratedGradients
molxai.explanation.methods.attention  Attention GradientAttention Rollout GenericAttention
molxai.explanation.methods.strengths   Strengths
molxai.metrics.comparison           compare Comparison
molxai.chemistry.fragments            fragments Fragment Fragments
molxai.chemistry.schemes              SCHEMES parts
molxai.chemistry.own_schemes        from_smarts
molxai.chemistry.pair              matched_pair MatchedPair
molxai.chemistry.changes            matched_pairs Change ChangedPair
molxai.chemistry.series               carriers Carrier
molxai.chemistry.rgroups              core_table
molxai.explanation.flow                 Flow
molxai.explanation.pair_flow            PairFlow pair_flow
molxai.explanation.structure            Structure
molxai.rules.conserve              conserve attribute
molxai.rules.conserved             Conserved Attributed
molxai.rules.methods               METHODS
# Many inputs
molxai.explanation.inputs               read_inputs Inputs
molxai.explanation.entry               Entry Input
molxai.batch.question              Question
molxai.batch.rows                explain_rows predict_rows Prediction
molxai.explanation.record              KEYS input_record
molxai.batch.records              record prediction_record schema
molxai.batch.writers           write_tables
molxai.batch.worker          Worker
molxai.batch.run             run merge
molxai.batch.plan            Plan
molxai.batch.sinks           Sink RecordFile
molxai.batch.pictures        PictureFolder PictureFile Drawing
molxai.batch.frame                explain_frame
# Pictures and pages
molxai.explanation.pictures    draw
molxai.explanation.grid       grid
molxai.rendering.molecule   draw_molecule
molxai.rendering.digit      draw_digit
molxai.rendering.look       Look
molxai.rendering.colour     PALETTES palette Palette scale
molxai.pages.report               ReportPage
molxai.pages.view       view
# Rules and measures
molxai.rules.mode           rules
molxai.rules.rule           Rule
molxai.rules.tables         AH LN ACTIVATION
molxai.rules.linear         epsilon gamma residual
molxai.rules.routing        routing
molxai.metrics              METRICS
molxai.metrics.metric       Metric
molxai.metrics.curves       curves Curves
# PyTorch Geometric
molxai.pyg.lrp              LRPExplainer
molxai.pyg.signed           SignedExplanation SignedHeteroExplanation
molxai.pyg.network          PyGGraphormer
graphormer.graphs.pyg          graph_of molecule_of to_pyg from_pyg
# The model
graphormer.graphs.molecules        molecule Molecule
graphormer.graphs.superpixels      digit Digit
graphormer.readers.pictures         read_picture picture
graphormer.graphs.graph            Graph GraphBatch collate
graphormer.network.model            Config Graphormer
graphormer.network.card       Card
graphormer.network.checkpoint       save load shipped
graphormer.network.prediction       predict
graphormer.training.recipe           Recipe
graphormer.training.fit         fit
graphormer.training.own              Request train_own
"""
"""Groups, modules and names, in the order of reading."""


def documented(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt, str]]:
    """Name, definition and docstring (or the literal beneath) of what a module or class defines."""
    for one, after in pairwise([*body, ast.Pass()]):
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            yield one.name, one, ast.get_docstring(one) or ""
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            beneath = after.value if isinstance(after, ast.Expr) else None
            yield (
                ast.unparse(getattr(one, "target", one)).split(" = ")[0],
                one,
                str(getattr(beneath, "value", "")),
            )


def typed(name: str, one: ast.stmt) -> str:
    """A definition as one uses it."""
    if isinstance(one, ast.AnnAssign):
        return f"{name}: {ast.unparse(one.annotation)}"
    if not isinstance(one, ast.FunctionDef):
        return name
    gives, marks = (
        ast.unparse(one.returns).strip("'") if one.returns else "",
        [ast.unparse(mark) for mark in one.decorator_list],
    )
    if "property" in marks or "cached_property" in marks:
        return f"{name}: {gives}"
    return f"{name}({re.sub(r'^(self|cls)(, |$)', '', ast.unparse(one.args))})" + (
        f" -> {gives}" if gives != "None" else ""
    )


def prose(text: str) -> str:
    """A docstring as Markdown: sections are lists, examples are code."""
    text = re.sub(
        r"(?m)^Example:\n((?: .*\n?)+)",
        lambda found: f"```python\n{dedent(found[1]).strip()}\n```",
        text,
    )
    text = re.sub(r"(?m)^ {8}", "  ", re.sub(r"(?m)^(Args|Returns|Raises|Source):$", r"*\1*", text))
    return re.sub(
        r"(?m)^ {4}(?! )(?:(\*{0,2}[\w, ]+): )?",
        lambda found: f"- `{found[1]}`: " if found[1] else "  ",
        text,
    )


def entry(name: str, one: ast.stmt, said: str) -> Iterator[str]:
    """What is said of a name; of a class its fields and methods too."""
    yield (
        f"### {name}\n\n"
        + ("" if isinstance(one, ast.ClassDef) else f"`{typed(name, one)}`\n\n")
        + prose(said)
    )
    for inner, what, text in documented(one.body if isinstance(one, ast.ClassDef) else []):
        if isinstance(what, ast.AnnAssign):
            yield f"- `{typed(inner, what)}`" + (f": {' '.join(text.split())}" if text else "")
        elif (
            isinstance(what, ast.FunctionDef)
            and text
            and (inner in ("__init__", "__call__") or not inner.startswith("_"))
        ):
            shown = {"__init__": name}.get(inner, f".{inner}")
            yield f"**`{typed(shown, what)}`**\n\n{prose(text)}"


def page() -> str:
    """The whole reference."""
    parts = [
        "# Python names\n\nMade by `python docs/api.py` from docstrings: edit those, and the list "
        "of names there."
    ]
    package = ""
    for line in NAMES.strip().splitlines():
        module, *names = line.split()
        if module == "#":
            parts.append(f"## {' '.join(names)}")
            package = ""
            continue
        definitions = {name: (node, text) for name, node, text in documented(body_of(module))}
        for name in names:
            place = public_place(module, name)
            if place != package:
                parts.append(f"From `{place}`:")
                package = place
            parts += entry(name, *definitions[name])
    return re.sub(r"(?m)^(- .*)\n\n(?=- )", r"\1\n", "\n\n".join(parts)) + "\n"


def body_of(module: str) -> list[ast.stmt]:
    """The statements of a module or of a package's own file."""
    path = ROOT / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8")).body


def public_place(module: str, name: str) -> str:
    """Where a name is imported from: its package, if that exports it, otherwise its module."""
    package = module.split(".")[0]
    return package if exported(package).get(name) == module else module


@cache
def exported(package: str) -> dict[str, str]:
    """The names that a package exports, each with its module."""
    for node in body_of(package):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MODULES":
            return ast.literal_eval(node.value)
    raise LookupError(f"{package} exports nothing")


if __name__ == "__main__":
    (ROOT / "docs/api.md").write_text(page())
