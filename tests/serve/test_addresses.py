"""Every state of the workbench has an address: Back, reload and a copied link bring it back."""

import json
from itertools import pairwise

import pytest
from browsing import PHONE, browser, find, look_like, open_anew, until
from conftest import ROOT
from test_workbench import (
    IBUPROFEN,
    SEVEN,
    answered,
    ask,
    choose,
    paste,
    status,
)
from test_workbench import home as serving

__all__ = ["browser"]

home = serving

ROWS = "document.querySelectorAll('table.inputs tbody tr[data-row]').length"


@pytest.fixture
def page(browser, home):
    """The page, newly opened at desktop width."""
    open_anew(browser, home, 1440)
    return browser


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "library.csv"
    lines = [f"m{number},{'C' * (number + 1)}O,{number / 2}" for number in range(20)]
    path.write_text("\n".join(["Compound ID,SMILES,logS", *lines, f"ibu,{IBUPROFEN},1"]) + "\n")
    return path


def send(page, *paths):
    """Choose files and wait for the whole table."""
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys("\n".join(map(str, paths)))
    finished(page)


def finished(page):
    until(page, "document.querySelector('#downloads a')")
    answered(page)


def drawn_atoms(page):
    return page.execute_script("return document.querySelectorAll('.large [data-node]').length")


def test_back_leads_to_the_table_that_a_molecule_came_from(page, table):
    send(page, table)
    address = page.current_url
    assert "job=" in address and not find(page, "#back").is_displayed()
    find(page, "table.inputs tr[data-row='3'] button.link").click()
    until(page, "location.hash.includes('row=3')")
    find(page, "#alone").click()
    until(page, "document.getElementById('smiles').value === 'CCCCO\\tm3'")
    until(page, "document.querySelectorAll('#result > .panels .large [data-node]').length === 5")
    answered(page)
    assert find(page, "#result > header h2").text == "m3"
    for _ in range(2):  # the second time after a reload
        page.back()
        finished(page)
        assert page.execute_script(f"return {ROWS}") == 21
        until(page, "document.getElementById('row').open")
        assert "m3" in find(page, "#row-detail h2").text
        page.forward()
        until(page, "document.querySelectorAll('#result > .panels .large [data-node]').length == 5")
        page.refresh()
        answered(page)
    find(page, "#back").click()
    finished(page)
    until(page, "document.getElementById('row').open")
    find(page, "#close").click()
    until(page, "!location.hash.includes('row=')")
    assert page.current_url == address and status(page) == "21 of 21 rows"
    assert not find(page, "#back").is_displayed()


def test_back_and_forward_close_and_open_a_row(page, table):
    send(page, table)
    length = page.execute_script("return history.length")
    find(page, "table.inputs tr[data-row='3'] button.link").click()
    find(page, "#next").click()
    until(page, "location.hash.includes('row=4')")
    page.back()
    until(page, "!document.getElementById('row').open")
    assert page.execute_script(f"return {ROWS}") == 21
    page.forward()
    until(page, "document.getElementById('row').open")
    assert "m4" in find(page, "#row-detail h2").text
    find(page, "#close").click()
    until(page, "!location.hash.includes('row=')")
    assert page.execute_script("return history.length") == length + 1


def test_a_table_comes_back_as_it_was_after_a_reload_and_in_another_window(page, table):
    send(page, table)
    choose(page, "palette", "brown-teal")
    choose(page, "scale", "common")
    choose(page, "shown", "gradient-input")
    find(page, "#search").send_keys("m1")
    count = find(page, "#found").text
    assert count == "11 of 21 rows"
    colours = [
        one.get_attribute("fill")
        for one in page.find_elements("css selector", "tr[data-row='1'] [class^=atom]")
    ]
    address = page.current_url

    def check():
        finished(page)
        until(page, "document.getElementById('found').textContent === '11 of 21 rows'")
        assert find(page, "#search").get_attribute("value") == "m1"
        chosen = {name: find(page, f"#{name}").get_attribute("value") for name in NAMES}
        assert chosen == dict(zip(NAMES, ("gradient-input", "common", "brown-teal"), strict=True))
        shown = page.find_elements("css selector", "tr[data-row='1'] [class^=atom]")
        assert [one.get_attribute("fill") for one in shown] == colours
        assert page.current_url == address

    page.refresh()
    check()
    first = page.current_window_handle
    page.switch_to.new_window("tab")
    page.get(address)
    check()
    find(page, "tr[data-row='10'] button.link").click()
    until(page, "location.hash.includes('row=10')")
    with_row = page.current_url
    page.get("about:blank")
    page.get(with_row)
    until(page, "document.getElementById('row').open")
    assert "m10" in find(page, "#row-detail h2").text
    page.close()
    page.switch_to.window(first)


