"""What conserve covers beyond the families, and what it refuses or loses: by name, not as a map."""

import math
import re
import warnings

import pytest
import torch
import torch.nn.functional as F
from foreign_cases import DOUBLE, Encoder, case, randomised
from torch import nn

from molxai.rules import Rule
from molxai.rules.conserve import conserve
from molxai.rules.recipes import EVERY


class Middle(nn.Module):
    """A function between two linear layers."""

    def __init__(self, function):
        super().__init__()
        self.up, self.side, self.down, self.function = (
            nn.Linear(4, 6),
            nn.Linear(6, 6),
            nn.Linear(6, 1),
            function,
        )
        self.scale = nn.Parameter(torch.rand(6))
        self.register_buffer("shift", torch.rand(6))
        self.register_buffer("lowest", torch.full((6,), -math.inf))

    def forward(self, x):
        return self.down(self.function(self, self.up(x)))


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(2)

    @staticmethod
    def backward(ctx, grad):
        return 2 * ctx.saved_tensors[0] * grad


def middle(function):
    torch.manual_seed(0)
    return randomised(Middle(function)), torch.randn(3, 4, dtype=DOUBLE)


COVERED = {
    "a number": (lambda m, h: 2 * h - 1, {"numbers"}),
    "one minus": (lambda m, h: 1 - h, {"numbers"}),
    "a buffer": (lambda m, h: h + m.shift, {"shift"}),
    "a parameter, in place": (lambda m, h: h.mul_(m.scale).add_(m.scale).relu_(), {"scale"}),
    "a class token": (lambda m, h: torch.cat([m.scale[None], h])[:3], {"scale"}),
    "a list of constants": (
        lambda m, h: h + torch.stack([m.scale, m.shift, m.scale]),
        {"scale", "shift"},
    ),
    "an infinite bound": (lambda m, h: torch.maximum(h, m.lowest), {"lowest"}),
    "a transposed weight": (lambda m, h: h @ m.side.weight.T, set()),
    "einsum": (lambda m, h: torch.einsum("bi,ji->bj", h, m.side.weight), set()),
    "a parameter's gate": (lambda m, h: h * torch.sigmoid(m.scale), set()),
    "absolute values": (lambda m, h: h.abs(), set()),
    "max pooling": (lambda m, h: F.max_pool1d(m.side(h), 2).repeat(1, 2), {"side.bias"}),
    "SwiGLU": (lambda m, h: F.silu(m.side(h)) * h, set()),
    "a sigmoid gate": (lambda m, h: h * torch.sigmoid(m.side(h)), set()),
    "GELU written out": (lambda m, h: h * 0.5 * (1 + torch.erf(h / 2**0.5)), set()),
    "RMS norm written out": (
        lambda m, h: h * (h.pow(2).mean(-1, keepdim=True) + 1e-6) ** -0.5,
        set(),
    ),
    "layer norm written out": (
        lambda m, h: (h - h.mean(-1, keepdim=True)) / h.std(-1, keepdim=True),
        set(),
    ),
    "RMS norm": (lambda m, h: F.rms_norm(h, (6,), m.scale), set()),
    "group norm": (lambda m, h: F.group_norm(h, 2, m.scale, m.scale), {"scale"}),
    "unit length": (lambda m, h: F.normalize(h, dim=-1), set()),
    "ELU in place": (lambda m, h: F.elu(h, inplace=True), set()),
    "memory": (lambda m, h: h + F.softmax(h, -1) @ m.side.weight, {"side.weight"}),
}


@pytest.mark.parametrize("name", COVERED)
def test_what_is_covered(name):
    function, parts = COVERED[name]
    model, x = middle(function)
    account = conserve(model, x)
    assert abs(account.gap) <= 1e-12 and torch.allclose(account.logits, model(x)[:, 0], rtol=1e-12)
    assert set(account.ledger) == {"up.bias", "down.bias"} | parts


def test_a_gate_is_a_constant_and_the_signal_is_not():
    """SwiGLU against its Jacobian with the gate held: down · diag(silu(gate)) · up."""
    model, x = middle(lambda m, h: F.silu(m.side(h)) * h)
    h = model.up(x).detach()
    dense = (model.down.weight * F.silu(model.side(h))) @ model.up.weight
    assert torch.allclose(conserve(model, x).relevance, x * dense.detach(), atol=1e-14)


