"""Cells of a saved table: ids like markup or formulas are quoted, and never changed unsaid."""

import csv
import io

import pytest
from browsing import chromium, until

from molxai.cli import main

IDS = ("<b>bold</b>", "=1+1", "+cmd|x", "-2", "@SUM(A1)", 'a "quoted", comma', "two\nlines", "+1.5")

FORMULAS = ("=1+1", "+cmd|x", "@SUM(A1)")
"""What a spreadsheet would compute; numbers with a sign stay."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("cells")
    with (folder / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "smiles"), *((name, "CCO") for name in IDS)])
    out = folder / "report.html"
    assert main(["report", str(folder / "table.csv"), "-o", str(out), "-q"]) == 0
    with chromium(1440, 900) as driver:
        driver.get(out.as_uri())
        yield driver


def save(page) -> tuple[list[str], str]:
    """The ids in the CSV file, and what is said of it."""
    page.execute_script(
        "molxai.save = (content) => { window.kept = content; };"
        "document.getElementById('csv').click()"
    )
    until(page, "window.kept")
    rows = csv.reader(io.StringIO(page.execute_script("return window.kept"), newline=""))
    return [row[0] for row in rows][1:], page.find_element("id", "export-says").text


def test_an_apostrophe_before_a_formula_is_said(page):
    ids, said = save(page)
    assert [name.removeprefix("'") for name in ids] == list(IDS)
    assert [name[1:] for name in ids if name.startswith("'")] == list(FORMULAS)
    assert said.startswith("3 cells begin with =, +, - or @: an apostrophe stands before")
    assert not page.execute_script("return document.querySelector('table.inputs td b')")


def test_nothing_is_said_of_cells_that_stay(page):
    page.find_element("css selector", "tr[data-row='0'] input").click()
    ids, said = save(page)
    assert ids == [IDS[0]] and said == ""


def test_one_row_is_one_row(page):
    assert page.execute_script("return molxai.counted(1, 'row') + molxai.counted(0, 'row')") == (
        "1 row0 rows"
    )
