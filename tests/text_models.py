"""Small random language models of many families, and a tokenizer for all of them."""

import pytest
import torch

transformers = pytest.importorskip("transformers")
tokenizers = pytest.importorskip("tokenizers")
transformers.logging.set_verbosity_error()

OWN = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (
    *("a", "the", "film", "was", "good", "bad", "not", "very", "funny", "dull", "gripping"),
    *("plot", "and", "but", "##ly", "##ing", "great", ","),
)
VOCABULARY = {word: number for number, word in enumerate((*OWN, *WORDS))}

TEXTS = ["a gripping, funny film", "the film was not very goodly and but dull", "great"]


def tokenizer(ends=True):
    """Words and their endings; `[CLS]` and `[SEP]` around them, or nothing."""
    inner = tokenizers.Tokenizer(tokenizers.models.WordPiece(VOCABULARY, unk_token="[UNK]"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    if ends:
        inner.post_processor = tokenizers.processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    names = ("pad", "unk", "cls", "sep", "mask")
    own = {f"{name}_token": token for name, token in zip(names, OWN, strict=True)}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, model_max_length=32, **own)


USUAL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
}
GROUPED = {**USUAL, "num_key_value_heads": 1, "head_dim": 8}
GPT = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
DISTIL = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2}
BART = {
    "d_model": 16,
    **{f"{side}_layers": 2 for side in ("encoder", "decoder")},
    **{f"{side}_attention_heads": 2 for side in ("encoder", "decoder")},
    **{f"{side}_ffn_dim": 24 for side in ("encoder", "decoder")},
    "max_position_embeddings": 40,
}
OPT = {**USUAL, "ffn_dim": 24, "word_embed_proj_dim": 16, "max_position_embeddings": 40}
DEBERTA = {
    **USUAL,
    "relative_attention": True,
    "pos_att_type": ["p2c", "c2p"],
    "position_buckets": 8,
    "max_position_embeddings": 40,
}

ENCODERS = {
    "Bert": USUAL,
    "DistilBert": DISTIL,
    "Roberta": {**USUAL, "max_position_embeddings": 40},
    "Electra": {**USUAL, "embedding_size": 8},
    "Albert": {**USUAL, "embedding_size": 8},
    "DebertaV2": DEBERTA,
}
DECODERS = {
    "GPT2": GPT,
    "OPT": OPT,
    "Llama": GROUPED,
    "Qwen2": GROUPED,
    "Mistral": GROUPED,
}
BOTH = {"T5": T5, "Bart": BART}
FAMILIES = {**ENCODERS, **DECODERS, **BOTH}


def random_text_model(family, task="SequenceClassification", attention=None, labels=3):
    """The model in float64, every parameter drawn, so that none is 0 or 1."""
    sizes = FAMILIES[family]
    own = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 2}
    if family not in BOTH:
        del own["decoder_start_token_id"]
    more = {} if attention is None else {"attn_implementation": attention}
    config = getattr(transformers, f"{family}Config")(
        vocab_size=len(VOCABULARY), num_labels=labels, **own, **sizes, **more
    )
    suffix = "LMHeadModel" if (family, task) == ("GPT2", "CausalLM") else f"For{task}"
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = getattr(transformers, family + suffix)(config).double().eval()
        for name, parameter in model.named_parameters():
            spread = 0.05 if name.endswith("bias") else 0.3
            torch.nn.init.normal_(
                parameter,
                mean=float("orm" in name and parameter.ndim == 1 and not name.endswith("bias")),
                std=spread,
            )
    return model
