"""A range of cells without a header, as it is copied from a spreadsheet and pasted."""

import pytest

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

from browsing import browser, console_errors, find, until
from test_addresses import finished, send
from test_workbench import choose, home, page, paste, status

from molxai.serve.pasted import as_file
from molxai.serve.settings import Settings
from molxai.serve.subjects import pasted_rows

__all__ = ["browser", "home", "page"]

INCHI = "InChI=1S/C2H6O/c1-2-3/h3H,2H2,1H3"
RANGE = "CMP1\tCCO\t-0,5\t7\nCMP2\tc1ccccc1O\t1,25\t8\nCMP3\tC1CC\t2,5\t9\nCMP4\tCCC\tn.d.\t9"
MODEL = "bace-pic50"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("CMP1\tCCO\t5.2\nC2\tCCN\t6", ["name|smiles|value", "CMP1|CCO|5.2", "C2|CCN|6"]),
        ("CCO\t5.1\r\nCCN\t6\r\n", ["smiles|value", "CCO|5.1", "CCN|6"]),
        ("CCO\t5.1", ["smiles|value", "CCO|5.1"]),
        ("CCN\tamine\t5", ["smiles|name|value", "CCN|amine|5"]),
        ("CCN\tb\t\t5\nCCO\ta\t\t", ["smiles|name|value", "CCN|b|5", "CCO|a|"]),
        ("CCO;5,2;a\nCCN;6,25;b", ["smiles|value|name", "CCO|5.2|a", "CCN|6.25|b"]),
        ("CCO\t5,2\nCCN\t6,25", ["smiles|value", "CCO|5.2", "CCN|6.25"]),
        ('"a, b",CCO,1\nc,CCN,2', ["name|smiles|value", "a, b|CCO|1", "c|CCN|2"]),
        ("ethanol, CCO\namine, CCN", ["name|smiles", "ethanol|CCO", "amine|CCN"]),
        ("CCO,ethanol\nCCN,amine", ["smiles|name", "CCO|ethanol", "CCN|amine"]),
        ("a\tCCO\t>5\t1\nb\tC1\tNA\t2", ["name|smiles|value|value 2", "a|CCO|>5|1", "b|C1|NA|2"]),
        ("N\tCCO\tx\nN\tCCN\ty", ["name|smiles|name 2", "N|CCO|x", "N|CCN|y"]),
        ("C\t1\nCC\t2\nN\t3", ["smiles|value", "C|1", "CC|2", "N|3"]),
        ("CCO\tCCN\t1\nCCC\tCCF\t2", ["smiles|name|value", "CCO|CCN|1", "CCC|CCF|2"]),
        (f"{INCHI}\t5\n{INCHI}\t6", ["smiles|value", f"{INCHI}|5", f"{INCHI}|6"]),
        ("a\tCCO\t1e-3\nb\tCCN\t\u22122", ["name|smiles|value", "a|CCO|1e-3", "b|CCN|-2"]),
        ('CCO\t"1\t2"\t3\nCCN\tx\t4', ["smiles|name|value", "CCO|1 2|3", "CCN|x|4"]),
    ],
)
def test_a_range_becomes_a_table(text, lines):
    file = as_file(text)
    assert file.name == "pasted.tsv"
    assert file.content.replace("\t", "|").splitlines() == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "cmpd\tstr\tIC50\nA1\tCCO\t5\nA2\tCCN\t6,5",
            ["cmpd|str (SMILES)|IC50", "A1|CCO|5", "A2|CCN|6.5"],
        ),
        ("No;code\nfoo;CCO\nbar;CCN", ["No|code (SMILES)", "foo|CCO", "bar|CCN"]),
        ("Formel,pKi\nCCO,5", ["Formel (SMILES)|pKi", "CCO|5"]),
        ("Darstellung\tx\nCCO\tfoo\nCCN\tx", ["Darstellung (SMILES)|x", "CCO|foo", "CCN|x"]),
        ("\tx y\tx y\n0\tCCO\ta\n1\tCCN\tb", ["|x y (SMILES)|x y", "0|CCO|a", "1|CCN|b"]),
        ("molecule\tstr\naspirin\tCCO", ["molecule|str (SMILES)", "aspirin|CCO"]),
        # no headers: a code, a number, a missing value and a slip are cells like those below
        ("A1\taspirin\nA2\tCCO\nA3\tCCN", ["name|smiles", "A1|aspirin", "A2|CCO", "A3|CCN"]),
        ("x\tCC(C\t>10\ny\tCCO\t6", ["name|smiles|value", "x|CC(C|>10", "y|CCO|6"]),
        ("x\taspirin\t5\ny\tCCO\t6", ["name|smiles|value", "x|aspirin|5", "y|CCO|6"]),
        ("x\tCC1\ta\ny\tCCO\tb", ["name|smiles|name 2", "x|CC1|a", "y|CCO|b"]),
    ],
)
def test_a_header_without_smiles_is_known_by_the_cells_below_it(text, lines):
    file = as_file(text)
    assert file.name == "pasted.tsv"
    assert file.content.replace("\t", "|").splitlines() == lines


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("CCO\tethanol\nCCN\tCCC", [("CCO", "ethanol"), ("CCN", "CCC")]),
        ("CCO\t1-butanol\nCCN\t2", [("CCO", "1-butanol"), ("CCN", "2")]),
        ("CCO\tethanol\t\nCCN\tamine\t", [("CCO", "ethanol"), ("CCN", "amine")]),
        ("CCO\tethanol\nCCN\nCCC\t5", [("CCO", "ethanol"), ("CCN", ""), ("CCC", "5")]),
        ("CCO\t\nCCN\t", [("CCO", ""), ("CCN", "")]),
        ("CCO a,CO\nCCN b,CN", [("CCO", "a,CO"), ("CCN", "b,CN")]),
        ("CCO 5.1\nCCN 6", [("CCO", "5.1"), ("CCN", "6")]),
        (f"{INCHI}\tx,1\n{INCHI}\ty,2", [(INCHI, "x,1"), (INCHI, "y,2")]),
        ("CCO CCN\nCCC ethanol", [("CCO", "CCN"), ("CCC", "ethanol")]),
    ],
)
def test_lines_of_smiles_and_names_stay_what_they_are(text, rows):
    assert as_file(text).name == "pasted.smi"
    assert [(row.content, row.id) for row in pasted_rows(text, Settings())] == rows


