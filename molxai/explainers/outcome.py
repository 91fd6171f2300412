"""What the model says of each graph, seen from its target."""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from graphormer.model import Config
from molxai.explanation import Target


@dataclass(frozen=True)
class Outcome:
    """The fields of an `Explanation` that no method decides."""

    logit: float
    probability: float | None
    target: Target
    prediction: int
    value: float


def outcomes(config: Config, logits: Float[Tensor, "batch outputs"], targets: Sequence[Target]) -> list[Outcome]:
    """Explained logit, probability of the target's class, and predicted class, of each graph."""
    made = []
    for row, target in zip(logits.double().cpu(), targets, strict=True):
        explained = sum(w * x for w, x in zip(target.weights(config), row.tolist(), strict=True))
        if config.task == "multiclass":
            prediction = int(row.argmax())
            made.append(Outcome(explained, float(row.softmax(0)[target.label]), target, prediction, float(row[prediction])))
        elif config.task == "binary":
            active = row[target.column]
            share = float((active if target.label else -active).sigmoid())
            made.append(Outcome(explained, share, target, int(active > 0), abs(float(active))))
        else:
            made.append(Outcome(explained, None, target, 0, float(row[target.column])))
    return made


def resolved(config: Config, logits: Float[Tensor, "batch outputs"], targets: Sequence[Target | None] | None) -> list[Target]:
    """The targets, with each graph's predicted class where there is none."""
    chosen = targets or [None] * len(logits)
    return [_predicted(config, row) if target is None else target for row, target in zip(logits, chosen, strict=True)]


def _predicted(config: Config, logits: Float[Tensor, " outputs"]) -> Target:
    if config.task == "multiclass":
        return Target(int(logits.argmax()))
    return Target(int(logits[0] > 0)) if config.task == "binary" else Target()
