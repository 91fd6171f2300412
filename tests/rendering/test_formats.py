"""Files of pictures: every format opens again, is as wide as was asked for, and holds its text."""

import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zlib

import numpy as np
import pytest
from conftest import stroke_image
from matplotlib.figure import Figure
from PIL import Image
from svg_texts import page, texts
from test_grid import drawings, several
from test_rendering import IBUPROFEN, RELEVANCE, explanation

import molxai
from graphormer.graphs.molecules import molecule
from graphormer.graphs.superpixels import digit
from molxai.explanation.grid import letter
from molxai.explanation.pictures import draw
from molxai.rendering import ENDINGS, FORMATS
from molxai.rendering.lettering import width, wrap
from molxai.rendering.look import Look
from molxai.rendering.vector import draw_svg
from molxai.rendering.width import width_of

WIDTHS = (
    ("3.25in", 3.25),
    ("84mm", 84 / 25.4),
    ("5cm", 5 / 2.54),
    ("240pt", 240 / 72),
    ("12 in", 12),
)
"""Widths as they are typed, and in inches."""

NARROW = Look(width="3.25in")


def ibuprofen():
    return explanation(molecule(IBUPROFEN, "my drug"), RELEVANCE)


def stroke():
    subject = digit(stroke_image(), "stroke")
    return explanation(subject, np.linspace(-1, 1, subject.graph.nodes).tolist())


def streams(pdf):
    """What a PDF holds compressed, as bytes."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.S)
    return b"\n".join(zlib.decompress(one) for one in found if one[:1] == b"x")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("subject", [ibuprofen, stroke])
def test_every_format_opens_again(tmp_path, ending, subject):
    path = tmp_path / f"x{ending}"
    content = draw(subject(), path, Look(dpi=150))
    assert content == (path.read_text() if ending == ".svg" else path.read_bytes())
    if ending == ".svg":
        ET.fromstring(content.encode())
    elif ending == ".pdf":
        assert content.startswith(b"%PDF-1.4") and page(content)[0] == pytest.approx(547.2)
    else:
        with Image.open(path) as picture:
            names = {"png": "PNG", "jpg": "JPEG", "tiff": "TIFF"}
            assert picture.format == names[FORMATS[ending]]
            assert picture.size[0] == 1140
            assert [round(float(value), 1) for value in picture.info["dpi"]] == [150, 150]


def test_formats_of_pixels_show_the_same(tmp_path):
    png, tiff, jpg = (
        np.asarray(Image.open(io.BytesIO(draw(ibuprofen(), tmp_path / name))).convert("RGB"))
        for name in ("x.png", "x.tif", "x.jpeg")
    )
    assert (png == tiff).all()
    assert np.abs(png.astype(int) - jpg).mean() < 1


@pytest.mark.parametrize(("typed", "inches"), WIDTHS)
def test_a_picture_is_as_wide_as_asked_for(tmp_path, typed, inches):
    look = Look(width=typed, dpi=300)
    one = ibuprofen()
    assert page(draw(one, tmp_path / "x.pdf", look))[0] == pytest.approx(72 * inches, abs=1e-4)
    svg = ET.fromstring(draw(one, look=look).encode())
    assert svg.get("width").endswith("pt")
    assert float(svg.get("width")[:-2]) == pytest.approx(72 * inches, abs=1e-4)
    for ending in ("png", "jpg"):
        picture = Image.open(io.BytesIO(draw(one, tmp_path / f"x.{ending}", look)))
        assert picture.size[0] == round(300 * inches)
        assert round(float(picture.info["dpi"][0])) == 300


@pytest.mark.parametrize("dpi", [100, 300])
def test_pixels_are_pixels(tmp_path, dpi):
    look = Look(width="1200px", dpi=dpi)
    png = Image.open(io.BytesIO(draw(ibuprofen(), tmp_path / "x.png", look)))
    assert png.size[0] == 1200
    svg = ET.fromstring(draw(ibuprofen(), look=look).encode())
    assert float(svg.get("width")[:-2]) == 900  # 1200 pixels of CSS


def font_sizes(svg):
    """Sizes of all letters of matplotlib's, in points of the printed picture."""
    return [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]


