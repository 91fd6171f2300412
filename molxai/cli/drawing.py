"""Options of pictures, and the look that they make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molxai.cli.completion import FORMATS, PALETTES, SCALES, STYLES, one_of
from molxai.cli.options import given, option_names

if TYPE_CHECKING:
    from molxai.rendering.look import Look, Scale

CMAP = "Colours: red-blue, orange-purple, brown-teal or pink-green; all can be told apart by the colour-blind."
SCALE = "Full colour in a folder of pictures: own (each one's largest relevance), common (the largest of all), or a number."
FORMAT = "Pictures in a folder: svg, or png for office programs and e-mail."
CAPTION = "Your own words below a picture instead of the usual lines above and below."

Style = Annotated[
    str,
    typer.Option(
        help="How molecules are painted: highlight or contour.", autocompletion=one_of(STYLES)
    ),
]
AtomNumbers = Annotated[
    bool, typer.Option("--atom-numbers", help="Write atom indices into molecule pictures.")
]
Cmap = Annotated[
    str, typer.Option("--cmap", "--palette", help=CMAP, autocompletion=one_of(PALETTES))
]
ScaleName = Annotated[str, typer.Option("--scale", help=SCALE, autocompletion=one_of(SCALES))]
Dpi = Annotated[int, typer.Option(help="Pixels per inch of a .png; a picture is 7.6 inches wide.")]
PictureFormat = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help=FORMAT, autocompletion=one_of(FORMATS))
]
Transparent = Annotated[bool, typer.Option("--transparent", help="Leave out the white background.")]
Caption = Annotated[str | None, typer.Option(help=CAPTION, show_default=False)]
NoCaption = Annotated[
    bool, typer.Option("--no-caption", help="Only the drawing and its colour bar.")
]


def chosen_look(
    style: str = "highlight",
    numbers: bool = False,
    cmap: str = "red-blue",
    dpi: int = 100,
    transparent: bool = False,
    caption: str | None = None,
    no_caption: bool = False,
) -> "Look":
    """The look of these choices.

    Raises:
        ValueError: one is not known, or a caption is both given and unwanted.
    """
    from molxai.rendering.look import Look

    if no_caption and caption:
        raise ValueError("--caption and --no-caption: give one of them")
    return Look(
        style,
        numbers,
        cmap,
        dpi=dpi,
        transparent=transparent,
        caption="" if no_caption else caption,
    )


PICTURE_OPTIONS = (
    "style",
    "atom_numbers",
    "cmap",
    "scale",
    "dpi",
    "transparent",
    "caption",
    "no_caption",
    "picture_format",
)
"""Parameters that only pictures have."""


def refuse_for(output: Path | None, picture_format: str) -> None:
    """Refuse options that would be ignored by what is written.

    Raises:
        typer.BadParameter: one is given.
    """
    from molxai.cli.outputs import is_folder
    from molxai.rendering import ENDINGS

    folder = output is not None and is_folder(output)
    ending = f".{picture_format}" if folder else output.suffix.lower() if output else ""
    if ending not in ENDINGS and (found := given(PICTURE_OPTIONS)):
        raise typer.BadParameter(
            f"{option_names(found)}: for pictures only; give -o with .svg, .png or a folder, or leave it out"
        )
    if given(("dpi",)) and ending == ".svg":
        remedy = "add --format png" if folder else "name a .png"
        raise typer.BadParameter(
            f"--dpi: for PNG only, an SVG has no pixels; {remedy}, or leave it out"
        )
    if given(("picture_format",)) and not folder:
        raise typer.BadParameter(
            f"--format: for a folder of pictures only; the ending of {output} says its format"
        )


def chosen_scale(text: str) -> "Scale":
    """The scale of that name or number.

    Raises:
        ValueError: it is neither.
    """
    from molxai.rendering.look import scale_of

    return scale_of(text)
