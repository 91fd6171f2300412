"""A language model and its tokenizer from a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from molxai.text.card import CLASSIFIERS, NEXT_TOKEN, TextCard, text_card


def load_text_model(folder: Path) -> tuple[Any, Any]:
    """The model, in float32 if its file is coarser, and the tokenizer. Nothing is downloaded.

    Raises:
        FileNotFoundError: there is none, or no tokenizer.
        ValueError: it is a model of another kind, or lacks weights.
    """
    transformers = library()
    kind, _ = described(folder)
    is_next_token = kind.endswith(NEXT_TOKEN)
    family = "AutoModelForCausalLM" if is_next_token else "AutoModelForSequenceClassification"
    load = getattr(transformers, family).from_pretrained
    with _no_progress_bar():
        model, how = load(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    if how["missing_keys"]:
        raise ValueError(
            f"{str(folder)!r} lacks weights of its {kind}: {', '.join(sorted(how['missing_keys']))}"
        )
    if next(model.parameters()).dtype != torch.float64:
        model = model.float()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return model.eval(), tokenizer


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Transformers without its bars, which would stand between the lines of a command."""
    from transformers.utils import logging

    is_shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if is_shown:
            logging.enable_progress_bar()


def card_in(folder: Path) -> TextCard:
    """The card of a model, without its weights being read.

    Raises:
        FileNotFoundError, ValueError: as `load_text_model`.
    """
    kind, config = described(folder)
    return text_card(config, kind, folder=folder)


def library() -> Any:
    """The package transformers.

    Raises:
        ValueError: it is not installed.
    """
    try:
        return import_module("transformers")
    except ModuleNotFoundError as error:
        raise ValueError(
            "a language model needs transformers: pip install 'molxai[text]'"
        ) from error


def described(folder: Path) -> tuple[str, Any]:
    """The class and the configuration of the model in a folder.

    Raises:
        FileNotFoundError: there is none, or no tokenizer.
        ValueError: it is a model of another kind.
    """
    transformers = library()
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            f"no Hugging Face model in {str(folder)!r}: a folder with config.json, weights and a "
            "tokenizer is needed"
        )
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer_config.json")):
        raise FileNotFoundError(
            f"no tokenizer in {str(folder)!r}: save the model's own there (save_pretrained)"
        )
    config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
    (kind, *_) = config.architectures or ("no architecture",)
    if not kind.endswith(CLASSIFIERS + NEXT_TOKEN):
        raise ValueError(
            f"{str(folder)!r} holds a {kind}: a model of sequence classification or of the next "
            "token is needed"
        )
    return str(kind), config
