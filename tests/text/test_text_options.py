"""Options of methods on texts: removal, baselines, strengths, layers and heads."""

import numpy as np
import pytest
import torch
from text_models import TEXTS, random_text_model, tokenizer

from molxai.explanation.methods import method
from molxai.text import TextExplainer


@pytest.fixture(scope="module")
def explain():
    return TextExplainer(random_text_model("Bert"), tokenizer())


@pytest.mark.parametrize("family", ["Bert", "GPT2", "T5"])
def test_a_token_left_out_is_a_text_read_anew(family):
    explain = TextExplainer(random_text_model(family), tokenizer(), "leave-one-out:removal=drop")
    for text in TEXTS[:2]:
        sentence = explain.subject(text)
        (explanation,) = explain.explain([sentence], [explain.target("LABEL_1")])
        whole = explain.logits([sentence])[0, 0, 1]
        for node in range(sentence.nodes):
            left = np.arange(sentence.nodes) != node
            without = explain.logits([sentence.without(left)])[0, 0, 1]
            assert float(explanation.relevance[node]) == pytest.approx(
                float(whole - without), abs=2e-6
            )


def test_removal_of_windows_in_three_modes(explain):
    """Texts of several lengths in a batch, windows of three tokens."""
    for removal in ("attn", "mask", "drop"):
        together = explain.with_method(f"occlusion:hops=1:removal={removal}")(TEXTS, "LABEL_0")
        alone = [
            explain.with_method(f"occlusion:hops=1:removal={removal}")(text, "LABEL_0")
            for text in TEXTS
        ]
        for first, second in zip(together, alone, strict=True):
            torch.testing.assert_close(first.relevance, second.relevance)
    sentence = explain.subject(TEXTS[1])
    left = np.arange(sentence.nodes) > 2
    whole, without = explain.logits([sentence, sentence.without(left)])[0, :, 0].tolist()
    assert float(together[1].relevance[1]) == pytest.approx(whole - without, abs=2e-6)


def test_gradients_integrated_from_masked_tokens(explain):
    """The way begins at a text of mask tokens, and the sum is the rise of the logit from there."""
    explain = explain.with_method("integrated-gradients:steps=300:baseline=mask")
    explanation = explain(TEXTS[0], "LABEL_2")
    batch = explain.network.collate([explanation.subject])
    masked = batch.without(torch.zeros_like(batch.mask), explain.tokenizer.mask_token_id)
    rise = explanation.logit - float(explain.network(masked)[0, 2].detach())
    total = float(explanation.relevance.sum()) + explanation.token
    assert total == pytest.approx(rise, rel=1e-3)
    assert explanation.token == 0  # special tokens are the same at both ends


@pytest.mark.parametrize("name", ["lrp-gamma:gamma=0", "lrp-res:gamma=0", "lrp-epsilon:epsilon=0"])
def test_no_strength_is_lrp(explain, name):
    plain = explain(TEXTS[1], "LABEL_1").relevance
    torch.testing.assert_close(explain.with_method(name)(TEXTS[1], "LABEL_1").relevance, plain)


def test_strengths_change_the_map_and_keep_the_sum(explain):
    maps = []
    for name in ("lrp-gamma", "lrp-gamma:gamma=0.25", "lrp-gamma:gamma=2", "lrp-res:gamma=1"):
        explanation = explain.with_method(name)(TEXTS[1], "LABEL_1")
        assert explanation.method == name and abs(explanation.gap) < 1e-9
        maps.append(explanation.relevance)
    assert maps[0].equal(maps[1])
    assert not any(torch.allclose(maps[0], other) for other in maps[2:])
    small, large = (
        explain.with_method(f"lrp-epsilon:epsilon={value}")(TEXTS[1], "LABEL_1")
        for value in (1e-6, 1)
    )
    assert abs(small.gap) < 1e-3 < abs(large.gap)


def test_attention_times_gradient_of_a_layer_and_head(explain):
    """Means over layers and heads are the means of their parts."""
    parts = [
        explain.with_method(f"grad-attention:layer={layer}:head={head}")(TEXTS[0], "LABEL_1")
        for layer in range(2)
        for head in range(2)
    ]
    stack = torch.stack([part.relevance for part in parts])  # (layers * heads, nodes)
    whole = explain.with_method("grad-attention")(TEXTS[0], "LABEL_1").relevance
    torch.testing.assert_close(stack.mean(0), whole)
    first = explain.with_method("grad-attention:layer=0")(TEXTS[0], "LABEL_1").relevance
    torch.testing.assert_close(stack[:2].mean(0), first)
    last = explain.with_method("grad-attention:layer=-1:head=1")(TEXTS[0], "LABEL_1").relevance
    torch.testing.assert_close(stack[3], last)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("lrp-gamma:gamma=-1", "at least 0"),
        ("lrp-gamma:epsilon=1", "epsilon"),
        ("integrated-gradients:baseline=mean", "baseline"),
        ("grad-attention:head=x", "a number counted from 0, or all"),
        ("occlusion:hops=-1", "at least 0"),
    ],
)
def test_what_no_option_is(name, says):
    with pytest.raises(ValueError, match=says):
        method(name)


def test_what_no_layer_is(explain):
    with pytest.raises(ValueError, match="layer 7: the model has 2"):
        explain.with_method("grad-attention:layer=7")(TEXTS[0])


@pytest.mark.parametrize("family", ["Bert", "GPT2"])
def test_special_tokens_as_nodes(family):
    """They have together what is one number otherwise, and can be taken away like others."""
    model = random_text_model(family)
    usual = TextExplainer(model, tokenizer())(TEXTS, "LABEL_1")
    ranked = TextExplainer(model, tokenizer(), special_tokens=True)(TEXTS, "LABEL_1")
    for first, second in zip(usual, ranked, strict=True):
        assert second.subject.words == ["[CLS]", *first.subject.words, "[SEP]"]
        assert second.node_names()[0] == "[CLS]" and second.token == 0
        torch.testing.assert_close(second.relevance[1:-1], first.relevance)
        assert float(second.relevance[[0, -1]].sum()) == pytest.approx(first.token, abs=1e-9)
    sentence = ranked[0].subject
    left = np.array([False] + [True] * (sentence.nodes - 1))
    assert sentence.without(left).ids == sentence.ids[1:]
    assert sentence.without(left).words == sentence.words[1:]
    _, drawing = ranked[0].draw().split("</desc>")
    assert drawing.count("[CLS]") == 1
