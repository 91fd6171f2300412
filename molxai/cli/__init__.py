"""`molxai …`: parse, call one library function, print. Heavy imports wait until a command runs."""

import sys
from typing import Annotated

from molxai.cli.signals import INTERRUPTED, end, listen, listen_as_program, told

listen_as_program()  # before the imports that take a while

import typer  # noqa: E402
from typer.exceptions import TyperException  # noqa: E402

from molxai.cli import (  # noqa: E402
    benchmark,
    comparing,
    data,
    evaluating,
    explaining,
    fragments,
    listing,
    merging,
    reporting,
    serving,
    training,
)
from molxai.cli.help import CONTEXT, Command, Group  # noqa: E402
from molxai.cli.printable import printable  # noqa: E402

PROGRAM = "molxai"
"""However it was started."""

app = typer.Typer(
    cls=Group,
    context_settings=CONTEXT,
    help="Which atoms, which superpixels made the model say so? Relevances that add up to the prediction.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(
    cls=Group,
    help="Data sets: what there is, where it lives, and downloads.",
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
benchmark_app.command("faithfulness", cls=Command)(benchmark.benchmark_faithfulness)
benchmark_app.command("groundtruth", cls=Command)(benchmark.benchmark_groundtruth)
benchmark_app.command("accuracy", cls=Command)(benchmark.benchmark_accuracy)
app.add_typer(data_app, name="data")
app.add_typer(benchmark_app, name="benchmark")


def version(wanted: bool) -> bool:
    """Print the version and end."""
    if wanted:
        from importlib.metadata import version as installed

        print(f"molxai {installed('molxai')}")
        raise typer.Exit
    return wanted


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
        The exit code: 0, 1 where the input was at fault, 2 for bad usage, 130 after Ctrl-C, 143 after SIGTERM.
    """
    try:
        typed = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
        code = app(typed, prog_name=PROGRAM, standalone_mode=False) or 0
        return told() if code == INTERRUPTED else code
    except TyperException as error:
        said = printable(" ".join(error.format_message().split()))
        print(f"{PROGRAM}: {said} (see '{_command(error)} --help')", file=sys.stderr)
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return told()
    except (ValueError, OSError) as error:
        print(f"molxai: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        return 1


def _command(error: TyperException) -> str:
    """The command whose help tells how it would be right."""
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else PROGRAM


def entry() -> None:
    """The installed command."""
    listen()
    end(main())
