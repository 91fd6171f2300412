"""The report in a real browser: it shows what `molxai explain` writes, whatever the names are."""

import csv
import json
from pathlib import Path

import pytest
from browsing import chromium
from conftest import ROOT

from molxai.chemistry.schemes import SCHEMES
from molxai.cli import main
from molxai.rendering.colour import PALETTES

ROWS = (
    ("ibuprofen", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "0", "7.5"),
    (
        "<script>document.title='taken'</script>",
        "CC(=O)Oc1ccccc1C(=O)O",
        "0",
        "</script><img src=x onerror=alert(1)>",
    ),
    ("../../etc/passwd", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "1", '=HYPERLINK("http://x")'),
    ("\u202eright to left", "CCN", "0", "a"),
    ("broken", "C1CC(", "1", "b"),
    ("N" * 10_000, "CC(=O)[O-].[Na+]", "0", "c" * 10_000),
    ("quote \"double\" 'single'", "c1ccncc1", "0", "d"),
    ("nothing", "", "0", "e"),
)


ACTIVE = "C[C@H]1OC[C@]2(c3cc(NC(=O)c4cnc(C(F)F)cn4)ccc3F)N=C(N)SC[C@H]12"
"""Elenbecestat, which `bace` calls active."""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows((("id", "smiles", "measured", "note"), *ROWS))
    return path


@pytest.fixture(scope="module")
def records(table: Path) -> list[dict]:
    out = table.parent / "records.json"
    assert main(["explain", str(table), "--target", "active", "-o", str(out), "-q"]) == 0
    return json.loads(out.read_text())


@pytest.fixture(scope="module")
def page(table: Path) -> Path:
    out = table.parent / "report.html"
    columns = ["--target-columns", "measured", "--columns", "note"]
    assert main(["report", str(table), *columns, "-o", str(out), "-q"]) == 0
    return out


@pytest.fixture(scope="module")
def driver(page: Path):
    with chromium() as driver:
        driver.get(page.as_uri())
        yield driver


def shown(driver, css: str) -> list:
    """Elements of a selector that are seen."""
    elements = driver.find_elements("css selector", css)
    return [element for element in elements if element.is_displayed()]


def shown_rows(driver) -> list[int]:
    """The rows of the table that are seen, in order."""
    rows = shown(driver, "table.inputs tr[data-row]")
    return [int(row.get_attribute("data-row")) for row in rows]


def column(driver, title: str) -> list[str]:
    """Texts of a column of the table."""
    return [cell.text for cell in shown(driver, f"table.inputs td[data-title='{title}']")]


def head(driver, title: str):
    """The button that sorts by a column."""
    buttons = driver.find_elements("css selector", "table.inputs th button")
    return next(button for button in buttons if button.text == title)


def choose(driver, name: str, value: str) -> None:
    driver.execute_script(
        "const control = document.getElementById(arguments[0]);"
        "control.value = arguments[1];"
        "control.dispatchEvent(new Event('change'))",
        name,
        value,
    )


def open_row(driver, row: int) -> None:
    driver.execute_script(
        "const dialog = document.getElementById('detail'); if (dialog.open) dialog.close()"
    )
    button = f"tr[data-row='{row}'] button.link"
    driver.execute_script("document.querySelector(arguments[0]).click()", button)


def read_node(driver, node: int) -> str:
    """Point at a node of the large picture; what is said of it."""
    driver.execute_script(
        "const event = new PointerEvent('pointermove', {bubbles: true, pointerType: 'mouse'});"
        "document.querySelector(arguments[0]).dispatchEvent(event)",
        f"#detail-content .large [data-node='{node}']",
    )
    return driver.find_element("css selector", "#detail-content .readout").text


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_every_row_is_there_and_errors_say_why(driver, records):
    rows = driver.find_elements("css selector", "table.inputs tr[data-row]")
    assert len(rows) == len(ROWS) == len(records)
    assert [row.get_attribute("class") for row in rows] == [
        "error" if one["error"] else "" for one in records
    ]
    assert records[4]["error"] in rows[4].text
    assert "taken" not in driver.title


