"""What a page shows of a row of a session, checked: the scripts of a page trust what they lay out.

Every field that they cannot do without is here with its type; further ones are kept as they are.
"""

import base64
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from molxai.chemistry.schemes import SCHEMES
from molxai.serve.api import Name

Place = Annotated[int, Field(ge=0)]
"""Number of an atom, a superpixel or a part, counted from 0."""


class Open(BaseModel):
    """A part that may have further fields."""

    model_config = ConfigDict(extra="allow")


class MoleculeDrawing(Open):
    """As `molecule_drawing` makes it."""

    size: tuple[FiniteFloat, FiniteFloat]
    atoms: list[FiniteFloat]
    bonds: list[Place]
    lines: str
    thin: str
    solid: str
    labels: list[tuple[str, FiniteFloat, FiniteFloat, FiniteFloat]]


class DigitDrawing(Open):
    """As `digit_drawing` makes it."""

    side: Annotated[int, Field(ge=1)]
    image: str
    segments: str


class MethodView(Open):
    """What a method says."""

    relevance: list[FiniteFloat]
    limit: FiniteFloat
    low: FiniteFloat | None
    decimals: Annotated[int, Field(ge=0, le=20)]
    largest: list[Place]
    gap: FiniteFloat
    adds_up: bool
    ledger: str
    colours: str
    unit: str
    beyond: list[tuple[str, FiniteFloat]]
    base: FiniteFloat = 0
    sums: list[FiniteFloat] | None = None
    signs: list[tuple[str, list[Place], FiniteFloat]] | None = None


class SessionView(Open):
    """What a page shows of a row."""

    row: int
    id: str
    input: str
    error: str | None
    label: str | None = None
    residual: FiniteFloat | None = None
    similarity: FiniteFloat | None = None
    methods: dict[Name, MethodView] | None = None
    explained: str | None = None
    target: str | None = None
    probability: FiniteFloat | None = None
    logit: FiniteFloat | None = None
    smiles: str | None = None
    symbols: list[str] | None = None
    molecule: MoleculeDrawing | None = None
    digit: DigitDrawing | None = None
    parts: list[list[Place]] | None = None
    fragments: dict[Name, list[tuple[str, Place]]] | None = None

    @model_validator(mode="after")
    def check(self) -> "SessionView":
        """Refuse a row whose parts do not fit together.

        Raises:
            ValueError: they do not.
        """
        if self.methods:
            if self.logit is None or self.explained is None:
                raise ValueError("an explained row needs logit and explained")
            if self.digit:
                _check_digit(self.digit, self.methods)
            else:
                _check_molecule(self, self.methods)
        return self


def _check_digit(digit: DigitDrawing, methods: dict[str, MethodView]) -> None:
    image = base64.b64decode(digit.image, validate=True)
    segments = base64.b64decode(digit.segments, validate=True)
    if not len(image) == len(segments) == digit.side**2:
        raise ValueError("a digit has as many pixels and segments as its side says")
    nodes = max(segments) + 1
    for method in methods.values():
        if method.signs is None:
            raise ValueError("a method of a digit needs signs")
        _check_nodes(method, nodes, [part for _, part, _ in method.signs])


def _check_molecule(view: SessionView, methods: dict[str, MethodView]) -> None:
    drawing = view.molecule
    if drawing is None or not view.smiles or view.symbols is None:
        raise ValueError("an explained row needs a digit, or molecule, smiles and symbols")
    if view.parts is None or view.fragments is None or set(view.fragments) != set(SCHEMES):
        raise ValueError("a molecule needs parts, and fragments of every scheme")
    nodes = len(view.symbols)
    places = [place for part in view.parts for place in part]
    if len(drawing.atoms) != 2 * nodes or max([*drawing.bonds, *places], default=0) >= nodes:
        raise ValueError(f"a drawing or a part of other atoms than the {nodes} of the molecule")
    named = [part for members in view.fragments.values() for _, part in members]
    if max(named, default=-1) >= len(view.parts):
        raise ValueError("a fragment of a part that is not there")
    for method in methods.values():
        if method.sums is None or len(method.sums) != len(view.parts):
            raise ValueError("a method of a molecule needs a sum of each part")
        _check_nodes(method, nodes, [])


def _check_nodes(method: MethodView, nodes: int, parts: list[list[int]]) -> None:
    """Refuse relevances of other nodes than those of the drawing."""
    if len(method.relevance) != nodes:
        raise ValueError(f"{len(method.relevance)} relevances for {nodes} atoms or superpixels")
    if max([*method.largest, *(node for part in parts for node in part)], default=0) >= nodes:
        raise ValueError(f"a part of other nodes than the {nodes} that there are")
