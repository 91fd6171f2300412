"""Options that several commands share, and the checks of what was typed."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from graphormer.names import listing, split_names, unknown
from molxai.cli.completion import (
    BASES,
    DEVICES,
    ENGINES,
    METHODS,
    SCHEMES,
    STRUCTURES,
    TARGETS,
    models,
    one_of,
)
from molxai.cli.literals import Literal
from molxai.cli.printable import printable

if TYPE_CHECKING:
    from graphormer.readers.tables import Layout
    from molxai.explanation.inputs import Inputs as GivenInputs

T = TypeVar("T")

BATCH_SIZE: int = Literal("molxai.explanation.explainer", "BATCH_SIZE").value()
MAX_ATOMS: int = Literal("graphormer.smiles.reading", "MAX_ATOMS").value()
ROW_SECONDS: float = Literal("molxai.batch.pool", "ROW_SECONDS").value()

INPUTS = (
    "SMILES or InChI, or files: .smi .csv .tsv .xlsx .parquet .sdf .mol (molecules), "
    ".png .jpg .npy .npz (digits). For a language model: a text, or files .txt .csv .tsv .xlsx "
    ".parquet."
)
MODEL = (
    "Shipped model, folder with a model, .safetensors file, or folder of Hugging Face. "
    "[default: bace for molecules, mnist for digits]"
)
COLUMN = "Column of SMILES in a table. [default: found by its name]"
TEXTS = "Column of texts in a table, for a language model. [default: found by its name]"
ENDPOINT = "Target to explain if the model has several. [default: the first]"
DATA = "Folder of the data sets. [default: $MOLXAI_DATA, else the user's cache folder]"
ID_COLUMN = "Column of names or ids in a table. [default: found by its name]"
SEPARATOR = (
    "Separator of a .csv or .tsv: one character, or comma, semicolon, tab, pipe. "
    "[default: found in the file]"
)
ENCODING = "Encoding of a text file, like utf-8, utf-16 or cp1252. [default: found in the file]"
TARGET = (
    "Class to explain: pred, true (with --target-columns), or a class's name or number. "
    "[default: the second of two classes in every row of a table, else pred]"
)
STRUCTURE = (
    "Where the relevance of distances, bonds and offsets goes, if the method gives them any: "
    "in halves to the two nodes, or in a sum apart."
)
BASE = (
    "Where the base value of a regression goes: apart, or spread in even shares over the nodes, "
    "which then sum to the value itself."
)
SCHEME_HELP = (
    f"{', '.join(SCHEMES.names())}, or your own file .smarts .txt with a name and a SMARTS on each "
    "line. An earlier line takes its atoms first."
)
FRAGMENTS = f"Add the relevance of fragments: {SCHEME_HELP}"
FOLDER = "Folder for the model; an interrupted run there is continued."
WORKERS = (
    "Worker processes, or 0 to work in this process. "
    "[default: one for each processor; none for an input of one chunk]"
)
SECONDS = (
    "Seconds that one row may keep a worker busy; "
    "a row that takes longer becomes a record of an error."
)
ENGINE = (
    "local, or ray for a Ray cluster (pip install 'molxai[ray]'). "
    "An input of one chunk is done here, unless -n is given."
)
RAY = "Address of a running Ray cluster. [default: one is started here]"
SHARD = (
    "Do one shard of the work: 0/4 to 3/4 are four shards, for four machines. "
    "'molxai merge' joins them."
)
LARGEST = (
    "Most heavy atoms of a molecule; a larger one becomes a record of an error. "
    "Cost grows with the square."
)

Inputs = Annotated[list[str], typer.Argument(help=INPUTS, show_default=False)]
Model = Annotated[
    str, typer.Option("-m", "--model", help=MODEL, show_default=False, autocompletion=models)
]
Method = Annotated[
    str,
    typer.Option(
        help="Explanation method, perhaps with options, like rollout:head_fusion=max; "
        "'molxai methods' says what each is.",
        autocompletion=one_of(METHODS),
    ),
]
Structure = Annotated[str, typer.Option(help=STRUCTURE, autocompletion=one_of(STRUCTURES))]
Base = Annotated[str, typer.Option(help=BASE, autocompletion=one_of(BASES))]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", help="File to write; its ending decides the format.", show_default=False
    ),
]
Endpoint = Annotated[str, typer.Option(help=ENDPOINT, show_default=False)]
SmilesColumn = Annotated[
    str, typer.Option("-s", "--smiles-column", help=COLUMN, show_default=False)
]
TextColumn = Annotated[str, typer.Option("--text-column", help=TEXTS, show_default=False)]
IdColumn = Annotated[str, typer.Option("--id-column", help=ID_COLUMN, show_default=False)]
Separator = Annotated[str, typer.Option("--separator", help=SEPARATOR, show_default=False)]
EncodingName = Annotated[str, typer.Option("--encoding", help=ENCODING, show_default=False)]
Target = Annotated[
    str, typer.Option(help=TARGET, show_default=False, autocompletion=one_of(TARGETS))
]
BatchSize = Annotated[
    int,
    typer.Option("-b", "--batch-size", min=1, help="Graphs at once; results do not depend on it."),
]
Fragments = Annotated[
    str,
    typer.Option("--fragments", help=FRAGMENTS, show_default=False, autocompletion=one_of(SCHEMES)),
]
Device = Annotated[
    str,
    typer.Option(
        help="Where the model runs: auto (a GPU if there is one), cpu or cuda.",
        autocompletion=one_of(DEVICES),
    ),
]
Workers = Annotated[
    int | None, typer.Option("-n", "--num-workers", min=0, help=WORKERS, show_default=False)
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")]
Restart = Annotated[
    bool,
    typer.Option("--restart", help="Discard what a stopped run has done, and start again."),
]
RowSeconds = Annotated[float, typer.Option("--row-seconds", min=1.0, help=SECONDS)]
Shard = Annotated[str, typer.Option(help=SHARD, show_default=False)]
EngineName = Annotated[str, typer.Option("--engine", help=ENGINE, autocompletion=one_of(ENGINES))]
RayAddress = Annotated[str, typer.Option(help=RAY, show_default=False)]
MaxAtoms = Annotated[int, typer.Option(min=1, help=LARGEST)]
DropExtraColumns = Annotated[
    bool,
    typer.Option(
        "--drop-extra-columns", help="Leave the table's other columns out of the records."
    ),
]
Data = Annotated[Path | None, typer.Option(help=DATA, show_default=False)]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no summary.")]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Stop at the first row that cannot be read, and write nothing."),
]


def usage(check: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """The result of a check of what was typed; a refusal is bad usage, exit code 2."""
    try:
        return check(*arguments, **options)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def shipped_for(inputs: Sequence[str], model: str) -> str:
    """The model as it was typed, or else the shipped one that reads such inputs."""
    from molxai.batch.question import usual_model
    from molxai.explanation.kinds import holds_digits

    has_digits = bool(inputs) and holds_digits(inputs[0])
    return usual_model(model, "digits" if has_digits else "molecules")


def layout_of(
    smiles_column: str = "",
    id_column: str = "",
    separator: str = "",
    encoding: str = "",
    text_column: str = "",
) -> "Layout":
    """How tables are laid out, as far as the user says so.

    Raises:
        typer.BadParameter: there is no such separator.
    """
    from graphormer.readers.delimited import separator_named
    from graphormer.readers.tables import Layout

    if separator:
        usage(separator_named, separator)
    return Layout(smiles_column, id_column, separator, encoding, text_column)


def say_how_read(inputs: "GivenInputs", quiet: bool) -> None:
    """Print on stderr the choices in reading the inputs that the user may not expect."""
    for note in [] if quiet else inputs.notes():
        say(note)


def say(note: str) -> None:
    """Print a note on stderr."""
    print(printable(note), file=sys.stderr)


def typed_options(parameters: Sequence[str]) -> list[str]:
    """Those of the parameters that were typed on the command line."""
    # of the click that typer brings with it
    from typer.main import get_current_context  # type: ignore[attr-defined]

    context = get_current_context()
    names = []
    for parameter in parameters:
        source = context.get_parameter_source(parameter)
        if source and source.name == "COMMANDLINE":
            names.append(parameter)
    return names


def option_names(parameters: Sequence[str]) -> str:
    """The parameters' options as a user types them, like `--target, --dpi`."""
    from typer.main import get_current_context  # type: ignore[attr-defined] # as above

    command = get_current_context().command
    longest = {parameter.name: max(parameter.opts, key=len) for parameter in command.params}
    return ", ".join(longest[name] for name in parameters)


