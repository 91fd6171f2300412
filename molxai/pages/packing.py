"""The views of a page with every name and sentence held once.

A page holds thousands of views, whose keys, fragment names and sentences repeat. Packed, views are
lists of values in the order of `keys`, and texts are numbers in the list `texts`. The script
`unpack.js` turns them back into views.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from molxai.pages.view import View

UNPACKED = ("gap",)
"""Keys of a method's view that no script of the page needs."""

SENTENCES = ("colours", "unit", "hatching")
"""Keys of a method's view whose texts repeat."""


class Texts:
    """Texts by number, each held once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The place of the text in `in_order`."""
        return self.numbers.setdefault(text, len(self.numbers))

    @property
    def in_order(self) -> list[str]:
        """All texts, in order."""
        return list(self.numbers)


def pack(
    views: Sequence[View], methods: Sequence[str], schemes: Sequence[str], texts: Texts
) -> dict[str, Any]:
    """The views, packed.

    Returns:
        `keys` and `rows`: of each view its values, null for what it lacks; `method_keys`: the same
        for the views of the methods, which stand in a view's row in the order of `methods`;
        `features`: names of the input features. The parts of a scheme stand in the order of
        `schemes`, names and places in turn.

    Example:
        >>> pack([{"row": 0, "error": "none"}, {"row": 1, "id": "a"}], [], [], Texts())["rows"]
        [[0, 'none', None], [1, None, 'a']]
    """
    method_views: list[View] = []
    for view in views:
        method_views.extend(view.get("methods", {}).values())
    keys = _keys(views)
    method_keys = [key for key in _keys(method_views) if key not in UNPACKED]
    rows = []
    for view in views:
        content = dict(view)
        if "molecule" in view:
            content["molecule"] = _pack_drawing(view["molecule"])
            content["fragments"] = [
                _pack_parts(view["fragments"][scheme], texts) for scheme in schemes
            ]
        if "methods" in view:
            content["methods"] = [
                _pack_method(view["methods"].get(method), method_keys, texts) for method in methods
            ]
        rows.append([content.get(key) for key in keys])
    return {
        "keys": keys,
        "method_keys": method_keys,
        "features": _feature_names(method_views),
        "rows": rows,
    }


def pack_carriers(table: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """A table of fragments with its names as numbers.

    A fragment that occurs once has only its mean and its example: the mean is all there is to say.
    """
    rows = []
    for row in table["rows"]:
        name, _, occurrences, mean, *_, example = row
        number = texts.number(name)
        if occurrences == 1:
            rows.append([number, mean, example])
        else:
            rows.append([number, *row[1:]])
    return {**table, "rows": rows}


def _feature_names(method_views: Sequence[View]) -> list[str]:
    """Names of the input features; one model has the same for all its inputs."""
    for view in method_views:
        if "features" in view:
            return list(view["features"])
    return []


def _pack_drawing(drawing: View) -> View:
    """The drawing of a molecule, in which 24.0 is written as 24."""
    atoms = []
    for position in drawing["atoms"]:
        is_whole = position.is_integer()
        atoms.append(int(position) if is_whole else position)
    return drawing | {"atoms": atoms}


def _pack_parts(parts: Sequence[Sequence[Any]], texts: Texts) -> list[int]:
    """Pairs of a name and a place, in a row."""
    numbers = []
    for name, place in parts:
        numbers.append(texts.number(name))
        numbers.append(place)
    return numbers


def _pack_method(method: View | None, keys: Sequence[str], texts: Texts) -> list[Any] | None:
    """A method's view as its values; None if the method gave nothing."""
    if method is None:
        return None
    content = dict(method)
    for key in SENTENCES:
        if key in method:
            content[key] = texts.number(method[key])
    if "features" in method:
        content["features"] = list(method["features"].values())
    return [content.get(key) for key in keys]


def _keys(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    """All keys, in the order in which they are first met."""
    keys: dict[str, None] = {}
    for content in contents:
        keys |= dict.fromkeys(content)
    return list(keys)
