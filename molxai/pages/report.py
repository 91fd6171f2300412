"""The report as the output of a run: every input explained by several methods, on one page.

Everything is explained for one target, so that red means the same in every row: the second class of
a binary model, the value of a regression. Only with several classes does each row explain its own
prediction.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from graphormer.graphs.molecules import Molecule
from graphormer.names import unknown
from graphormer.readers.tables import as_text
from molxai.batch.question import Question
from molxai.batch.rows import similarities
from molxai.batch.sinks import Sink, TooManyRowsError
from molxai.batch.worker import Answer, Product
from molxai.chemistry.substructure import places_of
from molxai.explanation.base_explainer import BaseExplainer
from molxai.explanation.inputs import Inputs
from molxai.explanation.methods import method as method_of
from molxai.explanation.orientation import MCS, Orientation, orientation_in
from molxai.explanation.target import Target
from molxai.pages.measured import measured
from molxai.pages.page import is_searchable, write_page
from molxai.pages.pairs import pair_table
from molxai.pages.rgroups import rgroup_table
from molxai.pages.summary import comparison_note
from molxai.pages.view import View, view
from molxai.rendering.look import Scale

METHODS = ("lrp", "lrp-gamma", "gradient-input", "gae")
"""Methods of a report, if none are named: two that add up, one that does not, one of attention.

