"""A language model as a network that every method can explain.

The ids go in, so that the model makes its own masks and positions. Its input embeddings are what
its first module gives, and a hook puts others in their place.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from molxai.explanation.network import Tokens
from molxai.explanation.passes import Pass
from molxai.explanation.sentence import Sentence
from molxai.explanation.target import Target
from molxai.rules import Rule
from molxai.text.batch import Sentences, collated
from molxai.text.card import CLASSIFIERS, NEXT_TOKEN, task_of
from molxai.text.passes import accounted_pass, plain_pass
from molxai.text.rules import widened


class TextNetwork(nn.Module):
    """A Hugging Face model of sequence classification, or one that predicts the next token.

    The model is left as it is: its weights, its mode and its device.
    """

    model: Any

    def __init__(self, model: Any, replacement: int | None = None) -> None:
        """Wrap a model.

        Args:
            model: with `config`, `get_input_embeddings()` and logits in its output.
            replacement: the token that stands for a removed one under `mask`.

        Raises:
            ValueError: it is another kind of model, or its numbers are too coarse.
        """
        super().__init__()
        kind = type(model).__name__
        if not isinstance(model, nn.Module) or not kind.endswith(CLASSIFIERS + NEXT_TOKEN):
            raise ValueError(
                f"a {kind}: a Hugging Face model of sequence classification or of the next token "
                "is needed"
            )
        dtype = next(model.parameters()).dtype
        if dtype not in (torch.float32, torch.float64):
            raise ValueError(
                f"the model holds {dtype}, too coarse for sums: model.float() makes it float32"
            )
        self.model = model
        self.training = model.training
        self.replacement = replacement
        self.is_next_token = kind.endswith(NEXT_TOKEN)
        self.config = task_of(model.config, kind)

    @property
    def entrance(self) -> nn.Module:
        """The module that embeds the ids; of two halves, the encoder's."""
        if self.model.config.is_encoder_decoder:
            return self.model.get_encoder().get_input_embeddings()
        return self.model.get_input_embeddings()

    @property
    def padding(self) -> int | None:
        """The token by which the model knows padding; None: it takes one sentence at a time."""
        return getattr(self.model.config, "pad_token_id", None)

    def collate(self, sentences: Sequence[Sentence]) -> Sentences:
        """The sentences as one batch, padded on the right."""
        return collated(sentences, self.padding or 0)

    def forward(self, batch: Sentences) -> Float[Tensor, "batch outputs"]:
        return self.predict(self.embed(batch), batch)

    def embed(self, batch: Sentences) -> Tokens:
        """The input embeddings of the ids, without positions."""
        return self.entrance(batch.ids)

    def predict(self, tokens: Tokens, batch: Sentences) -> Float[Tensor, "batch outputs"]:
        """Logits or values from input embeddings."""
        if self._must_be_alone(batch):
            rows = []
            for row in range(len(batch)):
                one = batch.alone(row)
                length = one.ids.shape[1]
                rows.append(self.predict(tokens[row : row + 1, :length], one))
            return torch.cat(rows)
        with _entering(self.entrance, tokens):
            output = self.model(**self.inputs(batch))
        logits = self.logits(output, batch.last)
        if logits.isnan().any():
            raise ValueError(
                f"{type(self.model).__name__} computes NaN: if attention is masked, written-out "
                "attention in float64 may be why; make it with attn_implementation='sdpa'"
            )
        return logits

    def _must_be_alone(self, batch: Sentences) -> bool:
        """Whether the model takes only one sentence at a time, and this is no such batch."""
        return self.padding is None and (len(batch) > 1 or not bool(batch.token_mask.all()))

    def inputs(self, batch: Sentences) -> dict[str, Tensor]:
        """What the model is called with."""
        return {"input_ids": batch.ids, "attention_mask": batch.is_heard.long()}

    def logits(self, output: Any, last: Int[Tensor, " batch"]) -> Float[Tensor, "batch outputs"]:
        """The model's outputs: of a next token those after the last token of each sentence."""
        logits: Tensor = output.logits
        if not self.is_next_token:
            return logits
        return logits[torch.arange(len(logits), device=logits.device), last]

    def reading(self, batch: Sentences) -> Float[Tensor, "batch tokens"]:
        """The share of each token in what is read out after the last layer.

        It is found by the gradient of the outputs with respect to what the last layer gives: of a
        token that is not read it is zero.

        Raises:
            ValueError: the model reads its output from a decoder.
        """
        if self.model.config.is_encoder_decoder:
            raise ValueError(
                f"{type(self.model).__name__} reads its output from a decoder: methods of "
                "attention cannot explain it, choose another"
            )
        if self._must_be_alone(batch):
            alone = [self.reading(batch.alone(row))[0] for row in range(len(batch))]
            return nn.utils.rnn.pad_sequence(alone, batch_first=True)
        states: list[Tensor] = []
        body = getattr(self.model, self.model.base_model_prefix)
        thread = get_ident()

        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            if get_ident() == thread:
                states.append(output[0])

        handle = body.register_forward_hook(keep)
        try:
            with torch.inference_mode(False), torch.enable_grad():
                tokens = self.embed(batch).detach().requires_grad_()
                outputs = self.predict(tokens, batch)
                # Weights of their own: logits of two classes often sum to zero.
                weights = torch.arange(1, outputs.shape[1] + 1).to(outputs)
                (gradient,) = torch.autograd.grad((outputs * weights).sum(), states)
        finally:
            handle.remove()
        size = gradient.norm(dim=2)  # (batch, tokens)
        return size / size.sum(1, keepdim=True)

    def gradient_pass(
        self,
        batch: Sentences,
        targets: Sequence[Target | None] | None,
        tables: Sequence[Rule],
        recorded: Sequence[Tensor] | None,
        alpha: float | None,
    ) -> Pass:
        """What `molxai.explanation.passes.gradient_pass` gives, for this model."""
        if alpha is None and (recorded is not None or not tables):
            return plain_pass(self, batch, targets, tables, recorded)
        return accounted_pass(self, batch, targets, widened(tables, alpha))

    def reduced(
        self,
        batch: Sentences,
        rows: Int[Tensor, " copies"],
        remaining: Bool[Tensor, "copies nodes"],
        mode: Literal["attn", "mask", "drop"],
    ) -> Sentences:
        """Copies of sentences without some nodes: not heard, another token, or not there.

        Raises:
            ValueError: `mask`, and the tokenizer has no token that says nothing.
        """
        copies = batch.copies(rows)
        if mode == "attn":
            return copies.without(remaining, None)
        if mode == "drop":
            return copies.cut(remaining, self.padding or 0)
        if self.replacement is None:
            raise ValueError(
                "removal by mask needs a token that says nothing, and the tokenizer has neither "
                "a mask nor an unknown token: choose attn or drop"
            )
        if self.replacement == self.padding and not self.is_next_token:
            raise ValueError(
                "removal by mask needs a token that says nothing, and the tokenizer's stands for "
                "padding, too: choose attn or drop"
            )
        return copies.without(remaining, self.replacement)

    def redrawn(self) -> "TextNetwork":
        """The same architecture with weights drawn anew."""
        return TextNetwork(type(self.model)(self.model.config).eval(), self.replacement)

    def induced(self, whole: Sentence, remaining: Bool[np.ndarray, " nodes"]) -> Sentence:
        """The sentence without the other nodes."""
        return whole.without(remaining)


@contextmanager
def _entering(module: nn.Module, tokens: Tokens) -> Iterator[None]:
    """These tokens in the place of what the module gives at its first call.

    Later calls of the same output, as of a decoder that reads the same ids, count as the first.
    Other threads may call the same module meanwhile, with tokens of their own.
    """
    first: list[Tensor] = []
    thread = get_ident()

    def enter(module: nn.Module, arguments: Any, output: Tensor) -> Tensor | None:
        if get_ident() != thread:
            return None
        if not first:
            if not isinstance(output, Tensor) or output.shape != tokens.shape:
                raise ValueError(
                    "the model embeds its tokens in another shape than their ids have: "
                    "take molxai.conserve"
                )
            first.append(output.detach().clone())
        elif not torch.equal(output, first[0]):
            return None
        return tokens.clone()  # the model may change it in place

    handle = module.register_forward_hook(enter)
    try:
        yield
    finally:
        handle.remove()
