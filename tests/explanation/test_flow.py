"""Pair flows add up to what attention carried, however sorted, and are drawn as they are."""

import copy
import pickle
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import CONFIGS, SMALL, SMILES, batch, graphs, random_model, stroke_image
from PIL import Image
from rdkit import Chem

from graphormer.graphs.graph import collate
from graphormer.graphs.molecules import MOLECULES, molecule
from graphormer.graphs.superpixels import SUPERPIXELS, digit
from graphormer.network.card import Card
from graphormer.network.model import Graphormer
from molxai.explanation.explainer import Explainer
from molxai.explanation.flow_picture import draw_flow
from molxai.explanation.pair_flow import pair_flow, recording
from molxai.explanation.passes import gradient_pass
from molxai.explanation.target import Target
from molxai.rendering.colour import BLUE, RED
from molxai.rendering.flow import MOST_BARS, _bars
from molxai.rendering.wording import true_minus
from molxai.rules import ACTIVATION, AH, LN, rules

IBUPROFEN = SMILES[0]
TOLERANCE = {"rtol": 0, "atol": 1e-12}


@pytest.fixture(params=CONFIGS)
def model(request) -> Graphormer:
    return random_model(CONFIGS[request.param])


@pytest.fixture(scope="module")
def digit_model() -> Graphormer:
    torch.manual_seed(0)
    return (
        Graphormer(replace(SMALL, task="multiclass", outputs=3, bias=True), SUPERPIXELS)
        .double()
        .eval()
    )


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return Explainer.from_network(
        random_model(SMALL, dtype=torch.float32),
        Card("test", SMALL, MOLECULES.name, ("effect",), ("no", "yes")),
    )


def seen(model, graph, target):
    """What each layer saw: probabilities, values, what the heads heard, and the block's input.

    The last two stand beside their gradients.
    """
    kept, structure = [], []
    handles = [model.structure.register_forward_hook(lambda _, args, out: structure.append(out))]
    for block in model.blocks:
        found = {}
        kept.append(found)
        for name, module in {
            "routing": block.attention.routing,
            "value": block.attention.value,
            "attention": block.attention,
        }.items():
            handles.append(
                module.register_forward_hook(
                    lambda _, args, out, found=found, name=name: found.update({name: out})
                )
            )
        handles.append(
            block.attention.out.register_forward_pre_hook(
                lambda _, args, found=found: found.update(heard=args[0])
            )
        )
        handles.append(
            block.register_forward_pre_hook(
                lambda _, args, found=found: found.update(block=args[0])
            )
        )
    one = collate([graph]).to(torch.float64)
    with rules(AH, LN, ACTIVATION):
        tokens = model.embed(one).detach().requires_grad_()
        explained = (
            model.predict(tokens, one)[0]
            * torch.tensor(target.weights(model.config), dtype=torch.float64)
        ).sum()
    for handle in handles:
        handle.remove()
    for found in kept:
        wanted = [found["heard"], found["attention"]]
        found["heard_gradient"], found["beside"] = torch.autograd.grad(
            explained, wanted, retain_graph=True
        )
        found["bias"] = structure[0]
    return kept, float(explained.detach())


def split_heads(x, heads):
    return x.detach()[0].unflatten(1, (heads, -1)).transpose(0, 1)


def dense_flow(found, heads):
    """The definition, written out: probability times value times gradient."""
    q, k = split_heads(found["routing"], 2 * heads).chunk(2)
    scores = torch.einsum("hid,hjd->hij", q, k) / q.shape[-1] ** 0.5 + found["bias"][0].detach()
    probability = scores.exp() / scores.exp().sum(2, keepdim=True)
    values, gradient = (
        split_heads(found["value"], heads),
        split_heads(found["heard_gradient"], heads),
    )
    return probability * torch.einsum("hjd,hid->hij", values, gradient)


def check_against_dense(model, graph, target):
    flow, heads = pair_flow(model, graph, target), model.config.heads
    kept, logit = seen(model, graph, target)
    assert flow.logit == pytest.approx(logit, rel=1e-12) and flow.flow.shape == (
        len(kept),
        heads,
        graph.nodes + 1,
        graph.nodes + 1,
    )
    for layer, found in enumerate(kept):
        assert torch.allclose(flow.flow[layer], dense_flow(found, heads), **TOLERANCE)
        relevance = (
            split_heads(found["heard"], heads) * split_heads(found["heard_gradient"], heads)
        ).sum(2)
        assert torch.allclose(
            flow.flow[layer].sum(2), relevance, **TOLERANCE
        )  # of each head and query
        assert flow.total(layer) == pytest.approx(float(relevance.sum()), abs=1e-12)


