"""Choices of a picture: palettes that all can tell apart, honest scales, dpi, captions, parts."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from conftest import ROOT, stroke_image
from PIL import Image
from rdkit import Chem
from rdkit.Chem import rdDepictor
from svg_texts import HOSTILE, PARTS, texts
from test_rendering import IBUPROFEN, RELEVANCE, explanation, fills, saturation

from graphormer.graphs.molecules import molecule
from graphormer.graphs.superpixels import digit
from molxai import Explainer
from molxai.cli import main
from molxai.explanation.pictures import draw, even_shares
from molxai.rendering.bar import tick_names
from molxai.rendering.colour import PALETTES, RED_BLUE, SMALLEST_SCALE
from molxai.rendering.depiction import BOND
from molxai.rendering.hatch import segment_lines
from molxai.rendering.lettering import cut_to_fit, width
from molxai.rendering.look import Look, common_limit, scale_of
from molxai.rendering.molecule import draw_molecule, lay_out

BLINDNESS = {
    "none": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Matrices on linear RGB, of severity 1.

Machado, Oliveira, Fernandes 2009, "A physiologically-based model for simulation of color vision
deficiency", IEEE TVCG 15(6).
"""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    part = np.array(colour)
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def lab(light):
    ratio = TO_XYZ @ np.clip(light, 0, 1) / [0.95047, 1.0, 1.08883]
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_a_method_of_its_own_unit_is_drawn_in_full_colour_and_never_in_logits():
    made = Explainer("bace", "grad-attention")(IBUPROFEN, "active")
    relevance = made.relevance.tolist()
    assert (
        max(map(abs, relevance)) < SMALLEST_SCALE
        and not made.in_unit
        and made.relevance_unit == "the method's own unit"
    )
    svg = made.draw()
    strongest = max(range(len(relevance)), key=lambda atom: abs(relevance[atom]))
    full = RED_BLUE.towards if relevance[strongest] > 0 else RED_BLUE.against
    assert fills(svg)[strongest] == pytest.approx(full, abs=3e-3)
    assert (
        "(the method's" in texts(svg) and "(logit)" not in texts(svg) and "logit units" not in svg
    )
    assert common_limit("common", [relevance], made.in_unit) == max(map(abs, relevance))


@pytest.mark.parametrize("name", PALETTES)
def test_everybody_can_tell_the_ends_apart_and_read_black_letters_on_them(name):
    palette = PALETTES[name]
    for colour in (palette.towards, palette.against, palette.unsigned):
        assert (TO_XYZ[1] @ linear(colour) + 0.05) / 0.05 >= 4.5
    for name, matrix in BLINDNESS.items():
        towards, against, size = (
            lab(np.array(matrix) @ linear(colour))
            for colour in (palette.towards, palette.against, palette.unsigned)
        )
        assert np.linalg.norm(towards - against) >= 50
        least = 15 if name == "no blue cones" else 35
        assert min(np.linalg.norm(size - towards), np.linalg.norm(size - against)) >= least


@pytest.mark.parametrize("name", PALETTES)
def test_the_most_relevant_atom_is_the_most_saturated_and_sign_is_the_palettes(name):
    palette = PALETTES[name]
    svg = draw(explanation(molecule(IBUPROFEN), RELEVANCE), look=Look(cmap=name))
    found = fills(svg)
    assert max(found, key=lambda atom: saturation(found[atom])) == int(np.argmax(np.abs(RELEVANCE)))
    for atom, colour in found.items():
        near = np.abs(np.subtract(colour, palette.colour(RELEVANCE[atom], 2.0))).max()
        assert near < 0.01
    towards, against = palette.words
    assert any(
        f"{towards.capitalize()} speaks for yes, {against} against it" in text
        for text in texts(svg)
    )


