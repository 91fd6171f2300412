"""Texts of pictures: those that stand in an SVG, and those that would do harm in one."""

import re
import xml.etree.ElementTree as ET

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'>&amp;<b>",
    "x" * 10_000,
    "\u202egnp.exe\u2066",
    "$\\frac{1}{0}$ ]]> <!-- ",
    "a\x00b\x1b[31m",
]

PARTS = [
    ([0, 1, 2, 3], "isobutyl +0.1"),
    ([4, 5, 6, 7, 8, 9], "ring"),
    ([10, 11], "−0.2"),
    ([12, 13, 14], "acid"),
]
"""Parts of ibuprofen with what is written beside them."""


def texts(svg):
    return [
        element.text or ""
        for element in ET.fromstring(svg.encode()).iter()
        if element.tag.endswith("text")
    ]


def page(pdf):
    """Width and height of a PDF's page, in points."""
    (box,) = re.findall(rb"/MediaBox \[ ?([\d. ]+) ?\]", pdf)
    left, below, right, above = map(float, box.split())
    assert left == below == 0
    return right, above
