"""The comparison's tables: means over graphs with their intervals, and differences to the reference method."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy import ndarray

from molxai.benchmarks.faithfulness import Arrays
from molxai.explanation.methods import EXPLAINERS
from molxai.metrics.agreement import spearman_matrix, top_overlap
from molxai.metrics.bootstrap import interval, paired
from molxai.metrics.curves import TOP, Curves
from molxai.metrics.growth import WARN

REFERENCE = "lrp"
"""The method that the others are compared with."""

ARROWS = {
    "auac": "↑",
    "au_mse": "↓",
    "deletion": "↓",
    "sufficiency@3": "↓",
    "comprehensiveness@3": "↑",
    "fidelity+": "↑",
    "fidelity-": "↓",
}
"""The measures of the Markdown tables, and which direction is better. The CSV has sufficiency and comprehensiveness at 1 and 5 too."""


def measured(arrays: Arrays, target: str, removal: str) -> dict[str, ndarray]:
    """Each measure's value for each graph."""
    made = Curves(*(arrays[f"{target}/{removal}/{name}"] for name in Curves.__annotations__))
    values = {"auac": made.auac, "au_mse": made.au_mse, "deletion": made.deletion_area}
    if (
        target == "predicted"
    ):  # as shares of a probability near zero, that of a class not predicted, they would mean nothing
        for place, top in enumerate(TOP):
            values[f"sufficiency@{top}"] = made.sufficiency[:, place]
            values[f"comprehensiveness@{top}"] = made.comprehensiveness[:, place]
        values |= {
            "fidelity+": arrays["predicted/fidelity"][:, 0],
            "fidelity-": arrays["predicted/fidelity"][:, 1],
        }
    return values


def over_models(
    models: Sequence[Mapping[str, Arrays]], method: str, target: str, removal: str
) -> tuple[dict[str, ndarray], ndarray]:
    """Each measure's value for each graph, averaged over models; and the mean AUAC of each model."""
    each = [measured(cells[method], target, removal) for cells in models]
    means = {name: np.mean([values[name] for values in each], 0) for name in each[0]}
    return means, np.array([values["auac"].mean() for values in each])


def faithfulness_rows(
    models: Sequence[Mapping[str, Arrays]], removals: Sequence[str], targets: Sequence[str]
) -> list[dict[str, Any]]:
    """One row per removal mode, target, method and measure."""
    rows = []
    methods = list(models[0])
    for removal in removals:
        for target in targets:
            values = {method: over_models(models, method, target, removal) for method in methods}
            share = _shares_of_oracle(
                {method: made["auac"] for method, (made, _) in values.items()}
            )
            for method, (measures, by_model) in values.items():
                for name, value in measures.items():
                    row = {
                        "removal": removal,
                        "target": target,
                        "method": method,
                        "measure": name,
                        "graphs": len(value),
                    }
                    row |= dict(zip(("mean", "low", "high"), interval(value), strict=True))
                    if REFERENCE in values:
                        reference = values[REFERENCE][0][name][: len(value)]
                        row |= dict(
                            zip(
                                ("difference", "difference_low", "difference_high"),
                                paired(value, reference),
                                strict=True,
                            )
                        )
                    if name == "auac":
                        row |= {"share_of_oracle": share.get(method), "by_model": by_model.tolist()}
                    rows.append(row)
    return rows


def _shares_of_oracle(auac: Mapping[str, ndarray]) -> dict[str, float]:
    """(AUAC − random) / (oracle − random), each on the graphs that the oracle was run on."""
    if not {"oracle", "random"} <= auac.keys():
        return {}
    most = len(auac["oracle"])
    floor, ceiling = auac["random"][:most].mean(), auac["oracle"].mean()
    enough = {name: values[:most] for name, values in auac.items() if len(values) >= most}
    return {
        name: float((values.mean() - floor) / (ceiling - floor)) for name, values in enough.items()
    }


def quality_rows(models: Sequence[Mapping[str, Arrays]]) -> list[dict[str, Any]]:
    """One row per method: conservation, sparsity, growth, what a random model leaves of it, cost."""
    rows = []
    for name in models[0]:
        several = [cells[name] for cells in models]
        pooled = {
            key: np.concatenate([np.atleast_1d(one[key]).ravel() for one in several])
            for key in ("gap", "delta", "gini", "seconds")
        }
        random = np.concatenate([one["randomised"] for one in several])
        growth = [one["growth"].max(1) for one in several if "growth" in one]
        method = EXPLAINERS[name]
        ahead, back = method.passes(30)
        rows.append(
            {
                "method": name,
                "conserves": method.conserves,
                "signed": method.signed,
                "depends on target": method.by_target,
                "passes at 30 nodes": f"{ahead} + {back}",
                "gap median": float(np.median(pooled["gap"])),
                "gap max": float(pooled["gap"].max()),
                "convergence delta median": float(np.nanmedian(np.abs(pooled["delta"])))
                if np.isfinite(pooled["delta"]).any()
                else None,
                "growth median": float(np.median(np.concatenate(growth))) if growth else None,
                "growth max": float(np.concatenate(growth).max()) if growth else None,
                "gini": float(pooled["gini"].mean()),
                "rank correlation with a random model": float(np.nanmean(random))
                if np.isfinite(random).any()
                else None,
                "ms per graph": 1000 * float(pooled["seconds"].mean()),
            }
        )
    return rows


