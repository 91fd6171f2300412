"""Mistyped names: the nearest known name is offered, and no error is longer than a few lines."""

import pytest

from graphormer.names import listing, nearest, unknown

METHODS = (
    "lrp",
    "lrp-gamma",
    "lrp-res",
    "gradient-input",
    "integrated-gradients",
    "leave-one-out",
    "gae",
    "rollout",
    "random",
)


@pytest.mark.parametrize(
    ("name", "choices", "first"),
    [
        ("LRP", METHODS, "lrp"),
        ("lrp_gamma", METHODS, "lrp-gamma"),
        ("lrpgama", METHODS, "lrp-gamma"),
        ("Gradient Input", METHODS, "gradient-input"),
        ("integrated", METHODS, "integrated-gradients"),
        ("leave one out", METHODS, "leave-one-out"),
        ("Active", ("inactive", "active"), "active"),
        ("functional_groups", ("functional-groups", "brics"), "functional-groups"),
        ("redblue", ("red-blue", "brown-teal"), "red-blue"),
        ("Compound Id", ("compound_id", "smiles"), "compound_id"),
        ("Größe", ("GRÖSSE", "gewicht"), "GRÖSSE"),
    ],
)
def test_the_nearest_comes_first(name, choices, first):
    assert nearest(name, choices)[0] == first


@pytest.mark.parametrize("name", ["", "---", "xyzzy", "7"])
def test_nothing_is_offered_if_nothing_is_near(name):
    assert nearest(name, METHODS) == []
    assert "did you mean" not in unknown("method", name, METHODS)


def test_a_long_list_is_cut_and_its_end_still_offered():
    columns = [f"descriptor_{number}" for number in range(3000)] + ["pIC50", "x" * 500]
    line = unknown("column", "pic 50", columns, "name it with --target-columns", "in wide.csv")
    assert line.startswith(
        "no column 'pic 50' in wide.csv: did you mean 'pIC50'? There are descriptor_0, "
    )
    assert line.endswith(" more; name it with --target-columns") and len(line) < 500
    listed_columns = line.count("descriptor_")
    assert f"and {len(columns) - listed_columns} more" in line


def test_what_a_terminal_would_obey_is_escaped():
    assert "\x1b" not in unknown("column", "\x1b[2J", ["a\x1b[31m", "b"])
    assert listing(["a\x1b[31m", "b"]) == r"'a\x1b[31m', b"


def test_no_names_are_none():
    assert unknown("class", "yes", []) == "no class 'yes': there are none"


def choices():
    """Every choice of a name in the library: how to make it, a mistyped name, and what it means."""
    from graphormer.data.public import bace
    from graphormer.data.sources import source
    from graphormer.data.targets import targets
    from graphormer.network.checkpoint import locate
    from graphormer.training.presets import preset
    from molxai.benchmarks.tasks import task_named
    from molxai.chemistry.schemes import read_scheme
    from molxai.explanation.explainer import Explainer, chosen_device
    from molxai.explanation.methods import method
    from molxai.rendering.colour import palette
    from molxai.rendering.look import Look, scale_of

    return [
        (method, "LRP_Gamma", "lrp-gamma"),
        (locate, "BACE_ensemble", "bace-ensemble"),
        (preset, "mnist plain", "mnist-plain"),
        (source, "MNIST", "mnist"),
        (lambda name: bace(split=name), "balanced_scaffold", "balanced-scaffold"),
        (lambda name: targets({"y": ["0", "1"]}, name), "Classification", "classification"),
        (task_named, "n_minus_o", "n-minus-o"),
        (chosen_device, "CPU", "cpu"),
        (read_scheme, "functional_groups", "functional-groups"),
        (palette, "redblue", "red-blue"),
        (lambda name: Look(style=name), "contours", "contour"),
        (scale_of, "comon", "common"),
        (Explainer("bace").class_number, "Active", "active"),
        (lambda name: Explainer("bace-pic50", endpoint=name), "pic50", "pIC50"),
    ]


def test_every_unknown_name_is_answered_by_the_nearest():
    for choose, typo, meaning in choices():
        message = f"did you mean '{meaning}'"
        with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
            choose(typo)
        assert repr(typo) in str(caught.value) and "\n" not in str(caught.value)
