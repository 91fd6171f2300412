"""The inputs of a request as rows."""

import base64
import binascii

import numpy as np

from molxai.explanation.inputs import Entry
from molxai.serve.api import LARGEST_SIDE, Subjects
from molxai.serve.pasted import pasted
from molxai.serve.settings import Settings
from molxai.serve.uploads import OversizedError, bounded, uploaded


def subjects(asked: Subjects, settings: Settings) -> list[Entry]:
    """What a request asks about.

    Raises:
        ValueError: nothing, or several kinds at once; a picture that is none; `OversizedError`: too much.
    """
    given = [
        name for name in ("inputs", "text", "image", "picture") if getattr(asked, name) is not None
    ]
    if len(given) != 1:
        raise ValueError(
            f"{' and '.join(given) or 'nothing'} to explain: one of inputs, text, image and picture is needed"
        )
    if asked.inputs is not None:
        _check_count(len(asked.inputs), settings)
        return [
            bounded(Entry(one, one, "smiles", row), settings)
            for row, one in enumerate(asked.inputs)
        ]
    if asked.text is not None:
        found = pasted_rows(asked.text, settings)
        _check_count(len(found), settings)
        return found
    if asked.picture is not None:
        return uploaded(asked.name, _decoded(asked.picture), settings)
    assert asked.image is not None
    return [Entry(asked.name, _grey(asked.image), "array")]


def pasted_rows(text: str, settings: Settings) -> list[Entry]:
    """The rows of pasted text.

    Raises:
        ValueError: as `pasted` and `uploaded`.
    """
    found = pasted(text)
    return uploaded(found.name, found.content.encode(errors="replace"), settings)


def _check_count(count: int, settings: Settings) -> None:
    if count > settings.most_inputs:
        raise OversizedError(
            f"{count} inputs at once: at most {settings.most_inputs}, send more as a file to /api/upload"
        )


def _decoded(picture: str) -> bytes:
    try:
        return base64.b64decode(picture, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the picture is no base64 text ({error})") from error


def _grey(rows: list[list[float]]) -> np.ndarray:
    """The picture as an array from 0 to 1."""
    wide = {len(row) for row in rows}
    if len(wide) != 1 or max(wide) > LARGEST_SIDE or len(rows) > LARGEST_SIDE:
        sides = f"{len(rows)} rows of {' or '.join(map(str, sorted(wide)[:3]))} values"
        raise ValueError(
            f"an image of {sides}: rows of one length are needed, at most {LARGEST_SIDE} × {LARGEST_SIDE}"
        )
    values = np.array(rows, dtype=np.float64)
    return values / 255 if values.size and values.max() > 1 else values
