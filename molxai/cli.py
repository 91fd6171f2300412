"""`molxai …`: parse, call one library function, print. Heavy imports wait until a command runs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.exceptions import TyperException

if TYPE_CHECKING:
    from molxai.explainer import Explainer
    from molxai.inputs import Input

T = TypeVar("T")

app = typer.Typer(
    help="Which atoms, which superpixels made the model say so? Relevances that add up to the prediction.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Data sets: what there is, where it lives, and downloads.", rich_markup_mode=None)
benchmark_app = typer.Typer(help="Measure on this machine.", rich_markup_mode=None)
app.add_typer(data_app, name="data")
app.add_typer(benchmark_app, name="benchmark")

INPUTS = "SMILES, or files: .smi .csv .tsv .sdf (molecules), .png .jpg .npy .npz (digits)."
MODEL = "Shipped model, folder with a model, or .safetensors file. [default: bace for molecules, mnist for digits]"
COLUMN = "Column of SMILES in a table. [default: found by its name]"
DATA = "Folder of the data sets. [default: $MOLXAI_DATA, else the user's cache folder]"
TARGET = "Class to explain: pred, true (with --target-columns), or a class's name or number."
TIMED = "SMILES or files to time on. [default: the model's test data]"
FOLDER = "Folder for the model; an interrupted run there is continued."

Inputs = Annotated[list[str], typer.Argument(help=INPUTS, show_default=False)]
Model = Annotated[str, typer.Option("-m", "--model", help=MODEL, show_default=False)]
Method = Annotated[str, typer.Option(help="Explanation method; 'molxai methods' lists them.")]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="File to write; its ending decides the format.", show_default=False)]
SmilesColumn = Annotated[str, typer.Option("-s", "--smiles-column", help=COLUMN, show_default=False)]
BatchSize = Annotated[int, typer.Option("-b", "--batch-size", min=1, help="Graphs at once; results do not depend on it.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Data = Annotated[Path | None, typer.Option(help=DATA, show_default=False)]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no summary.")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be read, and write nothing.")]


def version(wanted: bool) -> bool:
    """Print the version and end."""
    if wanted:
        from importlib.metadata import version as installed

        print(f"molxai {installed('molxai')}")
        raise typer.Exit
    return wanted


@app.callback()
def options(_: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")] = False) -> None:
    """Options of the program itself."""


@app.command()
def explain(
    inputs: Inputs,
    model: Model = "",
    method: Method = "lrp",
    target: Annotated[str, typer.Option(help=TARGET)] = "pred",
    contrast: Annotated[str | None, typer.Option(help="Class whose logit is subtracted.", show_default=False)] = None,
    output: Output = None,
    smiles_column: SmilesColumn = "",
    target_columns: Annotated[str, typer.Option(help="Column of the true class in a table, for --target true.", show_default=False)] = "",
    features: Annotated[bool, typer.Option("--features", help="Add each node's split over its input features to the records.")] = False,
    style: Annotated[str, typer.Option(help="Of molecule pictures: highlight or contour.")] = "highlight",
    atom_numbers: Annotated[bool, typer.Option("--atom-numbers", help="Write atom indices into molecule pictures.")] = False,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Relevance of each atom or superpixel of the inputs.

    Without -o a table is printed. With -o: .json .jsonl .csv hold one record per input; .svg .png a picture of one
    input; a folder, one .svg for each.
    """
    from molxai.batch import explained
    from molxai.outputs import check_count, check_output, write_explanations
    from molxai.terminal import console, progress, show_explanation, show_explanations, summary

    _usage(check_output, output, style)
    if contrast is not None and target == "pred":
        raise typer.BadParameter("a contrast needs a named target: give --target CLASS as well")
    if target == "true" and not target_columns:
        raise typer.BadParameter("no true class is known: --target true needs a table with --target-columns")
    read, explainer = _prepared(inputs, model, method, batch_size, device, smiles_column, target_columns, strict)
    _usage(check_count, output, len(read))
    rows = list(progress(explained(explainer, read, target, contrast), len(read), "explaining", quiet))
    _refuse_single_error(rows, strict)
    if output:
        write_explanations(rows, output, features, style, atom_numbers)
    else:
        first = rows[0][1]
        show_explanation(first, console()) if len(rows) == 1 and first else show_explanations(rows, console())
    if not summary([one for one, _ in rows], output, quiet):
        raise typer.Exit(1)