NAMES = ("shown", "scale", "palette")


def test_a_table_at_work_goes_on_while_one_looks_at_a_molecule(page, home, tmp_path):
    path = tmp_path / "long.smi"
    path.write_text(f"{IBUPROFEN}\n" * 60)
    page.get(f"{home}#methods=shap")
    page.refresh()
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(path))
    until(page, "document.querySelector('table.inputs tbody tr[data-row]')")
    find(page, "#tab-molecule").click()
    ask(page, "CCO")
    assert drawn_atoms(page) == 3 and find(page, "#back").is_displayed()
    page.back()
    until(page, ROWS)
    assert "cancelled" not in status(page)
    find(page, "#cancel").click()
    finished(page)
    assert status(page).startswith("cancelled: ")


def test_a_pasted_list_and_its_text_come_back(page):
    text = "CCO\tethanol\nCCN\tethylamine\nCCC propane"
    paste(page, text)
    finished(page)
    page.refresh()
    finished(page)
    assert status(page) == "3 of 3 rows"
    assert find(page, "#smiles").get_attribute("value") == text
    choose(page, "target", "pred")
    find(page, "#explain").click()
    until(page, "document.getElementById('status').textContent === '3 of 3 rows'")


def test_a_picture_comes_back_and_is_asked_again(page):
    send_picture(page)
    before = find(page, "#result header").text
    address = page.current_url
    page.refresh()
    until(page, "document.querySelector('.large .digit')")
    assert find(page, "#result header").text == before and "handdrawn-2" in before
    choose(page, "target", "3")
    until(page, "document.querySelector('#result header').textContent.includes('Explained: 3')")
    page.back()
    until(page, "document.querySelector('#result header').textContent.includes('Explained: 2')")
    assert page.current_url.split("&")[0] == address.split("&")[0]


def send_picture(page):
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(ROOT / "datasets/digits/handdrawn-2.jpg"))
    until(page, "document.querySelector('.large .digit')")
    answered(page)


def draw_seven(page):
    from selenium.webdriver import ActionChains

    find(page, "#tab-digit").click()
    start = ActionChains(page, duration=50).move_to_element_with_offset(
        find(page, "#pad"), *SEVEN[0]
    )
    stroke = start.click_and_hold()
    for (x, y), (u, v) in pairwise(SEVEN):
        stroke.move_by_offset(u - x, v - y)
    stroke.release().perform()
    until(page, "document.querySelector('.large .digit')")
    answered(page)


def test_a_drawn_digit_has_an_address_and_is_undone(page):
    draw_seven(page)
    assert status(page) == "Prediction: 7"
    before = find(page, "#result header").text
    address = page.current_url
    assert "digit=" in address and len(address) < 1000
    page.refresh()
    until(page, "document.querySelector('.large .digit')")
    answered(page)
    assert find(page, "#result header").text == before and page.current_url == address
    find(page, "#undo").click()
    until(page, "document.querySelector('.welcome')")
    assert not page.find_elements("css selector", ".large") and status(page) == ""
    assert "digit=" not in page.current_url and not find(page, "#look").is_displayed()
    find(page, "#redo").click()
    until(page, "document.querySelector('.large .digit')")
    assert page.current_url == address
    find(page, "#clear").click()
    until(page, "document.querySelector('.welcome')")
    assert page.execute_script("return document.getElementById('undo').disabled")
    page.back()
    until(page, "document.querySelector('.large .digit')")


def test_a_digit_is_drawn_with_keys(page):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    find(page, "#tab-digit").click()
    pad = find(page, "#pad")
    page.execute_script("arguments[0].focus()", pad)
    keys = ActionChains(page)
    keys.send_keys(*[Keys.ARROW_UP] * 7, *[Keys.ARROW_LEFT] * 5, " ")
    keys.send_keys(*[Keys.ARROW_RIGHT] * 10)
    for _ in range(7):
        keys.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_LEFT)
    keys.perform()
    assert find(page, "#pen").is_displayed() and "Pen down" in find(page, "#pad-says").get_property(
        "textContent"
    )
    ActionChains(page).send_keys(" ").perform()
    until(page, "document.querySelector('.large .digit')")
    answered(page)
    assert status(page) == "Prediction: 7"
    ActionChains(page).key_down(Keys.CONTROL).send_keys("z").key_up(Keys.CONTROL).perform()
    until(page, "document.querySelector('.welcome')")
    ActionChains(page).key_down(Keys.CONTROL).send_keys("y").key_up(Keys.CONTROL).perform()
    until(page, "document.querySelector('.large .digit')")
    assert page.execute_script("return document.activeElement.id") == "pad"


