"""One input, read as what a model takes: a molecule, a digit, or a bare graph."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from rdkit import Chem
from torch import Tensor

from graphormer.graphs.block import Batches, Graphs
from graphormer.graphs.graph import Graph
from graphormer.graphs.molecule_block import molecule_block
from graphormer.graphs.molecules import Molecule, molecule, shortened
from graphormer.graphs.superpixel_block import superpixel_block
from graphormer.graphs.superpixels import Digit, digit
from graphormer.graphs.vocabulary import Vocabulary
from graphormer.network.card import Card
from graphormer.readers.pictures import PICTURES, picture, read_picture
from graphormer.readers.text import ending
from molxai.explanation.about import About
from molxai.explanation.entry import Input
from molxai.explanation.sources import (
    NEEDED,
    Linked,
    check_no_file,
    grey_values,
    is_numbers,
    lacking,
)

Subject: TypeAlias = Molecule | Digit | Graph
"""What is explained; a bare graph has no picture."""


def graph_in(subject: Subject) -> Graph:
    """The graph of a molecule or a digit, or itself."""
    return subject if isinstance(subject, Graph) else subject.graph


def batches_of(subjects: Sequence[Subject]) -> Batches:
    """What batches of the subjects are made from, in their order.

    Molecules, or digits, are taken as one block. Bare graphs are there already.
    """
    molecules = [subject for subject in subjects if isinstance(subject, Molecule)]
    if molecules and len(molecules) == len(subjects):
        return molecule_block([molecule.facts for molecule in molecules])
    digits = [subject for subject in subjects if isinstance(subject, Digit)]
    if digits and len(digits) == len(subjects):
        return superpixel_block([one.image for one in digits], [one.segments for one in digits])
    return Graphs([graph_in(subject) for subject in subjects])


def read_by(card: About) -> Literal["molecules", "digits"]:
    """What the model of that card takes: molecules or digits."""
    return "molecules" if card.vocabulary.startswith("molecule") else "digits"


def subject_of(source: Any, id: str, card: Card, vocabulary: Vocabulary) -> Subject:
    """What a model reads from one input.

    Args:
        source: one input, as `molxai.explanation.sources` defines it.
        id: what it is called.
        card: of the model.
        vocabulary: of the model.

    Raises:
        ValueError: it cannot be read, or is not what the model takes.
        FileNotFoundError: there is no such picture.
    """
    if isinstance(source, Input):
        if source.error:
            raise ValueError(source.error)
        return subject_of(source.subject, source.id, card, vocabulary)
    model_name = f"the model {card.name!r}"
    # Before `Linked`, which says of a value by all its attributes whether it is one.
    if isinstance(source, Molecule | Digit):
        return _read_already(source, card, model_name)
    if isinstance(source, Linked):
        return _from_pyg(source, card, vocabulary)
    if isinstance(source, Graph):
        if source.vocabulary != vocabulary:
            raise ValueError(
                f"{model_name} reads graphs of {vocabulary.name!r}, "
                f"this graph is of {source.vocabulary.name!r}"
            )
        return source
    reads = read_by(card)
    if isinstance(source, str | Path):
        check_no_file(source, reads, model_name)
    if reads == "digits":
        return _digit(source, id, model_name)
    return _molecule(source, id, model_name)


def _read_already(subject: Molecule | Digit, card: Card, model_name: str) -> Molecule | Digit:
    """The molecule or digit itself, if the model takes such."""
    reads = read_by(card)
    if isinstance(subject, Digit) and reads == "molecules":
        raise ValueError(
            f"{model_name} reads molecules, this is a digit: choose another model with -m"
        )
    if isinstance(subject, Molecule) and reads == "digits":
        raise ValueError(_no_digit(model_name))
    return subject


def _no_digit(model_name: str) -> str:
    return f"{model_name} reads digits, this is a molecule: choose another model with -m"


def _molecule(source: Any, id: str, model_name: str) -> Molecule:
    if not isinstance(source, str | Chem.Mol):
        raise ValueError(f"{model_name} reads molecules: {lacking('molecules', source)}")
    # RDKit refuses the texts of NumPy, which are a type of their own.
    return molecule(str(source) if isinstance(source, str) else source, id)


def _digit(source: Any, id: str, model_name: str) -> Digit:
    if isinstance(source, Chem.Mol):
        raise ValueError(_no_digit(model_name))
    if isinstance(source, str | Path):
        _check_picture(source, model_name)
        image, notes = read_picture(Path(source))
    elif is_numbers(source):
        image, notes = picture(grey_values(source))
    else:
        raise ValueError(f"{model_name} reads digits: {lacking('digits', source)}")
    return digit(image, id, notes)


def _check_picture(source: str | Path, model_name: str) -> None:
    """Tell a picture that is not there from a text that names none."""
    # Not Path.is_file: to it, a SMILES of 300 characters is an error.
    if os.path.isfile(source):  # noqa: PTH113
        return
    text = shortened(str(source))
    if ending(Path(source)) in PICTURES:
        raise FileNotFoundError(f"no picture {text!r}: check the path")
    raise ValueError(f"{model_name} reads digits: {NEEDED['digits']} is needed, not {text!r}")


def _from_pyg(data: Any, card: Card, vocabulary: Vocabulary) -> Subject:
    from graphormer.graphs.pyg import graph_of, molecule_of

    x = data.x
    width = len(vocabulary.node_features)
    is_coded = isinstance(x, Tensor) and x.ndim == 2 and x.shape[1] == width  # (nodes, features)
    has_smiles = isinstance(data.get("smiles"), str)
    if read_by(card) == "molecules" and has_smiles and not is_coded:
        return molecule_of(data)  # unlike a bare graph, it can be drawn
    return graph_of(data, vocabulary)
