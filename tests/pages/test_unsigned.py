"""A report whose first method has no sign: one colour, a ranking, no word of for and against."""

import re
from itertools import pairwise

import pytest
from browsing import chromium

from molxai import Explainer
from molxai.cli import main
from molxai.pages.view import decimals
from molxai.rendering.colour import PALETTES

VERUBECESTAT = "CN1C(N)=N[C@](C)(c2cc(NC(=O)c3ccc(F)cn3)ccc2F)CS1(=O)=O"
SMILES = (VERUBECESTAT, "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(=O)Oc1ccccc1C(=O)O")
TEAL = PALETTES["red-blue"].unsigned

STEP = 0.0052
"""Half a step of opacity, and the rounding of what a page holds."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unsigned")
    asked = ["report", *SMILES, "--methods", "gae,lrp", "-q"]
    assert main([*asked, "-o", str(folder / "table.html")]) == 0
    assert main(["report", VERUBECESTAT, *asked[4:], "-o", str(folder / "one.html")]) == 0
    return folder


@pytest.fixture(scope="module")
def known():
    explainer = Explainer("bace", "gae")
    return [explainer(smiles, "active").relevance.tolist() for smiles in SMILES]


@pytest.fixture(scope="module")
def driver(folder):
    with chromium(1440) as driver:
        driver.get((folder / "table.html").as_uri())
        yield driver


def choose(driver, name, value):
    driver.execute_script(
        "const control = document.getElementById(arguments[0]);"
        "control.value = arguments[1];"
        "control.dispatchEvent(new Event('change'))",
        name,
        value,
    )


def discs(driver, css):
    """Colour and opacity of each disc, and what it looks like on white."""
    found = driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((disc) =>"
        "[disc.getAttribute('fill'), Number(disc.getAttribute('fill-opacity'))])",
        f"{css} circle[class^=atom]",
    )
    assert found
    return found


def by_hand(values, low, high):
    return [min(max((value - low) / (high - low), 0), 1) for value in values]


def test_the_page_colours_sizes_as_the_formula_says(driver, known):
    teal = PALETTES["red-blue"].unsigned_hex
    of_all = [value for values in known for value in values]
    for scale, ends in (
        ("own", [(min(values), max(values)) for values in known]),
        ("common", [(min(of_all), max(of_all))] * len(known)),
    ):
        choose(driver, "scale", scale)
        for row, values in enumerate(known):
            found = discs(driver, f"tr[data-row='{row}']")
            assert {colour for colour, _ in found} == {teal}
            wanted = by_hand(values, *ends[row])
            opacities = [opacity for _, opacity in found]
            assert opacities == pytest.approx(wanted, abs=STEP)
            assert opacities == [round(opacity, 2) for opacity in opacities]
    choose(driver, "scale", "fixed")
    driver.execute_script("document.getElementById('fixed').value = 0.2")
    choose(driver, "fixed", 0.2)
    found = discs(driver, "tr[data-row='0']")
    assert [opacity for _, opacity in found] == pytest.approx(by_hand(known[0], 0, 0.2), abs=STEP)
    choose(driver, "scale", "own")


def test_the_least_atom_has_no_colour_and_the_ranking_is_kept(driver, known):
    opacities = [opacity for _, opacity in discs(driver, "tr[data-row='0']")]
    ranks = sorted(range(len(opacities)), key=lambda node: known[0][node])
    assert opacities[ranks[0]] == 0 and opacities[ranks[-1]] == 1
    assert all(opacities[a] <= opacities[b] + 1e-3 for a, b in pairwise(ranks))


def test_a_value_on_white_is_the_same_mix_as_in_python(driver):
    for value, low, high in ((0.031, 0.03, 0.04), (0.02, 0.03, 0.04), (0.05, 0.03, 0.04)):
        (share,) = by_hand([value], low, high)
        wanted = [round(255 * ((1 - share) + share * channel)) for channel in TEAL]
        made = driver.execute_script(
            "return molxai.colour(...arguments)",
            value,
            high,
            {"unsigned": PALETTES["red-blue"].unsigned_hex},
            low,
        )
        assert [int(part) for part in re.findall(r"\d+", made)] == pytest.approx(wanted, abs=1)


def test_the_page_does_not_say_that_sizes_speak_for_anything(driver):
    line = driver.find_element("id", "direction")
    assert "has no sign" in line.text and "speaks for it" not in line.text
    choose(driver, "method", "lrp")
    assert "positive relevance speaks for it" in line.text
    choose(driver, "method", "gae")
    assert "has no sign" in line.text


def test_the_large_view_has_a_bar_of_one_colour_and_numbers_without_a_plus(driver, known):
    driver.execute_script("document.querySelector(\"tr[data-row='0'] button.link\").click()")
    legend = driver.find_element("css selector", "#detail-content .legend")
    assert "The stronger the colour, the more relevant" in legend.text
    assert "Red" not in legend.text and "blue" not in legend.text
    digits = decimals(max(known[0]))
    ticks = driver.find_element("css selector", "#detail-content .ticks").text.split()
    ends = [min(known[0]), (min(known[0]) + max(known[0])) / 2, max(known[0])]
    assert ticks == [f"{value:.{digits}f}" for value in ends]
    ramp = driver.find_element("css selector", "#detail-content .ramp")
    colours = re.findall(r"rgb\(([^)]*)\)", ramp.value_of_css_property("background-image"))
    assert colours[0].replace(" ", "") == "255,255,255"
    teal = [round(255 * channel) for channel in TEAL]
    assert [int(part) for part in colours[-1].split(",")] == teal
    largest = max(range(len(known[0])), key=known[0].__getitem__)
    said = driver.find_element("css selector", "tr[data-row='0'] [data-title=largest]").text
    assert said.startswith(f"F{largest} {known[0][largest]:.{digits}f}") and "+" not in said
    cells = driver.execute_script(
        "return [...document.querySelectorAll('#detail-content .atoms td:nth-child(2)')]"
        ".map((cell) => [cell.textContent, cell.style.background])"
    )
    assert sorted(text for text, _ in cells) == sorted(f"{v:.{digits}f}" for v in known[0])
    assert cells[0][1].replace(" ", "") == f"rgb({','.join(map(str, teal))})"
    assert cells[-1][1].replace(" ", "") == "rgb(255,255,255)"


def test_the_picture_to_keep_has_the_bar_of_the_method(driver, known):
    markup = driver.execute_script(
        "const { views, state, palettes } = molxai.page;"
        "const view = views[0];"
        "const low = molxai.low(view, 'gae', 'own', molxai.page);"
        "const limit = molxai.limit(view, 'gae', 'own', molxai.page);"
        "const look = { low, limit, palette: palettes['red-blue'] };"
        "return molxai.markup(molxai.framed(view, 'gae', look, molxai.page))"
    )
    stops = re.findall(r'stop-color="(#\w+)" stop-opacity="([\d.]+)"', markup)
    teal = PALETTES["red-blue"].unsigned_hex
    assert stops == [(teal, "0"), (teal, "1")]
    digits = decimals(max(known[0]))
    assert f">{min(known[0]):.{digits}f}<" in markup and "has no sign" in markup
    said = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", markup))
    assert "it says how much, not whether for active or against it." in said
    assert PALETTES["red-blue"].towards_hex not in markup


def test_bars_of_parts_have_the_colour_of_sizes_and_lead_to_no_logit(driver):
    fills = driver.execute_script(
        "return [...document.querySelectorAll('#detail-content .waterfall .step rect')]"
        ".map((bar) => bar.getAttribute('fill')).filter((fill) => fill !== 'transparent')"
    )
    assert set(fills) == {PALETTES["red-blue"].unsigned_hex}
    part = driver.find_element("css selector", "#detail-content .additive")
    said = part.get_property("textContent")
    assert "in a unit of its own, not a share of the output" in said
    assert "remainder" not in said and "logit" not in said and "graph token" not in said
    assert not part.find_elements("css selector", "rect.total, line.link")
    starts = driver.execute_script(
        "const bars = '#detail-content .waterfall .step rect:not([fill=transparent])';"
        "return [...document.querySelectorAll(bars)]"
        ".map((bar) => bar.getAttribute('x'))"
    )
    assert len(starts) > 1 and len(set(starts)) == 1


def test_numbers_of_one_picture_have_as_many_digits(driver):
    views = driver.execute_script("return molxai.page.views.map((view) => view.methods)")
    for methods in views:
        for name, made in methods.items():
            assert made["decimals"] == decimals(made["limit"])
            assert (made["low"] is None) == (name == "lrp")
    for view in range(len(SMILES)):
        said = driver.execute_script(
            f"return molxai.largest(molxai.page.views[{view}], 'lrp')"
        ).split(", ")
        assert len({len(one.split(".")[1]) for one in said}) == 1
        assert not re.search(r"(^|\s)-\d", " ".join(said))


@pytest.mark.parametrize("dark", [False, True])
def test_a_page_of_one_molecule(folder, dark):
    with chromium(1440, dark=dark) as driver:
        driver.get((folder / "one.html").as_uri())
        text = driver.find_element("id", "single").text
        assert "has no sign" in text and "no sign, 0.0" in text
        cell = driver.find_elements("css selector", ".atoms td")[0]
        assert cell.value_of_css_property("color") in ("rgba(0, 0, 0, 1)", "rgb(0, 0, 0)")


def test_fragments_of_sizes_have_their_colour(driver):
    means = driver.execute_script(
        "return [...document.querySelectorAll('table.series td:nth-child(3)')]"
        ".map((cell) => [Number(cell.textContent), cell.style.background])"
    )
    assert means and all("+" not in str(mean) for mean, _ in means)
    low, high = min(means), max(means)
    assert low[1].replace(" ", "") == "rgb(255,255,255)"
    assert high[1].replace(" ", "") == f"rgb({','.join(str(round(255 * c)) for c in TEAL)})"


def test_two_rows_are_on_one_scale_of_sizes(driver):
    choose(driver, "method", "gae")
    words = driver.execute_script(
        "const [a, b] = molxai.page.views; molxai.compareRows(molxai.page, a, b);"
        "return document.getElementById('versus').textContent"
    )
    assert "No sign: " in words and "±" not in words
    colours = {colour for colour, _ in discs(driver, "#versus svg.molecule")}
    assert len(colours) == 1
    driver.execute_script("document.getElementById('versus').remove()")
