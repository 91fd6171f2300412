"""`molxai explain` into a file of records, whatever its size, and `molxai merge`."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphormer.names import unknown
from molxai.cli.completion import ENGINES, one_of
from molxai.cli.options import Quiet, usage, written_to
from molxai.cli.printable import printable
from molxai.cli.signals import INTERRUPTED, resumable, tell

if TYPE_CHECKING:
    from graphormer.readers.tables import Layout
    from molxai.batch.engines import Engine
    from molxai.batch.worker import Worker

WORKERS = "Worker processes; 0: none, the program does the work itself. [default: one for each processor; none for an input of one chunk]"
ROW_SECONDS = "Seconds that one row may keep a worker busy; a row that takes longer becomes a record of an error."
ENGINE = "local, or ray for a Ray cluster (pip install 'molxai[ray]'). An input of one chunk is done here, unless -n is given."
RAY = "Address of a running Ray cluster. [default: one is started here]"
SHARD = "Do one part of the work: 0/4 to 3/4 are four parts, for four machines. 'molxai merge' joins them."
LARGEST = "Most heavy atoms of a molecule; a larger one becomes a record of an error. Cost grows with the square."
PARTS = "Outputs whose shards are done, or their folders of parts. [default: the output itself]"

Workers = Annotated[
    int | None, typer.Option("-n", "--num-workers", min=0, help=WORKERS, show_default=False)
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")]
Restart = Annotated[
    bool,
    typer.Option(
        "--restart", help="Throw away what a run that was stopped has done, and begin anew."
    ),
]
RowSeconds = Annotated[float, typer.Option("--row-seconds", min=1.0, help=ROW_SECONDS)]
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
Output = Annotated[
    Path,
    typer.Option(
        "-o",
        "--output",
        help="File to write: .parquet .jsonl .csv .json .xlsx .sdf",
        show_default=False,
    ),
]


SECONDS = 300.0
"""As `molxai.batch.pool.ROW_SECONDS`, which would import pyarrow; a test compares them."""


@dataclass(frozen=True)
class Scale:
    """How the work is spread."""

    workers: int | None
    resume: bool
    shard: str
    engine: str
    ray_address: str
    max_atoms: int
    drop_extra_columns: bool
    strict: bool
    quiet: bool
    restart: bool = False
    row_seconds: float = SECONDS


def check_for_files(resume: bool, shard: str, engine: str, restart: bool = False) -> None:
    """Refuse options of files of records where there is none.

    Raises:
        typer.BadParameter: one is given.
    """
    if resume or restart or shard or engine != "local":
        raise typer.BadParameter(
            "--resume, --restart, --shard and --engine are for files of records: give -o with .parquet .jsonl .csv .json .xlsx .sdf"
        )


def explain_to_file(
    inputs: list[str],
    layout: "Layout",
    label_column: str,
    output: Path,
    settings: dict[str, Any],
    scale: Scale,
) -> None:
    """Explain, or predict, all inputs into a file of records, with these settings of a `Worker`."""
    from graphormer.files import real_path
    from molxai.batch.checkpoint import Tally, parts_folder
    from molxai.batch.engines import here
    from molxai.batch.run import Library, explain_library
    from molxai.batch.worker import Worker
    from molxai.cli.terminal import counted
    from molxai.explanation.explainer import chosen_device
    from molxai.explanation.inputs import extra_columns, is_file
    from molxai.explanation.methods import method as known_method

    if any(real_path(one) == real_path(output) for one in inputs if is_file(one)):
        raise typer.BadParameter(
            f"{output} is the input: name another file to write, or it would be lost"
        )
    replaced = output.is_file()
    usage(known_method, settings.get("method", "lrp"))
    usage(chosen_device, settings["device"])
    shard = usage(_shard, scale.shard) if scale.shard else None
    usage(_check_restart, scale)
    extras = extra_columns(
        inputs, layout, label_column
    )  # a column that is missing is told before any work
    extras = {} if scale.drop_extra_columns else extras
    blocks = output.suffix.lower() == ".sdf"
    work = Worker(
        **settings, blocks=blocks, extras=tuple(extras), types=extras, max_atoms=scale.max_atoms
    )
    if work.blocks and work.explainer.reads == "digits":
        raise typer.BadParameter(
            f"{output}: an SDF holds molecules, and these are digits; give .parquet, .jsonl, .csv or .json"
        )
    usage(getattr, work, "scheme")
    if work.target != "true":
        work.explainer.target(work.target, work.contrast)  # refused before any work
    library = Library(tuple(inputs), layout, label_column)
    with (
        _resumable(output),
        counted(
            library.expected, "explaining" if work.relevances else "predicting", scale.quiet
        ) as seen,
    ):
        engine = usage(_engine, scale, work)
        single = engine if scale.workers else here
        done: Tally = explain_library(
            work,
            library,
            output,
            engine,
            scale.resume,
            shard,
            scale.strict,
            seen=seen,
            restart=scale.restart,
            single=single,
        )
    errors = f", {done.errors} with errors" if done.errors else ""
    place = (
        f"{parts_folder(output)}; when all shards are done: molxai merge -o {shlex.quote(str(output))}"
        if shard
        else written_to(output, replaced)
    )
    if done.errors or not scale.quiet:
        print(
            printable(f"{done.rows - done.errors} of {done.rows} inputs done{errors} → {place}"),
            file=sys.stderr,
        )
    if done.rows and done.errors == done.rows:
        raise typer.Exit(1)


def merge(
    output: Output,
    shards: Annotated[list[Path] | None, typer.Argument(help=PARTS, show_default=False)] = None,
    quiet: Quiet = False,
) -> None:
    """Join the shards of 'molxai explain --shard' into one file, and check that no row is missing or there twice."""
    from molxai.batch.checkpoint import Parts, parts_folder
    from molxai.batch.checkpoint import merge as joined
    from molxai.cli.outputs import check_output

    usage(check_output, output, pictures=False)
    place = written_to(output, output.is_file())
    own = Parts(output)
    with nullcontext() if shards or not own.folder.exists() else own.alone():
        done = joined(output, [parts_folder(one) for one in shards or [output]])
        if not shards:
            own.remove()
    if not quiet:
        counts = f"{done.rows - done.errors} of {done.rows} inputs done, {done.errors} with errors"
        print(printable(f"{counts} → {place}"), file=sys.stderr)


def _check_restart(scale: Scale) -> None:
    """Refuse to throw away what is to be gone on with, or what other shards have done.

    Raises:
        ValueError: it is so.
    """
    if scale.restart and (scale.resume or scale.shard):
        other = "--resume" if scale.resume else "--shard"
        raise ValueError(
            f"--restart throws away what {other} goes on with: give one of them, or delete the folder of parts"
        )


def _shard(text: str) -> tuple[int, int]:
    place, _, count = text.partition("/")
    if not (text.isascii() and place.isdigit() and count.isdigit() and int(place) < int(count)):
        raise ValueError(f"shard {text!r}: i/n is needed, with i from 0 to n - 1, like 0/4")
    return int(place), int(count)


def _engine(scale: Scale, work: "Worker") -> "Engine":
    """The engine that was asked for."""
    from functools import partial

    from molxai.batch.engines import here, on_ray, processes, processors, ray_library
    from molxai.batch.pool import Limits

    if scale.engine not in ENGINES:
        raise ValueError(unknown("engine", scale.engine, ENGINES))
    if scale.ray_address and scale.engine != "ray":
        raise ValueError("--ray-address is for --engine ray: give both")
    on_gpu = next(work.explainer.network.parameters()).is_cuda
    workers = processors() if scale.workers is None else scale.workers
    limits = Limits(scale.row_seconds)
    if scale.engine == "ray":
        ray_library()
        return partial(
            on_ray,
            workers=max(1, workers),
            address=scale.ray_address,
            gpus=1 if on_gpu else 0,
            limits=limits,
        )
    return partial(processes, workers=workers, limits=limits) if workers else here


@contextmanager
def _resumable(output: Path) -> Iterator[None]:
    """Whatever stops the run: what is done is kept, and the command that goes on is named."""
    from molxai.batch.checkpoint import parts_folder

    again = shlex.join(
        [
            "molxai",
            *(one for one in sys.argv[1:] if one not in ("--resume", "--restart")),
            "--resume",
        ]
    )
    try:
        with resumable():
            yield
    except KeyboardInterrupt:
        kept = parts_folder(output)
        said = (
            f"what is done is kept in {kept}; go on with: {again}"
            if kept.exists()
            else "nothing is written"
        )
        tell(f"interrupted; {said}")
        raise typer.Exit(INTERRUPTED) from None
    except OSError as error:
        kept = parts_folder(output)
        raise OSError(
            f"{error}; what is done is kept in {kept}; go on with: {again}"
            if kept.exists()
            else str(error)
        ) from error
