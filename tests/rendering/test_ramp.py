"""Colours of values: one scale for methods without a sign, and nothing where there is nothing."""

import io
import re

import numpy as np
import pytest
from conftest import stroke_image
from PIL import Image
from rdkit import Chem
from svg_texts import texts
from test_rendering import IBUPROFEN, explanation, fills

import molxai
from graphormer.graphs.molecules import molecule
from graphormer.graphs.superpixels import digit
from molxai import Explainer
from molxai.explanation.captions import colour_line, sign_line
from molxai.explanation.comparison_page import draw_comparison
from molxai.explanation.pictures import draw
from molxai.metrics.comparison import Comparison
from molxai.rendering.bar import tick_names
from molxai.rendering.colour import PALETTES, RED_BLUE
from molxai.rendering.layout import DISC
from molxai.rendering.look import Look, common_limit, common_low
from molxai.rendering.molecule import draw_layout, lay_out
from molxai.rendering.ramp import Ramp

VERUBECESTAT = "CN1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O"
SIZES = [0.030, 0.031, 0.040, 0.035, 0.038, 0.033, 0.036, 0.032, 0.0305, 0.037, 0.039, 0.034]
SIZES += [0.0395, 0.0345, 0.0325]


def unsigned(relevance, subject=None, **fields):
    fields = {"signed": False, "in_unit": False, **fields}
    return explanation(subject or molecule(IBUPROFEN), relevance, **fields)


def by_hand(value, low, high, full):
    share = min(max((value - low) / (high - low), 0), 1)
    return tuple((1 - share) + share * channel for channel in full)


@pytest.mark.parametrize("name", PALETTES)
def test_sizes_have_one_colour_from_the_least_to_the_largest(name):
    full = PALETTES[name].unsigned
    svg = draw(unsigned(SIZES), look=Look(cmap=name))
    for atom, colour in fills(svg).items():
        assert colour == pytest.approx(by_hand(SIZES[atom], 0.030, 0.040, full), abs=0.005)
    darkness = [3 - sum(fills(svg)[atom]) for atom in range(len(SIZES))]
    assert np.argsort(darkness).tolist() == np.argsort(SIZES).tolist()


def test_sizes_on_a_fixed_scale_begin_at_zero_and_on_a_common_one_at_the_least_of_all():
    full = RED_BLUE.unsigned
    for scale, low, high in ((0.1, 0.0, 0.1), (0.035, 0.0, 0.035)):
        found = fills(draw(unsigned(SIZES), look=Look(scale=scale)))
        for atom, colour in found.items():
            assert colour == pytest.approx(by_hand(SIZES[atom], low, high, full), abs=0.005)
    both = [SIZES, [2 * size for size in SIZES]]
    assert common_limit("common", both, False) == 0.08 and common_low("common", both, False) == 0.03
    assert common_low("0.5", both, False) == 0.0 and common_low("own", both, False) is None
    assert common_low("common", both, True) is None
    said = texts(molxai.grid([unsigned(sizes) for sizes in both]).draw())
    assert "0.03" in " ".join(said) and "0.080" in said and not any("full" in one for one in said)
    own = texts(molxai.grid([unsigned(sizes) for sizes in both], scale="own").draw())
    assert {"one colour, 0.03 to 0.04", "one colour, 0.06 to 0.08", "least", "largest"} <= set(own)


def test_equal_sizes_are_all_in_full_colour_and_none_at_all_in_no_colour():
    assert Look().ramp_for([0.2, 0.2], False, False) == Ramp(RED_BLUE, 0.2, 0.0)
    assert Look().ramp_for([0.0, 0.0], False, False).inks([0.0]) == [(*RED_BLUE.unsigned, 0.0)]


def test_methods_with_and_without_a_sign_have_no_common_scale():
    both = [unsigned(SIZES), explanation(molecule(IBUPROFEN), SIZES, in_unit=False)]
    with pytest.raises(ValueError, match="with and without a sign"):
        molxai.grid(both).draw()
    said = " ".join(texts(molxai.grid(both, scale="own").draw()))
    assert "Red speaks for yes" in said and "has no sign" in said


