"""Propagation rules as tables of torch functions, and the mode that applies them to a model.

A rule replaces a torch function by another of the same value with a part frozen: no gradient flows
through that part. Every layer is then linear in the rest, and gradient × input adds up to the
output. `with rules(AH, LN) as mode:` sees every torch function that the model calls inside the
block. It touches no module and leaves nothing behind.
"""

from molxai.rules.linear import PRODUCT, epsilon, gamma, residual
from molxai.rules.mode import Rules, rules
from molxai.rules.opaque import refuse_opaque
from molxai.rules.presence import presence
from molxai.rules.routing import routing
from molxai.rules.rule import Function, Rule, names
from molxai.rules.tables import ACTIVATION, AH, CONSERVATIVE, LN, NONLINEAR

__all__ = [
    "ACTIVATION",
    "AH",
    "CONSERVATIVE",
    "LN",
    "NONLINEAR",
    "PRODUCT",
    "Function",
    "Rule",
    "Rules",
    "epsilon",
    "gamma",
    "names",
    "presence",
    "refuse_opaque",
    "residual",
    "routing",
    "rules",
]