@app.command()
def predict(
    inputs: Inputs,
    model: Model = "",
    output: Output = None,
    smiles_column: SmilesColumn = "",
    batch_size: BatchSize = 32,
    device: Device = "auto",
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Predicted class, probability and logit of the inputs, in the records of 'explain' without relevances."""
    from molxai.batch import predictions
    from molxai.outputs import check_output, prediction_record, write_records
    from molxai.terminal import console, progress, show_records, summary

    _usage(check_output, output, pictures=False)
    read, explainer = _prepared(inputs, model, "lrp", batch_size, device, smiles_column, "", strict)
    rows = list(progress(predictions(explainer, read), len(read), "predicting", quiet))
    _refuse_single_error(rows, strict)
    records = [prediction_record(one, outcome, explainer.card) for one, outcome in rows]
    if output:
        write_records(records, output)
    else:
        show_records(records, ("id", "input", "prediction", "probability", "logit", "error"), console())
    if not summary([one for one, _ in rows], output, quiet):
        raise typer.Exit(1)


@app.command()
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

    _usage(recipe, preset)
    _usage(chosen_device, device)

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, format="%(message)s")
    weights, card = train_preset(preset, output, data, epochs, seed, device, not quiet and sys.stderr.isatty())
    show_mapping({"model": str(weights)} | card.metrics, console())


@app.command()
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

    _usage(known_method, method)
    _usage(chosen_device, device)
    if part not in ("test", "train", "valid"):
        raise typer.BadParameter(f"part {part!r}: test, train or valid is needed")
    result = evaluate_model(Explainer(model, method, batch_size, device), data, part)
    if output:
        write_file(output, json.dumps(result, indent=1) + "\n")
    show_mapping(result, console())


@app.command()
def models() -> None:
    """The shipped models with what they were trained on and how well they do."""
    from graphormer.checkpoint import read_card, shipped
    from molxai.terminal import console, show_mapping

    for name, path in shipped().items():
        card = read_card(path)
        head = f"{name}: {', '.join(card.targets)} ({', '.join(card.classes)}), reads {card.vocabulary}"
        console().print(head, style="bold", markup=False)
        training = {f"trained, {key}": card.training[key] for key in ("data", "split", "graphs", "command")}
        show_mapping(training | {f"tested, {key}": value for key, value in card.metrics.items()}, console())


@app.command()
def methods() -> None:
    """The explanation methods with what they promise."""
    from molxai.explainers import EXPLAINERS
    from molxai.terminal import console, show_records

    rows = [{"method": name, "conserves": str(one.conserves), "signed": str(one.signed)} for name, one in EXPLAINERS.items()]
    show_records(rows, ("method", "conserves", "signed"), console())


@data_app.command("list")
def data_list(data: Data = None) -> None:
    """Data sets, and whether they are on this machine."""
    from graphormer.data import SOURCES, data_home
    from molxai.terminal import console, show_records

    rows = []
    for name, source in SOURCES.items():
        here = all((data_home(data) / name / file).exists() for file in source.files)
        rows.append({"name": name, "here": "yes" if here else "no", "about": source.about, "folder": str(data_home(data) / name)})
    show_records(rows, ("name", "here", "about", "folder"), console())


@data_app.command("download")
def data_download(name: Annotated[str, typer.Argument(help="bace or mnist.")], data: Data = None) -> None:
    """Fetch a data set's files and check them against their hashes."""
    from graphormer.data import files, source

    _usage(source, name)
    for path in files(name, data).values():
        print(path)


@data_app.command("path")
def data_path(name: Annotated[str, typer.Argument(help="bace or mnist.")], data: Data = None) -> None:
    """The folder that a data set's files belong in."""
    from graphormer.data import data_home, source

    print(data_home(data) / _usage(source, name).name)


@benchmark_app.command("speed")
def benchmark_speed(
    inputs: Annotated[
        list[str] | None, typer.Argument(help="Files to time on. [default: the model's test data]", show_default=False)
    ] = None,
    model: Model = "",
    rounds: Annotated[int, typer.Option(min=5, help="Of all methods in turn.")] = 7,
    batch_size: BatchSize = 32,
    threads: Annotated[int, typer.Option(min=1, help="Processor threads.")] = 2,
    data: Data = None,
    output: Output = None,
) -> None:
    """Graphs per second of a plain forward pass and of each method, interleaved, and their ratio."""
    import json

    from graphormer.files import write_file
    from molxai.benchmark import benchmark_graphs, markdown, speed
    from molxai.explainer import Explainer

    explainer = Explainer(_model(inputs or [], model), "lrp", batch_size, "cpu")
    result = speed(explainer, benchmark_graphs(explainer, inputs, data), rounds, threads)
    if output:
        write_file(output, json.dumps(result, indent=1) + "\n")
    print(markdown(result))


def _usage(check: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """The result of a check of what was typed; a refusal is bad usage, exit code 2."""
    try:
        return check(*arguments, **options)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _model(inputs: list[str], model: str) -> str:
    """The named model, else the shipped one for what the inputs are."""
    from molxai.inputs import holds_digits

    return model or ("mnist" if inputs and holds_digits(inputs[0]) else "bace")


def _prepared(
    inputs: list[str], model: str, method: str, batch_size: int, device: str, smiles_column: str, label_column: str, strict: bool
) -> tuple[list["Input"], "Explainer"]:
    from molxai.explainer import Explainer, chosen_device
    from molxai.explainers import method as known_method
    from molxai.inputs import read_inputs

    _usage(known_method, method)
    _usage(chosen_device, device)
    explainer = Explainer(_model(inputs, model), method, batch_size, device)
    read = []
    for one in read_inputs(inputs, smiles_column, label_column):
        if strict and one.error:
            raise ValueError(f"row {one.row}: {one.error}")
        read.append(one)
    if not read:
        raise ValueError(f"no inputs in {', '.join(inputs)}: at least one row is needed")
    return read, explainer


def _refuse_single_error(rows: "list[tuple[Input, Any]]", strict: bool) -> None:
    """A single input that fails is the user's to mend, and so is any under --strict: nothing is written."""
    failed = [one for one, _ in rows if one.error]
    if failed and (strict or len(rows) == 1):
        raise ValueError(failed[0].error if len(rows) == 1 else f"row {failed[0].row}: {failed[0].error}")


def main(arguments: list[str] | None = None) -> int:
    """Run the program; user errors become one line on stderr.

    Returns:
        The exit code: 0, 1 where the input was at fault, 2 for bad usage, 130 after Ctrl-C.
    """
    try:
        return app((sys.argv[1:] if arguments is None else arguments) or ["--help"], standalone_mode=False) or 0
    except TyperException as error:
        print(f"molxai: {' '.join(error.format_message().split())} (see 'molxai --help')", file=sys.stderr)
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("molxai: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"molxai: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


def entry() -> None:
    """The installed command."""
    sys.exit(main())


if __name__ == "__main__":
    entry()
