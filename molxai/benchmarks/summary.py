"""The comparison's tables: means over graphs, their intervals, and differences to one method."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from graphormer.files import markdown_table
from molxai.batch.rows import USUAL_NODES
from molxai.benchmarks.faithfulness import FIDELITY, Arrays, relevances_in
from molxai.benchmarks.word_tables import word_sections
from molxai.explanation.methods import method as method_of
from molxai.metrics import METRICS
from molxai.metrics.agreement import spearman_matrix, top_overlap
from molxai.metrics.bootstrap import Interval, interval, paired
from molxai.metrics.curves import CURVES, Curves, share_of_oracle
from molxai.metrics.growth import WARN

REFERENCE = "lrp"
"""The method that the others are compared with."""

AREAS = ("auac", "au_mse")
"""Measures that the Markdown tables show with intervals and differences."""

COLUMNS = (
    *AREAS,
    "srg",
    "deletion",
    "sufficiency@3",
    "comprehensiveness@3",
    "fidelity+",
    "fidelity-",
)
"""Measures of the Markdown tables. The CSV has those at 1 and 5 nodes too."""

SHARES = tuple(name for name in METRICS if name.startswith(("sufficiency", "comprehensiveness")))
"""Measures that are shares of the class's probability. They mean nothing for a class that is not
predicted, whose probability may be near zero."""

Row = dict[str, Any]


def measured(arrays: Arrays, target: str, removal: str) -> dict[str, ndarray]:
    """Each measure's value for each graph, in the order of `METRICS`."""
    curves = Curves(**{name: arrays[f"{target}/{removal}/{name}"] for name in CURVES})
    values = {
        name: metric.function(curves)
        for name, metric in METRICS.items()
        if metric.needs == "curves" and (target == "predicted" or name not in SHARES)
    }
    if target == "predicted":
        changes = arrays["predicted/fidelity"]  # (graphs, 2)
        values |= zip(FIDELITY, changes.T, strict=True)
    return values


def over_models(
    models: Sequence[Mapping[str, Arrays]], method: str, target: str, removal: str
) -> tuple[dict[str, ndarray], ndarray]:
    """Each measure's value for each graph, averaged over models; and each model's mean AUAC."""
    by_model = [measured(cells[method], target, removal) for cells in models]
    means = {
        name: np.mean([values[name] for values in by_model], 0)  # (graphs,)
        for name in by_model[0]
    }
    return means, np.array([values["auac"].mean() for values in by_model])


def faithfulness_rows(
    models: Sequence[Mapping[str, Arrays]], removals: Sequence[str], targets: Sequence[str]
) -> list[Row]:
    """One row per removal mode, target, method and measure."""
    rows = []
    for removal in removals:
        for target in targets:
            setting = {"removal": removal, "target": target}
            rows += [setting | row for row in _setting_rows(models, removal, target)]
    return rows


def _setting_rows(
    models: Sequence[Mapping[str, Arrays]], removal: str, target: str
) -> Iterator[Row]:
    """The rows of one removal mode and target."""
    values: dict[str, dict[str, ndarray]] = {}
    by_model: dict[str, ndarray] = {}
    for method in models[0]:
        values[method], by_model[method] = over_models(models, method, target, removal)
    shares = _shares_of_oracle({method: means["auac"] for method, means in values.items()})
    reference = values.get(REFERENCE)
    for method, means in values.items():
        for name, value in means.items():
            row: Row = {"method": method, "measure": name, "graphs": len(value)}
            row |= _named("mean", interval(value))
            if reference:
                row |= _named("difference", paired(value, reference[name][: len(value)]))
            if name == "auac":
                row["share_of_oracle"] = shares.get(method)
                row["by_model"] = by_model[method].tolist()
            yield row


def _named(name: str, numbers: Interval) -> dict[str, float]:
    """An interval as columns of a row: `mean, low, high`, or with the name before low and high."""
    before = "" if name == "mean" else f"{name}_"
    mean, low, high = numbers
    return {name: mean, f"{before}low": low, f"{before}high": high}


