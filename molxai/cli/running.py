"""From what was typed to a run: rows of the inputs, a worker, a sink, and one closing line."""

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import typer

from molxai.batch.arrow import settle
from molxai.batch.checkpoint import Tally, parts_folder
from molxai.batch.pictures import PictureFolder, on_common_scale
from molxai.batch.plan import Plan, shard_of
from molxai.batch.question import Question, card_of, usual_model
from molxai.batch.run import run
from molxai.batch.sinks import RecordFile, Sink, TooManyRowsError
from molxai.batch.worker import Worker
from molxai.batch.writers import FORMATS
from molxai.cli.options import layout_of, say_how_read, usage, written_to
from molxai.cli.outputs import check_not_an_input
from molxai.cli.parameters import Asking, Reading, Running
from molxai.cli.printable import printable
from molxai.cli.signals import INTERRUPTED, is_program, resumable, tell
from molxai.cli.terminal import progress_bar
from molxai.explanation.inputs import Inputs
from molxai.explanation.kinds import is_language_model


def inputs_of(
    sources: Sequence[str], reading: Reading, model: str, label_column: str = ""
) -> Inputs:
    """The inputs that were typed, for a model that may read texts.

    Raises:
        typer.BadParameter: there is no such separator, or a column is of another kind of input.
    """
    texts = is_language_model(model)
    if texts and reading.smiles_column:
        raise typer.BadParameter(f"--smiles-column: {model} reads texts, give --text-column")
    if reading.text_column and not texts:
        raise typer.BadParameter(
            "--text-column: texts need a language model, name its folder with -m"
        )
    layout = layout_of(
        reading.smiles_column,
        reading.id_column,
        reading.separator,
        reading.encoding,
        reading.text_column,
    )
    return Inputs(tuple(sources), layout, label_column, texts)


def question_of(
    inputs: Inputs, asking: Asking, several: bool | None = None, **further: object
) -> Question:
    """The question that was typed, with the usual model and target for such inputs.

    Args:
        inputs: what is to be explained.
        asking: options that commands share.
        several: whether all rows have one target, as those of a table have.
            [default: whether the inputs are several]
        further: other fields of a `Question`.

    Raises:
        typer.BadParameter: it cannot be asked.
        FileNotFoundError: there is no such model.
    """
    question: Question = usage(
        Question,
        model=usual_model(asking.model, inputs.reads),
        target=asking.target,
        endpoint=asking.endpoint,
        max_atoms=asking.max_atoms,
        batch_size=asking.batch_size,
        device=asking.device,
        **further,
    )
    card = card_of(question.model)
    return usage(
        question.complete,
        card,
        inputs.several if several is None else several,
        bool(inputs.label_column),
    )


def plan_of(
    running: Running, shard: str = "", engine: str = "local", ray_address: str = ""
) -> Plan:
    """How the work is spread.

    Raises:
        typer.BadParameter: options contradict each other.
    """
    return usage(
        Plan,
        workers=running.workers,
        row_seconds=running.row_seconds,
        resume=running.resume,
        restart=running.restart,
        strict=running.strict,
        shard=usage(shard_of, shard),
        engine=engine,
        ray_address=ray_address,
    )


def answer(
    inputs: Inputs, question: Question, sink: Sink, plan: Plan, quiet: bool, extras: bool = True
) -> None:
    """Run the question over the inputs into the sink, and say on stderr how many rows were done.

    Args:
        inputs: what is to be explained.
        question: what is asked of each.
        sink: where the answers go.
        plan: how the work is spread.
        quiet: whether to leave out the progress bar, notes on reading and the closing line.
        extras: whether records hold the table's other columns.

    Raises:
        typer.BadParameter: the output is an input, or cannot hold these inputs.
        typer.Exit: no row was done.
        ValueError, OSError: as `molxai.batch.run.run`.
    """
    check_not_an_input(inputs.sources, sink.path)
    _check_resumable(plan, sink)
    is_replaced = sink.path is not None and sink.path.is_file()
    say_how_read(inputs, quiet)
    sink = sink.prepare(inputs, question)
    worker = _worker(inputs, question, sink, extras)
    if is_program():
        settle()
    doing = "explaining" if question.relevances else "predicting"
    with (
        _resumable(sink.path if sink.resumable else None),
        progress_bar(inputs.expected, doing, quiet) as report,
    ):
        if isinstance(sink, PictureFolder) and sink.drawing.scale == "common":
            sink = on_common_scale(sink, question, inputs, plan)
            worker = replace(worker, products=sink.products)
        tally = _run(worker, inputs, sink, plan, report)
    is_empty = tally.rows == tally.errors and not sink.keeps_errors
    place = "" if is_empty else _closing_place(sink.path, is_replaced, plan)
    otherwise = f": nothing could be drawn, {sink.path} is not written" if is_empty else ""
    close(tally, place, quiet, otherwise)


