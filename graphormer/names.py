"""Names that somebody typed and that do not exist: the nearest ones that do, and the message."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NEAR = 3
"""Names that are offered at most."""

LIKENESS = 0.6
"""Share of letters that two names have in common, in order, from which on one is offered for the
other (as in `difflib`)."""

SHORTEST_BEGINNING = 3
"""Letters from which on a name's beginning is offered the whole name."""

LIST_LETTERS = 320
"""Letters of a list of names: all methods fit, the columns of a wide table are cut."""

NAME_LETTERS = 60
"""Letters of one name."""


def nearest(wanted: str, names: Iterable[str], likeness: float = LIKENESS) -> list[str]:
    """The names most like the wanted one, at most `MOST_NEAR`, the nearest first.

    Case and punctuation do not count.

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
    for name in dict.fromkeys(names):
        by_letters.setdefault(_letters(name), []).append(name)
    if letters in by_letters:
        return by_letters[letters][:MOST_NEAR]
    candidates = get_close_matches(letters, by_letters, MOST_NEAR, likeness)
    if len(letters) >= SHORTEST_BEGINNING:
        candidates += [longer for longer in by_letters if longer.startswith(letters)]
    near: list[str] = []
    for candidate in dict.fromkeys(candidates):
        near += by_letters[candidate]
    return near[:MOST_NEAR]


def unknown(what: str, wanted: str, names: Iterable[str], remedy: str = "", where: str = "") -> str:
    """The message for a name that does not exist: what is near it, what there is, what to do.

    Args:
        what: the kind of name, in the singular.
        wanted: what was typed.
        names: the names that exist; a long list is cut.
        remedy: what to do, added at the end.
        where: the place that was searched, like `in table.csv`.

    Example:
        >>> unknown("method", "LRP", ["lrp", "gae"], "'molxai methods' lists them")
        "no method 'LRP': did you mean 'lrp'? There are lrp, gae; 'molxai methods' lists them"
        >>> unknown("class", "7", ["no", "yes"], where="in the model 'm'")
        "no class '7' in the model 'm': there are no, yes"
    """
    choices = list(dict.fromkeys(names))
    message = f"no {what} {_short(wanted)!r}"
    if where:
        message += f" {where}"
    near = [repr(_short(name)) for name in nearest(wanted, choices)]
    if near:
        message += f": did you mean {' or '.join(near)}? There are {listing(choices)}"
    else:
        message += f": there are {listing(choices)}"
    if remedy:
        message += f"; {remedy}"
    return message


def listing(names: Iterable[str]) -> str:
    """Names with commas between them; of many names the first, and how many more there are."""
    texts = [_printable(_short(name)) for name in names]
    if not texts:
        return "none"
    count = len(texts)
    line = ", ".join(texts)
    while count > 1 and len(line) > LIST_LETTERS:
        count -= 1
        line = ", ".join(texts[:count])
    hidden = len(texts) - count
    return f"{line} and {hidden} more" if hidden else line


def _letters(name: str) -> str:
    """The letters and figures by which names are compared: without case, the first few."""
    return "".join(sign for sign in name[:NAME_LETTERS].casefold() if sign.isalnum())


def _short(name: str) -> str:
    return name if len(name) <= NAME_LETTERS else f"{name[: NAME_LETTERS - 1]}…"


def _printable(name: str) -> str:
    """The name, escaped if it holds signs that control a terminal."""
    return name if name.isprintable() else repr(name)


def split_names(text: str) -> tuple[str, ...]:
    """The names in a list with commas between them, each once.

    Example:
        >>> split_names("lrp, gae,lrp,")
        ('lrp', 'gae')
    """
    names = (name.strip() for name in text.split(","))
    return tuple(dict.fromkeys(name for name in names if name))