Each takes one pass.
"""

MOST_ROWS = 20_000
"""Inputs of a page: more would not open in a browser."""

SIZES = "This method has no sign: relevance says how much, not whether"
"""What is said of a method without a sign, before that of which it does not speak."""

LONGEST_TITLE = 80
"""Letters of a text that its page is called by."""

VIEW = "view"
"""Column of the views."""

VIEW_PASSES = 1
"""Cost of a view, in passes. It is more, but smaller chunks would start workers for little work."""


@dataclass(frozen=True)
class RowView:
    """What the page shows of a row: see `molxai.pages.view`."""

    columns: tuple[str, ...] = ()
    """Columns of the user's table that the page's table shows."""
    substructures: tuple[str, ...] = ()
    """Patterns that the page can look for."""
    orientation: Orientation | None = None
    """How molecules are drawn alike; None: each as it is."""
    passes: int = VIEW_PASSES

    def __call__(self, explainer: BaseExplainer, answer: Answer) -> bytes:
        row, first = answer.explained[0]
        explanations = [explanation for _, explanation in answer.explained if explanation]
        if self.orientation:
            explanations = [self.orientation.explanation(each) for each in explanations]
        (similarity,) = similarities(explainer, [answer.input])
        content = view(row, explanations if first else [], similarity)
        content |= measured(explainer, row, content)
        if self.columns:
            content["extras"] = {name: as_text(row.extras.get(name)) for name in self.columns}
        if self.substructures and isinstance(row.subject, Molecule):
            content["has"] = places_of(self.substructures, row.subject.mol)
        return json.dumps(content).encode()


def tell_nobody(note: str) -> None:
    """Whoever writes a page may want no notes."""


@dataclass(frozen=True)
class ReportPage(Sink):
    """One self-contained page."""

    output: Path
    question: Question
    """What every row was asked."""
    columns: tuple[str, ...] = ()
    """Columns of the user's table that the page's table shows."""
    substructures: tuple[str, ...] = ()
    """Patterns that the page can look for."""
    search: bool = False
    """Whether the page carries RDKit and can look for any pattern."""
    title: str = ""
    cmap: str = "red-blue"
    """Palette to begin with."""
    scale: Scale = "own"
    """To begin with: `own`, `common`, or the relevance in full colour."""
    align: str = ""
    """Core on which molecules are drawn, as SMARTS, SMILES or `mcs`; empty: each as it is."""
    core: str = ""
    """Core whose R groups are shown, as SMARTS, SMILES or `mcs`; empty: none are."""
    matched_pairs: bool = False
    """Whether single changes between two molecules are shown."""
    orientation: Orientation | None = None
    """How molecules lie on the core of `align`, when that is known."""
    label_column: str = ""
    """Column of the measured labels; empty: none."""
    tell: Callable[[str], None] = tell_nobody
    """Called with what is to be said of the rows when the page is written."""

    @property
    def path(self) -> Path:
        """The page."""
        return self.output

    @property
    def products(self) -> Mapping[str, Product]:
        """A view of each row."""
        return {VIEW: RowView(self.columns, self.substructures, self.orientation)}

    def prepare(self, inputs: Inputs, question: Question) -> "ReportPage":
        """The page with its molecules on their common core, if they are to be.

        Raises:
            ValueError: there is no such core.
            FileNotFoundError: a named file does not exist.
        """
        if self.core not in ("", MCS):
            orientation_in(inputs, self.core, question.max_atoms)  # refuses one that none has
        if not self.align:
            return self
        return replace(self, orientation=orientation_in(inputs, self.align, question.max_atoms))

    @property
    def most(self) -> int:
        """As many as a browser opens."""
        return MOST_ROWS

    def check_count(self, rows: int) -> None:
        """Refuse a page that would not open.

        Raises:
            TooManyRowsError: there are too many rows.
        """
        if rows > self.most:
            raise TooManyRowsError(
                f"more than {self.most} inputs: a page holds no more; report on a part, "
                "and give the whole to 'molxai explain'"
            )

    def write(self, tables: Iterable[pa.Table], explainer: BaseExplainer) -> None:
        """Write the page.

        Raises:
            ValueError: no row could be explained.
            OSError: the page cannot be written.
        """
        views = [json.loads(text) for table in tables for text in table[VIEW].to_pylist()]
        errors = [content["error"] for content in views if content["error"]]
        if len(errors) == len(views):
            raise ValueError(f"nothing to report: {errors[0]}")
        look = {
            "palette": self.cmap,
            "scale": self.scale,
            "substructures": self.substructures,
            "label_column": self.label_column,
        }
        panels = self._panels(views)
        write_report(
            self.output, views, explainer, self.question, self.title, look, panels, self.search
        )
        if self.search and not is_searchable(views):
            self.tell("--search is left out: the page has no table of molecules to search")
        note = comparison_note(views)
        if note:
            self.tell(note)

    def _panels(self, views: Sequence[View]) -> Mapping[str, Any]:
        """The tables about the series that are asked for, by the name of their panel."""
        panels: dict[str, Any] = {}
        methods = self.question.methods
        if self.core:
            panels["rgroups"] = self._rgroups(views)
        if self.matched_pairs:
            panels["pairs"] = {name: pair_table(views, name) for name in methods}
        return panels

    def _rgroups(self, views: Sequence[View]) -> Mapping[str, Any]:
        """The R groups, or why there are none: the page is worth more than one of its panels."""
        units = {name: method_of(name).in_unit for name in self.question.methods}
        try:
            return rgroup_table(views, self.core, units)
        except ValueError as error:
            return {"note": f"No R groups: {error}."}


USUAL_LOOK = {"palette": "red-blue", "scale": "own", "substructures": (), "label_column": ""}
"""How a page begins."""

NO_PANELS: Mapping[str, Any] = {}
"""No tables about the series but the fragments."""


def write_report(
    path: Path,
    views: Sequence[View],
    explainer: BaseExplainer,
    question: Question,
    title: str = "",
    look: Mapping[str, Any] = USUAL_LOOK,
    panels: Mapping[str, Any] = NO_PANELS,
    search: bool = False,
) -> None:
    """Write a page of rows that were explained.

    Args:
        path: of the page.
        views: of the rows; at least one was explained.
        explainer: with the model.
        question: what every row was asked.
        title: of the page. [default: what is explained]
        look: palette and scale to begin with, the `substructures` to look for, and the
            `label_column` of the user's table.
        panels: further tables about the series, as `write_page` takes them.
        search: whether the page can look for any substructure.

    Raises:
        OSError: the page cannot be written.
    """
    methods = {name: method_of(name) for name in question.methods}
    about = {
        name: {"says": method.says, "in_unit": method.in_unit, "signed": method.signed}
        for name, method in methods.items()
    }
    directions = {
        name: direction_line(explainer, question, method.signed) for name, method in methods.items()
    }
    title = title or usual_title(views, explainer.reads)
    settings = {**look, "methods": about}
    write_page(path, views, explainer.card, settings, title, directions, panels, search)


def usual_title(views: Sequence[View], reads: str) -> str:
    """How many inputs there are; of a single one its id, or of a text its beginning."""
    if len(views) > 1:
        return f"{len(views)} {reads} explained"
    view = views[0]
    is_numbered = view["id"] == str(view["row"])
    return view["input"][:LONGEST_TITLE] if reads == "texts" and is_numbered else view["id"]


def direction_line(explainer: BaseExplainer, question: Question, signed: bool = True) -> str:
    """What a positive relevance speaks for, in all rows.

    The relevance of a method without a sign speaks for nothing.
    """
    card = explainer.card
    is_own = question.target in ("pred", "true")
    target = None if is_own else explainer.target(question.target, question.contrast)
    endpoint = _endpoint(explainer, target)
    if not card.classes:
        if not signed:
            return f"{SIZES} it raises or lowers the predicted {endpoint or 'value'}."
        return f"Positive relevance raises the predicted {endpoint or 'value'}."
    of_endpoint = f" of {endpoint}" if endpoint else ""
    if target is None:
        own = "predicted" if question.target == "pred" else "measured"
        explained = f"Each row is explained for its own {own} class{of_endpoint}"
        if not signed:
            return f"{explained}. {SIZES} for or against it."
        return f"{explained}, so one colour speaks for different classes in different rows."
    name = card.classes[target.label]
    against = "" if target.contrast is None else f", rather than {card.classes[target.contrast]}"
    explained = f"All rows are explained for the class {name}{of_endpoint}{against}"
    if not signed:
        return f"{explained}. {SIZES} for or against it."
    return f"{explained}: positive relevance speaks for it."


def _endpoint(explainer: BaseExplainer, target: Target | None) -> str:
    """What is explained of several; a language model's target may be the name of an output."""
    endpoints = explainer.card.endpoints
    return endpoints[target.column] if target and endpoints else explainer.endpoint


def check_columns(wanted: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a column that the table does not have beside its structures and ids.

    Raises:
        ValueError: there is none of that name.
    """
    names = list(known)
    for name in wanted:
        if name not in names:
            raise ValueError(unknown("column", name, names, where="beside the structures and ids"))
