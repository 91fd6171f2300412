"""Pictures that leave a page: as wide as asked, with their resolution, or by the clipboard."""

import base64
import io
import re

import pytest
from browsing import chromium, find
from PIL import Image

from molxai.cli import main

IBUPROFEN = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"

KEEP = """
window.kept = {};
molxai.save = async (content, type, name) => {
  const blob = content instanceof Blob ? content : new Blob([content], {type});
  const reader = new FileReader();
  reader.onload = () => { window.kept[name.split('.').pop()] = reader.result; };
  reader.readAsDataURL(blob);
};
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    assert main(["report", IBUPROFEN, "-o", str(path)]) == 0
    with chromium() as made:
        made.get(path.as_uri())
        made.execute_script("document.querySelector('details.size').open = true")
        made.execute_script(KEEP)
        yield made


def press(driver, text):
    buttons = driver.find_elements("css selector", ".large .buttons button")
    next(button for button in buttons if button.text == text).click()


def kept(driver, ending):
    from selenium.webdriver.support.ui import WebDriverWait

    script = f"const it = window.kept['{ending}']; delete window.kept['{ending}']; return it"
    address = WebDriverWait(driver, 20, 0.05).until(lambda one: one.execute_script(script))
    return base64.b64decode(address.split(",")[1])


def choose(driver, width, unit, dpi):
    fields = driver.find_elements("css selector", ".size input")
    for field, value in zip(fields, (width, dpi), strict=True):
        driver.execute_script(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))",
            field,
            str(value),
        )
    driver.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))",
        find(driver, ".size select"),
        unit,
    )


@pytest.mark.parametrize(
    ("width", "unit", "dpi", "pixels", "length"),
    [
        (1920, "px", 300, 1920, None),
        (800, "px", 150, 800, None),
        (3.25, "in", 600, 1950, "3.25in"),
        (84, "mm", 300, 992, "84mm"),
        (-1, "px", 0, 1920, None),
        (999999, "px", 72, 8000, None),
    ],
)
def test_a_picture_has_the_size_and_the_resolution_that_was_chosen(
    driver, width, unit, dpi, pixels, length
):
    choose(driver, width, unit, dpi)
    press(driver, "PNG")
    picture = Image.open(io.BytesIO(kept(driver, "png")))
    picture.load()
    assert picture.width == pixels
    assert picture.info["dpi"][0] == pytest.approx(dpi or 300, abs=0.02)
    assert len(picture.convert("RGB").getcolors(2**24)) > 50
    press(driver, "SVG")
    svg = kept(driver, "svg").decode()
    assert re.search(r'<svg[^>]* width="([^"]+)"', svg)[1] == (length or "640")


def test_a_picture_is_copied(driver):
    choose(driver, 1920, "px", 300)
    driver.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    press(driver, "Copy picture")
    size = driver.execute_async_script("""
        const done = arguments[0];
        const said = document.querySelector('.large .buttons [role=status]');
        const look = async () => {
          if (!said.textContent) { setTimeout(look, 50); return; }
          if (said.textContent !== 'Copied.') { done(said.textContent); return; }
          const [item] = await navigator.clipboard.read();
          const map = await createImageBitmap(await item.getType('image/png'));
          done([map.width, map.height]);
        };
        look();""")
    assert size[0] == 1920 and size[1] > 1000


def test_a_page_that_may_not_copy_says_so(driver):
    driver.execute_script(
        "document.querySelector('.large .buttons [role=status]').textContent = '';"
        "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
    )
    press(driver, "Copy picture")
    said = find(driver, ".large .buttons [role=status]").text
    assert said == (
        "This page may not copy pictures, as it is no page of this machine: save it as PNG instead."
    )


def test_the_picture_says_its_three_largest_parts(driver):
    label = find(driver, ".large .picture").get_attribute("aria-label")
    bars = find(driver, ".waterfall").get_attribute("aria-label").split(": ")[1].split(", ")
    assert label == f"Molecule 0, lrp: largest {', '.join(bars[:3])}"
