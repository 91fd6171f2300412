"""The walkthrough: from a table to a figure, on a series whose answer is known."""

import csv
import re
import shlex
import subprocess
import sys
import time

import pytest
from browsing import chromium
from conftest import ROOT
from rdkit import Chem

from molxai.cli import main

PAGE = ROOT / "docs/walkthrough.md"
SERIES = ROOT / "datasets/series/series.csv"
COMMAND = re.compile(r"^molxai (.*)$", re.M)

MISTAKES = {"S042", "S148", "S261"}
"""Rows whose value is wrong on purpose."""

HURTS = "*C(N)=O"
"""The group that lowers Crippen's logP most, and the number by which it does."""
CRIPPEN = -0.90

POINTS_PER_INCH = 72


def test_the_series_is_what_its_script_makes(tmp_path):
    made = tmp_path / "series.csv"
    subprocess.run([sys.executable, ROOT / "docs/series.py", made], check=True)
    assert made.read_text() == SERIES.read_text()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walkthrough")
    (folder / "series.csv").write_bytes(SERIES.read_bytes())
    return folder


@pytest.fixture(scope="module")
def commands():
    """The commands of the page, by the name of the subcommand."""
    lines = [shlex.split(line) for line in COMMAND.findall(PAGE.read_text())]
    assert [line[0] for line in lines] == ["train", "report", "explain"]
    return {line[0]: line for line in lines}


def test_the_page_leads_from_a_table_to_a_figure(folder, commands, monkeypatch):
    monkeypatch.chdir(folder)
    # no strengths of lrp-tuned, which are not asked for: a minute less
    assert main([*commands["train"], "--no-tune", "-q"]) == 0
    assert main([*commands["report"], "-q"]) == 0
    with chromium(1440, 900) as browser:
        download_to(browser, folder)
        browser.get((folder / "series.html").as_uri())
        assert set(worst_errors(browser)) == MISTAKES
        name, relevance, measured = worst_group(browser)
        assert name == HURTS
        assert relevance == pytest.approx(CRIPPEN, abs=0.15)
        assert measured == min(measured_means(browser))
        assert len(keep_six(browser)) == 6
    with wait_for(folder / "molxai-report.csv").open(newline="") as file:
        kept = list(csv.DictReader(file))
    amide = Chem.MolFromSmarts("[NH2]C=O")
    mols = [Chem.MolFromSmiles(row["input"]) for row in kept]
    assert len(mols) == 6 and all(mol.HasSubstructMatch(amide) for mol in mols)
    assert main([*commands["explain"], "-q"]) == 0
    assert width_of_pdf(folder / "six.pdf") == pytest.approx(3.25 * POINTS_PER_INCH, abs=0.01)


def download_to(browser, folder):
    """Let the browser save files in a folder."""
    place = {"behavior": "allow", "downloadPath": str(folder)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", place)


def find(browser, selector):
    return browser.find_elements("css selector", selector)


def click(browser, element):
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    browser.execute_script("arguments[0].click()", element)


def worst_errors(browser):
    """Ids of the three rows that stand first after two clicks on the head of the error."""
    for _ in range(2):
        click(browser, named(browser, "#table th button", "|predicted − measured|"))
    return [cell.text for cell in find(browser, "#table td[data-title='id']")[:3]]


def named(browser, selector, text):
    """The element with this text."""
    return next(element for element in find(browser, selector) if element.text == text)


def group_tables(browser):
    """The table of each position of the core."""
    return find(browser, "#rgroups details table")


def cells(row):
    return [cell.text for cell in row.find_elements("css selector", "th, td")]


def number(text):
    return float(text.replace("−", "-").replace("+", ""))


def worst_group(browser):
    """Name, mean relevance and mean measured value of R2's first group, sorted by relevance."""
    table = group_tables(browser)[1]
    heads = table.find_elements("css selector", "thead button")
    head = next(head for head in heads if head.text == "mean relevance")
    click(browser, head)
    if head.find_element("xpath", "..").get_attribute("aria-sort") == "descending":
        click(browser, head)
    first = table.find_elements("css selector", "tbody tr")[0]
    name, _, _, relevance, _, measured, _ = cells(first)
    return name, number(relevance), number(measured)


def measured_means(browser):
    rows = group_tables(browser)[1].find_elements("css selector", "tbody tr")
    return [number(cells(row)[5]) for row in rows]


def keep_six(browser):
    """Show the group's molecules, mark six and save them; returns their ids."""
    first = group_tables(browser)[1].find_elements("css selector", "tbody tr")[0]
    click(browser, first.find_element("css selector", "button"))
    shown = find(browser, "#found")[0]
    assert shown.text == "30 of 300 rows"
    rows = find(browser, "#table tr[data-row]")[:6]
    for row in rows:
        click(browser, row.find_element("css selector", "input[type=checkbox]"))
    assert shown.text == "30 of 300 rows, 6 chosen"
    click(browser, find(browser, "#csv")[0])
    return [cells(row)[2] for row in rows]


def wait_for(path, seconds=20):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    return path


def width_of_pdf(path):
    """Width of the first page in points."""
    box = re.search(rb"/MediaBox \[ ?([\d. ]+) ?\]", path.read_bytes())
    left, _, right, _ = map(float, box[1].split())
    return right - left
