"""The sketcher: what is used is what is drawn now, however late an older answer comes."""

import pytest
from browsing import chromium, find, home, open_anew, until

__all__ = ["home"]

pytest.importorskip("fastapi", reason="molxai[serve] is not installed")

DELAY = """
    const { ask } = molxai;
    window.asked = [];
    molxai.ask = async (path, options) => {
        if (path !== '/api/smiles') return ask(path, options);
        window.asked.push(path);
        await molxai.pause(arguments[0], options.signal);
        return ask(path, options);
    };
"""
"""Answers about what is drawn come late."""


@pytest.fixture
def page(home):
    with chromium(1440, 900) as driver:
        open_anew(driver, home, 1440)
        yield driver


def sketch(page, smiles: str) -> None:
    """Open the sketcher with a molecule."""
    find(page, "#smiles").clear()
    find(page, "#smiles").send_keys(smiles)
    find(page, "#sketch").click()
    until(page, f"document.getElementById('sketch-smiles').textContent === '{smiles}'")


def draw(page, corner: int) -> None:
    """Add an ethane."""
    from selenium.webdriver import ActionChains

    editor = find(page, "#editor")
    ActionChains(page).move_to_element_with_offset(editor, -200 + corner, -150).click().perform()


def used(page) -> str:
    until(page, "!document.getElementById('sketcher').open")
    return find(page, "#smiles").get_attribute("value")


def test_the_newest_drawing_is_used_while_its_answer_is_on_its_way(page):
    sketch(page, "CCO")
    page.execute_script(DELAY, 1500)
    draw(page, 60)
    until(page, "window.asked.length === 1")
    find(page, "#sketched").click()
    assert used(page) == "CC.CCO"


def test_an_answer_about_another_drawing_is_not_taken(page):
    sketch(page, "CCO")
    page.execute_script(DELAY, 1000)
    draw(page, 60)
    until(page, "window.asked.length === 1")
    find(page, "#dismiss").click()
    sketch(page, "CCN")
    page.execute_async_script("setTimeout(arguments[0], 1600)")
    assert find(page, "#sketch-smiles").text == "CCN"
    find(page, "#sketched").click()
    assert used(page) == "CCN"


def test_a_drawing_that_cannot_be_read_is_not_used_as_the_one_before(page):
    sketch(page, "CCO")
    page.execute_script(
        "molxai.ask = async () => { throw Object.assign(new Error('too busy'), { status: 503 }); }"
    )
    draw(page, 60)
    until(page, "document.getElementById('sketch-smiles').textContent === 'too busy'")
    find(page, "#sketched").click()
    assert page.execute_script("return document.getElementById('sketcher').open")
    assert find(page, "#sketch-smiles").text == "too busy"
