"""`molxai data list`, `download` and `path`."""

from typing import Annotated

import typer

from molxai.cli.completion import DATA_SETS, one_of
from molxai.cli.options import Data, usage

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="bace or mnist.", autocompletion=one_of(DATA_SETS))
]


def data_list(data: Data = None) -> None:
    """Data sets, and whether they are on this machine."""
    from graphormer.data.sources import SOURCES, data_home
    from molxai.cli.model_tables import show_data_sets
    from molxai.cli.terminal import console

    show_data_sets(SOURCES, data_home(data), console())


def data_download(name: Name, data: Data = None) -> None:
    """Download a data set's files and check them against their hashes."""
    from graphormer.data.sources import files, source

    usage(source, name)
    for path in files(name, data).values():
        print(path)


def data_path(name: Name, data: Data = None) -> None:
    """The folder that a data set's files belong in."""
    from graphormer.data.sources import data_home, source

    print(data_home(data) / usage(source, name).name)
