"""`molxai explain`, `predict` and the lists of models and methods."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from molxai.cli.completion import METHODS as KNOWN_METHODS
from molxai.cli.completion import several_of
from molxai.cli.drawing import (
    AtomNumbers,
    Caption,
    Cmap,
    Dpi,
    NoCaption,
    PictureFormat,
    ScaleName,
    Style,
    Transparent,
    chosen_look,
    chosen_scale,
    refuse_for,
)
from molxai.cli.options import (
    MAX_ATOMS,
    BatchSize,
    Device,
    EncodingName,
    Endpoint,
    Fragments,
    IdColumn,
    Inputs,
    Method,
    Model,
    Output,
    Quiet,
    Separator,
    SmilesColumn,
    Strict,
    Target,
    chosen_target,
    given,
    layout_of,
    listed,
    option_names,
    prepared,
    refuse_single_error,
    say_how_read,
    shipped_for,
    usage,
    written_to,
)
from molxai.cli.printable import printable
from molxai.cli.scale import (
    SECONDS,
    DropExtraColumns,
    EngineName,
    MaxAtoms,
    RayAddress,
    Restart,
    Resume,
    RowSeconds,
    Scale,
    Shard,
    Workers,
    check_for_files,
    explain_to_file,
)

COMPARABLE = (
    "One, or two molecules: a SMILES, or a file with one input, .smi .csv .sdf .png .jpg .npy"
)
COMPARED = "lrp,lrp-res,gradient-input,integrated-gradients,leave-one-out,gae,rollout,random"
"""As `molxai.metrics.comparison.METHODS`, which would import torch; a test compares them."""

COMPARISON_FILE = "File to write: .png .svg .json; of one input also .html"
METHODS = f"Ids with commas between them; 'molxai methods' lists them. [default: {COMPARED}; of two molecules: lrp]"


def explain(
    inputs: Inputs,
    model: Model = "",
    method: Method = "lrp",
    target: Target = "",
    contrast: Annotated[
        str | None, typer.Option(help="Class whose logit is subtracted.", show_default=False)
    ] = None,
    output: Output = None,
    smiles_column: SmilesColumn = "",
    id_column: IdColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
    target_columns: Annotated[
        str,
        typer.Option(
            help="Column of the true class in a table, for --target true.", show_default=False
        ),
    ] = "",
    endpoint: Endpoint = "",
    features: Annotated[
        bool,
        typer.Option(
            "--features", help="Add each node's split over its input features to the records."
        ),
    ] = False,
    fragments: Fragments = "",
    style: Style = "highlight",
    atom_numbers: AtomNumbers = False,
    cmap: Cmap = "red-blue",
    scale: ScaleName = "own",
    dpi: Dpi = 100,
    picture_format: PictureFormat = "svg",
    transparent: Transparent = False,
    caption: Caption = None,
    no_caption: NoCaption = False,
    batch_size: BatchSize = 32,
    device: Device = "auto",
    workers: Workers = None,
    resume: Resume = False,
    restart: Restart = False,
    row_seconds: RowSeconds = SECONDS,
    shard: Shard = "",
    engine: EngineName = "local",
    ray_address: RayAddress = "",
    max_atoms: MaxAtoms = MAX_ATOMS,
    drop_extra_columns: DropExtraColumns = False,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """Relevance of each atom or superpixel of the inputs.

    Without -o a table is printed. With -o: .json .jsonl .csv .xlsx .parquet .sdf hold one record per input, and may be
    interrupted and resumed; .svg .png a picture of one input; a folder, a picture of each.
    """
    from molxai.batch.rows import cost, explained
    from molxai.chemistry.fragments import read_scheme, scheme_of
    from molxai.cli.outputs import (
        check_count,
        check_format,
        check_output,
        is_record_file,
        write_pictures,
    )
    from molxai.cli.terminal import (
        console,
        progress,
        show_explanation,
        show_explanations,
        show_notes,
        summary,
    )

    usage(check_output, output)
    look, shown = (
        usage(chosen_look, style, atom_numbers, cmap, dpi, transparent, caption, no_caption),
        usage(chosen_scale, scale),
    )
    usage(check_format, picture_format)
    refuse_for(output, picture_format)
    layout, model = (
        layout_of(smiles_column, id_column, separator, encoding),
        shipped_for(inputs, model),
    )
    target = chosen_target(inputs, model, target)
    if contrast is not None and target == "pred":
        raise typer.BadParameter("a contrast needs a named target: give --target CLASS as well")
    if target == "true" and not target_columns:
        raise typer.BadParameter(
            "no true class is known: --target true needs a table with --target-columns"
        )
    scheme = usage(read_scheme, fragments)
    say_how_read(inputs, layout, quiet)
    if is_record_file(output):
        assert output is not None
        chosen = Scale(
            workers,
            resume,
            shard,
            engine,
            ray_address,
            max_atoms,
            drop_extra_columns,
            strict,
            quiet,
            restart,
            row_seconds,
        )
        named = {
            "target": target,
            "contrast": contrast,
            "endpoint": endpoint,
            "features": features,
            "fragments": scheme,
        }
        work = {
            "model": model,
            "method": method,
            "batch_size": batch_size,
            "device": device,
        } | named
        explain_to_file(inputs, layout, target_columns, output, work, chosen)
        return
    check_for_files(resume, shard, engine, restart)
    read, explainer = prepared(
        inputs,
        model,
        method,
        batch_size,
        device,
        layout,
        target_columns,
        strict,
        endpoint,
        max_atoms,
    )
    usage(check_count, output, len(read))
    if explainer.reads == "digits" and (found := given(("style", "atom_numbers"))):
        raise typer.BadParameter(
            f"{option_names(found)}: for molecules, and these are digits; leave it out"
        )
    replaced = output is not None and output.is_file()
    rows = list(
        progress(
            explained(explainer, read, target, contrast),
            len(read),
            "explaining",
            quiet,
            cost(explainer),
        )
    )
    refuse_single_error(rows, strict)
    first, taken_apart = rows[0][1], scheme_of(scheme) if scheme else None
    if output:
        write_pictures(rows, output, look, shown, taken_apart, picture_format)
    else:
        if len(rows) == 1 and first:
            show_explanation(first, console(), taken_apart)
        else:
            show_explanations(rows, console(), taken_apart)
            show_notes([one for one, _ in rows], console())
    if not summary([one for one, _ in rows], written_to(output, replaced) if output else "", quiet):
        raise typer.Exit(1)


def predict(
    inputs: Inputs,
    model: Model = "",
    target: Target = "",
    output: Output = None,
    smiles_column: SmilesColumn = "",
    id_column: IdColumn = "",
    separator: Separator = "",
    encoding: EncodingName = "",
    endpoint: Endpoint = "",
    batch_size: BatchSize = 32,
    device: Device = "auto",
    workers: Workers = None,
    resume: Resume = False,
    restart: Restart = False,
    row_seconds: RowSeconds = SECONDS,
    shard: Shard = "",
    engine: EngineName = "local",
    ray_address: RayAddress = "",
    max_atoms: MaxAtoms = MAX_ATOMS,
    drop_extra_columns: DropExtraColumns = False,
    strict: Strict = False,
    quiet: Quiet = False,
) -> None:
    """What the model says of the inputs, in the records of 'explain' without relevances.

    An ensemble adds its spread (logit_sd); a molecule its similarity to the nearest one that the model learnt from, 0 to 1:
    far from those a prediction is a guess.
    """
    from molxai.batch.records import prediction_record
    from molxai.batch.rows import predictions
    from molxai.cli.outputs import check_output
    from molxai.cli.terminal import console, progress, show_notes, show_records, summary

    usage(check_output, output, pictures=False)
    layout, model = (
        layout_of(smiles_column, id_column, separator, encoding),
        shipped_for(inputs, model),
    )
    target = chosen_target(inputs, model, target)
    if target == "true":
        raise typer.BadParameter(
            "a prediction needs no true class: name the class, or pred for each input's own"
        )
    say_how_read(inputs, layout, quiet)
    if output:
        chosen = Scale(
            workers,
            resume,
            shard,
            engine,
            ray_address,
            max_atoms,
            drop_extra_columns,
            strict,
            quiet,
            restart,
            row_seconds,
        )
        named = {
            "model": model,
            "target": target,
            "endpoint": endpoint,
            "batch_size": batch_size,
            "device": device,
        }
        explain_to_file(inputs, layout, "", output, named | {"relevances": False}, chosen)
        return
    check_for_files(resume, shard, engine, restart)
    read, explainer = prepared(
        inputs, model, "lrp", batch_size, device, layout, "", strict, endpoint, max_atoms
    )
    rows = list(progress(predictions(explainer, read, target), len(read), "predicting", quiet))
    refuse_single_error(rows, strict)
    records = [prediction_record(one, outcome, explainer.card) for one, outcome in rows]
    shown = (
        "prediction",
        "target",
        "probability",
        "logit",
        "logit_sd",
        "unit",
        "similarity",
        "outputs",
        "error",
    )
    units = {one["unit"] for one in records} - {None, "logit"}  # the column of logits says its own
    filled = [
        name
        for name in shown
        if any(one[name] is not None for one in records) and (name != "unit" or units)
    ]
    show_records(records, ("id", "input", *filled), console())
    show_notes([one for one, _ in rows], console())
    if not summary([one for one, _ in rows], "", quiet):
        raise typer.Exit(1)


def compare(
    sources: Annotated[
        list[str], typer.Argument(metavar="INPUT [INPUT]", help=COMPARABLE, show_default=False)
    ],
    methods: Annotated[
        str,
        typer.Option(help=METHODS, show_default=False, autocompletion=several_of(KNOWN_METHODS)),
    ] = "",
    model: Model = "",
    target: Annotated[
        str,
        typer.Option(
            help="Class to explain: pred (of two molecules: A's), or a class's name or number."
        ),
    ] = "pred",
    contrast: Annotated[
        str | None, typer.Option(help="Class whose logit is subtracted.", show_default=False)
    ] = None,
    endpoint: Endpoint = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help=COMPARISON_FILE, show_default=False)
    ] = None,
    device: Device = "auto",
    cmap: Cmap = "red-blue",
    dpi: Dpi = 100,
) -> None:
    """One input explained by several methods side by side; or two molecules, A and B, and what makes their difference.

    Two molecules are aligned by their maximum common substructure and explained for one target; the difference of their
    logits is what the unchanged atoms change, and what is gained and lost.
    """
    from molxai.chemistry.pair import matched_pair
    from molxai.cli.fragment_tables import show_matched
    from molxai.cli.outputs import check_ending
    from molxai.cli.terminal import console, show_comparison
    from molxai.explanation.methods import EXPLAINERS
    from molxai.metrics.comparison import compare as compared
    from molxai.rendering import COMPARISON_ENDINGS, ENDINGS

    pair = len(sources) == 2
    names = listed(methods or ("lrp" if pair else COMPARED), list(EXPLAINERS), "method")
    if pair and len(names) > 1:
        raise typer.BadParameter(
            f"{len(names)} methods for a pair of molecules: name one, or compare methods on one input"
        )
    usage(check_ending, output, (*(ENDINGS if pair else COMPARISON_ENDINGS), ".json"))
    usage(chosen_look, cmap=cmap, dpi=dpi)
    read, explainer = prepared(
        sources, model, names[0], 32, device, layout_of(), "", True, endpoint
    )
    if len(read) != len(sources) or len(read) > 2:
        raise ValueError(
            f"{len(read)} inputs: compare takes one, or two molecules; give SMILES, or files with one input"
        )
    if pair:
        matched = matched_pair(explainer, read[0].subject, read[1].subject, target, contrast)
        _written(matched, {}, output, cmap, dpi) if output else show_matched(matched, console())
        return
    made = compared(explainer, read[0].subject, names, target, contrast)
    _written(made, {"input": read[0].text}, output, cmap, dpi) if output else show_comparison(
        made, console()
    )


def _written(made: Any, known: dict[str, str], output: Path, cmap: str, dpi: int) -> None:
    """A comparison as JSON or as a picture."""
    import json

    from graphormer.files import write_file

    place = written_to(output, output.is_file())
    if output.suffix.lower() == ".json":
        write_file(output, json.dumps(known | made.to_dict(), indent=1, ensure_ascii=False) + "\n")
    else:
        made.draw(output, cmap=cmap, dpi=dpi)
    print(printable(f"compared → {place}"), file=sys.stderr)


def models() -> None:
    """The shipped models with what they were trained on and how well they do."""
    from graphormer.network.checkpoint import read_card, shipped
    from molxai.cli.terminal import console, show_model

    for path in shipped().values():
        show_model(read_card(path), console())


def methods() -> None:
    """The explanation methods: what each is, and what it promises."""
    from molxai.cli.terminal import console, show_records
    from molxai.cli.wide_tables import show_table
    from molxai.explanation.methods import EXPLAINERS

    out = console()
    show_table(
        ("method", "what it is"), [(name, EXPLAINERS[name].says) for name in EXPLAINERS], out
    )
    out.print()
    columns = ("method", "conserves", "signed", "by target", "passes", "nodes")
    rows = []
    for name, one in EXPLAINERS.items():
        ahead, back = one.passes(30)
        promises = {"conserves": one.conserves, "signed": one.signed, "by target": one.by_target}
        shown = {key: "yes" if value else "no" for key, value in promises.items()}
        rows.append(
            {"method": name}
            | shown
            | {"passes": f"{ahead} + {back}", "nodes": f"≤ {one.largest}" if one.largest else "any"}
        )
    show_records(rows, columns, out)
    for line in PROMISES:
        out.print(line, markup=False)


PROMISES = (
    "conserves: its relevances add up to the logit. signed: they say for or against.",
    "by target: they differ between classes. nodes: the largest graph that it takes.",
    "passes: forward + backward, for a graph of 30 nodes; this is what it costs.",
)
"""What the columns of the methods mean."""
