"""Choices of a picture as a program names them: what each must be, and where it would do nothing.

A value of the wrong kind, or one that the picture would ignore, is refused by name.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from molxai.rendering import FORMATS, KINDS
from molxai.rendering.width import EXAMPLES

YES_OR_NO = ((bool,), "True or False")
NAME = ((str,), "a name")

NEEDED: Mapping[str, tuple[tuple[type, ...], str]] = {
    "style": NAME,
    "atom_numbers": YES_OR_NO,
    "cmap": NAME,
    "scale": ((str, int, float), "'own', 'common' or a positive number"),
    "low": ((int, float), "a number"),
    "dpi": ((int,), "a whole number of pixels per inch"),
    "transparent": YES_OR_NO,
    "shared": YES_OR_NO,
    "caption": ((str, type(None)), "text"),
    "width": ((str, type(None)), f"a number with a unit, like '{EXAMPLES.partition(',')[0]}',"),
    "foreground": NAME,
    "panel": NAME,
}
"""Types of each choice, and what it is in words."""

USUAL: Mapping[str, Any] = {
    "style": "highlight",
    "atom_numbers": False,
    "dpi": 100,
    "transparent": False,
    "caption": None,
    "panel": "all",
}
"""Values that ask for nothing, of the choices that some pictures do not have."""

ONLY_FOR = {"molecules": ("style", "atom_numbers"), "digits": ("panel",)}
"""Choices that are for one kind of input only."""


def check_types(choices: Mapping[str, Any]) -> None:
    """Refuse values that are not what a choice needs.

    Raises:
        ValueError: it names the choice, its value and what is needed.
    """
    for name, value in choices.items():
        types, needed = NEEDED.get(name, ((object,), ""))
        is_number_for_truth = isinstance(value, bool) and bool not in types
        if not isinstance(value, types) or (is_number_for_truth and object not in types):
            raise ValueError(f"{name}={value!r}: {needed} is needed")


def refuse_ignored(
    choices: Mapping[str, Any],
    path: str | Path | None,
    kinds: Sequence[str] = (),
    without: Sequence[str] = (),
) -> None:
    """Refuse choices that a picture would ignore.

    Args:
        choices: as they were named.
        path: of the file; None: it is SVG.
        kinds: of what is drawn: molecules, digits or texts; an empty one is not known.
        without: further choices that such a picture does not have.

    Raises:
        ValueError: it names the choice, and says where it belongs.
    """
    wanted = {name: value for name, value in choices.items() if value != USUAL.get(name, value)}
    ending = Path(path).suffix.lower() if path else ".svg"
    file_format = FORMATS.get(ending, "png")
    drawn = list(filter(None, kinds))
    for kind, names in ONLY_FOR.items():
        for name in names:
            if name in wanted and drawn and kind not in drawn:
                raise ValueError(
                    f"{name}={wanted[name]!r}: for {kind}, and these are {' and '.join(drawn)}; "
                    "leave it out"
                )
    if "dpi" in wanted and KINDS[file_format] != "png":
        raise ValueError(
            f"dpi={wanted['dpi']}: for .png, .jpg and .tiff, a {ending[1:].upper()} has no pixels; "
            "leave it out"
        )
    if "transparent" in wanted and file_format == "jpg":
        raise ValueError("transparent=True: a JPEG has no transparency; name a .png")
    for name in without:
        if name in wanted:
            raise ValueError(f"{name}={wanted[name]!r}: this picture has no {name}; leave it out")