def test_flow_is_the_relevance_of_the_attention_output(model):
    for i, graph in enumerate(graphs()):
        check_against_dense(model, graph, Target(0 if model.config.task == "regression" else i % 2))


def test_flow_in_a_digit_is_the_relevance_of_the_attention_output(digit_model, stroke):
    check_against_dense(digit_model, stroke, Target(1, contrast=2))


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_without_biases_a_layers_total_is_its_share_of_the_logit(norm):
    """The remainder stayed on the residual connection."""
    model = random_model(replace(SMALL, norm=norm, activation="gelu"))
    for graph in graphs():
        flow, (kept, logit) = pair_flow(model, graph, Target(1)), seen(model, graph, Target(1))
        for layer, found in enumerate(kept):
            residual = float((found["block"].detach() * found["beside"]).sum())
            assert flow.total(layer) + residual == pytest.approx(logit, abs=1e-12)


def test_every_sorting_sums_to_the_total(model, digit_model, stroke):
    flows = [pair_flow(model, graph) for graph in graphs()] + [pair_flow(digit_model, stroke)]
    for flow in flows:
        size = float(flow.flow.abs().sum())
        for layer in (None, 0, 1):
            for head in (None, 0, 1):
                total = flow.total(layer, head)
                assert abs(sum(flow.by_hops(layer, head).values()) - total) <= 1e-12 * size
                assert abs(sum(flow.by_edge_type(layer, head).values()) - total) <= 1e-12 * size
        assert abs(float(flow.totals.sum()) - flow.total()) <= 1e-12 * size
        assert abs(flow.total(1, 0) - float(flow.totals[1, 0])) <= 1e-12 * size


def test_each_bucket_holds_its_pairs():
    """Against loops over RDKit's bonds and distances, in a salt with one, two and no paths."""
    one = molecule("CC(=O)[O-].[Na+]")
    flow = pair_flow(random_model(SMALL), one.graph)
    pairs, distances, n = flow.pairs().tolist(), Chem.GetDistanceMatrix(one.mol), one.graph.nodes
    expected = {
        "to the graph token": sum(pairs[0][1:]),
        "from the graph token": sum(row[0] for row in pairs[1:]),
    }
    expected["graph token (itself)"] = pairs[0][0]
    names = {0: "0 hops (itself)", 1: "1 hop", 2: "2 hops"}
    for i in range(n):
        for j in range(n):
            name = names.get(int(distances[i, j]), "unreachable")
            expected[name] = expected.get(name, 0.0) + pairs[i + 1][j + 1]
    assert flow.by_hops() == pytest.approx(expected, abs=1e-13)
    for bond in one.mol.GetBonds():
        i, j = bond.GetBeginAtomIdx() + 1, bond.GetEndAtomIdx() + 1
        name = "double" if bond.GetBondType() == Chem.BondType.DOUBLE else "single"
        expected[name] = expected.get(name, 0.0) + pairs[i][j] + pairs[j][i]
    del expected["1 hop"]
    assert flow.by_edge_type() == pytest.approx(expected, abs=1e-13)


def test_bonds_have_their_own_names():
    model = random_model(SMALL)
    kinds = set(pair_flow(model, molecule("C1CC1c1ccccc1C#C/C=C/F").graph).by_edge_type())
    assert kinds >= {
        "single",
        "single in ring",
        "aromatic",
        "triple",
        "double E",
        "2 hops",
    } and not kinds & {"double", "1 hop"}
    assert next(iter(pair_flow(model, molecule("C").graph).by_edge_type())) == "0 hops (itself)"


