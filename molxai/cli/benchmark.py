"""`molxai benchmark speed`, `interruption` and `families`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphormer.names import unknown
from molxai.cli.completion import METHODS, several_of
from molxai.cli.options import (
    BATCH_SIZE,
    BatchSize,
    Data,
    Device,
    Inputs,
    Model,
    Output,
    Quiet,
    SmilesColumn,
    known_methods,
    shipped_for,
    usage,
    whole_numbers,
)

if TYPE_CHECKING:
    from molxai.benchmarks.families import Family
    from molxai.explanation.explainer import Explainer

TIMED_METHODS = "Ids with commas between them. [default: lrp and its peers]"
LIBRARY = (
    "A table, or digits, to explain from file to file as well, with wall time and peak memory."
)


def benchmark_speed(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Files to time on. [default: the model's test data]", show_default=False
        ),
    ] = None,
    model: Model = "",
    methods: Annotated[
        str,
        typer.Option(help=TIMED_METHODS, show_default=False, autocompletion=several_of(METHODS)),
    ] = "",
    rounds: Annotated[
        int, typer.Option(min=5, help="How often all methods are timed in turn.")
    ] = 7,
    batch_size: BatchSize = BATCH_SIZE,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads.")] = 2,
    library: Annotated[Path | None, typer.Option(help=LIBRARY, show_default=False)] = None,
    repeats: Annotated[
        str,
        typer.Option(metavar="NUMBER,...", help="How many times over the library is explained."),
    ] = "1",
    device: Device = "cpu",
    data: Data = None,
    output: Output = None,
) -> None:
    """Graphs per second: reading, a plain forward pass, each method, by size, and a whole library.

    The peak memory of a library is shown, too.
    """
    from molxai.benchmarks.speed import PEERS, benchmark_entries, markdown, speed

    _check_json(output, device)
    names = known_methods(methods) if methods else PEERS
    times = whole_numbers(repeats, "repeats")
    explainer = explainer_of(inputs, model, batch_size, device)
    entries = benchmark_entries(explainer, inputs, data)
    result = speed(explainer, entries, rounds, threads, names)
    result |= _growth(explainer, rounds)
    result |= _throughput(library, times, model, device)
    write_json(output, result)
    print(markdown(result))


def _check_json(output: Path | None, device: str) -> None:
    """Refuse an output or a device that cannot be used, before any work.

    Raises:
        typer.BadParameter: the file's name ends otherwise, or there is no such device.
    """
    from molxai.cli.outputs import check_ending
    from molxai.explanation.explainer import chosen_device

    usage(check_ending, output, (".json",))
    usage(chosen_device, device)


def explainer_of(inputs: list[str] | None, model: str, batch_size: int, device: str) -> "Explainer":
    """The named model, or the usual one for the inputs."""
    from molxai.explanation.explainer import Explainer

    return Explainer(shipped_for(inputs or [], model), "lrp", batch_size, device)


def _growth(explainer: "Explainer", rounds: int) -> dict[str, Any]:
    """Times by the size of a molecule; nothing for digits, which all have one size."""
    from molxai.benchmarks.speed import growth

    return {"growth": growth(explainer, rounds)} if explainer.reads == "molecules" else {}


def _throughput(
    library: Path | None, times: tuple[int, ...], model: str, device: str
) -> dict[str, Any]:
    """Wall time and peak memory of whole commands over a library, if there is one."""
    if library is None:
        return {}
    from graphormer.files import real_path
    from molxai.benchmarks.throughput import throughput

    options = ["--device", device]
    if model:
        name = str(real_path(model)) if Path(model).exists() else model
        options = ["-m", name, *options]
    return {"library": throughput(library, times, options)}


def write_json(output: Path | None, result: dict[str, Any]) -> None:
    """Write a result, if a file is named."""
    import json

    from graphormer.files import write_file

    if output:
        write_file(output, json.dumps(result, indent=1) + "\n")


def benchmark_interruption(
    inputs: Inputs,
    model: Model = "",
    points: Annotated[int, typer.Option(min=1, help="Runs that are killed.")] = 200,
    chunk: Annotated[int, typer.Option(min=1, help="Rows of a chunk.")] = 16,
    smiles_column: SmilesColumn = "",
    seed: Annotated[int, typer.Option(help="Seed of the random moments.")] = 0,
) -> None:
    """Kill a run at random moments, resume it, and compare its output with an undisturbed run's."""
    import tempfile

    from graphormer.readers.tables import Layout
    from molxai.benchmarks.interruption import campaign, markdown, worker_of
    from molxai.explanation.inputs import Inputs as GivenInputs

    worker = worker_of(shipped_for(inputs, model))
    library = GivenInputs(inputs, Layout(smiles_column))
    with tempfile.TemporaryDirectory() as folder:
        result = campaign(worker, library, Path(folder), points, chunk, seed)
    print(markdown(result))
    if not result.same or result.left:
        raise typer.Exit(1)


def benchmark_families(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Types of models, such as bert. [default: all that transformers has]",
            show_default=False,
        ),
    ] = None,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Explain a small random model of every family, and replay each map that adds up.

    A map that the replay contradicts is a failure: the exit code is 1.
    """
    from graphormer.files import write_file
    from molxai.benchmarks.families import FAULTS, families, markdown, summary, table
    from molxai.cli.outputs import check_ending

    usage(check_ending, output, (".csv", ".md"))
    found = [_shown(family, quiet) for family in families(_known_types(names))]
    if output:
        write_file(output, (table if output.suffix == ".csv" else markdown)(found))
    print(summary(found))
    if any(family.outcome in FAULTS for family in found):
        raise typer.Exit(1)


def _known_types(names: list[str] | None) -> list[str]:
    """The named types of models, or all that there are."""
    from molxai.benchmarks.family_models import model_types

    known = usage(model_types)
    for name in names or ():
        if name not in known:
            raise typer.BadParameter(unknown("type of model", name, known))
    return names or list(known)


def _shown(family: "Family", quiet: bool) -> "Family":
    """The family, after a line about it."""
    if not quiet:
        print(f"{family.outcome}: {family.family} {family.reason}".rstrip())
    return family


def known_device(name: str) -> str:
    """The name of a device.

    Raises:
        ValueError: there is none of that name.
    """
    from molxai.explanation.explainer import chosen_device

    chosen_device(name)
    return name
