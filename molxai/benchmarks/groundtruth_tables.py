"""The result of a comparison with a known truth, as Markdown, CSV and JSON."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from graphormer.files import markdown_table, write_file
from molxai.benchmarks.groundtruth import REFERENCE, Row
from molxai.benchmarks.tables import as_csv
from molxai.metrics import METRICS
from molxai.metrics.plausibility import MOST_MATCHES


def markdown(result: dict[str, Any]) -> str:
    """The result of `groundtruth` as a Markdown table with what must be known to read it."""
    metrics = result["metrics"]
    rows = result["rows"]
    has_difference = any("difference" in row for row in rows)
    header = ["", "", *(METRICS[name].heading for name in metrics)]
    if has_difference:
        header.append(f"{METRICS[metrics[0]].title} less {REFERENCE}")
    sources = list(dict.fromkeys(row["source"] for row in rows if "source" in row))
    lines = [_cells(row, metrics, has_difference, sources) for row in rows]
    return "\n".join(
        [
            f"# Attribution against a known truth: {result['task']}",
            "",
            *_setting(result),
            "",
            markdown_table(header, lines),
            "",
            *_remarks(result, sources),
        ]
    )


def _setting(result: dict[str, Any]) -> list[str]:
    """What the model learnt, how well, and on how many molecules it was explained."""
    model = result["model"]
    recipe = model["training"]["recipe"]
    quality = ", ".join(f"{name} {value:.3f}" for name, value in model["quality"].items())
    return [
        f"The model learns {result['about']}.",
        f"{result['train']} molecules in train, {result['test']} in test ({result['split']}); "
        f"{recipe['epochs']} epochs, seed {recipe['seed']}, torch {result['versions']['torch']}.",
        f"The model on the test part: {quality}.",
        f"{result['judged']} molecules of the test part are explained for "
        f"{result['explained']!r}; means over molecules, "
        "in brackets their 95 % bootstrap intervals.",
        *_nulls(result),
    ]


def _nulls(result: dict[str, Any]) -> Iterator[str]:
    """On how many molecules nothing is to be found."""
    if result["nulls"]:
        yield (
            f"{result['nulls']} molecules of the test part in which there is nothing to find are "
            "explained for it, too."
        )


def _cells(
    row: Row, metrics: Sequence[str], has_difference: bool, sources: Sequence[str]
) -> list[str]:
    kind = row["kind"]
    if "source" in row:
        kind = f"published [{sources.index(row['source']) + 1}]"
    cells = [row["name"], kind, *(_cell(row["scores"].get(name)) for name in metrics)]
    if has_difference:
        cells.append(_cell(row.get("difference"), "+"))
    return cells


def _cell(score: dict[str, Any] | float | None, sign: str = "") -> str:
    """A mean with its interval, or a published figure alone."""
    if isinstance(score, float):
        return f"{score:.3f}".removesuffix("0")
    if not score or not score["molecules"]:
        return ""
    return f"{score['mean']:{sign}.3f} [{score['low']:{sign}.3f}, {score['high']:{sign}.3f}]"


ALL_MATCHES = (
    "AUROC is the largest over all non-empty sets of matches, as either of two would do; "
    "average precision is for all of them."
)


AS_CONTRIBUTIONS = (
    "RMSE takes relevances as contributions in the target's unit, "
    "which attention weights, gradient norms and paint are not."
)


SPREAD = (
    "The base value is spread in even shares over the atoms, "
    "except for methods whose relevances only rank."
)


NOT_OURS = "Published figures are for the authors' models and runs, not for ours."


NO_SIGN = "Without a sign, so that atoms against cannot be told from atoms that do not matter"
"""Remarks below the table."""


def _remarks(result: dict[str, Any], sources: Sequence[str]) -> list[str]:
    """What must be known to read the table, a line each."""
    remarks = []
    unsigned = [row["name"] for row in result["rows"] if row.get("signed") is False]
    if unsigned:
        remarks.append(f"{NO_SIGN}: {', '.join(unsigned)}.")
    if result["base"] == "spread":
        remarks.append(SPREAD)
    if "auroc" in result["metrics"]:
        remarks.append(ALL_MATCHES)
    if "rmse" in result["metrics"]:
        remarks.append(AS_CONTRIBUTIONS)
    remarks += _omissions(result)
    if sources:
        remarks.append(NOT_OURS)
    remarks += [f"[{number}] {source}." for number, source in enumerate(sources, 1)]
    return [f"- {remark}" for remark in remarks]


def _omissions(result: dict[str, Any]) -> Iterator[str]:
    """What was left out."""
    if result["without_truth"]:
        count = f"{result['without_truth']} molecules of the test part"
        yield f"{count} were left out: all of their atoms, or none, are the truth."
    if result["many_matches"]:
        count = f"{result['many_matches']} molecules have more than {MOST_MATCHES} matches"
        yield f"{count}, of which the union alone was taken."
    skipped = result["skipped"]
    if skipped:
        first = f"the first: {skipped[0]}"
        yield f"{len(skipped)} molecules could not be used and were left out, {first}."


def write(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write `groundtruth.md`, `.csv` and `.json` into the folder; returns the files.

    The CSV has a line for each row and metric.
    """
    contents = {
        ".md": markdown(result) + "\n",
        ".csv": as_csv(_csv_rows(result)),
        ".json": json.dumps(result, indent=1) + "\n",
    }
    files = []
    for ending, content in contents.items():
        file = folder / f"groundtruth{ending}"
        write_file(file, content)
        files.append(file)
    return files


def _csv_rows(result: dict[str, Any]) -> list[Row]:
    """A row for each row and metric; the first metric alone has a difference."""
    rows = []
    for row in result["rows"]:
        for metric, score in row["scores"].items():
            numbers = score
            if not isinstance(score, dict):  # a published figure
                numbers = {"mean": score, "low": None, "high": None, "molecules": None}
            difference = row.get("difference", {}) if metric == result["metrics"][0] else {}
            names = {"task": result["task"], "name": row["name"], "kind": row["kind"]}
            differences = {
                "difference": difference.get("mean"),
                "difference_low": difference.get("low"),
                "difference_high": difference.get("high"),
            }
            rows.append(names | {"metric": metric} | numbers | differences)
    return rows