def words(root):
    """Every text with the place of its anchor and its width, in points."""
    for element in root.iter():
        style = element.get("style") or ""
        size = re.search(r"font-size: ([\d.]+)px", style)
        if element.tag.endswith("}text") and size:
            shift = re.search(r"translate\(([\d.]+)", element.get("transform"))
            x = float(element.get("x") or shift[1])
            yield element.text, x, float(size[1]) * width(element.text, "weight: 700" in style)


def test_letters_of_a_narrow_picture_stay_readable():
    usual = font_sizes(draw(ibuprofen()))
    narrow = font_sizes(draw(ibuprofen(), look=NARROW))
    wide = font_sizes(draw(ibuprofen(), look=Look(width="15.2in")))
    assert min(usual) == 9 and min(narrow) == pytest.approx(7)
    assert max(narrow) < 10 and min(wide) == pytest.approx(18)


@pytest.mark.parametrize("typed", ["2in", "3.25in", "7in", "15in"])
def test_words_are_wrapped_and_end_inside(typed):
    """And all of them are there: the last line ends with the name of the method."""
    one = explanation(molecule(IBUPROFEN, "my drug"), RELEVANCE, model="a-model-with-a-long-name")
    svg = draw(one, look=Look(width=typed))
    root = ET.fromstring(svg.encode())
    whole = float(root.get("viewBox").split()[2])
    for text, left, across in words(root):
        assert left + across < whole, text
    said = " ".join(texts(svg))
    assert "a-model-with-a-long-name" in said and "lrp" in said
    assert "Red speaks for yes, blue against it" in said


def test_a_pdf_holds_its_text_and_its_font(tmp_path):
    path = tmp_path / "x.pdf"
    content = draw(ibuprofen(), path, NARROW)
    assert content.count(b"/FontFile2") and b"/Type3" not in content  # TrueType, embedded
    # The bar and its opacity; all else are lines and areas.
    assert content.count(b"/Subtype /Image") == 2
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    command = ["pdftotext", "-layout", str(path), "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = " ".join(said.split())
    assert "my drug" in words and "Red speaks for yes, blue against it" in words


def test_the_same_pdf_is_the_same_file(tmp_path):
    first = draw(ibuprofen(), tmp_path / "x.pdf")
    assert first == draw(ibuprofen(), tmp_path / "x.pdf")


def test_a_pdf_has_the_colours_of_the_svg(tmp_path):
    svg = draw(ibuprofen())
    fills = re.findall(r"<ellipse class='atom-\d+'[^>]*fill:#(\w{6})", svg)
    painted = streams(draw(ibuprofen(), tmp_path / "x.pdf")).decode("latin-1")
    colours = re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) rg", painted)
    found = {tuple(round(255 * float(part)) for part in colour) for colour in colours}
    assert {tuple(bytes.fromhex(fill)) for fill in fills} - {(255, 255, 255)} <= found


@pytest.mark.parametrize("style", ["highlight", "contour"])
def test_a_pdf_looks_as_the_png(tmp_path, style):
    """The lines of RDKit's SVG, drawn by matplotlib, are where RDKit's own pixels are."""
    one = explanation(molecule("CC(=O)Nc1ccc(O)cc1.[Na+]"), np.linspace(-1, 1, 12).tolist())
    look = Look(style, atom_numbers=True, dpi=100)
    png = Image.open(io.BytesIO(draw(one, tmp_path / "x.png", look))).convert("L")
    svg = drawings(draw(one, look=look))[0]
    svg.set("xmlns", "http://www.w3.org/2000/svg")
    figure = Figure(figsize=png.size, dpi=1)
    width, height = (float(svg.get(name)) / 0.72 for name in ("width", "height"))
    left, top = (float(svg.get(name)) / 0.72 for name in ("x", "y"))
    box = (left, png.size[1] - top - height, width, height)
    axes = figure.add_axes(np.array(box) / np.tile(png.size, 2))
    draw_svg(axes, ET.tostring(svg, encoding="unicode"), width * 72)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=1)
    drawn = np.asarray(Image.open(buffer).convert("L")).astype(float)
    area = np.s_[int(top) : int(top + height), int(left) : int(left + width)]
    difference = np.abs(drawn[area] - np.asarray(png).astype(float)[area])
    assert difference.mean() < 3 and drawn[area].min() < 60


