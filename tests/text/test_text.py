"""Texts: how they are cut, what is removed, what is refused, and how they are shown."""

import contextlib
import html
import pickle
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from text_models import TEXTS, VOCABULARY, random_text_model, tokenizer, transformers

import molxai
from molxai.explanation.explanations import Explanations
from molxai.explanation.network import REMOVALS, Batch, Network
from molxai.explanation.removal import kept_logits
from molxai.metrics.curves import curves
from molxai.rendering.relevance_map import Words
from molxai.rendering.sentence import placed_words
from molxai.text import TextExplainer
from molxai.text.reading import sentence


@pytest.fixture(scope="module")
def explain():
    return TextExplainer(random_text_model("Bert"), tokenizer())


def test_it_is_a_network(explain):
    assert isinstance(explain.network, Network)
    assert isinstance(explain.network.collate([explain.subject("good")]), Batch)


def test_words_are_joined_pieces(explain):
    subject = explain.subject("a gripping, filmly plot")
    assert subject.pieces == ("a", "gripping", ",", "film", "ly", "plot")
    assert subject.words == ["a", "gripping", ",", "filmly", "plot"]
    assert subject.is_spaced == [False, True, False, True, True]
    assert subject.of_words([1, 2, 3, 4, 5, 6]) == [1, 2, 3, 9, 6]
    assert len(subject.ids) == subject.nodes + 2, "[CLS] and [SEP] are no nodes"


@pytest.mark.parametrize(
    "text", ["فيلم رائع جدا", "good \N{GRINNING FACE} film", "[SEP] bad", "ﬁlm"]
)
def test_any_text_is_read(explain, text):
    explanation = explain(text)
    assert len(explanation.relevance) == explanation.subject.nodes
    assert abs(explanation.gap) < 1e-9
    assert "</" in explanation._repr_html_()
    assert explanation.draw().startswith("<?xml")


def test_a_long_text_is_cut_and_says_so(explain):
    explanation = explain("good " * 100)
    assert len(explanation.subject.ids) == 32
    assert explanation.notes == ("cut after 32 tokens",)


@pytest.mark.parametrize(
    ("given", "says"),
    [("", "without tokens"), (" ", "without tokens"), (3, "a text is needed, not a int")],
)
def test_what_is_no_text(explain, given, says):
    with pytest.raises(ValueError, match=says):
        explain.subject(given)


def test_classes_by_name(explain):
    assert explain.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    first = explain(TEXTS[0], target="LABEL_1", contrast=0)
    logits = explain.network(explain.network.collate([explain.subject(TEXTS[0])])).detach()[0]
    assert first.logit == pytest.approx(float(logits[1] - logits[0]), abs=1e-12)
    assert first.target_name == "LABEL_1 − LABEL_0"
    for target, says in (("LABEL_9", "class"), (7, "no class"), ("pred", "not pred")):
        contrast = 0 if target == "pred" else None
        with pytest.raises(ValueError, match=says):
            explain(TEXTS[0], target=target, contrast=contrast)


