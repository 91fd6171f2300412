"""RDKit's drawer, set up in one place for every picture of a molecule."""

from typing import TypeAlias

from molxai.rendering import Kind

try:
    from rdkit.Chem.Draw import rdMolDraw2D as rdMolDraw2D
except ImportError as error:
    # RDKit's wheel is linked to X libraries, which a minimal system lacks.
    raise OSError(
        f"RDKit cannot draw on this machine ({error}): install libxrender1, libxext6 and libexpat1"
    ) from error

Drawer: TypeAlias = rdMolDraw2D.MolDraw2D


def new_drawer(
    size: tuple[int, int], kind: Kind, padding: float = 0.0, letters_as_text: bool = False
) -> Drawer:
    """An empty canvas without a background, on which molecules are drawn in black as they are.

    Args:
        size: width and height in pixels.
        kind: svg or png.
        padding: what is left free at each side, as a share of the canvas.
        letters_as_text: whether an SVG's letters are text and not outlines.
    """
    drawer: Drawer
    if kind == "png":
        drawer = rdMolDraw2D.MolDraw2DCairo(*size)
    elif letters_as_text:
        drawer = rdMolDraw2D.MolDraw2DSVG(*size, -1, -1, True)  # one panel, no FreeType
    else:
        drawer = rdMolDraw2D.MolDraw2DSVG(*size)
    options = drawer.drawOptions()
    options.useBWAtomPalette()
    options.clearBackground = False
    options.flagCloseContactsDist = -1  # no red marks, which would be read as relevance
    options.padding = padding
    # Preparing would add the hydrogens of stereocentres, which `layout.flat_copy` leaves out:
    # atoms must keep their indices.
    options.prepareMolsBeforeDrawing = False
    return drawer


def atom_positions(drawer: Drawer, atoms: int) -> list[tuple[float, float]]:
    """Where the atoms of the molecule are that was drawn, in pixels from the upper left corner."""
    points = [drawer.GetDrawCoords(atom) for atom in range(atoms)]
    return [(point.x, point.y) for point in points]
