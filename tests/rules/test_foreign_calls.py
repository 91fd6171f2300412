"""How a foreign model is called: its ids stay ids, and nothing that the caller gave is changed."""

import copy

import pytest
import torch
from foreign_cases import DOUBLE, SIZES, case, randomised, transformers
from torch import nn

from molxai.rules import Rule, Rules
from molxai.rules.call import Call
from molxai.rules.conserve import conserve
from molxai.rules.embeddings import ids_of
from molxai.rules.recipes import EVERY, FAMILIES, PRECISION

RIGHT = torch.tensor([[1, 5, 6, 7, 8, 2], [1, 9, 4, 2, 0, 0]])
LEFT = torch.tensor([[1, 5, 6, 7, 8, 2], [0, 0, 1, 9, 4, 2]])
SPECIAL = {"vocab_size": 11, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
GPT = {"n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 12}
SMALL = {
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 12,
}
PLACES = {"max_position_embeddings": 12}
GROUPED = {**SIZES, "num_key_value_heads": 1}

LONG = {**SIZES, "attention_window": 4, "max_position_embeddings": 20}

DECODERS = {
    "GPT2": {**GPT, "num_labels": 3},
    "Llama": GROUPED,
    "OPT": {
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "ffn_dim": 12,
        "word_embed_proj_dim": 8,
        "num_labels": 3,
        **PLACES,
    },
    "Qwen2": GROUPED,
    "Gemma": {**GROUPED, "head_dim": 4},
    "Mistral": GROUPED,
    "ModernBertDecoder": SIZES,
}
"""Families whose classifiers read the last token that is not padding, with their sizes."""

ENCODERS = {
    "Roberta": {**SIZES, **PLACES},
    "XLMRoberta": {**SIZES, **PLACES},
    "Esm": {**SIZES, **PLACES, "mask_token_id": 3, "position_embedding_type": "absolute"},
}
"""Families that count positions from the first token that is not padding."""

POSITIONS = Rule(
    "positions",
    {
        torch.nn.functional.embedding: lambda func, ids, table, *more, **named: func(
            ids, table, **{**named, "padding_idx": None}
        )
    },
)
"""A table's row for padding is something added like every other row."""


def built(family, head, sizes, attention="sdpa"):
    """A small random model of a family of transformers."""
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(
        attn_implementation=attention, **{**SPECIAL, **sizes}
    )
    return randomised(getattr(transformers, f"{family}{head}")(config)).requires_grad_(False)


def said(model, **inputs):
    """The logits of class 1, with casts of float64 left out as the rules do."""
    with Rules((PRECISION,)):
        table = model.get_input_embeddings()
        hook = table.register_forward_hook(lambda module, args, out: out.requires_grad_())
        try:
            return model(**inputs).logits[:, 1].detach()
        finally:
            hook.remove()


@pytest.mark.parametrize("family", DECODERS)
@pytest.mark.parametrize("ids", [RIGHT, LEFT], ids=["right", "left"])
def test_the_explained_logit_is_that_of_the_ids(family, ids):
    model = built(family, "ForSequenceClassification", DECODERS[family])
    given = {"input_ids": ids, "attention_mask": (ids != 0).long()}
    account = conserve(model, at=model.get_input_embeddings(), target=1, **given)
    assert torch.allclose(account.logits, said(model, **given), rtol=1e-12, atol=1e-13)
    assert account.tokens.shape == ids.shape and abs(account.gap) < 1e-12
    assert not account.relevance[ids == 0].any() and account.relevance[ids != 0].any()


@pytest.mark.parametrize("family", ENCODERS)
@pytest.mark.parametrize("ids", [RIGHT, LEFT], ids=["right", "left"])
def test_positions_are_counted_from_ids(family, ids):
    model = built(family, "ForSequenceClassification", ENCODERS[family])
    given = {"input_ids": ids, "attention_mask": (ids != 0).long()}
    rules = (*EVERY, POSITIONS)
    account = conserve(model, at=model.get_input_embeddings(), target=1, rules=rules, **given)
    assert torch.allclose(account.logits, model(**given).logits[:, 1], rtol=1e-12, atol=1e-13)
    assert abs(account.gap) < 1e-12


@pytest.mark.parametrize("family, ids", [*((name, RIGHT) for name in DECODERS), ("Esm", LEFT)])
def test_embeddings_with_which_the_model_says_something_else_are_refused(family, ids):
    sizes = {**DECODERS, **ENCODERS}[family]
    model = built(family, "ForSequenceClassification", sizes)
    with pytest.raises(
        ValueError, match=r"with inputs_embeds and .* with the input_ids .* conserve\(model, at="
    ):
        conserve(
            model,
            model.get_input_embeddings()(ids),
            argument="inputs_embeds",
            attention_mask=(ids != 0).long(),
            target=1,
        )


@pytest.mark.parametrize("ids", [RIGHT, LEFT[1:, 2:]], ids=["padded", "alone"])
def test_embeddings_with_which_it_says_the_same_are_not(ids):
    model = case("BERT sdpa")[1]
    table = model.get_input_embeddings()
    given = {"attention_mask": (ids != 0).long(), "target": 1}
    of_ids = conserve(model, at=table, input_ids=ids, **given)
    of_embeddings = conserve(model, table(ids), argument="inputs_embeds", **given)
    assert torch.allclose(of_ids.relevance, of_embeddings.relevance, atol=1e-15)
    assert of_ids.ledger == pytest.approx(of_embeddings.ledger, abs=1e-15)


def test_embeddings_of_a_table_that_is_never_called():
    """T5 names one that only holds the weight of both halves."""
    model = built("T5", "ForConditionalGeneration", SEQUENCES["T5"])
    given = {
        "decoder_input_ids": torch.tensor([[1, 3, 4]]),
        "target": lambda out: out.logits[0, -1, 3],
    }
    table = model.get_encoder().get_input_embeddings()
    of_ids = conserve(model, at=table, input_ids=RIGHT[:1], **given)
    embeddings = model.get_input_embeddings()(RIGHT[:1])
    of_embeddings = conserve(model, embeddings, argument="inputs_embeds", **given)
    assert torch.allclose(of_ids.relevance, of_embeddings.relevance, atol=1e-12)


class Named(nn.Module):
    """A model of embeddings that names a table, or that none was named for."""

    def __init__(self, table):
        super().__init__()
        self.table, self.head = table, nn.Linear(4, 1)

    def get_input_embeddings(self):
        if self.table is None:
            raise NotImplementedError
        return self.table

    def forward(self, input_ids=None, inputs_embeds=None):
        return self.head(inputs_embeds.sum(1))


class Idless(Named):
    """One that takes no ids."""

    def forward(self, inputs_embeds):
        return self.head(inputs_embeds.sum(1))


@pytest.mark.parametrize(
    "model",
    [Named(None), Named(nn.Linear(4, 4)), Idless(nn.Embedding(5, 4))],
    ids=["none", "no table", "no ids"],
)
def test_models_without_ids_are_not_asked_for_them(model):
    x = torch.randn(2, 3, 4)
    if isinstance(model, Idless):
        x = model.table(torch.tensor([[1, 2, 3]])).detach()
    assert conserve(model.eval(), x, argument="inputs_embeds").adds_up


def test_ids_are_read_off_embeddings():
    table = nn.Embedding(9, 6, padding_idx=2)
    with torch.no_grad():
        table.weight[5] = table.weight[2]
        table.weight[7, :4] = table.weight[8, :4]
    ids = torch.tensor([[8, 2, 0, 5], [7, 7, 1, 3]])
    assert ids_of(table, table(ids)).tolist() == [[8, 2, 0, 2], [7, 7, 1, 3]]
    assert ids_of(table, table(ids) + 1e-3) is None
    assert ids_of(table, torch.randn(1, 2, 5)) is None


def test_text_towers_without_embeddings_as_an_input():
    text = {**SMALL, **PLACES}
    ids = RIGHT[:1]
    for family in ("CLIP", "Siglip"):
        torch.manual_seed(0)
        config = getattr(transformers, f"{family}TextConfig")(**{**SPECIAL, **text})
        model = randomised(getattr(transformers, f"{family}TextModel")(config))
        account = conserve(
            model,
            at=model.get_input_embeddings(),
            input_ids=ids,
            target=lambda out: out.pooler_output[0, 3],
        )
        assert float(account.logits) == pytest.approx(model(ids).pooler_output[0, 3].item())
        assert account.tokens.shape == (1, 6) and abs(account.gap) < 1e-12


NOT_A_NUMBER = {
    "Mistral": ("Llama", GROUPED, r"^the output is \[\S+, nan\]: .* look at the model"),
    "Longformer": ("BERT", LONG, "^the output is .*, but the relevance of x, .* is not finite: "),
}


@pytest.mark.parametrize("family", NOT_A_NUMBER)
def test_masks_that_overflow_are_named(family):
    """Hugging Face's masks in eager float64 are −∞ in its float32 softmax; so is the remedy."""
    like, sizes, message = NOT_A_NUMBER[family]
    model = built(family, "ForSequenceClassification", sizes, "eager")
    given = {"input_ids": LEFT, "attention_mask": (LEFT != 0).long(), "target": 1}
    table, rules = model.get_input_embeddings(), (*FAMILIES[like], POSITIONS)
    with pytest.raises(ValueError, match=message + r".*attn_implementation='sdpa', or float32$"):
        conserve(model, at=table, rules=rules, **given)
    account = conserve(model.float(), at=table, rules=rules, **given)
    assert account.adds_up


def test_longformer_as_documented():
    model = built("Longformer", "ForSequenceClassification", LONG, "eager")
    rules = FAMILIES["BERT"]
    table = model.get_input_embeddings()
    account = conserve(model, at=table, input_ids=RIGHT[:1], target=1, rules=rules)
    assert torch.allclose(account.logits, model(RIGHT[:1]).logits[:, 1], rtol=1e-12)
    assert abs(account.gap) < 1e-12


SEQUENCES = {
    "T5": {"d_model": 8, "d_kv": 4, "num_layers": 2, "num_heads": 2, "d_ff": 12},
    "Bart": {
        "d_model": 8,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 12,
        "decoder_ffn_dim": 12,
        **PLACES,
    },
}


def halves(family):
    """A model, the accounts of its encoder's and its decoder's tokens, and all ids."""
    model = built(family, "ForConditionalGeneration", SEQUENCES[family])
    ids = {"input_ids": RIGHT[:1], "decoder_input_ids": torch.tensor([[1, 3, 4]])}
    accounts = [
        conserve(
            model,
            at=half.get_input_embeddings(),
            target=lambda out: out.logits[0, -1, 3],
            **ids,
        )
        for half in (model.get_encoder(), model.get_decoder())
    ]
    return model, *accounts, ids


@pytest.mark.parametrize(
    ("family", "name"), [("Bart", "model.shared.weight"), ("T5", "shared.weight")]
)
def test_encoder_and_decoder_share_a_table(family, name):
    """The tokens of the one are x, those of the other a part under the table's name.

    T5 multiplies what it computed of the others by a weight that stands first.
    """
    _, encoder, decoder, ids = halves(family)
    for account, other, row in (
        (encoder, decoder, ids["decoder_input_ids"][0]),
        (decoder, encoder, ids["input_ids"][0]),
    ):
        table = account.parts[name].sum(1)
        # T5 casts what x is not.
        assert torch.allclose(table[row], other.tokens[0], rtol=1e-5, atol=1e-15)
        assert float(table.sum()) == pytest.approx(float(other.relevance.sum()), rel=1e-5)


@pytest.mark.parametrize("family", SEQUENCES)
def test_each_half_closes_and_the_table_of_both_is_none(family):
    model, encoder, decoder, ids = halves(family)
    assert encoder.tokens.shape == (1, 6) and decoder.tokens.shape == (1, 3)
    assert torch.allclose(encoder.logits, decoder.logits, rtol=1e-6)  # casts of what x is not
    with pytest.raises(
        ValueError, match=r"not called: model\.\S+, model\.\S+ hold the same weight"
    ):
        shared = model.get_input_embeddings()
        conserve(model, at=shared, target=lambda out: out.logits[0, 0, 0], **ids)


class Twice(nn.Module):
    """A model that calls one table for its ids twice, and once for others."""

    def __init__(self):
        super().__init__()
        self.table, self.head, self.unused = nn.Embedding(7, 4), nn.Linear(4, 1), nn.Linear(4, 4)

    def forward(self, ids, others=None):
        h = self.table(ids).mul_(2) + self.table(ids)
        return self.head(h.sum(1) if others is None else h.sum(1) + self.table(others).sum(1))


def test_calls_of_one_module():
    torch.manual_seed(0)
    model = randomised(Twice())
    ids, others = torch.tensor([[3, 5]]), torch.tensor([[4, 4]])
    alone = conserve(model, ids, at=model.table)
    by_hand = 3 * model.table(ids) * model.head.weight[0]
    assert torch.allclose(alone.relevance, by_hand, atol=1e-15) and set(alone.ledger) == {
        "head.bias"
    }
    both = conserve(model, ids, at=model.table, others=others)
    assert torch.equal(both.relevance, alone.relevance)
    assert set(both.ledger) == {"head.bias", "table.weight"}
    assert both.parts["table.weight"].nonzero()[:, 0].unique().tolist() == [4]
    assert not any(module._forward_hooks for module in model.modules())
    inner = conserve(model, argument="ids", x=ids, at=model.table)
    assert torch.equal(inner.relevance, alone.relevance)
    called = conserve(model, at=model.table, call=lambda model, names: model(names), names=ids)
    assert torch.equal(called.relevance, alone.relevance)


def test_a_layer_inside_is_a_place_for_x():
    _, model, x, inputs, _ = case("ViT eager")
    account = conserve(model, x, at=model.vit.embeddings, target=[2, 1], **inputs)
    assert account.tokens.shape == (2, 5) and abs(account.gap) < 1e-12
    assert not any("embeddings" in name for name in account.ledger)


def test_what_at_cannot_be_is_named():
    model, ids = randomised(Twice()), torch.tensor([[3, 5]])
    for wrong, message in (
        ({"at": model.unused}, "^at, a Linear, is not called: pass a module that Twice calls"),
        ({"at": None}, r"^x holds torch.int64: floats are needed.*at=model.get_input_embeddings"),
        ({"at": model.table, "argument": "ids", "x": None}, "^argument='ids' without x"),
    ):
        with pytest.raises(ValueError, match=message):
            conserve(model, **{"x": ids, **wrong})
    with pytest.raises(ValueError, match="^at is a str: one of the model's modules is needed"):
        Call(model, ids, {}, at="table")
    with pytest.raises(ValueError, match="^there is no x: pass it second, or at="):
        conserve(model)
    pair = nn.Sequential(nn.LSTM(4, 4), nn.Flatten()).double().eval()
    with pytest.raises(ValueError, match="^at, a LSTM, gives a tuple: a module that gives one"):
        conserve(pair, torch.randn(1, 2, 4, dtype=DOUBLE), at=pair[0])
    assert not any(module._forward_hooks for module in (*model.modules(), *pair.modules()))


CACHED = {"GPT2": ("LMHeadModel", GPT), "Llama": ("ForCausalLM", {**GROUPED, "head_dim": 4})}


@pytest.mark.parametrize("family", CACHED)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.filterwarnings("ignore:.*past_key_values:FutureWarning")
def test_a_cache_is_read_and_does_not_grow(family, attention):
    """What earlier tokens add to the values is a part of the cache's; what follows is the same."""
    head, sizes = CACHED[family]
    model = built(family, head, sizes, attention)
    ids = RIGHT[:1]
    cache = model(ids[:, :4], use_cache=True).past_key_values
    before = copy.deepcopy(cache)
    account = conserve(
        model,
        at=model.get_input_embeddings(),
        input_ids=ids[:, 4:],
        past_key_values=cache,
        target=lambda out: out.logits[0, -1, 3],
    )
    assert cache.get_seq_length() == 4
    for now, then in zip(cache.layers, before.layers, strict=True):
        assert torch.equal(now.keys, then.keys) and torch.equal(now.values, then.values)
    whole = model(ids).logits[0, -1, 3].item()
    assert account.logit == pytest.approx(whole, abs=1e-6)
    assert abs(account.gap) < 1e-12
    held = {name for name in account.ledger if name.startswith("past_key_values")}
    assert held == {"past_key_values[1] (input)", "past_key_values[3] (input)"}  # values, not keys


class Greedy(nn.Module):
    """A model that changes all that it is given."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 1)

    def forward(self, x, mask, notes, shift):
        x.mul_(2)
        x = x.masked_fill(mask.logical_not_().unsqueeze(-1), 0.0)
        notes["seen"].append(len(notes["seen"]))
        return self.head(x + notes["shift"].mul_(1 + len(notes["seen"])) + shift.add_(1)).sum(1)


def test_what_the_caller_gave_is_not_changed():
    torch.manual_seed(0)
    model, x = randomised(Greedy()), torch.randn(2, 3, 4, dtype=DOUBLE)
    inputs = {
        "mask": torch.tensor([[False, False, True]] * 2),
        "notes": {"seen": [7], "shift": torch.rand(4, dtype=DOUBLE, requires_grad=True) * 2},
        "shift": torch.rand(4, dtype=DOUBLE),
    }
    shift = inputs["notes"]["shift"].detach().clone()
    given = x.clone(), inputs["mask"].clone(), inputs["shift"].clone()
    account = conserve(model, x, **inputs)
    assert all(map(torch.equal, given, (x, inputs["mask"], inputs["shift"])))
    assert inputs["notes"]["seen"] == [7] and torch.equal(inputs["notes"]["shift"], shift)
    assert abs(account.gap) < 1e-12
    assert set(account.ledger) == {"head.bias", "notes[0] (input)", "shift (input)", "numbers"}
    own = 3 * shift * model.head.weight[0] * 3 * 2  # three positions, twice, times 1 + 2
    assert torch.allclose(account.parts["notes[0] (input)"], own, rtol=1e-12)


def test_what_can_be_read_only_once_is_named():
    model, x = nn.Linear(4, 1).eval(), torch.randn(2, 4)
    with pytest.raises(ValueError, match="^the input steps is a generator, which cannot be copied"):
        conserve(model, x, call=lambda model, x, steps: model(x), steps=(i for i in range(3)))


def test_modules_among_the_inputs_are_the_models_own():
    model, x = nn.Linear(4, 1).eval(), torch.randn(2, 4)
    account = conserve(model, x, call=lambda model, x, layer: layer(x), layer=model)
    assert set(account.ledger) == {"bias"}


def test_a_call_is_checked_when_it_is_made():
    with pytest.raises(ValueError, match="the model is a NoneType: a torch.nn.Module is needed"):
        Call(None, torch.ones(1), {})
