"""Pictures say what the numbers say: the right atom, the right colour, an honest scale."""

import io
import pkgutil
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from conftest import ROOT, SMALL, random_model, stroke_image
from PIL import Image
from rdkit import Chem
from rdkit.Chem import AllChem

import molxai.rendering
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.superpixels import digit
from graphormer.network.card import Card
from molxai.explanation.explainer import Explainer
from molxai.explanation.explanation import Explanation
from molxai.explanation.pictures import draw
from molxai.explanation.target import Target
from molxai.rendering.colour import BLUE, RED, SMALLEST_SCALE, WHITE, colours, scale
from molxai.rendering.look import Look
from molxai.rendering.molecule import draw_layout, draw_molecule, lay_out
from molxai.rendering.outline import STRIP, outline

IBUPROFEN = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"
CONTOUR = Look("contour")
RELEVANCE = [0.1, -0.3, 0.0, 0.2, 1.5, -0.1, 0.05, -2.0, 0.3, 0.0, 0.4, -0.6, 0.7, 0.9, -1.2]


def explanation(subject, relevance, **fields):
    common = {
        "token": 0.0,
        "bias": 0.0,
        "logit": float(sum(relevance)),
        "probability": 0.7,
        "target": Target(1),
        "prediction": 1,
    }
    known = (
        common
        | {"value": 1.0, "classes": ("no", "yes"), "model": "test", "subject": subject}
        | fields
    )
    return Explanation("lrp", torch.tensor(relevance), None, (), **known)


def fills(svg):
    """Colour of the disc behind each atom on white, by atom index."""
    found = re.findall(rf"<ellipse [^>]*class='atom-(\d+)'[^>]*fill:{INK}", svg)
    return {int(atom): on_white(fill, opacity) for atom, fill, opacity in found}


INK = r"(#[0-9A-F]{6})(?:;\w+-opacity:([\d.e-]+))?"
"""A colour and its opacity; without the second it is opaque."""


def on_white(colour, opacity):
    """What a colour looks like on white."""
    share = float(opacity or 1)
    return tuple(1 - share * (1 - int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))


def saturation(colour):
    return max(colour) - min(colour)


def test_colours_are_symmetric_about_white():
    assert colours([2.0, 0.0, -2.0, 1.0], 2.0) == [
        RED,
        WHITE,
        BLUE,
        tuple((w + r) / 2 for w, r in zip(WHITE, RED, strict=True)),
    ]
    assert scale([0.5, -3.0]) == 3.0


def test_a_map_of_almost_nothing_stays_white():
    assert scale([1e-9, -1e-8]) == SMALLEST_SCALE
    svg = draw_molecule(
        Chem.MolFromSmiles("CCO"), [1e-6, -1e-6, 0.0], scale([1e-6]), (300, 200), "svg"
    )
    assert max(map(saturation, fills(svg).values())) < 0.01


def test_contours_of_almost_nothing_stay_white(tmp_path):
    """And full colour means the same in both styles.

    RDKit would scale any map to its own largest value.
    """
    one, pixels = molecule(IBUPROFEN), {}
    for size in (1e-4, 0.05, 2.0):
        draw(explanation(one, [size * r for r in RELEVANCE]), tmp_path / "x.png", CONTOUR)
        pixels[size] = np.asarray(Image.open(tmp_path / "x.png").convert("RGB")).astype(int)[
            60:280, :500
        ]
    spread = {size: np.ptp(p, axis=2).max() for size, p in pixels.items()}
    assert spread[1e-4] < 10 and spread[0.05] > 100
    assert (
        np.abs(pixels[0.05] - pixels[2.0]).mean() < 1
    )  # both above the smallest scale: each in full colour


def test_numbers_that_are_not_finite_are_not_drawn():
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="NaN or infinity"):
            scale([0.0, bad])


