"""Figures from the command line: any format, an exact width, several inputs in one figure."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import stroke_image
from PIL import Image
from svg_texts import page, texts
from test_cli import one_line, run  # noqa: F401

from molxai.rendering import FOLDER_FORMATS

SIX = "CCO a\nCCN b\nc1ccccc1O c\nCC(=O)O d\nCCCl e\nCC(C)C f\n"


def test_a_table_is_one_figure(run):  # noqa: F811
    Path("six.smi").write_text(SIX)
    options = ["--grid", "3x2", "--width", "3.25in", "--letters"]
    code, _, error = run("explain", "six.smi", "-o", "grid.pdf", *options)
    assert code == 0 and "6 of 6 inputs done → grid.pdf" in error
    assert page(Path("grid.pdf").read_bytes())[0] == pytest.approx(234)
    run("explain", "six.smi", "-o", "grid.svg", *options)
    said = texts(Path("grid.svg").read_text())
    assert sum(text in "abcdef" for text in said if text) == 12  # ids and letters
    assert "relevance" in said and said[-1].endswith("· lrp")


def test_inputs_that_were_typed_are_one_figure(run):  # noqa: F811
    code, _, error = run(
        "explain", "CCO", "CCN", "CCC", "-o", "g.png", "--grid", "2", "--dpi", "50"
    )
    assert code == 0, error
    with Image.open("g.png") as picture:
        assert round(picture.info["dpi"][0]) == 50 and picture.height > 150  # two rows


def test_a_bad_row_keeps_its_place_and_is_named(run):  # noqa: F811
    Path("a.smi").write_text("CCO good\nC1CC( bad\nCCN fine\n")
    code, _, error = run("explain", "a.smi", "-o", "g.svg", "--grid", "3x1")
    assert code == 0 and "row 1 (bad): RDKit cannot read" in error
    assert "2 of 3 inputs done, 1 with errors" in error
    said = texts(Path("g.svg").read_text())
    titles = [text for text in said if text in ("good", "bad", "fine")]
    assert titles == ["good", "bad", "fine"]
    assert any("RDKit cannot read" in text for text in said)


def test_if_all_rows_are_bad_nothing_is_drawn(run):  # noqa: F811
    code, _, error = run("explain", "C1CC(", "C1CCC(", "-o", "g.svg", "--grid", "2")
    assert code == 1 and not Path("g.svg").exists() and "0 of 2 inputs done" in error
    assert "nothing could be drawn, g.svg is not written" in error and "→" not in error
    code, _, error = run("explain", "C1CC(", "C1CCC(", "-o", "maps")
    assert code == 1 and "nothing could be drawn, maps is not written" in error
    assert not list(Path().iterdir())


@pytest.mark.parametrize(
    ("core", "message"),
    [
        ("c1cccc", "RDKit cannot read the core 'c1cccc'"),
        ("[Fe]", "fewer than two atoms"),
        ("CC[Fe]", "none of the molecules has the core 'CC[Fe]'"),
        ("mcs", "2 molecules have no core in common"),
    ],
)
def test_an_impossible_core_is_refused_before_any_work(run, monkeypatch, core, message):  # noqa: F811
    monkeypatch.setattr("molxai.cli.running.run", lambda *_: pytest.fail("explained"))
    code, _, error = run("explain", "CCO", "CCCN", "-o", "g.svg", "--grid", "2", "--align", core)
    assert code == 1 and one_line(error) and message in error and not Path("g.svg").exists()


@pytest.mark.parametrize("name", FOLDER_FORMATS)
def test_a_folder_holds_any_format(run, name):  # noqa: F811
    options = ["--format", name, "--width", "84mm"]
    assert run("explain", "CCO", "CC", "-o", "maps", *options)[0] == 0
    assert sorted(path.name for path in Path("maps").iterdir()) == [
        f"00000.{name}",
        f"00001.{name}",
    ]
    if name == "jpg":
        with Image.open("maps/00000.jpg") as picture:
            assert picture.width == round(8.4 / 2.54 * 100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["C", "CC", "CCC", "--grid", "1x2"], "a grid of 1 x 2 has 2; give a larger --grid"),
        (["C", "CC", "CCC"], "add --grid 3x2, give a folder"),
        (["C", "--grid", "0x2"], "give columns x rows, like 3x2"),
        (["C", "--grid", "2x"], "give columns x rows, like 3x2"),
        (["C", "--grid", "2x2x2"], "give columns x rows, like 3x2"),
        (["C", "--letters"], "add --grid"),
        (["C", "CC", "CCC", "--grid", "3", "--width", "1.6in"], "too narrow, at least 2.5"),
        (["C", "--width", "3 furlongs"], "give a number with a unit, like 3.25in"),
        (["C", "--width", "1in"], "too narrow, at least 1.5in"),
        (["C", "--width", "80in"], "too wide, at most 60in"),
        (["C", "--grid", "1", "--fragments", "brics"], "--fragments: not in a grid"),
        (["C", "--panel", "relevance"], "--panel: for digits, and these are molecules"),
        (["C", "--foreground", "light"], "add --transparent"),
        (["C", "--foreground", "pink"], "no foreground 'pink'"),
        (["C", "--shard", "0/2", "--grid", "1"], "--shard is for files of records"),
    ],
)
def test_figures_that_cannot_be_are_refused(run, arguments, message):  # noqa: F811
    code, _, error = run("explain", *arguments, "-o", "x.png")
    assert code == 2 and one_line(error) and message in error and not list(Path().iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "x.csv", "--width", "3in"], "--width: for pictures only"),
        (["-o", "maps", "--grid", "3"], "--grid: for one figure, and maps is a folder"),
        (["-o", "x.jpg", "--transparent"], "a JPEG has no transparency"),
        (["-o", "x.pdf", "--dpi", "300"], "a PDF has no pixels"),
        (["-o", "maps", "--format", "pdf", "--dpi", "300"], "a PDF has no pixels; add --format"),
    ],
)
def test_options_that_an_output_would_ignore_are_refused(run, arguments, message):  # noqa: F811
    code, _, error = run("explain", "C", *arguments)
    assert code == 2 and one_line(error) and message in error and not list(Path().iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["CCO", "--width", "3in"], "--width: for pictures only"),
        (["CCO", "-o", "x.json", "--style", "contour"], "--style: for pictures only"),
        (["CCO", "-o", "x.html", "--width", "3in"], "--width: for pictures only"),
        (["CCO", "-o", "x.svg", "--dpi", "300"], "an SVG has no pixels"),
        (["CCO", "-o", "x.jpg", "--transparent"], "a JPEG has no transparency"),
        (["CCO", "-o", "x.png", "--foreground", "light"], "add --transparent"),
        (["CCO", "-o", "x.png", "--width", "1in"], "too narrow, at least 1.5in"),
        (["7.png", "-o", "x.png", "--style", "contour"], "--style: for molecules, and these are"),
    ],
)
def test_options_that_a_comparison_would_ignore_are_refused(run, arguments, message):  # noqa: F811
    Image.new("L", (28, 28)).save("7.png")
    code, _, error = run("compare", *arguments)
    assert code == 2 and one_line(error) and message in error
    assert [path.name for path in Path().iterdir()] == ["7.png"]


@pytest.mark.parametrize("inputs", [["Oc1ccccc1", "COc1ccccc1"], ["Oc1ccccc1"]])
def test_comparisons_take_the_looks_of_pictures(run, inputs):  # noqa: F811
    run("compare", *inputs, "-o", "plain.svg")
    options = ["--style", "contour", "--atom-numbers", "--transparent", "--foreground", "light"]
    code, _, error = run("compare", *inputs, "-o", "x.svg", *options)
    assert code == 0, error
    plain = Path("plain.svg").read_text()
    svg = Path("x.svg").read_text()
    assert "href='data:image" in svg and "href='data:image" not in plain  # contours
    assert ">6</text>" in svg and ">6</text>" not in plain  # the index of an atom
    assert "fill: #ffffff" in svg  # light words


@pytest.mark.parametrize("inputs", [["Oc1ccccc1", "COc1ccccc1"], ["Oc1ccccc1"]])
@pytest.mark.parametrize("width", ["1.5in", "2in", "2.6in", "3.25in", "7in"])
def test_a_narrow_comparison_has_fewer_columns(run, inputs, width):  # noqa: F811
    methods = ["--methods", "lrp"] if len(inputs) > 1 else ["--methods", "lrp,gae,rollout,saliency"]
    code, _, error = run("compare", *inputs, *methods, "-o", "x.pdf", "--width", width)
    assert code == 0, error
    across, along = page(Path("x.pdf").read_bytes())
    assert across == pytest.approx(72 * float(width[:-2]), abs=0.1)
    if width in ("1.5in", "2in", "7in"):
        assert (along > across) == (width != "7in")


def test_the_relevance_of_a_digit_alone(run, saved_digit_model):  # noqa: F811
    np.save("d.npy", stroke_image())
    for panel, titles in (("all", 3), ("relevance", 1)):
        options = ["--panel", panel]
        assert run("explain", "d.npy", "-o", "d.svg", *options, model=saved_digit_model)[0] == 0
        said = texts(Path("d.svg").read_text())
        assert sum(text in ("digit", "relevance") for text in said) == titles  # and over the bar
        assert any(re.search("superpixels$", text) for text in said) == (panel == "all")


@pytest.mark.parametrize("ending", [".html", ".pdf", ".jpg"])
def test_a_pair_is_written_in_any_format(run, ending):  # noqa: F811
    code, _, error = run("compare", "CCc1ccccc1", "Oc1ccccc1", "-o", f"pair{ending}")
    assert code == 0, error
    content = Path(f"pair{ending}").read_bytes()
    if ending == ".html":
        assert content.startswith(b"<!doctype html>") and content.count(b"<svg") >= 1
        assert "CCc1ccccc1 → Oc1ccccc1".encode() in content
        assert b"B less A" in content and b"<script" not in content
    if ending == ".pdf":
        code, _, _ = run("compare", "CCc1ccccc1", "Oc1ccccc1", "-o", "p.pdf", "--width", "84mm")
        assert page(Path("p.pdf").read_bytes())[0] == pytest.approx(84 / 25.4 * 72)


@pytest.mark.parametrize("ending", [".svg", ".pdf", ".png", ".tiff"])
def test_methods_side_by_side_in_any_format(run, ending):  # noqa: F811
    options = ["--methods", "lrp,random", "--width", "7in"]
    code, _, error = run("compare", "CCO", *options, "-o", f"c{ending}")
    assert code == 0, error
    if ending == ".pdf":
        content = Path("c.pdf").read_bytes()
        assert page(content)[0] == pytest.approx(504)
    if ending == ".svg":
        said = texts(Path("c.svg").read_text())
        assert "rank correlation (Spearman)" in said and "random" in said
