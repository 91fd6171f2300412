"""pandas in, pandas out: a frame of molecules, with the explanation of each."""

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from rdkit import Chem

from graphormer.names import listing, unknown
from graphormer.network.checkpoint import locate, read_card
from graphormer.readers.columns import usual_smiles
from molxai.batch.question import Question, check_reads
from molxai.batch.worker import Worker
from molxai.explanation.optional import needed
from molxai.explanation.record import KEYS

if TYPE_CHECKING:
    import pandas

OURS = "molxai_"
"""Prefix of a column of records whose name the frame has already."""

SETTINGS = (
    "endpoint",
    "features",
    "structure",
    "base",
    "fragments",
    "relevances",
    "max_atoms",
    "batch_size",
    "device",
)
"""Further settings, named as in a `Question`."""

LEFT_OUT = ("id", "row", "input", "smiles")
"""Columns of records that repeat the frame's index and SMILES."""


def explain_frame(
    frame: "pandas.DataFrame",
    smiles_column: str = "",
    model: str = "bace",
    method: str = "lrp",
    target: str = "",
    contrast: str | None = None,
    **settings: Any,
) -> "pandas.DataFrame":
    """The frame with the columns of records beside its own, in the same order and with its index.

    If a molecule cannot be read, `status` is "error", `error` says why, and the rest is empty.

    Example:
        >>> explanations = explain_frame(pandas.DataFrame({"smiles": ["CCO", "?"]}))
        >>> explanations["status"].tolist(), len(explanations["relevance"][0])
        (['ok', 'error'], 3)

    Args:
        frame: one molecule a row.
        smiles_column: of SMILES, or of RDKit molecules; `smiles=` is understood, too.
            [default: found by its name]
        model: shipped model's name, folder, or .safetensors file; it must read molecules.
        method: an id of `EXPLAINERS`.
        target: `pred`, or a class's name or number. [default: the second of two classes, else pred]
        contrast: class whose logit is subtracted.
        settings: of a `Question`: endpoint, features, structure, fragments, relevances, max_atoms,
            batch_size, device.

    Raises:
        ModuleNotFoundError: pandas is not installed.
        ValueError: there is no such column, class, method or setting, or the model reads digits.
        FileNotFoundError: there is no such model.
    """
    pandas = needed("pandas", "explain_frame")
    smiles = _smiles_column(list(map(str, frame.columns)), settings.pop("smiles", smiles_column))
    for name in settings:
        if name not in SETTINGS:
            raise ValueError(unknown("setting", name, SETTINGS, where="of explain_frame"))
    question = Question(model, (method,), target, contrast, **settings)
    card = read_card(locate(model))
    worker = Worker(question.complete(card, several=True, has_labels=False))
    check_reads(worker.explainer, "molecules")
    worker.question.check(worker.explainer)
    records = worker(_rows(frame[smiles]))
    new_columns = _as_frame(records, pandas, frame.columns).set_axis(frame.index, axis=0)
    return pandas.concat([frame, new_columns], axis=1)


def _as_frame(
    records: Mapping[str, np.ndarray], pandas: Any, users_columns: Container[str]
) -> "pandas.DataFrame":
    """Columns of records as a frame; those with the name of a user's column get a prefix."""
    columns = {}
    for name in dict.fromkeys((*KEYS, *records)):
        if name in LEFT_OUT or name not in records:
            continue
        values = records[name]
        column = f"{OURS}{name}" if name in users_columns else name
        columns[column] = pandas.Series(list(values), dtype=_kind(values))
    return pandas.DataFrame(columns)


def _smiles_column(columns: list[str], name: str) -> str:
    """The column of SMILES: the named one, or else the one with a usual name.

    Raises:
        ValueError: there is none, or several.
    """
    remedy = "name the column of SMILES with smiles_column="
    if not name:
        candidates = usual_smiles(columns)
    elif name in columns:
        candidates = [column for column in columns if column == name]
    else:
        raise ValueError(unknown("column", name, columns, remedy))
    if len(candidates) != 1:
        raise ValueError(f"{len(candidates)} columns of SMILES among {listing(columns)}: {remedy}")
    return candidates[0]


def _rows(molecules: "pandas.Series") -> dict[str, np.ndarray]:
    """The column as rows of a `Worker`; a missing value is an empty SMILES, which is refused."""
    content = np.empty(len(molecules), dtype=object)
    for i, (molecule, is_missing) in enumerate(zip(molecules, molecules.isna(), strict=True)):
        content[i] = _content(molecule, is_missing)
    return {"input": np.array([str(cell) for cell in content], dtype=object), "content": content}


def _content(molecule: Any, is_missing: bool) -> Chem.Mol | str:
    if is_missing:
        return ""
    return molecule if isinstance(molecule, Chem.Mol) else str(molecule)


def _kind(values: np.ndarray) -> str:
    """Numbers stay numbers, with NaN if a row has none."""
    numbers = [value for value in values if value is not None]
    if numbers and all(isinstance(value, float) for value in numbers):
        return "float64"
    return "object"
