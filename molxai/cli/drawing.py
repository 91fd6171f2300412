"""Options of pictures, and the look that they make."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from molxai.rendering.look import Look, Scale

CMAP = "Colours: red-blue, orange-purple, brown-teal or pink-green; all can be told apart by the colour-blind."
SCALE = "Full colour in a folder of pictures: own (each one's largest relevance), common (the largest of all), or a number."
CAPTION = "Your own words below a picture, in place of the usual ones above and below."

Style = Annotated[str, typer.Option(help="Of molecule pictures: highlight or contour.")]
AtomNumbers = Annotated[bool, typer.Option("--atom-numbers", help="Write atom indices into molecule pictures.")]
Cmap = Annotated[str, typer.Option(help=CMAP)]
ScaleName = Annotated[str, typer.Option("--scale", help=SCALE)]
Dpi = Annotated[int, typer.Option(help="Pixels per inch of a .png; a picture is 7.6 inches wide.")]
Transparent = Annotated[bool, typer.Option("--transparent", help="No white behind pictures.")]
Caption = Annotated[str | None, typer.Option(help=CAPTION, show_default=False)]
NoCaption = Annotated[bool, typer.Option("--no-caption", help="The drawing and its colour bar only.")]


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
    return Look(style, numbers, cmap, dpi=dpi, transparent=transparent, caption="" if no_caption else caption)


def chosen_scale(text: str) -> "Scale":
    """The scale of that name or number.

    Raises:
        ValueError: it is neither.
    """
    from molxai.rendering.look import scale_of

    return scale_of(text)