def test_numbers_are_those_of_the_records(driver, records):
    for place in (0, 1, 2, 3, 6):
        open_row(driver, place)
        for node, value in enumerate(records[place]["relevance"]):
            line = read_node(driver, node)
            assert number(line.split(":")[1].split()[0].rstrip(",")) == pytest.approx(
                value, abs=6e-4
            )
        assert (
            f"{records[place]['probability']:.3f}"
            in driver.find_element("css selector", "#detail-content header").text
        )
        steps = driver.find_elements("css selector", ".waterfall .step text:last-of-type")
        assert sum(number(step.text) for step in steps) == pytest.approx(
            records[place]["logit"], abs=6e-4 * len(steps)
        )


def test_colours_follow_method_scale_and_palette(driver):
    open_row(driver, 0)

    def fills() -> list[tuple[str, float]]:
        return [
            (one.get_attribute("fill"), float(one.get_attribute("fill-opacity")))
            for one in driver.find_elements(
                "css selector", "#detail-content .large circle[class^=atom]"
            )
        ]

    seen = {"lrp own": fills()}
    choose(driver, "scale", "common")
    seen["lrp common"] = fills()
    choose(driver, "method", "gae")
    seen["gae"] = fills()
    choose(driver, "method", "lrp")
    choose(driver, "scale", "own")
    assert fills() == seen["lrp own"]
    choose(driver, "palette", "brown-teal")
    seen["brown"] = fills()
    choose(driver, "palette", "red-blue")
    assert len({tuple(one) for one in seen.values()}) == 4
    values = driver.execute_script("return molxai.page.views[0].methods.lrp.relevance")
    most = max(range(len(values)), key=lambda node: abs(values[node]))
    palette = PALETTES["red-blue"]
    full = palette.towards_hex if values[most] > 0 else palette.against_hex
    assert seen["lrp own"][most] == (full, 1)
    assert {colour for colour, _ in seen["gae"]} == {palette.unsigned_hex}


def test_small_pictures_say_their_numbers_too(driver, records):
    tips = driver.execute_script(
        "const titles = document.querySelectorAll(\"tr[data-row='0'] .thumbnail title\");"
        "return [...titles].map((title) => title.textContent)"
    )
    assert [number(tip.split()[1]) for tip in tips] == pytest.approx(
        records[0]["relevance"], abs=6e-4
    ) and tips[0].startswith("C0 ")


def test_arrow_keys_walk_the_atoms(driver, records):
    open_row(driver, 0)
    picture = driver.find_element("css selector", "#detail-content .large svg")
    picture.send_keys("\ue014")  # arrow right
    assert driver.find_element("css selector", "#detail-content .readout").text.startswith("C0:")
    picture.send_keys("\ue012\ue012")  # arrow left, twice: round to the last but one
    assert driver.find_element("css selector", "#detail-content .readout").text.startswith("O13:")
    assert driver.execute_script("return document.querySelectorAll('tr.marked').length") == 1


def test_sort_search_and_filter(driver, records):
    driver.execute_script("document.getElementById('detail').close()")
    button = head(driver, "logit of active")
    logits = [record["logit"] for record in records if not record["error"]]
    for wanted in (sorted(logits), sorted(logits, reverse=True)):
        driver.execute_script("arguments[0].click()", button)
        rows = driver.find_elements("css selector", "table.inputs tr[data-row]")
        order = [int(row.get_attribute("data-row")) for row in rows]
        assert [records[row]["logit"] for row in order[: len(logits)]] == wanted
        assert all(records[row]["error"] for row in order[len(logits) :])
    search = driver.find_element("id", "search")
    search.send_keys("IBUPROFEN")
    assert shown_rows(driver) == [0]
    driver.execute_script(
        "arguments[0].value = ''; arguments[0].dispatchEvent(new Event('input'))", search
    )
    choose(driver, "only", "errors")
    assert set(shown_rows(driver)) == {4, 7}
    choose(driver, "only", "wrong")
    classes = ("inactive", "active")
    wrong = {
        row
        for row, record in enumerate(records)
        if not record["error"] and record["prediction"] != classes[int(ROWS[row][2])]
    }
    assert set(shown_rows(driver)) == wrong
    choose(driver, "only", "all")


