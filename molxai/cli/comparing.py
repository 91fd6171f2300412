"""`molxai compare`: methods side by side, or two molecules or texts."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from molxai.cli.completion import METHODS, VALUE_SCALES, one_of, several_of
from molxai.cli.drawing import Appearance
from molxai.cli.literals import Literal
from molxai.cli.options import (
    Device,
    Endpoint,
    Model,
    Structure,
    known_methods,
    known_names,
    usage,
    written_to,
)
from molxai.cli.parameters import Contrast, command
from molxai.cli.printable import printable

if TYPE_CHECKING:
    from molxai.batch.question import Question
    from molxai.explanation.entry import Input
    from molxai.explanation.inputs import Inputs

USUAL = ",".join(Literal("molxai.metrics.comparison", "METHODS").names())

COMPARABLE = (
    "One, or two molecules or texts: a SMILES, a text for a language model, or a file with one "
    "input, .smi .csv .sdf .png .jpg .npy .txt"
)
COMPARISON_FILE = "File to write: .html .svg .pdf .png .jpg .tiff .json"
NAMES = (
    "Ids with commas between them; 'molxai methods' lists them. "
    f"[default: {USUAL}; of two inputs: lrp]"
)
VALUES = (
    "Also every node's value by each method: signed (shares of the largest magnitude) or min-max "
    "(0 to 1)."
)
TARGET = "Class to explain: pred (of two inputs: A's), or a class's name or number."


@command
def compare(
    sources: Annotated[
        list[str], typer.Argument(metavar="INPUT [INPUT]", help=COMPARABLE, show_default=False)
    ],
    appearance: Appearance,
    methods: Annotated[
        str, typer.Option(help=NAMES, show_default=False, autocompletion=several_of(METHODS))
    ] = "",
    model: Model = "",
    target: Annotated[str, typer.Option(help=TARGET)] = "pred",
    contrast: Contrast = None,
    endpoint: Endpoint = "",
    structure: Structure = "halves",
    values: Annotated[
        str, typer.Option(help=VALUES, show_default=False, autocompletion=one_of(VALUE_SCALES))
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help=COMPARISON_FILE, show_default=False)
    ] = None,
    device: Device = "auto",
) -> None:
    """One input by several methods side by side, or two and what makes their difference.

    Two molecules, A and B, are aligned by their maximum common substructure, and two texts by their
    common words. Both are explained for one target. The difference of their logits is what the
    common atoms or words change, and what is gained and lost.
    """
    from molxai.batch.question import Question, usual_model
    from molxai.cli.refusals import refuse_looks
    from molxai.explanation.inputs import Inputs
    from molxai.explanation.kinds import is_language_model

    names = _methods(methods, pair=len(sources) == 2)
    _check_file(sources, output, values)
    inputs = Inputs(sources, texts=is_language_model(model))
    refuse_looks(output, appearance, inputs.reads)
    asked = {"device": device, "structure": structure}
    question = usage(
        Question, usual_model(model, inputs.reads), names, target, contrast, endpoint, **asked
    )
    comparison, about = _compare(question, inputs, bool(methods))
    _give(comparison, output, appearance, about, values)


def _methods(ids: str, pair: bool) -> tuple[str, ...]:
    """The methods that were typed, or the usual ones.

    Raises:
        typer.BadParameter: one is not known, or there are several for a pair.
    """
    names = known_methods(ids or ("lrp" if pair else USUAL))
    if pair and len(names) > 1:
        raise typer.BadParameter(
            f"{len(names)} methods for a pair: name one, or compare methods on one input"
        )
    return names


def _check_file(sources: list[str], output: Path | None, values: str) -> None:
    """Refuse a file that could not be written, or values for it, before any work.

    Raises:
        typer.BadParameter: its name ends otherwise, or it is an input; or values are for methods
            side by side, in the terminal or in JSON.
    """
    from molxai.cli.outputs import check_ending, check_not_an_input
    from molxai.rendering import COMPARISON_ENDINGS

    usage(check_ending, output, (*COMPARISON_ENDINGS, ".json"))
    check_not_an_input(sources, output)
    if not values:
        return
    known_names(values, VALUE_SCALES.names(), "scale of values")
    if len(sources) == 2 or (output and output.suffix.lower() != ".json"):
        raise typer.BadParameter("--values: for methods on one input, in the terminal or in .json")


def _read(inputs: "Inputs") -> "list[Input]":
    """The one or two inputs.

    Raises:
        ValueError: an input cannot be read, or there are more.
    """
    rows = list(inputs.read())
    for row in rows:
        if row.error:
            raise ValueError(f"row {row.row}: {row.error}")
    if len(rows) != len(inputs.sources) or len(rows) > 2:
        raise ValueError(
            f"{len(rows)} inputs: compare takes one, or two molecules or texts; "
            "give SMILES, texts, or files with one input"
        )
    return rows


def _compare(question: "Question", inputs: "Inputs", are_typed: bool) -> tuple[Any, dict[str, str]]:
    """Two inputs, or the methods on one; and what a file says of the input beside it."""
    from molxai.chemistry.pair import matched_pair
    from molxai.metrics.comparison import compare
    from molxai.text import TextExplainer, sentence_pair

    explainer = question.explainers()[0]
    target, contrast = question.target, question.contrast
    rows = _read(inputs)
    if len(rows) == 1:
        subject = rows[0].subject
        names = [name for name in question.methods if are_typed or name in explainer.methods]
        comparison = compare(explainer, subject, names, target, contrast)
        return comparison, {"input": rows[0].text}
    first, second = (row.subject for row in rows)
    if isinstance(explainer, TextExplainer):
        return sentence_pair(explainer, first, second, target, contrast), {}
    return matched_pair(explainer, first, second, target, contrast), {}


def _give(
    comparison: Any,
    output: Path | None,
    appearance: Appearance,
    about: dict[str, str],
    values: str,
) -> None:
    """A comparison on the terminal, as JSON or as a picture."""
    import json

    from graphormer.files import write_file

    if output is None:
        _show(comparison, values)
        return
    name = written_to(output, output.is_file())
    if output.suffix.lower() == ".json":
        content = about | comparison.to_dict()
        if values:
            content["values"] = comparison.scaled(values)
        write_file(output, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    else:
        comparison.draw(output, **vars(appearance))
    print(printable(f"compared → {name}"), file=sys.stderr)


def _show(comparison: Any, values: str) -> None:
    """Print a comparison."""
    from molxai.chemistry.pair import MatchedPair
    from molxai.cli.explanation_tables import show_comparison, show_values
    from molxai.cli.fragment_tables import show_matched
    from molxai.cli.pair_tables import show_pair
    from molxai.cli.terminal import console
    from molxai.text import SentencePair

    show: Any = show_comparison
    if isinstance(comparison, MatchedPair):
        show = show_matched
    elif isinstance(comparison, SentencePair):
        show = show_pair
    show(comparison, console())
    if values:
        show_values(comparison, values, console())