@pytest.mark.parametrize("address", ["#job=nonsense", "#job=nonsense&row=3&search=a"])
def test_results_that_are_forgotten_are_said_to_be(page, home, address):
    page.get(home + address)
    page.refresh()
    until(page, "document.getElementById('status').classList.contains('error')")
    assert status(page) == (
        "the server no longer holds these results: open the file again, or a saved session"
    )
    assert find(page, "#model").get_attribute("value") == "bace"
    assert "404" in page.get_log("browser")[-1]["message"]  # Chromium's own line


@pytest.mark.parametrize(
    "address",
    [
        "#digit=%3Cscript%3E",
        "#digit=AAAA",
        "#digit=_____w",
        "#job=../../etc",
        "#from=javascript:alert(1)",
        "#job=&row=<b>",
        "#smiles=CCO&from=%23job%3D<b>&scale=-1&palette=__proto__&scheme=constructor",
    ],
)
def test_hostile_addresses_do_nothing(page, home, address):
    page.get(home + address)
    page.refresh()
    until(page, "document.getElementById('busy').hidden")
    assert not page.execute_script("return document.querySelector('#answer b, #answer script')")


def test_several_files_are_one_table(page, table, tmp_path):
    other = tmp_path / "more.smi"
    other.write_text("c1ccccc1\tbenzene\n")
    send(page, table, other)
    assert status(page) == "22 of 22 rows"
    assert "source file" in find(page, "table.inputs thead").text
    find(page, "#search").send_keys("more.smi")
    until(page, "document.getElementById('found').textContent === '1 of 22 rows'")


def test_columns_are_chosen_from_those_found(page, table):
    send(page, table)
    found = {
        name: find(page, f"#{name}").get_attribute("value")
        for name in ("column", "id-column", "label-column")
    }
    assert found == {"column": "SMILES", "id-column": "Compound ID", "label-column": ""}
    choose(page, "id-column", "logS")
    choose(page, "label-column", "logS")
    address = page.current_url
    find(page, "#explain").click()
    until(page, f"location.href !== {json.dumps(address)}")
    finished(page)
    ids = page.find_elements("css selector", "#result tbody td[data-title='id']")
    assert [one.text for one in ids[:3]] == ["0.0", "0.5", "1.0"] or ids[1].text == "0.5"
    page.refresh()
    finished(page)
    assert find(page, "#label-column").get_attribute("value") == "logS"
    assert find(page, "#id-column").get_attribute("value") == "logS"


def test_a_row_of_structures_is_worked_on_alone(page):
    from rdkit import Chem

    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles(smiles)) for smiles in ("CCO", "c1ccccc1N")]
    paste(page, "$$$$\n".join(blocks))
    finished(page)
    find(page, "table.inputs tr[data-row='1'] button.link").click()
    find(page, "#alone").click()
    until(page, "document.querySelectorAll('#result > .panels .large [data-node]').length === 7")
    assert "smiles=c1ccccc1N" in page.current_url


def test_the_model_that_training_begins_with_is_not_offered(page):
    names = page.execute_script(
        "return [...document.getElementById('model').options].map((one) => one.value)"
    )
    assert "bace" in names and "descriptor-pretrained" not in names


@pytest.mark.parametrize("dark", [False, True])
def test_a_telephone_goes_back_as_well(page, table, dark):
    look_like(page, *PHONE, dark)
    send(page, table)
    find(page, "table.inputs tr[data-row='3'] button.link").click()
    find(page, "#alone").click()
    until(page, "document.querySelectorAll('#result > .panels .large [data-node]').length === 5")
    assert find(page, "#back").is_displayed()
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE[0]
    find(page, "#back").click()
    finished(page)


