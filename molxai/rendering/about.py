"""What a picture's file says of itself to those who do not see it: a title and a text alternative.

An SVG has both as elements, which screen readers read, and a PDF in its properties.
"""

import hashlib
import re
from dataclasses import dataclass
from html import escape
from typing import Any

from molxai.rendering import Kind
from molxai.rendering.wording import printable

ID_LETTERS = 8
"""Letters that tell the ids of two pictures on one page apart."""


@dataclass(frozen=True)
class About:
    """What is said of a picture."""

    title: str = ""
    """The heading of its caption; empty: nothing is said."""
    description: str = ""
    """What it shows, in words."""

    def metadata(self, kind: Kind) -> dict[str, Any]:
        """What matplotlib writes into a file's properties; no date, so that files are the same."""
        if kind == "svg":
            return {"Date": None}
        if kind != "pdf":
            return {}
        words = {"Title": printable(self.title), "Subject": printable(self.description)}
        return {"CreationDate": None} | {name: text for name, text in words.items() if text}


NOTHING = About()
"""Said of a picture that stands in one with words of its own."""


def describe_svg(svg: str, about: About) -> str:
    """The SVG with the title and the description as its first elements.

    Example:
        >>> print(describe_svg("<svg width='9'><g/></svg>", About("R & D", "all")))
        <svg role="img" aria-labelledby="title-f96a57f8 desc-f96a57f8" width='9'>
        <title id="title-f96a57f8">R &amp; D</title>
        <desc id="desc-f96a57f8">all</desc>
        <g/></svg>
    """
    if not about.title:
        return svg
    title = printable(about.title)
    description = printable(about.description)
    content = f"{title}\n{description}".encode()
    mark = hashlib.sha256(content).hexdigest()[:ID_LETTERS]
    role = f'<svg role="img" aria-labelledby="title-{mark} desc-{mark}"'
    words = (
        f'\n<title id="title-{mark}">{escape(title)}</title>'
        f'\n<desc id="desc-{mark}">{escape(description)}</desc>\n'
    )
    root = re.search(r"<svg\b([^>]*)>", svg)
    assert root is not None
    return svg[: root.start()] + role + root[1] + ">" + words + svg[root.end() :]
