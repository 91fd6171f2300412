"""A report in all its states, for people who do not see or point."""

import pytest
from axe import SIZES, violations
from browsing import look_like, until
from test_workspace import browser, open_panel, row, run

from molxai.cli import main

__all__ = ["browser"]

SERIES = (
    ("a", "c1ccccc1CCN", "5"),
    ("b", "Fc1ccc(CCN)cc1", "6.5"),
    ("c", "Clc1ccc(CCN)cc1", "unknown"),
    ("d", "COc1ccc(CCN)cc1", "7"),
    ("e", "broken", "1"),
    ("f", "Fc1ccc(CCO)cc1", ""),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A report with everything that a report can have."""
    folder = tmp_path_factory.mktemp("states")
    lines = [",".join(line) for line in (("id", "smiles", "pIC50"), *SERIES)]
    table = folder / "s.csv"
    table.write_text("\n".join(lines))
    panels = ["--core", "mcs", "--align", "mcs", "--matched-pairs", "--substructure", "[NH2]"]
    asked = ["--target-columns", "pIC50", "--columns", "pIC50", "-m", "bace-pic50"]
    out = folder / "report.html"
    assert main(["report", str(table), *panels, *asked, "-o", str(out), "-q"]) == 0
    return out.as_uri()


def first(page):
    assert page.find_element("id", "rgroups").text and page.find_element("id", "pairs").text


def filters(page):
    open_panel(page, "Filters")
    run(
        page,
        "const add = document.getElementById('add-filter'); add.selectedIndex = 1;"
        "add.dispatchEvent(new Event('change'))",
    )
    until(page, "document.querySelector('.range input')")


def columns(page):
    open_panel(page, "Columns")


def opened(page):
    run(page, "arguments[0].click()", row(page, 1))
    assert page.find_element("id", "detail").get_property("open")


def two_rows(page):
    for number in (1, 2):
        run(page, "arguments[0].click()", row(page, number).find_element("css selector", "input"))
    run(page, "document.getElementById('compare-two').click()")
    until(page, "document.querySelector('#versus[open] svg')")


def group(page):
    """The molecules that have one R group."""
    run(page, "document.querySelector('#rgroups tbody button').click()")
    until(page, "document.getElementById('found').textContent.includes(' of 6 rows')")


STATES = (first, filters, columns, opened, two_rows, group)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_report_has_no_violations(browser, address, state, size, dark):
    browser.get("about:blank")
    look_like(browser, *size, dark)
    browser.get(address)
    state(browser)
    assert violations(browser) == []
    assert run(browser, "return document.documentElement.scrollWidth") <= size[0]
