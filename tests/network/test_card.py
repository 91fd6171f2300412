"""Cards: how they write row numbers."""

import doctest

from graphormer.network import card


def test_examples_in_docstrings():
    result = doctest.testmod(card)
    assert result.attempted > 0 and result.failed == 0
