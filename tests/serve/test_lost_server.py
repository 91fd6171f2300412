"""A growing table whose server does not answer for a while: it says so, and goes on by itself."""

import pytest
from browsing import PHONE, browser, find, home, look_like, open_anew, until

__all__ = ["browser", "home"]

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

ROWS = "document.querySelectorAll('table.inputs tbody tr[data-row]').length"

LOSE = """
    const { fetch } = window;
    window.lost = [];
    window.answers = () => true;
    window.fetch = (path, options) => {
        const isLook = /jobs.*(start=[1-9]|summary)/.test(path);
        if (!isLook || window.answers()) return fetch(path, options);
        window.lost.push(performance.now());
        return arguments[0] ? Promise.resolve(new Response('{"error": "too busy"}', {status: 503}))
            : Promise.reject(new TypeError('Failed to fetch'));
    };
    window.answers = () => false;
"""
"""Looks at a table's further rows get no answer, or an error."""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "some.smi"
    path.write_text("".join(f"{'C' * (number % 7 + 1)}O m{number}\n" for number in range(70)))
    return path


def send(page, path) -> None:
    find(page, "#tab-file").click()
    find(page, "#chosen").send_keys(str(path))
    until(page, ROWS)


def status(page) -> str:
    return find(page, "#status").text


@pytest.mark.parametrize("size", [(1440, 900), PHONE], ids=str)
@pytest.mark.parametrize("is_error", [False, True])
def test_a_table_waits_for_its_server_and_goes_on(browser, home, table, size, is_error):
    open_anew(browser, f"{home}#methods=shap", *size)
    look_like(browser, *size)
    browser.refresh()
    browser.execute_script(LOSE, is_error)
    send(browser, table)
    until(browser, "document.getElementById('status').classList.contains('error')")
    line = status(browser)
    said = "has answered with an error since" if is_error else "has not answered since"
    assert said in line and ":" in line and "goes on when the server answers" in line
    assert ("too busy" in line) == is_error
    assert browser.execute_script(f"return {ROWS}") and not find(browser, "#busy").get_attribute(
        "hidden"
    )
    until(browser, "window.lost.length > 5")
    pauses = browser.execute_script("return window.lost.slice(1).map((one, i) => one - lost[i])")
    assert pauses[-1] > 1.5 * pauses[0]
    assert status(browser).split("since")[1] == line.split("since")[1]  # since the first of them
    count = browser.execute_script("window.answers = () => true; return window.lost.length")
    browser.execute_script("window.dispatchEvent(new Event('online'))")
    until(browser, "!document.getElementById('status').classList.contains('error')", 2)
    until(browser, "document.querySelector('#downloads:not([hidden]) a')", 90)
    assert status(browser) == "70 of 70 rows" and find(browser, "#found").text == "70 rows"
    assert browser.execute_script("return window.lost.length") == count


def test_the_end_of_a_table_waits_as_well(browser, home, tmp_path):
    path = tmp_path / "few.smi"
    path.write_text("CCO a\nCCN b\n")
    open_anew(browser, home, 1440)
    browser.execute_script(LOSE, False)
    send(browser, path)
    until(browser, "document.getElementById('status').classList.contains('error')")
    browser.execute_script("window.answers = () => true")
    until(browser, "document.querySelector('#downloads:not([hidden]) a')")
    until(browser, "document.querySelector('#histogram svg')")


def test_a_row_stays_open_and_another_question_ends_the_waiting(browser, home, table):
    open_anew(browser, f"{home}#methods=shap", 1440)
    browser.refresh()
    browser.execute_script(LOSE, False)
    send(browser, table)
    until(browser, "document.getElementById('status').classList.contains('error')")
    find(browser, "tr[data-row='1'] button.link").click()
    assert "m1" in find(browser, "#row-detail h2").text
    find(browser, "#close").click()
    until(browser, "!location.hash.includes('row=')")
    find(browser, "#tab-molecule").click()
    find(browser, "#smiles").send_keys("CCO\n")
    until(browser, "document.querySelector('#result > .panels .large')")
    count = browser.execute_script("return window.lost.length")
    browser.execute_async_script("setTimeout(arguments[0], 3000)")
    assert browser.execute_script("return window.lost.length") == count
    assert status(browser).startswith("Prediction")


def test_a_server_that_has_forgotten_the_table_is_not_waited_for(browser, home, table):
    open_anew(browser, f"{home}#methods=shap", 1440)
    browser.refresh()
    browser.execute_script(LOSE, False)
    send(browser, table)
    until(browser, "document.getElementById('status').classList.contains('error')")
    rows = browser.execute_script(f"return {ROWS}")
    browser.execute_script(
        "const { fetch } = window; window.answers = () => true;"
        "const other = (path) => path.replace(/jobs[/][^?/]*/, 'jobs/none');"
        "window.fetch = (path, options) => fetch(other(path), options)"
    )
    until(browser, "document.getElementById('status').textContent.includes('no longer holds')")
    assert browser.execute_script(f"return {ROWS}") == rows
    assert all("404" in entry["message"] for entry in browser.get_log("browser"))


def test_a_column_that_cannot_be_had_is_said_and_can_be_asked_for_again(browser, home, tmp_path):
    path = tmp_path / "wide.csv"
    names = [f"c{number}" for number in range(9)]
    rows = [["smiles", *names], *([smiles, *"123456789"] for smiles in ("CCO", "CCN"))]
    path.write_text("".join(",".join(row) + "\n" for row in rows))
    open_anew(browser, home, 1440)
    send(browser, path)
    until(browser, "document.querySelector('#downloads:not([hidden]) a')")
    browser.execute_script(
        "const { ask } = molxai; window.answers = false;"
        "const silence = Object.assign(new Error('no answer'), { status: 0 });"
        "molxai.ask = (path, options) => path.includes('/column?') && !window.answers"
        " ? Promise.reject(silence) : ask(path, options)"
    )
    choose = (
        "const one = document.getElementById(arguments[0]); one.value = 'table:c8';"
        "one.dispatchEvent(new Event('change'))"
    )
    told = "document.querySelector('.table > .error').textContent"
    for name in ("plot-x", "add-filter"):
        browser.execute_script(choose, name)
        until(browser, f"{told} === 'The column c8: no answer'")
    assert find(browser, "#found").text == "2 rows"
    assert not browser.find_elements("css selector", ".range")
    browser.execute_script("window.answers = true")
    browser.execute_script(choose, "add-filter")
    until(browser, "document.querySelector('.range')")
    assert browser.execute_script(f"return {told}") == ""
