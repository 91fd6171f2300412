"""`molxai tune`."""

from pathlib import Path
from typing import Annotated

import typer

from molxai.cli.completion import models
from molxai.cli.literals import Literal
from molxai.cli.options import Data, Device, Quiet, usage
from molxai.cli.parameters import command

TUNED_ON: int = Literal("molxai.benchmarks.tuning", "SAMPLE").value()
MODEL = "Folder with a model, or .safetensors file; a shipped model's own card is written, too."
SAMPLE = "Graphs of the training set, drawn at random, always the same ones."


@command
def tune(
    model: Annotated[str, typer.Option("-m", "--model", help=MODEL, autocompletion=models)],
    sample: Annotated[int, typer.Option(min=2, help=SAMPLE)] = TUNED_ON,
    data: Data = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Choose the strengths of lrp-tuned for a model, on graphs that it was trained on.

    They are written into the model's card, with the measures of every setting that was tried.
    """
    from molxai.cli.benchmark import known_device

    tune_model(model, sample, data, usage(known_device, device), quiet)


def tune_model(model: str | Path, sample: int, data: Path | None, device: str, quiet: bool) -> None:
    """Choose the strengths, write them into the card, and show the best settings."""
    from molxai.benchmarks.tuning import tune_card
    from molxai.cli.model_tables import show_tuning
    from molxai.cli.studies import reporter
    from molxai.cli.terminal import console
    from molxai.explanation.explainer import Explainer

    explainer = Explainer(model, device=device)
    tuning, card = tune_card(explainer, sample, data, reporter(quiet))
    show_tuning(tuning, card, console())
