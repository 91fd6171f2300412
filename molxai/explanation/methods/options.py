"""Options of a method in its name: `rollout:head_fusion=max:discard_ratio=0.9`.

An option is a number, a word or a truth value among the fields of the method, or of its parts: the
function by which it combines attentions, or the weighting of its sums.
"""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from graphormer.names import unknown
from molxai.explanation.method import Method

BEGIN = ":"
"""Stands before each option."""

HIDDEN = {"name", "split", "apart"}
"""Fields that are set otherwise."""

TRUTHS = {"true": True, "false": False}


def options_of(method: Method) -> dict[str, Any]:
    """The options of a method with their values.

    Example:
        >>> from molxai.explanation.methods.integrated import IntegratedGradients
        >>> options_of(IntegratedGradients("integrated-gradients"))
        {'steps': 50, 'baseline': 'zero'}
    """
    options: dict[str, Any] = {}
    for part in _parts(method).values():
        options |= _own_options(part)
    return options | _own_options(method)


def with_options(method: Method, name: str) -> Method:
    """The method with the options in a name, which becomes its own name.

    Args:
        method: without options.
        name: an id, and after a colon each `OPTION=VALUE`.

    Raises:
        ValueError: there is no such option, or it cannot have that value.
    """
    _, *pairs = name.split(BEGIN)
    chosen: dict[str, Any] = {}
    usual = options_of(method)
    for pair in pairs:
        option, equals, text = pair.partition("=")
        if option not in usual or not equals:
            raise ValueError(unknown(f"option of {method.name}", option, usual))
        chosen[option] = _value(option, text, usual[option])
    changes: dict[str, Any] = {"name": name}
    for field_name, part in _parts(method).items():
        own = {option: chosen[option] for option in _own_options(part) if option in chosen}
        changes[field_name] = replace(part, **own)
    changes |= {option: chosen[option] for option in _own_options(method) if option in chosen}
    return replace(method, **changes)


def _parts(method: Method) -> dict[str, Any]:
    """The fields of the method that have fields themselves."""
    values = {field.name: getattr(method, field.name) for field in fields(method)}
    return {name: value for name, value in values.items() if is_dataclass(value)}


def _own_options(owner: Any) -> dict[str, bool | int | float | str]:
    """Its fields that are numbers, words and truth values, but for those of every method."""
    common = {field.name for field in fields(Method)} | HIDDEN
    if getattr(owner, "alpha", 0.0) is None:
        common.add("presence")  # it needs routing
    values = {field.name: getattr(owner, field.name) for field in fields(owner)}
    return {
        name: value
        for name, value in values.items()
        if name not in common and isinstance(value, bool | int | float | str)
    }


def _value(option: str, text: str, usual: bool | int | float | str) -> bool | int | float | str:
    """The value in the text, of the type of the usual one.

    Raises:
        ValueError: it is of another type.
    """
    if isinstance(usual, bool):
        if text not in TRUTHS:
            raise ValueError(f"{option}={text!r}: true or false is needed")
        return TRUTHS[text]
    kind = type(usual)
    try:
        return kind(text)
    except ValueError as error:
        word = "a whole number" if kind is int else "a number"
        raise ValueError(f"{option}={text!r}: {word} is needed, such as {usual}") from error
