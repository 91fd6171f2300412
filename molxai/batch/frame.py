"""pandas in, pandas out: a frame of molecules with what is said of each."""

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
"""Before the name of a column of records that the frame has already."""

SETTINGS = ("endpoint", "features", "fragments", "relevances", "max_atoms", "batch_size", "device")
"""Further choices, named as in a `Worker`."""

LEFT_OUT = ("id", "row", "input", "smiles")
"""Columns of records that the frame's own index and SMILES say already."""


def explain_frame(
    frame: "pandas.DataFrame",
    smiles_column: str = "",
    model: str = "bace",
    method: str = "lrp",
    target: str = "",
    contrast: str | None = None,
    **settings: Any,
) -> "pandas.DataFrame":
    """The frame with the columns of records beside its own: one row for each, in order, with the same index.

    Where a molecule cannot be read, `status` is "error", `error` says why, and the rest is empty.

    Example:
        >>> made = explain_frame(pandas.DataFrame({"smiles": ["CCO", "?"]}))
        >>> made["status"].tolist(), len(made["relevance"][0])
        (['ok', 'error'], 3)

    Args:
        frame: one molecule a row.
        smiles_column: of SMILES, or of RDKit molecules; `smiles=` is understood, too. [default: found by its name]
        model: shipped model's name, folder, or .safetensors file; it must read molecules.
        method: an id of `EXPLAINERS`.
        target: `pred`, or a class's name or number. [default: the second of two classes, else pred]
        contrast: class whose logit is subtracted.
        settings: of a `Worker`: endpoint, features, fragments, relevances, max_atoms, batch_size, device.

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
    worker = Worker(question.complete(card, several=True, labelled=False))
    check_reads(worker.explainer, "molecules")
    worker.question.check(worker.explainer)
    said = worker(_rows(frame[smiles]))
    names = [name for name in (*KEYS, *said) if name in said and name not in LEFT_OUT]
    columns = {
        f"{OURS}{name}" if name in frame.columns else name: said[name]
        for name in dict.fromkeys(names)
    }
    made = pandas.DataFrame(
        {name: pandas.Series(list(values), dtype=_kind(values)) for name, values in columns.items()}
    )
    return pandas.concat([frame, made.set_axis(frame.index, axis=0)], axis=1)


def _smiles_column(columns: list[str], wanted: str) -> str:
    """The column of SMILES: the wanted one, or the one with a usual name.

    Raises:
        ValueError: there is none, or several.
    """
    remedy = "name the column of SMILES with smiles_column="
    found = [name for name in columns if name == wanted] if wanted else usual_smiles(columns)
    if wanted and not found:
        raise ValueError(unknown("column", wanted, columns, remedy))
    if len(found) != 1:
        raise ValueError(f"{len(found)} columns of SMILES among {listing(columns)}: {remedy}")
    return found[0]


def _rows(molecules: "pandas.Series") -> dict[str, np.ndarray]:
    """The column as rows of a `Worker`; what is missing is an empty SMILES, which is refused as such."""
    content = np.empty(len(molecules), dtype=object)
    given = zip(molecules, molecules.isna(), strict=True)
    content[:] = [
        "" if missing else one if isinstance(one, Chem.Mol) else str(one) for one, missing in given
    ]
    return {"input": np.array([str(one) for one in content], dtype=object), "content": content}


def _kind(values: np.ndarray) -> str:
    """Numbers stay numbers, with NaN where a row has none."""
    numbers = [one for one in values if one is not None]
    return "float64" if numbers and all(isinstance(one, float) for one in numbers) else "object"