def test_a_model_stays_as_it_was(explain):
    model = explain.network.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for name in ("lrp", "gae", "shap", "gnn-explainer"):
        explain.with_method(name)(TEXTS)
    assert not model.training and not any(m._forward_hooks for m in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_training_mode_is_refused():
    model = random_text_model("Bert").train()
    with pytest.raises(ValueError, match=r"call model\.eval\(\) first"):
        TextExplainer(model, tokenizer())("good")


@pytest.mark.parametrize("mode", REMOVALS)
def test_removal_is_another_call_of_the_model(explain, mode):
    """The witness: the model called by hand on what removal should make of the text."""
    subject = explain.subject(TEXTS[1])
    remaining = torch.tensor([[node % 3 > 0 for node in range(subject.nodes)]])
    logits = kept_logits(explain.network, [subject], torch.tensor([0]), remaining, mode)
    ids = list(subject.ids)
    mask = [1] * len(ids)
    gone = [place for place, left in zip(subject.places, remaining[0], strict=True) if not left]
    for place in reversed(gone):
        if mode == "mask":
            ids[place] = explain.tokenizer.mask_token_id
        elif mode == "attn":
            mask[place] = 0
        else:
            del ids[place], mask[place]
    called = explain.network.model(
        input_ids=torch.tensor([ids]), attention_mask=torch.tensor([mask])
    )
    assert torch.allclose(logits, called.logits.detach(), atol=1e-10)


def test_leave_one_out_is_a_mask_of_attention(explain):
    explanation = explain.with_method("leave-one-out")("the film was good")
    subject = explanation.subject
    label = explanation.target.label
    for node, place in enumerate(subject.places):
        mask = torch.ones(1, len(subject.ids), dtype=torch.long)
        mask[0, place] = 0
        called = explain.network.model(
            input_ids=torch.tensor([subject.ids]), attention_mask=mask
        ).logits.detach()[0, label]
        drop = explanation.logit - float(called)
        assert float(explanation.relevance[node]) == pytest.approx(drop, abs=1e-10)


def test_curves_of_texts(explain):
    explanations = explain(TEXTS)
    measured = curves(explain.network, [one.subject for one in explanations], explanations)
    assert np.isfinite(measured.auac).all() and measured.activation.shape == (3, 11)


def test_one_protocol_of_relevance_for_all(explain):
    explanations = explain(TEXTS)
    assert isinstance(explanations, Explanations)
    records = explanations.to_records()
    assert [record["input"] for record in records] == TEXTS
    assert [len(record["relevance"]) for record in records] == [5, 10, 1]
    row = explanations[0].rows()[3]
    assert row["node"] == "funny"
    assert repr(explanations[0]).startswith("Explanation('a gripping, funny film'")


def test_a_text_is_escaped_wherever_it_is_shown(explain):
    shown = "<script>alert(1)</script> & good"
    explanation = explain(shown)
    for page in (explanation._repr_html_(), explanation.draw()):
        assert "<script" not in page.lower()
    words = re.findall(r">([^<]*)</text>", explanation.draw())
    assert "script" in [html.unescape(word) for word in words]


def test_a_picture_shows_every_word_once(explain, tmp_path):
    explanation = explain(" ".join(TEXTS))
    drawn = re.findall(r">([^<]+)</text>", explanation.draw())
    assert [word for word in drawn if word in set(explanation.subject.words)]
    explanation.draw(tmp_path / "text.png")
    assert (tmp_path / "text.png").read_bytes()[:4] == b"\x89PNG"


def test_a_folder(explain, tmp_path):
    explain.network.model.save_pretrained(tmp_path)
    explain.tokenizer.save_pretrained(tmp_path)
    from_folder = TextExplainer(tmp_path)
    assert from_folder.card.name == tmp_path.name
    made = from_folder(TEXTS[0])
    assert torch.allclose(made.relevance.double(), explain(TEXTS[0]).relevance, atol=1e-5)
    with pytest.raises(FileNotFoundError, match="no Hugging Face model in"):
        TextExplainer(tmp_path / "nothing")


def test_a_slow_tokenizer_is_refused(explain):
    class Slow:
        is_fast = False

    with pytest.raises(ValueError, match="a fast tokenizer is needed"):
        sentence("good", Slow())
    with pytest.raises(ValueError, match="without its tokenizer"):
        TextExplainer(explain.network.model)


@pytest.mark.parametrize("family", ["Bert", "DistilBert", "Electra"])
def test_lrp_is_cp_lrp_with_modules_replaced(family, monkeypatch):
    """The witness: attention and norms' scales detached by hand, then gradient × input."""
    model = random_text_model(family, attention="eager")
    explanation = TextExplainer(model, tokenizer())(TEXTS[1])
    softmax = torch.nn.functional.softmax
    monkeypatch.setattr(
        torch.nn.functional, "softmax", lambda *args, **kwargs: softmax(*args, **kwargs).detach()
    )

    def held_norm(self, x):
        scale = (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt().detach()
        return (x - x.mean(-1, keepdim=True)) / scale * self.weight + self.bias

    gelu = torch.nn.functional.gelu
    monkeypatch.setattr(torch.nn.LayerNorm, "forward", held_norm)
    for name in ("gelu",):
        monkeypatch.setattr(
            torch.nn.functional, name, lambda x, *rest, **more: x * (gelu(x) / x).detach()
        )
    monkeypatch.setattr(
        transformers.activations.GELUActivation,
        "forward",
        lambda self, x: x * (gelu(x) / x).detach(),
    )
    tanh = torch.tanh
    monkeypatch.setattr(torch, "tanh", lambda x: x * (tanh(x) / x).detach())
    monkeypatch.setattr(torch.nn.Tanh, "forward", lambda self, x: x * (tanh(x) / x).detach())
    ids = torch.tensor([explanation.subject.ids])
    embeddings = model.get_input_embeddings()(ids).detach().requires_grad_()
    logit = model(inputs_embeds=embeddings).logits[0, explanation.target.label]
    (gradient,) = torch.autograd.grad(logit, embeddings)
    by_token = (embeddings * gradient).sum(2).detach()[0]
    expected = by_token[list(explanation.subject.places)]
    assert torch.allclose(explanation.relevance, expected, atol=1e-9)
    assert expected.abs().max() > 1e-4


def changed(family, **config):
    model = random_text_model(family)
    for name, value in config.items():
        setattr(model.config, name, value)
    return model


def test_several_labels_at_once():
    explain = TextExplainer(changed("Bert", problem_type="multi_label_classification"), tokenizer())
    logits = explain.network(explain.network.collate([explain.subject(TEXTS[0])])).detach()[0]
    for number, label in enumerate(explain.labels):
        for target in (label, number, np.int64(number)):
            explanation = explain(TEXTS[0], target=target)
            assert explanation.logit == pytest.approx(float(logits[number]), abs=1e-12)
            assert explanation.full_target_name == f"{label}: yes" and abs(explanation.gap) < 1e-9
    with pytest.raises(ValueError, match="has several outputs: name one of LABEL_0"):
        explain(TEXTS[0])
    with pytest.raises(ValueError, match="a contrast needs a model of several classes"):
        explain(TEXTS[0], target="LABEL_1", contrast="LABEL_0")
    of_endpoint = explain.with_method("lrp", endpoint="LABEL_2")
    assert of_endpoint(TEXTS[0], "yes").logit == explain(TEXTS[0], "LABEL_2").logit
    assert of_endpoint(TEXTS[0], "no").logit == -explain(TEXTS[0], "LABEL_2").logit


def test_a_value():
    explain = TextExplainer(changed("Bert", problem_type="regression"), tokenizer())
    explanation = explain(TEXTS[0], target=1)
    values = explain.network(explain.network.collate([explain.subject(TEXTS[0])])).detach()[0]
    assert explanation.value == pytest.approx(float(values[1]), abs=1e-12)
    assert explanation.unit == "value" and explanation.probability is None


@pytest.mark.parametrize("method", ["shap", "leave-one-out", "occlusion"])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_a_decoder_of_which_nothing_is_left(method, attention):
    """The last token hears itself then, whatever batch it is in, however attention is made."""
    made = []
    for texts in (["great"], ["good film", TEXTS[1], "great"]):
        model = random_text_model("GPT2", "CausalLM", attention).float()
        made.append(TextExplainer(model, tokenizer(False), method)(texts, target="good")[-1])
    sdpa = random_text_model("GPT2", "CausalLM", "sdpa").float()
    usual = TextExplainer(sdpa, tokenizer(False), method)("great", target="good")
    assert torch.allclose(made[0].relevance, made[1].relevance, atol=1e-5)
    assert torch.allclose(made[0].relevance, usual.relevance, atol=1e-5)


@pytest.mark.parametrize("method", ["shap", "rollout", "lrp", "gae", "leave-one-out"])
def test_without_a_token_for_padding(method):
    explain = TextExplainer(changed("GPT2", pad_token_id=None), tokenizer(False), method)
    for text, one in zip(TEXTS, explain(TEXTS), strict=True):
        assert torch.allclose(one.relevance, explain(text).relevance, atol=1e-9)
    subjects = [explain.subject(text) for text in TEXTS]
    together = explain.network(explain.network.collate(subjects)).detach()
    for subject, logits in zip(subjects, together, strict=True):
        called = explain.network.model(input_ids=torch.tensor([subject.ids])).logits.detach()[0]
        assert torch.allclose(logits, called, atol=1e-10)


def test_two_classes_that_sum_to_zero():
    model = random_text_model("Bert")
    with torch.no_grad():
        model.classifier.weight[1:] = -model.classifier.weight[:1]
    for method in ("rollout", "gae", "attention-last"):
        assert TextExplainer(model, tokenizer(), method)(TEXTS[0]).relevance.isfinite().all()


def test_words_of_other_tokenizers():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: n for n, letter in enumerate(letters)}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    byte_level = transformers.PreTrainedTokenizerFast(tokenizer_object=inner)
    subject = sentence("é 😀 漢字!", byte_level)
    assert subject.words == ["é", "😀", "漢字", "!"] and subject.nodes > 10
    assert subject.is_spaced == [False, True, True, False]
    pieces = {"▁": 0, **{letter: n for n, letter in enumerate("afilmpot", 1)}}
    inner = Tokenizer(models.BPE(pieces, []))
    inner.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    meta = transformers.PreTrainedTokenizerFast(tokenizer_object=inner)
    assert sentence("a film plot", meta).words == ["a", "film", "plot"]


def test_what_is_no_such_model(tmp_path):
    for kind in ("ForMaskedLM", "ForTokenClassification"):
        with pytest.raises(ValueError, match="of sequence classification or of the next token"):
            TextExplainer(random_text_model("Bert", kind.removeprefix("For")), tokenizer())
    with pytest.raises(ValueError, match="a NoneType: a Hugging Face model"):
        TextExplainer(None, tokenizer())
    with pytest.raises(ValueError, match="too coarse for sums"):
        TextExplainer(random_text_model("Bert").bfloat16(), tokenizer())


def test_what_is_no_such_folder(explain, tmp_path):
    random_text_model("Bert", "MaskedLM").save_pretrained(tmp_path / "masked")
    with pytest.raises(FileNotFoundError, match="no tokenizer in"):
        TextExplainer(tmp_path / "masked")
    explain.tokenizer.save_pretrained(tmp_path / "masked")
    with pytest.raises(ValueError, match="holds a BertForMaskedLM"):
        TextExplainer(tmp_path / "masked")


def test_a_text_longer_than_the_model(explain):
    own = tokenizer(False)
    own.model_max_length = int(1e30)
    for family, most in (("GPT2", 32), ("Roberta", 39), ("OPT", 40), ("T5", 512)):
        one = TextExplainer(random_text_model(family), own)
        assert one.most == most
        assert len(one.subject("film " * 600).ids) == most


def test_masking_with_the_token_for_padding_is_refused():
    model = changed("Llama", pad_token_id=1)
    own = tokenizer(False)
    own.mask_token = None
    explain = TextExplainer(model, own)
    batch = explain.network.collate([explain.subject(TEXTS[0])])
    with pytest.raises(ValueError, match="stands for padding, too"):
        explain.network.reduced(batch, torch.tensor([0]), batch.mask, "mask")


def test_a_list_shows_itself(explain):
    explanations = explain(TEXTS)
    svg = explanations._repr_html_()
    assert svg.startswith("<svg") and svg == molxai.grid(explanations)._repr_svg_()
    assert pickle.loads(pickle.dumps(explanations[0])).subject == explanations[0].subject


def test_a_vocabulary_ends():
    """Lists of names go through `classes` with `in` and `join`, and must come to an end."""
    explain = TextExplainer(random_text_model("GPT2", "CausalLM"), tokenizer(False))
    assert list(explain.card.classes) == list(VOCABULARY)
    assert "nothing like it" not in explain(TEXTS[0]).classes
    assert explain.class_in_table("good") == VOCABULARY["good"]


def test_next_tokens_are_named():
    explain = TextExplainer(random_text_model("GPT2", "CausalLM"), tokenizer(False))
    record = explain(TEXTS[0], target="good", contrast="bad").to_dict()
    assert record["target"] == "good − bad" and not record["prediction"].isdigit()


@pytest.mark.parametrize("method", ["lrp", "gradient-input", "integrated-gradients", "rollout"])
def test_threads_share_a_model(explain, method, monkeypatch):
    """Two texts of one length: the second thread calls the model while the first is in it."""
    own = explain.with_method(method)
    texts = ["the film was good", "a plot was dull"]
    alone = [own(text).relevance for text in texts]
    embed = own.network.entrance
    inside = threading.Barrier(2, timeout=20)

    def wait(module, inputs, output):
        with contextlib.suppress(threading.BrokenBarrierError):
            inside.wait(0.2)

    handle = embed.register_forward_hook(wait)
    try:
        with ThreadPoolExecutor(2) as pool:
            together = list(pool.map(own, texts))
    finally:
        handle.remove()
    for one, relevance in zip(together, alone, strict=True):
        assert torch.allclose(one.relevance, relevance, atol=1e-9)


def test_words_from_right_to_left():
    """The lines of a Hebrew text begin at the right edge."""
    words = Words(("שלום", "עולם", "good"), (False, True, True))
    first, second, third = placed_words(words, 400)
    assert first.left > second.left > third.left > 0
    assert first.left + first.width == pytest.approx(400)
    english = placed_words(Words(("good", "שלום"), (False, True)), 400)
    assert english[0].left == 0 < english[1].left
