"""`molxai serve`."""

import sys
from typing import Annotated

import typer

from molxai.cli.completion import models
from molxai.cli.options import Device, usage

HOST = "Address to listen on; 0.0.0.0 lets the whole network in."
OWN = "Your own model, a folder or a .safetensors file, beside the shipped ones; may be given several times."
LIBRARIES = ("fastapi", "uvicorn", "multipart")


def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help=HOST)] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="NUMBER", help="Port to listen on; 0: any free one."
        ),
    ] = 8000,
    model: Annotated[
        list[str] | None,
        typer.Option("-m", "--model", help=OWN, show_default=False, autocompletion=models),
    ] = None,
    device: Device = "auto",
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """The workbench in a browser: draw or paste a molecule, drop a table or a picture, see what made the model say so. Ctrl-C ends it."""
    _check_installed()
    from molxai.serve.listening import address, listener

    with listener(host, port) as socket:  # before the slow imports: a port in use is told at once
        from molxai.explanation.explainer import chosen_device
        from molxai.serve.listening import run
        from molxai.serve.settings import ANYWHERE, Settings, servable

        usage(chosen_device, device)
        settings = Settings(servable(model or []), host, device)
        if host in ANYWHERE:
            print(
                "molxai: whoever reaches this machine over the network can use the workbench: it asks for no password",
                file=sys.stderr,
            )
        print(f"molxai: the workbench is at {address(socket)} (Ctrl-C ends it)", file=sys.stderr)
        if browser:
            import webbrowser

            webbrowser.open(address(socket))
        run(settings, socket)
    print("molxai: ended", file=sys.stderr)


def _check_installed() -> None:
    """Refuse before any work where the libraries of the extra are missing.

    Raises:
        ValueError: they are.
    """
    from importlib.util import find_spec

    names = {"multipart": "python-multipart"}
    if missing := [names.get(name, name) for name in LIBRARIES if find_spec(name) is None]:
        raise ValueError(f"'molxai serve' needs {', '.join(missing)}: pip install 'molxai[serve]'")
