"""What may be given to an explainer: one input, or many.

- One input is a text (a SMILES, or the path of a picture), a `Path`, an RDKit `Mol`, a `Molecule`,
  a `Digit`, a `Graph`, an `Input`, a PyG `Data`, or one picture: numbers with two axes, or a tensor
  `[1, rows, columns]`, whose first axis is the channel, as torchvision gives it.
- Many inputs are whatever else one can go through: a list, a tuple, a generator, a pandas or polars
  Series, an array of strings, a column of pyarrow. Numbers with more axes are pictures:
  `[n, 28, 28]` or `[n, 1, 28, 28]`.
- A Series whose index holds texts gives its inputs these as ids.
- Bytes, dictionaries, sets and whole tables are neither: it would be a guess what in them is meant.
"""

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AnySet
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
from rdkit import Chem
from torch import Tensor

from graphormer.graphs.graph import Graph
from graphormer.graphs.molecules import Molecule, shortened
from graphormer.graphs.slic import SIDE
from graphormer.graphs.superpixels import Digit
from graphormer.readers.pictures import PICTURES
from graphormer.readers.text import ending
from molxai.explanation.entry import Input
from molxai.explanation.kinds import DIGIT_FILES, MOLECULE_FILES


@runtime_checkable
class Linked(Protocol):
    """A graph of torch-geometric: one input, although one can go through it."""

    @property
    def edge_index(self) -> Any: ...


SINGLE_INPUTS = (str, Path, Molecule, Digit, Graph, Input, Chem.Mol, Linked)
"""Types of which a value is one input."""

NEEDED = {
    "molecules": "a SMILES or an RDKit Mol",
    "digits": "an array of grey values, a tensor or the path of a picture",
}
"""What one input of a model is, by what it reads."""

Numbers = np.ndarray | Tensor
"""Pictures in memory."""

NUMBER_KINDS = "biufc"
"""NumPy's letters for types of numbers, among which it counts truth values."""


def several(source: Any) -> list[tuple[Any, str]] | None:
    """The inputs of a collection, each with its id or an empty text; None for a single input.

    Example:
        >>> several(["CCO", "CCN"])
        [('CCO', ''), ('CCN', '')]
        >>> several("CCO") is None
        True

    Raises:
        ValueError: it is neither, or its numbers have another shape.
    """
    if isinstance(source, SINGLE_INPUTS):
        return None
    if is_numbers(source):
        if _is_one_picture(source):
            return None
        return [(picture, "") for picture in _pictures(source)]
    if reason := _not_an_input(source):
        raise ValueError(reason)
    try:
        members = iter(source)
    except TypeError:  # a number, say: whoever reads it as one input tells what is wrong with it
        return None
    return list(zip(map(_python_value, members), _ids(source), strict=False))


def is_numbers(source: Any) -> TypeGuard[Numbers]:
    """Whether it is an array or a tensor of numbers."""
    return isinstance(source, Tensor) or (
        isinstance(source, np.ndarray) and source.dtype.kind in NUMBER_KINDS
    )


def grey_values(source: Numbers) -> np.ndarray:
    """One picture as `[rows, columns]`, on whatever device it was."""
    values = _array(source)
    has_channel = values.ndim == 3 and len(values) == 1
    return values[0] if has_channel else values  # (rows, columns)


def lacking(reads: str, source: Any) -> str:
    """What is wrong with an input that a model of molecules or of digits cannot read.

    Args:
        reads: molecules or digits.
        source: neither a SMILES nor anything else that it takes.
    """
    if _is_missing(source):
        return "a missing value: leave the row out, or fill it in"
    if isinstance(source, bytes):
        return "bytes: decode them to a text first, such as source.decode()"
    return f"{NEEDED[reads]} is needed, not {type(source).__name__}"


def check_no_file(source: str | Path, reads: str, model_name: str) -> None:
    """Refuse the name of a file that holds many inputs, or another kind of them.

    Args:
        source: what was given as one input.
        reads: molecules or digits.
        model_name: how to call the model in the message.

    Raises:
        ValueError: it is such a name.
    """
    kind = ending(Path(source))
    reads_digits = reads == "digits"
    if reads_digits and kind in PICTURES:
        return
    path = repr(str(source))
    if kind in (MOLECULE_FILES if reads_digits else DIGIT_FILES):
        raise ValueError(
            f"{model_name} reads {reads}: {path} is a file of another kind, choose another model"
        )
    if kind in (DIGIT_FILES if reads_digits else MOLECULE_FILES):
        raise ValueError(f"{path} is a file of inputs: give what molxai.read_inputs reads from it")


def text_of(source: Any, row: int) -> str:
    """What a record says of an input that could not be read."""
    if isinstance(source, str | Path):
        return str(source)
    if isinstance(source, Molecule):
        return source.smiles
    if isinstance(source, bytes | int | float) or _is_missing(source):
        return shortened(str(source))
    return f"{type(source).__name__} [{row}]"


def _is_missing(source: Any) -> bool:
    """Whether it is what Python, pandas and NumPy put in the place of nothing."""
    if source is None or type(source).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(source, float) and math.isnan(source)


def _is_one_picture(numbers: Numbers) -> bool:
    if numbers.ndim == 2:
        return True
    return isinstance(numbers, Tensor) and numbers.ndim == 3 and len(numbers) == 1


def _pictures(numbers: Numbers) -> np.ndarray:
    """Many pictures, without the axis of their channel.

    Raises:
        ValueError: they have another shape.
    """
    values = _array(numbers)
    has_channel = values.ndim == 4 and values.shape[1] == 1
    pictures = values[:, 0] if has_channel else values  # (pictures, rows, columns)
    if pictures.ndim != 3 or pictures.shape[1:] != (SIDE, SIDE):
        raise ValueError(
            f"numbers of shape {list(values.shape)}: [rows, columns] for one picture, "
            f"[n, {SIDE}, {SIDE}] or [n, 1, {SIDE}, {SIDE}] for many are needed"
        )
    return pictures


def _array(numbers: Numbers) -> np.ndarray:
    if isinstance(numbers, np.ndarray):
        return numbers
    values = numbers.detach().cpu()
    if values.is_floating_point():
        values = values.double()  # NumPy has no bfloat16
    return values.numpy()


def _not_an_input(source: Any) -> str:
    """Why it is neither one input nor many; empty if it may be."""
    kind = type(source).__name__
    if isinstance(source, bytes | bytearray | memoryview):
        return f"{kind}: decode it to a text first, such as source.decode()"
    if isinstance(source, Mapping):
        return f"a {kind}: give its values, explain(list(source.values()))"
    if isinstance(source, AnySet):
        return f"a {kind} has no order: give a list"
    if hasattr(source, "columns"):
        return (
            f"a whole table ({kind}): give its column of inputs, such as "
            "explain(table['smiles']), or use molxai.explain_frame"
        )
    return ""


def _python_value(value: Any) -> Any:
    """A value of pyarrow as Python's own; anything else is itself."""
    return value.as_py() if hasattr(value, "as_py") else value


def _ids(source: Any) -> Iterable[str]:
    """The texts of a Series' index, else empty texts without end."""
    labels = list(source.index) if hasattr(source, "iloc") else []
    if labels and all(isinstance(label, str) for label in labels):
        return labels
    return repeat("")
