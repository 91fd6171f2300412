"""An analyst's way through the workbench, at every size, light and dark: nothing is out of reach.

Paste a series, choose rows, search by a drawn pattern, plot, align, R groups, pairs, a session.
"""

import pytest
from axe import SIZES, violations
from browsing import browser, find, home, look_like, until
from test_addresses import finished, reopen
from test_series_panels import change, open_panel
from test_workbench import paste

from molxai import Explainer

__all__ = ["browser", "home"]

SERIES = {
    "a": "COc1ccc(C(=O)NC)cc1",
    "b": "c1cc(F)ccc1C(=O)NC",
    "c": "CNC(=O)c1ccc(Cl)cc1",
    "d": "CCNC(=O)c1ccc(Cl)cc1",
    "f": "CCO",
}
CORE = "O=C(N[*:1])c1ccc([*:2])cc1"


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def dark(request):
    return request.param


@pytest.fixture(params=SIZES, ids=lambda size: str(size[0]))
def size(request):
    return request.param


@pytest.fixture
def check(browser, size):
    """Whether the page as it is now has no violations and is no wider than the window."""

    def go() -> None:
        assert violations(browser) == []
        assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]

    return go


@pytest.fixture
def page(browser, home, size, dark):
    """The table of the pasted series."""
    browser.get("about:blank")
    look_like(browser, *size, dark)
    browser.get(home)
    paste(browser, "\n".join(f"{smiles}\t{name}" for name, smiles in SERIES.items()))
    finished(browser)
    return browser


def click(page, selector: str) -> None:
    page.execute_script("arguments[0].click()", find(page, selector))


def cells(page, key: str) -> list[str]:
    return [
        cell.get_attribute("textContent")
        for cell in page.find_elements("css selector", f"table.inputs td[data-key='{key}']")
    ]


def test_a_pasted_series_has_the_numbers_of_the_explainer(page, check):
    check()
    told = [float(text) for text in cells(page, "probability")]
    explain = Explainer("bace")
    known = [explain(text, target="active").probability for text in SERIES.values()]
    assert told == pytest.approx(known, abs=1e-3)


def test_rows_are_found_by_a_drawn_pattern_and_chosen(page, check):
    click(page, ".tools > button")  # Filters
    find(page, "#pattern").send_keys("c1ccccc1")
    page.execute_script(
        "[...document.querySelectorAll('.panel button')]"
        ".find((one) => one.textContent.startsWith('Draw')).click()"
    )
    until(page, "document.getElementById('sketch-smiles').textContent === 'c1ccccc1'")
    check()
    click(page, "#sketched")
    until(page, "document.getElementById('found').textContent === '4 of 5 rows'")
    click(page, "#choose-all")
    assert find(page, "#found").text == "4 of 5 rows, 4 chosen"
    check()


def test_any_two_columns_are_plotted(page, check):
    change(page, "#plot-x", "row")
    change(page, "#plot-y", "logit")
    until(page, "document.querySelector('.plots .hint').textContent.includes('5 points')")
    check()


def test_a_series_is_aligned_and_taken_apart(page, check):
    change(page, "select.align", "core")
    until(page, "document.querySelector('.alignment').textContent.includes('4 of 5 have')")
    open_panel(page, "Core")
    until(page, "document.querySelector('.rgroups table.series')")
    change(page, "details input.core", CORE)
    until(page, "document.querySelector('.rgroups').textContent.includes('given')")
    click(page, "table.pairs td button")
    assert page.find_elements("css selector", ".members button")
    open_panel(page, "Matched")
    until(page, "document.querySelector('.changes td.links button')")
    check()
    click(page, ".changes td.links button")
    until(page, "document.querySelector('#versus table')")
    assert len(page.find_elements("css selector", "#versus svg.molecule")) == 2
    check()


def test_a_session_is_saved_and_opened(page, check, tmp_path):
    find(page, "#search").send_keys("Cl")
    until(page, "document.getElementById('found').textContent === '2 of 5 rows'")
    known = find(page, "#found").text, cells(page, "prediction")
    reopen(page, tmp_path)
    assert (find(page, "#found").text, cells(page, "prediction")) == known
    check()