def test_a_fixed_scale_says_what_is_beyond_it():
    own, fixed = (
        draw(explanation(molecule(IBUPROFEN), RELEVANCE), look=Look(scale=scale))
        for scale in ("own", 1.0)
    )
    assert "+2" in texts(own) and "≥ +1.0" in texts(fixed) and "≤ −1.0" in texts(fixed)
    colour = PALETTES["red-blue"]
    assert np.allclose(fills(fixed)[4], colour.towards, atol=0.01) and np.allclose(
        fills(fixed)[7], colour.against, atol=0.01
    )
    ramp = Look(scale=2.0).ramp_for([1.0])
    assert tick_names(ramp, [2.0, -2.0]) == ["−2", "−1", "0", "+1", "+2"]


def test_scales_of_a_set():
    relevances = [[0.1, -0.2], [1.5]]
    assert (
        common_limit("own", relevances) is None
        and common_limit("common", relevances) == 1.5
        and common_limit("2", relevances) == 2.0
    )
    for wrong in ("huge", "0", "-1", "nan", "inf"):
        with pytest.raises(ValueError, match="own, common; or give a positive number"):
            scale_of(wrong)


def test_more_pixels_an_inch_are_more_pixels(tmp_path):
    one = explanation(molecule(IBUPROFEN), RELEVANCE)
    small, large = (
        Image.open(io.BytesIO(draw(one, tmp_path / "x.png", Look(dpi=dpi)))) for dpi in (100, 200)
    )
    assert large.size == (2 * small.size[0], 2 * small.size[1])
    shrunk = np.asarray(large.convert("L").resize(small.size, Image.Resampling.BOX)).astype(int)
    difference = np.abs(shrunk - np.asarray(small.convert("L")).astype(int))
    assert difference[70:280, :500].mean() < 1  # lines and letters of the drawing grow with it


@pytest.mark.parametrize("style", ["highlight", "contour"])
def test_nothing_is_behind_a_transparent_picture(tmp_path, style):
    one = explanation(molecule(IBUPROFEN), RELEVANCE)
    for transparent, corner in ((True, 0), (False, 255)):
        picture = Image.open(
            io.BytesIO(draw(one, tmp_path / "x.png", Look(style, transparent=transparent)))
        )
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
        assert alpha[3, 3] == corner and alpha.max() == 255
    white = [
        draw(one, look=Look(style, transparent=transparent)).count("fill: #ffffff")
        for transparent in (False, True)
    ]
    assert white[0] == white[1] + 1  # the bar has one of its own


def test_ones_own_caption_or_none():
    one = explanation(molecule(IBUPROFEN, "my drug"), RELEVANCE)
    own, none = (
        texts(draw(one, look=Look(caption=caption))) for caption in ("Figure 3. Mine.", "")
    )
    assert "Figure 3. Mine." in own and not any(
        "Explained" in text or "my drug" in text for text in own + none
    )
    assert "relevance" in " ".join(none) and len(none) < len(own)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_stay_words(text):
    one = explanation(molecule("CCO", text), [1.0, 0.0, -1.0])
    for svg in (draw(one), draw(one, look=Look(caption=text)), draw(one, parts=[([0, 1], text)])):
        assert "<script" not in svg and "\u202e" not in svg and len(svg) < 60_000
        assert ET.fromstring(svg.encode()).tag.endswith("svg")
    assert "<script" not in one._repr_html_()


@pytest.mark.parametrize("text", ["W" * 200, "i" * 900, "short", "", "c1ccccc1" * 30])
def test_words_are_cut_where_the_room_ends(text):
    for bold in (False, True):
        made = cut_to_fit(text, 30, bold)
        assert width(made, bold) <= 30 and (
            made == text or (made.endswith("…") and width(made + "WW", bold) > 30)
        )


def hatched(svg):
    return {int(atom) for atom in re.findall(r"class='hatch-(\d+)'", svg)}


