"""Narrow pictures: nothing touches, and what is printed can be read."""

import re
from itertools import combinations

import pytest
from conftest import stroke_image

import molxai
from graphormer.graphs.superpixels import digit
from molxai.rendering.lettering import width

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
