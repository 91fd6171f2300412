"""The report of texts: every word on its colour, with the numbers of `molxai explain`."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import pytest
from browsing import PHONE, chromium, look_like
from test_report import choose, number, open_row, read_node, shown, shown_rows
from text_models import TEXTS, random_text_model, tokenizer

from molxai.cli import main
from molxai.explanation.entry import Input
from molxai.pages.page import MOST_CLASSES
from molxai.pages.summary import tiles
from molxai.pages.view import view
from molxai.rendering.colour import PALETTES
from molxai.text import TextExplainer

METHODS = ("lrp", "gradient-input", "shap", "rollout")

HOSTILE = (
    "a <script>document.title='taken'</script> film",
    "</script><img src=x onerror=alert(1)> & \"good\" 'bad' <!--",
    "\u202egood film\u2069 was \u05e1\u05e8\u05d8 \u05d8\u05d5\u05d1",
    "a film \U0001f3ac\U0001f468\u200d\U0001f469\u200d\U0001f467 great\u2028!",
    "",
    "film " + "a" * 300,
)
ROWS = (*TEXTS, *HOSTILE)


def saved(model, reader, path):
    model.float().save_pretrained(path)
    reader.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A classifier of three classes."""
    path = tmp_path_factory.mktemp("models") / "critic"
    return saved(random_text_model("Bert"), tokenizer(), path)


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    """A model of the next token."""
    path = tmp_path_factory.mktemp("models") / "writer"
    return saved(random_text_model("GPT2", "CausalLM"), tokenizer(False), path)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "films.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "review", "class", "stars"])
        for place, text in enumerate(ROWS):
            rows.writerow([f"<b>r{place}", text, f"LABEL_{place % 3}", place])
    return path


@pytest.fixture(scope="module")
def records(table, folder):
    out = table.parent / "records.json"
    assert main(["explain", str(table), "-m", str(folder), "-o", str(out), "-q"]) == 0
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(table, folder):
    out = table.parent / "report.html"
    options = ["--target-columns", "class", "--columns", "stars", "--methods", ",".join(METHODS)]
    assert main(["report", str(table), "-m", str(folder), *options, "-o", str(out), "-q"]) == 0
    return out


@pytest.fixture(scope="module")
def driver(page):
    with chromium(1440, 1000) as driver:
        driver.get(page.as_uri())
        yield driver


@pytest.mark.parametrize("text", [*TEXTS, HOSTILE[2]])
def test_a_view_has_the_sums_over_words(folder, text):
    explainer = TextExplainer(folder)
    explanations = [explainer.with_method(method)(text) for method in METHODS]
    content = view(Input(0, text, explanations[0].subject), explanations)
    sentence = explanations[0].subject
    assert content["sentence"] == {"words": sentence.words, "spaced": sentence.is_spaced}
    for explanation in explanations:
        method = content["methods"][explanation.method]
        sums = sentence.of_words(explanation.relevance.tolist())
        assert method["relevance"] == pytest.approx(sums, rel=1e-5)
        signs = {name: total for name, _, total in method["signs"]}
        towards = [value for value in sums if value > 0]
        name = f"{len(towards)} for it" if explanation.signed else f"all {len(sums)}"
        assert signs[name] == pytest.approx(sum(towards), abs=1e-5)
        if not explanation.in_unit:
            assert not method["beyond"]
            continue
        parts = [*signs.values(), *(value for _, value in method["beyond"])]
        assert sum(parts) == pytest.approx(explanation.logit, abs=1e-3)
    assert [name for name, _ in content["methods"]["lrp"]["beyond"]] == [
        "special tokens",
        "positions and biases",
    ]
    assert not {"molecule", "digit", "parts", "fragments"} & content.keys()


def test_the_page_needs_nothing_else_and_runs_no_text(page):
    source = page.read_text(encoding="utf-8")
    without_namespace = source.replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"https?://", without_namespace)
    assert "<img" not in source and "<script>document" not in source and "<b>r" not in source
    assert source.count("</script>") == source.count("<script")