@pytest.mark.parametrize(
    "text", ["CCO CCN", "CCO  c1ccccc1 CCC", "CCO,CCN", " CCO; CC(=O)O \n", "C C1CC1", "CO [Na+]"]
)
def test_several_smiles_on_one_line_are_refused(text):
    with pytest.raises(ValueError, match="several SMILES on one line: put each on a line"):
        as_file(text)


@pytest.mark.parametrize(
    "text", ["CCO CO", "CCO N", "CCO NBS", "CCO ethanol", "CCO CCN salt", "CCO 12", "CCO\tCCN"]
)
def test_a_smiles_may_have_a_short_name(text):
    assert as_file(text).name == "pasted.smi"


def cells(page):
    """The texts of the table's cells by their titles, row by row."""
    return page.execute_script(
        "const rows = [...document.querySelectorAll('#result table.inputs tr[data-row]')];"
        "const texts = (row) => [...row.cells].map((cell) => [cell.dataset.title, cell.innerText]);"
        "return rows.map((row) => Object.fromEntries(texts(row)))"
    )


def explain(page):
    """Explain again, and wait for the new table."""
    before = page.current_url
    find(page, "#explain").click()
    until(page, f"location.href !== '{before}'")
    finished(page)


def shown_columns(page):
    """The names that can be chosen as measured, none if no choices are seen."""
    if not find(page, "#columns").is_displayed():
        return []
    return [one.text for one in page.find_elements("css selector", "#label-column option")]


def test_columns_of_a_pasted_range_are_chosen(page, tmp_path):
    choose(page, "model", MODEL)
    paste(page, RANGE)
    finished(page)
    assert shown_columns(page) == ["none", "name", "smiles", "value", "value 2"]
    assert find(page, "#column").get_attribute("value") == "smiles"
    assert find(page, "#id-column").get_attribute("value") == "name"
    assert "predicted − measured" not in cells(page)[0]
    choose(page, "label-column", "value")
    explain(page)
    pasted = cells(page)
    assert [row["id"] for row in pasted] == ["CMP1", "CMP2", "CMP3", "CMP4"]
    assert pasted[0]["measured value"] == "−0.5" and pasted[0]["predicted − measured"]
    assert page.execute_script("return document.querySelector('#result .plot') !== null")
    page.refresh()
    finished(page)
    assert find(page, "#smiles").get_attribute("value") == RANGE
    assert find(page, "#label-column").get_attribute("value") == "value"

    path = tmp_path / "range.txt"
    path.write_text(RANGE)
    send(page, path)
    assert shown_columns(page) == ["none", "name", "smiles", "value", "value 2"]
    choose(page, "label-column", "value")
    explain(page)
    assert cells(page) == pasted


def test_choices_stay_with_a_corrected_text_and_leave_with_a_molecule(page):
    choose(page, "model", MODEL)
    paste(page, RANGE)
    finished(page)
    choose(page, "label-column", "value")
    paste(page, RANGE.replace("C1CC", "C1CC1"))
    until(page, "document.getElementById('status').textContent === '4 of 4 rows'")
    assert find(page, "#label-column").get_attribute("value") == "value"
    assert cells(page)[2]["measured value"] == "2.5"
    paste(page, "CCO\tethanol\nCCN\tethylamine")
    until(page, "document.getElementById('status').textContent === '2 of 2 rows'")
    assert shown_columns(page) == []
    paste(page, RANGE)
    until(page, "document.getElementById('status').textContent.startsWith('4 of 4 rows')")
    paste(page, "CCO")
    until(page, "document.querySelector('.large')")
    assert shown_columns(page) == []
    paste(page, "CCO CCN")
    assert "put each on a line of its own" in status(page)
    assert all("422" in line for line in console_errors(page))  # the refusal itself


def test_labels_that_are_no_class_are_told(page):
    choose(page, "model", "bace")
    paste(page, "cmpd\tstructure\toutcome\nA\tCCO\tactive\nB\tCCN\tmaybe\nC\tCCC\tdone")
    finished(page)
    assert not find(page, "#comparison").text
    choose(page, "label-column", "outcome")
    explain(page)
    until(page, "document.getElementById('comparison').textContent")
    said = "2 measured labels, like 'maybe', are none of the model's classes and are not compared."
    assert find(page, "#comparison").text == said
    assert [row["measured outcome"] for row in cells(page)] == ["active", "maybe", "done"]
    assert not any("outcome" in row and row["outcome"] == "maybe" for row in cells(page))


def test_a_header_with_odd_names_is_no_row(page):
    paste(page, "compound\tdrawing\tIC50\nA\tCCO\t5.1\nB\tCCN\t6.2")
    finished(page)
    assert status(page) == "2 of 2 rows"
    assert [(row["id"], row["input"], row["IC50"]) for row in cells(page)] == [
        ("A", "CCO", "5.1"),
        ("B", "CCN", "6.2"),
    ]
    assert find(page, "#column").get_attribute("value") == "drawing (SMILES)"
