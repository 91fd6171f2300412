"""R groups on a page: the numbers of the command, and a map of two positions."""

import csv
import json
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest
from browsing import PHONE, chromium, look_like

from molxai.chemistry.series import HYDROGEN
from molxai.cli import main
from molxai.explanation.words import decimals
from molxai.pages.rgroups import rgroup_table
from molxai.pages.series import MIXED

AMIDES = {
    "a": ("CNC(=O)c1ccc(F)cc1", "5.1"),
    "b": ("CNC(=O)c1ccc(Cl)cc1", "6.2"),
    "c": ("CCNC(=O)c1ccc(F)cc1", "4.4"),
    "d": ("CCNC(=O)c1ccc(Cl)cc1", "unknown"),
    "e": ("CNC(=O)c1ccccc1", "5.5"),
    "f": ("CCNC(=O)c1ccc(OC)cc1.Cl", ""),
    "g": ("CCO", "1"),
    "h": ("broken", "2"),
}
CORE = "O=C(N[*:1])c1ccc([*:2])cc1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rgroups")
    with (folder / "s.csv").open("w", newline="") as file:
        rows = [(name, *cells) for name, cells in AMIDES.items()]
        csv.writer(file).writerows([("id", "smiles", "pIC50"), *rows])
    return folder


@pytest.fixture(scope="module")
def records(folder):
    """The rows of the command's table."""
    out = folder / "r.json"
    command = ["fragments", str(folder / "s.csv"), "-m", "bace-pic50", "--core", CORE]
    assert main([*command, "-o", str(out)]) == 0
    return json.loads(out.read_text())["rows"]


@pytest.fixture(scope="module")
def page(folder):
    out = folder / "report.html"
    table = str(folder / "s.csv")
    options = ["-m", "bace-pic50", "--target-columns", "pIC50", "--methods", "lrp,gae"]
    assert main(["report", table, *options, "--core", CORE, "-o", str(out), "-q"]) == 0
    return out


@pytest.fixture(scope="module")
def table(page):
    text = page.read_text()
    start = text.index('<script id="data" type="application/json">')
    data = json.loads(text[text.index(">", start) + 1 : text.index("</script>", start)])
    return data["panels"]["rgroups"]


def by_group(records, label):
    """The command's rows by the SMILES of the group at a position."""
    groups = defaultdict(list)
    for row in records:
        smiles = row[label]["smiles"]
        groups["H" if smiles == HYDROGEN else smiles].append(row)
    return groups


@pytest.mark.parametrize("label", ["R1", "R2"])
def test_means_are_those_of_the_command(table, records, label):
    expected = by_group(records, label)
    (position,) = [each for each in table["positions"] if each["label"] == label]
    assert {group["smiles"] for group in position["groups"]} == set(expected)
    for group in position["groups"]:
        rows = expected[group["smiles"]]
        ids = [row["id"] for row in rows]
        assert ["abcdefgh"[row] for row in group["rows"]] == ids
        assert group["prediction"] == pytest.approx(fmean(row["logit"] for row in rows), rel=1e-4)
        relevance = fmean(row[label]["relevance"] for row in rows)
        assert group["relevance"]["lrp"] == pytest.approx(relevance, abs=1e-4)
        measured = [float(AMIDES[name][1]) for name in ids if AMIDES[name][1][:1].isdigit()]
        if measured:
            assert group["measured"] == pytest.approx(fmean(measured), rel=1e-4)
        else:
            assert group["measured"] is None and group["error"] is None
    counts = [len(group["rows"]) for group in position["groups"]]
    assert counts == sorted(counts, reverse=True)


def test_the_error_is_of_the_rows_that_were_measured(table, records):
    (position,) = [each for each in table["positions"] if each["label"] == "R2"]
    (chlorine,) = [group for group in position["groups"] if group["smiles"] == "*Cl"]
    (row,) = [row for row in records if row["id"] == "b"]
    assert chlorine["error"] == pytest.approx(row["logit"] - 6.2, rel=1e-3)


def test_the_map_has_each_pair_of_groups_that_occurs(table, records):
    (pairs,) = table["maps"]
    labels = (pairs["x"], pairs["y"])
    assert labels == ("R1", "R2")
    names = [[group["smiles"] for group in position["groups"]] for position in table["positions"]]
    expected = defaultdict(list)
    for row in records:
        key = tuple(
            "H" if row[label]["smiles"] == HYDROGEN else row[label]["smiles"] for label in labels
        )
        expected[key].append(row)
    found = {(names[0][i], names[1][j]): cell for i, j, *cell in pairs["cells"]}
    assert set(found) == set(expected)
    for key, (count, prediction, relevance) in found.items():
        rows = expected[key]
        both = [sum(row[label]["relevance"] for label in labels) for row in rows]
        assert count == len(rows)
        assert prediction == pytest.approx(fmean(row["logit"] for row in rows), rel=1e-4)
        assert relevance["lrp"] == pytest.approx(fmean(both), abs=1e-4)


