"""A molecule with its relevance: discs or contours under a line drawing of RDKit's in the style of ACS journals."""

import base64
import io
import re
from collections.abc import Sequence
from html import escape
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont
from rdkit import Chem
from rdkit.Geometry import Point2D

from molxai.rendering.colour import Colour
from molxai.rendering.contour import FINER, GAUSSIAN, contour_map, field, png_of
from molxai.rendering.hatch import disc_lines
from molxai.rendering.labels import HEIGHT, labelled
from molxai.rendering.layout import BOND, DISC, Label, Layout, layout, rdMolDraw2D
from molxai.rendering.lettering import REGULAR
from molxai.rendering.look import PLAIN, RESOLUTION, Look, Part

Kind = Literal["svg", "png"]
Drawer: TypeAlias = rdMolDraw2D.MolDraw2D

LINE, FONT_SIZE, DOUBLE_BOND, LABEL_GAP = BOND * 0.6 / 14.4, BOND * 10 / 14.4, 0.18, 0.066
"""Width of a line and size of a letter in Å, offset of a double bond and gap around letters: proportions of the drawing
settings of the ACS journals of 1996: bonds of 14.4 pt, lines of 0.6 pt, letters of 10 pt."""

STRIP = 0.64
"""Width in Å of the band under a bond, in the mean colour of its atoms."""

OUTLINE, OUTLINE_GREY = 0.09, (0.35, 0.35, 0.35)
"""Width in Å of the line around a part."""

INDEX_SIZE, INDEX_ROOM, INDEX_GREY = 0.6, 1.2, (0.35, 0.35, 0.35)
"""Of an atom's index: share of a letter's size, reach around the atom in Å, and colour: no isotope or count."""

SAID_ANYWAY = ";stroke-linecap:butt;stroke-linejoin:miter;stroke-opacity:1"
"""Of each line that RDKit writes: a third of the file, and what SVG takes for granted."""

HATCH_GREY, HATCH_LINE = (0.5, 0.5, 0.5), 0.03


def draw_molecule(
    mol: Chem.Mol,
    relevance: Sequence[float],
    limit: float,
    size: tuple[int, int],
    kind: Kind,
    look: Look = PLAIN,
    uncertain: Sequence[bool] = (),
    parts: Sequence[Part] = (),
    scale: float | None = None,
) -> str | bytes:
    """The drawing without a frame, as SVG text or PNG bytes.

    In an SVG, discs are ellipses of the classes `atom-0`, `atom-1` … and their hatching is of `hatch-0` …; contours are an
    embedded PNG under the lines. Bonds take the mean colour of their two atoms: they have no relevance of their own.

    Args:
        mol: the molecule; its own 2D layout is kept where it has one.
        relevance: of each atom.
        limit: the magnitude that is drawn in full colour.
        size: width and height in pixels; a PNG has `look.dpi` / 100 times as many.
        kind: svg or png.
        look: palette, style and so on; lone atoms make no contour and are highlighted.
        uncertain: of each atom, whether it is hatched.
        parts: outlined (not over contours), with their words beside them.
        scale: pixels per Å. [default: as many as fit, and no more than make a bond of 45 pixels]

    Raises:
        ValueError: another number of relevances than atoms.
    """
    laid = laid_out(mol, look, parts)
    return draw_layout(laid, relevance, limit, size, kind, look, uncertain, scale)


def laid_out(mol: Chem.Mol, look: Look = PLAIN, parts: Sequence[Part] = ()) -> Layout:
    """Where atoms and words lie."""
    around = 2 * GAUSSIAN if look.style == "contour" else INDEX_ROOM if look.atom_numbers else 0.0
    return labelled(layout(mol, around), parts)


