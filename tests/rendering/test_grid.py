"""Many explanations in one figure, and what a notebook shows."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from conftest import stroke_image
from PIL import Image
from svg_texts import HOSTILE, texts
from test_rendering import IBUPROFEN, explanation

import molxai
from graphormer.graphs.molecules import molecule
from graphormer.graphs.superpixels import digit
from molxai.explanation.explanations import Explanations
from molxai.metrics.comparison import compare

SMILES = ("CCO", IBUPROFEN, "CC(=O)[O-].[Na+]", "C1CC2CCC1C2", "O=C(Nc1ccccc1)c1ccc(Cl)cc1")


def several(size=1.0, **fields):
    subjects = [molecule(one, f"m{place}") for place, one in enumerate(SMILES)]
    return [
        explanation(one, np.linspace(-size, size, one.graph.nodes).tolist(), **fields)
        for one in subjects
    ]


def drawings(svg):
    """The molecules' own pictures in the order of the explanations."""
    return [child for child in ET.fromstring(svg.encode()) if child.tag.endswith("svg")]


def bond_lengths(drawing, mol):
    """The distances of bonded atoms' discs, in the figure's units."""
    factor = float(drawing.get("width")) / float(drawing.get("viewBox").split()[2])
    places = {}
    for one in drawing.iter():
        match = re.fullmatch(r"atom-(\d+)", one.get("class", ""))
        if match and one.tag.endswith("ellipse"):
            places[int(match[1])] = np.array([float(one.get(name)) for name in ("cx", "cy")])
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    return np.array([np.linalg.norm(places[b] - places[a]) for a, b in ends]) * factor


def test_bonds_are_as_long_in_every_picture():
    explanations = several()
    made = drawings(molxai.grid(explanations, columns=2).draw())
    assert len(made) == len(SMILES)
    pairs = zip(made, explanations, strict=True)
    means = [np.median(bond_lengths(drawing, one.subject.mol)) for drawing, one in pairs]
    assert np.ptp(means) < 0.02 * means[0] and means[0] > 8


def test_one_scale_for_all_or_each_its_own():
    relevance = several(0.5) + several(2.0)
    common, own, fixed = (
        texts(molxai.grid(relevance, scale=scale).draw()) for scale in ("common", "own", 1)
    )
    assert "+2" in common and not any("full colour" in one for one in common)
    assert (
        sum("full colour ±0.5" in one for one in own)
        == sum("full colour ±2" in one for one in own)
        == 5
    )
    assert "≥ +1.0" in fixed


def test_names_and_predictions_stand_below():
    said = texts(molxai.grid(several(), cmap="orange-purple").draw())
    assert {"m0", "m4"} <= set(said) and sum("p(yes) 0.70" in one for one in said) == 5
    assert any("Orange speaks for yes" in one for one in said)


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_molecules_and_digits_in_either_format(tmp_path, ending):
    one = digit(stroke_image(), "stroke")
    mixed = [*several(), explanation(one, [0.3] * one.graph.nodes)]
    path = tmp_path / f"grid.{ending}"
    molxai.grid(mixed, columns=3, path=path)
    assert path.stat().st_size > 10_000
    if ending == "png":
        large = molxai.grid(mixed, columns=3, dpi=200).draw(tmp_path / "large.png")
        with Image.open(path) as small:
            assert Image.open(io.BytesIO(large)).width == 2 * small.width


def test_a_grid_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="at least one"):
        molxai.grid([])
    with pytest.raises(ValueError, match="no common scale"):
        molxai.grid([*several(), *several(unit="pIC50")])
    assert molxai.grid([*several(), *several(unit="pIC50")], scale="own").draw()
    with pytest.raises(ValueError, match="bare graph"):
        molxai.grid([explanation(None, [0.1])])
    with pytest.raises(ValueError, match="must end in"):
        molxai.grid(several()).draw("x.gif")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_names(text):
    svg = molxai.grid([explanation(molecule("CCO", text), [1.0, 0.0, -1.0])])._repr_svg_()
    assert (
        "<script" not in svg
        and "\u202e" not in svg
        and len(svg) < 60_000
        and ET.fromstring(svg.encode()).tag.endswith("svg")
    )


def test_a_notebook_shows_explanations_lists_and_comparisons():
    explain = molxai.Explainer("bace")
    one = explain(explain.subject("CCO", "<script>alert(1)</script>"))
    shown = one._repr_html_()
    assert (
        "<script" not in shown
        and f"{float(one.relevance.abs().max()):.3f}" in shown
        and "<table" in shown
        and "Σ of all 3" in shown
    )
    many = explain(["CCO", "CCN", "c1ccccc1"])
    assert isinstance(many, list) and len(drawings(many._repr_html_())) == 3
    assert "first 24 of 30" in Explanations([many[0]] * 30)._repr_html_()
    assert Explanations([])._repr_html_() == "<pre>Explanations(none)</pre>"
    page = compare(explain, explain.subject("CCO", "<script>"), ["lrp", "random"])._repr_html_()
    assert "<script" not in page and page.count("<svg") == 2 and "body {" not in page


def test_a_long_title_has_a_second_line():
    title = "measured inactive, wrongly predicted by this model"
    svg = molxai.grid(several(), legends=[title, *SMILES[1:]]).draw()
    lines = [text for text in texts(svg) if text and text in title]
    assert len(lines) == 2 and " ".join(lines) == title


@pytest.mark.parametrize("scale", ["common", 1.0, "0.5"])
def test_methods_with_and_without_a_sign_have_no_common_scale(scale):
    signed, unsigned = both_kinds()
    with pytest.raises(ValueError, match="have no common scale: give scale='own'"):
        molxai.grid([signed, unsigned], scale=scale)


def test_methods_with_and_without_a_sign_have_a_bar_each():
    said = texts(molxai.grid(both_kinds(), scale="own").draw())
    assert said.count("relevance") == 2 and {"(own scale)", "(no sign)"} <= set(said)
    assert {"+ full", "− full", "least", "largest"} <= set(said)
    assert sum("full colour ±" in text for text in said) == 1
    assert sum("one colour, " in text for text in said) == 1
    for method in ("lrp", "gae"):  # below its drawing, and with the model below all
        assert sum(text.endswith(method) or f"{method}," in text for text in said) == 2


def both_kinds():
    explain = molxai.Explainer("bace")
    return [explain("CCO"), explain.with_method("gae")("CCO")]
