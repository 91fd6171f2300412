"""Labelled pictures of an .npz: read, checked, and a reason for every one that is left out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from graphormer.data.collection import Collection
from graphormer.data.examples import (
    UNLABELLED,
    Example,
    LeftOut,
    evaluation_set,
    separate,
    with_known_labels,
)
from graphormer.data.labelled import LabelledGraphs
from graphormer.data.merging import drop_unlabelled, require_enough
from graphormer.data.missing import is_missing
from graphormer.data.targets import targets
from graphormer.files import digest
from graphormer.network.card import Card
from graphormer.readers.arrays import read_array
from graphormer.readers.tables import Row

LABELS = "labels"
"""Name of the array that says what each picture shows."""

TARGET = "label"
"""Name of what is learnt from pictures."""


def collect_pictures(path: Path, kind: str = "auto", strict: bool = False) -> Collection:
    """The labelled digits of an .npz with the arrays `images` and `labels`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing or of another size, the labels make no task, or, if
            `strict`, a picture cannot be read.
    """
    from graphormer.graphs.superpixels import SUPERPIXELS

    images, labels = _arrays(path)
    examples, left_out = separate(
        _example(number, image, TARGET, str(label))
        for number, (image, label) in enumerate(zip(images, labels, strict=True))
    )
    unreadable = [picture for picture in left_out if picture.reason != UNLABELLED]
    if strict and unreadable:
        raise ValueError(f"{path}, {unreadable[0].text}: {unreadable[0].reason}")
    numbers = [example.number for example in examples]
    cells = {TARGET: [example.row.fields[TARGET] for example in examples]}
    collection = Collection(
        path.stem,
        SUPERPIXELS,
        [example.graph for example in examples],
        [example.text for example in examples],
        numbers,
        targets(cells, _kind(kind, labels), numbers),
        [],
        len(images),
        left_out,
        {path.name: digest(path)},
    )
    return require_enough(path, drop_unlabelled(collection))


def labelled_pictures(
    path: Path, card: Card, part: str = "", chosen: Sequence[int] = ()
) -> tuple[LabelledGraphs, list[LeftOut]]:
    """The pictures of an .npz with the labels of a model's target, and those that cannot be used.

    Args:
        path: the file.
        card: of the model.
        part: name of the pictures that are chosen.
        chosen: numbers of pictures; if empty, all.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: an array is missing, or no picture is left.
    """
    from graphormer.graphs.superpixels import SUPERPIXELS

    images, labels = _arrays(path)
    target = card.targets[0]
    pictures = (
        _example(number, images[number], target, str(labels[number]))
        for number in chosen or range(len(images))
    )
    examples, left_out = separate(
        with_known_labels(picture, card.targets, card) for picture in pictures
    )
    part = part or "all pictures"
    return evaluation_set(path, SUPERPIXELS, card, examples, left_out, part), left_out


def _arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels."""
    from graphormer.readers.pictures import read_arrays

    images = read_arrays(path)
    labels = read_array(path, LABELS)
    # Booleans, whole numbers, fractions and text can be labels; dates and objects cannot.
    if labels.shape != (len(images),) or labels.dtype.kind not in "biufU":
        raise ValueError(
            f"{path}: labels of {labels.dtype} and shape {labels.shape} "
            f"for {len(images)} images: one for each is needed"
        )
    return images, labels


def _example(number: int, image: np.ndarray, target: str, label: str) -> Example | LeftOut:
    """The picture as a row of a table with one target, or why it is left out."""
    from graphormer.graphs.superpixels import digit
    from graphormer.readers.pictures import picture

    text = f"picture {number}"
    try:
        graph = digit(picture(image)[0]).graph
    except ValueError as error:
        return LeftOut(number, text, str(error))
    if is_missing(label):
        return LeftOut(number, text, UNLABELLED)
    return Example(number, Row(text, {target: label}), graph, text)


def _kind(kind: str, labels: np.ndarray) -> str:
    """The kind of task: whole numbers beside pictures are classes, as in every set of digits."""
    if kind == "auto" and labels.dtype.kind in "biuU":
        return "classification"
    return kind
