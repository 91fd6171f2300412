"""The run-time checker of annotated types and shapes, for tests only: an int passes as a float, as
in PEP 484."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
