"""Why RDKit cannot read a SMILES: it says so only in its log, which threads share."""

import re
from collections.abc import Iterator
from typing import NamedTuple

PERIODIC_TABLE = """
H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br
Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er
Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md
No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og
"""
ELEMENTS = tuple(PERIODIC_TABLE.split())

AROMATIC = ("se", "as", "te", "si", "b", "c", "n", "o", "p", "s")
"""What stands in a bracket for an aromatic atom."""

BRACKETED = (*ELEMENTS, *AROMATIC, r"\*", r"#\d+")
"""What may be named in a bracket, as regular expressions."""

SYMBOL = "|".join(sorted(BRACKETED, key=len, reverse=True))

ATOM = re.compile(
    r"\[\d*"  # the isotope
    rf"(?:{SYMBOL})"
    r"(?:@[@A-Z]*\d*)?"  # chirality
    r"(?:H\d*)?"
    r"(?:\++\d*|-+\d*)?"  # the charge
    r"(?::\d+)?\]"  # the number of an atom map
    r"|Br|Cl|[BCNOPSFI]|[bcnops]|\*"  # without a bracket
)
"""An atom of a SMILES."""

BOND = re.compile(r"->|<-|[-=#$:~/\\]")
CLOSURE = re.compile(r"%\((\d{1,5})\)|%(\d\d)|(\d)")

MOST_BRACKET_LETTERS = 20
"""Letters of a bracket in which a mistake is looked for."""

MOST_UNCLOSED = 5
"""Unclosed rings that a message names."""

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
"""What RDKit's grammar lets follow each kind of token; the empty kind stands before the first."""


class Token(NamedTuple):
    """A piece of a SMILES."""

    kind: str
    """`atom`, `bond`, `closure`, one of `().`, or empty for what no SMILES holds."""
    text: str
    """As written; the number of a ring closure."""
    position: int
    """Counted from 1."""


def syntax_fault(smiles: str) -> str:
    """What is wrong with the syntax of a SMILES, in RDKit's words; empty if nothing is.

    Positions are counted from 1.

    Example:
        >>> syntax_fault("CC(=O")
        'extra open parentheses around position 3'
        >>> syntax_fault("C1CC")
        'unclosed ring 1'
    """
    previous = ""
    open_parentheses: list[int] = []  # their positions
    for token in _tokens(smiles):
        if token.kind not in FOLLOWERS[previous]:
            return f"syntax error around position {token.position}"
        if token.kind == "(":
            open_parentheses.append(token.position)
        elif token.kind == ")":
            if not open_parentheses:
                return f"extra close parentheses around position {token.position}"
            open_parentheses.pop()
        is_first_of_branch = previous == "(" and token.kind == "bond"
        previous = "bond of branch" if is_first_of_branch else token.kind
    if previous not in ("atom", "closure", ")"):
        return f"syntax error around position {max(len(smiles), 1)}"
    if open_parentheses:
        return f"extra open parentheses around position {open_parentheses[0]}"
    return _ring_fault(smiles)


def _ring_fault(smiles: str) -> str:
    """What is wrong with the ring closures of a SMILES whose syntax is right."""
    openers: dict[str, int] = {}  # the atom that opened each ring closure
    bonds: set[frozenset[int]] = set()
    branches: list[int | None] = []  # the atom before each open parenthesis
    last: int | None = None  # the atom that the next one is bonded to
    atoms = 0
    for token in _tokens(smiles):
        if token.kind == "atom":
            if last is not None:
                bonds.add(frozenset((last, atoms)))
            last = atoms
            atoms += 1
        elif token.kind == "(":
            branches.append(last)
        elif token.kind == ")":
            last = branches.pop()
        elif token.kind == ".":
            last = None
        elif token.kind == "closure" and last is not None:
            number = token.text
            if number not in openers:
                openers[number] = last
                continue
            bond = frozenset((openers.pop(number), last))
            if fault := _closure_fault(number, bond, bonds):
                return fault
            bonds.add(bond)
    unclosed = list(openers)[:MOST_UNCLOSED]
    return f"unclosed ring {', '.join(unclosed)}" if unclosed else ""


def _closure_fault(number: str, bond: frozenset[int], bonds: set[frozenset[int]]) -> str:
    """What is wrong with the bond that a ring closure makes; empty if nothing is."""
    if len(bond) == 1:
        return f"duplicated ring closure {number} bonds atom {min(bond)} to itself"
    if bond in bonds:
        start, end = sorted(bond)
        return f"ring closure {number} duplicates bond between atom {start} and atom {end}"
    return ""


def _tokens(smiles: str) -> Iterator[Token]:
    """The pieces of a SMILES, in order."""
    start = 0
    while start < len(smiles):
        token, end = _token(smiles, start)
        yield token
        start = end


def _token(smiles: str, start: int) -> tuple[Token, int]:
    """The piece that begins at an index, and the index behind it."""
    if match := ATOM.match(smiles, start):
        return Token("atom", match[0], start + 1), match.end()
    if match := BOND.match(smiles, start):
        return Token("bond", match[0], start + 1), match.end()
    if match := CLOSURE.match(smiles, start):
        number = int(match[1] or match[2] or match[3])
        return Token("closure", str(number), start + 1), match.end()
    letter = smiles[start]
    kind = letter if letter in "()." else ""
    return Token(kind, letter, _wrong_position(smiles, start)), start + 1


def _wrong_position(smiles: str, start: int) -> int:
    """Position of the letter that no SMILES has there: in a bracket, the first that is wrong."""
    if smiles[start] != "[":
        return start + 1
    stop = min(len(smiles), start + MOST_BRACKET_LETTERS)
    ends = [end for end in range(start + 1, stop) if ATOM.match(smiles[start:end] + "]")]
    return min(max(ends, default=start + 1) + 1, len(smiles))
