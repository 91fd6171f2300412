"""A report that was written with --search finds any substructure, without a network."""

import csv
from pathlib import Path

import pytest
from axe import SIZES, violations
from browsing import look_like, open_anew, until
from test_report import shown_rows
from test_workspace import ENTER, MOLECULES, browser, found, open_panel

from molxai.chemistry.substructure import rows_with
from molxai.cli import main

__all__ = ["browser"]

MORE = (
    ("zwitterion", "[NH3+][C@@H](Cc1c[nH]c2ccccc12)C(=O)[O-]", "", "", ""),
    ("salt", "[Na+].CC(=O)[O-]", "", "", ""),
    ("kekule", "OC1=CC=CC=C1Cl", "", "", ""),
    ("thiophene", "c1ccsc1S(=O)(=O)N", "", "", ""),
    ("cage", "C1C2CC3CC1CC(C2)(C3)N", "", "", ""),
    ("alkyne", "C#CC/C=C/CBr", "", "", ""),
)

PATTERNS = (
    "c1ccccc1",
    "C1=CC=CC=C1",
    "OC(=O)C1=CC=CC=C1",
    "[#6]1~[#6]~[#6]~[#6]~[#6]~[#6]1",
    "[NX3;H2]",
    "[nH]",
    "[C@H]",
    "[C@@H](N)C",
    "c-c",
    "[R2]",
    "[r5]",
    "[$([NX3]C=O)]",
    "[!#6;!#1]",
    "*~*~N",
    "S(=O)(=O)N",
    "[O-]",
    "C/C=C/C",
    "[Na+].[O-]",
    "[D3]",
    "P",
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    with (folder / "table.csv").open("w", newline="") as file:
        titles = ("id", "smiles", "pIC50", "MW", "kind")
        csv.writer(file).writerows((titles, *MOLECULES, *MORE))
    names = ["report", str(folder / "table.csv"), "-m", "bace-pic50", "-q", "--methods", "lrp"]
    assert main([*names, "--search", "-o", str(folder / "with.html")]) == 0
    assert main([*names, "-o", str(folder / "without.html")]) == 0
    return folder


@pytest.fixture
def page(browser, written):
    open_anew(browser, (written / "with.html").as_uri(), 1440)
    return browser


def look_for(page, pattern: str) -> None:
    open_panel(page, "Filters")
    page.find_element("id", "pattern").send_keys(pattern, ENTER)
    until(page, "location.hash || document.querySelector('.panel .error').textContent")


def test_any_pattern_finds_the_rows_of_rdkit(page):
    smiles = [None if each[1] == "C1CC(" else each[1] for each in (*MOLECULES, *MORE)]
    open_panel(page, "Filters")
    script = "const [pattern, done] = arguments;" + (
        "molxai.rowsWith(pattern, molxai.unpackViews("
        "JSON.parse(document.getElementById('data').textContent))).then(done)"
    )
    for pattern in PATTERNS:
        expected = rows_with(pattern, smiles)
        assert page.execute_async_script(script, pattern) == expected, pattern
    assert {len(rows_with(pattern, smiles)) > 0 for pattern in PATTERNS} == {True, False}


def test_a_search_is_typed_and_comes_back_with_its_address(page):
    look_for(page, "[nH]")
    assert shown_rows(page) == [8] and found(page) == "1 of 14 rows"
    page.refresh()
    until(page, "document.getElementById('found').textContent.startsWith('1 of')")
    assert shown_rows(page) == [8]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_every_size_can_search(page, size, dark):
    look_like(page, *size, dark)
    page.refresh()
    look_for(page, "[nH]")
    until(page, "document.querySelectorAll('tr[data-row]').length === 1")
    assert shown_rows(page) == [8] and violations(page) == []
    assert page.execute_script("return document.documentElement.scrollWidth") <= size[0]


def test_a_pattern_that_cannot_be_read_is_said(page):
    open_panel(page, "Filters")
    page.find_element("id", "pattern").send_keys("c1cc(", ENTER)
    until(page, "document.querySelector('.panel .error').textContent")
    line = page.find_element("css selector", ".panel .error").text
    assert line.startswith("RDKit cannot read this") and found(page) == "14 rows"


@pytest.mark.parametrize("pattern", ["C" * 501, "C" * 4000, "$" * 30, "[" * 200, "(" * 400])
def test_a_good_pattern_is_found_after_a_bad_one(page, pattern):
    open_panel(page, "Filters")
    page.find_element("id", "pattern").send_keys(pattern, ENTER)
    message = "document.querySelector('.panel .error').textContent"
    said = until(page, f"{message} !== 'Searching …' && {message}")
    assert "RDKit cannot read this" in said or "at most 500 are read" in said
    page.find_element("id", "pattern").clear()
    page.find_element("id", "pattern").send_keys("[nH]", ENTER)
    until(page, "document.getElementById('found').textContent === '1 of 14 rows'")
    assert shown_rows(page) == [8] and not page.execute_script(f"return {message}")


def test_a_failure_of_rdkit_is_said_and_the_next_search_begins_anew(page):
    open_panel(page, "Filters")
    script = """
      const [done] = arguments;
      const data = JSON.parse(document.getElementById('data').textContent);
      const views = molxai.unpackViews(data);
      const broken = [{ row: 0, get smiles() { throw new WebAssembly.RuntimeError('memory'); } }];
      molxai.rowsWith('C', broken).catch((error) => error.message)
        .then((message) => molxai.rowsWith('[nH]', views).then((rows) => done([message, rows])));
    """
    message, rows = page.execute_async_script(script)
    assert message.startswith("RDKit cannot search for this pattern") and rows == [8]


def test_a_page_without_a_table_of_molecules_does_not_carry_rdkit(tmp_path, capsys):
    out = tmp_path / "one.html"
    assert main(["report", "CCO", "-m", "bace-pic50", "--search", "-o", str(out)]) == 0
    assert "--search is left out" in capsys.readouterr().err and out.stat().st_size < 1e6


def test_a_smaller_report_still_searches(page, written):
    script = """
      const data = JSON.parse(document.getElementById('data').textContent);
      const views = molxai.unpackViews(data).filter((view) => view.row > 6);
      return molxai.smallerReport(data, views);
    """
    smaller = written / "smaller.html"
    smaller.write_text(page.execute_script(script), encoding="utf-8")
    open_anew(page, smaller.as_uri(), 1440)
    look_for(page, "c1ccccc1")
    assert shown_rows(page) == [7, 8, 10]


def test_only_a_page_that_searches_is_larger_and_makes_functions_from_text(written):
    larger = (written / "with.html").read_text(encoding="utf-8")
    usual = (written / "without.html").read_text(encoding="utf-8")
    assert "'unsafe-eval'" in larger and "'unsafe-eval'" not in usual
    assert "Greg Landrum" in larger and "Redistributions in binary form" in larger
    assert 3e6 < len(larger) - len(usual) < 3.6e6
