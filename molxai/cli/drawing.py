"""Options of pictures, and the `Look` that they make."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

import typer

from molxai.cli.completion import (
    FOREGROUNDS,
    FORMATS,
    PALETTES,
    PANELS,
    SCALES,
    STYLES,
    one_of,
)

if TYPE_CHECKING:
    from molxai.rendering.look import Look

CMAP = (
    "Colours: red-blue, orange-purple, brown-teal or pink-green. "
    "Colour-blind people can tell all of them apart."
)
SCALE = (
    "Relevance in full colour, in a folder or a grid of pictures: own (the largest of each "
    "picture), common (the largest of all), or a number. [default: own; in a grid common]"
)
FORMAT = "Pictures in a folder: svg, pdf, png, jpg or tiff."
CAPTION = (
    "short, long (all that the picture shows is explained), or your own words below the picture "
    "instead of the usual lines above and below. [default: short]"
)
WIDTH = (
    "Width of a picture or figure, like 3.25in, 84mm, 5cm, 240pt or 1200px. Letters stay readable. "
    "[default: 7.6in; of several in one figure as its columns need]"
)
DPI = "Pixels per inch of a .png, .jpg or .tiff, which the file states."
GRID = (
    "Several inputs in one figure, as columns x rows, like 3x2; or the number of columns alone, "
    "like 3."
)
LETTERS = "Letters a, b, c over the drawings of a grid."
PANEL = "What is drawn of a digit: all (picture, superpixels and relevance), or relevance alone."
FOREGROUND = "Words and lines: dark, or light for a dark slide (with --transparent)."

ALIGN = (
    "Draw all molecules of a folder, grid or report on a common core: mcs for the largest one that "
    "most of the first 60 molecules share, or the core as SMARTS or SMILES. "
    "[default: each as it is]"
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
ScaleName = Annotated[
    str,
    typer.Option("--scale", help=SCALE, show_default=False, autocompletion=one_of(SCALES)),
]
Dpi = Annotated[int, typer.Option(help=DPI)]
WidthText = Annotated[str, typer.Option("--width", help=WIDTH, show_default=False)]
GridSize = Annotated[str, typer.Option("--grid", help=GRID, show_default=False)]
Letters = Annotated[bool, typer.Option("--letters", help=LETTERS)]
Panel = Annotated[str, typer.Option(help=PANEL, autocompletion=one_of(PANELS))]
Foreground = Annotated[str, typer.Option(help=FOREGROUND, autocompletion=one_of(FOREGROUNDS))]
PictureFormat = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help=FORMAT, autocompletion=one_of(FORMATS))
]
Transparent = Annotated[bool, typer.Option("--transparent", help="Leave out the white background.")]
Caption = Annotated[str | None, typer.Option(help=CAPTION, show_default=False)]
NoCaption = Annotated[
    bool, typer.Option("--no-caption", help="Only the drawing and its colour bar.")
]


@dataclass(frozen=True)
class Appearance:
    """How any picture looks; the names are those of a `Look`."""

    style: Style = "highlight"
    atom_numbers: AtomNumbers = False
    cmap: Cmap = "red-blue"
    dpi: Dpi = 100
    transparent: Transparent = False
    width: WidthText = ""
    foreground: Foreground = "dark"

    def look(self) -> "Look":
        """The look of these choices.

        Raises:
            ValueError: one is not known.
        """
        from molxai.rendering.look import Look

        return Look(**vars(self))


@dataclass(frozen=True)
class Pictures(Appearance):
    """How pictures of explanations look."""

    scale: ScaleName = "own"
    picture_format: PictureFormat = "svg"
    caption: Caption = None
    no_caption: NoCaption = False
    align: Align = ""
    grid: GridSize = ""
    letters: Letters = False
    panel: Panel = "all"

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
            width=self.width,
            foreground=self.foreground,
            panel=self.panel,
        )


APPEARANCE_OPTIONS = tuple(field.name for field in fields(Appearance))
"""Names of the parameters of any picture."""

PICTURE_OPTIONS = tuple(field.name for field in fields(Pictures))
"""Names of the parameters of pictures."""
