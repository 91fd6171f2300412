"""`molxai serve`."""

import sys
import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer

from molxai.cli.completion import models
from molxai.cli.options import Device, usage

if TYPE_CHECKING:
    from socket import socket as Socket

HOST = "Address to listen on; 0.0.0.0 lets the whole network in."
MODELS = (
    "Your own model, a folder or a .safetensors file, in addition to the shipped ones; "
    "may be given several times."
)

PACKAGES = {"fastapi": "fastapi", "uvicorn": "uvicorn", "multipart": "python-multipart"}
"""Packages of the extra by the names of their modules."""


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
        typer.Option("-m", "--model", help=MODELS, show_default=False, autocompletion=models),
    ] = None,
    device: Device = "auto",
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """The workbench in a browser.

    Draw or paste a molecule, drop a table or a picture, and see the explanation. Ctrl-C ends it.
    """
    _check_installed()
    from molxai.serve.listening import listener

    with listener(host, port) as socket:  # before the slow imports, to refuse a port in use at once
        given_up = _run(socket, host, model or [], device, browser)
    answers = "1 answer" if given_up == 1 else f"{given_up} answers"
    more = f"; {answers} under way given up" if given_up else ""
    print(f"molxai: ended{more}", file=sys.stderr)


def _run(socket: "Socket", host: str, models: list[str], device: str, browser: bool) -> int:
    """Serve on a socket that listens, until Ctrl-C; the number of answers that were given up."""
    from molxai.explanation.explainer import chosen_device
    from molxai.serve.listening import address, run
    from molxai.serve.settings import ANYWHERE, Settings, servable

    usage(chosen_device, device)
    settings = Settings(servable(models), host, device)
    if host in ANYWHERE:
        print(
            "molxai: whoever reaches this machine over the network can use the workbench: "
            "it asks for no password",
            file=sys.stderr,
        )
    print(f"molxai: the workbench is at {address(socket)} (Ctrl-C ends it)", file=sys.stderr)
    if browser:
        webbrowser.open(address(socket))
    return run(settings, socket)


def _check_installed() -> None:
    """Refuse before any work if packages of the extra are missing.

    Raises:
        ValueError: they are.
    """
    from importlib.util import find_spec

    missing = [package for module, package in PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise ValueError(f"'molxai serve' needs {', '.join(missing)}: pip install 'molxai[serve]'")
