"""The independent check of maps: a token is taken away, and all that rules hold is held.

The witness, `molxai.benchmarks.replay`, holds values that functions gave. It uses no rule, no
ledger and no gradient of the whole.
"""

import pytest
import torch
import torch.nn.functional as F
from foreign_cases import CASES, called, case
from test_foreign_limits import middle

from molxai.benchmarks.families import families
from molxai.benchmarks.family_models import model_types
from molxai.benchmarks.replay import drops
from molxai.rules import Rule
from molxai.rules.conserve import conserve
from molxai.rules.recipes import EVERY

STOCK = [name for name in CASES if "batch second" not in name and "relu" not in name]


def pieces_of(x):
    """Tokens of sentences, nodes of graphs, columns of pictures."""
    if x.ndim == 2:
        return [(node,) for node in range(len(x))]
    if x.ndim == 3:
        return [(slice(None), token) for token in range(x.shape[1])]
    return [(..., slice(column, column + 1)) for column in range(x.shape[-1])]


def difference(account, fallen, pieces):
    relevances = [float(account.relevance[piece].sum()) for piece in pieces]
    apart = max(abs(one - other) for one, other in zip(fallen, relevances, strict=True))
    return apart / float(account.relevance.abs().sum())


@pytest.mark.parametrize("name", STOCK)
def test_a_token_is_worth_what_its_absence_costs(name):
    family, model, x, inputs, _ = case(name)
    model.requires_grad_(False)
    account = conserve(model, x, target=[2, 1], **inputs)
    pieces = pieces_of(x)
    whole, fallen = drops(
        lambda x: (lambda out: out[0, 2] + out[1, 1])(called(model, x, inputs)), x, pieces
    )
    rounding = 1e-6 if family == "Llama" else 1e-12  # Llama casts to float32
    assert whole == pytest.approx(account.logit, abs=rounding)
    assert difference(account, fallen, pieces) <= rounding


TYPES = (
    "t5",
    "umt5",
    "bart",
    "pegasus",
    "convnextv2",
    "nemotron",
    "mixtral",
    "gpt_oss",
    "mobilenet_v2",
    "wav2vec2-conformer",
    "gpt_neox",
    "swin",
)


@pytest.mark.parametrize("name", TYPES)
def test_families_that_transformers_builds(name):
    if name not in model_types():
        pytest.skip(f"this transformers has no {name}")
    (family,) = families([name])
    assert family.outcome == "closes", family
    assert family.gap <= 1e-9 and family.gap32 <= 1e-5 and family.replay <= 1e-5


def test_a_wrong_map_that_closes_is_contradicted():
    """SwiGLU with its signal held instead of its gate: the ledger closes, and the map is wrong."""
    model, x = middle(lambda m, h: F.silu(m.side(h)) * h)
    model.requires_grad_(False)
    wrong = Rule("wrong", {torch.Tensor.mul: lambda func, gate, signal: gate * signal.detach()})
    pieces = [(..., column) for column in range(4)]
    _, fallen = drops(lambda x: model(x).sum(), x, pieces)
    right, other = conserve(model, x), conserve(model, x, rules=(*EVERY, wrong))
    assert abs(right.gap) <= 1e-12 and abs(other.gap) <= 1e-12
    assert difference(right, fallen, pieces) <= 1e-12
    assert difference(other, fallen, pieces) > 0.1


def test_another_way_through_the_model_is_told():
    model, x = middle(lambda m, h: h)
    calls = []

    def run(x):
        calls.append(x)
        return (model(x) if len(calls) == 1 else model.up(x)).sum()

    model.requires_grad_(False)
    with pytest.raises(RuntimeError, match="the model took another way at sum"):
        drops(run, x, [(..., 0)])
