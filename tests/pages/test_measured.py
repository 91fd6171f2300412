"""What a page says of measured labels: which column they are from, and which are not compared."""

import pytest
from browsing import chromium, look_like
from test_report import shown

from molxai.cli import main
from molxai.pages.summary import comparison_note, tiles

ROWS = (
    ("aspirin", "CC(=O)Oc1ccccc1C(=O)O", "active", "1.2", "x"),
    ("phenol", "Oc1ccccc1", "maybe", "1.5", "y"),
    ("benzamide", "NC(=O)c1ccccc1", "n/k", "0.6", "z"),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("measured") / "table.csv"
    lines = [",".join(row) for row in ROWS]
    path.write_text("\n".join(("id,smiles,class,logP,similarity", *lines)))
    return path


def report(table, *options):
    out = table.parent / "report.html"
    assert main(["report", str(table), "-o", str(out), "--methods", "lrp", *options]) == 0
    return out


def columns(driver):
    return [title.text.replace("\n", " ") for title in shown(driver, "table.inputs th")]


def test_labels_that_are_no_class_are_told(table, capsys):
    out = report(table, "-m", "bace", "--target-columns", "class")
    said = "2 measured labels, like 'maybe', are none of the model's classes and are not compared"
    assert capsys.readouterr().err.count(said) == 1
    with chromium() as driver:
        driver.get(out.as_uri())
        tile = "measured labels that are no class, like 'maybe'"
        assert tile in driver.find_element("css selector", ".tiles").text
        driver.execute_script("molxai.page.open(molxai.page.views[1])")
        detail = driver.find_element("id", "detail-content").text
        assert (
            "the measured class 'maybe' is none of inactive, active: it is not compared" in detail
        )
    report(table, "-m", "bace", "--target-columns", "class", "-q")
    assert said not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([{"label_class": "active"}, {}], ""),
        (
            [{"label_class": None}],
            "1 measured label, 'a', is none of the model's classes and is not compared",
        ),
        (
            [{"label_is_number": False}] * 3,
            "3 measured labels, like 'a', are no number and are not compared",
        ),
    ],
)
def test_the_note_counts_what_is_not_compared(labels, said):
    assert comparison_note([{"label": "a", "methods": {}, **label} for label in labels]) == said


def test_rows_without_labels_have_no_such_tile():
    row = {"methods": {}, "prediction": "yes", "probability": 0.5}
    assert tiles([row]) == [("inputs", "1"), ("predicted yes", "1")]


def test_the_measured_column_stands_once_and_names_are_distinct(table):
    options = ("--target-columns", "logP", "--columns", "logP,similarity")
    out = report(table, "-m", "bace-pic50", *options)
    with chromium(1440, 900) as driver:
        driver.get(out.as_uri())
        titles = columns(driver)
    assert "measured logP" in titles and "logP" not in titles
    assert "similarity" in titles and "similarity (in your table)" in titles
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize(("model", "label"), [("bace-pic50", "logP"), ("bace", "class")])
def test_a_narrow_table_shows_prediction_measured_value_and_error(table, model, label):
    out = report(table, "-m", model, "--target-columns", label)
    with chromium(1024, 768) as driver:
        look_like(driver, 1024, 768)
        driver.get(out.as_uri())
        first = columns(driver)[3:6]
        last = shown(driver, "table.inputs th")[5]
        assert last.rect["x"] + last.rect["width"] <= 1024
    error = "predicted − measured" if label == "logP" else "outcome"
    assert first[1:] == [f"measured {label}", error] and first[0].startswith("predict")
