"""`molxai explain` and `molxai predict`."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from molxai.cli.drawing import Pictures
from molxai.cli.options import (
    Base,
    DropExtraColumns,
    EngineName,
    Fragments,
    Inputs,
    Method,
    Output,
    RayAddress,
    Shard,
    Structure,
    usage,
)
from molxai.cli.parameters import Asking, Contrast, Reading, Running, command

TRUTH = "Column of the true class in a table, for --target true."
FEATURES = "Add each node's split over its input features, and that of structure, to the records."


@dataclass(frozen=True)
class Split:
    """How relevance is split."""

    features: Annotated[bool, typer.Option("--features", help=FEATURES)] = False
    structure: Structure = "halves"
    base: Base = "apart"


@command
def explain(
    inputs: Inputs,
    asking: Asking,
    reading: Reading,
    pictures: Pictures,
    running: Running,
    split: Split,
    method: Method = "lrp",
    contrast: Contrast = None,
    output: Output = None,
    target_columns: Annotated[str, typer.Option(help=TRUTH, show_default=False)] = "",
    fragments: Fragments = "",
    shard: Shard = "",
    engine: EngineName = "local",
    ray_address: RayAddress = "",
    drop_extra_columns: DropExtraColumns = False,
) -> None:
    """Relevance of each atom or superpixel of the inputs.

    Without -o a table is printed. With -o: .json .jsonl .csv .xlsx .parquet .sdf hold one record
    per input; .svg .pdf .png .jpg .tiff hold a picture of one input, or with --grid of several; a
    folder holds a picture of each. A run that was interrupted can be resumed.
    """
    from molxai.chemistry.schemes import read_scheme
    from molxai.cli.running import answer, inputs_of, plan_of, question_of
    from molxai.cli.sinks import explanation_sink

    typed_inputs = inputs_of(inputs, reading, asking.model, target_columns)
    scheme = usage(read_scheme, fragments)
    sink = explanation_sink(output, pictures, scheme, typed_inputs.reads)
    asked: dict[str, Any] = {"contrast": contrast, "fragments": scheme, **vars(split)}
    question = question_of(typed_inputs, asking, methods=(method,), **asked)
    plan = plan_of(running, shard, engine, ray_address)
    answer(typed_inputs, question, sink, plan, running.quiet, not drop_extra_columns)


@command
def predict(
    inputs: Inputs,
    asking: Asking,
    reading: Reading,
    running: Running,
    output: Output = None,
    shard: Shard = "",
    engine: EngineName = "local",
    ray_address: RayAddress = "",
    drop_extra_columns: DropExtraColumns = False,
) -> None:
    """Predictions for the inputs, in the records of 'explain' without relevances.

    An ensemble adds its spread (logit_sd). A molecule has its similarity to the nearest training
    molecule, 0 to 1: if that is low, the prediction is unreliable.
    """
    from molxai.cli.running import answer, inputs_of, plan_of, question_of
    from molxai.cli.sinks import prediction_sink

    typed_inputs = inputs_of(inputs, reading, asking.model)
    sink = prediction_sink(output)
    question = question_of(typed_inputs, asking, relevances=False)
    plan = plan_of(running, shard, engine, ray_address)
    answer(typed_inputs, question, sink, plan, running.quiet, not drop_extra_columns)
