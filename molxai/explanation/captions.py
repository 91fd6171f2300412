"""An explanation in words: what is explained, what relevances sum to, what the colours say."""

from graphormer.graphs.molecules import Molecule
from graphormer.network.model import Config
from molxai.explanation.account import Account
from molxai.explanation.network import Task
from molxai.explanation.sentence import Sentence
from molxai.explanation.words import amount, spread
from molxai.rendering.colour import RED_BLUE, Palette
from molxai.rendering.relevance_map import structure_limit


def prediction_line(explanation: Account, method: bool = True) -> str:
    """What is explained, how sure the model is, and by which model (and method)."""
    by = f"{explanation.model} · {explanation.method}" if method else explanation.model
    sd = spread(explanation.logit_sd)
    if explanation.probability is None:
        what = explanation.endpoint or "the predicted value"
        return f"Explained: {what}, {explanation.value:.3f}{sd} {explanation.unit} · {by}"
    prediction = explanation.prediction_name
    remark = f"the prediction is {prediction}"
    if explanation.target_name == prediction:
        remark = "as predicted"
    target = f"{explanation.full_target_name} ({remark})"
    probability = f"probability {explanation.probability:.3f}"
    logit = f"logit {explanation.logit:+.3f}{sd}"
    return f"Explained: {target} · {probability} · {logit} · {by}"


BASE = "base value"
"""What a model says before it has seen a node: the same for every input."""


def ledger(explanation: Account) -> dict[str, float]:
    """What no node accounts for, by name, and at last what is missing."""
    apart = {"structure": explanation.structure_relevance} if explanation.is_apart else {}
    is_text = isinstance(explanation.subject, Sentence)
    return {
        "special tokens" if is_text else "graph token": explanation.token,
        biases_of(explanation): explanation.bias,
        **apart,
        "remainder": explanation.gap,
    }


def ledger_line(explanation: Account) -> str:
    """What the relevances sum to, and what is missing."""
    if not explanation.in_unit:
        return own_sum_line(explanation)
    *named, (missing, gap) = ledger(explanation).items()
    entries = [nodes_sum(explanation), *(f"{name} {value:+.3f}" for name, value in named)]
    return f"Sum: {', '.join(entries)} · {missing} {_rest(gap)}"


def own_sum_line(explanation: Account) -> str:
    """What the relevances of a method without the unit of the output sum to."""
    of_nodes = nodes_sum(explanation)
    return f"Sum: {of_nodes}, in a unit of its own, not a share of the output"


def nodes_sum(explanation: Account) -> str:
    """What the relevances of the nodes sum to, in words."""
    total = float(explanation.relevance.double().sum())
    return f"{explanation.node_word}s {amount(total, explanation.signed)}"


def structure_line(explanation: Account) -> str:
    """What distances, bonds and offsets said; empty if the method gives them no relevance."""
    structure = explanation.structure
    if structure is None:
        return ""
    sums = {name: sum(entries.values()) for name, entries in structure.to_dict().items()}
    parts = ", ".join(f"{PAIRS[name]} {value:+.3f}" for name, value in sums.items() if value)
    nodes = f"{explanation.node_word}s"
    where = "a term of its own" if explanation.is_apart else f"already counted in the {nodes}"
    return f"Structure {structure.total:+.3f}, {where}: {parts}."


PAIRS = {
    "distance": "distances",
    "edge type": "types of bonds or edges",
    "offset": "offsets",
    "graph token": "pairs with the graph token",
}
"""What the kinds of structure are called in a sentence."""


OFFSETS = (
    "Offsets have a scale of their own, full colour at ±{limit}: the superpixel that attends "
    "is in the middle, and those that it attends to are around it."
)
"""What the map of offsets shows."""


def bond_line(explanation: Account) -> str:
    """What the colours of bonds or offsets say; empty if they have no relevance."""
    of_offsets = None if explanation.structure is None else explanation.structure.by_offset
    if of_offsets is not None:
        limit = structure_limit(of_offsets.flatten().tolist())
        return OFFSETS.format(limit=f"{limit:.2g}")
    bonds = explanation.bonds if isinstance(explanation.subject, Molecule) else {}
    if not bonds:
        return ""
    return (
        f"Bonds have a scale of their own, full colour at ±{structure_limit(bonds.values()):.2g}: "
        "their pair of atoms, and their type on longer paths."
    )


def sum_line(explanation: Account) -> str:
    """Whether the relevances add up to the logit, and if not, what they sum to."""
    if explanation.adds_up:
        return f"adds up to the logit {explanation.logit:+.2f}"
    total = float(explanation.relevance.sum())
    return f"Σ {total:+.3g}, not the logit {explanation.logit:+.2f}"


NO_DIFFERENCE = "The values of {method} have no {what}: they do not add up to the difference."
"""What is said of values that are no shares of the output, beside a difference of outputs."""


def difference_line(explanation: Account) -> str:
    """Why a difference of two outputs does not consist of relevances; empty if it does."""
    if explanation.is_split:
        return ""
    what = "unit of the output" if explanation.signed else "sign"
    return NO_DIFFERENCE.format(method=explanation.method, what=what)


def biases_of(explanation: Account) -> str:
    """What the relevance of the biases is called in this explanation.

    With routing, biases of queries and keys have relevance, which depends on the input. A language
    model adds its positions as well.
    """
    if isinstance(explanation.subject, Sentence):
        return ADDED
    if explanation.network is None or explanation.structure is not None:
        return "biases"
    return bias_word(explanation.network.config)


ADDED = "positions and biases"
"""What the relevance of all that a language model adds is called."""


def bias_word(config: Task) -> str:
    """What the relevance of the biases is called.

    A head's bias alone is the same for every input: it is there before any node is seen.
    """
    if not isinstance(config, Config):
        return ADDED
    return BASE if config.output_bias and not config.bias else "biases"


def colour_line(explanation: Account, palette: Palette = RED_BLUE, target: str = "") -> str:
    """What the colours say.

    Args:
        explanation: what is drawn.
        palette: the colours.
        target: what they speak for, if not the explanation's own target.
    """
    if not explanation.signed:
        return f"The stronger the colour, the more relevant. {sign_line(explanation, target)}"
    towards, against = palette.words
    towards = towards.capitalize()
    if explanation.probability is None:
        return f"{towards} raises the value, {against} lowers it."
    target = target or explanation.full_target_name
    speaks = f"{towards} speaks for {target}, {against} against it"
    if not explanation.in_unit:
        return f"{speaks}, in {explanation.relevance_unit}."
    return f"{speaks}; the model's evidence, in {explanation.unit} units."


def sign_line(explanation: Account, target: str = "") -> str:
    """That the method has no sign, and what it therefore does not say; empty if it has one."""
    if explanation.signed:
        return ""
    effect = f"for {target or explanation.full_target_name} or against it"
    if explanation.probability is None:
        effect = "up or down"
    return f"The method {explanation.method} has no sign: it says how much, not whether {effect}."


def spread_line(explanation: Account) -> str:
    """What hatching says; empty if nothing is hatched."""
    if not any(explanation.uncertain):
        return ""
    return (
        "Hatched: relevance smaller than its spread (one standard deviation) "
        "over the ensemble's members."
    )


def _rest(value: float) -> str:
    """What is missing: zero, its order of magnitude if it is rounding, or the number."""
    if abs(value) < 5e-6:
        return "0"
    return f"{value:+.1e}" if abs(value) < 5e-4 else f"{value:+.3f}"
