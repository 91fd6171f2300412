"""Each method against an independent formula, and against what it promises."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from captum.attr import InputXGradient, IntegratedGradients, Saliency
from conftest import CONFIGS, SMALL, SMILES, batch, graphs, random_model
from torch.nn import functional as F

from graphormer.graphs.graph import collate
from molxai.explanation.explainer import Explainer
from molxai.explanation.method import Method
from molxai.explanation.methods import EXPLAINERS
from molxai.explanation.methods.attention import Attention, Rollout, recording
from molxai.explanation.methods.occlusion import Occlusion
from molxai.explanation.removal import kept_logits
from molxai.explanation.target import Target
from molxai.rules import ACTIVATION, AH, LN, Rule, Rules, rules

QUICK = EXPLAINERS | {
    "shap": replace(EXPLAINERS["shap"], pairs=2),
    "integrated-gradients": replace(EXPLAINERS["integrated-gradients"], steps=6),
    "gnn-explainer": replace(EXPLAINERS["gnn-explainer"], epochs=5),
}

THREE = CONFIGS["output bias three classes"]


@pytest.fixture(params=["bias-free relu", "output bias three classes", "regression"])
def model(request):
    return random_model(CONFIGS[request.param])


def counted(model):
    """Graphs that go forward and backward through a block of the model from now on."""
    count = {"forward": 0, "backward": 0}
    share = 1 / model.config.layers

    def look(block, arguments, tokens):
        count["forward"] += share * len(tokens)
        if tokens.requires_grad:
            tokens.register_hook(
                lambda grad: count.update(backward=count["backward"] + share * len(grad))
            )

    for block in model.blocks:
        block.register_forward_hook(look)
    return count


@pytest.mark.parametrize("name", EXPLAINERS)
def test_cost_is_what_was_declared(name):
    model, one = random_model(SMALL), batch(SMILES[:1])
    count = counted(model)
    QUICK[name](model, one)
    assert (count["forward"], count["backward"]) == QUICK[name].passes(one.sizes[0])


@pytest.mark.parametrize("name", EXPLAINERS)
def test_a_method_has_a_sign_if_and_only_if_some_relevance_is_negative(name):
    """Over models of several shapes and seeds, and molecules of all sizes."""
    least = 0.0
    for seed in range(2):
        for config in (SMALL, THREE, CONFIGS["regression"]):
            made = QUICK[name](random_model(config, seed), batch())
            least = min(least, *(float(one.relevance.min()) for one in made))
    assert (least < 0) == EXPLAINERS[name].signed
    assert isinstance(EXPLAINERS[name], Method) and EXPLAINERS[name].name == name


@pytest.mark.parametrize("name", EXPLAINERS)
def test_targets_matter_where_promised(name):
    model = random_model(THREE)
    first, second, both = (
        QUICK[name](model, batch(SMILES[:1]), [target])[0]
        for target in (Target(0), Target(1), Target(0, 1))
    )
    assert torch.equal(first.relevance, second.relevance) == (not EXPLAINERS[name].by_target)
    assert both.logit == pytest.approx(first.logit - second.logit, abs=1e-12)
    assert both.target_name == "0 − 1"


@pytest.mark.parametrize(
    "name",
    [
        "lrp",
        "gradient-input",
        "integrated-gradients",
        "leave-one-out",
        "occlusion",
        "shap",
        "grad-attention",
        "layer-gradient-input",
    ],
)
def test_a_contrast_is_the_difference_of_two_explanations(name):
    model = random_model(THREE)
    first, second, both = (
        QUICK[name](model, batch(), [target] * len(SMILES))
        for target in (Target(0), Target(1), Target(0, 1))
    )
    for a, b, c in zip(first, second, both, strict=True):
        assert torch.allclose(a.relevance - b.relevance, c.relevance, atol=1e-10)


def test_captum_agrees(model):
    one = batch(SMILES[:1])
    tokens = model.embed(one).detach().requires_grad_()
    target = 0
    signs = torch.tensor(
        QUICK["lrp"](model, one)[0].target.weights(model.config), dtype=torch.float64
    )

    def explained(x):
        return (model.predict(x, one.copies(torch.zeros(len(x), dtype=torch.long))) * signs).sum(
            1, keepdim=True
        )

    wanted = {
        "gradient-input": InputXGradient(explained).attribute(tokens, target=target).sum(2),
        "saliency": Saliency(explained).attribute(tokens, target=target).sum(2),
        "integrated-gradients": IntegratedGradients(explained)
        .attribute(tokens, target=target, n_steps=6)
        .sum(2),
    }
    for name, relevance in wanted.items():
        (made,) = QUICK[name](model, one)
        assert torch.allclose(made.relevance, relevance[0, 1:].detach(), rtol=1e-9, atol=1e-12)


def test_integrated_gradients_say_how_far_they_converged():
    model = random_model(CONFIGS["biases gelu"])
    coarse, fine = (
        replace(EXPLAINERS["integrated-gradients"], steps=n)(model, batch())[0] for n in (2, 400)
    )
    assert abs(fine.delta) < abs(coarse.delta) and abs(fine.delta) < 1e-3
    nothing = float(model.predict(torch.zeros_like(model.embed(batch())), batch())[0, 0].detach())
    rise = fine.logit - (1 if fine.target.label else -1) * nothing
    assert float(fine.relevance.sum()) + fine.token == pytest.approx(rise + fine.delta, abs=1e-9)


def test_leave_one_out_is_the_drop_of_the_logit(model):
    for one in graphs()[:3]:
        (made,) = EXPLAINERS["leave-one-out"](model, collate([one]).to(torch.float64))
        weights = torch.tensor(made.target.weights(model.config), dtype=torch.float64)
        for node in range(one.nodes):
            relation = collate([one]).relation.clone()
            relation[:, :, node + 1] = 0  # an absent key
            without = replace(collate([one]).to(torch.float64), relation=relation)
            if model.config.readout == "mean":
                without.mask[0, node] = False
            assert float(made.relevance[node]) == pytest.approx(
                made.logit - (model(without)[0] @ weights).item(), abs=1e-11
            )


def test_occlusion_takes_the_neighbours_too():
    model, (one,) = random_model(SMALL), graphs(("CCCO",))
    (made,) = Occlusion("occlusion", hops=1)(model, collate([one]).to(torch.float64), [Target(1)])
    kept = torch.tensor(
        [
            [False, False, True, True],
            [False, False, False, True],
            [True, False, False, False],
            [True, True, False, False],
        ]
    )
    left = kept_logits(model, [one], torch.zeros(4, dtype=torch.long), kept)[:, 0]
    assert torch.allclose(made.relevance, made.logit - left, atol=1e-12)
    with pytest.raises(ValueError, match="up to 1 hops, not 5"):
        digit_batch = replace(collate([one]), vocabulary=replace(one.vocabulary, max_hops=2))
        Occlusion("wide", hops=5)(model, digit_batch)


def attention(model, one):
    layers = []
    with torch.no_grad(), rules(recording(layers)):
        model(one)
    return [layer[0] for layer in layers]


def test_attention_last_is_the_token_row():
    model, one = random_model(SMALL), batch(SMILES[:1])
    assert torch.allclose(
        EXPLAINERS["attention-last"](model, one)[0].relevance,
        attention(model, one)[-1].mean(0)[0, 1:],
    )


@pytest.mark.parametrize("fusion", ["mean", "max", "min"])
def test_rollout_is_a_product_of_matrices(fusion):
    model, one = random_model(SMALL), batch(SMILES[:1])
    product = torch.eye(one.sizes[0] + 1, dtype=torch.float64)
    for layer in attention(model, one):
        fused = {"mean": layer.mean(0), "max": layer.max(0).values, "min": layer.min(0).values}[
            fusion
        ]
        product = (0.5 * fused / fused.sum(1, keepdim=True) + 0.5 * torch.eye(len(fused))) @ product
    (made,) = Attention("rollout", Rollout(fusion))(model, one)
    assert torch.allclose(made.relevance, product[0, 1:], atol=1e-13)


def test_rollout_discards_the_smallest_attentions():
    model, one = random_model(SMALL), batch(SMILES[:1])
    half = Attention("rollout", Rollout("mean", 0.5))(model, one)[0].relevance
    assert not torch.allclose(half, EXPLAINERS["rollout"](model, one)[0].relevance)
    step = Rollout("mean", 0.5).step(attention(model, one)[0][None], one)
    assert torch.allclose(step.sum(2), torch.ones(1, len(step[0]), dtype=torch.float64))
    assert int((step[0] == 0).sum()) >= 0.4 * step[0].numel()
    with pytest.raises(ValueError, match="discard ratio 1"):
        Rollout("mean", 1.0)


def test_generic_attention_explainability():
    """Chefer et al. 2021 with explicit loops over heads, and gradients on the attention itself."""
    model, one = random_model(SMALL), batch(SMILES[:1])
    layers = []
    with rules(recording(layers)):
        logit = model(one)[0, 0]
    grads = torch.autograd.grad(logit, layers)
    relevance = torch.eye(one.sizes[0] + 1, dtype=torch.float64)
    for layer, grad in zip(layers, grads, strict=True):
        mean = (
            sum(F.relu(layer[0, head] * grad[0, head]) for head in range(layer.shape[1]))
            / layer.shape[1]
        )
        relevance = relevance + mean @ relevance
    (made,) = EXPLAINERS["gae"](model, one, [Target(1)])
    assert torch.allclose(made.relevance, relevance[0, 1:].detach(), atol=1e-14)
    product = sum(
        (layer * grad)[0].mean(0) for layer, grad in zip(layers, grads, strict=True)
    ) / len(layers)
    (signed,) = EXPLAINERS["grad-attention"](model, one, [Target(1)])
    assert torch.allclose(signed.relevance, product[0, 1:].detach(), atol=1e-14)


def test_legrad_reads_each_layer_by_itself():
    """Bousselham et al. 2025 with finite differences of one attention after another.

    The tokens before a block are constants, and its logit is read from the tokens after it.
    """
    model, one = random_model(replace(SMALL, layers=2, readout="mean")), batch(("CCO",))
    weights = torch.tensor([1.0], dtype=torch.float64)
    tokens, bias = model.embed(one), model.structure(one)
    relevance = torch.zeros(4, dtype=torch.float64)
    step = 1e-6
    for block in model.blocks:
        after = block(tokens, bias)
        logit = model.read(after, one)[0] @ weights
        for head, query, key in product(range(2), range(4), range(4)):
            with rules(nudge((0, head, query, key), step)):
                nudged = model.read(block(tokens, bias), one)[0] @ weights
            relevance[key] += (nudged - logit).detach().clamp_min(0) / step / (2 * 2 * 4)
        tokens = after
    (made,) = EXPLAINERS["legrad"](model, one, [Target(1)])
    assert torch.allclose(made.relevance, relevance[1:], rtol=1e-4, atol=1e-9)


def nudge(place, step):
    """A rule that adds to one attention probability."""

    def changed(func, *args, **kwargs):
        probabilities = func(*args, **kwargs).clone()
        probabilities[place] += step
        return probabilities

    return Rule("nudge", {F.softmax: changed})


def test_layer_gradient_input_sums_over_the_tokens_of_all_layers(model):
    """Input × gradient at the input of each layer's tail of the model, one by one."""
    one = batch(SMILES[:1])
    (made,) = EXPLAINERS["layer-gradient-input"](model, one)
    weights = torch.tensor(made.target.weights(model.config), dtype=torch.float64)
    total, tokens, bias = 0, model.embed(one), model.structure(one)
    for first in range(model.config.layers + 1):
        tokens = tokens.detach().requires_grad_()
        after = tokens
        # A model of fewer layers may not meet every rule.
        with Rules((AH, LN, ACTIVATION)):
            for block in model.blocks[first:]:
                after = block(after, bias)
            logit = model.read(after, one)[0] @ weights
        (gradient,) = torch.autograd.grad(logit, tokens)
        total = total + (tokens.detach() * gradient)[0].sum(1)
        if first < model.config.layers:
            tokens = model.blocks[first](tokens, bias)
    assert torch.allclose(made.relevance, total[1:], rtol=1e-10, atol=1e-12)


