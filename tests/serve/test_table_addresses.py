"""The address of a table in the workbench: chosen rows, axes, common core, core of R groups."""

import json

import pytest
from browsing import PHONE, browser, find, home, look_like, open_anew, until
from test_addresses import drop_file, finished, saved, send
from test_series_panels import TABLE, change, open_panel

__all__ = ["browser", "home"]

CORE = "O=C(N[*:1])c1ccc([*:2])cc1"
NARROW_CORE = "NC(=O)c1ccccc1"


@pytest.fixture
def page(browser, home):
    open_anew(browser, home, 1440)
    return browser


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text(TABLE + "\ng,CNC(=O)c1ccc(Br)cc1\nh,CCNC(=O)c1ccc(F)cc1\n")
    return path


def entries(page) -> dict[str, str]:
    script = "return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))"
    return page.execute_script(script)


def box(number: int) -> str:
    return f"tr[data-row='{number}'] input"


def set_up(page) -> str:
    """Choose rows, axes and both cores; the address of that."""
    for number in (0, 1, 2, 6):
        find(page, box(number)).click()
    change(page, "#plot-x", "row")
    change(page, "#plot-y", "probability")
    change(page, "select.align", "core")
    change(page, ".alignment input.core", NARROW_CORE)
    until(page, "document.querySelector('.alignment').textContent.includes('6 of 8 have')")
    open_panel(page, "Core")
    change(page, "details input.core", CORE)
    until(page, "document.querySelector('.rgroups').textContent.includes('given')")
    until(page, "location.hash.includes('chosen')")
    return page.current_url


def check(page) -> None:
    """All of that is as it was set up."""
    until(page, "document.querySelector('.alignment')?.textContent.includes('6 of 8 have')")
    until(page, "document.querySelector('.rgroups')?.textContent.includes('given')")
    assert find(page, "#found").text == "8 rows, 4 chosen"
    checked = [find(page, box(number)).is_selected() for number in range(8)]
    assert checked == [number in (0, 1, 2, 6) for number in range(8)]
    values = [find(page, f"#plot-{side}").get_attribute("value") for side in "xy"]
    assert values == ["row", "probability"]
    cores = [find(page, one).get_attribute("value") for one in CORES]
    assert cores == [NARROW_CORE, CORE]


CORES = (".alignment input.core", "details input.core")


@pytest.mark.parametrize(
    ("size", "dark"), [((1440, 900), False), ((1024, 768), True), (PHONE, False)]
)
def test_a_table_comes_back_with_choice_axes_and_cores(page, table, size, dark):
    look_like(page, *size, dark)
    send(page, table)
    address = set_up(page)
    content = entries(page)
    assert content["chosen"] == "0-2,6" and content["plot"] == "x=row&y=probability"
    assert (content["core"], content["rgroups"]) == (NARROW_CORE, CORE)
    page.refresh()
    check(page)
    assert page.current_url == address
    page.get("about:blank")
    page.get(address)
    check(page)
    assert page.execute_script("return document.documentElement.scrollWidth") <= size[0]


def test_panels_that_are_open_come_back(page, table):
    send(page, table)
    for title in ("Fragments", "Matched pairs"):
        open_panel(page, title)
    until(page, "location.hash.includes('opened=fragments%2Cpairs')")
    page.refresh()
    until(page, "document.querySelector('.changes table.pairs, .changes table')")
    until(page, "document.querySelector('#series table')")
    open_panel(page, "Fragments")
    until(page, "location.hash.includes('opened=pairs')")


def test_two_rows_that_are_compared_are_in_the_address(page, table):
    send(page, table)
    for number in (0, 6):
        find(page, box(number)).click()
    until(page, "location.hash.includes('chosen=0%2C6')")
    before = page.current_url
    find(page, "#compare-two").click()
    until(page, "document.querySelector('#versus[open] table')")
    assert entries(page)["row"] == "0,6"
    page.refresh()
    until(page, "document.querySelector('#versus[open] table')")
    page.back()
    until(page, "!document.getElementById('versus').open")
    assert page.current_url == before
    page.forward()
    until(page, "document.getElementById('versus').open")
    find(page, "#versus nav button").click()
    until(page, "!location.hash.includes('row=')")
    assert page.current_url == before and not find(page, "#versus").get_property("open")


