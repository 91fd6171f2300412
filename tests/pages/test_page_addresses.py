"""The address of a report: chosen rows and axes of the plot, which a copied link brings back."""

import json

import pytest
from browsing import PHONE, look_like, open_anew, until
from test_report import choose, shown_rows
from test_workspace import (
    address,
    browser,
    found,
    open_part,
    page,
    predictions,
    row,
    run,
    search,
    table,
)

__all__ = ["address", "browser", "page", "predictions", "table"]

READ = "return molxai.rangesText(molxai.readRanges(arguments[0]))"

OWN = "table:kind of = & <b>"
"""A column of words, which cannot be an axis."""


OPENED = "new URLSearchParams(location.hash.slice(1)).get('row')"
"""The row that is shown in large, or two that are compared."""


def axes(page) -> list[str]:
    return [run(page, f"return document.getElementById('plot-{side}').value") for side in "xy"]


def settled(page, words: str) -> None:
    until(page, f"new URLSearchParams(location.hash.slice(1)).get('chosen') === '{words}'")


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("1-5,9", "1-5,9"),
        ("9,1,3,2", "1-3,9"),
        ("3-5,4-9,20", "3-9,20"),
        ("0", "0"),
        ("5-1", ""),
        ("5-1,7", "7"),
        ("1-999999999", "1-999999999"),
        *((text, "") for text in ("", "a", "1-", "-1", "1,,2", "1e9", "<b>", "1.5", "1 2")),
        ("9" * 40, ""),
        ("1," * 3, ""),
    ],
)
def test_ranges_are_read_and_written(page, text, ranges):
    assert run(page, READ, text) == ranges


def test_every_number_of_a_range_is_in_it_and_no_other(page):
    numbers = [0, 1, 2, 7, 8, 40, 99]
    script = (
        "const ranges = molxai.rangesOf(arguments[0]); const all = [...Array(120).keys()];"
        "return [molxai.rangesText(ranges), all.filter((one) => molxai.isInRanges(ranges, one))]"
    )
    assert run(page, script, numbers[::-1]) == ["0-2,7-8,40,99", numbers]


@pytest.mark.parametrize(
    ("size", "dark"), [((1440, 900), False), ((1024, 768), True), (PHONE, False)]
)
def test_chosen_rows_and_axes_come_back(page, size, dark):
    look_like(page, *size, dark)
    for number in (1, 2, 4, 6):
        row(page, number).find_element("css selector", "input").click()
    choose(page, "plot-x", "table:MW")
    choose(page, "plot-y", "measured")
    choose(page, "only", "chosen")
    settled(page, "1-2,4,6")
    copied = page.current_url
    page.get("about:blank")
    page.get(copied)
    until(page, "document.querySelectorAll('tr[data-row]').length === 4")
    assert shown_rows(page) == [1, 2, 4, 6] and found(page).endswith("4 chosen")
    assert axes(page) == ["table:MW", "measured"] and page.current_url == copied
    row(page, 4).find_element("css selector", "td[data-key='id']").click()
    page.back()
    until(page, "!document.getElementById('detail').open")
    assert page.current_url == copied and shown_rows(page) == [1, 2, 4, 6]
    page.find_element("id", "choose-none").click()
    until(page, "!location.hash.includes('chosen=')")


def test_two_rows_that_are_compared_are_in_the_address(page):
    for number in (2, 4):
        row(page, number).find_element("css selector", "input").click()
    settled(page, "2,4")
    before = page.current_url
    page.find_element("id", "compare-two").click()
    until(page, f"{OPENED} === '2,4'")
    title = page.find_element("css selector", "#versus h2").text
    page.refresh()
    until(page, "document.querySelector('#versus[open] svg')")
    assert page.find_element("css selector", "#versus h2").text == title
    page.back()
    until(page, "!document.getElementById('versus').open")
    assert page.current_url == before
    page.forward()
    until(page, "document.getElementById('versus').open")
    page.find_element("css selector", "#versus nav button").click()
    until(page, f"{OPENED} === null")
    assert not page.find_element("id", "versus").get_property("open")
    assert page.current_url == before and found(page).endswith("2 chosen")


def test_the_choice_and_the_axes_of_before_go_with_back(page, address):
    first = page.current_url
    page.execute_script(f"location.hash = 'chosen=0-1,3&plot={'x%3Dlogit%26y%3Drow'}'")
    until(page, "document.getElementById('found').textContent === '8 rows, 3 chosen'")
    assert axes(page) == ["measured", "row"]  # there is no logit
    page.back()
    until(page, "document.getElementById('found').textContent === '8 rows'")
    assert axes(page) == ["measured", "prediction"] and page.current_url.rstrip("#") == first


