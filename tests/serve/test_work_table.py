"""The workbench's table: columns, substructures and chosen rows, by the API and in a browser."""

import csv
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

from browsing import PHONE, browser, find, look_like, until
from conftest import ROOT
from rdkit import Chem
from test_serve import JSON, by_command_line, client, finished, send
from test_workbench import home, page, status

from molxai.chemistry.substructure import LONGEST, rows_with

__all__ = ["browser", "client", "home", "page"]

MOLECULES = (
    ("ibuprofen", "CC(C)Cc1ccc(cc1)C(C)C(=O)O"),
    ("broken", "C1CC"),
    ("caffeine", "Cn1cnc2c1c(=O)n(C)c(=O)n2C"),
    ("ethanol", "CCO"),
    ("phenol", "OC1=CC=CC=C1"),
    ("benzamide", "NC(=O)c1ccccc1"),
)

COLUMNS = tuple(f"c{number}" for number in range(9))


def rows() -> list[tuple[str, ...]]:
    """A table with more columns than a page shows at first, and a measured class."""
    titles = ("id", "smiles", "active", "row", *COLUMNS)
    content = [
        (name, smiles, str(place % 2), f"own {place}", *(str(place * 10 + n) for n in range(9)))
        for place, (name, smiles) in enumerate(MOLECULES)
    ]
    return [titles, *content]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("work") / "some.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows())
    return path


@pytest.fixture(scope="module")
def job(client, table):
    fields = {"methods": "lrp,gae", "label_column": "active"}
    return finished(client, send(client, "some.csv", table.read_text(), **fields))


def post(client, job, path: str, **body):
    return client.post(f"/api/jobs/{job['id']}/{path}", content=json.dumps(body), headers=JSON)


def test_every_column_can_be_asked_for(client, job):
    assert job["columns"] == ["active", "input.row", *COLUMNS]
    values = client.get(f"/api/jobs/{job['id']}/column?name=c8").json()["values"]
    assert values == [row[-1] for row in rows()[1:]]
    own = client.get(f"/api/jobs/{job['id']}/column?name=input.row").json()["values"]
    assert own == [f"own {place}" for place in range(6)]
    refused = client.get(f"/api/jobs/{job['id']}/column?name=c88")
    assert refused.status_code == 422 and "no column 'c88' in some.csv" in refused.json()["error"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("c1ccccc1", [0, 4, 5]),
        ("C1=CC=CC=C1", [0, 4, 5]),
        ("[OX2H]", [0, 3, 4]),
        ("C(=O)[O;H]", [0]),
        ("[#7]", [2, 5]),
        (" NC=O ", [2, 5][1:]),
        ("[$(c1ccccc1O)]", [4]),
        ("[Na+]", []),
    ],
)
def test_a_substructure_is_found(client, job, pattern, expected):
    answer = post(client, job, "substructure", pattern=pattern)
    assert answer.json() == {"rows": expected}


@pytest.mark.parametrize(
    "pattern", ["", "  ", "c1ccc(", "[", "not a pattern", "C" * (LONGEST + 1), "<b>", "\x00"]
)
def test_a_bad_pattern_is_one_line(client, job, pattern):
    refused = post(client, job, "substructure", pattern=pattern)
    assert refused.status_code == 422
    line = refused.json()["error"]
    assert "pattern" in line and "\n" not in line and len(line) < 200


def test_a_written_ring_is_an_aromatic_one():
    molecules = ["c1ccccc1", "C1=CCCC=C1", "C1CCCCC1"]
    assert rows_with("C1=CC=CC=C1", molecules) == [0]
    assert rows_with("C=C", molecules) == [1]


