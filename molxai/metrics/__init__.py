"""Qualities of explanations, by name: each maps explanations to named numbers.

Those that need more than explanations (the model, a second input, known atoms) are free functions beside them: `curves`
(AUAC, AU-MSE, deletion, sufficiency, comprehensiveness), `fidelity`, `agreement`, `consistency`, `plausibility`, `growth`
and randomisation; `bootstrap` puts intervals on their means.
"""

from collections.abc import Callable, Sequence

from molxai.explanation.explanation import Explanation
from molxai.metrics.conservation import conservation
from molxai.metrics.sparsity import sparsity

METRICS: dict[str, Callable[[Sequence[Explanation]], dict[str, float]]] = {
    "conservation": conservation,
    "sparsity": sparsity,
}
