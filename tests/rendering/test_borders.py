"""Nothing is cut at an edge: the outermost pixels of every picture are white."""

import io

import numpy as np
import pytest
from PIL import Image
from test_layout import CUBANE, CYCLOSPORIN, FERROCENE, ODD
from test_rendering import explanation

from graphormer.graphs.molecules import molecule
from molxai.chemistry.fragments import fragment_labels

ACID = "C" * 33 + "(=O)O"
IMATINIB_MESYLATE = "Cc1ccc(cc1Nc2nccc(n2)c3cccnc3)NC(=O)c4ccc(cc4)CN5CCN(CC5)C.CS(=O)(=O)O"
MOLECULES = {
    "acid of 34 carbons": ACID,
    "imatinib mesylate": IMATINIB_MESYLATE,
    "sildenafil citrate": ODD["sildenafil citrate"][0],
    "methane": "C",
    "iron": "[Fe+2]",
    "water": "O",
    "iodine-125": "[125I]c1ccc(C[C@H](N)C(=O)O)cc1",
    "ferrocene": FERROCENE,
    "cubane": CUBANE,
    "cyclosporin": CYCLOSPORIN,
    "peptide of 30": ODD["peptide of 30"][0],
}
STYLES = {
    "highlight": {},
    "contour": {"style": "contour"},
    "numbers": {"atom_numbers": True},
    "numbers on contours": {"style": "contour", "atom_numbers": True},
    "long caption": {"caption": "Wortungetüm" * 12 + " and more words " * 40},
}


def is_white_around(png):
    """Whether the outermost pixels on all four sides are white."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    sides = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    return all((side == 255).all() for side in sides)


def drawn(smiles, tmp_path, parts=(), **look):
    made = molecule(smiles)
    relevance = np.resize([0.9, 1.0, -0.95, 1.0], len(made.symbols)).tolist()
    path = tmp_path / "picture.png"
    result = explanation(made, relevance)
    parts = fragment_labels(result, parts) if parts else ()
    result.draw(path, parts=parts, **look)
    return path.read_bytes()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", MOLECULES)
def test_nothing_is_cut_at_an_edge(name, style, tmp_path):
    assert is_white_around(drawn(MOLECULES[name], tmp_path, **STYLES[style]))


@pytest.mark.parametrize("scheme", ["functional-groups", "brics", "scaffold"])
@pytest.mark.parametrize("name", [name for name in MOLECULES if name != "peptide of 30"])
def test_no_label_is_cut_at_an_edge(name, scheme, tmp_path):
    assert is_white_around(drawn(MOLECULES[name], tmp_path, scheme))


def test_the_test_sees_what_is_cut():
    picture = Image.new("RGB", (9, 9), "white")
    picture.putpixel((0, 4), (255, 250, 250))
    buffer = io.BytesIO()
    picture.save(buffer, "png")
    assert not is_white_around(buffer.getvalue())
