"""Choices of pictures in Python: a wrong one, or one that would do nothing, is refused by name."""

import math
import subprocess
import sys

import pytest
from conftest import stroke_image

import molxai
from graphormer.graphs.superpixels import digit
from molxai.metrics.comparison import compare

PAIR = ("Oc1ccccc1", "Nc1ccccc1")

WRONG = [
    ({"width": 3}, "width=3: a number with a unit"),
    ({"width": 3.25}, "width=3.25: a number with a unit"),
    ({"width": "3"}, "width '3': give a number with a unit"),
    ({"style": "foo"}, "no style 'foo': there are highlight, contour"),
    ({"dpi": -1}, "-1 pixels per inch: 10 to 1200"),
    ({"dpi": "300"}, "dpi='300': a whole number"),
    ({"dpi": 300.5}, "dpi=300.5: a whole number"),
    ({"dpi": True}, "dpi=True: a whole number"),
    ({"transparent": "no"}, "transparent='no': True or False"),
    ({"atom_numbers": 1}, "atom_numbers=1: True or False"),
    ({"cmap": 3}, "cmap=3: a name"),
    ({"scale": True}, "scale=True: 'own', 'common' or a positive number"),
    ({"scale": math.nan}, "no scale 'nan'"),
    ({"foreground": "pink"}, "no foreground 'pink'"),
    ({"foreground": "light"}, "add --transparent"),
    ({"colour": "red"}, "no choice 'colour' of a picture"),
    ({"panel": "relevance"}, "panel='relevance': for digits, and these are molecules"),
]


@pytest.fixture(scope="module")
def explain():
    return molxai.Explainer("bace")


@pytest.fixture(scope="module")
def shown(explain, tmp_path_factory):
    """Everything that draws a molecule, as functions of choices."""
    explanation = explain("CCO")
    pair = molxai.matched_pair(explain, *PAIR)
    comparison = compare(explain, "CCO", ["lrp"])
    path = tmp_path_factory.mktemp("drawn") / "x.png"
    return {
        "explanation": lambda **look: explanation.draw(path, **look),
        "grid": lambda **look: molxai.grid([explanation], path=path, **look),
        "pair": lambda **look: pair.draw(path, **look),
        "comparison": lambda **look: comparison.draw(path, **look),
    }


@pytest.mark.parametrize("drawn", ["explanation", "grid", "pair", "comparison"])
@pytest.mark.parametrize(("choices", "message"), WRONG)
def test_a_wrong_choice_is_named(shown, drawn, choices, message):
    with pytest.raises(ValueError) as refusal:
        shown[drawn](**choices)
    assert message in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("path", "choices", "message"),
    [
        ("x.svg", {"dpi": 300}, "an? SVG has no pixels"),
        ("x.pdf", {"dpi": 300}, "an? PDF has no pixels"),
        ("x.jpg", {"transparent": True}, "a JPEG has no transparency"),
    ],
)
def test_a_choice_that_the_file_cannot_hold_is_refused(explain, tmp_path, path, choices, message):
    explanation = explain("CCO")
    for draw in (explanation.draw, molxai.matched_pair(explain, *PAIR).draw):
        with pytest.raises(ValueError, match=message):
            draw(tmp_path / path, **choices)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("choices", [{"style": "contour"}, {"atom_numbers": True}])
def test_a_digit_has_no_atoms(choices):
    explanation = molxai.Explainer("mnist")(digit(stroke_image(), "stroke"))
    with pytest.raises(ValueError, match="for molecules, and these are digits"):
        explanation.draw(**choices)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([([99], "a")], "there is no atom 99; atoms are 0 to 2"),
        ([([-1], "a")], "there is no atom -1"),
    ],
)
def test_parts_must_be_parts(explain, parts, message):
    with pytest.raises(ValueError, match=message):
        explain("CCO").draw(parts=parts)


ARGUMENTS = [
    ("grid([x], columns='3')", "columns='3': a whole number is needed"),
    ("grid([x], columns=2.5)", "columns=2.5: a whole number is needed"),
    ("grid([x], columns=0)", "0 columns: at least 1 is needed"),
    ("grid([x], align=3)", "align=3: a core as SMARTS or SMILES, or 'mcs', is needed"),
    ("grid([x], letters='x')", "letters='x': True or False is needed"),
    ("grid([x], legends=['a', 'b'])", "2 legends for 1 pictures: one for each is needed"),
    ("grid(['CCO'])", "explanations[0]='CCO': an explanation is needed"),
    ("grid([x, None])", "explanations[1]=None: an explanation is needed"),
    ("grid('CCO')", "explanations[0]='C': an explanation is needed"),
    ("x.draw(style=None)", "style=None: a name is needed"),
    ("x.draw(parts='ab')", "part 'a': atoms and words are needed"),
    ("x.draw(parts=[([0, 1],)])", "part ([0, 1],): atoms and words are needed"),
]
"""Calls that the tests' own checks of types would stop, and how the program refuses them."""

SCRIPT = """
from molxai import Explainer, grid
x = Explainer("bace")("CCO")
for call in {calls}:
    try:
        eval(call)
        print("accepted")
    except ValueError as error:
        print(error)
"""


def test_arguments_of_another_kind_are_named():
    script = SCRIPT.format(calls=[call for call, _ in ARGUMENTS])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for line, (call, message) in zip(done.stdout.splitlines(), ARGUMENTS, strict=True):
        assert line.startswith(message), call
