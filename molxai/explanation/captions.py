"""An explanation in words: what is explained, what the parts sum to, what the colours say."""

from graphormer.network.model import Config
from molxai.explanation.explanation import Explanation
from molxai.rendering.colour import RED_BLUE, Palette


def prediction_line(explanation: Explanation, method: bool = True) -> str:
    """What is explained, how sure the model is, and by which model (and method)."""
    by = f"{explanation.model} · {explanation.method}" if method else explanation.model
    if explanation.probability is None:
        what = explanation.endpoint or "the predicted value"
        return f"Explained: {what}, {explanation.value:.3f}{_spread(explanation)} {explanation.unit} · {by}"
    named, predicted = explanation.full_target_name, explanation.prediction_name
    said = (
        "as predicted" if explanation.target_name == predicted else f"the prediction is {predicted}"
    )
    logit = f"logit {explanation.logit:+.3f}{_spread(explanation)}"
    return (
        f"Explained: {named} ({said}) · probability {explanation.probability:.3f} · {logit} · {by}"
    )


def _spread(explanation: Explanation) -> str:
    """Standard deviation over the members of an ensemble."""
    return "" if explanation.logit_sd is None else f" ± {explanation.logit_sd:.3f}"


def ledger_line(explanation: Explanation) -> str:
    """What the parts sum to, and what is missing."""
    total = float(explanation.relevance.double().sum())
    biases = bias_word(explanation.network.config) if explanation.network else "biases"
    missing = f"not accounted for {_small(explanation.gap)}"
    return f"Sum: {explanation.node_word}s {total:+.3f}, graph token {explanation.token:+.3f}, {biases} {explanation.bias:+.3f} · {missing}"


def bias_word(config: Config) -> str:
    """What the part of the biases is called; a head's bias alone is the same for every input, before any node is seen."""
    return "base value" if config.output_bias and not config.bias else "biases"


def colour_line(explanation: Explanation, palette: Palette = RED_BLUE, target: str = "") -> str:
    """What the colours say; `target` is what they speak for, if not the explanation's own."""
    towards, against = palette.words[0].capitalize(), palette.words[1]
    if explanation.probability is None:
        return f"{towards} raises the value, {against} lowers it."
    said = f"{explanation.unit} units" if explanation.in_unit else explanation.relevance_unit
    target = target or explanation.full_target_name
    return f"{towards} speaks for {target}, {against} against it; the model's evidence, in {said}."


def spread_line(explanation: Explanation) -> str:
    """What hatching says; empty where nothing is hatched."""
    if not any(explanation.uncertain):
        return ""
    return "Hatched: relevance smaller than its spread (one standard deviation) over the ensemble's members."


def printable(text: str) -> str:
    """The text with a mark in place of what has no picture: control characters, and those that turn the direction of writing."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _small(value: float) -> str:
    if abs(value) < 5e-6:
        return "0"
    return f"{value:+.1e}" if abs(value) < 5e-4 else f"{value:+.3f}"
