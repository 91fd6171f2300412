"""The propagation rules as tables of torch functions, and the mode that applies them to any eager PyTorch model.

A rule replaces a torch function by one of the same value with a part frozen (no gradient flows through it), so that
every layer is linear in what is left, and gradient × input adds up to the output. `with rules(AH, LN) as applied:` sees
every torch function that the model calls inside the block; it touches no module and leaves nothing behind.
"""

from molxai.rules.linear import PRODUCT, epsilon, gamma, residual
from molxai.rules.mode import Rules, refuse_opaque, rules
from molxai.rules.rule import Function, Rule, names
from molxai.rules.tables import ACTIVATION, AH, LN, NONLINEAR

__all__ = [
    "ACTIVATION",
    "AH",
    "LN",
    "NONLINEAR",
    "PRODUCT",
    "Function",
    "Rule",
    "Rules",
    "epsilon",
    "gamma",
    "names",
    "refuse_opaque",
    "residual",
    "rules",
]
