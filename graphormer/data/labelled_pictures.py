"""Pictures with labels, in an .npz: read, checked, and a reason for every one that is left out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from graphormer.data.collection import (
    UNLABELLED,
    Collection,
    Kept,
    Skipped,
    checked,
    known_only,
    to_judge,
    with_labels,
)
from graphormer.data.labelled import LabelledGraphs
from graphormer.data.targets import is_missing, targets
from graphormer.files import digest
from graphormer.network.card import Card
from graphormer.readers.arrays import read_array
from graphormer.readers.tables import Row

LABELS = "labels"
"""Name of the array that says what each picture shows."""


def collect_pictures(path: Path, kind: str = "auto", strict: bool = False) -> Collection:
    """The labelled digits of an .npz with the arrays `images` and `labels`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing or of another size, or the labels make no task.
    """
    from graphormer.graphs.superpixels import SUPERPIXELS

    images, labels = _arrays(path)
    read = [
        _picture(number, images[number], "label", str(labels[number]))
        for number in range(len(images))
    ]
    kept, skipped = (
        [one for one in read if not isinstance(one, Skipped)],
        [one for one in read if isinstance(one, Skipped)],
    )
    if strict and (unread := [one for one in skipped if one.reason != UNLABELLED]):
        raise ValueError(f"{path}, {unread[0].text}: {unread[0].reason}")
    rows, graphs, texts = (
        [row for row, _, _, _ in kept],
        [graph for _, _, graph, _ in kept],
        [text for _, _, _, text in kept],
    )
    said = targets(
        {"label": [row.fields["label"] for _, row, _, _ in kept]}, _picture_task(kind, labels), rows
    )
    made = Collection(
        path.stem,
        SUPERPIXELS,
        graphs,
        texts,
        rows,
        said,
        [],
        len(images),
        skipped,
        0,
        0,
        (),
        0,
        {path.name: digest(path)},
    )
    return checked(path, known_only(made))


def labelled_pictures(
    path: Path, card: Card, part: str = "", chosen: Sequence[int] = ()
) -> tuple[LabelledGraphs, list[Skipped]]:
    """The pictures of an .npz with the labels of a model's target, and those that cannot be used.

    Args:
        path: the file.
        card: of the model.
        part: name of what is chosen.
        chosen: numbers of pictures; all where empty.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing, or no picture is left.
    """
    from graphormer.graphs.superpixels import SUPERPIXELS

    images, labels = _arrays(path)
    name = card.targets[0]
    every = (
        _picture(row, images[row], name, str(labels[row])) for row in chosen or range(len(images))
    )
    read = [with_labels(one, card.targets, card) for one in every]
    kept, skipped = (
        [one for one in read if not isinstance(one, Skipped)],
        [one for one in read if isinstance(one, Skipped)],
    )
    return to_judge(path, SUPERPIXELS, card, kept, skipped, part or "all pictures"), skipped


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    from graphormer.readers.pictures import read_arrays

    images = read_arrays(path)
    labels = read_array(path, LABELS)
    if labels.shape != (len(images),) or labels.dtype.kind not in "biufU":
        raise ValueError(
            f"{path}: labels of {labels.dtype} and shape {labels.shape} for {len(images)} images: one for each is needed"
        )
    return images, labels


def _picture(number: int, image: np.ndarray, target: str, label: str) -> Kept | Skipped:
    """As a row of a table of one target, or why there is none."""
    from graphormer.graphs.superpixels import digit
    from graphormer.readers.pictures import picture

    row = Row(f"picture {number}", {target: label})
    try:
        made = digit(picture(image)[0]).graph
    except ValueError as error:
        return Skipped(number, row.place, str(error))
    return (
        Skipped(number, row.place, UNLABELLED)
        if is_missing(label)
        else (number, row, made, row.place)
    )


def _picture_task(kind: str, labels: np.ndarray) -> str:
    """Whole numbers beside pictures are classes, as in every data set of digits."""
    return "classification" if kind == "auto" and labels.dtype.kind in "biuU" else kind
