"""The tables of a method, with the rows that other people's models need beside them.

A method names AH, LN and the activation rule, which hold for `torch.nn`'s own functions. A language
model may write its softmax, its norms and its gates out.
"""

from collections.abc import Sequence

from molxai.rules import ACTIVATION, AH, LN, PRODUCT, Rule, routing
from molxai.rules.gates import GATES
from molxai.rules.methods import ATTENTION_PRODUCTS
from molxai.rules.norms import NORMS
from molxai.rules.recipes import LOOKUP, PRECISION, ROUTING, SCALE

WIDER: tuple[tuple[Rule, tuple[Rule, ...]], ...] = (
    (AH, (AH, ROUTING)),
    (LN, (LN, NORMS, SCALE)),
    (ACTIVATION, (GATES,)),
    (PRODUCT, (ATTENTION_PRODUCTS,)),
)
"""What stands for a rule in other people's models."""


def widened(tables: Sequence[Rule], alpha: float | None = None) -> tuple[Rule, ...]:
    """The rules as other people's models need them.

    Args:
        tables: of a method.
        alpha: the share of routing; None if `tables` say what attention does.
    """
    wide: list[Rule] = []
    if alpha is not None:
        tables = (AH, *tables)
    for rule in tables:
        wide += next((rows for narrow, rows in WIDER if narrow is rule), (rule,))
    if alpha:
        wide.append(routing(alpha))
    return (*wide, LOOKUP, PRECISION)
