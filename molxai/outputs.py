"""What is written: one record per input with the same keys in every format, or pictures."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphormer.checkpoint import Card
from graphormer.files import write_file
from molxai.batch import Explained, Prediction, draw_all
from molxai.explanation import Explanation
from molxai.inputs import Input

Record = dict[str, Any]

KEYS = (
    *("id", "row", "input", "status", "error", "model", "method", "endpoint", "target", "prediction", "probability", "logit", "unit"),
    *("logit_sd", "similarity", "outputs"),
    *("relevance", "relevance_sd", "token_relevance", "bias_relevance", "gap", "convergence_delta", "notes"),
)
"""In this order. A record of an input that could not be read has `status` "error", `error`, and nothing from `model` on."""


def record(one: Input, explanation: Explanation | None, features: bool = False) -> Record:
    """The record of an input and its explanation; without one, of its error."""
    known: Record = dict.fromkeys(KEYS)
    known |= {"id": one.id or str(one.row), "row": one.row, "input": one.text}
    known |= {"status": "error" if one.error else "ok", "error": one.error or None}
    return known if explanation is None else known | explanation.to_dict(features)


def _as_json(records: Sequence[Record]) -> str:
    return json.dumps(records, indent=1, ensure_ascii=False) + "\n"


def _as_json_lines(records: Sequence[Record]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)


def _as_csv(records: Sequence[Record]) -> str:
    """Lists and dictionaries are JSON inside their cell."""
    text = io.StringIO()
    columns = list(dict.fromkeys(key for one in records for key in one))
    writer = csv.DictWriter(text, columns or KEYS, lineterminator="\n")
    writer.writeheader()
    for one in records:
        writer.writerow({k: json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for k, v in one.items()})
    return text.getvalue()


FORMATS = {".json": _as_json, ".jsonl": _as_json_lines, ".csv": _as_csv}
"""How records are written, by the ending of the file."""


def write_records(records: Sequence[Record], path: Path) -> None:
    """Write the records in the format of the file's ending, at once or not at all.

    Raises:
        ValueError: an unknown ending.
    """
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"{path}: records are written to {', '.join(FORMATS)}")
    write_file(path, FORMATS[path.suffix.lower()](records))


def check_output(path: Path | None, style: str = "highlight", pictures: bool = True) -> None:
    """Refuse what could not be written, before any work.

    Raises:
        ValueError: an ending or a picture style that is not known.
        FileNotFoundError: the folder of the file does not exist.
    """
    from molxai.rendering import ENDINGS, STYLES

    if style not in STYLES:
        raise ValueError(f"style {style!r}: {' or '.join(STYLES)} is needed")
    known = (*FORMATS, *(ENDINGS if pictures else ()))
    if path and path.is_dir() and path.suffix.lower() in known:
        raise ValueError(f"{path} is a folder: name a file, or a folder without an ending for pictures")
    if path and not path.suffix and path.is_file():
        raise ValueError(f"{path} is a file: a folder is needed for pictures")
    if path is None or (pictures and is_folder(path)):
        return
    if path.suffix.lower() not in known:
        raise ValueError(f"{path}: an output's name must end in {', '.join(known)}{', or be a folder' if pictures else ''}")
    check_ending(path, known)


def check_ending(path: Path | None, endings: Sequence[str]) -> None:
    """Refuse a file that could not be written, before any work.

    Raises:
        ValueError: its name ends otherwise.
        FileNotFoundError: its folder does not exist.
    """
    if path is None:
        return
    if path.suffix.lower() not in endings or path.is_dir():
        raise ValueError(f"{path}: an output's name must end in {', '.join(endings)}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no folder {str(path.parent)!r} to write {path.name} into: create it first")


def check_count(path: Path | None, inputs: int) -> None:
    """Refuse one picture for several inputs, before any work.

    Raises:
        ValueError: it is so.
    """
    from molxai.rendering import ENDINGS

    if path and not is_folder(path) and path.suffix.lower() in ENDINGS and inputs != 1:
        raise ValueError(f"{inputs} inputs but one picture: give a folder (-o maps), or explain one at a time")


def is_folder(path: Path) -> bool:
    """Whether an output is meant as a folder of pictures."""
    return path.is_dir() or not path.suffix


def write_explanations(rows: Sequence[Explained], path: Path, features: bool, style: str, numbers: bool) -> None:
    """Records, one picture, or a folder of pictures, as the path says."""
    if is_folder(path):
        draw_all(rows, path, style, numbers)
    elif path.suffix.lower() in FORMATS:
        write_records([record(one, explanation, features) for one, explanation in rows], path)
    else:
        from molxai.rendering.picture import draw

        explanation = rows[0][1]
        assert explanation is not None
        draw(explanation, path, style, numbers)


def prediction_record(one: Input, said: Prediction | None, card: Card) -> Record:
    """The record of a prediction: no method and no relevances.

    `logit_sd` is the spread of an ensemble; `similarity` the Tanimoto similarity of the nearest molecule that the model
    learnt from; `outputs`, where the model has several targets, each one's value or probability of its second class.
    """
    known = record(one, None)
    if said is None:
        return known
    outcome = said.outcome
    name = card.classes[outcome.prediction] if card.classes else outcome.value
    return known | {
        "model": card.name,
        "endpoint": said.endpoint or None,
        "target": name if card.classes else None,
        "prediction": name,
        "probability": outcome.probability,
        "logit": outcome.logit,
        "unit": card.unit,
        "logit_sd": said.logit_sd,
        "similarity": said.similarity,
        "outputs": said.outputs,
        "notes": list(one.subject.notes) if one.subject else [],
    }