def _run(
    worker: Worker, inputs: Inputs, sink: Sink, plan: Plan, report: Callable[[Tally], None]
) -> Tally:
    """As `molxai.batch.run.run`.

    Raises:
        typer.BadParameter: the output cannot hold so many rows.
    """
    try:
        return run(worker, inputs, sink, plan, report)
    except TooManyRowsError as error:
        raise typer.BadParameter(str(error)) from error


def close(tally: Tally, place: str, quiet: bool, otherwise: str = "") -> None:
    """Say how many rows were done, and where they are.

    Nothing is said if all went well and nothing was written.

    Args:
        tally: how many rows there were.
        place: where they are; empty: nothing was written.
        quiet: whether nothing is said if all went well.
        otherwise: what is said if nothing was written.

    Raises:
        typer.Exit: no row was done.
    """
    good = tally.rows - tally.errors
    errors = f", {tally.errors} with errors" if tally.errors else ""
    if tally.errors or (place and not quiet):
        where = f" → {place}" if place else otherwise
        print(printable(f"{good} of {tally.rows} inputs done{errors}{where}"), file=sys.stderr)
    if tally.rows and not good:
        raise typer.Exit(1)


def _worker(inputs: Inputs, question: Question, sink: Sink, extras: bool) -> Worker:
    """The worker of a question, which has been checked against its model."""
    types = inputs.extra_columns()
    if not extras:
        types = {}
    worker = Worker(question, sink.blocks, tuple(types), types, sink.products)
    usage(sink.check, worker.explainer)
    question.check(worker.explainer)
    return worker


def _check_resumable(plan: Plan, sink: Sink) -> None:
    """Refuse options of runs that can be stopped or shared, for an output whose run cannot.

    Raises:
        typer.BadParameter: one is given.
    """
    if plan.shard and not isinstance(sink, RecordFile):
        raise typer.BadParameter(
            "--shard is for files of records, which 'molxai merge' joins: leave it out, "
            f"or give -o with {' '.join(FORMATS)}"
        )
    if not sink.resumable and (plan.resume or plan.restart or plan.engine != "local"):
        raise typer.BadParameter(
            "this output is made in one piece: leave out --resume, --restart and --engine"
        )


def _closing_place(output: Path | None, is_replaced: bool, plan: Plan) -> str:
    """Where the results are, for the closing line."""
    if output is None:
        return ""
    if plan.shard:
        merge = f"molxai merge -o {shlex.quote(str(output))}"
        return f"{parts_folder(output)}; when all shards are done: {merge}"
    return written_to(output, is_replaced)


@contextmanager
def _resumable(output: Path | None) -> Iterator[None]:
    """If the run is stopped, say where its work is kept and which command continues it."""
    if output is None:
        yield
        return
    words = [word for word in sys.argv[1:] if word not in ("--resume", "--restart")]
    again = shlex.join(["molxai", *words, "--resume"])
    parts = parts_folder(output)
    try:
        with resumable():
            yield
    except KeyboardInterrupt:
        advice = "nothing is written"
        if parts.exists():
            advice = f"what is done is kept in {parts}; continue with: {again}"
        tell(f"interrupted; {advice}")
        raise typer.Exit(INTERRUPTED) from None
    except OSError as error:
        if not parts.exists():
            raise OSError(str(error)) from error
        raise OSError(
            f"{error}; what is done is kept in {parts}; continue with: {again}"
        ) from error
