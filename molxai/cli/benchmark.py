"""`molxai benchmark speed`, `interruption`, `faithfulness`, `groundtruth` and `accuracy`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from graphormer.names import unknown
from molxai.cli.completion import METHODS as KNOWN_METHODS
from molxai.cli.completion import PROTOCOLS, REMOVALS, TRUTHS, one_of, several_of
from molxai.cli.options import (
    BatchSize,
    Data,
    Device,
    Inputs,
    Model,
    Output,
    Quiet,
    SmilesColumn,
    listed,
    shipped_for,
    usage,
    whole_numbers,
)

TIMED_METHODS = "Ids with commas between them. [default: lrp and its peers]"
LIBRARY = (
    "A table, or digits, to explain from file to file as well, with wall time and peak memory."
)
STUDY = "Folder for the tables and figures; an interrupted run there is continued."
TRUTH = "Folder for the model and the tables; a model that is there is used again."
COMPARED = "SMILES or files. [default: the model's test data]"
MODELS = "Folder for the models and the tables; models that are there are used again."
SEEDS = "Seeds of models of the same recipe, trained into the folder where missing; values are means over them."


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
        typer.Option(
            help=TIMED_METHODS, show_default=False, autocompletion=several_of(KNOWN_METHODS)
        ),
    ] = "",
    rounds: Annotated[
        int, typer.Option(min=5, help="How often all methods are timed in turn.")
    ] = 7,
    batch_size: BatchSize = 32,
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
    """Graphs per second: reading, a plain forward pass, each method, by size, and a whole library with its memory."""
    import json

    from graphormer.files import write_file
    from molxai.benchmarks.speed import PEERS, benchmark_entries, growth, markdown, speed
    from molxai.benchmarks.throughput import throughput
    from molxai.cli.outputs import check_ending
    from molxai.explanation.explainer import Explainer, chosen_device
    from molxai.explanation.methods import EXPLAINERS

    usage(check_ending, output, (".json",))
    usage(chosen_device, device)
    chosen = listed(methods, list(EXPLAINERS), "method") if methods else PEERS
    times = whole_numbers(repeats, "repeats")
    explainer = Explainer(shipped_for(inputs or [], model), "lrp", batch_size, device)
    result = speed(explainer, benchmark_entries(explainer, inputs, data), rounds, threads, chosen)
    if explainer.reads == "molecules":
        result["growth"] = growth(explainer, rounds)
    if library:
        from graphormer.files import real_path

        place = str(real_path(model)) if model and Path(model).exists() else model
        named = ["-m", place, "--device", device] if model else ["--device", device]
        result["library"] = throughput(library, times, named)
    if output:
        write_file(output, json.dumps(result, indent=1) + "\n")
    print(markdown(result))


def benchmark_interruption(
    inputs: Inputs,
    model: Model = "",
    points: Annotated[int, typer.Option(min=1, help="Runs that are killed.")] = 200,
    chunk: Annotated[int, typer.Option(min=1, help="Rows of a chunk.")] = 16,
    smiles_column: SmilesColumn = "",
    seed: Annotated[int, typer.Option(help="Seed of the random moments.")] = 0,
) -> None:
    """Kill a run at random moments, resume it each time, and compare what comes out with an undisturbed one."""
    import tempfile

    from graphormer.readers.tables import Layout
    from molxai.batch.run import Library
    from molxai.batch.worker import Worker
    from molxai.benchmarks.interruption import campaign, markdown

    work = Worker(shipped_for(inputs, model), device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(
            work, Library(tuple(inputs), Layout(smiles_column)), Path(folder), points, chunk, seed
        )
    print(markdown(found))
    if not found.same or found.left:
        raise typer.Exit(1)


def benchmark_faithfulness(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help=STUDY, show_default=False)
    ],
    inputs: Annotated[list[str] | None, typer.Argument(help=COMPARED, show_default=False)] = None,
    model: Model = "",
    methods: Annotated[
        str,
        typer.Option(
            help="Ids with commas between them. [default: all]",
            show_default=False,
            autocompletion=several_of(KNOWN_METHODS),
        ),
    ] = "",
    sample: Annotated[
        int, typer.Option(min=2, help="Graphs, drawn at random, always the same ones.")
    ] = 500,
    seeds: Annotated[str, typer.Option(help=SEEDS, show_default=False)] = "",
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Epochs of models that are trained.", show_default=False),
    ] = None,
    removal: Annotated[
        str,
        typer.Option(
            metavar="MODE",
            help="What removing a node means: attn, mask, drop.",
            autocompletion=several_of(REMOVALS),
        ),
    ] = "attn",
    smiles_column: SmilesColumn = "",
    target_columns: Annotated[
        str, typer.Option(help="Column of the true class in a table.", show_default=False)
    ] = "",
    threads: Annotated[int, typer.Option(min=1, help="Processor threads.")] = 2,
    data: Data = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Compare methods by what the model says when nodes are added or removed in the order of their relevance.

    Writes tables (Markdown, CSV, JSON) and curves. A run that was interrupted goes on where it stopped.
    """
    import shlex

    import torch

    from graphormer.readers.tables import Layout
    from molxai.benchmarks.comparison import compare, seeded
    from molxai.benchmarks.faithfulness import Plan
    from molxai.benchmarks.subjects import given_subjects, test_subjects
    from molxai.explanation.explainer import Explainer, chosen_device
    from molxai.explanation.methods import EXPLAINERS

    usage(chosen_device, device)
    plan = Plan(
        listed(methods or ",".join(EXPLAINERS), list(EXPLAINERS), "method"),
        listed(removal, REMOVALS, "removal mode"),
    )  # type: ignore[arg-type]
    numbers = whole_numbers(seeds, "seeds")
    torch.set_num_threads(threads)
    first = Explainer(shipped_for(inputs or [], model), "lrp", 32, device)
    subjects = (
        given_subjects(first, inputs, sample, Layout(smiles_column), target_columns)
        if inputs
        else test_subjects(first, sample, data)
    )
    given = {
        "-m": first.card.name,
        "--methods": methods,
        "--sample": str(sample),
        "--seeds": seeds,
        "--removal": removal,
    }
    given |= {"--epochs": str(epochs or "")}
    command = shlex.join(
        [
            "molxai",
            "benchmark",
            "faithfulness",
            *(part for pair in given.items() if pair[1] for part in pair),
        ]
    )

    def report(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    compare(
        seeded(first, numbers, output, data, epochs, report),
        plan,
        subjects,
        output,
        command,
        report,
    )
    print((output / "faithfulness.md").read_text())


def benchmark_groundtruth(
    task: Annotated[
        str,
        typer.Option(
            metavar="TASK",
            help="benzene, n-minus-o, smarts, labels or crippen.",
            show_default=False,
            autocompletion=one_of(TRUTHS),
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="Table of SMILES, or SDF, also zipped.", show_default=False
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help=TRUTH, show_default=False)
    ],
    methods: Annotated[
        str,
        typer.Option(
            help="Ids with commas between them. [default: all but slow ones]", show_default=False
        ),
    ] = "",
    test_data: Annotated[
        Path | None, typer.Option(help="File of the test set.", show_default=False)
    ] = None,
    smarts: Annotated[
        list[str] | None,
        typer.Option(
            help="Pattern whose atoms are the truth; may be repeated.", show_default=False
        ),
    ] = None,
    smiles_column: SmilesColumn = "",
    label: Annotated[str, typer.Option(help="SDF property with a molecule's label.")] = "activity",
    truth: Annotated[
        str, typer.Option(help="SDF property with its atoms' contributions.")
    ] = "lbls",
    classes: Annotated[
        bool, typer.Option("--classes", help="The SDF's labels are two classes, not values.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the split, the training and the sample.")
    ] = 0,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Epochs of training. [default: the task's own]", show_default=False
        ),
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Test molecules. [default: all]", show_default=False)
    ] = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Compare methods with a known truth: train a model on a task whose answer is known atom by atom, and explain it.

    Trivial baselines and the model's own quality stand beside. An interrupted training goes on.
    """
    import logging

    from molxai.benchmarks.groundtruth import groundtruth, markdown, write
    from molxai.benchmarks.tasks import task_named
    from molxai.explanation.explainer import chosen_device
    from molxai.explanation.methods import EXPLAINERS

    usage(task_named, task)
    usage(chosen_device, device)
    chosen = listed(methods, list(EXPLAINERS), "method") if methods else ()
    if task == "smarts" and not smarts:
        raise typer.BadParameter(
            "no pattern is given: the task smarts needs --smarts, like --smarts 'C(=O)N'"
        )
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, format="%(message)s")
    result = groundtruth(
        task,
        data,
        output,
        chosen,
        test_data=test_data,
        smarts=smarts or (),
        smiles_column=smiles_column,
        label=label,
        truth=truth,
        classes=classes,
        seed=seed,
        epochs=epochs,
        sample=sample,
        device=device,
        progress=not quiet,
    )
    write(result, output)
    print(markdown(result))


def benchmark_accuracy(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help=MODELS, show_default=False)
    ],
    protocol: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Split: deterministic, chiral, balanced or random.",
            autocompletion=one_of(PROTOCOLS),
        ),
    ] = "deterministic",
    seeds: Annotated[
        int, typer.Option(min=1, help="How many seeds, of weights and of random splits.")
    ] = 5,
    ensemble: Annotated[
        int, typer.Option(min=1, help="Models for each random split, also judged as one ensemble.")
    ] = 1,
    data: Data = None,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train the recipe of the shipped BACE model anew under a split protocol, with a forest on fingerprints beside it."""
    import json
    import logging
    import warnings

    from graphormer.files import write_file
    from graphormer.training.machine import Machine
    from molxai.benchmarks.accuracy import accuracy, markdown
    from molxai.explanation.explainer import chosen_device

    usage(chosen_device, device)
    if protocol not in PROTOCOLS:
        raise typer.BadParameter(unknown("protocol", protocol, PROTOCOLS))
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")

    def report(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    machine = Machine(device, progress=False)
    result = accuracy(protocol, range(seeds), ensemble, output, data, machine, report)
    output.mkdir(parents=True, exist_ok=True)
    write_file(output / f"accuracy-{protocol}.json", json.dumps(result, indent=1) + "\n")
    write_file(output / f"accuracy-{protocol}.md", markdown(result) + "\n")
    print(markdown(result))
