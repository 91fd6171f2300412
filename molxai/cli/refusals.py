"""Options of pictures that an output would ignore, which are refused before any work."""

import re
from pathlib import Path

import typer

from molxai.cli.drawing import APPEARANCE_OPTIONS, PICTURE_OPTIONS, Appearance, Pictures
from molxai.cli.options import option_names, typed_options, usage
from molxai.cli.outputs import is_folder
from molxai.rendering import ENDINGS, FORMATS, KINDS, Format
from molxai.rendering.look import USUAL_WIDTH

ONLY_FOR = {
    "molecules": ("style", "atom_numbers", "align"),
    "digits": ("panel",),
}
"""Options that are for one kind of input only."""

OF_PAGES = ("style", "atom_numbers", "cmap")
"""Options that the pictures of a page follow as well."""


def refuse_for(output: Path | None, pictures: Pictures, reads: str) -> None:
    """Refuse options that the output would ignore.

    Raises:
        typer.BadParameter: one is given.
    """
    options = typed_options(PICTURE_OPTIONS)
    file_format = picture_format(output, pictures)
    if options and not file_format:
        raise typer.BadParameter(
            f"{option_names(options)}: for pictures only; "
            f"give -o with {', '.join(ENDINGS)} or a folder, or leave it out"
        )
    _refuse_for_kind(reads)
    if file_format:
        _refuse_for_format(file_format, output is not None and is_folder(output))
        if pictures.width:
            usage(pictures.look().fit, USUAL_WIDTH, KINDS[file_format])
    _refuse_for_grid(output, pictures)


def refuse_looks(output: Path | None, appearance: Appearance, reads: str) -> None:
    """Refuse options that the output of a comparison would ignore, or that cannot be.

    Raises:
        typer.BadParameter: one is given.
    """
    look = usage(appearance.look)
    file_format = None if output is None else FORMATS.get(output.suffix.lower())
    is_page = output is not None and output.suffix.lower() == ".html"
    wrong = typed_options(
        [name for name in APPEARANCE_OPTIONS if name not in OF_PAGES or not is_page]
    )
    if wrong and not file_format:
        raise typer.BadParameter(
            f"{option_names(wrong)}: for pictures only; give -o with {', '.join(ENDINGS)}, "
            "or leave it out"
        )
    _refuse_for_kind(reads)
    if file_format:
        _refuse_for_format(file_format, in_folder=False)
        usage(look.fit, USUAL_WIDTH, KINDS[file_format])


def _refuse_for_kind(reads: str) -> None:
    """Refuse what is for another kind of input."""
    for kind, names in ONLY_FOR.items():
        wrong = typed_options(names)
        if wrong and reads != kind:
            raise typer.BadParameter(
                f"{option_names(wrong)}: for {kind}, and these are {reads}; leave it out"
            )


def picture_format(output: Path | None, pictures: Pictures) -> Format | None:
    """The format of the pictures that are written; None if there are none."""
    if output is None:
        return None
    if is_folder(output):
        return FORMATS[f".{pictures.picture_format}"]
    return FORMATS.get(output.suffix.lower())


def _refuse_for_format(file_format: Format, in_folder: bool) -> None:
    """Refuse what the format of a picture cannot hold."""
    remedy = "add --format png" if in_folder else "name a .png"
    if typed_options(("dpi",)) and KINDS[file_format] != "png":
        raise typer.BadParameter(
            f"--dpi: for .png, .jpg and .tiff, {ARTICLES[file_format]} has no pixels; "
            f"{remedy}, or leave it out"
        )
    if typed_options(("transparent",)) and file_format == "jpg":
        raise typer.BadParameter(
            f"--transparent: a JPEG has no transparency; {remedy}, or leave it out"
        )


ARTICLES = {"svg": "an SVG", "pdf": "a PDF"}
"""Formats without pixels in a sentence."""


def _refuse_for_grid(output: Path | None, pictures: Pictures) -> None:
    """Refuse what is for one figure, or for a folder, in the other."""
    in_folder = output is not None and is_folder(output)
    if typed_options(("picture_format",)) and not in_folder:
        raise typer.BadParameter(
            f"--format: for a folder of pictures only; the ending of {output} says its format"
        )
    if pictures.grid and in_folder:
        raise typer.BadParameter(
            f"--grid: for one figure, and {output} is a folder; give -o with a file, like grid.pdf"
        )
    if pictures.align and not in_folder and not pictures.grid:
        raise typer.BadParameter(
            "--align: for several molecules; add --grid, like 3x2, or name a folder, as in -o maps"
        )
    if pictures.grid and typed_options(("panel",)):
        raise typer.BadParameter(
            "--panel: a grid shows the relevance of digits alone; leave it out"
        )
    if pictures.letters and not pictures.grid:
        raise typer.BadParameter("--letters: for a figure of several inputs; add --grid, like 3x2")


def grid_size(text: str) -> tuple[int, int | None]:
    """Columns and rows as they were typed; as many rows as are needed if there are none.

    Example:
        >>> grid_size("3x2"), grid_size("4")
        ((3, 2), (4, None))

    Raises:
        ValueError: they are no whole numbers from 1 on.
    """
    columns, *rows = re.split("[xX×]", text.replace(" ", ""))
    numbers = [columns, *rows]
    is_size = len(rows) < 2 and all(
        number.isascii() and number.isdigit() and int(number) for number in numbers
    )
    if not is_size:
        raise ValueError(f"grid {text!r}: give columns x rows, like 3x2, or columns alone, like 3")
    return int(columns), int(rows[0]) if rows else None
