"""`python -m molxai.cli` is the installed command."""

from molxai.cli import entry

entry()