def test_pictures_and_tables_can_be_kept(driver):
    from xml.etree import ElementTree

    open_row(driver, 1)
    markup = driver.execute_script(
        "const page = molxai.page;"
        "const look = {limit: 1, palette: page.palettes['red-blue']};"
        "return molxai.markup(molxai.framed(page.views[1], 'lrp', look, page))"
    )
    assert ElementTree.fromstring(markup).tag.endswith("svg") and "<script" not in markup
    name = driver.execute_script("return molxai.fileName('../../etc/pass<wd>.svg')")
    assert name == "etc-pass-wd.svg"
    rows = list(
        csv.reader(
            driver.execute_script(
                "return molxai.csv([['=1+1', '-5', -5, 'a\"b', null]])"
            ).splitlines()
        )
    )
    assert rows == [["'=1+1", "-5", "-5", 'a"b', ""]]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_series_is_the_mean_over_the_molecules(driver, scheme):
    choose(driver, "scheme", scheme)
    rows = driver.execute_script(
        "const page = molxai.page;"
        "return molxai.unpackCarriers(page, page.state.method, page.state.scheme).rows"
    )
    logits = driver.execute_script(
        "return molxai.page.views.filter((view) => view.methods).map((view) => view.logit)"
    )
    sums = [mean * occurrences for _, _, occurrences, mean, *_ in rows]
    assert sum(sums) == pytest.approx(sum(logits), abs=1e-3)
    shown_rows = driver.find_elements("css selector", "table.series tbody tr")
    names = [row.find_element("tag name", "th").get_attribute("textContent") for row in shown_rows]
    assert names == [name for name, *_ in rows]
    assert [abs(total) for total in sums] == sorted(map(abs, sums), reverse=True)


def test_every_row_says_which_class_of_which_endpoint(saved_pair_model, tmp_path):
    out = tmp_path / "pair.html"
    options = [
        "-m",
        str(saved_pair_model),
        "--endpoint",
        "second",
        "--methods",
        "lrp",
        "-o",
        str(out),
        "-q",
    ]
    assert main(["report", "CCO", "c1ccccc1", "--target", "0", *options]) == 0
    assert "All rows are explained for the class no of second: positive" in out.read_text()
    assert main(["report", "CCO", "c1ccccc1", *options]) == 0
    assert "All rows are explained for the class yes of second: positive" in out.read_text()


def test_rows_of_different_classes_have_no_mean(tmp_path):
    table, out = tmp_path / "table.csv", tmp_path / "mixed.html"
    table.write_text("smiles,pIC50\n" + f"{ACTIVE},7.15\nCCO,7.9\nCCN,10.2\nCC,unknown\n")
    options = [
        "--target",
        "pred",
        "--target-columns",
        "pIC50",
        "--methods",
        "lrp",
        "-o",
        str(out),
        "-q",
    ]
    assert main(["report", str(table), *options]) == 0
    with chromium() as driver:
        driver.get(out.as_uri())
        assert {one.text for one in shown(driver, "table.inputs td[data-title='prediction']")} == {
            "active",
            "inactive",
        }
        assert "explain one class" in driver.find_element("id", "series").text and not shown(
            driver, "table.series"
        )
        assert shown(driver, "table.inputs td[data-title='probability of target']")
        head = next(
            one
            for one in driver.find_elements("css selector", "table.inputs th button")
            if one.text == "measured pIC50"
        )
        driver.execute_script("arguments[0].click()", head)
        measured = [one.text for one in shown(driver, "table.inputs td[data-key='measured']")]
        assert measured == ["7.15", "7.9", "10.2", "unknown"]


def test_digits_get_the_same_page(tmp_path):
    out = tmp_path / "digits.html"
    assert (
        main(
            [
                "report",
                str(ROOT / "datasets/digits/digits.npz"),
                "--methods",
                "lrp,gae",
                "-o",
                str(out),
                "-q",
            ]
        )
        == 0
    )
    with chromium(390, 844) as driver:
        driver.get(out.as_uri() + "#row=3")
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        values = driver.execute_script("return molxai.page.views[3].methods.lrp.relevance")
        assert number(read_node(driver, 18).split(":")[1].split()[0]) == pytest.approx(
            values[18], abs=6e-4
        )


def test_a_page_of_one_input(tmp_path, capsys):
    out = tmp_path / "one.html"
    assert main(["report", "CCO", "-m", "bace-pic50", "-o", str(out), "-q"]) == 0
    with chromium() as driver:
        driver.get(out.as_uri())
        assert "base value" in driver.find_element("css selector", ".waterfall").get_attribute(
            "aria-label"
        )
    assert main(["report", "C1CC(", "-o", str(tmp_path / "none.html")]) == 1
    assert (
        "RDKit cannot read the SMILES" in capsys.readouterr().err
        and not (tmp_path / "none.html").exists()
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--methods", "lrp,none"], "no method 'none'"),
        (["--scale", "-1"], "own, common; or give a positive number"),
        (["--cmap", "jet"], "red-blue"),
        (["-o", "report.pdf"], ".html"),
        (["--columns", "height"], "no column 'height'"),
    ],
)
def test_a_wrong_option_is_one_line(options, said, table, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["report", str(table), "-q", *options]) in (1, 2)
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


