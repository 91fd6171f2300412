"""The walkthrough: from a table to a figure, on a series whose answer is known."""

import subprocess
import sys

from conftest import ROOT

SERIES = ROOT / "datasets/series/series.csv"


def test_the_series_is_what_its_script_makes(tmp_path):
    made = tmp_path / "series.csv"
    subprocess.run([sys.executable, ROOT / "docs/series.py", made], check=True)
    assert made.read_text() == SERIES.read_text()
