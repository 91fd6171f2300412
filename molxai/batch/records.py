"""Records: what is said of each input, the same keys in every format, as typed tables and as files."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import pyarrow as pa

from graphormer.network.card import Card
from molxai.batch.rows import Prediction
from molxai.chemistry.fragments import fragments
from molxai.chemistry.schemes import Scheme, lost_notes
from molxai.explanation.entry import Input
from molxai.explanation.explanation import Explanation
from molxai.explanation.record import KEYS, Record, input_record

NUMBERS = (
    "probability",
    "logit",
    "logit_sd",
    "similarity",
    "token_relevance",
    "bias_relevance",
    "gap",
    "convergence_delta",
)


def record(
    one: Input,
    explanation: Explanation | None,
    features: bool = False,
    scheme: Scheme | None = None,
) -> Record:
    """The record of an input and its explanation; without one, of its error.

    Args:
        one: what was given.
        explanation: of it.
        features: add `features`, each node's split over its input features.
        scheme: add `fragments`, the relevance of the parts that it takes the molecule apart into.
    """
    known = input_record(one, explanation, features)
    if explanation is not None and scheme:
        known["fragments"] = [each.to_dict() for each in fragments(explanation, scheme)]
        known["notes"] = [*known["notes"], *lost_notes(explanation.subject, scheme)]
    return known


def prediction_record(one: Input, said: Prediction | None, card: Card) -> Record:
    """The record of a prediction: no method and no relevances.

    `logit_sd` is the spread of an ensemble; `similarity` the Tanimoto similarity of the nearest molecule that the model
    learnt from; `outputs`, where the model has several targets, each one's value or probability of its second class.
    """
    known = record(one, None)
    if said is None:
        return known
    outcome = said.outcome
    return known | {
        "model": card.name,
        "endpoint": said.endpoint or None,
        "target": card.classes[outcome.target.label] if card.classes else None,
        "prediction": card.classes[outcome.prediction] if card.classes else outcome.value,
        "probability": outcome.probability,
        "logit": outcome.logit,
        "unit": card.unit,
        "logit_sd": said.logit_sd,
        "similarity": said.similarity,
        "outputs": said.outputs,
        "notes": list(one.subject.notes) if one.subject else [],
    }


def schema(
    card: Card,
    features: Sequence[str] = (),
    extras: Mapping[str, pa.DataType] = MappingProxyType({}),
    blocks: bool = False,
    fragments: bool = False,
) -> pa.Schema:
    """Names and types of the columns of records.

    Args:
        card: of the model: a regression's predictions are numbers, a classification's are names.
        features: names of the input features over which relevance is split; empty: records hold no split.
        extras: the table's own columns by their names in records, with their types.
        blocks: whether there is a column of mol blocks, for SDF.
        fragments: whether records hold the relevance of fragments.
    """
    kinds = (
        dict.fromkeys(KEYS, pa.string())
        | dict.fromkeys(NUMBERS, pa.float64())
        | {"row": pa.int64(), "notes": pa.list_(pa.string())}
    )
    kinds |= dict.fromkeys(("relevance", "relevance_sd"), pa.list_(pa.float32())) | {
        "atoms": pa.list_(pa.int32())
    }
    kinds["prediction"] = pa.string() if card.classes else pa.float64()
    kinds["outputs"] = (
        pa.struct([(name, pa.float64()) for name in card.endpoints])
        if card.endpoints
        else pa.null()
    )
    if features:
        kinds["features"] = pa.struct([(name, pa.list_(pa.float32())) for name in features])
    if fragments:
        kinds["fragments"] = pa.list_(pa.struct(FRAGMENT))
    return pa.schema([*kinds.items(), *extras.items(), *([(BLOCK, pa.string())] if blocks else [])])


FRAGMENT = (
    ("name", pa.string()),
    ("smiles", pa.string()),
    ("atoms", pa.list_(pa.int32())),
    ("relevance", pa.float64()),
)
"""Names and types of what records say of a fragment."""

BLOCK = "mol_block"
"""Column that SDF files are written from, and other formats never hold."""


def column_names(extras: Sequence[str]) -> dict[str, str]:
    """Under which names columns of the user's table stand in records; `input.` goes before what is taken already."""
    taken, named = {*KEYS, "features", "fragments", BLOCK}, {}
    for extra in extras:
        name = extra
        while name in taken:
            name = f"input.{name}"
        taken.add(name)
        named[extra] = name
    return named
