"""Records: what is said of each input, with the same keys in every format."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa

from molxai.batch.rows import Prediction
from molxai.chemistry.fragments import fragments
from molxai.chemistry.schemes import Scheme, lost_notes
from molxai.explanation.about import About
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.record import (
    KEYS,
    TEXT_KEYS,
    WORD_RELEVANCE,
    Record,
    input_record,
    notes_of,
)

NUMBERS = (
    "probability",
    "logit",
    "logit_sd",
    "similarity",
    "token_relevance",
    "bias_relevance",
    "structure_relevance",
    "gap",
    "convergence_delta",
)
"""Keys whose values are single numbers."""

FRAGMENT = (
    ("name", pa.string()),
    ("smiles", pa.string()),
    ("atoms", pa.list_(pa.int32())),
    ("relevance", pa.float64()),
)
"""Names and types of what records say of a fragment."""

BOND = (("nodes", pa.list_(pa.int32())), ("relevance", pa.float64()))
"""Names and types of what records say of a bond or edge."""

BLOCK = "mol_block"
"""Column that SDF files are written from, and other formats never hold."""

OPTIONAL_KEYS = (*TEXT_KEYS, "features", "structure", "bonds", "fragments", BLOCK)
"""Keys that records have on request."""


def record(
    row: Input,
    explanation: Explanation | None,
    features: bool = False,
    scheme: Scheme | None = None,
) -> Record:
    """The record of an input and its explanation; without one, of its error.

    Args:
        row: what was given.
        explanation: of it.
        features: add `features`, each node's split over its input features, and if structure has
            relevance `structure` and `bonds`.
        scheme: add `fragments`, the relevance of the fragments that it splits the molecule into.
    """
    content = input_record(row, explanation, features)
    if explanation is not None and scheme:
        content["fragments"] = [fragment.to_dict() for fragment in fragments(explanation, scheme)]
        content["notes"] = [*content["notes"], *lost_notes(explanation.subject, scheme)]
    return content


def prediction_record(row: Input, prediction: Prediction | None, card: About) -> Record:
    """The record of a prediction: no method and no relevances.

    `logit_sd` is the spread of an ensemble, and `similarity` the Tanimoto similarity to the nearest
    training molecule. `outputs` holds, if the model has several targets, the value of each, or the
    probability of its second class.
    """
    content = record(row, None)
    if prediction is None:
        return content
    outcome = prediction.outcome
    return content | {
        "model": card.name,
        "endpoint": prediction.endpoint or None,
        "target": card.classes[outcome.target.label] if card.classes else None,
        "prediction": card.classes[outcome.prediction] if card.classes else outcome.value,
        "probability": outcome.probability,
        "logit": outcome.logit,
        "unit": card.unit,
        "logit_sd": prediction.logit_sd,
        "similarity": prediction.similarity,
        "outputs": prediction.outputs,
        "notes": list(notes_of(row)),
    }


def schema(
    card: About,
    features: Sequence[str] = (),
    extras: Mapping[str, pa.DataType] = MappingProxyType({}),
    blocks: bool = False,
    fragments: bool = False,
    structure: Mapping[str, Sequence[str]] = MappingProxyType({}),
    words: bool = False,
) -> pa.Schema:
    """Names and types of the columns of records.

    Args:
        card: of the model: a regression's predictions are numbers, a classification's are names.
        features: names of the input features over which relevance is split; empty: records hold no
            split.
        extras: the table's own columns by their names in records, with their types.
        blocks: whether there is a column of mol blocks, for SDF.
        fragments: whether records hold the relevance of fragments.
        structure: names of its entries by kind; empty: records hold none.
        words: whether records hold the tokens and words of a text.
    """
    per_node = pa.list_(pa.float32())
    types = dict.fromkeys(KEYS, pa.string())
    types |= dict.fromkeys(NUMBERS, pa.float64())
    types |= {
        "row": pa.int64(),
        "notes": pa.list_(pa.string()),
        "atoms": pa.list_(pa.int32()),
        "relevance": per_node,
        "relevance_sd": per_node,
        "relevance_error": per_node,
        "prediction": pa.string() if card.classes else pa.float64(),
        "outputs": pa.null(),
    }
    if card.endpoints:
        types["outputs"] = pa.struct([(name, pa.float64()) for name in card.endpoints])
    if words:
        types |= dict.fromkeys(TEXT_KEYS, pa.list_(pa.string())) | {WORD_RELEVANCE: per_node}
    if features:
        types["features"] = pa.struct([(name, per_node) for name in features])
    if structure:
        kinds = {
            kind: pa.struct([(name, pa.float64()) for name in names])
            for kind, names in structure.items()
        }
        types["structure"] = pa.struct(list(kinds.items()))
        types["bonds"] = pa.list_(pa.struct(BOND))
    if fragments:
        types["fragments"] = pa.list_(pa.struct(FRAGMENT))
    types |= extras
    if blocks:
        types[BLOCK] = pa.string()
    return pa.schema(list(types.items()))


def column_names(extras: Sequence[str]) -> dict[str, str]:
    """The names in records of the user's own columns: `input.` goes before a name that is taken.

    Example:
        >>> column_names(["plate", "row"])
        {'plate': 'plate', 'row': 'input.row'}
    """
    return free_names(extras, {*KEYS, *OPTIONAL_KEYS})


def free_names(columns: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """A name for each column that no other has: `input.` goes before one that is taken."""
    used = set(taken)
    names = {}
    for column in columns:
        name = column
        while name in used:
            name = f"input.{name}"
        used.add(name)
        names[column] = name
    return names
