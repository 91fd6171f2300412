"""`molxai report`: one page of explanations."""

from pathlib import Path
from typing import Annotated

import typer

from graphormer.names import split_names
from molxai.cli.completion import METHODS, PALETTES, one_of, several_of
from molxai.cli.drawing import Align
from molxai.cli.literals import Literal
from molxai.cli.options import Base, Inputs, Structure, known_methods, say
from molxai.cli.parameters import Asking, Contrast, Reading, Running, command

USUAL = ",".join(Literal("molxai.pages.report", "METHODS").names())
NAMES = "Ids with commas between them; the first is shown first."
COLUMNS = "Columns of the table to show on the page, with commas between them."
SUBSTRUCTURE = (
    "SMARTS or SMILES that the page can filter by; may be repeated. Without --search the page "
    "knows no others."
)
SEARCH = "Let the page search for any substructure: it then carries RDKit, 3.3 MB more."
SCALE = "To begin with: own (of each picture), common (of all), or the relevance in full colour."
LABELS = "Column of the measured class or value, shown beside the prediction."
CORE = (
    "Show the R groups of a core, and how two of them combine: the core as SMARTS or SMILES, or "
    "mcs for the largest one that most molecules have."
)
PAIRS = "Show matched pairs: what single changes between two molecules do."
PALETTE = "Palette to begin with; the page has them all."


@command
def report(
    inputs: Inputs,
    asking: Asking,
    reading: Reading,
    running: Running,
    output: Annotated[Path, typer.Option("-o", "--output", help="The page to write, .html")] = Path(
        "report.html"
    ),
    methods: Annotated[str, typer.Option(help=NAMES, autocompletion=several_of(METHODS))] = USUAL,
    contrast: Contrast = None,
    structure: Structure = "halves",
    base: Base = "apart",
    target_columns: Annotated[str, typer.Option(help=LABELS, show_default=False)] = "",
    columns: Annotated[str, typer.Option(help=COLUMNS, show_default=False)] = "",
    substructure: Annotated[
        list[str] | None, typer.Option(help=SUBSTRUCTURE, show_default=False)
    ] = None,
    search: Annotated[bool, typer.Option("--search", help=SEARCH)] = False,
    title: Annotated[str, typer.Option(help="Title of the page.", show_default=False)] = "",
    cmap: Annotated[
        str, typer.Option("--cmap", "--palette", help=PALETTE, autocompletion=one_of(PALETTES))
    ] = "red-blue",
    scale: Annotated[str, typer.Option(help=SCALE)] = "own",
    align: Align = "",
    core: Annotated[str, typer.Option(help=CORE, show_default=False)] = "",
    matched_pairs: Annotated[bool, typer.Option("--matched-pairs", help=PAIRS)] = False,
) -> None:
    """One self-contained page of all inputs: table, pictures, methods side by side, fragments.

    It says how to read the pictures, and shows the relevance of each atom, superpixel or word under
    the pointer. It needs no network and no program except a browser. All rows are explained for the
    same class unless --target says otherwise.
    """
    from molxai.cli.running import answer, inputs_of, plan_of, question_of
    from molxai.cli.sinks import report_sink

    typed_inputs = inputs_of(inputs, reading, asking.model, target_columns)
    names = known_methods(methods)
    asked = {"contrast": contrast, "structure": structure, "base": base}
    question = question_of(typed_inputs, asking, several=True, methods=names, **asked)
    page = {"title": title, "cmap": cmap, "scale": scale, "align": align, "search": search}
    told = {} if running.quiet else {"tell": say}
    table = {"columns": split_names(columns), "substructures": tuple(substructure or ())}
    series = {"core": core, "matched_pairs": matched_pairs}
    sink = report_sink(output, question, typed_inputs, **page, **table, **series, **told)
    answer(typed_inputs, question, sink, plan_of(running), running.quiet, extras=False)
