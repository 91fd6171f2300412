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
    from molxai.cli.terminal import console, show_records

    rows = []
    for name, source in SOURCES.items():
        folder = data_home(data) / name
        is_here = all((folder / file).exists() for file in source.files)
        row = {
            "name": name,
            "here": "yes" if is_here else "no",
            "about": source.about,
            "folder": str(folder),
        }
        rows.append(row)
    show_records(rows, ("name", "here", "about", "folder"), console())


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
