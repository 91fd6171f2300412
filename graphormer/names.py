"""Names that somebody typed and nobody knows: which known ones are near, and the line that says so."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NEAR = 3
"""Names that are offered."""

LIKENESS = 0.6
"""Share of letters that two names have in common, in order, from which one is offered for the other (as in `difflib`)."""

SHORTEST_BEGINNING = 3
"""Letters from which a name's beginning is offered the whole name."""

LIST_LETTERS = 320
"""Letters of a list of known names: all methods fit, the columns of a wide table are cut."""

NAME_LETTERS = 60
"""Letters of one name."""


def nearest(wanted: str, known: Iterable[str], likeness: float = LIKENESS) -> list[str]:
    """The known names most like the wanted one, at most `MOST_NEAR`, the nearest first; case and punctuation do not count.

    Example:
        >>> nearest("lrp_gamma", ["lrp", "lrp-gamma", "rollout"])
        ['lrp-gamma']
        >>> nearest("Active", ["inactive", "active"])
        ['active']
    """
    letters = _letters(wanted)
    if not letters:
        return []
    by_letters: dict[str, list[str]] = {}
    for name in dict.fromkeys(known):
        by_letters.setdefault(_letters(name), []).append(name)
    if letters in by_letters:
        return by_letters[letters][:MOST_NEAR]
    alike = get_close_matches(letters, by_letters, MOST_NEAR, likeness)
    longer = [
        other
        for other in by_letters
        if len(letters) >= SHORTEST_BEGINNING and other.startswith(letters)
    ]
    near = [name for other in dict.fromkeys([*alike, *longer]) for name in by_letters[other]]
    return near[:MOST_NEAR]


def unknown(what: str, wanted: str, known: Iterable[str], remedy: str = "", where: str = "") -> str:
    """The line of an error for a name that is not known: what was wanted, what is near it, what there is, what to do.

    Args:
        what: the kind of name, in the singular.
        wanted: what was typed.
        known: the names that would have been understood; a long list is cut.
        remedy: what to do, added at the end.
        where: where the name was looked for, like `in table.csv`.

    Example:
        >>> unknown("method", "LRP", ["lrp", "gae"], "'molxai methods' lists them")
        "no method 'LRP': did you mean 'lrp'? There are lrp, gae; 'molxai methods' lists them"
        >>> unknown("class", "7", ["no", "yes"], where="in the model 'm'")
        "no class '7' in the model 'm': there are no, yes"
    """
    names = list(dict.fromkeys(known))
    near = " or ".join(repr(_short(name)) for name in nearest(wanted, names))
    place = f" {where}" if where else ""
    there = f"Did you mean {near}? There are" if near else "there are"
    advice = f"; {remedy}" if remedy else ""
    line = f"no {what} {_short(wanted)!r}{place}: {there} {listing(names)}{advice}"
    return line.replace(": Did", ": did", 1)


def listing(names: Iterable[str]) -> str:
    """Names with commas between them; of many the first, and how many more there are."""
    shown = [_printable(_short(name)) for name in names]
    kept = len(shown)
    while kept > 1 and len(", ".join(shown[:kept])) > LIST_LETTERS:
        kept -= 1
    more = f" and {len(shown) - kept} more" if kept < len(shown) else ""
    return ", ".join(shown[:kept]) + more if shown else "none"


def _letters(name: str) -> str:
    """What counts when names are compared: its first letters and figures, without case."""
    return "".join(letter for letter in name[:NAME_LETTERS].casefold() if letter.isalnum())


def _short(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 1]}…"


def _printable(name: str) -> str:
    """The name, or its escaped form where it holds what a terminal would obey."""
    return name if name.isprintable() else repr(name)


def split_names(text: str) -> tuple[str, ...]:
    """The names in a list with commas between them, each once.

    Example:
        >>> split_names("lrp, gae,lrp,")
        ('lrp', 'gae')
    """
    names = (name.strip() for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))
