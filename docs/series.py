"""Make the series of the walkthrough: 300 benzanilides with a lipophilicity that is known.

    python docs/series.py datasets/series/series.csv

The value is Crippen's logP as RDKit computes it (Wildman and Crippen 1999), a sum over atoms, with
a little noise. So it is known what every R group does, and what an explanation should say. Three
values are 3 units too low, as if they had been copied wrongly, and should be found.
"""

import csv
import random
import sys
from itertools import product
from pathlib import Path

from rdkit import Chem
from rdkit.Chem import Crippen

ACID = ("[H]", "F", "Cl", "C", "OC", "C(F)(F)F", "C#N", "O", "N", "[N+](=O)[O-]")
"""Groups opposite the carbonyl of the benzoic acid."""

ANILINE = ("[H]", "F", "Cl", "C", "CC", "OC", "C(C)C", "C(N)=O", "N(C)C", "C(=O)O")
"""Groups opposite the nitrogen of the aniline."""

BESIDE = ("", "C", "Cl")
"""Groups beside the nitrogen."""

NOISE = 0.15
"""Standard deviation of the noise."""

MISTAKE = 3.0
"""By how much a wrong value is too low."""

WRONG = (41, 147, 260)
"""Rows with a wrong value, counted from 0."""


def series() -> list[tuple[str, str, float]]:
    """Name, SMILES and value of each molecule."""
    noise = random.Random(0)
    rows = []
    for number, (acid, aniline, beside) in enumerate(product(ACID, ANILINE, BESIDE)):
        drawn = f"O=C(Nc1ccc({aniline})cc1{beside})c1ccc({acid})cc1"
        mol = Chem.RemoveHs(Chem.MolFromSmiles(drawn))
        value = Crippen.MolLogP(mol) + noise.gauss(0, NOISE)
        if number in WRONG:
            value -= MISTAKE
        rows.append((f"S{number + 1:03d}", Chem.MolToSmiles(mol), round(value, 2)))
    return rows


def main() -> None:
    """Write the table that is named on the command line."""
    with Path(sys.argv[1]).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "smiles", "logP"])
        writer.writerows(series())


if __name__ == "__main__":
    main()
