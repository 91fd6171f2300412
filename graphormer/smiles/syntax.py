"""Why RDKit cannot read a SMILES: it says so only in its log, which threads share."""

import re
from collections.abc import Iterator

ELEMENTS = """H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr
Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir
Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts
Og se as te si b c n o p s \\* #\\d+"""
"""What may be named in a bracket."""

ATOM = re.compile(
    rf"\[\d*(?:{'|'.join(sorted(ELEMENTS.split(), key=len, reverse=True))})(?:@[@A-Z]*\d*)?(?:H\d*)?(?:\++\d*|-+\d*)?(?::\d+)?\]"
    r"|Br|Cl|[BCNOPSFI]|[bcnops]|\*"
)
"""An atom of a SMILES."""

BOND = re.compile(r"->|<-|[-=#$:~/\\]")
CLOSURE = re.compile(r"%\((\d{1,5})\)|%(\d\d)|(\d)")


ANYTHING = frozenset(("atom", "bond", "closure", "(", ")", "."))

FOLLOWERS = {
    "": frozenset(("atom",)),
    "atom": ANYTHING,
    "closure": ANYTHING,
    "bond": frozenset(("atom", "closure")),
    "bond of branch": frozenset(("atom",)),
    "(": frozenset(("atom", "bond")),
    ")": ANYTHING,
    ".": frozenset(("atom",)),
}
"""What RDKit's grammar lets follow each piece of a SMILES; the empty one stands before the
first."""


def syntax_fault(smiles: str) -> str:
    """What is wrong with the syntax of a SMILES, in RDKit's words; empty if nothing is.

    Positions are counted from 1.
    """
    before = ""
    opened: list[int] = []  # positions of the open parentheses
    for kind, _, position in _tokens(smiles):
        if kind not in FOLLOWERS[before]:
            return f"syntax error around position {position}"
        if kind == "(":
            opened.append(position)
        elif kind == ")":
            if not opened:
                return f"extra close parentheses around position {position}"
            opened.pop()
        before = "bond of branch" if (before, kind) == ("(", "bond") else kind
    if before not in ("atom", "closure", ")"):
        return f"syntax error around position {max(len(smiles), 1)}"
    if opened:
        return f"extra open parentheses around position {opened[0]}"
    return _ring_fault(smiles)


def _ring_fault(smiles: str) -> str:
    """What is wrong with the ring closures of a SMILES whose syntax is right."""
    rings: dict[str, int] = {}  # the atom that opened each ring closure
    bonded: set[frozenset[int]] = set()
    branches: list[int | None] = []  # the atom before each open parenthesis
    last: int | None = None  # the atom that the next one is bonded to
    atoms = 0
    for kind, text, _ in _tokens(smiles):
        if kind == "atom":
            if last is not None:
                bonded.add(frozenset((last, atoms)))
            last = atoms
            atoms += 1
        elif kind == "(":
            branches.append(last)
        elif kind == ")":
            last = branches.pop()
        elif kind == ".":
            last = None
        elif kind == "closure" and last is not None:
            if text not in rings:
                rings[text] = last
                continue
            pair = frozenset((rings.pop(text), last))
            if len(pair) == 1:
                return f"duplicated ring closure {text} bonds atom {last} to itself"
            if pair in bonded:
                return f"ring closure {text} duplicates bond between atom {min(pair)} and atom {max(pair)}"
            bonded.add(pair)
    return f"unclosed ring {', '.join(list(rings)[:5])}" if rings else ""


def _tokens(smiles: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text (of a ring closure: its number) and position of each piece; `""` is no kind."""
    place = 0
    while place < len(smiles):
        position = place + 1
        if found := ATOM.match(smiles, place):
            yield "atom", found[0], position
        elif found := BOND.match(smiles, place):
            yield "bond", found[0], position
        elif found := CLOSURE.match(smiles, place):
            yield "closure", str(int(found[1] or found[2] or found[3])), position
        else:
            yield (
                (smiles[place] if smiles[place] in "()." else ""),
                smiles[place],
                _bad_position(smiles, place),
            )
            place += 1
            continue
        place = found.end()


def _bad_position(smiles: str, place: int) -> int:
    """Position of the letter that no SMILES has there: in a bracket, the first that is wrong."""
    if smiles[place] != "[":
        return place + 1
    ends = [
        end
        for end in range(place + 1, min(len(smiles), place + 20))
        if ATOM.match(smiles[place:end] + "]")
    ]
    return min(max(ends, default=place + 1) + 1, len(smiles))
