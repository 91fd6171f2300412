"""The result of a benchmark on activity cliffs, as Markdown and CSV."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graphormer.files import escape_markdown, markdown_table, write_file
from graphormer.network.checkpoint import versions
from molxai.benchmarks.cliff_estimates import ALL, POOLED, Estimate, estimates
from molxai.benchmarks.cliffs import FOREST, MODEL, PREDICTORS, SVM, Outcome
from molxai.benchmarks.estimates import interval
from molxai.benchmarks.tables import as_csv
from molxai.chemistry.near_pairs import COMMON, FAR, SECONDS, SIMILAR
from molxai.explanation.methods import EXPLAINERS

ENSEMBLE = "ensemble"
"""Folder of what the models of all seeds say together."""

Named = dict[tuple[str, str, str], Estimate]
"""Estimates by target, judge and measure."""


def markdown(outcomes: Sequence[Outcome], all_estimates: Sequence[Estimate]) -> str:
    """The tables of these targets, with what must be known to read them."""
    by_name = {(each.target, each.judge, each.measure): each for each in all_estimates}
    targets = [outcome.table.name for outcome in outcomes]
    several = len(targets) > 1
    return "\n".join(
        [
            "# Activity cliffs",
            "",
            *_setting(outcomes),
            "",
            "## Errors",
            "",
            *_standing(by_name, targets),
            _error_table(by_name, [*targets, ALL] if several else targets),
            *_direction_lines(by_name, POOLED if several else targets[0], outcomes),
        ]
    )


def _direction_lines(by_name: Named, target: str, outcomes: Sequence[Outcome]) -> list[str]:
    """How often the judges are right of pairs; nothing if no map was asked for."""
    if not outcomes[0].differences:
        return []
    return [
        "",
        "## Directions",
        "",
        *_pair_counts(outcomes),
        "",
        _direction_table(by_name, target, outcomes),
        "",
        *_remarks(outcomes),
    ]


def _standing(by_name: Named, targets: Sequence[str]) -> list[str]:
    """On how many of several targets the model is ahead on cliffs."""
    if len(targets) == 1:
        return []
    ahead = []
    for rival in (FOREST, SVM):
        less = [by_name[target, rival, "model_less_rmse_cliffs"] for target in targets]
        values = [interval(estimate.samples) for estimate in less]
        below = sum(value < 0 for value, _, _ in values)
        clearly = [sum(high < 0 for _, _, high in values), sum(low > 0 for _, low, _ in values)]
        ahead.append(
            f"- On cliffs the model's error is below that of the {rival} on {below} of "
            f"{len(targets)} targets. The interval of the difference is below zero on "
            f"{clearly[0]} and above zero on {clearly[1]} of them."
        )
    return [*ahead, ""]


def _setting(outcomes: Sequence[Outcome]) -> list[str]:
    """What was learnt, and on how many molecules it was judged."""
    lines = []
    for outcome in outcomes:
        table = outcome.table
        test = table.places("test")
        lines.append(
            f"- {escape_markdown(table.name)}: {len(table.places('train'))} molecules in train, "
            f"{len(test)} in test, of which {int(table.is_cliff[test].sum())} are part of a cliff."
        )
        lines += [f"  - {escape_markdown(fact)}." for fact in table.facts]
    models = len(outcomes[0].values[MODEL])
    seeds = len(outcomes[0].seeds)
    averaged = f"Seeds: {seeds}. Values are means over them"
    if models < seeds:
        averaged = f"The models of {seeds} seeds are one ensemble. Values are its own"
    return [
        *lines,
        "",
        f"{averaged}, in brackets 95 % bootstrap intervals over molecules; "
        f"torch {versions()['torch']}.",
    ]


def _error_table(by_name: Named, targets: Sequence[str]) -> str:
    measures = ("rmse", "rmse_cliffs", "model_less_rmse_cliffs")
    header = ["target", "", "RMSE ↓", "RMSE on cliffs ↓", "model's on cliffs less this"]
    rows = []
    for target in targets:
        for judge in PREDICTORS:
            cells = [_cell(by_name.get((target, judge, measure))) for measure in measures[:2]]
            less = _cell(by_name.get((target, judge, measures[2])), "+")
            rows.append([escape_markdown(target), judge, *cells, less])
    return markdown_table(header, rows)


def _direction_table(by_name: Named, target: str, outcomes: Sequence[Outcome]) -> str:
    header = ["", "direction accuracy ↑", "where the model is right ↑", "divided by the model's"]
    rows = []
    for judge in outcomes[0].differences:
        cells = [
            _cell(by_name[target, judge, measure])
            for measure in ("direction", "agreement", "ratio")
        ]
        rows.append([f"`{judge}`" if _is_method(judge) else judge, *cells])
    return markdown_table(header, rows)


def _is_method(judge: str) -> bool:
    """Whether it is the id of a method, perhaps with options."""
    return judge.split(":")[0] in EXPLAINERS


def _cell(estimate: Estimate | None, sign: str = "") -> str:
    """A value with its interval."""
    if estimate is None:
        return ""
    value, low, high = interval(estimate.samples)
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def _pair_counts(outcomes: Sequence[Outcome]) -> list[str]:
    """How many pairs there are, and what they are."""
    pairs = sum(len(outcome.pairs) for outcome in outcomes)
    molecules = sum(len(np.unique(outcome.ends)) for outcome in outcomes)
    cut = sum(not pair.difference.is_complete for outcome in outcomes for pair in outcome.pairs)
    lines = [
        f"- Pairs: {pairs}, of {molecules} molecules, at least one of each pair in test: "
        f"ECFP4 similarity of {SIMILAR} or more, {100 * COMMON:g} % or more of the larger one's "
        f"atoms in common, values {FAR:g} or more apart.",
    ]
    without = sum(outcome.without_atoms for outcome in outcomes)
    if without:
        lines.append(
            f"- Pairs that differ in stereo, charges or hydrogens alone: {without}. "
            "No atom of theirs differs, so they are not judged."
        )
    if cut:
        lines.append(
            f"- Pairs in which the search for common atoms stopped after {SECONDS} s, "
            f"and took the best so far: {cut}."
        )
    return lines


def _remarks(outcomes: Sequence[Outcome]) -> list[str]:
    """What must be known to read the tables, a line each."""
    remarks = [
        "A map is right if the relevance of the atoms in which two molecules differ, A's sum less "
        "B's, has the sign of the measured difference. A sum of zero is wrong.",
        "The model is right if its predictions differ in that direction. "
        "Molecules of the training set were learnt, so a pair's other molecule may be known to it.",
        "Intervals of errors draw molecules. Those of directions draw molecules as well, and a "
        "pair counts as often as the product of its two, since pairs share molecules.",
    ]
    unsigned = [
        name
        for name in outcomes[0].differences
        if _is_method(name) and not EXPLAINERS[name.split(":")[0]].signed
    ]
    if unsigned:
        remarks.append(f"Without a sign: {', '.join(unsigned)}.")
    return [f"- {remark}" for remark in remarks]


def write(outcomes: Sequence[Outcome], folder: Path) -> str:
    """Write `cliffs.md` and `cliffs.csv`, and both for each target; returns the Markdown.

    If there are several seeds, both also lie in `ensemble`, for their models as one ensemble. The
    folder of a target also has `pairs.csv`, with a row for each pair if directions were asked
    for, and `seeds.csv`, with a row for each seed and judge.
    """
    for outcome in outcomes:
        place = folder / outcome.table.name
        _write_tables([outcome], place)
        if outcome.pairs:
            write_file(place / "pairs.csv", as_csv(list(_pair_rows(outcome))))
        write_file(place / "seeds.csv", as_csv(list(_seed_rows(outcome))))
    text = _write_tables(outcomes, folder)
    if len(outcomes[0].seeds) > 1:
        together = _write_tables([outcome.as_ensemble() for outcome in outcomes], folder / ENSEMBLE)
        text = f"{text}\n\n{together}"
    return text


def _write_tables(outcomes: Sequence[Outcome], folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    everything = estimates(outcomes)
    text = markdown(outcomes, everything)
    write_file(folder / "cliffs.md", text + "\n")
    write_file(folder / "cliffs.csv", as_csv([estimate.row() for estimate in everything]))
    return text


def _seed_rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """What each seed's model and maps measure; what has no seed stands beside the first."""
    for judge, said in (outcome.values | outcome.differences).items():
        for place in range(len(said)):
            row: dict[str, Any] = {"seed": outcome.seeds[place], "name": judge}
            if judge in outcome.differences:
                row["direction"] = float(outcome.hits(judge)[place].mean())
            if judge in outcome.values:
                for measure, on_cliffs in (("rmse", False), ("rmse_cliffs", True)):
                    errors = outcome.errors(judge, on_cliffs)[place]  # (molecules,)
                    row[measure] = float(np.sqrt((errors**2).mean()))
            yield row


def _pair_rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Each pair with its molecules, the atoms that differ, and what each judge says: A less B."""
    table = outcome.table
    for place, (a, b, change) in enumerate(outcome.pairs):
        yield {
            "a": table.texts[a],
            "b": table.texts[b],
            "set_a": table.parts[a],
            "set_b": table.parts[b],
            "atoms_a": list(change.atoms_a),
            "atoms_b": list(change.atoms_b),
            "common": round(change.common, 4),
            "complete": change.is_complete,
            "measured": float(outcome.measured[place]),
            **{
                name: float(differences[:, place].mean())
                for name, differences in outcome.differences.items()
            },
        }
