"""The additive bar is read at every width: letters have one size, and no label is cut."""

import time

import pytest
from browsing import PHONE, chromium, look_like

from molxai.cli import main

VERUBECESTAT = "CN1C(N)=N[C@](C)(CS1(=O)=O)c1cc(NC(=O)c2ccc(F)cn2)ccc1F"

TEXTS = """
const bars = document.querySelector('.waterfall');
const box = bars.getBoundingClientRect();
return [...bars.querySelectorAll('text')].map((text) => {
  const place = text.getBoundingClientRect();
  const size = 12 * box.width / bars.viewBox.baseVal.width;
  return [text.textContent, place.left - box.left, box.right - place.right, size];
});
"""


NAMES = """
return [...document.querySelectorAll('.waterfall .step')].map((step) => {
  const texts = [...step.querySelectorAll('text')].map((text) => text.textContent);
  return [step.querySelector('title').textContent, texts.slice(0, -1)];
});
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("waterfall")
    table = folder / "table.csv"
    table.write_text(f"smiles\n{VERUBECESTAT}\nCC(C)Cc1ccc(cc1)C(C)C(=O)O\n")
    out = folder / "report.html"
    assert main(["report", str(table), "-o", str(out), "-q"]) == 0
    return out


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (800, 700), PHONE, (320, 700)])
def test_no_label_of_the_bar_is_cut_or_too_small(page, size):
    with chromium(*size) as driver:
        look_like(driver, *size)
        driver.get(page.as_uri())
        driver.execute_script("document.querySelector('button.link').click()")
        time.sleep(0.5)
        texts = driver.execute_script(TEXTS)
        names = driver.execute_script(NAMES)
    assert len(texts) > 6
    for text, left, right, height in texts:
        assert left >= 0 and right >= 0, text
        assert height >= 11, text
    lines = [text for text, *_ in texts]
    assert any(line.startswith("iminothia") for line in lines)
    assert not any("…" in line for line in lines), lines
    for name, rows in names:
        whole = " ".join(rows).replace("- ", "")  # a word wider than the column is divided
        assert whole == name
