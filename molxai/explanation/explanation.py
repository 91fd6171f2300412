"""The one output type: an account of a prediction that draws itself and shows itself in a notebook.

The numbers and words are an `Account`, which drawings and pages read. This file adds what needs
drawing, so that none of them has to import it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molxai.explanation.account import Account
from molxai.rendering.look import Part

if TYPE_CHECKING:
    from molxai.explanation.pair_flow import PairFlow


@dataclass(frozen=True, repr=False)
class Explanation(Account):
    """Relevance of the nodes of one graph for one target, with its ledger and its picture.

    Example:
        >>> from molxai import Explainer
        >>> explanation = Explainer("bace")("CCO")
        >>> explanation.method, explanation.adds_up, explanation.draw()[:5]
        ('lrp', True, '<?xml')
    """

    def pair_flow(self) -> "PairFlow":
        """Relevance that attention carried between every two nodes, in each layer and head.

        Raises:
            ValueError: the method is not lrp, or the explanation holds no network or subject.
        """
        from molxai.explanation.pair_flow import flow_of

        return flow_of(self)

    def draw(
        self,
        path: str | Path | None = None,
        style: str = "highlight",
        parts: Sequence[Part] = (),
        **look: Any,
    ) -> str | bytes:
        """The picture in the format of the file's ending, or as SVG text; written to `path`.

        Args:
            path: ends in .svg, .pdf, .png, .jpg or .tiff.
            style: of molecules: highlight or contour.
            parts: atoms that belong together and what is written beside them, like
                `([3, 4, 5], "+1.2")`.
            look: other choices, named as on the command line: `atom_numbers=True`,
                `cmap="orange-purple"`, `scale=2.0`, `dpi=300`, `width="3.25in"`,
                `transparent=True`, `caption="…"` (`"long"` explains all that is drawn).

        Raises:
            ValueError: there is no subject to draw, the file name has another ending, or a choice
                is not known.
        """
        from molxai.explanation.pictures import check_parts, draw
        from molxai.rendering.choices import refuse_ignored
        from molxai.rendering.look import look_of

        choices = {"style": style, **look}
        chosen = look_of(choices)
        refuse_ignored(choices, path, [self.kind])
        check_parts(parts, len(self.relevance))
        return draw(self, path, chosen, parts)

    def _repr_html_(self) -> str:
        from molxai.explanation.notebook import explanation_html

        return explanation_html(self)
