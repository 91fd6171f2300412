"""Fragments of a series on a page: pictures, an order that is chosen, a way to the molecules."""

import json
from itertools import pairwise

import pytest
from browsing import PHONE, chromium, look_like

from molxai.cli import main

SERIES = (
    "COc1ccc(C(=O)NC)cc1",
    "COc1ccc(C(=O)N)cc1",
    "Cc1ccc(C(=O)NC)cc1",
    "Clc1ccc(C(=O)O)cc1",
    "CCO",
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    out = tmp_path_factory.mktemp("fragments") / "report.html"
    assert main(["report", *SERIES, "--methods", "lrp,gae", "-o", str(out), "-q"]) == 0
    with chromium(1440, 900) as driver:
        driver.get(out.as_uri())
        yield driver


def cells(driver, place):
    """Texts of a column of the fragments."""
    rows = "[...document.querySelectorAll('#series tbody tr')]"
    return driver.execute_script(f"return {rows}.map((row) => row.children[{place}].textContent)")


def head(driver, title):
    heads = driver.find_elements("css selector", "#series thead button")
    return next(button for button in heads if button.text.startswith(title))


def number(text):
    return float(text.replace("−", "-"))


def test_a_head_sorts_and_the_largest_number_comes_first(driver):
    head(driver, "mean").click()
    means = [number(text) for text in cells(driver, 2)]
    assert len(means) > 4 and all(a >= b for a, b in pairwise(means))
    head(driver, "mean").click()
    assert [number(text) for text in cells(driver, 2)] == means[::-1]
    head(driver, "fragment").click()
    names = cells(driver, 0)
    assert names == sorted(names, key=str.lower)
    marked = driver.find_elements("css selector", "#series th[aria-sort]")
    assert [each.text.split()[0] for each in marked] == ["fragment"]
    titles = [each.text for each in driver.find_elements("css selector", "#series thead button")]
    assert "picture" not in titles


def test_each_picture_shows_the_atoms_of_its_fragment(driver):
    drawn = driver.execute_script(
        """
        const { views, state } = molxai.page;
        return views.flatMap((view) => view.fragments[state.scheme].map(([name, place]) => {
          const atoms = view.parts[place];
          const ends = view.molecule.bonds;
          const inside = atoms.flatMap((a) => atoms.filter((b) => a < b).filter((b) =>
            ends.some((end, i) => i % 2 === 0 &&
              [end, ends[i + 1]].sort().join() === [a, b].sort().join())));
          const picture = molxai.cutOut(view, atoms, name);
          document.body.append(picture);
          const groups = picture.querySelectorAll("g");
          const pieces = [...groups[1].querySelectorAll("path")]
            .map((path) => path.getAttribute("d")).join("").split("M").length - 1;
          const texts = [...picture.querySelectorAll("text")].map((text) => text.textContent);
          const box = picture.viewBox.baseVal;
          const letters = [...picture.querySelectorAll("text")].map((text) => text.getBBox());
          const cut = letters.some((at) => at.x < box.x || at.y < box.y ||
            at.x + at.width > box.x + box.width || at.y + at.height > box.y + box.height);
          const dots = groups[2].querySelectorAll("circle").length;
          const symbols = atoms.map((atom) => view.symbols[atom]).filter((one) => one !== "C");
          picture.remove();
          return { name, bonds: inside.length, pieces, texts, dots, symbols, cut,
            size: atoms.length };
        }));
        """
    )
    assert len(drawn) > 10
    for picture in drawn:
        assert picture["pieces"] >= picture["bonds"], picture
        assert bool(picture["pieces"]) == bool(picture["bonds"]), picture
        letters = [text for text in picture["texts"] if text in ("N", "O", "Cl")]
        assert sorted(letters) == sorted(picture["symbols"]), picture
        assert not picture["cut"], picture
        assert picture["dots"] <= 1
    methyls = [picture for picture in drawn if picture["name"] == "methyl"]
    assert methyls and all(picture["dots"] == 1 for picture in methyls)


def test_a_name_asks_for_the_molecules_that_have_it(driver):
    driver.execute_script(
        "window.asked = [];"
        "molxai.page.filterByFragment = (scheme, name) => window.asked.push([scheme, name])"
    )
    link = driver.find_element("css selector", "#series tbody th button")
    link.click()
    assert driver.execute_script("return window.asked") == [["functional-groups", link.text]]


def test_the_csv_has_no_pictures(driver):
    driver.execute_script("molxai.save = (text) => { window.saved = text }")
    buttons = driver.find_elements("css selector", "#series .buttons button")
    buttons[-1].click()
    first = driver.execute_script("return window.saved").splitlines()[0]
    assert first.split(",")[:3] == ["fragment", "mean", "sd"]


def test_the_table_is_read_on_a_telephone(driver):
    look_like(driver, *PHONE)
    width = driver.execute_script("return document.documentElement.scrollWidth")
    assert width <= PHONE[0]
    sizes = driver.execute_script(
        "return [...document.querySelectorAll('svg.cutout')]"
        ".map((one) => one.getBoundingClientRect()).map(({width, height}) => [width, height])"
    )
    assert sizes and all(0 < width <= 112 and 0 < height <= 78 for width, height in sizes)
    look_like(driver, 1440, 900)


def test_many_fragments_are_shown_in_part(driver):
    script = """
        const rows = Array.from({ length: 100 }, (_, i) => ({
          values: [i],
          cells: () => [molxai.html("td", {}, String(i))],
        }));
        const made = molxai.sortedTable(["n"], rows, "numbers");
        const count = () => made.querySelectorAll("tbody tr").length;
        const before = count();
        const button = made.querySelector(":scope > button");
        const text = button.textContent;
        button.click();
        return [before, text, count(), button.hidden];
    """
    assert json.loads(json.dumps(driver.execute_script(script))) == [40, "Show all 100", 100, True]
