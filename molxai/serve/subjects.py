"""The inputs of a request as rows."""

import base64
import binascii
from collections.abc import Sequence

import numpy as np

from molxai.explanation.entry import Entry
from molxai.serve.api import LARGEST_SIDE, Subjects
from molxai.serve.pasted import as_file
from molxai.serve.settings import Settings
from molxai.serve.unpacking import OversizedError
from molxai.serve.uploads import limit_length, uploaded

KINDS = ("inputs", "text", "image", "picture")
"""What a request may ask about, by the names of its fields."""

LARGEST_GREY = 255
"""Grey values above 1 are bytes."""


def subjects(asked: Subjects, settings: Settings) -> list[Entry]:
    """What a request asks about.

    Raises:
        ValueError: nothing, or several kinds at once; a picture that is none.
        OversizedError: too much.
    """
    kinds = [name for name in KINDS if getattr(asked, name) is not None]
    if len(kinds) != 1:
        what = " and ".join(kinds) or "nothing"
        raise ValueError(f"{what} to explain: one of inputs, text, image and picture is needed")
    if asked.inputs is not None:
        return _smiles_rows(asked.inputs, settings)
    if asked.text is not None:
        rows = pasted_rows(asked.text, settings)
        _check_count(len(rows), settings)
        return rows
    if asked.picture is not None:
        return uploaded(asked.name, _decode(asked.picture), settings)
    assert asked.image is not None
    return [Entry(asked.name, _grey_values(asked.image), "array")]


def _smiles_rows(inputs: Sequence[str], settings: Settings) -> list[Entry]:
    _check_count(len(inputs), settings)
    rows = [Entry(text, text, "smiles", row) for row, text in enumerate(inputs)]
    return [limit_length(row, settings) for row in rows]


def pasted_rows(text: str, settings: Settings) -> list[Entry]:
    """The rows of pasted text.

    Raises:
        ValueError: as `as_file` and `uploaded`.
    """
    file = as_file(text)
    return uploaded(file.name, file.content.encode(errors="replace"), settings)


def _check_count(count: int, settings: Settings) -> None:
    if count > settings.most_inputs:
        raise OversizedError(
            f"{count} inputs at once: at most {settings.most_inputs}, send more as a file to "
            "/api/upload"
        )


def _decode(picture: str) -> bytes:
    try:
        return base64.b64decode(picture, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the picture is no base64 text ({error})") from error


def _grey_values(rows: list[list[float]]) -> np.ndarray:
    """The picture as an array from 0 to 1."""
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or max(lengths) > LARGEST_SIDE or len(rows) > LARGEST_SIDE:
        widths = " or ".join(map(str, sorted(lengths)[:3]))
        raise ValueError(
            f"an image of {len(rows)} rows of {widths} values: rows of one length are needed, at "
            f"most {LARGEST_SIDE} × {LARGEST_SIDE}"
        )
    values = np.array(rows, dtype=np.float64)  # (rows, columns)
    is_in_bytes = values.size and values.max() > 1
    return values / LARGEST_GREY if is_in_bytes else values
