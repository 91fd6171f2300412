"""`molxai fragments`: what the fragments of a series of molecules contribute."""

from pathlib import Path
from typing import Annotated

import typer

from molxai.cli.completion import SCHEMES, one_of
from molxai.cli.options import SCHEME_HELP, Inputs, Method
from molxai.cli.parameters import Asking, Reading, Running, command

CORE = (
    "Make a table of R groups: a core as SMARTS or SMILES, with or without labels like [*:1] "
    "where R groups may be (hydrogen, too); or mcs for the largest core that most molecules have "
    "(two minutes at most)."
)
LABELS = "Column of the measured class or value, shown beside the R groups or matched pairs."
PAIRS = (
    "Make a table of matched pairs: which single changes the series has, what they do to the "
    "prediction, and how much of it lies in the changed part."
)
COLUMNS = (
    "Other columns to show beside the R groups, with commas between them. "
    "[default: in a file all, if they are 12 or fewer]"
)
FILE = "File to write: .csv .json .md [default: a table in the terminal]"
APART = "Tell fragments of one name but different structures apart."


@command
def fragments(
    inputs: Inputs,
    asking: Asking,
    reading: Reading,
    running: Running,
    method: Method = "lrp",
    scheme: Annotated[
        str, typer.Option(help=SCHEME_HELP, autocompletion=one_of(SCHEMES))
    ] = "functional-groups",
    core: Annotated[str, typer.Option(help=CORE, show_default=False)] = "",
    matched_pairs: Annotated[bool, typer.Option("--matched-pairs", help=PAIRS)] = False,
    by_structure: Annotated[bool, typer.Option("--by-structure", help=APART)] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help=FILE, show_default=False)
    ] = None,
    target_columns: Annotated[str, typer.Option(help=LABELS, show_default=False)] = "",
    columns: Annotated[str, typer.Option(help=COLUMNS, show_default=False)] = "",
) -> None:
    """Which fragments carry relevance in a series, or what each R group or single change adds."""
    from molxai.cli.running import answer, inputs_of, plan_of, question_of
    from molxai.cli.series_pairs import pair_sink
    from molxai.cli.series_sinks import carrier_sink, check_series, core_sink

    check_series(output, core, columns, target_columns, matched_pairs)
    typed_inputs = inputs_of(inputs, reading, asking.model)
    question = question_of(typed_inputs, asking, several=True, methods=(method,))
    if matched_pairs:
        sink = pair_sink(output, asking.target, target_columns)
    elif core:
        sink = core_sink(output, asking.target, core, columns, target_columns)
    else:
        sink = carrier_sink(output, asking.target, scheme, by_structure)
    answer(typed_inputs, question, sink, plan_of(running), running.quiet)
