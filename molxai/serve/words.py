"""Refusals in the words of the page and the API: neither has the options of the command line."""

import re

FIELDS = {
    "-s/--smiles-column": "'Column of SMILES' (smiles_column)",
    "--id-column": "'Column of ids' (id_column)",
    "--target-columns": "'Measured column' (label_column)",
    "--target true": "target=true",
    "--target": "'Explain' (target)",
    "--contrast": "'against' (contrast)",
    "--encoding": "the field encoding",
    "--separator": "the field separator",
    "--endpoint": "'Endpoint' (endpoint)",
    "--fragments": "the field fragments",
    "--core": "'Core' (core)",
}
"""The field of the page, and in brackets that of the API, for each option that a reader may name.

Longer options come before those that they begin with.
"""

OPTION = re.compile(f"({'|'.join(map(re.escape, FIELDS))})(?![\\w-])")

NAMING = re.compile(rf"\bname (it|one) with (?={OPTION.pattern})")
"""What one does with an option. A field is chosen."""


def page_words(text: str) -> str:
    """A message without options.

    Example:
        >>> page_words("a column named SMILES is needed; name it with -s/--smiles-column")
        "a column named SMILES is needed; choose it under 'Column of SMILES' (smiles_column)"
    """
    return OPTION.sub(lambda match: FIELDS[match[1]], NAMING.sub(r"choose \1 under ", text))
