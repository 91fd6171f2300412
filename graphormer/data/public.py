"""The public data sets as labelled graphs: inhibitors of BACE-1, and handwritten digits."""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from numpy import ndarray

from graphormer.data.labelled import LabelledGraphs
from graphormer.data.sources import files
from graphormer.data.splits import SPLITS
from graphormer.files import digest, write_file
from graphormer.names import unknown

BACE_PARTS = ("train", "valid", "test", "all")
"""Parts of a split, and all rows."""

MNIST_PARTS = {
    "train": ("train", slice(55_000)),
    "valid": ("train", slice(55_000, None)),
    "official train": ("train", slice(None)),
    "test": ("t10k", slice(None)),
}
"""Beginning of the file's name and rows in it of each part."""

BRIGHTEST = 255.0
"""Value of a white pixel in MNIST's files."""

CHUNK = 500
"""Pictures that a worker cuts into superpixels at a time."""


def bace(
    home: str | Path | None = None,
    split: str = "scaffold",
    part: str = "train",
    seed: int = 0,
    label: str = "Class",
) -> LabelledGraphs:
    """A part of BACE under a named split protocol.

    Args:
        home: folder of the data sets: see `data_home`.
        split: a protocol of `SPLITS`.
        part: one of `BACE_PARTS`.
        seed: of the split, if chance decides it.
        label: `Class`, 1 for an active inhibitor, or `pIC50`.

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
        table = list(csv.DictReader(file))
    smiles = [line["mol"] for line in table]
    rows = list(range(len(table)))
    if part != "all":
        rows = getattr(SPLITS[split](smiles, seed), part)
    labels = torch.tensor([float(table[row][label]) for row in rows])
    return LabelledGraphs(
        "bace",
        MOLECULES,
        [molecule(smiles[row]).graph for row in rows],
        labels.unsqueeze(1),  # (molecules, 1)
        rows,
        f"{split} {part}",
        {"bace.csv": digest(path)},
        [smiles[row] for row in rows],
    )


def mnist(
    home: str | Path | None = None, part: str = "train", rows: Iterable[int] | None = None
) -> LabelledGraphs:
    """Superpixel graphs of MNIST's digits, or of these rows of the file that holds the part.

    `official train` has 60 000 digits. `train` is the first 55 000 of them, `valid` the last 5000
    (the split of Dwivedi et al. 2020, "Benchmarking Graph Neural Networks", by order instead of by
    chance). `test` has 10 000.

    Cutting 60 000 digits into superpixels takes about a minute on two cores, so the segment maps
    are cached in the user's cache folder.

    Raises:
        ValueError: unknown part.
    """
    if part not in MNIST_PARTS:
        raise ValueError(unknown("part", part, MNIST_PARTS))
    from graphormer.graphs.superpixels import SUPERPIXELS, superpixel_graph

    paths = files("mnist", home)
    stem, part_rows = MNIST_PARTS[part]
    images = mnist_images(home, part)
    labels = _idx(paths[f"{stem}-labels-idx1-ubyte.gz"])
    segments = _segment_maps(images, stem)
    positions = list(range(len(images))[part_rows] if rows is None else rows)
    graphs = [superpixel_graph(images[row] / BRIGHTEST, segments[row]) for row in positions]
    hashes = {path.name: digest(path) for path in paths.values() if path.name.startswith(stem)}
    return LabelledGraphs(
        "mnist",
        SUPERPIXELS,
        graphs,
        torch.from_numpy(labels[positions].astype(np.int64)),  # (digits,)
        positions,
        part,
        hashes,
    )


def mnist_images(
    home: str | Path | None = None, part: str = "train"
) -> UInt8[ndarray, "digits 28 28"]:
    """All pictures of the file that holds the part."""
    stem, _ = MNIST_PARTS[part]
    return _idx(files("mnist", home)[f"{stem}-images-idx3-ubyte.gz"])


def _idx(path: Path) -> ndarray:
    """Array of an IDX file of bytes.

    LeCun's format: two zero bytes, the type 8 for bytes, the number of axes, the size of each axis
    in four bytes, the values.
    """
    content = gzip.decompress(path.read_bytes())
    axes = content[3]
    shape = np.frombuffer(content, ">i4", axes, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    return values.reshape(shape)  # (digits,) or (digits, 28, 28)


def _segment_maps(images: ndarray, stem: str) -> UInt8[ndarray, "digits 28 28"]:
    """SLIC segments of all pictures, from the cache if it was made with the same settings."""
    import pooch
    from joblib import Parallel, delayed

    from graphormer.graphs.slic import COMPACTNESS, SEGMENTS

    identity = hashlib.sha256(images.tobytes()).hexdigest()[:12]
    name = f"mnist-{stem}-slic-{SEGMENTS}-{COMPACTNESS}-{identity}.npy"
    cache = Path(pooch.os_cache("molxai")) / name
    if not cache.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        chunks = np.array_split(images, max(1, len(images) // CHUNK))
        segments = Parallel(n_jobs=-1)(delayed(_cut)(chunk) for chunk in chunks)
        content = io.BytesIO()
        np.save(content, np.concatenate(segments))  # (digits, 28, 28)
        write_file(cache, content.getvalue())
    return np.load(cache)


def _cut(images: ndarray) -> ndarray:
    from graphormer.graphs.slic import superpixels

    segments = [superpixels(image / BRIGHTEST) for image in images]
    return np.stack(segments).astype(np.uint8)  # (pictures, 28, 28)