BUILT = (
    "return [...document.querySelectorAll('tr[data-row]')].map((row) => Number(row.dataset.row))"
)
"""The rows of the table that are built."""

IN_SIGHT = """
const frame = document.querySelector('.rows').getBoundingClientRect();
const rows = [...document.querySelectorAll('tr[data-row]')].filter((row) => {
  const box = row.getBoundingClientRect();
  return box.bottom > frame.top && box.top < frame.bottom;
});
return rows.map((row) => Number(row.dataset.row));
"""
"""The rows of the table that are seen within its frame."""

NEXT_FRAME = "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
"""Wait until the browser has drawn."""

WITHOUT_PICTURE = """
const cells = [...document.querySelectorAll('td.thumbnail')];
return cells.some((cell) => !cell.firstChild);
"""
"""Whether a row has no picture."""


def test_a_long_table_is_built_where_it_is_looked_at(tmp_path):
    table, out = tmp_path / "table.smi", tmp_path / "long.html"
    table.write_text("".join(f"{'C' * (1 + place % 30)} m{place}\n" for place in range(400)))
    assert main(["report", str(table), "--methods", "lrp,gae", "-o", str(out), "-q"]) == 0

    def rows() -> list[int]:
        return driver.execute_script(BUILT)

    with chromium() as driver:
        driver.get(out.as_uri())
        assert rows() == list(range(len(rows())))
        assert len(rows()) < 100
        for place in (300, 10, 390):
            driver.execute_script(
                "document.querySelector('.rows').scrollTop = arguments[0]", 118 * place
            )
            driver.execute_async_script(NEXT_FRAME)
            seen = driver.execute_script(IN_SIGHT)
            assert place in seen
            assert len(rows()) < 100 and rows() == sorted(rows())
            assert not driver.execute_script(WITHOUT_PICTURE)
        choose(driver, "palette", "brown-teal")
        assert driver.execute_script(IN_SIGHT) == seen
        choose(driver, "method", "gae")
        assert driver.execute_script(IN_SIGHT) == seen
        driver.execute_script("dispatchEvent(new Event('beforeprint'))")
        assert rows() == list(range(400))


def titles(driver) -> list[str]:
    heads = driver.find_elements("css selector", "table.inputs th")
    return [title.text for title in heads]


@pytest.mark.parametrize("broken", [False, True])
def test_measured_values_stand_beside_predicted_ones(tmp_path, broken):
    table, out = tmp_path / "t.csv", tmp_path / "report.html"
    rows = [
        "a,CCO,3.5,x",
        "b,c1ccccc1O,2.25,y",
        "c,CCN,unknown,z",
        *(["d,C1CC,4,w"] if broken else []),
    ]
    table.write_text("\n".join(["id,smiles,y,note", *rows]))
    chosen = [
        "--target-columns",
        "y",
        "--columns",
        "note",
        "-m",
        "bace-pic50",
        "--methods",
        "lrp",
        "-o",
        str(out),
        "-q",
    ]
    assert main(["report", str(table), *chosen]) == 0
    with chromium() as driver:
        driver.get(out.as_uri())
        expected = [
            "chosen",
            "picture",
            "id",
            "row",
            "input",
            "predicted (log units)",
            "measured y",
            "predicted − measured",
            "|predicted − measured|",
            "similarity",
            "largest",
            "note",
        ]
        assert titles(driver) == [*expected, *(["error"] if broken else [])]
        cells = {
            name: [one.text for one in shown(driver, f"table.inputs td[data-title='{name}']")]
            for name in ("predicted (log units)", "measured y", "predicted − measured")
        }
        for predicted, measured, residual in zip(*cells.values(), strict=True):
            if not predicted.startswith("error: ") and measured != "unknown":
                assert residual[0] in "+−" and number(residual) == pytest.approx(
                    number(predicted) - float(measured), abs=2e-3
                )
            else:
                assert residual == ""
        assert cells["predicted − measured"].count("") == (2 if broken else 1)