def draw_layout(
    laid: Layout,
    relevance: Sequence[float],
    limit: float,
    size: tuple[int, int],
    kind: Kind,
    look: Look = PLAIN,
    uncertain: Sequence[bool] = (),
    scale: float | None = None,
) -> str | bytes:
    """As `draw_molecule`, of a molecule that is already laid out.

    Raises:
        ValueError: another number of relevances than atoms.
    """
    if len(relevance) != len(laid.places):
        raise ValueError(f"{len(relevance)} relevances but {len(laid.places)} atoms")
    factor = look.dpi / RESOLUTION if kind == "png" else 1.0
    sheet = _Sheet(
        laid,
        (round(size[0] * factor), round(size[1] * factor)),
        kind,
        (scale or laid.fit(size)) * factor,
    )
    behind = None
    if look.style == "contour" and len(laid.bonds):
        behind = contour_map(sheet.field(np.array(relevance)), limit, look.colours)
    else:
        sheet.outlines()
        between = [(relevance[a] + relevance[b]) / 2 for a, b in laid.bonds.tolist()]
        sheet.discs(look.colours.colours(relevance, limit), look.colours.colours(between, limit))
    sheet.hatch([i for i, one in enumerate(uncertain) if one])
    sheet.lines(look)
    return sheet.svg(behind) if kind == "svg" else sheet.png(behind, look.transparent)


def shared(relevance: Sequence[float], parts: Sequence[Part]) -> list[float]:
    """Each part's relevance in equal shares on its atoms; what is in no part keeps its own."""
    made = list(relevance)
    for atoms, _ in parts:
        for atom in atoms:
            made[atom] = sum(relevance[one] for one in atoms) / len(atoms)
    return made


