"""The workbench in a real browser: the numbers of the command line, and hostile text stays text."""

import json
import re
from itertools import pairwise

import pytest
from browsing import PHONE, browser, end, find, look_like, open_anew, serve, until
from conftest import ROOT

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

from molxai.cli import main

__all__ = ["browser"]

IBUPROFEN = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"
SEVEN = [(-50, -62), (48, -66), (20, 0), (-6, 74)]
"""From the pad's middle."""


@pytest.fixture(scope="module")
def home():
    """Address of the installed command's own server, which ends in good order."""
    server, address = serve()
    yield address
    assert end(server) == 0 and server.stderr.read() == "molxai: ended\n"


@pytest.fixture
def page(browser, home):
    """The page, newly opened at desktop width."""
    open_anew(browser, home, 1280)
    return browser


def status(page):
    return find(page, "#status").text


def ask(page, smiles):
    """Type a SMILES and press Enter; returns when it is answered."""
    from selenium.webdriver.common.keys import Keys

    box = find(page, "#smiles")
    box.clear()
    box.send_keys(smiles, Keys.ENTER)
    answered(page)


def answered(page):
    until(
        page,
        "document.getElementById('busy').hidden && document.getElementById('status').textContent",
    )


def choose(page, name, value):
    from selenium.webdriver.support.ui import Select

    Select(find(page, f"#{name}")).select_by_value(value)


def pointed(page, node):
    """What is said of an atom or superpixel when the mouse is over it."""
    from selenium.webdriver import ActionChains

    target = find(page, f".large [data-node='{node}']")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
    ActionChains(page).move_to_element(target).perform()
    return find(page, ".readout").text


def signed(value):
    """A number as the page writes it."""
    return ("−" if value < 0 else "+") + f"{abs(value):.3f}"


def records(tmp_path, *arguments):
    path = tmp_path / "out.json"
    assert main(["explain", *map(str, arguments), "-o", str(path), "-q", "-n", "0"]) == 0
    return json.loads(path.read_text())


def test_a_typed_molecule_has_the_numbers_of_the_command_line(page, tmp_path):
    ask(page, IBUPROFEN)
    for method in ("lrp", "gradient-input"):
        choose(page, "shown", method)
        (known,) = records(tmp_path, IBUPROFEN, "--method", method, "--target", "active")
        assert status(page) == f"Prediction: {known['prediction']}"
        numbers = f"probability {known['probability']:.3f} · logit {signed(known['logit'])}"
        assert f"{numbers} · bace · {method}" in find(page, "#result header").text
        for node in (0, 4, 13):
            symbol = "O" if node == 13 else "C"
            assert pointed(page, node).startswith(
                f"{symbol}{node}: {signed(known['relevance'][node])}"
            )


def test_choices_are_asked_and_shown(page, tmp_path):
    ask(page, IBUPROFEN)
    first = find(page, ".large .atom-4").get_attribute("fill-opacity")
    choose(page, "scale", "fixed")
    assert find(page, ".large .atom-4").get_attribute("fill-opacity") != first
    choose(page, "target", "active")
    answered(page)
    until(
        page, "document.querySelector('#result header').textContent.includes('Explained: active')"
    )
    (known,) = records(tmp_path, IBUPROFEN, "--target", "active")
    assert pointed(page, 4).startswith(f"C4: {signed(known['relevance'][4])}")
    choose(page, "model", "bace-pic50")
    until(page, "document.querySelector('#result header').textContent.includes('bace-pic50')")
    find(page, "#methods input[value='gae']").click()
    until(page, "document.querySelectorAll('.method').length === 3")


def test_pictures_and_numbers_leave_the_page(page):
    ask(page, IBUPROFEN)
    page.execute_script(
        "window.kept = {};"
        "molxai.save = (content, type, name) => { window.kept[name] = content.size || content; };"
    )
    for button in page.find_elements("css selector", ".large .buttons button")[:3]:
        button.click()
    until(page, "Object.keys(window.kept).length === 3")
    kept = page.execute_script("return window.kept")
    assert kept["molecule-lrp.svg"].count("<circle") >= 15 and kept["molecule-lrp.png"] > 5000
    assert len(kept["molecule-lrp.csv"].splitlines()) == 16


