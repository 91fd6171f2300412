"""Options of a method in its name."""

import pytest
import torch
from conftest import SMALL, batch, random_model

from molxai.cli import app
from molxai.explanation.methods import EXPLAINERS, method
from molxai.explanation.methods.attention import Attention, Rollout, recording
from molxai.explanation.methods.integrated import IntegratedGradients
from molxai.explanation.methods.options import options_of
from molxai.rules import rules


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("rollout:head_fusion=max:discard_ratio=0.9", Attention("own", Rollout("max", 0.9))),
        ("integrated-gradients:steps=7", IntegratedGradients("own", steps=7)),
    ],
)
def test_a_name_with_options_is_the_method_with_them(name, same):
    model = random_model(SMALL)
    ours = method(name)(model, batch())
    theirs = same(model, batch())
    assert [one.method for one in ours] == [name] * len(ours)
    assert all(torch.equal(a.relevance, b.relevance) for a, b in zip(ours, theirs, strict=True))
    plain = method(name.partition(":")[0])(model, batch())
    assert not torch.equal(ours[0].relevance, plain[0].relevance)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_usual_values_change_nothing(name):
    usual = options_of(method(name))
    written = "".join(f":{option}={str(value).lower()}" for option, value in usual.items())
    same = method(name + written)
    assert {**vars(same), "name": name} == vars(method(name))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rollout:heads=max", "no option of rollout 'heads'"),
        ("rollout:head_fusion", "no option of rollout 'head_fusion'"),
        ("rollout:discard_ratio=2", "a share from 0 to below 1 is needed"),
        ("integrated-gradients:steps=1.5", "a whole number is needed, such as 50"),
        ("lrp-shared:shared=perhaps", "true or false is needed"),
        ("lrp:presence=1", "no option of lrp 'presence'"),
        ("lrp:name=x", "no option of lrp 'name'"),
        ("roll:head_fusion=max", "no method named 'roll'"),
    ],
)
def test_what_is_no_option(name, says):
    with pytest.raises(ValueError, match=says):
        method(name)


def test_they_are_taken_on_the_command_line(tmp_path, capsys):
    output = tmp_path / "out.csv"
    arguments = ["explain", "CCO", "--method", "rollout:head_fusion=max", "-o", str(output), "-q"]
    app(arguments, standalone_mode=False)
    assert "rollout:head_fusion=max" in output.read_text()
    app(["compare", "CCO", "--methods", "lrp,leave-one-out:hops=1"], standalone_mode=False)
    assert "leave-one-out:hops=1" in capsys.readouterr().out


def test_raw_attention_of_a_layer_and_a_head():
    model = random_model(SMALL)
    layers = []
    with torch.no_grad(), rules(recording(layers)):
        model(batch())
    for layer in range(SMALL.layers):
        for head in range(SMALL.heads):
            made = method(f"attention-last:layer={layer}:head={head}")(model, batch())
            for row, explanation in enumerate(made):
                nodes = len(explanation.relevance)
                expected = layers[layer][row, head, 0, 1 : nodes + 1]
                assert torch.allclose(explanation.relevance, expected, atol=1e-12)
    for name in (f"layer={SMALL.layers}", f"head={SMALL.heads}", "layer=-9", "head=-2"):
        with pytest.raises(ValueError, match="counted from 0"):
            method(f"attention-last:{name}")(model, batch())
