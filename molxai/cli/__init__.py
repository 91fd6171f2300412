"""`molxai …`: parse, call one library function, print. Heavy imports wait until a command runs."""

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

from molxai.cli import benchmark, data, explaining, fragments, reporting, scale, serving, training
from molxai.cli.help import CONTEXT, Command, Group

PROGRAM = "molxai"
"""However it was started."""

app = typer.Typer(
    cls=Group,
    context_settings=CONTEXT,
    help="Which atoms, which superpixels made the model say so? Relevances that add up to the prediction.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(cls=Group, help="Data sets: what there is, where it lives, and downloads.", rich_markup_mode=None)
benchmark_app = typer.Typer(cls=Group, help="Measure on this machine.", rich_markup_mode=None)
for command in (
    explaining.explain,
    scale.merge,
    explaining.predict,
    explaining.compare,
    reporting.report,
    fragments.fragments,
    training.train,
    training.pretrain,
    training.evaluate,
    serving.serve,
    explaining.models,
    explaining.methods,
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
def options(_: Annotated[bool, typer.Option("--version", callback=version, is_eager=True, help="Print the version.")] = False) -> None:
    """Options of the program itself."""


def main(arguments: list[str] | None = None) -> int:
    """Run the program; user errors become one line on stderr.

    Returns:
        The exit code: 0, 1 where the input was at fault, 2 for bad usage, 130 after Ctrl-C.
    """
    try:
        typed = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
        return app(typed, prog_name=PROGRAM, standalone_mode=False) or 0
    except TyperException as error:
        said, command = " ".join(error.format_message().split()), _command(error)
        print(f"{PROGRAM}: {said} (see '{command} --help')", file=sys.stderr)
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("molxai: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"molxai: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


def _command(error: TyperException) -> str:
    """The command whose help tells how it would be right."""
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context else PROGRAM


def entry() -> None:
    """The installed command."""
    sys.exit(main())