def test_the_bar_of_sizes_has_their_ends_and_no_plus():
    ramp = Look().ramp_for(SIZES, False, False)
    assert tick_names(ramp, SIZES) == ["0.0300", "0.0325", "0.0350", "0.0375", "0.0400"]
    fixed = Look(scale=0.035).ramp_for(SIZES, False, False)
    assert tick_names(fixed, SIZES)[-1] == "≥ 0.0350" and tick_names(fixed, SIZES)[0] == "0"


@pytest.mark.parametrize(
    ("limit", "named"),
    [
        (0.1, ["−0.10", "−0.05", "0", "+0.05", "+0.10"]),
        (0.104, ["−0.104", "−0.052", "0", "+0.052", "+0.104"]),
        (0.3, ["−0.30", "−0.15", "0", "+0.15", "+0.30"]),
        (4.0, ["−4", "−2", "0", "+2", "+4"]),
        (1500.0, ["−1500", "−750", "0", "+750", "+1500"]),
        (3e-7, ["−0.00000030", "−0.00000015", "0", "+0.00000015", "+0.00000030"]),
    ],
)
def test_all_numbers_beside_the_bar_have_as_many_digits(limit, named):
    assert tick_names(Ramp(RED_BLUE, limit), []) == named


def test_sizes_are_said_to_have_no_sign():
    line = colour_line(unsigned(SIZES))
    assert line.startswith("The stronger the colour, the more relevant.") and "Red" not in line
    assert "not whether for yes or against it" in line
    value = unsigned(SIZES, probability=None, endpoint="pIC50")
    assert "not whether up or down" in colour_line(value)
    assert sign_line(explanation(molecule(IBUPROFEN), SIZES)) == ""
    assert "Red speaks" not in draw(unsigned(SIZES))


def test_contours_of_sizes_rank_them(tmp_path):
    draw(unsigned(SIZES), tmp_path / "x.png", Look("contour"))
    pixels = np.asarray(Image.open(tmp_path / "x.png").convert("RGB")).astype(int)[60:400, :640]
    red, green, _ = pixels.reshape(-1, 3).T
    assert (red - green).max() < 10 and (green - red).max() > 80  # teal, and no red
    draw(unsigned([0.03] + [0.04] * 14), tmp_path / "x.png", Look("contour", scale=0.04))
    fixed = np.asarray(Image.open(tmp_path / "x.png").convert("RGB")).astype(int)[60:400, :640]
    assert fixed.mean() < pixels.mean()  # from zero on all is darker


def test_a_digit_of_sizes_is_light_where_they_are_least(tmp_path):
    subject = digit(stroke_image())
    sizes = np.linspace(0.5, 0.6, subject.graph.nodes).tolist()
    draw(unsigned(sizes, subject), tmp_path / "x.png")
    pixels = np.asarray(Image.open(tmp_path / "x.png").convert("RGB")).astype(int)
    red, green, _ = pixels.reshape(-1, 3).T
    assert (green - red).max() > 100
    unred = pixels[:, 430:640].reshape(-1, 3)  # the map, without the superpixels' orange lines
    assert (unred[:, 0] - unred[:, 1]).max() < 25


def disc_pixels(png, laid, scale, atom):
    """The pixels on the disc of an atom, away from its edge and its bonds."""
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)
    height, width = image.shape[:2]
    middle = (laid.low + laid.high) / 2
    x, y = (laid.places[atom] - middle) * scale
    column, row = width / 2 + x, height / 2 - y
    rows, columns = np.mgrid[:height, :width]
    return image[np.hypot(rows - row, columns - column) < 0.8 * DISC * scale]


def test_atoms_of_no_relevance_leave_what_is_behind_them():
    laid = lay_out(Chem.MolFromSmiles("CC"))
    relevance = [0.0, 1.0]
    png = draw_layout(laid, relevance, 1.0, (300, 200), "png", Look(transparent=True), scale=60.0)
    none, full = (disc_pixels(png, laid, 60.0, atom) for atom in (0, 1))
    assert (none[:, 3] == 0).mean() > 0.8  # only the black bond
    assert (full[:, 3] == 255).mean() > 0.95
    half = draw_layout(laid, [0.5, 1.0], 1.0, (300, 200), "png", Look(transparent=True), scale=60.0)
    opacity = np.median(disc_pixels(half, laid, 60.0, 0)[:, 3])
    assert opacity == pytest.approx(127.5, abs=2)
    white = draw_layout(laid, [0.5, 1.0], 1.0, (300, 200), "png", scale=60.0)
    colour = np.median(disc_pixels(white, laid, 60.0, 0)[:, :3], axis=0) / 255
    assert colour == pytest.approx(Ramp(RED_BLUE, 1.0).colour(0.5), abs=0.01)