def _shares_of_oracle(auac: Mapping[str, ndarray]) -> dict[str, float]:
    """Each method's share, on the graphs that the oracle was run on."""
    if not {"oracle", "random"} <= auac.keys():
        return {}
    oracle = auac["oracle"]
    count = len(oracle)
    random = auac["random"][:count]
    return {
        name: share_of_oracle(values[:count], random, oracle)
        for name, values in auac.items()
        if len(values) >= count
    }


def quality_rows(models: Sequence[Mapping[str, Arrays]]) -> list[Row]:
    """One row per method: its promises, conservation, sparsity, growth, sanity and cost."""
    return [_quality_row(name, [cells[name] for cells in models]) for name in models[0]]


def _quality_row(name: str, cells: Sequence[Arrays]) -> Row:
    method = method_of(name)
    forward, backward = method.passes(USUAL_NODES)
    gap = _pool(cells, "gap")
    delta = _pool(cells, "delta")
    random = _pool(cells, "randomised")
    growths = [arrays["growth"].max(1) for arrays in cells if "growth" in arrays]
    growth = np.concatenate(growths) if growths else None
    return {
        "method": name,
        "conserves": method.conserves,
        "signed": method.signed,
        "depends on target": method.by_target,
        f"passes at {USUAL_NODES} nodes": f"{forward} + {backward}",
        METRICS["gap_median"].title: float(np.median(gap)),
        METRICS["gap_max"].title: float(gap.max()),
        "convergence delta median": _nan_median(np.abs(delta)),
        f"{METRICS['growth'].title} median": None if growth is None else float(np.median(growth)),
        f"{METRICS['growth'].title} max": None if growth is None else float(growth.max()),
        METRICS["gini"].title: float(_pool(cells, "gini").mean()),
        METRICS["randomised"].title: _nan_mean(random),
        "ms per graph": 1000 * float(_pool(cells, "seconds").mean()),
    }


def _pool(cells: Sequence[Arrays], key: str) -> ndarray:
    """The values of one measurement over all models."""
    return np.concatenate([np.atleast_1d(arrays[key]).ravel() for arrays in cells])


def _nan_median(values: ndarray) -> float | None:
    return float(np.nanmedian(values)) if np.isfinite(values).any() else None


def _nan_mean(values: ndarray) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


def agreement(cells: Mapping[str, Arrays]) -> dict[str, Any]:
    """Rank correlation of every two methods, and overlap of their top five nodes with `lrp`'s."""
    fewest = min(len(arrays["nodes"]) for arrays in cells.values())
    relevances = {name: relevances_in(arrays)[:fewest] for name, arrays in cells.items()}
    overlap = {}
    if REFERENCE in relevances:
        reference = relevances[REFERENCE]
        overlap = {name: top_overlap(reference, other) for name, other in relevances.items()}
    return {
        "methods": list(cells),
        "graphs": fewest,
        "spearman": spearman_matrix(relevances).tolist(),
        "top_5_overlap": overlap,
    }


def markdown(result: Mapping[str, Any]) -> str:
    """The result of a comparison as text with tables."""
    lines = [f"# Faithfulness of explanations, model {result['model']}", "", *_setting(result), ""]
    for removal in result["removals"]:
        for target in result["targets"]:
            rows = [
                row
                for row in result["faithfulness"]
                if (row["removal"], row["target"]) == (removal, target)
            ]
            heading = f"## Explained: the {target} class; removal `{removal}`"
            lines += [heading, "", _faithfulness_table(rows, result["what"]), ""]
    lines += word_sections(result)
    qualities = ["## Other qualities", "", *_quality_table(result["qualities"]), ""]
    return "\n".join(
        [*lines, *qualities, *_agreement_table(result["agreement"], result["what"]), ""]
    )