@pytest.mark.parametrize(
    "smiles",
    [
        IBUPROFEN,
        "OC(=O)C(C)c1ccc(CC(C)C)cc1",
        "N[C@@H](C)C(=O)N1CCC[C@H]1C(=O)O",
        "O[C@H]1CC[C@H]2CCCC[C@@H]2C1",
    ],
)
def test_each_atom_has_the_colour_of_its_relevance(smiles):
    """Chiral centres included: drawing must not add hydrogens and shift the indices."""
    mol = molecule(smiles).mol
    relevance = [RELEVANCE[i % len(RELEVANCE)] for i in range(mol.GetNumAtoms())]
    svg = draw_molecule(mol, relevance, scale(relevance), (600, 400), "svg")
    assert max(map(int, re.findall(r"atom-(\d+)", svg))) == mol.GetNumAtoms() - 1
    found = fills(svg)
    assert set(found) == set(range(mol.GetNumAtoms()))
    for atom, (red, _, blue) in found.items():
        assert abs(relevance[atom]) < 0.02 or (red > blue) == (relevance[atom] > 0)
    assert max(found, key=lambda atom: saturation(found[atom])) == int(np.argmax(np.abs(relevance)))


def bands(svg):
    """Colour of the wide band behind each bond, by its two atoms; lines in black lie over it."""
    lines = re.findall(rf"<path class='bond-\d+ atom-(\d+) atom-(\d+)'[^>]*stroke:{INK}", svg)
    found = {}
    for a, b, colour, opacity in lines:
        if colour != "#000000":
            found[int(a), int(b)] = on_white(colour, opacity)
    return found


def test_bonds_have_the_colour_of_their_own_relevance():
    mol = Chem.MolFromSmiles("CC=O")
    bonds = {(0, 1): 0.1, (1, 2): -0.2}  # in full colour at ±0.2, whatever the atoms have
    svg = draw_molecule(mol, [5.0, 0.0, -5.0], 5.0, (300, 200), "svg", bonds=bonds)
    expected = dict(zip(bonds, colours(list(bonds.values()), 0.2), strict=True))
    assert bands(svg).keys() == expected.keys()
    for bond, colour in bands(svg).items():
        assert colour == pytest.approx(expected[bond], abs=0.005)


def test_bonds_without_relevance_are_not_coloured():
    svg = draw_molecule(Chem.MolFromSmiles("CC=O"), [5.0, 0.0, -5.0], 5.0, (300, 200), "svg")
    assert bands(svg) == {}


@pytest.mark.parametrize("smiles", ["CCO", "C", "C1CC1", "c1ccccc1", IBUPROFEN])
def test_an_outline_is_a_line_around_a_part_and_nothing_inside(smiles):
    """Black bonds on a grey of the outline could not be seen, nor anything on a white one."""
    mol = Chem.MolFromSmiles(smiles)
    atoms = list(range(mol.GetNumAtoms()))
    laid = lay_out(mol, parts=[(atoms, "")])
    pieces = outline(laid, atoms)
    points = np.vstack(pieces)
    distances = np.linalg.norm(points[:, None] - laid.places, axis=2).min(1)
    around = max(map(laid.disc, atoms)) + 0.33
    assert distances.max() < around and distances.min() > STRIP / 2
    steps = np.concatenate([np.linalg.norm(np.diff(piece, axis=0), axis=1) for piece in pieces])
    assert steps.max() < 0.11 * max(map(laid.disc, atoms)) + 0.04
    ends = np.array([[piece[0], piece[-1]] for piece in pieces]).reshape(-1, 2)
    for end in ends:  # another piece begins there
        near = np.sort(np.linalg.norm(ends - end, axis=1))
        assert near[1] < 0.02
    look = Look(transparent=True)
    png = draw_layout(laid, [0.0] * len(atoms), 1.0, (300, 200), "png", look, scale=20.0)
    pixels = np.asarray(Image.open(io.BytesIO(png)))
    assert (pixels[..., 3] > 0).mean() < 0.35 and pixels[pixels[..., 3] > 128][:, :3].max() < 100
    svg = draw_layout(laid, [0.0] * len(atoms), 1.0, (300, 200), "svg", look, scale=20.0)
    assert svg.count("class='outline") == 1 and svg.index("outline") < svg.index("class='atom-0'")


