"""What a language model is, as its configuration says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from graphormer.files import digest

CLASSIFIERS = ("ForSequenceClassification",)
"""How the names of models that classify a text end."""

NEXT_TOKEN = ("ForCausalLM", "LMHeadModel")
"""How the names of models that predict the next token end."""


@dataclass(frozen=True)
class Task:
    """What the model's outputs are."""

    task: Literal["binary", "multiclass", "regression"]
    outputs: int


def task_of(config: Any, kind: str) -> Task:
    """What a model's outputs are.

    Args:
        config: the model's, of Hugging Face.
        kind: the model's class.
    """
    if kind.endswith(NEXT_TOKEN):
        return Task("multiclass", config.get_text_config().vocab_size)
    if config.problem_type == "multi_label_classification":
        return Task("binary", config.num_labels)
    if config.num_labels == 1 or config.problem_type == "regression":
        return Task("regression", config.num_labels)
    return Task("multiclass", config.num_labels)


class Vocabulary(Sequence[str]):
    """The tokens of a vocabulary by their numbers: as texts, or without a tokenizer as numbers."""

    def __init__(self, tokenizer: Any, size: int) -> None:
        self.tokenizer = tokenizer
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, number: Any) -> Any:
        if number >= self.size:
            raise IndexError(f"token {number} of a vocabulary of {self.size}")
        return self.tokenizer.decode([number]) if self.tokenizer else str(number)


@dataclass(frozen=True)
class TextCard:
    """The card of a language model; of its training nothing is known."""

    name: str
    """Its folder, else its class."""
    config: Task
    vocabulary: str
    """The kind of model, and how many tokens there are."""
    targets: tuple[str, ...]
    """Name of each output column (binary, regression), or of the one quantity that is classified
    (multiclass)."""
    classes: Sequence[str]
    """Name of each class, or each token; empty for a regression."""
    unit: str = "logit"
    weights: tuple[Path, ...] = ()
    """Files of the weights; none if the model was given in memory."""
    members: int = 1
    kernel: int = 0
    training: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    tuning: Mapping[str, Any] = field(default_factory=dict)
    date: str = ""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The targets if there are several, of which one is explained at a time; else none."""
        return self.targets if self.config.task != "multiclass" and len(self.targets) > 1 else ()

    @cached_property
    def weights_sha256(self) -> str:
        """Checksums of the files of the weights."""
        return " ".join(digest(path) for path in self.weights)


def text_card(
    config: Any, kind: str, tokenizer: Any = None, folder: Path | None = None
) -> TextCard:
    """The card of a model.

    Args:
        config: the model's, of Hugging Face.
        kind: the model's class.
        tokenizer: names the next tokens.
        folder: where the model lies; None: in memory.
    """
    task = task_of(config, kind)
    labels = tuple(config.id2label[number] for number in sorted(config.id2label))
    is_next_token = kind.endswith(NEXT_TOKEN)
    classes: Sequence[str] = ()
    if task.task == "binary":
        classes = ("no", "yes")
    elif task.task == "multiclass":
        classes = Vocabulary(tokenizer, task.outputs) if is_next_token else labels
    quantity = ("next token",) if is_next_token else ("class",)
    return TextCard(
        name=folder.resolve().name if folder else Path(str(config.name_or_path)).name or kind,
        config=task,
        vocabulary=f"{config.model_type}, {config.get_text_config().vocab_size} tokens",
        targets=quantity if task.task == "multiclass" else labels,
        classes=classes,
        unit="value" if task.task == "regression" else "logit",
        weights=tuple(sorted(folder.glob("*.safetensors"))) if folder else (),
    )
