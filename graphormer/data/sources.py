"""Public data sets: where their files live, where they can be had, and how they are checked."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from graphormer.files import digest
from graphormer.names import unknown

HOME = "MOLXAI_DATA"
"""Environment variable that names the folder of the data sets.

Without it they live in the user's cache folder.
"""


@dataclass(frozen=True)
class Source:
    """A public data set: its files with their checksums, and where they can be had."""

    name: str
    about: str
    files: dict[str, str]
    """File name → `algorithm:hexdigest`."""
    urls: tuple[str, ...]
    """Folders that hold the files, tried in order."""


SOURCES = {
    "bace": Source(
        "bace",
        "1513 inhibitors of human beta-secretase 1, active or not (MoleculeNet)",
        {"bace.csv": "sha256:f3fb9ce90bada3e2bd6148b0df13f8f8145a357bf87df0dd5b391ede974fc737"},
        ("https://deepchemdata.s3-us-west-1.amazonaws.com/datasets/",),
    ),
    "mnist": Source(
        "mnist",
        "70 000 handwritten digits, 28 × 28 grey pixels (LeCun et al. 1998)",
        {
            "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
            "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
            "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
        },
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
}
"""Public data sets by name."""


def data_home(home: str | Path | None = None) -> Path:
    """The folder of the data sets.

    It is `home`, else `$MOLXAI_DATA`, else `molxai` in the user's cache folder.
    """
    import pooch

    return Path(home or os.environ.get(HOME) or pooch.os_cache("molxai"))


def source(name: str) -> Source:
    """The named data set.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in SOURCES:
        raise ValueError(unknown("data set named", name, SOURCES))
    return SOURCES[name]


def files(name: str, home: str | Path | None = None) -> dict[str, Path]:
    """The files of a data set by name: downloaded if they are missing, checked in any case.

    Raises:
        ValueError: no such data set, or a file with another checksum.
        OSError: a file is missing and no address answers.
    """
    data_set = source(name)
    folder = data_home(home) / name
    for file in data_set.files:
        if not (folder / file).exists():
            _download(data_set, file, folder)
    for file, checksum in data_set.files.items():
        algorithm, expected = checksum.split(":")
        actual = digest(folder / file, algorithm)
        if actual != expected:
            raise ValueError(
                f"{folder / file} has {algorithm} {actual}, {expected} is needed: "
                f"delete it and run 'molxai data download {name}'"
            )
    return {file: folder / file for file in data_set.files}


def _download(data_set: Source, file: str, folder: Path) -> None:
    """Fetch a file from the first address that answers.

    Raises:
        ValueError: the address sends another file.
        OSError: no address answers.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    checksum = data_set.files[file]
    reasons = []
    for url in data_set.urls:
        try:
            pooch.retrieve(url + file, checksum, fname=file, path=folder, progressbar=False)
        except ValueError as error:
            raise ValueError(f"{url + file} is not the file that is known here: {error}") from error
        except OSError as error:
            reasons.append(f"{url}: {type(error).__name__}")
        else:
            return
    raise OSError(
        f"cannot download {file} ({'; '.join(reasons)}): "
        f"put it into {folder}, or name the folder above with --data or ${HOME}"
    )
