"""The front door for texts: a language model and a method."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, overload

import torch
from jaxtyping import Float
from torch import Tensor

from graphormer.graphs.graph import size_batches
from graphormer.names import unknown
from molxai.explanation.base_explainer import ERRORS, BaseExplainer
from molxai.explanation.classes import Class, Classes, endpoint_column
from molxai.explanation.entry import Input
from molxai.explanation.explainer import chosen_device
from molxai.explanation.explanation import Explanation
from molxai.explanation.explanations import Explanations
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods import method as method_of
from molxai.explanation.methods.attention import Attention, GradientAttention
from molxai.explanation.network import batch_of
from molxai.explanation.sentence import Sentence
from molxai.explanation.target import Target
from molxai.text.batch import Sentences
from molxai.text.card import text_card
from molxai.text.loading import load_text_model
from molxai.text.network import TextNetwork
from molxai.text.reading import most_tokens, replacement_of, sentence

BATCH_SIZE = 16
"""Sentences explained at once."""


class TextExplainer(BaseExplainer):
    """Explains what a language model says of a text.

    Example:
        explainer = TextExplainer("my-folder")            # or TextExplainer(model, tokenizer)
        explanation = explainer("a gripping, funny film", target="positive")
        explanation.subject.words, explanation.adds_up
    """

    PASS_COST: ClassVar[int] = 16

    network: TextNetwork

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        method: str | Method = "lrp",
        batch_size: int = BATCH_SIZE,
        device: str = "auto",
        endpoint: str = "",
        special_tokens: bool = False,
    ) -> None:
        """Take a model, or read one from a folder.

        Args:
            model: a Hugging Face model of sequence classification or of the next token, in
                evaluation mode; or a folder with one and its tokenizer. Nothing is downloaded.
            tokenizer: the model's own; needed unless the model is a folder.
            method: an id of `EXPLAINERS`, or a method with a name.
            batch_size: sentences explained at once; results do not depend on it.
            device: auto, cpu or cuda: where a model from a folder runs. A model in memory stays
                where it is.
            endpoint: which label or value to explain, of a model that gives several at once.
            special_tokens: whether the tokenizer's own tokens, like `[CLS]`, are nodes as well.
                Otherwise their relevance is one number, `explanation.token`.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: there is no such method, device or endpoint, or the tokenizer is missing.
        """
        method_of(method)  # an unknown one is refused before a model is read
        folder = Path(model) if isinstance(model, str | Path) else None
        if folder:
            model, tokenizer = load_text_model(folder)
            model.to(chosen_device(device))
        if tokenizer is None:
            raise ValueError("a model without its tokenizer: TextExplainer(model, tokenizer)")
        self.tokenizer = tokenizer
        self.special_tokens = special_tokens
        self.network = TextNetwork(model, replacement_of(tokenizer))
        self.card = text_card(model.config, type(model).__name__, tokenizer, folder)
        self.method = method_of(method, card=self.card)
        self.batch_size = 1 if self.network.padding is None else batch_size
        self.column = endpoint_column(self.card, endpoint)
        self.has_endpoint = bool(endpoint) or not self.card.endpoints

    def __repr__(self) -> str:
        return f"TextExplainer({self.card.name!r}, method={self.method.name!r})"

    @property
    def reads(self) -> str:
        """What the model takes."""
        return "texts"

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the outputs; empty for a next token."""
        if self.network.is_next_token:
            return ()
        return tuple(self.card.classes if self.is_multiclass else self.card.targets)

    @property
    def methods(self) -> list[str]:
        """Ids of the methods that the model can be asked for: of attention only if it is read."""
        ids = super().methods
        if not self.network.model.config.is_encoder_decoder:
            return ids
        return [id for id in ids if not isinstance(EXPLAINERS[id], Attention | GradientAttention)]

    def with_method(
        self, method: str | Method, endpoint: str | None = None, structure: str | None = None
    ) -> "TextExplainer":
        explainer = super().with_method(method, endpoint, structure)
        explainer.has_endpoint = self.has_endpoint or endpoint is not None
        return explainer

    @property
    def is_multiclass(self) -> bool:
        return self.card.config.task == "multiclass"

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, source: str, target: Class = ..., contrast: Class | None = ..., *, errors: str = ...
    ) -> Explanation: ...
    @overload
    def __call__(
        self,
        source: Iterable[str],
        target: Class = ...,
        contrast: Class | None = ...,
        *,
        errors: str = ...,
    ) -> Explanations[Explanation]: ...
    def __call__(
        self, source: Any, target: Any = "pred", contrast: Any = None, *, errors: str = "raise"
    ) -> Any:
        """The `Explanation` of one text, or the `Explanations` of many, in order.

        Args:
            source: a text, or several.
            target: `pred` for what is predicted, or a class by name or number. Of a next token: a
                text of one token, or its number.
            contrast: explain how much the target's logit exceeds this one's.
            errors: `raise` stops at texts that cannot be explained; `record` puts a `Refused`, with
                the reason, in the place of each.

        Raises:
            ValueError: a text has no tokens, or there is no such class or token.
        """
        if errors not in ERRORS:
            raise ValueError(unknown("choice of errors", str(errors), ERRORS))
        chosen = self.target(target, contrast)
        if source is None or isinstance(source, bytes | int | float | Mapping):
            raise ValueError(f"a text or several are needed, not a {type(source).__name__}")
        if isinstance(source, str | Sentence | Input):
            if errors == "record":
                return self.explain_sources([(source, "")], chosen, errors)[0]
            return self.explain([self.subject(source)], [chosen])[0]
        return self.explain_sources([(text, "") for text in source], chosen, errors)

    def subject(self, source: Any, id: str = "") -> Sentence:
        """The text in tokens.

        Raises:
            ValueError: it has none, or is no text.
        """
        if isinstance(source, Sentence):
            return source
        if isinstance(source, Input):
            if source.error:
                raise ValueError(source.error)
            return self.subject(source.subject, source.id)
        return sentence(source, self.tokenizer, self.most, id, self.special_tokens)

    @cached_property
    def most(self) -> int:
        """Tokens of the longest text; what is beyond is cut."""
        return most_tokens(self.tokenizer, self.network.model)

    def target(self, name: Class, contrast: Class | None = None) -> Target | None:
        """The target of that name; None is the prediction.

        Raises:
            ValueError: there is no such class or token, or `pred` is to be contrasted.
        """
        if self.is_multiclass or (self.has_endpoint and name not in self.labels):
            return super().target(name, contrast)
        label = int(self.card.config.task == "binary")
        target = Target(label, None if contrast is None else 0, self._output(name))
        target.weights(self.card.config)  # refuses a contrast
        return target

    def _output(self, name: Class) -> int:
        """The output of that name or number, of a model that gives several at once.

        Raises:
            ValueError: there is none.
        """
        if str(name) in self.labels:
            return self.labels.index(str(name))
        if str(name).isdecimal() and int(name) < len(self.labels):
            return int(name)
        raise ValueError(
            f"{self.card.name!r} has several outputs: name one of {', '.join(self.labels)} "
            "as the target, or as the endpoint"
        )

    @property
    def class_names(self) -> Classes:
        """The classes, or the tokens of the vocabulary."""
        if self.network.is_next_token:
            return TokenClasses(self.card, self.column, self.tokenizer)
        return super().class_names

    def batches(self, subjects: Sequence[Sentence]) -> "SentenceBatches":
        return SentenceBatches(self.network, subjects)

    @torch.no_grad()
    def logits(self, subjects: Sequence[Sentence]) -> Float[Tensor, "components subjects outputs"]:
        """Logits or values; there is one member."""
        results = torch.empty(1, len(subjects), self.card.config.outputs)
        batches = self.batches(subjects)
        for rows in size_batches(batches.sizes, self.batch_size):
            batch = batch_of(self.network, [subjects[row] for row in rows])
            results[0, rows] = self.network(batch).float().cpu()
        return results

    def completed(self, explanation: Explanation, subject: Sentence) -> Explanation:
        """The explanation with what only the card, the method and the subject know."""
        card = self.card
        classes = card.classes
        if self.network.is_next_token:
            target = explanation.target
            shown = (target.label, target.contrast, explanation.prediction)
            numbers = [number for number in shown if number is not None]
            classes = Tokens({number: card.classes[number] for number in numbers})
        return replace(
            explanation,
            classes=classes,
            unit=card.unit,
            in_unit=self.method.in_unit,
            signed=self.method.signed,
            endpoint="" if self.is_multiclass else self.labels[explanation.target.column],
            model=card.name,
            subject=subject,
        )