LOST = {
    "square": (lambda m, h: h.pow(2), "torch.Tensor.pow"),
    "softplus": (lambda m, h: F.softplus(h), "torch.nn.functional.softplus"),
    "log_softmax": (lambda m, h: F.log_softmax(h, -1), "log_softmax"),
    "clamp": (lambda m, h: h.clamp(-0.1, 0.1), "torch.Tensor.clamp"),
    "product": (lambda m, h: h * m.side(h), "torch.Tensor.mul of two things that both come from x"),
    "two gates": (
        lambda m, h: F.gelu(h) * F.gelu(m.side(h)),
        "torch.Tensor.mul of two things that both come from x",
    ),
    "attention without softmax": (
        lambda m, h: h @ h.T @ h,
        "torch.Tensor.matmul of two things that both come from x",
    ),
    "sigmoid layer": (
        lambda m, h: h + m.side(torch.sigmoid(h)),
        "torch.nn.functional.linear with what torch.sigmoid gave",
    ),
    "sigmoid, scaled": (
        lambda m, h: h + m.scale * torch.sigmoid(h),
        "torch.Tensor.add with what torch.sigmoid gave",
    ),
    "threshold": (
        lambda m, h: h + (h > 0).double() * m.scale,
        "torch.Tensor.add with what torch.Tensor.gt gave",
    ),
    "detached": (
        lambda m, h: h + h.detach(),
        "torch.Tensor.add with what torch.Tensor.detach gave",
    ),
    "constant": (
        lambda m, h: h + torch.arange(6.0),
        "torch.Tensor.add of a constant made on the way",
    ),
    "in place": (
        lambda m, h: (1 * h).mul_(m.side(h)),
        "what cannot be measured (.*torch.Tensor.mul_",
    ),
    "own function": (lambda m, h: Square.apply(h), "what cannot be measured (.*autograd.Functions"),
}


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_is_named(name):
    function, place = LOST[name]
    model, x = middle(function)
    with pytest.raises(ValueError, match="the ledger does not close.*" + place.replace("(", r"\(")):
        conserve(model, x)


class Recurrent(nn.Module):
    """A recurrent layer or cell, and a read-out."""

    def __init__(self, kind):
        super().__init__()
        self.layer, self.head = kind(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        made = self.layer(x)
        return self.head(made[0] if isinstance(made, tuple) else made)


RECURRENT = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn_tanh": nn.RNN,
    "lstm_cell": nn.LSTMCell,
    "gru_cell": nn.GRUCell,
    "rnn_tanh_cell": nn.RNNCell,
}


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers_are_named(name):
    """One torch function each, with products of gates and signals inside that no row sees."""
    torch.manual_seed(0)
    model, x = randomised(Recurrent(RECURRENT[name])), torch.randn(3, 4, dtype=DOUBLE)
    with pytest.raises(ValueError, match=rf"does not close: .* is lost in torch\.{name} \("):
        conserve(model, x)


def test_only_the_functions_that_lose_are_named():
    model, x = middle(lambda m, h: F.gelu(h) / (h.pow(2).mean() + 1) + h.pow(2))
    with pytest.raises(ValueError) as error:
        conserve(model, x)
    assert re.findall(r"torch[\w.]*(?= \([+-])", str(error.value)) == ["torch.Tensor.pow"]


@pytest.mark.parametrize(
    "function", [torch.sigmoid, lambda h: F.softmax(h, -1), lambda h: h.detach()]
)
def test_an_output_that_x_only_gates_is_refused(function):
    model, x = middle(lambda m, h: function(h))
    with pytest.raises(ValueError, match="no relevance reaches x"):
        conserve(model, x)


def test_rules_of_your_own():
    """The documented row: a square is its own gate."""
    model, x = middle(lambda m, h: torch.square(h))
    with pytest.raises(ValueError, match="is lost in torch.square"):
        conserve(model, x)
    own = Rule("square", {torch.square: lambda func, h: h * h.detach()})
    assert abs(conserve(model, x, rules=(*EVERY, own)).gap) <= 1e-12
    with pytest.raises(
        ValueError, match="the rules square never fired: Encoder calls none of torch.square"
    ):
        conserve(
            randomised(Encoder()), torch.randn(1, 4, 8, dtype=DOUBLE), target=0, rules=(*EVERY, own)
        )
    wrong = Rule("half", {torch.square: lambda func, h: h / 2})
    with pytest.raises(
        ValueError, match="under the rules and .* without them: rules must keep values"
    ):
        conserve(model, x, rules=(*EVERY, wrong))


