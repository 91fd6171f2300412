"""`molxai train` and `evaluate`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from molxai.cli.options import FOLDER, BatchSize, Data, Device, Method, Model, Output, Quiet, usage


def train(
    preset: Annotated[str, typer.Option(help="Recipe of a shipped model: bace or mnist.", show_default=False)],
    output: Annotated[Path, typer.Option("-o", "--output", help=FOLDER, show_default=False)],
    data: Data = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Other than the recipe's.", show_default=False)] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Other than the recipe's.", show_default=False)] = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train a shipped model's recipe anew; the folder then serves as -m FOLDER."""
    import logging

    from graphormer.presets import preset as recipe
    from graphormer.presets import train_preset
    from molxai.explainer import chosen_device
    from molxai.terminal import console, show_mapping

    usage(recipe, preset)
    usage(chosen_device, device)

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, format="%(message)s")
    weights, card = train_preset(preset, output, data, epochs, seed, device, not quiet and sys.stderr.isatty())
    show_mapping({"model": str(weights)} | card.metrics, console())


def evaluate(
    model: Model = "bace",
    method: Method = "lrp",
    data: Data = None,
    part: Annotated[str, typer.Option(help="Part of the data: test, train, or valid where the split has one.")] = "test",
    output: Output = None,
    batch_size: BatchSize = 32,
    device: Device = "auto",
) -> None:
    """Quality of a model on its own data, and whether its explanations add up there."""
    import json

    from graphormer.files import write_file
    from molxai.evaluation import evaluate_model
    from molxai.explainer import Explainer, chosen_device
    from molxai.explainers import method as known_method
    from molxai.terminal import console, show_mapping

    usage(known_method, method)
    usage(chosen_device, device)
    if part not in ("test", "train", "valid"):
        raise typer.BadParameter(f"part {part!r}: test, train or valid is needed")
    result = evaluate_model(Explainer(model, method, batch_size, device), data, part)
    if output:
        write_file(output, json.dumps(result, indent=1) + "\n")
    show_mapping(result, console())