def test_an_atom_of_no_relevance_does_not_cover_the_band_of_its_bond():
    laid = lay_out(Chem.MolFromSmiles("CC"))
    bonds = {(0, 1): 1.0}
    png = draw_layout(laid, [0.0, 0.0], 1.0, (300, 200), "png", scale=60.0, bonds=bonds)
    red, green, _, _ = disc_pixels(png, laid, 60.0, 0).T
    assert (red - green > 100).sum() > 200


def test_a_bond_of_no_relevance_does_not_cut_the_discs_of_its_atoms():
    laid = lay_out(Chem.MolFromSmiles("CC"))
    bonds = {(0, 1): 0.0}
    png = draw_layout(laid, [1.0, 1.0], 1.0, (300, 200), "png", scale=60.0, bonds=bonds)
    _, green, blue, _ = disc_pixels(png, laid, 60.0, 0).T
    is_pale = np.minimum(green, blue) > 120
    assert is_pale.sum() == 0


def test_an_svg_writes_opacity_where_every_program_reads_it():
    svg = draw(explanation(molecule(IBUPROFEN), [size - 0.035 for size in SIZES]))
    assert not re.findall(r"#[0-9A-Fa-f]{8}\b", svg)
    assert len(re.findall(r"<ellipse class='atom-\d+'[^>]*fill-opacity", svg)) >= 10


def test_a_comparison_names_the_largest_magnitude_and_which_methods_have_no_sign(tmp_path):
    relevance = [0.1, 0.2, -3.969, 0.3] + [0.0] * 11
    signed = explanation(molecule(IBUPROFEN), relevance)
    made = Comparison((signed, unsigned(SIZES)))
    assert [name for name, _ in made.top(signed)[:3]] == ["C2", "C3", "C1"]
    draw_comparison(made.explanations, made.spearman, made.tops, tmp_path / "x.html")
    page = re.sub("</?span>", "", (tmp_path / "x.html").read_text())
    assert "Largest: C2 −3.969, C3 +0.300, C1 +0.200" in page
    assert "Largest: C2 0.040, C12 0.040" in page and "one colour, 0.03 to 0.04" in page
    assert "has no sign" in page and "is red throughout" not in page
    made.draw(tmp_path / "x.svg")
    said = texts((tmp_path / "x.svg").read_text())
    assert any("largest: C2 −3.969" in one for one in said)
    assert any("0.03 to 0.04" in one for one in said)


@pytest.mark.parametrize("name", ["gae", "rollout", "attention-last", "saliency", "legrad"])
def test_a_method_without_a_sign_shows_its_ranking(name):
    made = Explainer("bace", name)(VERUBECESTAT)
    assert not made.signed
    relevance = made.relevance.tolist()
    found = fills(draw(made))
    lightest = max(found, key=lambda atom: sum(found[atom]))
    assert relevance[lightest] == pytest.approx(min(relevance), rel=0.02)
    assert found[relevance.index(min(relevance))] == pytest.approx((1, 1, 1), abs=0.005)
    assert found[relevance.index(max(relevance))] == pytest.approx(RED_BLUE.unsigned, abs=0.005)


def test_pictures_have_true_minus_signs():
    made = Explainer("bace")(VERUBECESTAT, "active")
    assert made.logit < 0
    drawn = [
        *texts(made.draw()),
        *texts(molxai.grid([made, made]).draw()),
        *texts(made.pair_flow().draw()),
    ]
    numbers = [one for one in drawn if one != VERUBECESTAT and VERUBECESTAT not in one]
    assert not [one for one in numbers if re.search(r"(^|\s)-\d", one)]
    assert any("−" in one for one in numbers)
