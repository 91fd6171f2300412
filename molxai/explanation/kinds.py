"""What a source is, by its name: a SMILES, or a file of molecules or digits."""

import os
import re
from pathlib import Path

from graphormer.readers.pictures import ARRAYS, PICTURES
from graphormer.readers.tables import TABLES
from graphormer.readers.text import (
    ending,
)

SMILES_LINES = ".smi"
"""Ending of files with a SMILES and a name on each line."""


MOLECULE_FILES = (SMILES_LINES, *TABLES)
"""Endings of files of molecules."""


DIGIT_FILES = (*PICTURES, *ARRAYS)
"""Endings of files of digits."""


OTHER_FILE = re.compile(
    r"\.(txt|xls|ods|mol2|pdb|zip|html?|xml|feather|pkl|bmp|gif|tiff?|docx?|pdf)$", re.IGNORECASE
)
"""Endings of files that are not read, and that no SMILES has."""


SINGLE = (".mol", ".mdl", *PICTURES)
"""Endings of files that hold one input each."""


def is_table(source: str) -> bool:
    """Whether the argument names a file that may hold many inputs."""
    return is_file(source) and ending(Path(source)) not in SINGLE


def is_file(source: str) -> bool:
    """Whether the argument names a file: it exists, or ends as one of the known kinds."""
    if ending(Path(source)) in (*MOLECULE_FILES, *DIGIT_FILES):
        return True
    # Not Path.is_file: to it, a SMILES of 300 characters is an error and not simply no file.
    return os.path.isfile(source)  # noqa: PTH113


def holds_digits(source: str) -> bool:
    """Whether the argument names a picture or an array of pictures."""
    return ending(Path(source)) in DIGIT_FILES
