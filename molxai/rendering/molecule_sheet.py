"""The sheet that a molecule is drawn on: discs, bands and outlines, and RDKit's lines over them."""

import base64
import io
import re
from collections.abc import Sequence
from html import escape

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image, ImageDraw, ImageFont
from rdkit.Geometry import Point2D

from molxai.rendering import Kind
from molxai.rendering.colour import WHITE, Colour, hexadecimal
from molxai.rendering.contour import FINER, field, png_of
from molxai.rendering.depiction import BOND
from molxai.rendering.drawer import new_drawer
from molxai.rendering.glyphs import drawable
from molxai.rendering.hatch import disc_lines
from molxai.rendering.indices import HEIGHT as INDEX_HEIGHT
from molxai.rendering.layout import Label, Layout
from molxai.rendering.lettering import REGULAR
from molxai.rendering.letters import ACS_BOND, FONT_SIZE
from molxai.rendering.look import FINER_FOR_PDF, Look
from molxai.rendering.outline import OUTLINE, outline
from molxai.rendering.ramp import Ink

LINE = BOND * 0.6 / ACS_BOND
"""Width of a line in Å: 0.6 pt in ACS style."""

DOUBLE_BOND = 0.18
"""Offset of a double bond's second line, as a share of the bond."""

LABEL_GAP = 0.066
"""Gap around the letters of atoms, as a share of the bond."""

THINNEST_LINE = 0.6
"""Width of a line in pixels at least."""

SMALLEST_FONT = 4
"""Size of a letter in pixels at least."""

LEAST_FONT_SCALE = 10.0
"""Pixels per Å below which RDKit does not make letters smaller."""

USUAL_LETTER = 0.6
"""Size in Å of an atom's letters where bonds are long: its disc holds a letter of this size."""

WORDS = 12.5
"""Size in pixels, 9 points, that they have at least where bonds are shorter.

But they are never larger than in ACS style beside these bonds.
"""

BAND = 0.26
"""Width in Å of the band under a bond that has relevance. It lies over the wider discs."""

OUTLINE_GREY = (0.35, 0.35, 0.35)
"""Colour of the line around a part."""

OUTLINE_HEX = hexadecimal(OUTLINE_GREY)
"""The same as SVG writes it."""

OUTLINE_BYTES = (89, 89, 89)
"""The same as a PNG has it."""

INDEX_GREYS = {"black": "#595959", "white": "#cccccc"}
"""Colour of an atom's index, which is no isotope or count, by that of the letters."""

ANY_ATOM = -1
"""RDKit's number of an element for all that have no colour of their own."""

DEFAULT_STYLE = ";stroke-linecap:butt;stroke-linejoin:miter;stroke-opacity:1"
"""What RDKit writes of each line: a third of the file, and what SVG takes for granted."""

INK = re.compile(r"(fill|stroke):(#[0-9A-F]{6})([0-9A-F]{2})\b")
"""A colour with its opacity, as RDKit writes them."""

HATCH_GREY = (0.5, 0.5, 0.5)
"""Colour of the hatching."""

HATCH_LINE = 0.03
"""Width in Å of its lines."""

MIDDLE_OF_LETTERS = 0.35
"""Height of the middle of letters over their base line, as a share of their size."""