def test_an_svg_names_fonts_that_every_machine_has():
    for svg in (draw(ibuprofen(), look=Look(atom_numbers=True)), molxai.grid(several()).draw()):
        assert "Arial, Helvetica, sans-serif" in svg and "DejaVu" not in svg


def test_a_grid_has_its_width_its_letters_and_its_order(tmp_path):
    grid = molxai.grid(several(), columns=3, width="3.25in", letters=True)
    assert page(grid.draw(tmp_path / "x.pdf"))[0] == pytest.approx(234)
    svg = grid.draw()
    root = ET.fromstring(svg.encode())
    assert float(root.get("width")[:-2]) == pytest.approx(234)
    places = [(float(one.get("y")), float(one.get("x"))) for one in drawings(svg)]
    assert places == sorted(places) and len({y for y, _ in places}) == 2
    said = texts(svg)
    names = [text for text in said if re.fullmatch(r"[a-e]|m\d", text)]
    assert sorted(names) == ["a", "b", "c", "d", "e", "m0", "m1", "m2", "m3", "m4"]
    assert [name for name in names if len(name) == 2] == ["m0", "m1", "m2", "m3", "m4"]
    assert said[-1] == "test · lrp"
    assert min(font_sizes(svg)) == pytest.approx(7)


@pytest.mark.parametrize("typed", ["", "4in", "7in"])
def test_neighbours_in_a_grid_do_not_touch(typed):
    long = [explanation(molecule(IBUPROFEN, "W" * 60), RELEVANCE) for _ in range(3)]
    root = ET.fromstring(molxai.grid(long, columns=3, width=typed).draw().encode())
    ends = []
    for text, middle, across in words(root):
        if text.startswith("WW"):
            ends += [middle - across / 2, middle + across / 2]
    assert len(ends) == 6 and ends == sorted(ends) and ends[0] > 0
    assert min(ends[2] - ends[1], ends[4] - ends[3]) > 5


def test_letters_go_on_after_z():
    assert [letter(number) for number in (0, 25, 26, 51, 52)] == ["a", "z", "aa", "az", "ba"]


@pytest.mark.parametrize("typed", ["3", "in", "-3in", "3 furlongs", "3,25in", "1e3mm", "nanin"])
def test_a_width_that_is_none_is_refused(typed):
    with pytest.raises(ValueError, match=r"number with a unit, like 3\.25in"):
        Look(width=typed)
    with pytest.raises(ValueError):
        width_of(typed)


@pytest.mark.parametrize(
    ("typed", "said"), [("0in", "narrow"), ("1in", "at least 1.5in"), ("100in", "at most 60in")]
)
def test_a_width_that_no_picture_has_is_refused(typed, said):
    with pytest.raises(ValueError, match=said):
        draw(ibuprofen(), look=Look(width=typed))


def test_too_many_pixels_are_refused(tmp_path):
    with pytest.raises(ValueError, match="24,000 pixels across"):
        draw(ibuprofen(), tmp_path / "x.png", Look(width="20in", dpi=1200))
    assert draw(ibuprofen(), tmp_path / "x.pdf", Look(width="20in", dpi=1200))


def test_a_grid_needs_room_for_its_columns():
    with pytest.raises(ValueError, match=r"width 3in: too narrow, at least 3\.\d+in"):
        molxai.grid(several(), columns=5, width="3in").draw()


@pytest.mark.parametrize("room", [3, 10, 40])
def test_wrapped_words_fit_and_none_is_lost(room):
    text = "one word after another until the line is full and a-very-long-one-that-is-cut-somewhere"
    lines = wrap(text, room)
    assert all(width(line) <= room for line in lines)
    if room == 40:
        assert " ".join(lines) == text
    assert len(wrap(text, room, most=2)) <= 2


def test_a_small_molecule_has_its_bar_beside_it():
    """And not at the other end of a white page."""
    svg = draw(explanation(molecule("CCO"), [0.1, 0.2, -0.3]))
    root = ET.fromstring(svg.encode())
    drawing = drawings(svg)[0]
    right = float(drawing.get("x")) + float(drawing.get("width"))
    bar = next(x for text, x, _ in words(root) if text == "relevance")
    assert 0 < bar - right < 12
    middle = (float(drawing.get("x")) + bar) / 2
    assert abs(middle - float(root.get("width")[:-2]) / 2) < 60