@pytest.mark.parametrize("ending", ["csv", "json", "sdf"])
def test_chosen_rows_are_those_of_the_command(client, job, table, tmp_path, ending):
    answer = post(client, job, f"rows.{ending}", rows=[5, 0, 1, 0], method="gae")
    assert answer.status_code == 200
    whole = by_command_line(
        tmp_path, table, "--method", "gae", "--target-columns", "active", ending=ending
    )
    if ending == "json":
        records = json.loads(whole.read_text())
        assert answer.json() == [records[0], records[1], records[5]]
    elif ending == "sdf":
        records = whole.read_text().split("$$$$\n")
        assert answer.text == "".join(f"{records[place]}$$$$\n" for place in (0, 1, 5))
    else:
        lines = whole.read_text().splitlines()
        assert answer.text.splitlines() == [lines[0], lines[1], lines[2], lines[6]]


def test_chosen_rows_are_a_sheet_of_the_commands_cells(client, job, table, tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="molxai[excel] is not installed")
    answer = post(client, job, "rows.xlsx", rows=[5, 1, 0], method="gae")
    chosen = tmp_path / "rows.xlsx"
    chosen.write_bytes(answer.content)
    whole = by_command_line(
        tmp_path, table, "--method", "gae", "--target-columns", "active", ending="xlsx"
    )
    sheets = [
        list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
        for path in (chosen, whole)
    ]
    assert sheets[0] == [sheets[1][0], sheets[1][1], sheets[1][2], sheets[1][6]]


def test_given_coordinates_stay_in_an_sdf(client):
    mol = Chem.MolFromSmiles("CCO")
    positions = [[0.0, 0.0, 1.5], [1.0, 0.5, 0.0], [2.5, 0.0, 0.0]]
    conformer = Chem.Conformer(3)
    for atom, position in enumerate(positions):
        conformer.SetAtomPosition(atom, position)
    mol.AddConformer(conformer)
    block = Chem.MolToMolBlock(mol)
    job = finished(client, send(client, "some.sdf", f"{block}$$$$\n"))
    answer = post(client, job, "rows.sdf", rows=[0])
    supplier = Chem.SDMolSupplier()
    supplier.SetData(answer.text)
    assert supplier[0].GetConformer().GetPositions().tolist() == positions


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"rows": [6]}, "row 6 of some.csv: rows 0 to 5 are done"),
        ({"rows": [-1]}, "row -1 of some.csv"),
        ({"rows": []}, "rows: List should have at least 1 item"),
        ({"rows": [0], "method": "shap"}, "no method 'shap'"),
    ],
)
def test_rows_that_are_not_there_are_refused(client, job, body, line):
    refused = post(client, job, "rows.csv", **body)
    assert refused.status_code == 422 and line in refused.json()["error"]


def test_a_report_of_chosen_rows(client, job):
    answer = post(client, job, "report", rows=[0, 2])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "2 molecules explained" in answer.text and "caffeine" in answer.text
    assert "benzamide" not in answer.text
    refused = post(client, job, "report", rows=[1])
    assert refused.status_code == 422 and "none of the chosen rows" in refused.json()["error"]


def test_the_summary_counts_the_rows(client, job):
    answer = client.get(f"/api/jobs/{job['id']}/summary").json()
    assert ["inputs", "6"] in answer["tiles"] and sum(answer["histogram"]["counts"]) == 5


@pytest.fixture(scope="module")
def shown(home, browser, table):
    """The table in the page."""
    look_like(browser, 1280, 900)
    browser.get(home)
    find(browser, "#tab-file").click()
    find(browser, "#chosen").send_keys(str(table))
    until(browser, "document.querySelector('#histogram svg')")
    return browser


def shown_rows(page) -> list[int]:
    rows = page.find_elements("css selector", "table.inputs tr[data-row]")
    return [int(row.get_attribute("data-row")) for row in rows]


def set_pattern(page, text: str) -> None:
    page.execute_script(
        "document.getElementById('pattern').value = arguments[0];"
        "document.getElementById('find-pattern').click()",
        text,
    )


