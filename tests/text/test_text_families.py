"""Language models of many families: the ledger closes, and padding changes nothing."""

import pytest
import torch
from text_models import BOTH, DECODERS, ENCODERS, FAMILIES, TEXTS, random_text_model, tokenizer

from molxai.text import TextExplainer


def explainer(family, method="lrp", task="SequenceClassification", attention=None):
    ends = family not in DECODERS
    return TextExplainer(random_text_model(family, task, attention), tokenizer(ends), method)


@pytest.mark.parametrize("method", ["lrp", "lrp-routing"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_ledger_closes(family, method):
    explanations = explainer(family, method)(TEXTS)
    for text, explanation in zip(TEXTS, explanations, strict=True):
        assert abs(explanation.gap) < 1e-9 * max(1, abs(explanation.logit))
        assert explanation.relevance.abs().max() > 1e-6, "something reaches the words"
        assert explanation.subject.text == text


@pytest.mark.parametrize(
    "method", ["lrp", "gradient-input", "integrated-gradients", "leave-one-out", "gae", "shap"]
)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_batch_is_its_single_rows(family, method):
    if method == "gae" and family in BOTH:
        pytest.skip("reads its output from a decoder")
    together = explainer(family, method)
    for text, one in zip(TEXTS, together(TEXTS), strict=True):
        alone = together(text)
        assert one.logit == pytest.approx(alone.logit, abs=1e-9)
        assert torch.allclose(one.relevance, alone.relevance, atol=1e-7)


@pytest.mark.parametrize("family", DECODERS)
def test_a_next_token(family):
    explain = explainer(family, task="CausalLM")
    explanation = explain(TEXTS[0], target="good", contrast="bad")
    assert abs(explanation.gap) < 1e-9
    ids = torch.tensor([explanation.subject.ids])
    logits = explain.network.model(input_ids=ids).logits[0, -1].detach()
    places = [explain.tokenizer.convert_tokens_to_ids(word) for word in ("good", "bad")]
    assert explanation.logit == pytest.approx(float(logits[places[0]] - logits[places[1]]))


@pytest.mark.parametrize("family", ["Bert", "GPT2", "Llama"])
def test_fused_attention_is_attention(family):
    for method in ("lrp", "lrp-routing", "gae", "rollout", "attnlrp"):
        fused = explainer(family, method, attention="sdpa")(TEXTS[1])
        plain = explainer(family, method, attention="eager")(TEXTS[1])
        # Llama takes the softmax in float32 if it is written out.
        assert torch.allclose(fused.relevance, plain.relevance.double(), atol=1e-6)


@pytest.mark.parametrize("family", ["Bert", "DistilBert", "Roberta", "GPT2", "Llama"])
def test_what_is_read_out(family):
    explain = explainer(family)
    batch = explain.network.collate([explain.subject(text) for text in TEXTS])
    share = explain.network.reading(batch)
    read = torch.zeros_like(share)
    last = batch.last if family in DECODERS else torch.zeros_like(batch.last)
    read[torch.arange(len(TEXTS)), last] = 1
    assert torch.allclose(share, read)


def test_attention_of_a_decoder_is_refused():
    with pytest.raises(ValueError, match="reads its output from a decoder"):
        explainer("T5", "rollout")(TEXTS[0])


def test_every_encoder_and_decoder_is_here():
    assert len(ENCODERS) + len(DECODERS) + len(BOTH) == 13
