"""The examples in the docstrings of the readers run."""

import doctest
import importlib
import pkgutil

import pytest

import graphormer.readers

READERS = [
    f"{graphormer.readers.__name__}.{module.name}"
    for module in pkgutil.iter_modules(graphormer.readers.__path__)
]
EXPLANATION = [f"molxai.explanation.{name}" for name in ("inputs", "sources", "subjects")]


@pytest.mark.parametrize("name", [*READERS, *EXPLANATION, "graphormer.files", "graphormer.names"])
def test_examples_of_readers(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
