"""Speed, measured so that a noisy machine cannot lie: methods interleaved, medians with their spread, ratios."""

import platform
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from graphormer.checkpoint import versions
from graphormer.graph import Graph, GraphBatch, collate, size_batches
from graphormer.presets import preset_of
from molxai.explainer import Explainer, graph_in
from molxai.explainers import EXPLAINERS
from molxai.explainers.ensemble import explained
from molxai.inputs import read_inputs

MOST = 500
"""Graphs that are timed at most."""


def benchmark_graphs(explainer: Explainer, inputs: Sequence[str] | None = None, home: str | Path | None = None) -> list[Graph]:
    """The first graphs of the inputs, else of the test part of the model's own data.

    Raises:
        ValueError: no input can be read.
        OSError: the data are not there and cannot be downloaded.
    """
    if not inputs:
        return preset_of(explainer.card).load(home, "test").graphs[:MOST]
    graphs = [graph_in(explainer.subject(one.subject)) for one in read_inputs(inputs) if one.subject is not None]
    if not graphs:
        raise ValueError(f"none of the inputs {', '.join(inputs)} can be read: at least one is needed")
    return graphs[:MOST]


def single_pass() -> list[str]:
    """The methods that need at most one forward and one backward pass of the model, and nothing slower."""
    return [name for name, method in EXPLAINERS.items() if max(method.passes(100)) == 1 and method.largest is None]


def speed(explainer: Explainer, graphs: Sequence[Graph], rounds: int, threads: int, methods: Sequence[str]) -> dict[str, Any]:
    """Time the forward pass and each of the methods on the same batches, in turn, `rounds` times after a warm-up.

    The ratio is that of the medians of each round's explain and forward times, taken round by round.
    """
    torch.set_num_threads(threads)
    sizes = [g.nodes for g in graphs]
    batches = [collate([graphs[row] for row in rows]) for rows in size_batches(sizes, explainer.batch_size)]
    runs: dict[str, Callable[[GraphBatch], Any]] = {"forward": torch.no_grad()(explainer.network)}
    runs |= {name: partial(explained, EXPLAINERS[name], explainer.network) for name in methods}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            for batch in batches:
                run(batch)
            if turn:
                seconds[name].append(time.perf_counter() - start)
    rows = {name: _row(len(graphs), seconds[name], seconds["forward"]) for name in runs}
    machine = {"processor": platform.processor() or platform.machine(), "threads": threads, "python": platform.python_version()}
    setting = {"model": explainer.card.name, "graphs": len(graphs), "nodes": sum(sizes) / len(sizes), "batch_size": explainer.batch_size}
    return setting | {"rounds": rounds, "machine": machine | versions(), "methods": rows}


def _row(graphs: int, seconds: Sequence[float], forward: Sequence[float]) -> dict[str, float]:
    rates, ratios = [graphs / s for s in seconds], [s / f for s, f in zip(seconds, forward, strict=True)]
    return {
        "graphs_per_second": median(rates),
        "slowest": min(rates),
        "fastest": max(rates),
        "ratio": median(ratios),
        "ratio_smallest": min(ratios),
        "ratio_largest": max(ratios),
    }


def markdown(result: dict[str, Any]) -> str:
    """The result of `speed` as a Markdown table."""
    machine = result["machine"]
    lines = [
        f"{result['graphs']} graphs of {result['nodes']:.1f} nodes on average, model {result['model']}, batch size {result['batch_size']}, "
        f"{machine['threads']} threads, torch {machine['torch']}; medians of {result['rounds']} interleaved rounds (smallest–largest)",
        "",
        "| method | graphs/s | time / forward |",
        "|---|---|---|",
    ]
    for name, row in result["methods"].items():
        rate = f"{row['graphs_per_second']:.0f} ({row['slowest']:.0f}–{row['fastest']:.0f})"
        lines.append(f"| {name} | {rate} | {row['ratio']:.2f} ({row['ratio_smallest']:.2f}–{row['ratio_largest']:.2f}) |")
    return "\n".join(lines)