class MoleculeSheet:
    """RDKit's canvas over the layout's box, with the classes of what is drawn before the lines.

    Lengths and positions are in Å, as in the layout.
    """

    def __init__(
        self,
        layout: Layout,
        size: tuple[int, int],
        kind: Kind,
        scale: float,
        ink: str,
        letter: float = USUAL_LETTER,
    ) -> None:
        self.layout = layout
        self.ink = ink
        self.letter = letter
        self.size = size
        self.finer = FINER_FOR_PDF if kind == "pdf" else 1
        self.scale = scale
        self.drawer = new_drawer(size, kind)
        middle = (layout.low + layout.high) / 2
        half = np.array(size) / scale / 2
        self.low = middle - half
        self.high = middle + half
        low = _point(self.low)
        high = _point(self.high)
        self.drawer.SetScale(*size, low, high)
        self.classes: list[str] = []

    def outlines(self) -> Image.Image:
        """A line around each part and its bonds, as a picture that is finer than the sheet."""
        width, height = self.size
        layer = Image.new("RGBA", (FINER * width, FINER * height), (*OUTLINE_BYTES, 0))
        pen = ImageDraw.Draw(layer)
        for atoms in self.layout.parts:
            for piece in outline(self.layout, atoms):
                points = [(FINER * x, FINER * y) for x, y in map(self._pixel, piece)]
                pen.line(points, OUTLINE_BYTES, round(FINER * OUTLINE * self.scale), "curve")
        return layer

    def _outline_path(self, atoms: Sequence[int]) -> str:
        """The line around a part as an SVG element."""
        steps = [
            "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(self._pixel, piece))
            for piece in outline(self.layout, atoms)
        ]
        width = OUTLINE * self.scale
        style = f"fill:none;stroke:{OUTLINE_HEX};stroke-width:{width:.1f}px;stroke-linecap:round"
        names = " ".join(["outline", *(f"around-{atom}" for atom in atoms)])
        return f"<path class='{names}' d='{''.join(steps)}' style='{style}'/>"

    def draw_bands(self, inks: Sequence[Ink]) -> None:
        """A band under each bond."""
        ends_of_bonds = self.layout.bonds.tolist()
        for bond, (ends, ink) in enumerate(zip(ends_of_bonds, inks, strict=True)):
            start, end = ends
            self._draw_strip(ends, BAND, ink, f"bond-{bond} atom-{start} atom-{end}")

    def draw_discs(self, inks: Sequence[Ink]) -> None:
        """A disc under each atom."""
        for atom, ink in enumerate(inks):
            self._draw_disc(atom, self.layout.disc(atom), ink, f"atom-{atom}")

    def hatch(self, atoms: Sequence[int]) -> None:
        """Diagonal lines over the discs of these atoms."""
        self._set_pen(HATCH_GREY, HATCH_LINE)
        for atom in atoms:
            for start, end in disc_lines(self.layout.places[atom], self.layout.disc(atom)):
                self._draw_line(start, end, f"hatch-{atom}")

    def draw_lines(self, look: Look) -> None:
        """Bonds and letters, and the lines from labels to their parts."""
        line = LINE * self.scale
        letter = max(self.letter * self.scale, SMALLEST_FONT)
        options = self.drawer.drawOptions()
        options.bondLineWidth = max(line, THINNEST_LINE)
        # RDKit ignores a fixed size, and its own limits, if the scale is set.
        options.baseFontSize = letter / max(self.scale, LEAST_FONT_SCALE)
        options.maxFontSize = -1  # RDKit's own limit of 40 pixels is for screens
        options.multipleBondOffset = DOUBLE_BOND
        options.additionalAtomLabelPadding = LABEL_GAP
        if look.foreground == "light":
            options.setAtomPalette({ANY_ATOM: WHITE})
        self.drawer.DrawMolecule(self.layout.mol)
        self._set_pen(OUTLINE_GREY, LINE)
        for label in self.layout.labels:
            atom = int(np.linalg.norm(self.layout.places - label.near, axis=1).argmin())
            leader = label.leader(self.layout.disc(atom) + OUTLINE)
            if leader is not None:
                start, end = leader
                self.drawer.DrawLine(_point(start), _point(end))

    def field(self, relevance: Float[ndarray, " atoms"]) -> Float[ndarray, "height width"]:
        """The atoms' Gaussians on the sheet's pixels, finer than they are."""
        width, height = self.size
        left, bottom = self.low
        right, top = self.high
        x = np.linspace(left, right, FINER * width // self.finer)
        y = np.linspace(top, bottom, FINER * height // self.finer)  # an image begins at the top
        return field(x, y, self.layout.places, relevance)

    def svg(self, behind: Image.Image | None) -> str:
        """The finished text."""
        self.drawer.FinishDrawing()
        text = self.drawer.GetDrawingText()
        text = text.replace("iso-8859-1", "utf-8", 1)
        text = text.replace(DEFAULT_STYLE, "")
        head, mark, content = text.partition("<!-- END OF HEADER -->\n")
        # RDKit gives classes to what it draws of a molecule, but not to the lines and ellipses that
        # are drawn before it: one text line each.
        *before, molecule = content.split("\n", len(self.classes))
        tagged = [
            re.sub(r"^<\w+", rf"\g<0> class='{name}'", _with_opacity(line))
            for name, line in zip(self.classes, before, strict=True)
        ]
        grey = INDEX_GREYS[self.ink]
        words = [
            self._text(label, self.layout.label_height, self.ink) for label in self.layout.labels
        ]
        words += [self._text(index, INDEX_HEIGHT, grey) for index in self.layout.indices]
        end = "\n".join([*words, "</svg>"])
        molecule = molecule.replace("</svg>", end)
        image = [] if behind is None else [_embed(behind, self.size)]
        outlines = [self._outline_path(atoms) for atoms in self.layout.parts]
        body = "\n".join([*image, *outlines, *tagged, molecule])
        return head + mark + body

    def png(self, behind: Image.Image | None, transparent: bool) -> bytes:
        """The finished file."""
        self.drawer.FinishDrawing()
        content = io.BytesIO(self.drawer.GetDrawingText())
        drawing = Image.open(content).convert("RGBA")
        if behind is not None:
            drawing = Image.alpha_composite(behind.reduce(FINER), drawing)
        if not transparent:
            paper = Image.new("RGBA", drawing.size, "white")
            drawing = Image.alpha_composite(paper, drawing)
        pen = ImageDraw.Draw(drawing)
        self._write(pen, self.layout.labels, self.layout.label_height, self.ink)
        self._write(pen, self.layout.indices, INDEX_HEIGHT, INDEX_GREYS[self.ink])
        return png_of(drawing)

    def _write(
        self, pen: ImageDraw.ImageDraw, labels: Sequence[Label], height: float, colour: str
    ) -> None:
        """Write the labels into a PNG."""
        font = ImageFont.truetype(REGULAR, height * self.scale)
        for label in labels:
            words = drawable(label.text)
            pen.text(self._pixel(label.centre), words, colour, font, anchor="mm")

    def _text(self, label: Label, height: float, colour: str) -> str:
        """The label as an SVG element."""
        x, y = self._pixel(label.centre)
        size = height * self.scale
        y += MIDDLE_OF_LETTERS * size
        place = f"x='{x:.1f}' y='{y:.1f}' font-size='{size:.1f}px'"
        style = "text-anchor='middle' font-family='Arial, Helvetica, sans-serif'"
        words = escape(label.text)
        return f"<text {place} fill='{colour}' {style}>{words}</text>"

    def _pixel(self, place: Float[ndarray, " 2"]) -> tuple[float, float]:
        x, y = place
        left = self.low[0]
        top = self.high[1]
        across = (x - left) * self.scale
        down = (top - y) * self.scale
        return float(across), float(down)

    def _set_pen(self, colour: Colour | Ink, width: float) -> None:
        self.drawer.SetColour(colour)
        self.drawer.SetLineWidth(width * self.scale)

    def _draw_line(self, start: ndarray, end: ndarray, name: str) -> None:
        self.drawer.DrawLine(_point(start), _point(end))
        self.classes.append(name)

    def _draw_strip(
        self, ends: Sequence[int], width: float, colour: Colour | Ink, name: str
    ) -> None:
        self._set_pen(colour, width)
        start, end = self.layout.places[list(ends)]
        self._draw_line(start, end, name)

    def _draw_disc(self, atom: int, radius: float, colour: Colour | Ink, name: str) -> None:
        self._set_pen(colour, 0.0)
        self.drawer.SetFillPolys(True)
        place = self.layout.places[atom]
        low = _point(place - radius)
        high = _point(place + radius)
        self.drawer.DrawEllipse(low, high)
        self.classes.append(name)


def letter_size(scale: float) -> float:
    """Size in Å of the letters of atoms in a drawing with so many pixels per Å.

    Example:
        >>> [round(scale * letter_size(scale), 1) for scale in (30, 15, 10)]
        [18.0, 12.5, 10.4]
    """
    return min(max(USUAL_LETTER, WORDS / scale), FONT_SIZE)


def _point(place: Float[ndarray, " 2"]) -> Point2D:
    """A position as RDKit takes it."""
    x, y = place
    return Point2D(x, y)


def _with_opacity(line: str) -> str:
    """An SVG element with its opacity where every program looks for it.

    RDKit writes it into the colour, which readers of the second edition of SVG alone understand.

    Example:
        >>> _with_opacity("<path style='stroke:#FF000080'/>")
        "<path style='stroke:#FF0000;stroke-opacity:0.502'/>"
    """

    def split(match: re.Match[str]) -> str:
        name, colour, alpha = match.groups()
        return f"{name}:{colour};{name}-opacity:{int(alpha, 16) / 255:.3g}"

    return INK.sub(split, line)


def _embed(picture: Image.Image, size: tuple[int, int]) -> str:
    """The picture as an SVG element."""
    width, height = size
    content = base64.b64encode(png_of(picture)).decode()
    return f"<image width='{width}' height='{height}' href='data:image/png;base64,{content}'/>"