class _Sheet:
    """RDKit's drawer over the layout's box, with the classes of what is drawn before the lines."""

    def __init__(self, laid: Layout, size: tuple[int, int], kind: Kind, scale: float) -> None:
        self.laid, self.size, self.scale = laid, size, scale
        self.drawer: Drawer = (
            rdMolDraw2D.MolDraw2DSVG(*size) if kind == "svg" else rdMolDraw2D.MolDraw2DCairo(*size)
        )
        middle, half = (laid.low + laid.high) / 2, np.array(size) / scale / 2
        self.low, self.high = middle - half, middle + half
        options = self.drawer.drawOptions()
        options.padding, options.clearBackground, options.scaleBondWidth = 0.0, False, False
        options.prepareMolsBeforeDrawing = (
            False  # it would add the hydrogens that `flat_copy` left out
        )
        self.drawer.SetScale(*size, Point2D(*self.low), Point2D(*self.high))
        self.classes: list[str] = []

    def outlines(self) -> None:
        """A line around each part and the bonds in it: what shows of wider discs and bands beneath."""
        for atoms in self.laid.parts:
            for a, b in self.laid.bonds.tolist():
                if a in atoms and b in atoms:
                    self._strip((a, b), STRIP + 2 * OUTLINE, OUTLINE_GREY, "outline")
            for atom in atoms:
                self._disc(atom, DISC + OUTLINE, OUTLINE_GREY, "outline")

    def discs(self, atoms: Sequence[Colour], bonds: Sequence[Colour]) -> None:
        """Bands under the bonds, then discs under the atoms."""
        for place, (ends, colour) in enumerate(zip(self.laid.bonds.tolist(), bonds, strict=True)):
            self._strip(ends, STRIP, colour, f"bond-{place} atom-{ends[0]} atom-{ends[1]}")
        for atom, colour in enumerate(atoms):
            self._disc(atom, DISC, colour, f"atom-{atom}")

    def hatch(self, atoms: Sequence[int]) -> None:
        """Diagonal lines over the discs of these atoms."""
        self._pen(HATCH_GREY, HATCH_LINE)
        for atom in atoms:
            for start, end in disc_lines(self.laid.places[atom], DISC):
                self._line(start, end, f"hatch-{atom}")

    def lines(self, look: Look) -> None:
        """Bonds, letters and indices in black, and the lines from labels to their parts."""
        options = self.drawer.drawOptions()
        options.useBWAtomPalette()
        options.bondLineWidth = max(LINE * self.scale, 0.6)
        options.fixedFontSize = max(round(FONT_SIZE * self.scale), 4)
        options.multipleBondOffset, options.additionalAtomLabelPadding = DOUBLE_BOND, LABEL_GAP
        options.addAtomIndices, options.annotationFontScale = look.atom_numbers, INDEX_SIZE
        options.setAnnotationColour(INDEX_GREY)
        self.drawer.DrawMolecule(self.laid.mol)
        self._pen(OUTLINE_GREY, LINE)
        for label in self.laid.labels:
            if (ends := label.leader(DISC + OUTLINE)) is not None:
                self.drawer.DrawLine(*(Point2D(*end) for end in ends))

    def field(self, relevance: Float[ndarray, " atoms"]) -> Float[ndarray, "height width"]:
        """The atoms' Gaussians on the sheet's pixels, finer than they are."""
        (left, bottom), (right, top), (width, height) = self.low, self.high, self.size
        x, y = np.linspace(left, right, FINER * width), np.linspace(top, bottom, FINER * height)
        return field(x, y, self.laid.places, relevance)

    def svg(self, behind: Image.Image | None) -> str:
        """The finished text."""
        self.drawer.FinishDrawing()
        drawing = (
            self.drawer.GetDrawingText().replace("iso-8859-1", "utf-8", 1).replace(SAID_ANYWAY, "")
        )
        head, mark, drawn = drawing.partition("<!-- END OF HEADER -->\n")
        # RDKit gives classes to what it draws of a molecule, but not to the lines and ellipses that are drawn before it.
        first = drawn.split("\n", len(self.classes))
        own = [
            re.sub(r"^<\w+", rf"\g<0> class='{name}'", line)
            for name, line in zip(self.classes, first, strict=False)
        ]
        words = [self._text(one) for one in self.laid.labels]
        image = [] if behind is None else [_embedded(behind, self.size)]
        return (
            head
            + mark
            + "\n".join([*image, *own, first[-1].replace("</svg>", "\n".join([*words, "</svg>"]))])
        )

    def png(self, behind: Image.Image | None, transparent: bool) -> bytes:
        """The finished file."""
        self.drawer.FinishDrawing()
        drawing = Image.open(io.BytesIO(self.drawer.GetDrawingText())).convert("RGBA")
        if behind is not None:
            drawing = Image.alpha_composite(behind.reduce(FINER), drawing)
        if not transparent:
            drawing = Image.alpha_composite(Image.new("RGBA", drawing.size, "white"), drawing)
        pen, font = ImageDraw.Draw(drawing), ImageFont.truetype(REGULAR, HEIGHT * self.scale)
        for one in self.laid.labels:
            pen.text(self._pixel(one.centre), one.text, (0, 0, 0, 255), font, anchor="mm")
        return png_of(drawing)

    def _text(self, label: Label) -> str:
        x, y = self._pixel(label.centre)
        place = f"x='{x:.1f}' y='{y + 0.35 * HEIGHT * self.scale:.1f}' font-size='{HEIGHT * self.scale:.1f}px'"
        return f"<text {place} text-anchor='middle' font-family='DejaVu Sans, Arial, sans-serif'>{escape(label.text)}</text>"

    def _pixel(self, place: Float[ndarray, " 2"]) -> tuple[float, float]:
        return float((place[0] - self.low[0]) * self.scale), float(
            (self.high[1] - place[1]) * self.scale
        )

    def _pen(self, colour: Colour, width: float) -> None:
        self.drawer.SetColour(colour)
        self.drawer.SetLineWidth(width * self.scale)

    def _line(self, start: ndarray, end: ndarray, name: str) -> None:
        self.drawer.DrawLine(Point2D(*start), Point2D(*end))
        self.classes.append(name)

    def _strip(self, ends: Sequence[int], width: float, colour: Colour, name: str) -> None:
        self._pen(colour, width)
        start, end = self.laid.places[list(ends)]
        self._line(start, end, name)

    def _disc(self, atom: int, radius: float, colour: Colour, name: str) -> None:
        self._pen(colour, 0.0)
        self.drawer.SetFillPolys(True)
        place = self.laid.places[atom]
        self.drawer.DrawEllipse(Point2D(*(place - radius)), Point2D(*(place + radius)))
        self.classes.append(name)


def _embedded(picture: Image.Image, size: tuple[int, int]) -> str:
    content = base64.b64encode(png_of(picture)).decode()
    return f"<image width='{size[0]}' height='{size[1]}' href='data:image/png;base64,{content}'/>"