def test_bonds_lie_over_atoms():
    svg = draw_molecule(
        Chem.MolFromSmiles("CO"), [1.0, 1.0], 1.0, (300, 200), "svg", bonds={(0, 1): 0.004}
    )
    assert svg.index("class='atom-1'") < svg.index("class='bond-0 ")
    assert bands(svg)[0, 1] != (1.0, 1.0, 1.0)  # next to atoms of 1 it would be white


def test_a_layout_of_one_point_is_drawn_anew(tmp_path):
    mol = Chem.MolFromSmiles("CCO")
    conformer = Chem.Conformer(3)
    conformer.Set3D(False)
    mol.AddConformer(conformer)
    draw(explanation(molecule(mol), [0.1, 0.2, -0.3]), tmp_path / "x.png")
    assert (tmp_path / "x.png").exists()


def test_the_users_layout_is_kept_and_a_third_dimension_flattened():
    mol = Chem.AddHs(Chem.MolFromSmiles("c1ccccc1O"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    solid = molecule(mol).mol
    flat = draw_molecule(solid, [0.1] * 7, 1.0, (300, 200), "svg")
    fresh = draw_molecule(molecule("c1ccccc1O").mol, [0.1] * 7, 1.0, (300, 200), "svg")
    assert flat == fresh
    assert solid.GetConformer().Is3D()


@pytest.mark.parametrize("smiles", ["C", "[Na+].[Cl-]", "[H][H]", "CCO"])
@pytest.mark.parametrize("style", ["highlight", "contour"])
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_small_molecules_are_drawn_in_both_styles(tmp_path, smiles, style, ending):
    one = molecule(smiles)
    draw(explanation(one, [0.5] * one.graph.nodes), tmp_path / f"x.{ending}", Look(style))
    assert (tmp_path / f"x.{ending}").stat().st_size > 3000


def test_lone_atoms_are_highlighted_in_either_style():
    for smiles in ("C", "[Na+].[Cl-]"):
        one = molecule(smiles)
        assert set(fills(draw(explanation(one, [0.5] * one.graph.nodes), look=CONTOUR))) == set(
            range(one.graph.nodes)
        )


def test_the_svg_is_whole_and_says_what_it_shows():
    svg = draw(explanation(molecule(IBUPROFEN, "my drug"), RELEVANCE))
    texts = " ".join(
        element.text or ""
        for element in ET.fromstring(svg.encode()).iter()
        if element.tag.endswith("text")
    )
    for said in (
        "my drug",
        "Explained: yes (as predicted)",
        "probability 0.700",
        "Red speaks for yes",
        "+2",
        "relevance",
    ):
        assert said in texts, said
    total = sum(RELEVANCE)
    assert f"Sum: atoms −{-total:.3f}" in texts and "graph token" not in texts
    assert set(fills(svg)) == set(range(15))


def test_pictures_stay_small_enough_to_mail():
    for style in ("highlight", "contour"):
        assert len(draw(explanation(molecule(IBUPROFEN), RELEVANCE), look=Look(style))) < 400_000


def test_the_same_picture_is_the_same_file():
    assert draw(explanation(molecule(IBUPROFEN), RELEVANCE)) == draw(
        explanation(molecule(IBUPROFEN), RELEVANCE)
    )


def test_untrusted_text_does_not_become_markup():
    svg = draw(
        explanation(
            molecule("CCO", "<script>alert(1)</script> $\\frac{1}{2}$ & \"'"), [1.0, 0.0, -1.0]
        )
    )
    assert "<script" not in svg
    texts = [element.text or "" for element in ET.fromstring(svg.encode()).iter()]
    assert any("<script>alert(1)</script> $\\frac{1}{2}$ &" in text for text in texts)


def test_control_characters_and_foreign_scripts_do_not_break_the_svg(recwarn):
    svg = draw(explanation(molecule("CCO", "a\x01b \u4e2d"), [1.0, 0.0, -1.0]))
    assert "\u4e2d" in svg and ET.fromstring(svg.encode()) is not None and not recwarn.list


def test_a_digit_is_drawn_red_where_relevance_is_positive(tmp_path):
    one = digit(stroke_image())
    ink = np.array([one.image[one.segments == node].mean() for node in range(one.graph.nodes)])
    path = tmp_path / "digit.png"
    draw(explanation(one, np.where(ink > 0.5, 1.0, -0.2).tolist()), path)
    picture = np.asarray(Image.open(path).convert("RGB")).astype(int)
    red = (picture[:, :, 0] - picture[:, :, 2]) > 60
    blue = (picture[:, :, 2] - picture[:, :, 0]) > 8
    third = picture.shape[1] * 5 // 9
    columns = (
        red[:, third : picture.shape[1] * 5 // 6].sum(),
        blue[:, third : picture.shape[1] * 5 // 6].sum(),
    )
    assert columns[0] > 300 and columns[1] > columns[0]


def test_pictures_refuse_what_they_cannot_draw(tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.svg, .* or \.tif"):
        draw(explanation(molecule("C"), [0.1]), tmp_path / "x.gif")
    with pytest.raises(ValueError, match="bare graph"):
        draw(explanation(None, [0.1]))
    with pytest.raises(ValueError, match="no style .*there are highlight, contour"):
        draw(explanation(molecule("C"), [0.1]), look=Look("sketch"))
    with pytest.raises(ValueError, match="2 relevances but 1 atoms"):
        draw(explanation(molecule("C"), [0.1, 0.2]))
    with pytest.raises(FileNotFoundError, match="create it first"):
        draw(explanation(molecule("C"), [0.1]), tmp_path / "none" / "x.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def explainer():
    return Explainer.from_network(
        random_model(SMALL, dtype=torch.float32),
        Card("test", SMALL, MOLECULES.name, ("effect",), ("no", "yes")),
    )


def test_three_lines_of_python(explainer):
    one = explainer(IBUPROFEN)
    assert len(one.relevance) == 15 and abs(one.gap) < 1e-4
    frame = one.to_frame()
    assert frame["node"][4] == "C4" and np.allclose(
        frame.drop(columns=["node", "relevance"]).sum(axis=1), frame["relevance"], atol=1e-6
    )
    assert "<svg" in one._repr_html_()
    assert one.draw().startswith("<?xml")
    assert [e.subject.smiles for e in explainer(["CCO", "C"])] == ["CCO", "C"]


def test_digits_from_python(saved_digit_model, tmp_path):
    explain = Explainer(saved_digit_model)
    Image.fromarray((255 * stroke_image()).astype(np.uint8)).save(tmp_path / "d.png")
    array, file = explain([stroke_image(), tmp_path / "d.png"])
    assert (
        torch.allclose(array.relevance, file.relevance, atol=0.05) and "<svg" in array._repr_html_()
    )
    with pytest.raises(ValueError, match="reads digits: an array"):
        explain("CCO")


def test_an_explanation_without_a_subject_still_shows(explainer):
    from graphormer.graphs.graph import collate
    from molxai.explanation.methods import EXPLAINERS

    (bare,) = EXPLAINERS["lrp"](explainer.network, collate([molecule("CO").graph]))
    assert "2 most relevant nodes" in bare._repr_html_() and "<svg" not in bare._repr_html_()


def test_png_bytes_are_a_picture(tmp_path):
    content = draw(explanation(molecule(IBUPROFEN), RELEVANCE), tmp_path / "x.png")
    assert Image.open(io.BytesIO(content)).size[0] == 760


ROOM = ROOT / "molxai/rendering"

MODULES = sorted(module.name for module in pkgutil.iter_modules(molxai.rendering.__path__))


def test_drawing_loads_nothing_of_explanations():
    imports = "; ".join(f"import molxai.rendering.{name}" for name in MODULES)
    program = f"{imports}; import sys; print(*(name for name in sys.modules if 'molxai' in name))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if "." in name}
    assert rooms == {"rendering"}


def test_rdkits_drawer_is_set_up_once():
    makers = [path.name for path in ROOM.glob("*.py") if "MolDraw2DCairo" in path.read_text()]
    assert makers == ["drawer.py"]
