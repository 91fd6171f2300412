"""Names of outputs: one that could not be written is refused before any work."""

from collections.abc import Sequence
from pathlib import Path

import typer

from graphormer.files import missing_folder, real_path
from graphormer.names import nearest, unknown
from molxai.batch.writers import FORMATS
from molxai.explanation.kinds import is_file


def check_output(path: Path | None, pictures: bool = True) -> None:
    """Refuse what could not be written, before any work.

    Raises:
        ValueError: the name has another ending, or names a folder.
        FileNotFoundError: the folder of the file does not exist.
    """
    from molxai.rendering import ENDINGS

    endings = (*FORMATS, *(ENDINGS if pictures else ()))
    if path and path.is_dir() and path.suffix.lower() in endings:
        raise ValueError(
            f"{path} is a folder: name a file, or a folder without an ending for pictures"
        )
    if path and not path.suffix and path.is_file():
        raise ValueError(f"{path} is a file: a folder is needed for pictures")
    if path is None or (pictures and is_folder(path)):
        return
    if path.suffix.lower() not in endings:
        raise ValueError(_other_ending(path, endings) + (", or be a folder" if pictures else ""))
    check_ending(path, endings)


def check_ending(path: Path | None, endings: Sequence[str]) -> None:
    """Refuse a file that could not be written, before any work.

    Raises:
        ValueError: its name ends otherwise.
        FileNotFoundError: its folder does not exist.
    """
    if path is None:
        return
    if path.suffix.lower() not in endings or path.is_dir():
        raise ValueError(_other_ending(path, endings))
    if not path.parent.is_dir():
        raise FileNotFoundError(missing_folder(path))


def check_not_an_input(sources: Sequence[str], output: Path | None) -> None:
    """Refuse to write over what is read.

    Raises:
        typer.BadParameter: the output is one of the sources.
    """
    if output is None:
        return
    if real_path(output) in (real_path(source) for source in sources if is_file(source)):
        raise typer.BadParameter(
            f"{output} is the input: name another file to write, or it would be lost"
        )


def _other_ending(path: Path, endings: Sequence[str]) -> str:
    """What is wrong with a name that ends otherwise."""
    near = nearest(path.suffix, endings, SLIP)
    article = f"did you mean {path.stem}{near[0]}? An" if near else "an"
    return f"{path}: {article} output's name must end in {', '.join(endings)}"


SLIP = 0.75
"""Likeness of a mistyped ending: .jsn is meant to be .json, but .pdf is no .sdf."""


def is_folder(path: Path) -> bool:
    """Whether an output is meant as a folder of pictures."""
    return path.is_dir() or not path.suffix


def check_format(name: str) -> None:
    """Refuse a format that pictures in a folder do not have.

    Raises:
        ValueError: it is none of theirs.
    """
    from molxai.rendering import FOLDER_FORMATS

    if name not in FOLDER_FORMATS:
        raise ValueError(unknown("picture format", name, FOLDER_FORMATS))


def is_record_file(path: Path) -> bool:
    """Whether an output is a file of records."""
    return not is_folder(path) and path.suffix.lower() in FORMATS