def test_atoms_are_hatched_where_the_ensemble_is_not_sure():
    import torch

    spread = [0.5] * 15
    svg = draw(explanation(molecule(IBUPROFEN), RELEVANCE, relevance_sd=torch.tensor(spread)))
    assert hatched(svg) == {atom for atom, value in enumerate(RELEVANCE) if abs(value) < 0.5}
    assert any("Hatched" in text for text in texts(svg))
    plain = draw(explanation(molecule(IBUPROFEN), RELEVANCE))
    assert not hatched(plain) and not any("Hatched" in text for text in texts(plain))


def test_hatching_stays_on_its_disc():
    svg = draw_molecule(
        molecule("CCO").mol, [1.0, 0.0, 0.0], 1.0, (300, 200), "svg", uncertain=[False, True, False]
    )
    ((x, y, radius),) = re.findall(
        r"<ellipse class='atom-1' cx='([\d.]+)' cy='([\d.]+)' rx='([\d.]+)'", svg
    )
    lines = re.findall(r"class='hatch-1' d='M ([\d.]+),([\d.]+) L ([\d.]+),([\d.]+)'", svg)
    ends = np.array(lines, float).reshape(-1, 2)
    assert len(lines) >= 3 and np.allclose(
        np.hypot(*(ends - [float(x), float(y)]).T), float(radius), atol=0.2
    )


def test_segments_are_hatched_where_the_ensemble_is_not_sure():
    import torch

    one = digit(stroke_image())
    sure = np.arange(one.graph.nodes) % 3 > 0
    middles = segment_lines(one.segments, ~sure).mean(1).astype(int)
    assert set(one.segments[middles[:, 1], middles[:, 0]]) == set(np.flatnonzero(~sure))
    spread = torch.tensor(np.where(sure, 0.1, 2.0))
    svg = draw(explanation(one, [1.0] * one.graph.nodes, relevance_sd=spread))
    assert 'id="hatch"' in svg and 'id="hatch"' not in draw(
        explanation(one, [1.0] * one.graph.nodes)
    )


def test_parts_have_their_words_beside_them():
    laid = lay_out(molecule(IBUPROFEN).mol, parts=PARTS)
    boxes = [(one.centre - one.half, one.centre + one.half) for one in laid.labels]
    for place, (low, high) in enumerate(boxes):
        assert not ((laid.places > low) & (laid.places < high)).all(1).any()
        assert (low >= laid.low - 1e-9).all() and (high <= laid.high + 1e-9).all()
        assert not any(((low < b) & (high > a)).all() for a, b in boxes[:place])
    for (atoms, _), label in zip(PARTS, laid.labels, strict=True):
        assert any((label.near == place).all() for place in laid.places[atoms])
    svg = draw_molecule(molecule(IBUPROFEN).mol, RELEVANCE, 2.0, (600, 400), "svg", parts=PARTS)
    assert [one for one in texts(svg) if one] == [text for _, text in PARTS] and svg.count(
        "around-"
    ) == sum(len(atoms) for atoms, _ in PARTS)


def test_a_part_shares_its_relevance():
    made = even_shares(RELEVANCE, PARTS[:2])
    assert made[10:] == RELEVANCE[10:] and len(set(made[:4])) == 1
    assert np.isclose(sum(made), sum(RELEVANCE)) and np.isclose(
        sum(made[4:10]), sum(RELEVANCE[4:10])
    )
    svg = draw(explanation(molecule(IBUPROFEN), RELEVANCE), look=Look(shared=True), parts=PARTS)
    assert len({fills(svg)[atom] for atom in PARTS[1][0]}) == 1 and len(
        set(fills(svg).values())
    ) == len(PARTS)
    assert f"Sum: atoms −{-sum(RELEVANCE):.3f}" in " ".join(texts(svg))


