"""The pages that are files, for people who do not see or point: no violations in any of them."""

import json
import re

import pytest
from axe import SIZES, violations
from browsing import chromium, look_like
from conftest import ROOT

from molxai.cli import main

IBUPROFEN = "CC(C)Cc1ccc(cc1)C(C)C(=O)O"


def command(*arguments):
    assert main([*map(str, arguments)]) == 0


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A page of each kind, by name."""
    folder = tmp_path_factory.mktemp("pages")
    names = ("molecules", "digits", "pair", "one", "some")
    paths = {name: folder / f"{name}.html" for name in names}
    table = folder / "table.csv"
    table.write_text(f"id,smiles,Class\na,{IBUPROFEN},1\nb,CCO,0\nc,C1CC,1\nd,c1ccccc1N,0\n")
    digit = ROOT / "datasets/digits/handdrawn-2.jpg"
    command("compare", IBUPROFEN, "-o", paths["molecules"])
    command("compare", digit, "-m", "mnist", "-o", paths["digits"])
    command("compare", IBUPROFEN, "CC(C)Cc1ccccc1", "-o", paths["pair"])
    command("report", IBUPROFEN, "-o", paths["one"])
    command("report", table, "--target-columns", "Class", "-o", paths["some"], "-n", "0")
    rows = "\n".join(
        f"{'C' * (1 + n % 9)}{'ONSF'[n % 4]}{'C' * (n // 9)},{n % 7}" for n in range(40)
    )
    (folder / "own.csv").write_text(f"smiles,y\n{rows}\n")
    own = folder / "own"
    options = ["--epochs", "2", "--ensemble", "1", "--no-tune"]
    command("train", folder / "own.csv", "--target-columns", "y", "-o", own, *options)
    return paths | {"training": own / "report.html"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["molecules", "digits", "pair", "one", "some", "training"])
def test_no_page_has_violations(pages, name, dark):
    with chromium(*SIZES[0], dark) as driver:
        for size in SIZES:
            look_like(driver, *size, dark)
            driver.get(pages[name].as_uri())
            for details in driver.find_elements("css selector", "details:not([open]) > summary"):
                driver.execute_script("arguments[0].click()", details)
            assert violations(driver) == []
            assert driver.execute_script("return document.documentElement.scrollWidth") <= size[0]


def test_pictures_of_a_comparison_say_their_largest_nodes(pages, tmp_path):
    record = tmp_path / "one.json"
    command("explain", IBUPROFEN, "-o", record, "-n", "0")
    (known,) = json.loads(record.read_text())
    largest = sorted(enumerate(known["relevance"]), key=lambda node: -abs(node[1]))[:3]
    page = pages["molecules"].read_text()
    label = re.search(r'aria-label="lrp: largest ([^"]+)"', page)[1]
    named = re.findall(r"[A-Z][a-z]?(\d+) ", label)
    assert [int(number) for number in named] == [number for number, _ in largest]
    assert re.search(r'<img alt="lrp: largest \d+ ', pages["digits"].read_text())


@pytest.mark.parametrize("name", ["molecules", "digits", "pair", "one", "some", "training"])
def test_every_page_is_dark_where_the_browser_is(pages, name):
    darkness = []
    for dark in (False, True):
        with chromium(1024, 768, dark) as driver:
            driver.get(pages[name].as_uri())
            colour = driver.execute_script(
                "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
            )
            darkness.append(sum(colour[:3]))
    light, dark = darkness
    assert light > 3 * 200 and dark < 3 * 60
