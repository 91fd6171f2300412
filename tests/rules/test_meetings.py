"""A ledger that closes for a wrong reason is refused: a weight or a wrong factor took relevance."""

import pytest
import torch
import torch.nn.functional as F
from foreign_cases import DOUBLE, randomised
from test_foreign_limits import middle
from torch import nn

from molxai.rules.conserve import conserve
from molxai.rules.recipes import EVERY, NORMS

TINY = 1e-12
"""An ε so small that a norm without a row would close the ledger in float64."""


class ScaledNorm(torch.autograd.Function):
    """x / ‖x‖ · weight, as a library's own kernel has it."""

    @staticmethod
    def forward(ctx, x, weight):
        length = x.norm(dim=-1, keepdim=True)
        ctx.save_for_backward(x / length, length, weight)
        return x / length * weight

    @staticmethod
    def backward(ctx, grad):
        unit, length, weight = ctx.saved_tensors
        inner = grad * weight
        to_x = (inner - unit * (inner * unit).sum(-1, keepdim=True)) / length
        return to_x, (grad * unit).sum(0)


def in_threes(h):
    return h.view(3, 2, 3).transpose(1, 2)


NORM_CALLS = {
    "torch.layer_norm": lambda m, h: torch.layer_norm(h, [6], m.scale, m.scale, TINY),
    "native_layer_norm": lambda m, h: torch.native_layer_norm(h, [6], m.scale, m.scale, TINY)[0],
    "torch.group_norm": lambda m, h: torch.group_norm(h, 2, m.scale, m.scale, TINY),
    "native_group_norm": lambda m, h: torch.native_group_norm(
        h[:, :, None], m.scale, m.scale, 3, 6, 1, 2, TINY
    )[0][:, :, 0],
    "instance norm": lambda m, h: F.instance_norm(
        in_threes(h), weight=m.scale[:3], bias=m.scale[3:], eps=TINY
    ).reshape(3, 6),
    "kept statistics": lambda m, h: F.instance_norm(
        in_threes(h), m.shift[:3], m.shift[3:], m.scale[:3], m.scale[3:], use_input_stats=False
    ).reshape(3, 6),
}


@pytest.mark.parametrize("name", NORM_CALLS)
def test_norms_by_any_name_hold_their_scale(name):
    """Against finite differences with the norm's centring and scale written out."""
    model, x = middle(NORM_CALLS[name])
    account = conserve(model, x)
    assert abs(account.gap) <= 1e-12 and "scale" in account.ledger
    assert torch.allclose(account.logits, model(x)[:, 0], rtol=1e-12)
    assert account.ledger["scale"] == pytest.approx(
        float(shift_of(name, model).detach()), abs=1e-12
    )


def shift_of(name, model):
    """What the norm's shift adds to the outputs: its weight adds nothing."""
    if name in ("instance norm", "kept statistics"):
        return 3 * (model.scale[3:].repeat_interleave(2) * model.down.weight[0]).sum()
    return 3 * (model.scale * model.down.weight[0]).sum()


@pytest.mark.parametrize("name", ["torch.layer_norm", "native_layer_norm", "native_group_norm"])
def test_a_norm_without_its_row_is_refused(name):
    model, x = middle(NORM_CALLS[name])
    without = [rule for rule in EVERY if rule is not NORMS]
    with pytest.raises(ValueError, match="the ledger"):
        conserve(model, x, rules=without)


