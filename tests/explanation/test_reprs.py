"""What results print, and what a notebook shows of them.

One readable line, a picture or a table, and nothing hostile.
"""

import inspect

import numpy as np
import pytest
import torch
from conftest import SMALL, random_model, stroke_image
from svg_texts import HOSTILE
from torch import nn

import molxai
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.pyg import to_pyg
from graphormer.graphs.superpixels import digit
from graphormer.network.card import Card
from molxai.chemistry.fragments import fragments
from molxai.chemistry.pair import matched_pair
from molxai.explanation.explainer import Explainer
from molxai.explanation.explanations import Explanations
from molxai.explanation.refused import Refused
from molxai.explanation.words import LINE, in_a_line
from molxai.metrics.comparison import compare
from molxai.rendering.look import Look
from molxai.rendering.wording import true_minus
from molxai.rules.conserve import conserve

A, B = "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(C)Cc1ccc(cc1)CC(=O)O"


@pytest.fixture(scope="module")
def explain():
    card = Card("untrained", SMALL, MOLECULES.name, ("effect",), ("no", "yes"))
    return Explainer.from_network(random_model(SMALL), card)


def results(explain, name):
    """One of each kind of result, of a molecule of that name."""
    a, b = molecule(A, name), molecule(B, name)
    one = explain(a, "yes")
    parts = fragments(one)
    many = explain([a, "C1CC", b], "yes", errors="record")
    pair = matched_pair(explain, a, b, "yes")
    return {
        "Explanation": one,
        "Explanations": many,
        "Refused": Refused(3, name, name, name),
        "MatchedPair": pair,
        "Comparison": compare(explain, a, ["lrp", "gradient-input"], "yes"),
        "PairFlow": one.pair_flow(),
        "Fragments": parts,
        "Fragment": parts[0],
        "Grid": molxai.grid(many),
    }


def account():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)).double().eval()
    return conserve(model, torch.randn(2, 4, dtype=torch.float64))


def test_lines_are_short_and_say_what_matters(explain):
    made = results(explain, "ibuprofen")
    for kind, one in made.items():
        said = repr(one)
        assert (
            said.startswith(f"{kind}(")
            and len(said) <= LINE
            and "tensor" not in said
            and "\n" not in said
        )
    one = made["Explanation"]
    assert (
        f"'ibuprofen' | yes: logit {one.logit:+.3f}, p {one.probability:.3f} | lrp, 15 atoms, gap"
        in repr(one)
    )
    assert repr(made["Explanations"]).startswith(
        "Explanations(3: 'ibuprofen' "
    ) and "'C1CC' refused" in repr(made["Explanations"])
    pair = made["MatchedPair"]
    assert f"Δ logit {pair.delta:+.3f}" in repr(pair) and f"lost {pair.split['lost']:+.3f}" in repr(
        pair
    )
    assert "2 methods: lrp, gradient-input" in repr(
        made["Comparison"]
    ) and "2 layers, 2 heads, 16 tokens" in repr(made["PairFlow"])
    assert repr(explain) == "Explainer('untrained', method='lrp', device='cpu')"
    assert repr(explain.with_method("gae")) == "Explainer('untrained', method='gae', device='cpu')"


def test_a_line_gives_way_at_the_name():
    line = in_a_line("Explanation", "x" * 500, "active: logit +1.000")
    assert len(line) == LINE and line.endswith(" | active: logit +1.000)") and "…'" in line
    assert len(in_a_line("Explanation", "name", "y" * 500)) == LINE
    assert in_a_line("Explanation", "", "lrp") == "Explanation(lrp)"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_names_everywhere(explain, text):
    for one in results(explain, text).values():
        assert len(repr(one)) <= LINE and repr(one).isprintable()
        shown = one._repr_html_() if hasattr(one, "_repr_html_") else one._repr_svg_()
        assert "<script" not in shown and "\u202e" not in shown and "\x1b" not in shown


def test_a_notebook_shows_pictures_with_their_numbers(explain):
    made = results(explain, "ibuprofen")
    pair, parts, flow = made["MatchedPair"], made["Fragments"], made["PairFlow"]
    shown = pair._repr_html_()
    common = f"{pair.split['common']:+.3f}"
    assert (
        shown.count("</svg>") >= 3
        and f'<td style="text-align: right">{true_minus(common)}</td>' in shown
    )
    shown = parts._repr_html_()
    assert shown.count("</svg>") >= 2 and all(
        true_minus(f"{one.relevance:+.3f}") in shown and one.smiles in shown for one in parts
    )
    assert sum(one.relevance for one in parts) == pytest.approx(
        float(parts.explanation.relevance.sum()), abs=1e-9
    )
    shown = flow._repr_html_()
    assert "</svg>" in shown and all(
        name in shown and true_minus(f"{value:+.3f}") in shown
        for name, value in flow.by_hops().items()
        if abs(value) > 1e-3
    )
    shown = made["Explanations"]._repr_html_()
    assert "C1CC" in shown and "RDKit cannot read" in shown