def test_random_models_are_refused():
    model, x = middle(lambda m, h: F.dropout(h, 0.5))
    with pytest.raises(ValueError, match="the same output twice"):
        conserve(model, x)


def test_ids_are_refused():
    model = case("BERT sdpa")[1]
    with pytest.raises(
        ValueError, match=r"x holds torch.int64: floats are needed.*at=model.get_input_embeddings"
    ):
        conserve(model, torch.tensor([[1, 2, 3]]), target=0)
    with pytest.raises(ValueError, match=r"too coarse for sums.*x.float\(\)"):
        conserve(model, torch.randn(1, 3, 8).bfloat16(), argument="inputs_embeds", target=0)


def test_training_and_autocast_are_refused():
    model, x = randomised(Encoder()), torch.randn(1, 4, 8, dtype=DOUBLE)
    model.body.layers[1].dropout.train()
    with pytest.raises(
        ValueError, match=r"body.layers.1.dropout is in training mode.*model.eval\(\)"
    ):
        conserve(model, x, target=0)

    def coarse(model, x):
        with torch.autocast("cpu", torch.bfloat16):
            return model(x)

    with pytest.raises(ValueError, match="the output holds torch.bfloat16"):
        conserve(nn.Linear(3, 1).eval(), torch.ones(1, 3), call=coarse)
    with torch.autocast("cpu", torch.bfloat16), pytest.raises(ValueError, match="autocast is on"):
        conserve(model.eval(), x, target=0)


def opaque(kind):
    """A model with one layer that rules cannot see into."""
    model = Encoder().eval()
    layer = nn.Linear(8, 3).eval()
    if kind == "scripted":
        model.head = torch.jit.trace(layer, torch.randn(1, 8))
    elif kind == "compiled":
        model.head = torch.compile(layer)
    elif kind == "compiled in place":
        model.head.compile()
    elif kind == "quantised":
        model.head = torch.ao.nn.quantized.dynamic.Linear(8, 3)
    else:
        model.head = type("Linear4bit", (nn.Linear,), {"__module__": "bitsandbytes.nn.modules"})(
            8, 3
        )
    return model


@pytest.mark.parametrize(
    "kind, message",
    {
        "scripted": "head is a .*before torch.compile or torch.jit",
        "compiled": "head is a OptimizedModule",
        "compiled in place": "head is compiled",
        "quantised": r"head is quantised \(torch.ao.nn.quantized.*before quantisation",
        "bitsandbytes": r"head is quantised \(bitsandbytes.nn.modules.Linear4bit\)",
    }.items(),
)
def test_opaque_models_are_refused(kind, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = opaque(kind)
    with pytest.raises(ValueError, match=message):
        conserve(model.eval(), torch.randn(1, 4, 8), target=0)


def test_targets():
    model, x = randomised(Encoder()), torch.randn(2, 4, 8, dtype=DOUBLE)
    of_one = conserve(model, x, target=1)
    for same in ([1, 1], torch.tensor([1, 1]), torch.tensor(1), lambda out: out[:, 1].sum()):
        assert torch.allclose(
            conserve(model, x, target=same).relevance, of_one.relevance, atol=1e-15
        )
    for wrong in (None, 3, -1, [0], [0, 1, 2]):
        with pytest.raises(
            ValueError, match=r"for an output of shape \(2, 3\): a class, one class for each row"
        ):
            conserve(model, x, target=wrong)
    with pytest.raises(
        ValueError, match=r"gave a tensor of shape \(2, 3\): a tensor of one number"
    ):
        conserve(model, x, target=lambda out: out)
    with pytest.raises(ValueError, match="gave a tuple without logits"):
        conserve(model, x, target=0, call=lambda model, x: (model(x),))
    with pytest.raises(ValueError, match="call= and argument= together"):
        conserve(model, x, target=0, call=lambda model, x: model(x), argument="x")
    with pytest.raises(ValueError, match=r"the output is \[nan\]: nothing adds up to that"):
        conserve(model, x, target=lambda out: out.sum() * math.nan)
