"""Small models with random weights of every type that transformers has, and inputs for them."""

import importlib.util
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

SIZES: Mapping[str, Any] = {
    "hidden_size": 16,
    "d_model": 16,
    "n_embd": 16,
    "embed_dim": 16,
    "dim": 16,
    "emb_dim": 16,
    "embedding_size": 16,
    "word_embed_proj_dim": 16,
    "projection_dim": 16,
    "d_embed": 16,
    "d_kv": 8,
    "d_head": 8,
    "head_dim": 8,
    "kv_channels": 8,
    "global_head_dim": 8,
    "attention_head_size": 8,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 8,
    "v_head_dim": 8,
    "q_lora_rank": 8,
    "kv_lora_rank": 8,
    "rotary_dim": 4,
    "num_hidden_layers": 2,
    "num_layers": 2,
    "n_layer": 2,
    "n_layers": 2,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "num_encoder_layers": 2,
    "num_decoder_layers": 2,
    "num_attention_heads": 2,
    "num_heads": 2,
    "n_head": 2,
    "n_heads": 2,
    "num_key_value_heads": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "num_kv_heads": 2,
    "intermediate_size": 24,
    "moe_intermediate_size": 8,
    "shared_expert_intermediate_size": 8,
    "ffn_dim": 24,
    "d_ff": 24,
    "d_inner": 24,
    "n_inner": 24,
    "hidden_dim": 24,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "moe_num_experts": 4,
    "num_experts_per_tok": 2,
    "n_group": 1,
    "topk_group": 1,
    "vocab_size": 32,
    "max_position_embeddings": 32,
    "n_positions": 32,
    "max_seq_len": 32,
    "type_vocab_size": 2,
    "image_size": 16,
    "patch_size": 4,
    "num_channels": 3,
    "state_size": 4,
    "time_step_rank": 4,
    "mamba_d_state": 4,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "num_labels": 3,
    "relative_attention_num_buckets": 8,
    "conv_dim": 16,
    "sliding_window": 4,
}
"""Small values of what configurations call their sizes, each set where a configuration has it."""

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "beit": {"num_hidden_layers": 4, "out_indices": [1, 2, 3, 4]},
    "convnext": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "convnextv2": {"hidden_sizes": [8, 16], "depths": [1, 1], "num_stages": 2},
    "cvt": {"embed_dim": [8, 8, 16], "num_heads": [1, 1, 2], "depth": [1, 1, 1]},
    "data2vec-vision": {"num_hidden_layers": 4, "out_indices": [1, 2, 3, 4]},
    "dinat": {"embed_dim": 8, "depths": [1, 1], "num_heads": [2, 2]},
    "focalnet": {"embed_dim": 8, "depths": [1, 1], "focal_levels": [1, 1], "focal_windows": [3, 3]},
    "llama": {"tie_word_embeddings": False},
    "mobilenet_v1": {"depth_multiplier": 0.25, "image_size": 32},
    "mobilenet_v2": {"depth_multiplier": 0.25, "image_size": 32},
    "poolformer": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1], "image_size": 32},
    "pvt": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1], "image_size": 32},
    "pvt_v2": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1], "image_size": 32},
    "regnet": {"hidden_sizes": [8, 16], "depths": [1, 1], "groups_width": 4, "embedding_size": 8},
    "resnet": {"hidden_sizes": [8, 16], "depths": [1, 1], "embedding_size": 8},
    "segformer": {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1], "image_size": 32},
    "swin": {"embed_dim": 8, "depths": [2, 2], "num_heads": [2, 2], "window_size": 2},
    "swinv2": {"embed_dim": 8, "depths": [2, 2], "num_heads": [2, 2], "window_size": 2},
    "van": {"hidden_sizes": [8, 8], "depths": [1, 1], "patch_sizes": [3, 3], "strides": [2, 2]},
}
"""Sizes of families whose configurations hold lists, by type of model."""

PAIRS = "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES"
"""The table of models with an encoder and a decoder, which explain their next token."""

HEADS = (
    "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES",
    "MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_MASKED_LM_MAPPING_NAMES",
    "MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING_NAMES",
    "MODEL_MAPPING_NAMES",
)
"""Tables of transformers with the classes of each type of model; the first that has it counts."""

LARGEST = 6_000_000
"""Largest number of parameters: a configuration with more has sizes of a name not in `SIZES`."""

TOKENS = 5
"""Length of the sentences."""


@dataclass(frozen=True)
class Case:
    """A model, and how it is called with x."""

    model: nn.Module
    x: Tensor
    argument: str
    inputs: Mapping[str, Any]

    def run(self, x: Tensor) -> Tensor:
        """The number to explain."""
        return self.target(self.model(**{self.argument: x}, **self.inputs))

    def target(self, output: Any) -> Tensor:
        """One number of the output: of the last position where there are positions."""
        values = getattr(output, "logits", None)
        if values is None:
            values = getattr(output, "last_hidden_state", None)
        if values is None:
            values = next(one for one in output.values() if isinstance(one, Tensor))
        while values.ndim > 1:
            values = values[0] if values.ndim != 2 or len(values) == 1 else values[-1]
        return values[1]