def test_bare_graphs_are_shown_in_words(explain):
    data = to_pyg(molecule("CCO").graph)
    one = explain(data, "yes")
    assert repr(one).startswith("Explanation(yes: logit") and "3 nodes" in repr(one)
    shown = one._repr_html_()
    assert (
        "<svg" not in shown
        and "<table" in shown
        and "Σ of all 3" in shown
        and "Sum: nodes" in shown
    )
    many = explain([data, data], "yes")._repr_html_()
    assert many.count("yes: logit") == 2 and "<svg" not in many
    assert "gradient-input" in compare(explain, data, ["lrp", "gradient-input"])._repr_html_()


def test_an_account_of_any_model():
    made = account()
    assert (
        repr(made).startswith(f"Conserved({made.logit:+.4g} = x [2, 4]")
        and "2 parts" in repr(made)
        and len(repr(made)) <= LINE
    )
    shown = made._repr_html_()
    assert all(name in shown and f"{value:+.4g}" in shown for name, value in made.ledger.items())


def test_choices_are_named_as_on_the_command_line(explain, tmp_path):
    one = explain(molecule(A), "yes")
    new = one.draw(cmap="orange-purple", atom_numbers=True, scale=2.0)
    assert new == one.draw(palette="orange-purple", numbers=True, limit=2.0) != one.draw()
    assert one.draw(scale="own") == one.draw(limit=None) == one.draw(scale=None) == one.draw()
    assert set(inspect.signature(Look).parameters) >= {
        "style",
        "atom_numbers",
        "cmap",
        "scale",
        "dpi",
        "transparent",
        "caption",
    }
    with pytest.raises(
        ValueError, match="^no choice 'cmapp' of a picture: did you mean 'cmap'.*atom_numbers"
    ):
        one.draw(cmapp="red-blue")
    with pytest.raises(ValueError, match="no choice 'colours' of a picture"):
        molxai.grid([one], colours="red-blue")
    with pytest.raises(ValueError, match="scale 'huge'"):
        one.draw(scale="huge")
    pair = matched_pair(explain, A, B)
    assert isinstance(pair.draw(), str) and isinstance(
        pair.draw(tmp_path / "pair.png", cmap="brown-teal"), bytes
    )
    assert Explainer.from_network(explain.network, explain.card, method="gae").method.name == "gae"


def test_legends_of_a_grid(explain):
    many = explain(["CCO", "C1CC", "CCN"], "yes", errors="record")
    made = molxai.grid(many, legends=["first", "second", "third"])
    svg = made.draw()
    assert (
        all(one in svg for one in ("first", "second", "third", "RDKit cannot"))
        and ">CCO<" not in svg
    )
    assert len(made.explanations) == 2 and "CCO" in molxai.grid(many[0]).draw()
    with pytest.raises(ValueError, match="2 legends for 3 pictures"):
        molxai.grid(many, legends=["a", "b"])
    with pytest.raises(ValueError, match="a grid of nothing"):
        molxai.grid(many.refused)


def test_doors_of_any_model_refuse_in_a_line():
    """The door itself: the checker of shapes would come before it."""
    model, x = (
        nn.Sequential(nn.Linear(4, 3)).double().eval(),
        torch.randn(2, 4, dtype=torch.float64),
    )
    door = inspect.unwrap(conserve)
    for target in (
        "1",
        True,
        [True, False],
        [[1], [0, 1]],
        ["a", "b"],
        1.5,
        1 + 2j,
        np.array([0.5, 1.0]),
    ):
        with pytest.raises(
            ValueError, match="for an output of shape .*: a class, one class for each row"
        ):
            door(model, x, target=target)
    assert door(model, x, target=np.int64(1)).logit == door(model, x, target=1).logit
    for wrong in (None, "model", lambda x: x):
        with pytest.raises(ValueError, match=r"a torch\.nn\.Module is needed"):
            door(wrong, x, target=1)
    for wrong in (x.tolist(), x.numpy()):
        with pytest.raises(ValueError, match=r"x is a \w+: a torch tensor of floats is needed"):
            door(model, wrong, target=1)
    with pytest.raises(ValueError, match="there is no x: pass it second"):
        door(model, None, target=1)


def test_superpixels_are_called_so(saved_digit_model):
    one = Explainer(saved_digit_model)(stroke_image())
    assert "superpixels" in repr(one) and "'digit'" in repr(one)
    assert repr(Explanations([one] * 5)).count("'digit'") == 3


def test_what_was_read_is_a_line_too():
    assert repr(molecule("CCO", "ethanol")) == "Molecule('CCO', id='ethanol', 3 atoms)"
    assert "[Og]" in repr(molecule("[Og]")) and "read as 'other'" in repr(molecule("[Og]"))
    one = digit(stroke_image(), "stroke")
    assert repr(one) == f"Digit(id='stroke', {one.graph.nodes} superpixels)"