def said(look, **fields):
    one = explanation(molecule(IBUPROFEN), RELEVANCE, **fields)
    return " ".join(texts(draw(one, look=look)))


def test_a_caption_is_short_unless_a_long_one_is_asked_for():
    short, long = (said(Look(caption=name)) for name in (None, "long"))
    assert said(Look(caption="short")) == short
    total = sum(RELEVANCE)
    assert f"Sum: atoms −{-total:.3f}" in short and "remainder" not in short
    assert f"Sum: atoms −{-total:.3f}, graph token +0.000, biases +0.000 · remainder" in long
    for caption in (short, long):
        assert "Red speaks for yes, blue against it" in caption and "lrp" in caption
    contours = [said(Look("contour", caption=name)) for name in ("short", "long")]
    assert ["Contours blur" in caption for caption in contours] == [False, True]


@pytest.mark.parametrize("name", ["short", "long"])
def test_the_sum_of_a_method_without_a_sign_has_no_plus(name):
    one = explanation(molecule(IBUPROFEN), [abs(value) for value in RELEVANCE], signed=False)
    total = sum(map(abs, RELEVANCE))
    assert f"Sum: atoms {total:.3f}" in " ".join(texts(draw(one, look=Look(caption=name))))


def test_a_short_caption_says_what_does_not_add_up():
    total = sum(RELEVANCE)
    text = said(Look(), logit=total + 0.5, bias=0.2, token=-0.1)
    assert f"Sum: atoms −{-total:.3f}, graph token −0.100, biases +0.200" in text
    assert "remainder +0.400" in text


def test_a_method_with_a_unit_of_its_own_is_not_compared_with_the_output():
    gae = molxai.Explainer("bace", "gae")(IBUPROFEN)
    text = " ".join(texts(draw(gae)))
    assert "in a unit of its own, not a share of the output" in text
    assert "remainder" not in text and "evidence" not in text


def test_one_atom_has_no_contours_and_the_caption_speaks_of_none():
    one = explanation(molecule("C"), [0.5])
    caption = " ".join(texts(draw(one, look=Look("contour", caption="long"))))
    assert "Contours" not in caption


@pytest.mark.parametrize("ending", [".svg", ".png"])
def test_words_and_bonds_are_light_on_a_dark_slide(tmp_path, ending):
    look = Look(foreground="light", transparent=True, atom_numbers=True)
    one = explanation(molecule("CC(=O)Nc1ccc(O)cc1"), np.linspace(-1, 1, 11).tolist())
    content = draw(one, tmp_path / f"x{ending}", look, [([0, 1, 2], "acetyl")])
    if ending == ".svg":
        root = ET.fromstring(content.encode())
        inks = [
            element.get("fill") or re.search(r"fill: (\w+|#\w+)", element.get("style"))[1]
            for element in root.iter()
            if element.tag.endswith("}text")
        ]
        light_grey = "#cccccc"  # of the atoms' indices
        assert inks and {ink.lower() for ink in inks} <= {"white", "#ffffff", light_grey}
        assert "stroke:#000000" not in content and "fill='#000000'" not in content
    if ending == ".png":
        picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(int)
        is_black = (picture[..., :3].max(2) < 60) & (picture[..., 3] > 200)
        assert not is_black.any()
        assert ((picture[..., :3].min(2) > 250) & (picture[..., 3] > 200)).sum() > 500


@pytest.mark.parametrize("smiles", ["[18F]c1ccccc1", "[125I]CC", "[35Cl]C", "[3H]C", "[13CH4]"])
def test_a_pdf_holds_isotopes(tmp_path, smiles):
    mol = molecule(smiles)
    one = explanation(mol, [0.5] * mol.nodes)
    assert draw(one, tmp_path / "x.pdf").startswith(b"%PDF")


@pytest.mark.parametrize("limit", [0.3, 0.05, 100000.0, 0.00123])
def test_numbers_of_a_bar_are_whole_on_any_scale(tmp_path, limit):
    content = draw(ibuprofen(), tmp_path / "x.png", Look(scale=limit))
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    assert (picture[:, -3:] == 255).all()