def written_to(output: Path, is_replaced: bool) -> str:
    """An output's name for the closing line, which says whether another file was replaced."""
    return f"{output} (replaced)" if is_replaced else str(output)


def known_names(text: str, choices: Sequence[str], what: str) -> tuple[str, ...]:
    """The names in a comma-separated list, each of which must be one of the choices.

    Example:
        >>> known_names("gae, lrp", ["lrp", "gae", "rollout"], "method")
        ('gae', 'lrp')

    Raises:
        typer.BadParameter: one is not, or there is none.
    """
    names = split_names(text)
    if not names:
        raise typer.BadParameter(f"an empty list has no {what}: choose from {listing(choices)}")
    for name in names:
        if name not in choices:
            raise typer.BadParameter(unknown(what, name, choices))
    return names


def known_methods(text: str) -> tuple[str, ...]:
    """The methods in a comma-separated list, each an id, perhaps with options.

    Raises:
        typer.BadParameter: one is not an id, or there is none.
    """
    ids = [name.partition(":")[0] for name in split_names(text)]
    known_names(",".join(ids), METHODS.names(), "method")
    return split_names(text)


def whole_numbers(text: str, what: str) -> tuple[int, ...]:
    """The different numbers in a comma-separated list.

    Example:
        >>> whole_numbers("0,1,1,2", "seeds")
        (0, 1, 2)

    Raises:
        typer.BadParameter: something else is in it.
    """
    words = split_names(text)
    if not all(word.isdigit() for word in words):
        raise typer.BadParameter(
            f"{what} {text!r}: whole numbers with commas between them are needed, like 0,1,2"
        )
    return tuple(dict.fromkeys(int(word) for word in words))
