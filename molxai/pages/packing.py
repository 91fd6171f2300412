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


class Texts:
    """Texts by number, each held once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The place of the text in `listed`."""
        return self.numbers.setdefault(text, len(self.numbers))

    @property
    def listed(self) -> list[str]:
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
    explained = [view["methods"] for view in views if "methods" in view]
    method_views = [method for by_name in explained for method in by_name.values()]
    keys = _keys(views)
    method_keys = [key for key in _keys(method_views) if key not in UNPACKED]
    rows = []
    for view in views:
        content = dict(view)
        if "molecule" in view:
            content["molecule"] = _pack_drawing(view["molecule"])
            content["fragments"] = [_pack_parts(view["fragments"][name], texts) for name in schemes]
        if "methods" in view:
            each = [view["methods"].get(name) for name in methods]
            content["methods"] = [_pack_method(method, method_keys, texts) for method in each]
        rows.append([content.get(key) for key in keys])
    features = next((list(view["features"]) for view in method_views if "features" in view), [])
    return {"keys": keys, "method_keys": method_keys, "features": features, "rows": rows}


def pack_carriers(table: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """A table of fragments with its names as numbers.

    A fragment that occurs once has only its mean and its example: the mean is all there is to say.
    """
    rows = []
    for name, molecules, occurrences, mean, *cells in table["rows"]:
        if occurrences == 1:
            rows.append([texts.number(name), mean, cells[-1]])
        else:
            rows.append([texts.number(name), molecules, occurrences, mean, *cells])
    return {**table, "rows": rows}


def _pack_drawing(drawing: View) -> View:
    """The drawing of a molecule, in which 24.0 is written as 24."""
    atoms = [int(value) if value.is_integer() else value for value in drawing["atoms"]]
    return drawing | {"atoms": atoms}


def _pack_parts(parts: Sequence[tuple[str, int]], texts: Texts) -> list[int]:
    pairs = [(texts.number(name), place) for name, place in parts]
    return [number for pair in pairs for number in pair]


def _pack_method(method: View | None, keys: Sequence[str], texts: Texts) -> list[Any] | None:
    """A method's view as its values; None if the method gave nothing."""
    if method is None:
        return None
    content = dict(method)
    content["colours"] = texts.number(method["colours"])
    content["unit"] = texts.number(method["unit"])
    if "features" in method:
        content["features"] = list(method["features"].values())
    return [content.get(key) for key in keys]


def _keys(contents: Sequence[Mapping[str, Any]]) -> list[str]:
    """All keys, in the order in which they are first met."""
    return list(dict.fromkeys(key for content in contents for key in content))
