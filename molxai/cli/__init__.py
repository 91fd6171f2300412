"""`molxai …`: parse, call one library function, print. Heavy imports wait until a command runs."""

import sys
from typing import Annotated

from molxai.cli.signals import INTERRUPTED, end, listen, listen_as_program, tell_end

listen_as_program()  # before the imports that take a while

import typer  # noqa: E402
from typer.exceptions import TyperException  # noqa: E402

from molxai.cli import (  # noqa: E402
    benchmark,
    cliffs,
    comparing,
    data,
    evaluating,
    explaining,
    faithfulness,
    fragments,
    listing,
    merging,
    reporting,
    serving,
    studies,
    training,
    tuning,
)
from molxai.cli.help import CONTEXT, Command, Group  # noqa: E402
from molxai.cli.printable import printable  # noqa: E402

PROGRAM = "molxai"
"""The program's name, however it was started."""

app = typer.Typer(
    cls=Group,
    context_settings=CONTEXT,
    help=(
        "Which atoms or superpixels led a model to its prediction? Relevances that add up to it."
    ),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(
    cls=Group,
    help="Data sets: list them, find their folder, download them.",
    rich_markup_mode=None,
)
benchmark_app = typer.Typer(cls=Group, help="Measure on this machine.", rich_markup_mode=None)
for command in (
    explaining.explain,
    merging.merge,
    explaining.predict,
    comparing.compare,
    reporting.report,
    fragments.fragments,
    training.train,
    training.pretrain,
    tuning.tune,
    evaluating.evaluate,
    serving.serve,
    listing.models,
    listing.methods,
):
    app.command(cls=Command)(command)
data_app.command("list", cls=Command)(data.data_list)
data_app.command("download", cls=Command)(data.data_download)
data_app.command("path", cls=Command)(data.data_path)
benchmark_app.command("speed", cls=Command)(benchmark.benchmark_speed)
benchmark_app.command("interruption", cls=Command)(benchmark.benchmark_interruption)
benchmark_app.command("families", cls=Command)(benchmark.benchmark_families)
benchmark_app.command("faithfulness", cls=Command)(faithfulness.benchmark_faithfulness)
benchmark_app.command("groundtruth", cls=Command)(studies.benchmark_groundtruth)
benchmark_app.command("accuracy", cls=Command)(studies.benchmark_accuracy)
benchmark_app.command("cliffs", cls=Command)(cliffs.benchmark_cliffs)
app.add_typer(data_app, name="data")
app.add_typer(benchmark_app, name="benchmark")


def version(show: bool) -> bool:
    """Print the version and end."""
    if show:
        from importlib import metadata

        print(f"molxai {metadata.version('molxai')}")
        raise typer.Exit
    return show


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


def main(arguments: list[str] | None = None) -> int:
    """Run the program; user errors become one line on stderr.

    Returns:
        The exit code: 0, 1 if the input was at fault, 2 for bad usage, 130 after Ctrl-C, 143 after
        SIGTERM.
    """
    try:
        words = sys.argv[1:] if arguments is None else arguments
        code = app(words or ["--help"], prog_name=PROGRAM, standalone_mode=False) or 0
        return tell_end() if code == INTERRUPTED else code
    except TyperException as error:
        message = _one_line(error.format_message())
        print(f"{PROGRAM}: {message} (see '{_command(error)} --help')", file=sys.stderr)
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return tell_end()
    except (ValueError, OSError) as error:
        print(f"{PROGRAM}: {_one_line(str(error))}", file=sys.stderr)
        return 1


def _one_line(message: str) -> str:
    return printable(" ".join(message.split()))


def _command(error: TyperException) -> str:
    """The command whose help explains the right usage."""
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else PROGRAM


def entry() -> None:
    """The installed command."""
    listen()
    end(main())