def test_attention_flow_of_one_layer_is_its_direct_capacity():
    """Through one layer a node reaches the token only along its own edge.

    Through two layers it does by any node between.
    """
    one = batch(("CCO",))
    single = random_model(replace(SMALL, layers=1))
    direct = 0.5 * attention(single, one)[0].mean(0)[0, 1:]
    assert torch.allclose(
        EXPLAINERS["attention-flow"](single, one)[0].relevance, direct, atol=1e-12
    )
    double = random_model(SMALL)
    steps = [
        0.5 * layer.mean(0) + 0.5 * torch.eye(4, dtype=torch.float64)
        for layer in attention(double, one)
    ]
    for node, flow in enumerate(EXPLAINERS["attention-flow"](double, one)[0].relevance.tolist()):
        through = sum(min(float(steps[0][k, node + 1]), float(steps[1][0, k])) for k in range(4))
        assert flow == pytest.approx(through, abs=1e-9)


def test_the_oracle_is_greedy():
    """At every step no other node would have raised the logit more."""
    model, (one,) = random_model(SMALL), graphs(("CC(O)CN",))
    (made,) = EXPLAINERS["oracle"](model, collate([one]).to(torch.float64), [Target(1)])
    order = torch.argsort(-made.relevance).tolist()
    assert sorted(made.relevance.tolist()) == [1, 2, 3, 4, 5]
    kept = torch.zeros(5, dtype=torch.bool)
    for node in order:
        left = (~kept).nonzero().squeeze(1)
        copies = kept.repeat(len(left), 1)
        copies[torch.arange(len(left)), left] = True
        logits = kept_logits(model, [one], torch.zeros(len(left), dtype=torch.long), copies)[:, 0]
        assert left[logits.argmax()] == node
        kept[node] = True


@pytest.mark.parametrize("name", EXPLAINERS)
def test_every_method_refuses_a_model_in_training(name):
    with pytest.raises(ValueError, match="training mode"):
        QUICK[name](random_model(SMALL).train(), batch(SMILES[:1]))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use")
@pytest.mark.parametrize(
    "name",
    [
        "lrp",
        "gradient-input",
        "lrp-gamma",
        "leave-one-out",
        "shap",
        "legrad",
        "layer-gradient-input",
    ],
)
def test_a_gpu_gives_the_same(name):
    on_cpu, on_gpu = Explainer("bace", name, device="cpu"), Explainer("bace", name, device="cuda")
    for one, other in zip(on_cpu(list(SMILES)), on_gpu(list(SMILES)), strict=True):
        assert other.logit == pytest.approx(one.logit, rel=1e-4, abs=1e-5)
        assert torch.allclose(
            other.relevance, one.relevance, rtol=1e-4, atol=1e-4 * float(one.relevance.abs().max())
        )