def model_types() -> tuple[str, ...]:
    """The types of model that transformers knows.

    Raises:
        ValueError: it is not installed.
    """
    if importlib.util.find_spec("transformers") is None:
        raise ValueError("the families need transformers: pip install transformers")
    known = importlib.import_module("transformers.models.auto.configuration_auto")
    return tuple(sorted(known.CONFIG_MAPPING_NAMES))


def case_of(name: str) -> Case:
    """A small random model of a type, and an input for it.

    Raises:
        ValueError: there is no such model, it is large, or it takes no input that is known here.
    """
    config = _config(name)
    kind = _kind(name)
    with torch.device("meta"):
        count = sum(weight.numel() for weight in kind(config).parameters())
    if count > LARGEST:
        raise ValueError(f"{count} parameters: a row in CHANGES is needed")
    torch.manual_seed(0)
    model = kind(_config(name)).double().eval().requires_grad_(False)
    for weight in model.parameters():
        _enliven(weight)
    return _called(model, config)


def _enliven(weight: Tensor) -> None:
    """Give a weight numbers that pass signals on: those of a new model fade in deep networks."""
    weight.add_(0.1 * torch.randn_like(weight))
    if weight.ndim > 1:
        inputs = weight.numel() / len(weight)
        weight.div_(weight.std().clamp_min(1e-9) * inputs**0.5)


def _config(name: str) -> Any:
    """The type's configuration in small, and the configurations in it."""
    from transformers import AutoConfig

    if name not in model_types():
        raise ValueError(f"transformers has no type of model named {name}")
    usual = AutoConfig.for_model(name)
    kept = {key: value for key, value in SIZES.items() if _has_number(usual, key)}
    small = type(usual)(**{**kept, **_inner(usual), **CHANGES.get(name, {})})
    small._attn_implementation = "eager"
    small._experts_implementation = "eager"
    return small


def _has_number(config: Any, key: str) -> bool:
    """Whether a configuration has this size, as a number or not set."""
    if key in ("num_labels", "pad_token_id", "bos_token_id", "eos_token_id"):
        return True
    value = getattr(config, key, "")
    return value is None or isinstance(value, int | float)


def _inner(config: Any) -> dict[str, Any]:
    """The configurations in a configuration, in small."""
    small = {}
    for key in getattr(config, "sub_configs", {}):
        inner = getattr(config, key, None)
        if inner is not None:
            small[key] = {size: value for size, value in SIZES.items() if _has_number(inner, size)}
    return small


def _kind(name: str) -> Callable[[Any], nn.Module]:
    """The class of the type's model with the first head that it has."""
    import transformers

    tables = importlib.import_module("transformers.models.auto.modeling_auto")
    for head in (PAIRS, *HEADS):
        found = getattr(tables, head, {}).get(name)
        if found:
            found = found if isinstance(found, str) else found[0]
            return getattr(transformers, found)
    raise ValueError("no table of transformers has a class for it")


def _called(model: nn.Module, config: Any) -> Case:
    """The model with a sentence's embeddings, a picture, or a sound."""
    names = inspect.signature(model.forward).parameters
    if "pixel_values" in names and "inputs_embeds" not in names:
        size = getattr(config, "image_size", 16)
        sides = (size, size) if isinstance(size, int) else tuple(size)
        channels = getattr(config, "num_channels", 3)
        x = torch.randn(1, channels, *sides, dtype=torch.float64)
        return Case(model, x, "pixel_values", {})
    for sound in ("input_values", "input_features"):
        if sound in names:
            return Case(model, _sound(config, sound), sound, {})
    if "inputs_embeds" not in names:
        known = ", ".join(list(names)[:4])
        raise ValueError(f"it takes {known}: embeddings, pictures or sounds are needed")
    embeddings: Any = model.get_input_embeddings()  # type: ignore[operator]
    ids = torch.arange(3, 3 + TOKENS)[None]
    with torch.no_grad():
        x = embeddings(ids).double()
    inputs: dict[str, Any] = {}
    if "attention_mask" in names:
        inputs["attention_mask"] = torch.ones_like(ids)
    if "use_cache" in names:
        inputs["use_cache"] = False
    if getattr(config, "is_encoder_decoder", False):
        inputs["decoder_input_ids"] = torch.tensor([[0, 5, 6]])
    return Case(model, x, "inputs_embeds", inputs)


def _sound(config: Any, argument: str) -> Tensor:
    """A short sound: a wave, or a spectrum."""
    if argument == "input_values":
        return torch.randn(1, 1200, dtype=torch.float64)
    bands = getattr(config, "num_mel_bins", getattr(config, "feature_projection_input_dim", 80))
    return torch.randn(1, 2 * TOKENS, bands, dtype=torch.float64)