@dataclass(frozen=True)
class SentenceBatches:
    """Sentences from which batches can be made."""

    network: TextNetwork
    sentences: Sequence[Sentence]

    @property
    def sizes(self) -> list[int]:
        """Tokens of each sentence."""
        return [len(sentence.ids) for sentence in self.sentences]

    def batch(self, rows: Sequence[int]) -> Sentences:
        """Some of the sentences as one padded batch, in the given order."""
        return self.network.collate([self.sentences[row] for row in rows])


@dataclass(frozen=True)
class TokenClasses(Classes):
    """The tokens of a vocabulary as classes."""

    tokenizer: Any = None

    def number(self, name: str | int) -> int:
        """The token of that text or number; digits are a number if they are no token themselves.

        Raises:
            ValueError: the text is not one token.
        """
        if not isinstance(name, str):
            return operator.index(name)
        numbers = self.tokenizer(name, add_special_tokens=False).input_ids
        is_unknown = numbers == [self.tokenizer.unk_token_id] and name != self.tokenizer.unk_token
        if len(numbers) == 1 and not is_unknown:
            return int(numbers[0])
        if name.isdecimal() and int(name) < len(self.card.classes):
            return int(name)
        if is_unknown:
            raise ValueError(f"{name!r} is no token of the vocabulary")
        raise ValueError(f"{name!r} is {len(numbers)} tokens: one is needed")

    def in_table(self, label: str) -> int:
        """The same of a cell of a table; a vocabulary is too long to look for it name by name."""
        return self.number(label)


class Tokens(Sequence[str]):
    """Some tokens of a vocabulary by their numbers."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self.texts = dict(texts)

    def __len__(self) -> int:
        return max(self.texts) + 1

    def __getitem__(self, number: Any) -> Any:
        if number >= len(self):
            raise IndexError(f"token {number}, and {len(self) - 1} is the last one that is named")
        return self.texts.get(number, "")