def test_flow_follows_the_atoms(model):
    for smiles in SMILES:
        mol = Chem.MolFromSmiles(smiles)
        order = np.random.default_rng(1).permutation(mol.GetNumAtoms())
        tokens = [0, *(order + 1).tolist()]
        one, other = (
            pair_flow(model, molecule(m).graph)
            for m in (mol, Chem.RenumberAtoms(mol, order.tolist()))
        )
        assert torch.allclose(one.flow[:, :, tokens][:, :, :, tokens], other.flow, **TOLERANCE)
        assert one.by_hops() == pytest.approx(other.by_hops(), abs=1e-12)


def test_padding_carries_nothing(model):
    together, heard = batch(), []
    made = gradient_pass(model, together, None, (recording(heard), LN, ACTIVATION), heard)
    flows = torch.stack(
        [a.detach() * g for a, g in zip(heard, made.recorded_gradients, strict=True)], 1
    )
    for graph, padded in zip(graphs(), flows, strict=True):
        n = graph.nodes + 1
        assert torch.allclose(padded[:, :, :n, :n], pair_flow(model, graph).flow, **TOLERANCE)
        assert not padded[:, :, :, n:].any() and not padded[:, :, n:].any()


def test_the_other_class_is_the_negative():
    model, graph = random_model(SMALL), molecule(IBUPROFEN).graph
    assert torch.allclose(
        pair_flow(model, graph, Target(0)).flow,
        -pair_flow(model, graph, Target(1)).flow,
        **TOLERANCE,
    )


def test_flow_leaves_nothing_behind():
    model = random_model(SMALL)
    with torch.no_grad():
        flow = pair_flow(model, molecule(IBUPROFEN).graph)
        assert not torch.is_grad_enabled() and not flow.flow.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())
    with pytest.raises(ValueError, match="training mode"):
        pair_flow(model.train(), molecule("C").graph)


def test_an_explanation_knows_its_flow(explainer):
    one = explainer(IBUPROFEN, target="yes")
    flow = one.pair_flow()
    assert flow.logit == pytest.approx(one.logit, rel=1e-5) and flow.names[:2] == [
        "graph token",
        "C0",
    ]
    assert "network" not in repr(one) and "network" not in one.to_dict()
    frame = flow.to_frame(layer=0)
    assert len(frame) == 16 * 16 and frame["flow"].sum() == pytest.approx(flow.total(0))
    row = frame[(frame["query"] == "C3") & (frame["key"] == "C4")].iloc[0]
    assert row["bucket"] == "1 hop" and row["flow"] == pytest.approx(float(flow.pairs(0)[4, 5]))


def test_strongest_pairs_count_both_ways(explainer):
    flow = explainer(IBUPROFEN).pair_flow()
    both = {
        (i, j): float(flow.pairs()[i + 1, j + 1] + flow.pairs()[j + 1, i + 1])
        for j in range(15)
        for i in range(j)
    }
    assert [(i, j) for i, j, _ in flow.strongest(7)] == sorted(
        both, key=lambda pair: -abs(both[pair])
    )[:7]
    assert all(value == pytest.approx(both[i, j], abs=1e-15) for i, j, value in flow.strongest(200))
    assert len(flow.strongest(200)) == 105 and explainer("C").pair_flow().strongest(3) == []


def test_pickles_and_copies_leave_the_network_behind(explainer):
    one = explainer("CCO")
    content = pickle.dumps(one)
    assert len(content) < 20_000
    for other in (pickle.loads(content), copy.deepcopy(one)):
        assert other.to_dict() == one.to_dict() and one.network is explainer.network
        with pytest.raises(ValueError, match="holds no network.*explain again"):
            other.pair_flow()


def test_flows_are_refused_where_they_would_not_be_true(explainer):
    one = explainer(IBUPROFEN)
    with pytest.raises(ValueError, match="no pair flow for the method 'gradient-input'.*'lrp'"):
        Explainer.from_network(explainer.network, explainer.card, "gradient-input")(
            "CCO"
        ).pair_flow()
    with pytest.raises(ValueError, match="holds no subject"):
        replace(one, subject=None).pair_flow()
    changed = replace(one, network=random_model(SMALL, seed=1, dtype=torch.float32))
    with pytest.raises(ValueError, match="network now says .* explain again"):
        changed.pair_flow()
    flow = one.pair_flow()
    with pytest.raises(ValueError, match="layer 2: the flow has layers 0 … 1"):
        flow.by_hops(layer=2)
    with pytest.raises(ValueError, match="head -1: the flow has heads 0 … 1"):
        flow.pairs(head=-1)
    with pytest.raises(ValueError, match="at least 1"):
        flow.strongest(0)


