"""The workbench in all its states, and the page of the API, for people who do not see or point."""

import pytest
from axe import SIZES, violations
from browsing import browser, find, look_like, until
from test_addresses import draw_seven, finished, send
from test_workbench import IBUPROFEN, ask, home, paste

__all__ = ["browser"]

serving = home

LIBRARY = "".join(f"m{number},{'C' * (number + 1)}O,{number / 2}\n" for number in range(8))


def welcome(page, table):
    assert find(page, ".welcome").is_displayed()


def molecule(page, table):
    ask(page, IBUPROFEN)
    for summary in page.find_elements("css selector", "#result details summary"):
        page.execute_script("arguments[0].click()", summary)


def digit(page, table):
    draw_seven(page)


def rows(page, table):
    send(page, table)
    page.execute_script("document.querySelector('#result details summary').click()")
    until(page, "document.querySelector('table.series')")


def row(page, table):
    send(page, table)
    find(page, "table.inputs tr[data-row='2'] button.link").click()


def no_column(page, table):
    table.write_text("a,b\n1,2\n")
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(table))
    until(page, "document.getElementById('status').classList.contains('error')")


def pasted(page, table):
    paste(page, "CCO ethanol\nnonsense\n")
    finished(page)


def sketcher(page, table):
    find(page, "#smiles").send_keys("CCO")
    find(page, "#sketch").click()
    until(page, "document.getElementById('sketch-smiles').textContent === 'CCO'")


def failed(page, table):
    ask(page, "C1CC")


STATES = (welcome, molecule, digit, rows, row, no_column, pasted, sketcher, failed)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_the_workbench_has_no_violations(browser, home, tmp_path, state, size, dark):
    table = tmp_path / "library.csv"
    table.write_text(f"name,smiles,logS\nbroken,C1CC,\n{LIBRARY}")
    browser.get("about:blank")
    look_like(browser, *size, dark)
    browser.get(home)
    state(browser, table)
    answered_or_idle(browser)
    assert violations(browser) == []


def answered_or_idle(page):
    until(page, "document.getElementById('busy').hidden")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_the_page_of_the_api_has_no_violations(browser, home, size, dark):
    look_like(browser, *size, dark)
    browser.get(f"{home}api")
    assert violations(browser) == []
