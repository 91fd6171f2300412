"""Matched pairs on a page: the numbers of the commands, and two molecules side by side."""

import json

import pytest
from browsing import PHONE, chromium, look_like, until

from molxai import Explainer, matched_pair, matched_pairs
from molxai.cli import main
from molxai.explanation.inputs import read_inputs
from molxai.pages.pairs import compared, pair_table
from molxai.pages.series import MIXED
from molxai.pages.view import view

SERIES = {
    "a": ("c1ccccc1CCN", "5"),
    "b": ("Fc1ccc(CCN)cc1", "6.5"),
    "c": ("Clc1ccc(CCN)cc1", "x"),
    "d": ("COc1ccc(CCN)cc1", "7"),
    "e": ("broken", "1"),
    "f": ("Fc1ccc(CCO)cc1", ""),
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("pairs") / "s.csv"
    rows = [f"{name},{smiles},{value}" for name, (smiles, value) in SERIES.items()]
    path.write_text("\n".join(("id,smiles,pIC50", *rows)))
    return path


@pytest.fixture(scope="module")
def explained(table):
    explainer = Explainer("bace")
    items = list(read_inputs([str(table)]))
    subjects = [item.subject for item in items if item.subject]
    return items, iter(explainer(subjects, target="active"))


@pytest.fixture(scope="module")
def series(explained):
    items, explanations = explained
    return [(item, next(explanations) if item.subject else None) for item in items]


@pytest.fixture(scope="module")
def views(series):
    labels = [{"label": value} for _, value in SERIES.values()]
    return [
        view(item, [explanation] if explanation else []) | label
        for (item, explanation), label in zip(series, labels, strict=True)
    ]


def test_changes_are_those_of_the_command(series, views):
    named = [(str(item.row), explanation) for item, explanation in series if explanation]
    expected = matched_pairs(named)
    table = pair_table(views, "lrp")
    rows = table["rows"]
    assert table["says"] == "" and rows[0][8] is not None
    assert len(rows) == len(expected) > 3
    for row, change in zip(rows, expected, strict=True):
        before, after, on, mean, sd, _, changed, rest, _, pairs = row
        assert (before, after, on) == (change.before, change.after, change.attached_to)
        assert mean == pytest.approx(change.mean, abs=1e-5)
        assert sd == (change.sd and pytest.approx(change.sd, rel=1e-3))
        assert changed == pytest.approx(change.mean_changed, abs=1e-4)
        assert rest == pytest.approx(change.mean_rest, abs=1e-4)
        assert [pair[:2] for pair in pairs] == [[int(p.a), int(p.b)] for p in change.pairs]


def test_measured_differences_are_of_rows_that_have_both(views):
    values = [view | {"probability": None} for view in views]
    rows = {(row[0], row[1]): row for row in pair_table(values, "lrp")["rows"]}
    assert rows["*[H]", "*F"][5] == 1.5
    assert rows["*[H]", "*Cl"][5] is None
    without = [{key: value for key, value in view.items() if key != "label"} for view in values]
    assert pair_table(without, "lrp")["measured"] is False


def test_labels_of_classes_are_no_measured_values(views):
    table = pair_table([view | {"label": "1"} for view in views], "lrp")
    assert table["measured"] is False and {row[5] for row in table["rows"]} == {None}


@pytest.mark.parametrize("method", ["gradient-input", "gae"])
def test_what_does_not_add_up_has_no_share(series, method):
    explainer = Explainer("bace", method)
    items = [item for item, explanation in series if explanation]
    named = [(str(item.row), explainer(item.subject, target="active")) for item in items]
    views = [view(item, [made]) for item, (_, made) in zip(items, named, strict=True)]
    table = pair_table(views, method)
    assert {(row[7], row[8]) for row in table["rows"]} == {(None, None)}
    assert method in table["says"] and "no share" in table["says"]
    assert all(change.share is change.mean_rest is None for change in matched_pairs(named))


def test_what_has_no_pairs_says_so(views):
    assert pair_table(views[:1], "lrp")["note"] == "No matched pairs among 1 molecule."
    assert pair_table([views[0], views[1] | {"target": "no"}], "lrp")["note"] == MIXED
    assert pair_table(views, "gae")["rows"] == []


def test_two_rows_are_compared_as_the_command_does(views):
    answer = compared(views[0], views[3], "lrp")
    pair = matched_pair(Explainer("bace"), SERIES["a"][0], SERIES["d"][0], target="active")
    parts = dict(answer["parts"])
    assert answer["delta"] == pytest.approx(pair.delta, abs=1e-5)
    values = list(parts.values())
    assert values[:3] == pytest.approx(
        [pair.split[name] for name in ("common", "gained", "lost")], abs=1e-4
    )
    assert sum(values) == pytest.approx(answer["delta"], abs=1e-3)
    assert answer["changed"] == [[], [0, 1]]
    without_sign = [
        views[row] | {"methods": {"gae": views[row]["methods"]["lrp"] | {"low": 0.0}}}
        for row in (0, 3)
    ]
    unsigned = compared(*without_sign, "gae")
    assert unsigned["parts"] == [] and "do not add up" in unsigned["note"] and not answer["note"]
    first, second = answer["drawings"]
    shift = [b - a for a, b in zip(first["atoms"][:2], second["atoms"][8:10], strict=True)]
    assert len(second["atoms"]) == len(first["atoms"]) + 4 and shift


@pytest.fixture(scope="module")
def page(table):
    out = table.parent / "report.html"
    options = ["--matched-pairs", "--target-columns", "pIC50", "--methods", "lrp,gae"]
    assert main(["report", str(table), *options, "-o", str(out), "-q"]) == 0
    return out


@pytest.mark.parametrize("size", [(1440, 900), PHONE])
def test_a_pair_is_shown_side_by_side(page, size):
    with chromium(*size) as driver:
        driver.get(page.as_uri())
        look_like(driver, *size)
        assert driver.execute_script("return document.documentElement.scrollWidth") <= size[0]
        texts = [each.text for each in driver.find_elements("css selector", "#pairs tbody th")]
        assert "*[H] → *F" in texts
        link = driver.find_element("css selector", "#pairs td.links button")
        names = link.get_attribute("textContent")
        driver.execute_script("arguments[0].click()", link)
        dialog = driver.find_element("id", "versus")
        assert dialog.find_element("tag name", "h2").text == names
        assert len(dialog.find_elements("css selector", "svg.molecule")) == 2
        assert dialog.find_elements("css selector", "svg .marked")
        assert "Δ logit of active" in dialog.text
        overflow = "return document.getElementById('versus').scrollWidth"
        assert driver.execute_script(overflow) <= size[0]
        driver.execute_script("arguments[0].close()", dialog)
        broken = (
            "return molxai.compareRows(molxai.page, molxai.page.views[0], molxai.page.views[4])"
        )
        driver.execute_script(broken)
        assert "could not be read" in dialog.text
        script = "molxai.page.state.method = 'gae'; molxai.page.state.changed()"
        driver.execute_script(script)
        assert json.dumps(texts)
        assert driver.find_elements("css selector", "#pairs tbody tr")


def test_a_smaller_report_has_no_panels_of_all_rows(page, tmp_path):
    part = tmp_path / "part.html"
    script = (
        "const page = molxai.page; molxai.compareRows(page, page.views[0], page.views[1]);"
        "const data = JSON.parse(document.getElementById('data').textContent);"
        "return molxai.smallerReport(data, page.views.slice(0, 2))"
    )
    with chromium() as driver:
        driver.get(page.as_uri())
        part.write_text(driver.execute_script(script), encoding="utf-8")
        driver.get(part.as_uri())
        assert not driver.find_elements("css selector", "#pairs, #versus")
        driver.find_element("id", "search").send_keys("a")
        assert driver.find_elements("css selector", "#series tbody tr")


def test_what_cannot_be_read_has_no_scale(page):
    script = (
        "molxai.compareRows(molxai.page, molxai.page.views[4], molxai.page.views[4]);"
        "return document.getElementById('versus').textContent"
    )
    with chromium() as driver:
        driver.get(page.as_uri())
        words = driver.execute_script(script)
        assert "could not be read" in words and "Infinity" not in words


CIRCLES = "return document.querySelectorAll('#versus figure .marked').length"


def test_folded_panels_and_the_circles_of_a_pair_come_back(page):
    with chromium(1440, 900) as driver:
        driver.get(page.as_uri())
        driver.execute_script("document.getElementById('series').closest('details').open = false")
        until(driver, "location.hash === '#closed=fragments'")
        driver.execute_script("document.querySelector('#pairs td.links button').click()")
        until(driver, "document.querySelector('#versus[open] figure')")
        circles = driver.execute_script(CIRCLES)
        assert circles > 0
        driver.refresh()
        until(driver, "document.querySelector('#versus[open] figure')")
        assert driver.execute_script(CIRCLES) == circles
        opened = "return [...document.querySelectorAll('main details')].map((one) => one.open)"
        assert driver.execute_script(opened) == [False, True]
        driver.back()
        until(driver, "!document.querySelector('#versus[open]')")
        driver.execute_script("document.getElementById('series').closest('details').open = true")
        until(driver, "!location.hash.slice(1)")