@pytest.mark.parametrize("width", [1440, PHONE[0]])
def test_words_have_the_colours_and_numbers_of_the_command(page, records, width):
    with chromium(width, 900) as driver:
        driver.get(page.as_uri())
        assert driver.title == f"{len(ROWS)} texts explained"
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        small = driver.find_elements("css selector", "tr[data-row='1'] .thumbnail .word")
        assert [word.text for word in small] == records[1]["words"]
        for row in (0, 1, 3, 4, 5, 6):
            record = records[row]
            open_row(driver, row)
            words = shown(driver, "#detail-content .large .word")
            names = [word.get_attribute("textContent") for word in words]
            assert names == record["words"]
            for node, value in enumerate(record["word_relevance"]):
                line = read_node(driver, node)
                assert number(line.rsplit(": ", 1)[1]) == pytest.approx(value, abs=6e-4)
            assert f"{record['logit']:.3f}" in driver.find_element(
                "css selector", "#detail-content header"
            ).text.replace("−", "-")
        if width == PHONE[0]:
            assert driver.execute_script(
                "const box = document.querySelector('.large .sentence').getBoundingClientRect();"
                "return box.left >= 0 && box.right <= innerWidth"
            )


def test_colours_follow_scale_and_palette(driver):
    open_row(driver, 1)

    def fills():
        words = driver.find_elements("css selector", "#detail-content .large .word")
        return [word.value_of_css_property("background-color") for word in words]

    own = fills()
    values = driver.execute_script("return molxai.page.views[1].methods.lrp.relevance")
    most = max(range(len(values)), key=lambda node: abs(values[node]))
    palette = PALETTES["red-blue"]
    full = palette.towards if values[most] > 0 else palette.against
    wanted = [round(255 * part) for part in full]
    assert [int(part) for part in re.findall(r"\d+", own[most])[:3]] == wanted
    choose(driver, "scale", "common")
    common = fills()
    choose(driver, "scale", "own")
    choose(driver, "palette", "brown-teal")
    brown = fills()
    choose(driver, "palette", "red-blue")
    assert fills() == own and len({tuple(own), tuple(common), tuple(brown)}) == 3


def test_arrow_keys_walk_the_words(driver, records):
    open_row(driver, 0)
    text = driver.find_element("css selector", "#detail-content .large .sentence")
    text.send_keys("\ue014\ue014")  # arrow right, twice
    words = records[0]["words"]
    readout = driver.find_element("css selector", "#detail-content .readout").text
    assert words[1] in readout and "+" in readout.replace("−", "+")
    marked = driver.find_elements("css selector", "#detail-content .large .marked")
    assert [word.text for word in marked] == [words[1]]
    text.send_keys("\ue012\ue012")  # arrow left, twice: round to the last
    marked = driver.find_elements("css selector", "#detail-content .large .marked")
    assert [word.text for word in marked] == [words[-1]]
    assert driver.execute_script("return document.querySelectorAll('tr.marked').length") == 1


def test_a_text_is_written_in_its_own_direction(driver):
    directions = driver.execute_script(
        "return [...document.querySelectorAll('.thumbnail .sentence')]"
        ".map((text) => text.dir + getComputedStyle(text).direction)"
    )
    assert set(directions) == {"autoltr"}
    places = driver.execute_script(
        "const sentence = {words: ['\u05e1\u05e8\u05d8', 'film'], spaced: [false, true]};"
        "const methods = {lrp: {relevance: [1, -1], largest: [0, 1], unit: 'logit'}};"
        "const view = {sentence, methods, id: 'x'};"
        "const look = {limit: 1, palette: molxai.page.palettes['red-blue']};"
        "const text = molxai.picture(view, 'lrp', look);"
        "document.body.append(text);"
        "const places = [...text.children].map((word) => word.getBoundingClientRect().left);"
        "text.remove();"
        "return places"
    )
    assert places[0] > places[1]


def test_no_word_turns_the_line_that_names_it(driver, records):
    open_row(driver, 5)
    places = [place for place, word in enumerate(records[5]["words"]) if "good" in word]
    assert "\u202e" not in read_node(driver, places[0])
    lines = driver.execute_script(
        "return molxai.page.views.filter((view) => view.methods)"
        ".map((view) => molxai.largest(view, 'lrp'))"
    )
    for line in lines:
        assert line.count("\u2068") == line.count("\u2069") == line.count("“")


def test_nothing_of_molecules_is_left(driver, records):
    driver.execute_script("document.getElementById('detail').close()")
    assert not driver.find_elements("css selector", "#series, #scheme, #numbers")
    said = driver.find_element("css selector", "main").text
    assert not re.search(r"\b(atom|superpixel|SMILES|fragment|bond)", said)
    open_row(driver, 0)
    detail = driver.find_element("id", "detail-content").text
    assert "Point at a word" in detail and "All words" in detail
    assert not re.search(r"\b(atom|superpixel|molecule)", detail)