def arcs(svg):
    """Stroke colour and width of each arc, by pair."""
    found = re.findall(
        r'<g id="flow-(\d+)-(\d+)">\s*'
        r"<path [^>]*stroke: (#[0-9a-f]{6});[^>]*stroke-width: ([0-9.]+)",
        svg,
    )
    return {(int(i), int(j)): (colour, float(width)) for i, j, colour, width in found}


def in_hex(colour):
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


@pytest.mark.parametrize(
    "smiles", [IBUPROFEN, "N[C@@H](C)C(=O)N1CCC[C@H]1C(=O)O", "CC(=O)[O-].[Na+]"]
)
def test_arcs_are_as_wide_as_the_flow_and_of_its_sign(explainer, smiles, tmp_path):
    flow = explainer(smiles).pair_flow()
    svg = flow.draw(tmp_path / "flow.svg", top=9)
    assert (tmp_path / "flow.svg").read_text() == svg and ET.fromstring(svg.encode()) is not None
    found, values = arcs(svg), {(i, j): value for i, j, value in flow.strongest(9)}
    assert set(found) == set(values) and len(found) == 9
    largest, widest = max(map(abs, values.values())), max(found, key=lambda pair: found[pair][1])
    assert abs(values[widest]) == pytest.approx(largest, rel=1e-5)  # pairs of equivalent atoms tie
    for pair, value in values.items():
        colour, width = found[pair]
        assert colour == in_hex(RED if value > 0 else BLUE)
        assert width == pytest.approx(found[widest][1] * abs(value) / largest, abs=1e-5)


def test_the_picture_says_what_it_sums_to(explainer):
    one = explainer(IBUPROFEN)
    flow = one.pair_flow()
    texts = " ".join(
        element.text or ""
        for element in ET.fromstring(draw_flow(one.pair_flow(), top=5).encode()).iter()
        if element.tag.endswith("text")
    )
    between = flow.pairs()[1:, 1:]
    shown, everything = (
        sum(value for *_, value in flow.strongest(5)),
        float(between.sum() - between.trace()),
    )
    assert (
        true_minus(f"Σ shown {shown:+.3f} of Σ all {everything:+.3f}") in texts
        and true_minus(f"sum {flow.total():+.3f}") in texts
    )
    for said in (
        "5 of 105 pairs of different atoms",
        "to the graph token",
        "9 hops",
        "A bond has no relevance of its own",
        "(logit)",
    ):
        assert said in texts, said
    numbers = [
        true_minus(f"{value:+.3f}") for value in flow.by_hops().values() if abs(value) >= 5e-4
    ]
    assert all(number in texts for number in numbers)


def test_many_distances_share_the_last_bar():
    flow = pair_flow(random_model(SMALL), molecule("C" * 40).graph)
    bars = _bars(flow.by_hops())
    assert len(bars) == MOST_BARS and sum(bars.values()) == pytest.approx(flow.total(), abs=1e-12)
    assert list(bars)[-4:] == [
        "17 to 39 hops",
        "to the graph token",
        "from the graph token",
        "graph token (itself)",
    ]


@pytest.mark.parametrize("smiles", ["C", "[Na+].[Cl-]", "[H][H]"])
def test_the_smallest_molecules_are_drawn(explainer, smiles, tmp_path):
    explainer(smiles).pair_flow().draw(tmp_path / "flow.png")
    with Image.open(tmp_path / "flow.png") as picture:
        assert picture.width > 1000


def test_a_digits_flow_is_drawn(saved_digit_model):
    one = Explainer(saved_digit_model)(digit(stroke_image()))
    svg = draw_flow(one.pair_flow(), top=6)
    assert (
        set(arcs(svg)) == {(i, j) for i, j, _ in one.pair_flow().strongest(6)}
        and "superpixels" in svg
        and "bond" not in svg
    )


def test_flow_pictures_refuse_what_they_cannot_draw(explainer, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.svg, \.pdf, \.png"):
        explainer("CCO").pair_flow().draw(tmp_path / "x.gif")
    with pytest.raises(ValueError, match="bare graph"):
        draw_flow(pair_flow(explainer.network, molecule("CCO").graph))