def test_a_link_brings_the_same_page(page, home):
    page.get(
        f"{home}#smiles=CCO&methods=lrp,gae&method=gae&palette=brown-teal&scale=2.5&numbers=1&scheme=brics&evil=1"
    )
    page.refresh()
    answered(page)
    assert (
        find(page, "#smiles").get_attribute("value") == "CCO"
        and find(page, "#shown").get_attribute("value") == "gae"
    )
    assert (
        find(page, "#fixed").get_attribute("value") == "2.5"
        and find(page, "#numbers").is_selected()
    )
    ask(page, "CCN")
    assert "smiles=CCN" in page.current_url and "evil" not in page.current_url
    page.back()
    until(page, "document.getElementById('smiles').value === 'CCO'")
    answered(page)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "\"'><script>alert(1)</script>",
        "C" * 3000,
        "\u202eCCO",
        "../../x",
    ],
)
def test_hostile_text_is_an_error_in_words(page, text):
    page.execute_script(
        "document.getElementById('smiles').value = arguments[0];"
        "document.getElementById('explain').click()",
        text,
    )
    answered(page)
    assert not page.execute_script("return document.querySelector('#answer img, #answer script')")
    assert status(page) and page.execute_script(
        "return document.documentElement.scrollWidth <= innerWidth"
    )


def test_the_newest_question_wins(page):
    page.execute_script("""
        const fetch = window.fetch;
        let first = true;
        window.fetch = async (path, options) => {
            const answer = await fetch(path, {...options, signal: undefined});
            if (first) {
                first = false;
                await new Promise((done) => setTimeout(done, 1000));
                window.late = true;
            }
            return answer;
        };
        for (const smiles of ["CCO", "c1ccccc1"]) {
            document.getElementById("smiles").value = smiles;
            document.getElementById("explain").click();
        }""")
    until(page, "window.late")
    until(page, "document.querySelectorAll('.large [data-node]').length === 6")
    assert "c1ccccc1" in find(page, "#result .input").text


def test_a_digit_drawn_with_the_mouse_is_named(page):
    from selenium.webdriver import ActionChains

    find(page, "#tab-digit").click()
    stroke = (
        ActionChains(page, duration=50)
        .move_to_element_with_offset(find(page, "#pad"), *SEVEN[0])
        .click_and_hold()
    )
    for (x, y), (u, v) in pairwise(SEVEN):
        stroke.move_by_offset(u - x, v - y)
    stroke.release().perform()
    until(page, "document.querySelector('.large .digit')")
    assert status(page) == "Prediction: 7"
    assert re.match(r"superpixel 0: [+−]\d", pointed(page, 0))
    for name, digit in {"two": 2, "five": 5, "eight": 8}.items():
        find(page, f"[data-digit={name}]").click()
        until(page, f"document.getElementById('status').textContent === 'Prediction: {digit}'")


def test_a_picture_is_explained_as_by_the_command_line(page, tmp_path):
    picture = ROOT / "datasets/digits/handdrawn-2.jpg"
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(picture))
    until(page, "document.querySelector('.large .digit')")
    (known,) = records(tmp_path, picture)
    assert status(page) == "Prediction: 2" and pointed(page, 30).startswith(
        f"superpixel 30: {signed(known['relevance'][30])}"
    )