def agreement(cells: Mapping[str, Arrays]) -> dict[str, Any]:
    """Mean Spearman correlation of every two methods, and overlap of their five most relevant nodes with the reference's."""
    fewest = min(len(one["nodes"]) for one in cells.values())
    relevances = {name: _split(one)[:fewest] for name, one in cells.items()}
    overlap = (
        {name: top_overlap(relevances[REFERENCE], one) for name, one in relevances.items()}
        if REFERENCE in relevances
        else {}
    )
    return {
        "methods": list(cells),
        "graphs": fewest,
        "spearman": spearman_matrix(relevances).tolist(),
        "top_5_overlap": overlap,
    }


def _split(arrays: Arrays) -> list[torch.Tensor]:
    ends = np.cumsum(arrays["nodes"])[:-1]
    return [torch.from_numpy(one) for one in np.split(arrays["relevance"], ends)]


def as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a table; lists are joined by blanks."""
    text = io.StringIO()
    writer = csv.DictWriter(
        text, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n"
    )
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: " ".join(map(str, value)) if isinstance(value, list) else value
                for key, value in row.items()
            }
        )
    return text.getvalue()


def markdown(result: Mapping[str, Any]) -> str:
    """The result of a comparison as text with tables."""
    lines = [f"# Faithfulness of explanations, model {result['model']}", "", *_setting(result), ""]
    for removal in result["removals"]:
        for target in result["targets"]:
            lines += [f"## Explained: the {target} class; removal `{removal}`", ""]
            lines += _faithfulness_table(
                [
                    r
                    for r in result["faithfulness"]
                    if (r["removal"], r["target"]) == (removal, target)
                ]
            )
            lines.append("")
    return "\n".join(
        [
            *lines,
            "## Other qualities",
            "",
            *_quality_table(result["qualities"]),
            "",
            *_agreement_table(result["agreement"]),
            "",
        ]
    )


def _setting(result: Mapping[str, Any]) -> list[str]:
    models = result["models"]
    seeds = (
        f"{len(models)} models ({', '.join(models)}); values are means over them"
        if len(models) > 1
        else f"one model ({models[0]})"
    )
    few = ", ".join(f"{name} on the first {count}" for name, count in result["subsamples"].items())
    return [
        f"{result['graphs']} graphs of {result['data']}, {seeds}. In brackets: 95 % bootstrap intervals over graphs; "
        f"Δ: paired difference to `{REFERENCE}` on the same graphs, bold where its interval excludes zero{'; ' + few if few else ''}. "
        "Share of oracle: (AUAC − random) / (oracle − random).",
        "",
        f"`{result['command']}`; {result['minutes']:.1f} minutes of measuring, {result['machine']['threads']} threads, "
        f"torch {result['machine']['torch']}.",
    ]


def _faithfulness_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = {(row["method"], row["measure"]): row for row in rows}
    methods = sorted({row["method"] for row in rows}, key=lambda name: -found[name, "auac"]["mean"])
    others = [
        name for name in ARROWS if name not in ("auac", "au_mse") and (methods[0], name) in found
    ]
    head = [
        "method",
        "graphs",
        "AUAC ↑",
        "Δ",
        "share of oracle",
        "AU-MSE ↓",
        "Δ",
        *(f"{name} {ARROWS[name]}" for name in others),
    ]
    lines = [_line(head), _line(["---"] * len(head))]
    for name in methods:
        auac, mse = found[name, "auac"], found[name, "au_mse"]
        share = auac["share_of_oracle"]
        lines.append(
            _line(
                [
                    f"**{name}**" if name == REFERENCE else name,
                    str(auac["graphs"]),
                    _interval(auac, 3),
                    _difference(auac, 3),
                    "" if share is None else f"{share:.2f}",
                    _interval(mse, 2),
                    _difference(mse, 2),
                    *(f"{found[name, other]['mean']:.3f}" for other in others),
                ]
            )
        )
    return lines


def _quality_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    keys = list(rows[0])
    shown = [[_cell(row[key]) for key in keys] for row in rows]
    lines = [_line(keys), _line(["---"] * len(keys)), *(_line(cells) for cells in shown), ""]
    lines.append(
        "Growth: Σ|R| / |logit| at the layer where it is largest, on the first graphs; 1 where nothing cancels."
    )
    if wild := [row["method"] for row in rows if (row["growth max"] or 0) > WARN]:
        lines.append(
            f"Above {WARN:g} a map is what a cancellation of huge numbers left over: {', '.join(wild)}."
        )
    return lines


def _agreement_table(made: Mapping[str, Any]) -> list[str]:
    names = made["methods"]
    lines = [
        f"Agreement: mean Spearman correlation on {made['graphs']} graphs, predicted class.",
        "",
        _line(["", *names]),
    ]
    lines.append(_line(["---"] * (len(names) + 1)))
    return [
        *lines,
        *(
            _line([name, *(f"{value:.2f}" for value in row)])
            for name, row in zip(names, made["spearman"], strict=True)
        ),
    ]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.2g}" if isinstance(value, float) else str(value)


def _interval(row: Mapping[str, Any], digits: int) -> str:
    return f"{row['mean']:.{digits}f} ({row['low']:.{digits}f}–{row['high']:.{digits}f})"


def _difference(row: Mapping[str, Any], digits: int) -> str:
    if "difference" not in row or row["method"] == REFERENCE:
        return ""
    text = f"{row['difference']:+.{digits}f} ({row['difference_low']:+.{digits}f} … {row['difference_high']:+.{digits}f})"
    return f"**{text}**" if row["difference_low"] > 0 or row["difference_high"] < 0 else text
