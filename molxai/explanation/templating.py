"""The HTML templates of what a notebook and a page of methods show."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader


@cache
def _environment() -> Environment:
    """Everything that is filled in is escaped, unless a template says that it is markup."""
    return Environment(loader=PackageLoader("molxai.explanation"), autoescape=True)


def render(template: str, **values: Any) -> str:
    """The template of that name with the values filled in."""
    return _environment().get_template(template).render(**values)
