"""Every family of models that transformers can build, small and random: closed, refused, or wrong.

Each model is made from a small configuration with random weights, so nothing is downloaded. It is
explained in float64 and float32, and the float64 map is replayed (`molxai.benchmarks.replay`). A
map that closes and that the replay contradicts is the worst fault there is.
"""

import csv
import gc
import io
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from torch import Tensor

from molxai.benchmarks.family_models import Case, case_of, model_types
from molxai.benchmarks.replay import drops
from molxai.rules.conserve import Conserved, conserve

PIECES = 6
"""Largest number of tokens, or columns of a picture, that are taken away one by one."""

AGREEMENT = 1e-5
"""Largest difference of a drop and a relevance, as a share of Σ|relevance|.

Models that cast to float32 inside leave 1e-8 to 1e-6.
"""

ROUNDING = 1e-11
"""Share of the terms below which a drop is rounding: in deep networks x may be worth less."""

CLOSES = "closes"
REFUSED = "refused"
WRONG = "wrong"
UNPLAYED = "not replayed"
NOT_BUILT = "not built"
FAILED = "failed"

OUTCOMES: Mapping[str, str] = {
    CLOSES: "the ledger closes, and the replay agrees",
    REFUSED: "an error that names the cause",
    WRONG: "the ledger closes, and the replay contradicts it",
    FAILED: "an error of another kind",
    UNPLAYED: "the ledger closes, and the replay does not run",
    NOT_BUILT: "no small model of it was made, or it takes other inputs",
}
"""What may become of a family."""

FAULTS = (WRONG, FAILED)
"""Outcomes that no family may have."""


@dataclass(frozen=True)
class Family:
    """What became of a type of model."""

    family: str
    model: str
    """The class that was built."""
    outcome: str
    """One of `OUTCOMES`."""
    gap: float | None = None
    """|gap| in float64, as a share of the terms; so is `gap32`."""
    gap32: float | None = None
    replay: float | None = None
    """Largest difference of a drop and a relevance, as a share of Σ|relevance|."""
    reason: str = ""


def families(names: Iterable[str] = ()) -> Iterator[Family]:
    """What becomes of each type of model; of all that can be built if none is named."""
    import transformers

    transformers.logging.set_verbosity_error()
    for name in names or model_types():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield _family(name)
        gc.collect()


def _family(name: str) -> Family:
    """Build, explain and replay one type of model."""
    try:
        case = case_of(name)
        case.run(case.x.clone())
    except Exception as error:  # whatever a configuration asks for is written down
        return Family(name, "", NOT_BUILT, reason=_line(error))
    kind = type(case.model).__name__
    try:
        account = _explained(case)
    except ValueError as error:
        return Family(name, kind, REFUSED, reason=_line(error))
    except Exception as error:  # no honest error, but one of the inside
        return Family(name, kind, FAILED, reason=_line(error))
    gap = abs(account.gap) / _size(account)
    apart, reason = _contradiction(case, account)
    gap32, reason32 = _single(case)
    outcome = UNPLAYED if apart is None else CLOSES if apart <= AGREEMENT else WRONG
    return Family(name, kind, outcome, gap, gap32, apart, reason or reason32)


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:300]


def _size(account: Conserved) -> float:
    terms = (account.relevance, *account.parts.values(), account.logits)
    return sum(float(term.abs().sum()) for term in terms)


def _explained(case: Case) -> Conserved:
    return conserve(case.model, case.x, argument=case.argument, target=case.target, **case.inputs)


def _contradiction(case: Case, account: Conserved) -> tuple[float | None, str]:
    """How far relevances and drops are apart, and why there is no answer."""
    pieces = _pieces(case.x)
    try:
        _, fallen = drops(case.run, case.x, pieces)
    except Exception as error:  # another way through the model, or a function that is not held so
        return None, _line(error)
    relevances = [float(account.relevance[piece].sum()) for piece in pieces]
    apart = max(abs(one - other) for one, other in zip(fallen, relevances, strict=True))
    size = float(account.relevance.abs().sum())
    if size < ROUNDING * _size(account):
        return None, "x is worth less than rounding"
    return apart / size, ""


def _pieces(x: Tensor) -> list[Any]:
    """Indices of tokens, or of columns of a picture."""
    if x.ndim == 3:
        return [(slice(None), token) for token in range(min(x.shape[1], PIECES))]
    return [(..., slice(column, column + 1)) for column in range(min(x.shape[-1], PIECES))]


def _single(case: Case) -> tuple[float | None, str]:
    """The gap in float32, and why there is none."""
    inputs = {
        name: value.float() if isinstance(value, Tensor) and value.is_floating_point() else value
        for name, value in case.inputs.items()
    }
    single = Case(case.model.float(), case.x.float(), case.argument, inputs)
    try:
        account = _explained(single)
    except ValueError as error:
        return None, f"float32: {_line(error)}"
    return abs(account.gap) / _size(account), ""


COLUMNS = tuple(field.name for field in fields(Family))


def table(found: Iterable[Family]) -> str:
    """The families as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(asdict, found))
    return text.getvalue()


def markdown(found: Iterable[Family]) -> str:
    """The families as a table, and how many there are of each outcome."""
    found = list(found)
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for family in found:
        cells = [_cell(getattr(family, column)) for column in COLUMNS]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + f"\n\n{summary(found)}"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.1e}" if isinstance(value, float) else str(value).replace("|", "∣")


def summary(found: Iterable[Family]) -> str:
    """How many families there are of each outcome."""
    outcomes = [family.outcome for family in found]
    counts = [f"{outcomes.count(kind)} {kind}" for kind in OUTCOMES if kind in outcomes]
    return f"{len(outcomes)} families: {', '.join(counts)}"