def test_a_table_with_bad_rows(page, tmp_path):
    table = tmp_path / "some.csv"
    names = ["ibuprofen", "<script>alert(1)</script>", "\"'--", "\u202etext"]
    smiles = [IBUPROFEN, "C1CC", "CCO", "not a molecule <b>"]
    table.write_text(
        "name,smiles\n"
        + "".join(
            f'"{name.replace(chr(34), chr(34) * 2)}",{one}\n'
            for name, one in zip(names, smiles, strict=True)
        )
    )
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(table))
    until(page, "document.querySelector('#downloads a')")
    assert status(page) == "4 of 4 rows, 2 with errors"
    assert len(page.find_elements("css selector", "table.inputs tr.error")) == 2
    assert not page.execute_script(
        "return document.querySelector('table.inputs script, table.inputs b')"
    )
    expected = records(tmp_path, table, "--target", "active")
    links = [
        link.get_attribute("href") for link in page.find_elements("css selector", "#downloads a")
    ]
    fetched = page.execute_async_script(
        "fetch(arguments[0]).then((one) => one.json()).then(arguments[1])", links[1]
    )
    assert fetched == expected and links[0].endswith("result.csv?method=lrp")
    find(page, "#result details summary").click()
    until(page, "document.querySelector('table.series')")
    first = find(page, "table.series tbody tr").text
    assert re.search(r"[+−]\d\.\d+ (–|\d\.\d+) \d \d", first)
    find(page, "#search").send_keys("ibu")
    assert find(page, "#found").text == "1 of 4 rows"
    find(page, "table.inputs tr[data-row='0'] button.link").click()
    assert pointed(page, 4).startswith(f"C4: {signed(expected[0]['relevance'][4])}")
    find(page, "#alone").click()
    until(page, "document.getElementById('smiles').value.startsWith('CC(C)')")
    answered(page)


def test_a_long_upload_is_cancelled_and_its_rows_stay(page, home, tmp_path):
    table = tmp_path / "long.smi"
    table.write_text(f"{IBUPROFEN}\n" * 400)
    page.get(f"{home}#methods=shap")
    page.refresh()
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(table))
    until(page, "document.querySelector('table.inputs tbody tr[data-row]')")
    find(page, "#cancel").click()
    until(page, "document.querySelector('#downloads a')")
    assert re.fullmatch(r"cancelled: \d+ of 400 rows", status(page)) and "400 of" not in status(
        page
    )


def test_a_column_that_is_not_found_is_chosen(page, tmp_path):
    table = tmp_path / "some.csv"
    table.write_text("code,where\na,CCO\nb,CCCN\n")
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(table))
    until(page, "document.getElementById('status').classList.contains('error')")
    assert "some.csv has the columns code, where" in status(page)
    assert "choose it under 'Column of SMILES'" in status(page) and "--" not in status(page)
    choose(page, "column", "where")
    find(page, "#explain").click()
    until(page, "document.querySelector('#downloads a')")
    assert status(page) == "2 of 2 rows"


def test_a_molecule_is_drawn(page):
    from selenium.webdriver import ActionChains

    find(page, "#smiles").send_keys("C/C=C(/F)[C@H](N)O")
    find(page, "#sketch").click()
    until(page, "document.getElementById('sketch-smiles').textContent.startsWith('C/C=C')")
    find(page, "#dismiss").click()
    find(page, "#smiles").clear()
    find(page, "#sketch").click()
    until(page, "document.getElementById('sketch-smiles').textContent.startsWith('Nothing')")
    ActionChains(page).move_to_element(find(page, "#editor")).click().perform()  # a bond
    until(page, "document.getElementById('sketch-smiles').textContent === 'CC'")
    find(page, "#sketched").click()
    answered(page)
    assert find(page, "#smiles").get_attribute("value") == "CC"
    assert page.execute_script("return document.querySelectorAll('.large [data-node]').length") == 2


def test_keys_are_enough(page):
    from selenium.webdriver.common.keys import Keys

    ask(page, IBUPROFEN)
    find(page, ".large .picture").send_keys(Keys.ARROW_RIGHT)
    assert find(page, ".readout").text.startswith("C0: ")
    find(page, "#tab-molecule").send_keys(Keys.ARROW_RIGHT)
    assert (
        page.switch_to.active_element.get_attribute("id") == "tab-digit"
        and find(page, "#digit").is_displayed()
    )
    unnamed = page.execute_script(
        "const controls = [...document.querySelectorAll('input, select, textarea')];"
        "const isUnnamed = (control) => !control.labels.length && !control.ariaLabel;"
        "return controls.filter(isUnnamed).map((control) => control.outerHTML)"
    )
    assert unnamed == []


