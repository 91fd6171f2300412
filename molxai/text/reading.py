"""A text as a tokenizer cuts it."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from molxai.explanation.sentence import Sentence, is_after_blank

MOST_TOKENS = 512
"""Tokens of the longest text, if neither tokenizer nor model has a limit: that of BERT."""

UNLIMITED = 10**6
"""Tokenizers without a limit name a larger one."""

POSITIONS = {"position_embeddings", "wpe", "embed_positions", "wpe_embeddings"}
"""Names of tables of positions."""


def sentence(
    text: Any,
    tokenizer: Any,
    most: int = MOST_TOKENS,
    id: str = "",
    special_tokens: bool = False,
) -> Sentence:
    """The text in tokens. A text that is too long is cut, with a note.

    Args:
        text: any.
        tokenizer: a Hugging Face tokenizer that knows where its tokens stand in the text.
        most: tokens at most.
        id: what the text is called.
        special_tokens: whether the tokenizer's own tokens are nodes as well.

    Raises:
        ValueError: it is no text, has no tokens, or the tokenizer does not know where they stand.
    """
    if not isinstance(text, str):
        raise ValueError(f"a text is needed, not a {type(text).__name__}")
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError(
            f"{type(tokenizer).__name__} does not say where its tokens stand in the text: "
            "a fast tokenizer is needed"
        )
    whole = tokenizer(text, truncation=True, max_length=most, return_overflowing_tokens=True)
    (encoding, *rest) = whole.encodings
    is_own = encoding.special_tokens_mask
    if all(is_own):
        raise ValueError(f"a text without tokens: {text!r}")
    places = [token for token, own in enumerate(is_own) if special_tokens or not own]
    spans = [encoding.offsets[token] for token in places]
    numbers = _word_numbers(text, spans, [encoding.word_ids[token] for token in places])
    notes = (f"cut after {most} tokens",) if rest else ()
    marks = tuple(encoding.tokens[token] if is_own[token] else "" for token in places)
    return Sentence(
        text, tuple(encoding.ids), tuple(places), tuple(spans), numbers, id, notes, marks
    )


def _word_numbers(
    text: str, spans: Sequence[tuple[int, int]], ids: Sequence[int | None]
) -> tuple[int, ...]:
    """The number of each piece's word.

    A word begins where the tokenizer says so, or after a blank: some tokenizers take the whole text
    for one word.

    Example:
        >>> _word_numbers("a plot", [(0, 1), (2, 4), (4, 6)], [0, 0, 0])
        (0, 1, 1)
    """
    numbers: list[int] = []
    word_start = last_end = 0
    last_id: int | None = None
    for (start, end), id in zip(spans, ids, strict=True):
        is_cut = start >= last_end and is_after_blank(text, start)
        has_letters = bool(text[word_start:last_end].strip())
        if not numbers:
            numbers.append(0)
        elif id is None or id != last_id or (is_cut and has_letters):
            numbers.append(numbers[-1] + 1)
            word_start = start
        else:
            numbers.append(numbers[-1])
        last_id = id
        last_end = end
    return tuple(numbers)


def most_tokens(tokenizer: Any, model: Any) -> int:
    """Tokens of the longest text that both take."""
    limits = [tokenizer.model_max_length]
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding) and name.rpartition(".")[2] in POSITIONS:
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            limits.append(module.num_embeddings - max(reserved, getattr(module, "offset", 0)))
    least = min(limits)
    return MOST_TOKENS if least > UNLIMITED else least


def replacement_of(tokenizer: Any) -> int | None:
    """The token that says nothing: the mask token, else that of unknown words."""
    if tokenizer.mask_token_id is not None:
        return tokenizer.mask_token_id
    return tokenizer.unk_token_id
