"""`molxai benchmark faithfulness`: methods compared on graphs or texts."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from molxai.cli.benchmark import known_device
from molxai.cli.completion import METHODS, REMOVALS, several_of
from molxai.cli.options import (
    Device,
    Model,
    Quiet,
    SmilesColumn,
    TextColumn,
    known_methods,
    known_names,
    layout_of,
    shipped_for,
    usage,
    whole_numbers,
)
from molxai.cli.parameters import command
from molxai.cli.studies import reporter

if TYPE_CHECKING:
    from molxai.benchmarks.faithfulness import Plan
    from molxai.benchmarks.word_truth import Lexicon
    from molxai.explanation.base_explainer import BaseExplainer

LEXICON = (
    "Table of words and their ratings (word, rating), for a model of two classes of texts; ratings "
    "above 0 are for the second."
)
MARKED = "Column of the words that people have marked in each text, as the reason for its class."
SPECIAL = "Rank the tokenizer's own tokens, like [CLS], as well, as in the paper."
STUDY_DATA = (
    "File of inputs, or folder of the data sets. "
    "[default: $MOLXAI_DATA, else the user's cache folder]"
)
REMOVAL = (
    "What removing a node means: attn, mask, drop. [default: attn; mask for texts, as in the paper]"
)
STUDY = "Folder for the tables and figures; an interrupted run there is continued."
TEST_INPUTS = "SMILES, texts or files. [default: the model's test data]"
SEEDS = (
    "Seeds of models of the same recipe, trained into the folder if missing; "
    "values are means over them."
)


@dataclass(frozen=True)
class Study:
    """What is compared, on what."""

    methods: Annotated[
        str,
        typer.Option(
            help="Ids with commas between them. [default: all that the model can be asked for]",
            show_default=False,
            autocompletion=several_of(METHODS),
        ),
    ] = ""
    sample: Annotated[
        int, typer.Option(min=2, help="Inputs, drawn at random, always the same ones.")
    ] = 500
    seeds: Annotated[str, typer.Option(help=SEEDS, show_default=False)] = ""
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Epochs of models that are trained.", show_default=False),
    ] = None
    removal: Annotated[
        str,
        typer.Option(
            metavar="MODE", help=REMOVAL, show_default=False, autocompletion=several_of(REMOVALS)
        ),
    ] = ""
    smiles_column: SmilesColumn = ""
    text_column: TextColumn = ""
    target_columns: Annotated[
        str, typer.Option(help="Column of the true class in a table.", show_default=False)
    ] = ""
    lexicon: Annotated[
        Path | None, typer.Option(metavar="FILE", help=LEXICON, show_default=False)
    ] = None
    marked_column: Annotated[str, typer.Option(help=MARKED, show_default=False)] = ""
    special_tokens: Annotated[bool, typer.Option("--special-tokens", help=SPECIAL)] = False
    threads: Annotated[int, typer.Option(min=1, help="Processor threads.")] = 2
    data: Annotated[Path | None, typer.Option(help=STUDY_DATA, show_default=False)] = None
    device: Device = "auto"

    def sources(self, typed: list[str] | None) -> list[str]:
        """The inputs that were typed, and the file of data."""
        files = [str(self.data)] if self.data and self.data.is_file() else []
        return [*(typed or []), *files]

    @property
    def home(self) -> Path | None:
        """Folder of the data sets."""
        return None if self.data and self.data.is_file() else self.data


@command
def benchmark_faithfulness(
    study: Study,
    inputs: Annotated[
        list[str] | None, typer.Argument(help=TEST_INPUTS, show_default=False)
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help=STUDY)] = Path(
        "faithfulness"
    ),
    model: Model = "",
    quiet: Quiet = False,
) -> None:
    """Compare methods by adding and removing nodes in the order of their relevance.

    Writes tables (Markdown, CSV, JSON) and curves. An interrupted run continues where it stopped.
    """
    from molxai.benchmarks.comparison import compare, seeded

    numbers = whole_numbers(study.seeds, "seeds")
    sources = study.sources(inputs)
    explainer = _explainer(study, shipped_for(sources, model))
    plan = _plan(study, explainer)
    words = _lexicon(study.lexicon, explainer)
    subjects = _subjects(study, sources, explainer)
    report = reporter(quiet)
    models = seeded(explainer, numbers, output, study.home, study.epochs, report)
    compare(models, plan, subjects, output, _command(study, sources, model), report, words)
    print((output / "faithfulness.md").read_text())


def _explainer(study: Study, model: str) -> "BaseExplainer":
    """The model.

    Raises:
        typer.BadParameter: there is no such device, or special tokens are of a model without such.
    """
    from molxai.batch.question import explainer_of
    from molxai.text import TextExplainer

    explainer = explainer_of(model, device=usage(known_device, study.device))
    if study.special_tokens:
        if not isinstance(explainer, TextExplainer):
            raise typer.BadParameter("--special-tokens: for texts, and this model reads none")
        explainer.special_tokens = True
    return explainer


def _plan(study: Study, explainer: "BaseExplainer") -> "Plan":
    """Methods and removal modes as they were typed; without any, all that the model has.

    Raises:
        typer.BadParameter: one is not known.
    """
    from molxai.benchmarks.faithfulness import Plan

    removal = study.removal or ("mask" if explainer.reads == "texts" else "attn")
    return Plan(
        known_methods(study.methods or ",".join(explainer.methods)),
        known_names(removal, REMOVALS.names(), "removal mode"),  # type: ignore[arg-type]
    )


def _subjects(study: Study, sources: list[str], explainer: "BaseExplainer") -> Any:
    """What is explained: the inputs, or a sample of the model's test data."""
    import torch

    from molxai.benchmarks.subjects import given_subjects, test_subjects

    torch.set_num_threads(study.threads)
    if not sources:
        return test_subjects(explainer, study.sample, study.home)
    layout = layout_of(study.smiles_column, text_column=study.text_column)
    columns = (study.target_columns, study.marked_column)
    return given_subjects(explainer, sources, study.sample, layout, *columns)


def _lexicon(path: Path | None, explainer: "BaseExplainer") -> "Lexicon | None":
    """The rated words.

    Raises:
        typer.BadParameter: the model reads no texts, or has not two classes.
        ValueError, OSError: they cannot be read.
    """
    from molxai.benchmarks.word_truth import read_lexicon

    if path is None:
        return None
    is_of_classes = explainer.card.config.task == "multiclass"
    if explainer.reads != "texts" or not is_of_classes or len(explainer.card.classes) != 2:
        raise typer.BadParameter(
            f"--lexicon: for texts and two classes, and {explainer.card.name} has others"
        )
    return read_lexicon(path)


TOLD = (
    "methods",
    "sample",
    "seeds",
    "removal",
    "epochs",
    "smiles_column",
    "text_column",
    "target_columns",
    "lexicon",
    "marked_column",
    "special_tokens",
)
"""Options that tables tell."""


def _command(study: Study, sources: list[str], model: str) -> str:
    """The command that repeats a study, for its tables."""
    import shlex

    words = ["molxai", "benchmark", "faithfulness", *sources]
    words += ["-m", shipped_for(sources, model)]
    for name in TOLD:
        value = getattr(study, name)
        if value is True:
            words.append(f"--{name.replace('_', '-')}")
        elif value:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)
