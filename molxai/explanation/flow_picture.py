"""A pair flow as a picture: what drawing needs of it, as plain values and words."""

from collections.abc import Sequence
from pathlib import Path

from graphormer.graphs.molecules import Molecule, shortened
from molxai.explanation.account import Account
from molxai.explanation.buckets import hop_buckets
from molxai.explanation.captions import prediction_line
from molxai.explanation.flow import Flow
from molxai.explanation.sentence import Sentence
from molxai.rendering import flow as rendering
from molxai.rendering.arcs import Arc
from molxai.rendering.flow import FlowPicture, node_words
from molxai.rendering.wording import signed_or_zero, true_minus

NAMED = 5
"""Arcs that are given in numbers."""

NAME_LETTERS = 88
"""Letters of the name in the title at most."""


def draw_flow(flow: Flow, path: str | Path | None = None, top: int = 12) -> str | bytes:
    """The picture as SVG text, or as PNG bytes if `path` ends in .png; written to `path`.

    Arcs join the `top` pairs of nodes with the largest |F_ij + F_ji|, summed over layers and heads:
    as wide as that is, red for the target, blue against it. In an SVG each is a group `flow-i-j` of
    node numbers i < j. The bars are the flow by distance, all pairs included, and sum to the total.
    Flows say how evidence was carried between nodes given the attention: an arc along a bond is no
    relevance of the bond.

    Args:
        flow: of an explanation by lrp.
        path: ends in .svg or .png.
        top: number of arcs.

    Raises:
        ValueError: there is nothing to draw on, or the file name ends otherwise.
    """
    explanation = flow.explanation
    if explanation is None or explanation.subject is None:
        raise ValueError(
            "the flow of a bare graph has no picture: take the pair_flow of an explanation"
        )
    subject = explanation.subject
    assert not isinstance(subject, Sentence), "a text has no flow"
    arcs = flow.strongest(top)
    picture = FlowPicture(
        subject=subject,
        arcs=tuple(arcs),
        by_distance=flow.by_hops(),
        total=flow.total(),
        unit=explanation.unit,
        title="Pair flow · " + shortened(explanation.name, NAME_LETTERS),
        prediction=true_minus(prediction_line(explanation)),
        reading=(
            _arc_line(flow, subject, arcs),
            _strongest_line(flow, arcs),
            _layer_line(flow),
            _reading_line(explanation),
        ),
    )
    return rendering.draw_flow(picture, path)


def _arc_line(flow: Flow, subject: rendering.Subject, arcs: Sequence[Arc]) -> str:
    """How much of the flow the arcs are."""
    between = flow.pairs()[1:, 1:]  # (nodes, nodes), without the graph token
    everything = float(between.sum() - between.trace())
    nodes = len(between)
    pairs = nodes * (nodes - 1) // 2
    part = sum(value for _, _, value in arcs)
    return (
        f"Arcs: {len(arcs)} of {pairs} pairs of different {node_words(subject)}, "
        f"Σ shown {signed_or_zero(part)} of Σ all {signed_or_zero(everything)}."
    )


def _strongest_line(flow: Flow, arcs: Sequence[Arc]) -> str:
    """The first arcs in numbers."""
    buckets, bucket = hop_buckets(flow.graph)
    names = flow.names  # the graph token is first: token i + 1 is node i
    entries: list[str] = []
    for i, j, value in arcs[:NAMED]:
        first = i + 1
        second = j + 1
        distance = buckets[int(bucket[first, second])]
        number = signed_or_zero(value)
        entries.append(f"{names[first]}–{names[second]} {number} ({distance})")
    return f"Strongest: {', '.join(entries) or 'none'}."


def _layer_line(flow: Flow) -> str:
    """What each layer's attention carried."""
    totals = flow.totals.sum(1).tolist()  # (layers,)
    layers = ", ".join(signed_or_zero(total) for total in totals)
    return f"Layers, first to last (they overlap and do not sum to the output): {layers}."


def _reading_line(explanation: Account) -> str:
    """What the colours say, and what they do not."""
    if explanation.probability is None:
        colours = "Red raised the value, blue lowered it"
    else:
        colours = f"Red was carried for {explanation.target_name}, blue against it"
    is_molecule = isinstance(explanation.subject, Molecule)
    bonds = " A bond has no relevance of its own." if is_molecule else ""
    return f"{colours}: how evidence moved, taking the attention as given.{bonds}"
