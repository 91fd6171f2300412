"""Ids behind embeddings: what a model says to its ids, if it is given their embeddings instead.

Hugging Face reads from ids, where it has them, which tokens are padding, and so which one is the
last, and at which positions the others are.
"""

from inspect import signature
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

AT_ONCE = 4096
"""Rows of a table of embeddings that are compared at once."""

FEW = 4
"""Columns that are compared first, because most rows differ in them."""


def embedding_of(model: nn.Module) -> nn.Embedding | None:
    """The table of the model's input embeddings, if it names one and takes `input_ids`."""
    named = getattr(model, "get_input_embeddings", None)
    if named is None or "input_ids" not in signature(model.forward).parameters:
        return None
    try:
        module = named()
    except NotImplementedError:  # what transformers raises for models that name none
        return None
    return module if isinstance(module, nn.Embedding) else None


def ids_of(
    embedding: nn.Embedding, x: Float[Tensor, "*tokens width"]
) -> Int[Tensor, "*tokens"] | None:
    """The ids that x holds the embeddings of; None if it holds anything else.

    If several ids have the same embedding, it is the padding, else the last.

    Example:
        >>> table = nn.Embedding(5, 3)
        >>> ids_of(table, table(torch.tensor([[4, 0, 4]]))).tolist()
        [[4, 0, 4]]
        >>> ids_of(table, torch.zeros(1, 2, 3)) is None
        True
    """
    if x.shape[-1:] != (embedding.embedding_dim,):
        return None
    tokens = x.detach().flatten(0, -2)  # (tokens, width)
    ids = torch.full((len(tokens),), -1, device=x.device)
    numbers = torch.arange(embedding.num_embeddings, device=x.device)
    for some in numbers.split(AT_ONCE):
        rows = embedding(some).detach()  # (some, width)
        alike = (rows[None, :, :FEW] == tokens[:, None, :FEW]).all(2)  # (tokens, some)
        token, row = alike.nonzero(as_tuple=True)
        equal = (rows[row] == tokens[token]).all(1)  # (pairs)
        ids[token[equal]] = some[row[equal]]
    if (ids < 0).any():
        return None
    padding = embedding.padding_idx
    if padding is not None:
        is_padding = (tokens == embedding(numbers[padding])).all(1)
        ids[is_padding] = padding
    return ids.view(x.shape[:-1])


def check_same_as_ids(
    outputs: Float[Tensor, " examples"], of_ids: Float[Tensor, " examples"], tolerance: Any
) -> None:
    """Refuse outputs that the model does not give for ids.

    Args:
        outputs: of the call with `inputs_embeds`.
        of_ids: of the call with `input_ids`.
        tolerance: largest difference for an output of size 1.

    Raises:
        ValueError: they differ.
    """
    allowed = tolerance * of_ids.abs().clamp_min(1.0)
    if not ((outputs - of_ids).abs() <= allowed).all():
        raise ValueError(
            f"the output is {outputs.tolist()} with inputs_embeds and {of_ids.tolist()} with the "
            "input_ids of these embeddings, from which the model reads padding and positions: call "
            "conserve(model, at=model.get_input_embeddings(), input_ids=ids, …) instead"
        )