@pytest.mark.parametrize(
    "smiles", ["CCO", IBUPROFEN, "[Na+].[Cl-]", "C1CCCCCCCCCCCCC1", "C1CC2CCC1C2", "C" * 60]
)
def test_bonds_have_one_length_and_all_is_inside(smiles):
    laid = lay_out(molecule(smiles).mol)
    lengths = np.linalg.norm(np.diff(laid.places[laid.bonds], axis=1)[:, 0], axis=1)
    assert not len(lengths) or np.isclose(lengths.mean(), BOND, rtol=0.05)
    assert (laid.low < laid.places.min(0)).all() and (laid.high > laid.places.max(0)).all()


def test_a_layout_of_the_users_keeps_its_shape_and_takes_the_common_length():
    mol = Chem.Mol(molecule(IBUPROFEN).mol)
    rdDepictor.Compute2DCoords(mol)
    own = mol.GetConformer().GetPositions()[:, :2] @ np.array([[0.0, 1.0], [-1.0, 0.0]]) * 0.55
    mol.GetConformer().SetPositions(np.hstack([own, np.zeros((len(own), 1))]))
    places = lay_out(mol).places
    assert np.allclose(places / np.linalg.norm(places), own / np.linalg.norm(own), atol=1e-6)
    assert np.isclose(np.linalg.norm(places[0] - places[1]), BOND, rtol=0.02)


def test_ions_stand_apart():
    for smiles in ("CC(=O)[O-].[Na+]", "[Na+].[Na+].[O-]S(=O)(=O)[O-]"):
        places = lay_out(molecule(smiles).mol).places
        gaps = np.linalg.norm(places[:, None] - places, axis=2) + 9 * np.eye(len(places))
        assert gaps.min() > 1.2


def test_refusals_name_the_choices():
    for wrong, said in (
        ({"cmap": "jet"}, "red-blue"),
        ({"dpi": 5}, "10 to"),
        ({"scale": -1.0}, "positive"),
        ({"style": "x"}, "contour"),
    ):
        with pytest.raises(ValueError, match=said):
            Look(**wrong)


def test_the_command_line_draws_so(tmp_path, capsys):
    path = tmp_path / "x.png"
    chosen = [
        "--cmap",
        "brown-teal",
        "--dpi",
        "150",
        "--transparent",
        "--no-caption",
        "--scale",
        "0.1",
    ]
    assert main(["explain", "CCO", "-o", str(path), *chosen]) == 0
    picture = Image.open(path)
    assert picture.size[0] == 1140 and np.asarray(picture)[0, 0, 3] == 0
    for wrong in (
        ["--cmap", "jet"],
        ["--scale", "much"],
        ["--dpi", "1"],
        ["--caption", "a", "--no-caption"],
    ):
        assert main(["explain", "CCO", "-o", str(tmp_path / "y.svg"), *wrong]) == 2
    assert not (tmp_path / "y.svg").exists()


def test_a_folder_of_pictures_has_the_scale_that_was_asked_for(tmp_path, capsys):
    (tmp_path / "two.smi").write_text("CCO\nc1ccccc1C(F)(F)F\n")
    for scale in ("own", "common", "7"):
        assert (
            main(
                [
                    "explain",
                    str(tmp_path / "two.smi"),
                    "-o",
                    str(tmp_path / scale),
                    "--scale",
                    scale,
                ]
            )
            == 0
        )
        tops = [
            next(text for text in texts(path.read_text()) if re.fullmatch(r"(≥ )?\+[\d.]+", text))
            for path in (tmp_path / scale).iterdir()
        ]
        assert len(set(tops)) == (2 if scale == "own" else 1) and (
            scale != "7" or tops[0] == "+3.5" or tops[0] == "+7"
        )


def test_every_figure_is_described():
    described = (ROOT / "figures/README.md").read_text()
    assert all(
        f"`{path.name}`" in described
        for path in (ROOT / "figures").iterdir()
        if path.suffix in (".png", ".svg")
    )
    assert all(path.stat().st_size <= 150_000 for path in (ROOT / "figures").glob("*.png"))
