"""Labelled data sets: where their files live, how they are checked, and how they become graphs."""

import csv
import gzip
import hashlib
import io
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.splits import SPLITS
from graphormer.files import digest, write_file
from graphormer.names import unknown

HOME = "MOLXAI_DATA"
"""Environment variable that names the folder of the data sets; without it they live in the user's cache folder."""


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


def data_home(home: str | Path | None = None) -> Path:
    """The folder of the data sets: `home`, else `$MOLXAI_DATA`, else `molxai` in the user's cache folder."""
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
    """The files of a data set by name, downloaded where they are missing, each checked against its hash.

    Raises:
        ValueError: no such data set, or a file with another checksum.
        OSError: a file is missing and no address answers.
    """
    wanted, folder = source(name), data_home(home) / name
    for file in wanted.files:
        if not (folder / file).exists():
            _download(wanted, file, folder)
    for file, known in wanted.files.items():
        algorithm, expected = known.split(":")
        if (found := digest(folder / file, algorithm)) != expected:
            remedy = f"delete it and run 'molxai data download {name}'"
            raise ValueError(
                f"{folder / file} has {algorithm} {found}, {expected} is needed: {remedy}"
            )
    return {file: folder / file for file in wanted.files}


def _download(wanted: Source, file: str, folder: Path) -> None:
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    reasons = []
    for url in wanted.urls:
        try:
            pooch.retrieve(
                url + file, wanted.files[file], fname=file, path=folder, progressbar=False
            )
        except ValueError as error:
            raise ValueError(f"{url + file} is not the file that is known here: {error}") from error
        except OSError as error:
            reasons.append(f"{url}: {type(error).__name__}")
        else:
            return
    raise OSError(
        f"cannot download {file} ({'; '.join(reasons)}): put it into {folder}, or name the folder above with --data or ${HOME}"
    )


BACE_PARTS = ("train", "valid", "test", "all")
"""Of a split, and all rows."""


def bace(
    home: str | Path | None = None,
    split: str = "scaffold",
    part: str = "train",
    seed: int = 0,
    label: str = "Class",
) -> LabelledGraphs:
    """A part of BACE under a named split protocol; the label is 1 for an active inhibitor (`Class`), or the `pIC50`.

    Raises:
        ValueError: unknown split or part.
    """
    if split not in SPLITS:
        raise ValueError(unknown("split", split, SPLITS))
    if part not in BACE_PARTS:
        raise ValueError(unknown("part", part, BACE_PARTS))
    from graphormer.graphs.molecules import MOLECULES, molecule

    path = files("bace", home)["bace.csv"]
    with path.open(newline="") as file:
        table = [(row["mol"], float(row[label])) for row in csv.DictReader(file)]
    smiles = [one for one, _ in table]
    rows = list(range(len(table))) if part == "all" else getattr(SPLITS[split](smiles, seed), part)
    graphs = [molecule(smiles[row]).graph for row in rows]
    labels = torch.tensor([table[row][1] for row in rows]).unsqueeze(1)
    return LabelledGraphs(
        "bace",
        MOLECULES,
        graphs,
        labels,
        rows,
        f"{split} {part}",
        {"bace.csv": digest(path)},
        [smiles[row] for row in rows],
    )


MNIST_PARTS = {
    "train": ("train", slice(55_000)),
    "valid": ("train", slice(55_000, None)),
    "official train": ("train", slice(None)),
    "test": ("t10k", slice(None)),
}
"""File and rows of each part."""


def mnist(
    home: str | Path | None = None, part: str = "train", rows: Iterable[int] | None = None
) -> LabelledGraphs:
    """Superpixel graphs of MNIST's digits, or of these rows of the file that holds the part.

    The parts are `train`, the first 55 000 of the 60 000 digits of `official train`, `valid`, the last 5000 of them, and `test` (the
    split of Dwivedi et al. 2020, "Benchmarking Graph Neural Networks", by order instead of by chance).

    Cutting 60 000 digits into superpixels takes about a minute on two cores, so the segment maps are kept in the user's
    cache folder.

    Raises:
        ValueError: unknown part.
    """
    if part not in MNIST_PARTS:
        raise ValueError(unknown("part", part, MNIST_PARTS))
    from graphormer.graphs.superpixels import SUPERPIXELS, superpixel_graph

    paths = files("mnist", home)
    stem, place = MNIST_PARTS[part]
    images, labels = mnist_images(home, part), _idx(paths[f"{stem}-labels-idx1-ubyte.gz"])
    segments = _segment_maps(images, stem)
    kept = list(range(len(images))[place] if rows is None else rows)
    graphs = [superpixel_graph(images[row] / 255.0, segments[row]) for row in kept]
    hashes = {path.name: digest(path) for path in paths.values() if path.name.startswith(stem)}
    return LabelledGraphs(
        "mnist",
        SUPERPIXELS,
        graphs,
        torch.from_numpy(labels[kept].astype(np.int64)),
        kept,
        part,
        hashes,
    )


def mnist_images(
    home: str | Path | None = None, part: str = "train"
) -> UInt8[ndarray, "digits 28 28"]:
    """All pictures of the file that holds the part."""
    return _idx(files("mnist", home)[f"{MNIST_PARTS[part][0]}-images-idx3-ubyte.gz"])


def _idx(path: Path) -> ndarray:
    """Array of an IDX file of bytes (LeCun's format: two zero bytes, type 8, number of axes, sizes, values)."""
    content = gzip.decompress(path.read_bytes())
    axes = content[3]
    shape = np.frombuffer(content, ">i4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _segment_maps(images: ndarray, stem: str) -> ndarray:
    """`[digits, 28, 28]` SLIC segments of all pictures, from the cache where it was made by the same settings."""
    import pooch
    from joblib import Parallel, delayed

    from graphormer.graphs.superpixels import COMPACTNESS, SEGMENTS

    identity = hashlib.sha256(images.tobytes()).hexdigest()[:12]
    cache = (
        Path(pooch.os_cache("molxai"))
        / f"mnist-{stem}-slic-{SEGMENTS}-{COMPACTNESS}-{identity}.npy"
    )
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        chunks = np.array_split(images, max(1, len(images) // 500))
        content = io.BytesIO()
        np.save(
            content, np.concatenate(Parallel(n_jobs=-1)(delayed(_cut)(chunk) for chunk in chunks))
        )
        write_file(cache, content.getvalue())
    return np.load(cache)


def _cut(images: ndarray) -> ndarray:
    from graphormer.graphs.superpixels import superpixels

    return np.stack([superpixels(image / 255.0) for image in images]).astype(np.uint8)
