"""Options of pictures, and the `Look` that they make."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molxai.cli.completion import FORMATS, PALETTES, SCALES, STYLES, one_of
from molxai.cli.options import option_names, typed_options

if TYPE_CHECKING:
    from molxai.rendering.look import Look

CMAP = (
    "Colours: red-blue, orange-purple, brown-teal or pink-green. "
    "Colour-blind people can tell all of them apart."
)
SCALE = (
    "Relevance in full colour, in a folder of pictures: own (the largest of each picture), "
    "common (the largest of all), or a number."
)
FORMAT = "Pictures in a folder: svg, or png for office programs and e-mail."
CAPTION = "Your own words below a picture instead of the usual lines above and below."

ALIGN = (
    "Draw all molecules of a folder or report on a common core: mcs for the largest one that most "
    "of the first 60 molecules share, or the core as SMARTS or SMILES. [default: each as it is]"
)

Align = Annotated[str, typer.Option("--align", help=ALIGN, show_default=False)]
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


@dataclass(frozen=True)
class Pictures:
    """How pictures look."""

    style: Style = "highlight"
    atom_numbers: AtomNumbers = False
    cmap: Cmap = "red-blue"
    scale: ScaleName = "own"
    dpi: Dpi = 100
    picture_format: PictureFormat = "svg"
    transparent: Transparent = False
    caption: Caption = None
    no_caption: NoCaption = False
    align: Align = ""

    def look(self) -> "Look":
        """The look of these choices.

        Raises:
            ValueError: one is not known, or both --caption and --no-caption are given.
        """
        from molxai.rendering.look import Look

        if self.no_caption and self.caption:
            raise ValueError("--caption and --no-caption: give one of them")
        return Look(
            self.style,
            self.atom_numbers,
            self.cmap,
            dpi=self.dpi,
            transparent=self.transparent,
            caption="" if self.no_caption else self.caption,
        )


PICTURE_OPTIONS = tuple(field.name for field in fields(Pictures))
"""Names of the parameters of pictures."""


def refuse_for(output: Path | None, picture_format: str) -> None:
    """Refuse options that the output would ignore.

    Raises:
        typer.BadParameter: one is given.
    """
    from molxai.cli.outputs import is_folder
    from molxai.rendering import ENDINGS

    in_folder = output is not None and is_folder(output)
    ending = ""
    if in_folder:
        ending = f".{picture_format}"
    elif output:
        ending = output.suffix.lower()
    options = typed_options(PICTURE_OPTIONS)
    if options and ending not in ENDINGS:
        raise typer.BadParameter(
            f"{option_names(options)}: for pictures only; "
            "give -o with .svg, .png or a folder, or leave it out"
        )
    if typed_options(("dpi",)) and ending == ".svg":
        remedy = "add --format png" if in_folder else "name a .png"
        raise typer.BadParameter(
            f"--dpi: for PNG only, an SVG has no pixels; {remedy}, or leave it out"
        )
    if typed_options(("align",)) and not in_folder:
        raise typer.BadParameter(
            "--align: for several molecules; name a folder, as in -o maps, or leave it out"
        )
    if typed_options(("picture_format",)) and not in_folder:
        raise typer.BadParameter(
            f"--format: for a folder of pictures only; the ending of {output} says its format"
        )
