"""A text as a tokenizer cuts it."""

from typing import Any

from molxai.explanation.sentence import Sentence

MOST_TOKENS = 512
"""Tokens of the longest text, if the tokenizer names no limit: BERT's."""

UNLIMITED = 10**6
"""Tokenizers without a limit name a larger one."""


def sentence(text: Any, tokenizer: Any, id: str = "") -> Sentence:
    """The text in tokens. A text that is too long is cut, with a note.

    Args:
        text: any.
        tokenizer: a Hugging Face tokenizer that knows where its tokens stand in the text.
        id: what the text is called.

    Raises:
        ValueError: it is no text, has no tokens, or the tokenizer does not know where they stand.
    """
    if not isinstance(text, str):
        raise ValueError(f"a text is needed, not a {type(text).__name__}")
    if not tokenizer.is_fast:
        raise ValueError(
            f"{type(tokenizer).__name__} does not say where its tokens stand in the text: "
            "a fast tokenizer is needed"
        )
    limit = tokenizer.model_max_length
    most = MOST_TOKENS if limit > UNLIMITED else limit
    whole = tokenizer(text, truncation=True, max_length=most, return_overflowing_tokens=True)
    (encoding, *rest) = whole.encodings
    places = [token for token, is_own in enumerate(encoding.special_tokens_mask) if not is_own]
    if not places:
        raise ValueError(f"a text without tokens: {text!r}")
    spans = [encoding.offsets[token] for token in places]
    words = [encoding.word_ids[token] for token in places]
    notes = (f"cut after {most} tokens",) if rest else ()
    return Sentence(
        text,
        tuple(encoding.ids),
        tuple(places),
        tuple(
            text[start:end].strip() or encoding.tokens[token]
            for (start, end), token in zip(spans, places, strict=True)
        ),
        tuple(place if word is None else word for place, word in enumerate(words)),
        tuple(_is_after_blank(text, start) for start, _ in spans),
        id,
        notes,
    )


def _is_after_blank(text: str, start: int) -> bool:
    """Whether a blank stands before the piece, or is its first letter."""
    return text[max(start - 1, 0) : start + 1].strip() != text[max(start - 1, 0) : start + 1]


def replacement_of(tokenizer: Any) -> int | None:
    """The token that says nothing: the mask token, else that of unknown words."""
    if tokenizer.mask_token_id is not None:
        return tokenizer.mask_token_id
    return tokenizer.unk_token_id
