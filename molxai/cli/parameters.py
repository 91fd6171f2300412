"""Options that several commands share, as values: a command takes a group of them as one parameter.

Typer reads a command's options from its signature, one parameter each. `command` writes that
signature out: if a function takes a dataclass of options, the signature has an option for each of
its fields, and what was typed for them arrives as one value.

>>> @dataclass(frozen=True)
... class Reading:
...     separator: str = ""
>>> @command
... def show(path: str, reading: Reading) -> None: ...
>>> list(inspect.signature(show).parameters)
['path', 'separator']
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature
from typing import Annotated, Any, get_type_hints

import typer

from molxai.cli.options import (
    BATCH_SIZE,
    MAX_ATOMS,
    ROW_SECONDS,
    BatchSize,
    Device,
    EncodingName,
    Endpoint,
    IdColumn,
    MaxAtoms,
    Model,
    Quiet,
    Restart,
    Resume,
    RowSeconds,
    Separator,
    SmilesColumn,
    Strict,
    Target,
    TextColumn,
    Workers,
)

Contrast = Annotated[
    str | None, typer.Option(help="Class whose logit is subtracted.", show_default=False)
]


@dataclass(frozen=True)
class Reading:
    """How tables are laid out, as far as the user says so."""

    smiles_column: SmilesColumn = ""
    text_column: TextColumn = ""
    id_column: IdColumn = ""
    separator: Separator = ""
    encoding: EncodingName = ""


@dataclass(frozen=True)
class Asking:
    """What is asked of the model, and where it runs."""

    model: Model = ""
    target: Target = ""
    endpoint: Endpoint = ""
    batch_size: BatchSize = BATCH_SIZE
    device: Device = "auto"
    max_atoms: MaxAtoms = MAX_ATOMS


@dataclass(frozen=True)
class Running:
    """How the work is spread, and what happens to a run that was stopped."""

    workers: Workers = None
    resume: Resume = False
    restart: Restart = False
    row_seconds: RowSeconds = ROW_SECONDS
    strict: Strict = False
    quiet: Quiet = False


def command(function: Callable[..., None]) -> Callable[..., None]:
    """The function with a parameter for each option, as typer reads it."""
    hints = get_type_hints(function, include_extras=True)
    parameters: list[Parameter] = []
    groups: dict[str, type] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if is_dataclass(hints[name]):
            groups[name] = hints[name]
            parameters += _options(hints[name])
        else:
            kind = Parameter.KEYWORD_ONLY
            parameters.append(parameter.replace(kind=kind, annotation=hints[name]))

    @wraps(function)
    def call(**options: Any) -> None:
        for name, group in groups.items():
            values = {field.name: options.pop(field.name) for field in fields(group)}
            options[name] = group(**values)
        function(**options)

    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return call


def _options(group: type) -> list[Parameter]:
    """A parameter for each field."""
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
