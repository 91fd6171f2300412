"""The front door for texts: a language model and a method."""

import operator
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, overload

from graphormer.graphs.graph import size_batches
from graphormer.names import unknown
from molxai.explanation.explanation import Explanation
from molxai.explanation.explanations import Explanations
from molxai.explanation.method import Method
from molxai.explanation.methods import check_size
from molxai.explanation.methods import method as method_of
from molxai.explanation.network import batch_of
from molxai.explanation.sentence import Sentence
from molxai.explanation.target import Target
from molxai.text.network import CLASSIFIERS, NEXT_TOKEN, TextNetwork
from molxai.text.reading import most_tokens, replacement_of, sentence

BATCH_SIZE = 16
"""Sentences explained at once."""


class TextExplainer:
    """Explains what a language model says of a text.

    Example:
        explainer = TextExplainer("my-folder")            # or TextExplainer(model, tokenizer)
        explanation = explainer("a gripping, funny film", target="positive")
        explanation.subject.words, explanation.adds_up
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        method: str | Method = "lrp",
        batch_size: int = BATCH_SIZE,
    ) -> None:
        """Take a model, or read one from a folder.

        Args:
            model: a Hugging Face model of sequence classification or of the next token, in
                evaluation mode; or a folder with one and its tokenizer. Nothing is downloaded.
            tokenizer: the model's own; needed unless the model is a folder.
            method: an id of `EXPLAINERS`, or a method with a name.
            batch_size: sentences explained at once; results do not depend on it.

        Raises:
            FileNotFoundError: there is no such folder.
            ValueError: there is no such method, or the tokenizer is missing.
        """
        self.method = method_of(method)
        if isinstance(model, str | Path):
            model, tokenizer = _loaded(Path(model))
        if tokenizer is None:
            raise ValueError("a model without its tokenizer: TextExplainer(model, tokenizer)")
        self.tokenizer = tokenizer
        self.network = TextNetwork(model, replacement_of(tokenizer))
        self.batch_size = batch_size

    def with_method(self, method: str | Method) -> "TextExplainer":
        """The same model, explained by another method."""
        explainer = copy(self)
        explainer.method = method_of(method)
        return explainer

    def __repr__(self) -> str:
        return f"TextExplainer({self.name!r}, method={self.method.name!r})"

    @property
    def name(self) -> str:
        """What the model is called: its folder, else its class."""
        path = str(self.network.model.config.name_or_path)
        return Path(path).name or type(self.network.model).__name__

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the outputs; empty for a next token."""
        if self.network.is_next_token:
            return ()
        labels = self.network.model.config.id2label
        return tuple(labels[number] for number in sorted(labels))

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, source: str, target: str | int = ..., contrast: str | int | None = ...
    ) -> Explanation: ...
    @overload
    def __call__(
        self, source: Iterable[str], target: str | int = ..., contrast: str | int | None = ...
    ) -> Explanations[Explanation]: ...
    def __call__(self, source: Any, target: Any = "pred", contrast: Any = None) -> Any:
        """The `Explanation` of one text, or the `Explanations` of many, in order.

        Args:
            source: a text, or several.
            target: `pred` for what is predicted, or a class by name or number. Of a next token: a
                text of one token, or its number.
            contrast: explain how much the target's logit exceeds this one's.

        Raises:
            ValueError: a text has no tokens, or there is no such class or token.
        """
        chosen = self.target(target, contrast)
        if source is None or isinstance(source, bytes | int | float):
            raise ValueError(f"a text or several are needed, not a {type(source).__name__}")
        if isinstance(source, str):
            return self.explain([self.subject(source)], chosen)[0]
        return self.explain([self.subject(text) for text in source], chosen)

    def subject(self, text: Any, id: str = "") -> Sentence:
        """The text in tokens.

        Raises:
            ValueError: it has none.
        """
        return sentence(text, self.tokenizer, self.most, id)

    @cached_property
    def most(self) -> int:
        """Tokens of the longest text; what is beyond is cut."""
        return most_tokens(self.tokenizer, self.network.model)

    def target(self, name: Any, contrast: Any = None) -> Target | None:
        """The target of that name; None is the prediction.

        Raises:
            ValueError: there is no such class or token, or `pred` is to be contrasted.
        """
        task = self.network.config.task
        is_several = task != "multiclass" and self.network.config.outputs > 1
        if isinstance(name, str) and name == "pred":
            if is_several:
                raise ValueError(
                    f"{self.name!r} has several outputs: name one of {', '.join(self.labels)}"
                )
            if contrast is not None:
                raise ValueError("a contrast needs a named target, not pred")
            return None
        number = self.number(name)
        subtracted = None if contrast is None else self.number(contrast)
        target = Target(number, subtracted)
        if task != "multiclass":
            target = Target(int(task == "binary"), subtracted, column=number)
        target.weights(self.network.config)  # checks it
        return target

    def number(self, name: Any) -> int:
        """The output, or the token of the vocabulary, of that name or number.

        Raises:
            ValueError: there is none.
        """
        if not isinstance(name, str):
            try:
                return operator.index(name)
            except TypeError:
                kind = type(name).__name__
                raise ValueError(f"a class by name or number is needed, not a {kind}") from None
        if self.network.is_next_token:
            ids = self.tokenizer(name, add_special_tokens=False).input_ids
            if len(ids) != 1:
                raise ValueError(f"{name!r} is {len(ids)} tokens: one is needed")
            return ids[0]
        if name in self.labels:
            return self.labels.index(name)
        raise ValueError(unknown("class", name, self.labels, where=f"in the model {self.name!r}"))

    def explain(
        self, sentences: Sequence[Sentence], target: Target | None
    ) -> Explanations[Explanation]:
        """Explanations in the order of the sentences.

        Raises:
            ValueError: a sentence is longer than the method takes.
        """
        check_size(self.method, max((one.nodes for one in sentences), default=0))
        explanations: dict[int, Explanation] = {}
        together = 1 if self.network.padding is None else self.batch_size
        for rows in size_batches([len(one.ids) for one in sentences], together):
            batch = batch_of(self.network, [sentences[row] for row in rows])
            results = self.method(self.network, batch, [target] * len(rows))
            for row, explanation in zip(rows, results, strict=True):
                explanations[row] = replace(
                    explanation,
                    **self._names(explanation),
                    in_unit=self.method.in_unit,
                    model=self.name,
                    subject=sentences[row],
                )
        return Explanations(explanations[row] for row in range(len(sentences)))

    def _names(self, explanation: Explanation) -> dict[str, Any]:
        """What the classes and the unit of an explanation are called."""
        task = self.network.config.task
        if task == "regression":
            return {"unit": "value", "endpoint": self.labels[explanation.target.column]}
        if task == "binary":
            return {"classes": ("no", "yes"), "endpoint": self.labels[explanation.target.column]}
        if not self.network.is_next_token:
            return {"classes": self.labels}
        target = explanation.target
        numbers = {target.label, explanation.prediction}
        if target.contrast is not None:
            numbers.add(target.contrast)
        return {"classes": Tokens({number: self.tokenizer.decode([number]) for number in numbers})}


class Tokens(Sequence[str]):
    """Some tokens of a vocabulary by their numbers."""

    def __init__(self, texts: Mapping[int, str]) -> None:
        self.texts = dict(texts)

    def __len__(self) -> int:
        return max(self.texts) + 1

    def __getitem__(self, number: Any) -> Any:
        return self.texts.get(number, "")


def _loaded(folder: Path) -> tuple[Any, Any]:
    """The model and the tokenizer of a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    import transformers

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
    is_next_token = kind.endswith(NEXT_TOKEN)
    family = "AutoModelForCausalLM" if is_next_token else "AutoModelForSequenceClassification"
    load = getattr(transformers, family).from_pretrained
    model, how = load(folder, local_files_only=True, use_safetensors=True, output_loading_info=True)
    if how["missing_keys"]:
        raise ValueError(
            f"{str(folder)!r} lacks weights of its {kind}: {', '.join(sorted(how['missing_keys']))}"
        )
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return model.eval(), tokenizer