def test_what_cannot_be_taken_apart_is_refused(folder):
    with pytest.raises(ValueError, match="no position 'R9': there are R1, R2"):
        rgroup_table(views(folder), CORE, {"lrp": True}, [("R1", "R9")])
    with pytest.raises(ValueError, match="none of the 7 molecules has the core"):
        rgroup_table(views(folder), "c1ccsc1", {"lrp": True})
    mixed = [view | {"target": str(view["row"])} for view in views(folder)]
    assert rgroup_table(mixed, CORE, {"lrp": True}) == {"note": MIXED}


def views(folder, *methods):
    from molxai import Explainer
    from molxai.explanation.inputs import read_inputs
    from molxai.pages.view import view

    explainers = [Explainer("bace-pic50", method) for method in methods or ("lrp",)]
    items = list(read_inputs([str(folder / "s.csv")]))
    return [
        view(item, [explainer(item.subject) for explainer in explainers] if item.subject else [])
        for item in items
    ]


def test_a_page_without_r_groups_says_why(command, folder):
    options = ("report", "CCO", "c1ccncc1", "--methods", "lrp", "-o", "x.html", "-q")
    assert command(*options, "--core", "mcs")[0] == 0
    assert "No R groups: 2 molecules have no core in common" in Path("x.html").read_text()


def test_a_report_says_that_there_is_no_such_core(command, folder):
    table = str(folder / "s.csv")
    code, _, error = command("report", table, "--core", "c1ccsc1", "-o", "x.html", "-q")
    assert code == 1 and "has the core 'c1ccsc1'" in error and not Path("x.html").exists()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), PHONE])
def test_a_cell_shows_its_molecules(page, width, height):
    with chromium(width, height) as driver:
        driver.get(page.as_uri())
        look_like(driver, width, height)
        driver.execute_script(
            "molxai.page.filterByRows = (rows, words) => { window.asked = [rows, words] }"
        )
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        cells = driver.find_elements("css selector", "table.pairs td")
        assert any(cell.text == "–" for cell in cells)
        button = driver.find_element("css selector", "table.pairs td button")
        driver.execute_script("arguments[0].click()", button)
        rows, words = driver.execute_script("return window.asked")
        chosen = driver.find_element("css selector", ".members")
        links = chosen.find_elements("css selector", "button")
        assert [link.text for link in links] == ["abcdefgh"[row] for row in rows]
        assert words in chosen.text and words.startswith("R1 = ")
        driver.execute_script("arguments[0].click()", links[0])
        assert driver.find_element("id", "detail").is_displayed()
        driver.execute_script("document.getElementById('detail').close()")
        value = "const one = document.querySelector('select[data-key=value]');"
        driver.execute_script(
            f"{value} one.value = 'relevance'; one.dispatchEvent(new Event('change'))"
        )
        texts = [cell.text for cell in driver.find_elements("css selector", "table.pairs button")]
        assert texts and all(text[0] in "+−" for text in texts)


def test_a_method_without_a_sign_has_a_low_and_digits(folder):
    table = rgroup_table(views(folder, "lrp", "gae"), CORE, {"lrp": True, "gae": False})
    groups = [group for position in table["positions"] for group in position["groups"]]
    cells = [cell[4]["gae"] for each in table["maps"] for cell in each["cells"]]
    means = [*(group["relevance"]["gae"] for group in groups), *cells]
    assert table["lows"] == {"lrp": None, "gae": min(means)}
    assert table["decimals"] == {
        name: decimals(limit) for name, limit in table["limits"]["relevance"].items()
    }


def test_a_group_that_is_clicked_filters_and_its_molecules_stay_listed(page):
    with chromium() as driver:
        driver.get(page.as_uri())
        driver.execute_script("document.querySelector('#rgroups tbody th button').click()")
        done = driver.execute_async_script("setTimeout(() => arguments[0](true), 300)")
        assert done and "of 8 rows" in driver.find_element("id", "found").text
        assert driver.find_elements("css selector", ".members button")


def test_sizes_of_a_map_have_no_plus(page):
    script = (
        "const table = structuredClone(molxai.page.panels.rgroups);"
        "table.lows = { lrp: -1 }; table.decimals = { lrp: 2 };"
        "const place = document.createElement('div');"
        "molxai.rgroups(place, table, molxai.page);"
        "const value = place.querySelector('select[data-key=value]');"
        "value.value = 'relevance'; value.dispatchEvent(new Event('change'));"
        "return [...place.querySelectorAll('table.pairs td button')].map((one) => one.textContent)"
    )
    with chromium() as driver:
        driver.get(page.as_uri())
        assert driver.execute_script("return molxai.page.state.method") == "lrp"
        texts = driver.execute_script(script)
        assert texts and not any("+" in text for text in texts)