@pytest.mark.parametrize(
    "nonsense",
    [
        "chosen=0-999999999&plot=x%3D__proto__%26y%3Dconstructor",
        f"chosen=<b>,1&plot=x%3D{OWN.split(' ')[0]}&plot=__proto__%3Drow",
        "chosen=" + "1-2," * 3000 + "5",
        "chosen=8-12&plot=%E0%A4%A",
        "group=1-2,<b>:x&chosen=-1",
        "row=1,99",
        "row=1,2,3",
        "row=,<b>",
    ],
)
def test_hostile_choices_and_axes_do_no_harm(browser, address, nonsense):
    open_anew(browser, f"{address}#{nonsense}", 1440)
    assert axes(browser) == ["measured", "prediction"]
    assert not run(browser, "return document.querySelector('#tools b, #table b, #plots b')")
    search(browser, "caffeine")
    assert shown_rows(browser) == [2]
    expected = {"0-999999999": 8, "1-2,": 3}
    begin = next((text for text in expected if f"chosen={text}" in nonsense), "")
    count = expected.get(begin, 0)
    assert found(browser) == "1 of 8 rows" + (f", {count} chosen" if count else "")


def test_a_group_of_rows_is_short_in_the_address(page):
    run(page, "molxai.page.filterByRows([7, 3, 1, 2, 5], arguments[0])", "R1 = <b>, F: x")
    assert shown_rows(page) == [1, 2, 3, 5, 7]
    entries = run(page, "return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")
    assert entries == {"group": "1-3,5,7:R1 = <b>, F: x"}
    page.refresh()
    until(page, "document.querySelectorAll('tr[data-row]').length === 5")
    assert json.dumps(shown_rows(page)) == "[1, 2, 3, 5, 7]"


SESSION = """
const [done] = arguments;
molxai.save = (content, type, name) => done([content, type, name]);
document.getElementById('save-session').click();
"""


@pytest.fixture
def saved_session(page, tmp_path):
    """Save the page as it stands; gives the address of the file."""

    def save() -> str:
        content, kind, name = page.execute_async_script(SESSION)
        assert (kind, name) == ("text/html", "molxai-report-session.html")
        file = tmp_path / name
        file.write_text(content, encoding="utf-8")
        return file.as_uri()

    return save


def hash_of(page) -> str:
    return page.current_url.partition("#")[2]


@pytest.mark.parametrize(
    ("size", "dark"), [((1440, 900), False), ((1024, 768), True), (PHONE, False), (PHONE, True)]
)
def test_a_session_is_a_file_that_opens_as_the_page_stood(page, saved_session, size, dark):
    look_like(page, *size, dark)
    for number in (1, 2):
        row(page, number).find_element("css selector", "input").click()
    search(page, "a")
    choose(page, "palette", "brown-teal")
    choose(page, "plot-x", "table:MW")
    settled(page, "1-2")
    run(page, "arguments[0].scrollIntoView({block: 'center'})", row(page, 2))
    row(page, 2).find_element("css selector", "td[data-key='id']").click()
    state, rows, words = hash_of(page), shown_rows(page), found(page)
    assert "row=2" in state
    page.get(saved_session())
    until(page, "document.getElementById('detail').open")
    assert hash_of(page) == state
    assert (shown_rows(page), found(page), axes(page)[0]) == (rows, words, "table:MW")
    tiles = page.find_elements("css selector", ".tile")
    assert tiles and len(page.find_elements("css selector", "#versus")) == 0
    run(page, "document.getElementById('close').click()")
    until(page, f"{OPENED} === null")
    page.refresh()
    until(page, f"document.getElementById('found').textContent === '{words}'")
    assert not page.find_element("id", "detail").get_property("open")


def test_a_session_gives_way_to_an_address(page, saved_session):
    search(page, "acid")
    file = saved_session()
    page.get(file)
    until(page, "document.getElementById('found').textContent === '3 of 8 rows'")
    search(page, "")
    until(page, "document.getElementById('found').textContent === '8 rows'")
    page.refresh()
    until(page, "document.getElementById('found').textContent === '8 rows'")
    page.get("about:blank")
    page.get(f"{file}#search=amide")
    until(page, "document.getElementById('found').textContent === '2 of 8 rows'")


def test_a_session_of_a_session_and_a_part_of_one(page, saved_session, tmp_path):
    search(page, "acid")
    page.get(saved_session())
    until(page, "document.getElementById('found').textContent === '3 of 8 rows'")
    page.get(saved_session())
    until(page, "document.getElementById('found').textContent === '3 of 8 rows'")
    open_part(page, tmp_path)
    until(page, "document.getElementById('found').textContent === '3 rows'")
    assert hash_of(page) == "" and shown_rows(page) == [0, 1, 4]