def test_a_drawn_molecule_is_undone_and_done_again(page):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.keys import Keys

    def drawn(smiles):
        until(page, f"document.getElementById('sketch-smiles').textContent === '{smiles}'")

    find(page, "#smiles").send_keys("C/C=C(/F)[C@H](N)O")
    find(page, "#sketch").click()
    until(page, "document.getElementById('sketch-smiles').textContent.startsWith('C/C=C')")
    assert not find(page, "#sketch-undo").is_enabled()
    editor = find(page, "#editor")
    for corner in (60, 110, 160):
        move = ActionChains(page).move_to_element_with_offset(editor, -200 + corner, -150)
        move.click().perform()
    drawn("C/C=C(/F)[C@H](N)O.CC.CC.CC")
    find(page, "#sketch-undo").click()
    drawn("C/C=C(/F)[C@H](N)O.CC.CC")
    keys = ActionChains(page).move_to_element(editor).key_down(Keys.CONTROL)
    keys.send_keys("z").key_up(Keys.CONTROL).perform()
    drawn("C/C=C(/F)[C@H](N)O.CC")
    find(page, "#sketch-undo").click()
    drawn("C/C=C(/F)[C@H](N)O")
    assert not find(page, "#sketch-undo").is_enabled()
    find(page, "#sketch-redo").click()
    drawn("C/C=C(/F)[C@H](N)O.CC")
    find(page, "#dismiss").click()


def drop_file(page, path):
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(path))


def saved(page, folder):
    """The file that 'Save session' writes."""
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)}
    )
    find(page, "#save").click()
    for _ in range(200):
        files = [path for path in folder.glob("*.json.gz") if path.stat().st_size]
        if files:
            return files[0]
        page.execute_async_script("setTimeout(arguments[0], 50)")
    raise AssertionError("nothing was saved")


def reopen(page, folder) -> str:
    """Save the session of a table, leave, and open it again; the address of before."""
    path = saved(page, folder)
    address = page.current_url
    page.get("about:blank")
    page.get(address.split("#")[0])
    drop_file(page, path)
    finished(page)
    return address


def test_a_session_of_a_table_is_saved_and_opened(page, table, tmp_path):
    send(page, table)
    choose(page, "palette", "brown-teal")
    find(page, "#search").send_keys("m1")
    folder = tmp_path / "down"
    folder.mkdir()
    address = reopen(page, folder)
    assert page.current_url != address and "job=" in page.current_url
    assert find(page, "#search").get_attribute("value") == "m1"
    assert find(page, "#palette").get_attribute("value") == "brown-teal"
    assert find(page, "#found").text == "11 of 21 rows"
    assert find(page, "#session").text.startswith("Session of 20")
    assert find(page, "#column").get_attribute("value") == "SMILES"


def test_sessions_of_a_molecule_and_of_a_digit_are_saved_and_opened(page, home, tmp_path):
    for number, make in enumerate((lambda: ask(page, IBUPROFEN), lambda: draw_seven(page))):
        page.get("about:blank")
        page.get(home)
        make()
        header = find(page, "#result header").text.split("\n")[1:]
        folder = tmp_path / str(number)
        folder.mkdir()
        path = saved(page, folder)
        page.get("about:blank")
        page.get(home)
        drop_file(page, path)
        until(page, "document.querySelector('#result > .panels .large')")
        answered(page)
        again = find(page, "#result header").text.split("\n")[1:]
        assert [line for line in again if "Explained" in line] == [
            line for line in header if "Explained" in line
        ]
        assert find(page, "#session").text.startswith("Session of 20")


def test_a_file_that_is_no_session_is_said(page, tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"format": "<b>"}')
    drop_file(page, path)
    until(page, "document.getElementById('status').classList.contains('error')")
    assert "x.json is no session of molxai" in status(page)
    assert "422" in page.get_log("browser")[-1]["message"]


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (390, 844)], ids=str)
def test_labels_of_the_bars_are_whole_and_can_be_read(page, size):
    look_like(page, *size)
    ask(page, "CN1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O")
    box, texts = page.execute_script(
        "const bars = document.querySelector('.waterfall');"
        "const place = (one) => { const at = one.getBoundingClientRect();"
        " return [one.textContent, at.left, at.right, at.height]; };"
        "return [place(bars), [...bars.querySelectorAll('text')].map(place)]"
    )
    assert "iminothiadiazinane" in texts[0][0]
    for text, left, right, height in texts:
        assert box[1] - 1 <= left and right <= box[2] + 1, text
        assert height >= 11, text
