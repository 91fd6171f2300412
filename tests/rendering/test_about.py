"""What the file of a picture says of it to those who do not see it."""

import codecs
import re
import xml.etree.ElementTree as ET

import pytest
from svg_texts import HOSTILE

import molxai
from molxai.chemistry.fragments import fragments, named_parts
from molxai.chemistry.pair import matched_pair
from molxai.explanation.pictures import picture_of
from molxai.explanation.words import amount, decimals
from molxai.metrics.comparison import compare
from molxai.rendering.picture import picture_as
from molxai.rendering.wording import true_minus

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
SALICYLIC = "OC(=O)c1ccccc1O"


@pytest.fixture(scope="module")
def explain():
    return molxai.Explainer("bace")


def told(svg):
    """Title and description of an SVG, which its root names."""
    root = ET.fromstring(svg.encode())
    assert root.attrib["role"] == "img"
    ids = root.attrib["aria-labelledby"].split()
    by_id = {element.attrib["id"]: element for element in root if "id" in element.attrib}
    title, description = (by_id[name] for name in ids)
    assert title.tag.endswith("title") and description.tag.endswith("desc")
    assert root[0] is title and svg.count("<title") == svg.count("<desc") == 1
    return title.text, description.text


def test_a_picture_names_its_three_largest_parts_as_the_pages_do(explain):
    explanation = explain(explain.subject(ASPIRIN, "aspirin"), "active")
    picture = picture_of(explanation, named=named_parts(explanation))
    title, description = told(picture_as(picture, "svg"))
    digits = decimals(float(explanation.relevance.abs().max()))
    largest = [
        f"{part.name} {true_minus(amount(part.relevance, True, digits))}"
        for part in fragments(explanation)[:3]
    ]
    assert title == "aspirin"
    assert description == f"Molecule aspirin, lrp: largest {', '.join(largest)}"


def test_without_parts_the_largest_atoms_are_named(explain):
    explanation = explain("CCO")
    _, description = told(explanation.draw())
    atoms = re.findall(r"[CO]\d [+−]\d\.\d{3}", description)
    assert len(atoms) == 3 and description.startswith("Molecule CCO, lrp: largest C1 ")


def test_figures_of_several_name_each(explain, tmp_path):
    pair = matched_pair(explain, ASPIRIN, SALICYLIC)
    title, description = told(pair.draw())
    assert title == f"{ASPIRIN} → {SALICYLIC}" and description.count("largest") == 2
    methods = ["lrp", "gae"]
    path = tmp_path / "x.svg"
    compare(explain, ASPIRIN, methods).draw(path)
    title, description = told(path.read_text())
    assert title == ASPIRIN and all(f", {name}: largest" in description for name in methods)
    smiles = ["CC", "CCC", "CCCC", "CCO", "CCN"]
    title, description = told(molxai.grid(explain(smiles)).draw())
    assert title == "CC, CCC, CCCC and 2 more" and description.count("Molecule") == 5


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text(explain, text):
    explanation = explain(explain.subject("CCO", text))
    title, description = told(explanation.draw())
    assert title[:5] in description and len(title) <= 60 and "<script" not in explanation.draw()


def test_two_pictures_on_one_page_have_ids_of_their_own(explain):
    ids = [re.findall(r'id="((?:title|desc)-\w+)"', explain(name).draw()) for name in ("C", "CC")]
    assert len({name for pair in ids for name in pair}) == 4


def test_a_pdf_has_a_title(explain, tmp_path):
    path = tmp_path / "x.pdf"
    explain(explain.subject("CCO", "β-ethanol")).draw(path)
    content = path.read_bytes()
    assert codecs.BOM_UTF16_BE + "β-ethanol".encode("utf-16-be") in content
    assert b"/Title" in content and b"/Subject" in content
