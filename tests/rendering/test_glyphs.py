"""Letters that no font has: never a box without a word."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import molxai
from molxai.rendering import figure as drawing
from molxai.rendering.glyphs import MARK, NOTE, drawable, families

CUNEIFORM = chr(0x12000)
"""A letter that none of the fonts has."""

NAMES = [f"{CUNEIFORM}{CUNEIFORM} aspirin", f"\N{PILL} {CUNEIFORM}"]


@pytest.fixture
def written(monkeypatch):
    """The words of figures as they are saved."""
    words = []
    save = Figure.savefig

    def note_and_save(figure, *arguments, **options):
        words[:] = [text.get_text() for text in figure.findobj(Text)]
        return save(figure, *arguments, **options)

    monkeypatch.setattr(drawing.Sheet, "savefig", note_and_save)
    return words


@pytest.mark.parametrize("ending", [".png", ".jpg", ".tiff", ".pdf"])
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_without_a_picture_is_a_mark_that_is_explained(written, tmp_path, ending, name):
    explain = molxai.Explainer("bace")
    explanation = explain(explain.subject("CCO", name))
    explanation.draw(tmp_path / f"x{ending}")
    assert NOTE in written and any(MARK in text for text in written if text != NOTE)
    assert not any(CUNEIFORM in text for text in written)
    molxai.grid([explanation], path=tmp_path / f"g{ending}")
    assert NOTE in written and not any(CUNEIFORM in text for text in written)


@pytest.mark.parametrize("name", ["aspirin", "β-lactam", "ацетат", "عسل", "−5 Å"])
def test_letters_of_the_font_stay(written, tmp_path, name):
    explain = molxai.Explainer("bace")
    explain(explain.subject("CCO", name)).draw(tmp_path / "x.png")
    assert name in written and NOTE not in written


def test_an_svg_holds_the_text_itself():
    explain = molxai.Explainer("bace")
    svg = explain(explain.subject("CCO", "阿司匹林")).draw()
    assert "阿司匹林</text>" in svg and NOTE not in svg


def test_fonts_of_the_machine_help_out():
    assert families()[0] == "DejaVu Sans" and len(set(families())) == len(families())
    assert drawable("a b\nc") == "a b\nc"
    assert np.all([drawable(letter) == letter for letter in "αβγδ±Δ→·−≥≤"])