@pytest.mark.parametrize("dark", [False, True])
def test_a_telephone_shows_all_of_it(page, dark):
    look_like(page, *PHONE, dark)
    ask(page, IBUPROFEN)
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    colours = page.execute_script(
        "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
    )
    brightness = [sum(map(int, re.findall(r"\d+", one)[:3])) for one in colours]
    assert (brightness[0] > brightness[1]) == dark


def paste(page, text):
    """Put text into the box as the clipboard would, and ask."""
    page.execute_script(
        "document.getElementById('smiles').value = arguments[0];"
        "document.getElementById('explain').click()",
        text,
    )
    answered(page)


def test_a_pasted_list_is_a_table_with_its_names(page, tmp_path):
    path = tmp_path / "list.smi"
    path.write_text(f"{IBUPROFEN}\tibuprofen\nC1CC\tbroken\nCCO\tethanol\n")
    paste(page, path.read_text())
    until(page, "!document.getElementById('downloads')?.hidden")
    assert (
        status(page) == "3 of 3 rows, 1 with errors"
        and "pasted.txt" in find(page, "#result h2").text
    )
    names = [
        one.text for one in page.find_elements("css selector", "#result tbody td[data-title='id']")
    ]
    assert names == ["ibuprofen", "broken", "ethanol"]
    known = records(tmp_path, path, "--target", "active")
    logits = [
        one.text
        for one in page.find_elements(
            "css selector", "#result tbody td[data-title='logit of active']"
        )
    ]
    assert logits == ["" if one["logit"] is None else signed(one["logit"]) for one in known]
    assert "smiles=" not in page.current_url
    find(page, "#result tbody button.link").click()
    find(page, "#alone").click()
    until(
        page,
        "document.getElementById('smiles').value.startsWith('CC(C)')"
        " && document.querySelector('.large')",
    )


def test_a_pasted_molecule_may_have_a_name_or_be_a_mol_block(page):
    from rdkit import Chem

    paste(page, "CCO\tethyl alcohol")
    until(page, "document.querySelectorAll('.large [data-node]').length === 3")
    assert "ethyl alcohol" in find(page, "#result header").text
    paste(page, Chem.MolToMolBlock(Chem.MolFromSmiles("c1ccccc1")).strip())
    until(page, "document.querySelectorAll('.large [data-node]').length === 6")


def test_a_table_stays_when_another_file_is_refused(page, tmp_path):
    table = tmp_path / "some.smi"
    table.write_text("CCO a\nCCN b\n")
    broken = tmp_path / "bad.json"
    broken.write_text("{}")
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(table))
    until(page, "document.querySelector('#downloads a')")
    page.execute_script("document.getElementById('chosen').value = ''")
    find(page, "#chosen").send_keys(str(broken))
    until(page, "document.getElementById('status').classList.contains('error')")
    assert "bad.json is no session" in status(page)
    assert "422" in page.get_log("browser")[-1]["message"]
    assert len(page.find_elements("css selector", "table.inputs tr[data-row]")) == 2
    find(page, "#search").send_keys("a")
    assert find(page, "#found").text.endswith("rows")


def test_a_lost_look_at_a_job_is_not_the_end(page, tmp_path):
    table = tmp_path / "some.smi"
    table.write_text("CCO a\nCCN b\n")
    page.execute_script(
        "const { job } = molxai; window.lost = 0;"
        "const silence = Object.assign(new Error('no answer'), { status: 0 });"
        "molxai.job = (id, start, signal) => start && window.lost++ < 2"
        " ? Promise.reject(silence) : job(id, start, signal).then((now) => ("
        "start ? now : { ...now, views: now.views.slice(0, 1), next: 1 }))"
    )
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(table))
    until(page, "document.querySelector('#downloads a')")
    assert page.execute_script("return window.lost") >= 2
    assert status(page) == "2 of 2 rows"
