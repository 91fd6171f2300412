"""Narrow pictures: nothing touches, and what is printed can be read."""

import re
from itertools import combinations

import numpy as np
import pytest
from conftest import stroke_image
from svg_texts import texts

import molxai
from graphormer.graphs.molecules import molecule
from graphormer.graphs.superpixels import digit
from molxai.chemistry.fragments import fragment_labels
from molxai.rendering.depiction import BOND
from molxai.rendering.layout import layout
from molxai.rendering.lettering import width
from molxai.rendering.letters import FONT_SIZE, draw_letters
from molxai.rendering.look import Look
from molxai.rendering.part_numbers import lay_out_parts

DRUG = "CN1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O"

TITLE = re.compile(
    r'font-size: ([\d.]+)px[^>]*text-anchor: middle" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>'
)
"""A line of words around a middle, as matplotlib writes it: size, place and words."""

WIDTHS = ["1.5in", "2in", "2.5in", "3in", "3.25in", "4in", "7in"]


@pytest.mark.parametrize("method", ["lrp", "lrp-routing"])
@pytest.mark.parametrize("typed", WIDTHS)
def test_titles_of_panels_do_not_touch(typed, method):
    explain = molxai.Explainer("mnist", method)
    svg = explain(digit(stroke_image(), "stroke")).draw(width=typed)
    titles = [
        (float(x), float(y), float(size), text)
        for size, x, y, text in TITLE.findall(svg)
        if re.match("digit$|relevance$|\\d+ superpixels|of offsets", text)
    ]
    assert len(titles) == (3 if method == "lrp" else 4)
    for first, second in combinations(titles, 2):
        apart = abs(first[0] - second[0])
        needed = sum(size * width(text) / 2 for _, _, size, text in (first, second))
        assert apart > needed or abs(first[1] - second[1]) > 2 * first[2], (first, second)


LABEL = re.compile(r"<text [^>]*font-size='([\d.]+)px' fill='black'[^>]*>([^<]*)</text>")
"""Words beside a part."""


def labels(svg):
    """Size in points of the words beside parts, and the words."""
    (opening,) = re.findall(
        r'<svg x="[^"]*" y="[^"]*" width="([\d.]+)"[^>]*viewBox="0 0 (\d+)', svg
    )
    points = float(opening[0]) / float(opening[1])
    return [(float(size) * points, text) for size, text in LABEL.findall(svg)]


@pytest.mark.parametrize("typed", ["1.5in", "2in", "2.5in", "3.25in", "4in", "7in"])
@pytest.mark.parametrize("caption", [None, ""])
def test_words_beside_parts_can_be_read_in_print(typed, caption):
    explanation = molxai.Explainer("bace")(DRUG)
    parts = fragment_labels(explanation, "functional-groups")
    svg = explanation.draw(parts=parts, width=typed, caption=caption)
    assert len(labels(svg)) == len(parts)
    assert min(size for size, _ in labels(svg)) >= 5.9
    named = {text for _, text in labels(svg)}
    words = {text for _, text in parts}
    if typed == "7in":
        assert named == words
    if typed in ("1.5in", "2in"):
        assert named == {str(number + 1) for number in range(len(parts))}
        said = " ".join(texts(svg))
        assert all(f"{number}: {text}" in said for number, (_, text) in enumerate(parts, 1))


@pytest.mark.parametrize("smiles", ["O", "N", "C", "[Na+]", "[Fe+2]", "[NH4+].[Cl-]", "[2H]O[2H]"])
def test_the_disc_of_a_lone_atom_holds_its_letters(smiles):
    laid_out = layout(molecule(smiles).mol)
    drawing = draw_letters(laid_out.mol, 100 * BOND, round(100 * FONT_SIZE), 1)
    for letter in drawing.letters:
        # the atom is moved so that its letters stand around its place
        moved = laid_out.places - laid_out.mol.GetConformer().GetPositions()[:, :2]
        middle = np.array(drawing.places[letter.atom]) + 100 * moved[letter.atom]
        reach = np.linalg.norm(np.array([letter.x, letter.y]) - middle) + 0.05 * letter.size
        assert reach / 100 <= laid_out.disc(letter.atom), letter.text


@pytest.mark.parametrize("typed", ["2in", "3.25in", "7in"])
@pytest.mark.parametrize(
    "smiles", [DRUG, "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "C1CC2CCC1C2", "OCC(O)C(O)CO"]
)
def test_numbers_of_atoms_do_not_touch_words_beside_parts(smiles, typed):
    mol = molecule(smiles).mol
    explanation = molxai.Explainer("bace")(smiles)
    parts = fragment_labels(explanation, "functional-groups")
    look = Look(width=typed, atom_numbers=True)
    width, zoom = look.fit(760, "svg")
    laid_out, _ = lay_out_parts(mol, look, parts, (int(width) - 90, 420), zoom)
    for label in laid_out.labels:
        for index in laid_out.indices:
            apart = np.abs(label.centre - index.centre) - label.half - index.half
            assert apart.max() > 0, (label.text, index.text)
