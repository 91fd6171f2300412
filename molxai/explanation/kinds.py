"""What a source is, by its name: a SMILES or a text, or a file of molecules, digits or texts."""

import json
import os
import re
from pathlib import Path
from typing import Literal

from graphormer.readers.pictures import ARRAYS, PICTURES
from graphormer.readers.sdf import STRUCTURES
from graphormer.readers.tables import TABLES
from graphormer.readers.text import ending

Reads = Literal["molecules", "digits", "texts"]
"""What a model takes."""

SMILES_LINES = ".smi"
"""Ending of files with a SMILES and a name on each line."""


MOLECULE_FILES = (SMILES_LINES, *TABLES)
"""Endings of files of molecules."""


DIGIT_FILES = (*PICTURES, *ARRAYS)
"""Endings of files of digits."""


TEXT_LINES = ".txt"
"""Ending of files with a text on each line."""


TEXT_FILES = (TEXT_LINES, *(kind for kind in TABLES if kind not in STRUCTURES))
"""Endings of files of texts."""


OTHER_FILE = re.compile(
    r"\.(txt|jsonl?|xls|ods|mol2|pdb|zip|html?|xml|feather|pkl|bmp|gif|tiff?|docx?|pdf)$",
    re.IGNORECASE,
)
"""Endings of files that are not read, and that no SMILES has."""


SINGLE = (".mol", ".mdl", *PICTURES)
"""Endings of files that hold one input each."""


def is_table(source: str, reads: Reads = "molecules") -> bool:
    """Whether the argument names a file that may hold many inputs."""
    return is_file(source, reads) and ending(Path(source)) not in SINGLE


def is_file(source: str, reads: Reads = "molecules") -> bool:
    """Whether the argument names a file: it exists, or ends as one of the known kinds.

    A text that has blanks and ends so is a text, unless there is such a file.
    """
    kind = ending(Path(source))
    if reads == "texts":
        is_known = kind in (*TEXT_FILES, *MOLECULE_FILES, *DIGIT_FILES)
        if len(source.split()) == 1 and (is_known or OTHER_FILE.search(source)):
            return True
    elif kind in (*MOLECULE_FILES, *DIGIT_FILES):
        return True
    # Not Path.is_file: to it, a SMILES of 300 characters is an error and not simply no file.
    return os.path.isfile(source)  # noqa: PTH113


def holds_digits(source: str) -> bool:
    """Whether the argument names a picture or an array of pictures."""
    return ending(Path(source)) in DIGIT_FILES


def is_language_model(model: str) -> bool:
    """Whether the name of a model is a folder of Hugging Face, which reads texts."""
    config = Path(model) / "config.json"
    if not model or not config.is_file():
        return False
    try:
        content = json.loads(config.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(content, dict) and "model_type" in content


def refuse_language_model(model: str) -> None:
    """Refuse a language model where one of molecules or digits is needed.

    Raises:
        ValueError: it is one.
    """
    if is_language_model(model):
        raise ValueError(
            f"{model} holds a language model, which reads texts: a model of molecules or digits is "
            "needed here"
        )