def test_rows_of_the_table(driver, records):
    driver.execute_script("document.getElementById('detail').close()")
    titles = [title.text for title in shown(driver, "table.inputs th")]
    assert titles == [
        *("chosen", "text", "id", "row"),
        *("prediction", "probability of target", "logit of target", "measured class", "outcome"),
        *("1 − probability of measured", "largest", "stars"),
    ]
    empty = ROWS.index("")
    error = driver.find_element("css selector", f"tr[data-row='{empty}']")
    assert error.get_attribute("class") == "error" and records[empty]["error"] in error.text
    search = driver.find_element("id", "search")
    search.send_keys("gripping")
    assert shown_rows(driver) == [0]
    driver.execute_script(
        "arguments[0].value = ''; arguments[0].dispatchEvent(new Event('input'))", search
    )
    text = driver.execute_script(
        "const wanted = ['input', 'largest'];"
        "const columns = molxai.columns(molxai.page).filter(({ key }) => wanted.includes(key));"
        "return molxai.tableCsv(columns, molxai.page.views)"
    )
    cells = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in cells[1:]] == list(ROWS)
    assert not re.search("[\u2066-\u2069]", "".join(row[1] for row in cells[1:]))


@pytest.mark.parametrize("row", [0, 3, 4, 5, 6, 8])
def test_a_picture_can_be_kept(driver, records, row):
    markup = driver.execute_script(
        "const page = molxai.page; const view = page.views[arguments[0]];"
        "const look = {limit: view.methods.lrp.limit, palette: page.palettes['red-blue']};"
        "return molxai.markup(molxai.framed(view, 'lrp', look, page))",
        row,
    )
    frame = ElementTree.fromstring(markup)
    space = "{http://www.w3.org/2000/svg}"
    inner = frame.find(f"{space}svg")
    words = [text.text for text in inner.iter(f"{space}text")]
    assert len(words) == len(records[row]["words"]) and "<script" not in markup
    width = float(inner.get("viewBox").split()[2])
    for box in inner.iter(f"{space}rect"):
        assert float(box.get("x")) >= -1
        assert float(box.get("x")) + float(box.get("width")) <= width + 1
    assert not driver.find_elements("css selector", ".kept")


def test_many_predictions_are_only_counted():
    rows = [{"methods": {}, "probability": 0.5, "prediction": f"token {row}"} for row in range(13)]
    assert tiles(rows) == [("inputs", "13"), ("different predictions", "13")]
    assert tiles(rows[:12])[1:] == [
        (f"predicted {name}", "1") for name in sorted(row["prediction"] for row in rows[:12])
    ]


def test_a_page_of_one_text(folder, tmp_path):
    out = tmp_path / "one.html"
    assert main(["report", TEXTS[0], "-m", str(folder), "-o", str(out), "-q"]) == 0
    with chromium() as driver:
        look_like(driver, 1440, 900, dark=True)
        driver.get(out.as_uri())
        assert driver.title == TEXTS[0]
        assert len(shown(driver, "#single .large .word")) == 5
        assert len(shown(driver, "#single .method .sentence")) == 4


def test_the_next_token(writer, tmp_path):
    out = tmp_path / "next.html"
    table = tmp_path / "t.csv"
    table.write_text(f'text,next\n"{TEXTS[0]}",good\n{TEXTS[1]},none of these\ngreat,\n')
    words = ["report", str(table), "-m", str(writer), "-o", str(out), "-q"]
    assert main([*words, "--target-columns", "next"]) == 0
    source = out.read_text(encoding="utf-8")
    assert MOST_CLASSES < 23
    assert "next token (one of 23)" in source
    assert "Each row is explained for its own predicted class" in source
    assert main([*words, "--target", "good", "--contrast", "bad"]) == 0
    source = out.read_text(encoding="utf-8")
    assert "All rows are explained for the class good, rather than bad" in source


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        ("multi_label_classification", "All rows are explained for the class yes of LABEL_1"),
        ("regression", "Positive relevance raises the predicted LABEL_1"),
    ],
)
@pytest.mark.parametrize("option", ["--target", "--endpoint"])
def test_one_of_several_outputs(tmp_path, problem, says, option):
    model = random_text_model("Bert")
    model.config.problem_type = problem
    folder = saved(model, tokenizer(), tmp_path / "model")
    out = tmp_path / "out.html"
    words = ["report", *TEXTS, "-m", str(folder), option, "LABEL_1", "-o", str(out), "-q"]
    assert main(words) == 0
    assert says in out.read_text(encoding="utf-8")