def test_the_page_finds_a_substructure_and_says_what_is_wrong(shown):
    buttons = shown.find_elements("css selector", ".tools > button")
    buttons[0].click()
    set_pattern(shown, "c1ccccc1")
    until(shown, "document.getElementById('found').textContent === '3 of 6 rows'")
    assert shown_rows(shown) == [0, 4, 5]
    set_pattern(shown, "c1ccc(")
    until(shown, "document.querySelector('.panel .error').textContent")
    assert "cannot read the pattern" in find(shown, ".panel .error").text
    assert "422" in shown.get_log("browser")[-1]["message"]
    set_pattern(shown, "")
    until(shown, "document.getElementById('found').textContent === '6 rows'")


def test_a_later_column_is_shown_and_sorted_by(shown):
    assert not shown.find_elements("css selector", "th[data-key='table:c8']")
    buttons = shown.find_elements("css selector", ".tools > button")
    buttons[1].click()
    find(shown, "ul.columns li[data-key='table:c8'] input").click()
    until(shown, "document.querySelector(\"td[data-key='table:c8'] bdi\")?.textContent === '8'")
    shown.execute_script("document.querySelector(\"th[data-key='table:c8'] button\").click()")
    shown.execute_script("document.querySelector(\"th[data-key='table:c8'] button\").click()")
    assert shown_rows(shown) == [5, 4, 3, 2, 1, 0]
    buttons[1].click()


def test_chosen_rows_leave_as_a_file(shown):
    shown.execute_script(
        "window.saved = []; molxai.save = (content, type, name) => saved.push([name, content.size])"
    )
    find(shown, "tr[data-row='0'] input").click()
    find(shown, "tr[data-row='5'] input").click()
    assert find(shown, "#found").text == "6 rows, 2 chosen"
    find(shown, "#sdf").click()
    until(shown, "saved.length === 1")
    find(shown, "#report").click()
    until(shown, "saved.length === 2")
    find(shown, "#xlsx").click()
    until(shown, "saved.length === 3")
    (_, sdf), (_, report), (name, sheet) = shown.execute_script("return saved")
    assert sdf > 1000 and report > 50_000 and name == "molxai-rows.xlsx" and sheet > 4000


def test_the_row_opens_in_large_and_the_keys_go_on(shown):
    from selenium.webdriver import ActionChains

    find(shown, "tr[data-row='3'] td[data-key='input']").click()
    assert "ethanol" in find(shown, "#row-detail h2").text
    ActionChains(shown).send_keys("\ue014").perform()
    assert "caffeine" in find(shown, "#row-detail h2").text
    find(shown, "#close").click()


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), PHONE])
@pytest.mark.parametrize("dark", [False, True])
def test_every_size_has_all_of_it(shown, size, dark):
    look_like(shown, *size, dark)
    assert shown.execute_script("return document.documentElement.scrollWidth") <= size[0]
    for selector in ("#search", "#found", "#sdf", "canvas.plot", "#histogram svg"):
        assert find(shown, selector).is_displayed(), selector
    assert re.match(r"6 of 6 rows", status(shown))


def test_digits_have_no_molecules_to_keep(browser, home):
    look_like(browser, 1280, 900)
    browser.get("about:blank")
    browser.get(home)
    find(browser, "#tab-file").click()
    find(browser, "#chosen").send_keys(str(ROOT / "datasets/digits/digits.npz"))
    until(browser, "document.querySelector('#histogram svg')")
    assert not browser.find_elements("css selector", "#sdf, #pattern")
    links = browser.find_elements("css selector", "#downloads a")
    assert [link.text for link in links] == ["CSV", "JSON", "PARQUET"]
    find(browser, "tr[data-row='1'] td[data-key='input']").click()
    assert find(browser, "#row").get_attribute("open")
    find(browser, "#close").click()


def test_an_sdf_of_digits_is_refused(client):
    content = (ROOT / "datasets/digits/7-a.png").read_bytes()
    job = finished(client, send(client, "7.png", content))
    refused = post(client, job, "rows.sdf", rows=[0])
    assert refused.status_code == 422 and "no molecules for an SDF" in refused.json()["error"]
    assert post(client, job, "substructure", pattern="C").json() == {"rows": []}