WEIGHTS = {
    "aten.layer_norm": (
        lambda m, h: torch.ops.aten.layer_norm(h, [6], m.scale, m.scale, TINY),
        "NativeLayerNorm takes x together with scale",
    ),
    "aten.layer_norm.default": (
        lambda m, h: torch.ops.aten.layer_norm.default(h, [6], m.scale, None, TINY),
        "NativeLayerNorm takes x together with scale",
    ),
    "aten.group_norm": (
        lambda m, h: torch.ops.aten.group_norm(h, 2, m.scale, None, TINY),
        "NativeGroupNorm takes x together with scale",
    ),
    "aten.linear": (lambda m, h: torch.ops.aten.linear(h, m.side.weight), "aten.linear"),
    "distances": (
        lambda m, h: torch.cdist(h, m.side.weight),
        "Cdist takes x together with side.weight",
    ),
    "hypotenuse": (lambda m, h: torch.hypot(h, m.scale), "Hypot takes x together with scale"),
    "a kernel of its own": (
        lambda m, h: ScaledNorm.apply(h, 1 * m.scale),
        "ScaledNorm takes x together with scale",
    ),
    "bilinear": (
        lambda m, h: F.bilinear(h, h, torch.stack([m.side.weight] * 6)),
        "torch.nn.functional.bilinear of two things",
    ),
    "addmv": (lambda m, h: torch.addmv(m.scale, m.side.weight, h[0]).expand(3, 6), "torch.addmv"),
    "logaddexp": (lambda m, h: torch.logaddexp(h, m.scale), "torch.logaddexp"),
    "addcdiv": (lambda m, h: torch.addcdiv(m.scale, h, m.scale), "torch.addcdiv"),
    "a distance": (
        lambda m, h: h + F.pairwise_distance(h, m.side(h), eps=0)[:, None],
        "takes a length of what comes from x",
    ),
    "a length, written out": (
        lambda m, h: h + h.square().sum(-1, keepdim=True).sqrt(),
        "Sqrt takes a length",
    ),
    "a deviation": (lambda m, h: h + h.std(-1, keepdim=True), "Std takes a length"),
    "a cosine": (
        lambda m, h: h * F.cosine_similarity(h, m.scale[None], eps=0)[:, None],
        "Mul takes two things that both come from x",
    ),
    "a share of the sum": (lambda m, h: h * torch.special.softmax(h, -1), "of two things"),
    "parts of what is frozen": (
        lambda m, h: h + torch.cat([m.scale[:3] * part for part in h.sigmoid().chunk(2, -1)], -1),
        "with what torch.Tensor.sigmoid gave",
    ),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_take_none(name):
    function, place = WEIGHTS[name]
    model, x = middle(function)
    with pytest.raises(ValueError, match="the ledger .*" + place):
        conserve(model, x)


ADDED = {
    "a mean of both": (lambda m, h: torch.lerp(h, m.scale, 0.3), {"scale"}),
    "the larger": (lambda m, h: torch.maximum(h, m.scale), {"scale"}),
    "a tensor's bounds": (
        lambda m, h: torch.clamp(h, m.shift - 1, m.scale),
        {"scale", "shift", "numbers"},
    ),
    "a choice": (lambda m, h: torch.where(h > 0, h, m.scale), {"scale"}),
    "a product that is added": (lambda m, h: torch.addcmul(m.scale, h, m.shift), {"scale"}),
    "a row that is written": (lambda m, h: written(h, m.scale), {"scale"}),
    "a row that is put": (
        lambda m, h: h.index_put((torch.tensor([1]),), m.scale[None]),
        {"scale"},
    ),
    "a row that is added": (
        lambda m, h: h.index_add(0, torch.tensor([2]), m.scale[None]),
        {"scale"},
    ),
    "a filled mask": (lambda m, h: h.masked_fill(h > 0, m.scale[0]), {"scale"}),
    "a bilinear layer of x alone": (
        lambda m, h: F.bilinear(h, m.scale.expand(3, 6), torch.stack([m.side.weight] * 6)),
        set(),
    ),
    "the padding's row": (
        lambda m, h: h + F.embedding(torch.tensor([0, 1, 0]), m.side.weight, padding_idx=0),
        {"side.weight"},
    ),
    "rows by how often": (
        lambda m, h: (
            h + F.embedding(torch.tensor([0, 1, 0]), m.side.weight, scale_grad_by_freq=True)
        ),
        {"side.weight"},
    ),
}


def written(h, row):
    h = h.clone()
    h[0] = row
    return h


@pytest.mark.parametrize("name", ADDED)
def test_what_is_added_has_a_part(name):
    function, parts = ADDED[name]
    model, x = middle(function)
    account = conserve(model, x)
    assert abs(account.gap) <= 1e-12 and parts <= set(account.ledger)
    assert set(account.ledger) <= {"up.bias", "down.bias"} | parts


class Experts(nn.Module):
    """Rows in groups, a matrix each, as transformers 5 runs a mixture of experts."""

    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(8, 8), nn.Linear(8, 1)
        self.experts = nn.Parameter(torch.randn(2, 8, 8))

    def forward(self, x):
        ends = torch.tensor([2, 4], dtype=torch.int32)
        return self.down(torch._grouped_mm(self.up(x), self.experts, offs=ends))


@pytest.mark.skipif(not hasattr(torch, "_grouped_mm"), reason="this torch has no grouped product")
def test_experts_in_one_function():
    torch.manual_seed(0)
    model, x = randomised(Experts()).float(), torch.randn(4, 8)
    account = conserve(model, x)
    assert set(account.ledger) == {"up.bias", "down.bias"}
    dense = torch.stack([model.up.weight.T @ w @ model.down.weight[0] for w in model.experts])
    expected = x * dense.repeat_interleave(2, 0)
    assert torch.allclose(account.relevance, expected.detach(), atol=1e-5)


def test_a_model_that_works_on_x_itself_leaves_it():
    """CTRL scales its embeddings in place."""
    model, x = middle(lambda m, h: h)
    given = x.clone()
    account = conserve(model, x, call=lambda model, x: model(x.mul_(2)))
    assert torch.equal(x, given) and abs(account.gap) <= 1e-12


def test_messages_hold_no_addresses():
    from molxai.rules.rule import names

    assert names([torch._grouped_mm]) == "torch._grouped_mm"
    assert "0x" not in names([torch.ops.aten.layer_norm, torch._C._nn.gelu, lambda: None])


def test_a_true_loss_of_float32_is_refused():
    """A loss of 5e-5 of the terms is no rounding, which leaves 1e-6 of them."""
    model, x = middle(lambda m, h: h + 1e-4 * h.pow(2))
    with pytest.raises(ValueError, match=r"is lost in torch.Tensor.pow"):
        conserve(model.float(), x.float())
    plain, _ = middle(lambda m, h: F.gelu(h))
    size = conserve(plain.float(), x.float())
    assert abs(size.gap) <= 1e-6 * (abs(size.logit) + float(size.relevance.abs().sum()))


class Backbone(nn.Module):
    def __init__(self, off):
        super().__init__()
        self.body, self.head, self.off = nn.Linear(4, 4), nn.Linear(4, 1), off

    def forward(self, x):
        with self.off():
            h = self.body(x)
        return self.head(h.clone())


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_a_backbone_without_gradients_is_told_as_such(off):
    model, x = randomised(Backbone(off)), torch.randn(2, 4, dtype=DOUBLE)
    with pytest.raises(
        ValueError, match=r"Backbone turns gradients off .* calls torch.nn.functional.linear on"
    ):
        conserve(model, x)


def test_exported_models_are_refused():
    model, x = middle(lambda m, h: F.gelu(h))
    exported = torch.export.export(model, (x,)).module()
    with pytest.raises(ValueError, match="exported module.*before torch.export"):
        conserve(exported, x)
    traced = torch.fx.symbolic_trace(nn.Sequential(model.up, nn.GELU(), model.down)).eval()
    assert abs(conserve(traced, x).gap) <= 1e-12


def test_models_that_free_their_inputs_are_refused():
    from torch_geometric.nn import GroupAddRev, SAGEConv

    x, edges = torch.randn(4, 8), torch.tensor([[0, 1, 2, 3], [1, 2, 3, 0]])

    def call(model, x):
        return model(x, edges)

    model = GroupAddRev(SAGEConv(4, 4), num_groups=2).eval()
    with pytest.raises(ValueError, match="GroupAddRev, which frees its inputs.*disable=True"):
        conserve(model, x, call=call, target=lambda out: out[0, 0])
    kept = GroupAddRev(SAGEConv(4, 4), num_groups=2, disable=True).eval()
    assert abs(conserve(kept, x, call=call, target=lambda out: out[0, 0]).gap) <= 1e-6