def _setting(result: Mapping[str, Any]) -> list[str]:
    """What was measured on what, and how to read the tables."""
    models = result["models"]
    seeds = f"one model ({models[0]})"
    if len(models) > 1:
        seeds = f"{len(models)} models ({', '.join(models)}); values are means over them"
    few = ", ".join(f"{name} on the first {count}" for name, count in result["subsamples"].items())
    what = result["what"]
    legend = (
        f"In brackets: 95 % bootstrap intervals over {what}; "
        f"Δ: paired difference to `{REFERENCE}` on the same {what}, "
        f"bold if its interval excludes zero{'; ' + few if few else ''}. "
        "Share of oracle: (AUAC − random) / (oracle − random)."
    )
    machine = result["machine"]
    return [
        f"{result['graphs']} {what} of {result['data']}, {seeds}. {legend}",
        "",
        f"`{result['command']}`; {result['minutes']:.1f} minutes of measuring, "
        f"{machine['threads']} threads, torch {machine['torch']}.",
    ]


def _faithfulness_table(rows: Sequence[Row], what: str) -> str:
    by_cell = {(row["method"], row["measure"]): row for row in rows}
    methods = {row["method"] for row in rows}
    ranked = sorted(methods, key=lambda name: (-by_cell[name, "auac"]["mean"], name))
    others = [name for name in COLUMNS if name not in AREAS and (ranked[0], name) in by_cell]
    header = [
        "method",
        what,
        METRICS["auac"].heading,
        "Δ",
        METRICS["share_of_oracle"].title,
        METRICS["au_mse"].heading,
        "Δ",
        *(METRICS[name].heading for name in others),
    ]
    lines = []
    for name in ranked:
        auac = by_cell[name, "auac"]
        mse = by_cell[name, "au_mse"]
        share = auac["share_of_oracle"]
        cells = [
            f"**{name}**" if name == REFERENCE else name,
            str(auac["graphs"]),
            _interval(auac, 3),
            _difference(auac, 3),
            "" if share is None else f"{share:.2f}",
            _interval(mse, 2),
            _difference(mse, 2),
        ]
        cells += [f"{by_cell[name, other]['mean']:.3f}" for other in others]
        lines.append(cells)
    return markdown_table(header, lines)


def _quality_table(rows: Sequence[Row]) -> list[str]:
    header = list(rows[0])
    cells = [[_cell(row[key]) for key in header] for row in rows]
    lines = [
        markdown_table(header, cells),
        "",
        "Growth: Σ|R| / |logit| at the layer where it is largest, on the first graphs; "
        "1 if nothing cancels.",
    ]
    wild = [row["method"] for row in rows if (row["growth max"] or 0) > WARN]
    if wild:
        meaning = f"Above {WARN:g} a map is what a cancellation of huge numbers left over"
        lines.append(f"{meaning}: {', '.join(wild)}.")
    return lines


def _agreement_table(matrix: Mapping[str, Any], what: str) -> list[str]:
    names = matrix["methods"]
    rows = [
        [name, *(f"{value:.2f}" for value in row)]
        for name, row in zip(names, matrix["spearman"], strict=True)
    ]
    about = f"mean Spearman correlation on {matrix['graphs']} {what}, predicted class"
    return [f"Agreement: {about}.", "", markdown_table(["", *names], rows)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def _interval(row: Row, digits: int) -> str:
    return f"{row['mean']:.{digits}f} ({row['low']:.{digits}f}–{row['high']:.{digits}f})"


def _difference(row: Row, digits: int) -> str:
    """The difference to the reference with its interval, bold if the interval excludes zero."""
    if "difference" not in row or row["method"] == REFERENCE:
        return ""
    low = row["difference_low"]
    high = row["difference_high"]
    bounds = f"({low:+.{digits}f} … {high:+.{digits}f})"
    text = f"{row['difference']:+.{digits}f} {bounds}"
    return f"**{text}**" if low > 0 or high < 0 else text