def test_back_from_a_molecule_brings_them_back(page, table):
    send(page, table)
    address = set_up(page)
    find(page, "tr[data-row='3'] button.link").click()
    find(page, "#alone").click()
    until(page, "document.querySelector('#result > .panels .large')")
    page.back()
    check(page)
    until(page, "document.getElementById('row').open")
    page.forward()
    until(page, "document.querySelector('#result > .panels .large')")
    find(page, "#back").click()
    check(page)
    until(page, "document.getElementById('row').open")
    find(page, "#close").click()
    until(page, "!location.hash.includes('row=')")
    assert page.current_url == address


def test_a_session_has_them(page, home, table, tmp_path):
    send(page, table)
    set_up(page)
    folder = tmp_path / "down"
    folder.mkdir()
    path = saved(page, folder)
    page.get("about:blank")
    page.get(home)
    drop_file(page, path)
    check(page)


def test_what_is_as_usual_is_not_in_the_address(page, table):
    send(page, table)
    set_up(page)
    find(page, "#choose-none").click()
    change(page, "select.align", "drawn")
    open_panel(page, "Core")
    until(page, "!location.hash.includes('chosen')")
    until(page, "!location.hash.includes('rgroups')")
    assert set(entries(page)) == {"job", "methods", "method", "scheme", "plot"}


def test_a_core_that_the_server_found_comes_back_as_found(page, table):
    send(page, table)
    change(page, "select.align", "core")
    until(page, "document.querySelector('.alignment').textContent.includes('6 of 8 have')")
    open_panel(page, "Core")
    until(page, "location.hash.includes('rgroups=mcs')")
    assert entries(page)["core"] == "mcs"
    page.refresh()
    until(page, "document.querySelector('.alignment')?.textContent.includes('6 of 8 have')")
    until(page, "document.querySelector('.rgroups table.series')")
    assert [find(page, one).get_attribute("value") for one in CORES] == ["", ""]


def test_rows_that_are_still_to_come_are_chosen_when_they_come(page, tmp_path):
    path = tmp_path / "growing.smi"
    path.write_text("\n".join("C" * (number % 9 + 1) + "O" for number in range(120)))
    page.get(page.current_url.split("#")[0] + "#methods=shap")
    page.refresh()
    drop_file(page, path)
    until(page, "document.querySelector('table.inputs tbody tr[data-row]')")
    address = page.current_url
    page.get("about:blank")
    page.get(f"{address}&chosen=0-1,117-119,500")
    until(page, "document.querySelector('#found')?.textContent.includes('2 chosen')")
    find(page, box(1)).click()
    until(page, "location.hash.includes('chosen=0%2C117-119%2C500')")
    until(page, "document.querySelector('#downloads:not([hidden]) a')", 90)
    until(page, "document.querySelector('#found').textContent === '120 rows, 4 chosen'")
    until(page, "(location.hash + '&').includes('chosen=0%2C117-119&')")


@pytest.mark.parametrize(
    ("nonsense", "line"),
    [
        ("core=C1(", "RDKit cannot read the core"),
        ("core=c1ccsc1", "none of the molecules has the core"),
        (f"core={'C' * 501}", "core"),
        ("rgroups=[*:1]", "ends one bond"),
        ("core=<b>&rgroups=<b>", "RDKit cannot read the core"),
    ],
)
def test_a_core_of_anybody_is_refused_in_a_line(page, table, nonsense, line):
    send(page, table)
    page.get(f"{page.current_url}&{nonsense}&chosen=<b>&plot=<b>")
    page.refresh()
    finished(page)
    told = (
        "[...document.querySelectorAll('.alignment .hint, .rgroups')].map((one) => one.textContent)"
    )
    until(page, f"{told}.some((text) => text.includes({json.dumps(line)}))")
    assert not page.execute_script("return document.querySelector('#answer b')")
    assert find(page, "#found").text == "8 rows"
    page.execute_async_script("setTimeout(arguments[0], 500)")  # both cores are asked for
    assert all("422" in entry["message"] for entry in page.get_log("browser"))  # Chromium's lines
