"""RDKit's molecular descriptors as targets to pretrain on: free labels for any molecule."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors

SKIPPED = ("fr_", "BCUT2D_", "Ipc", "qed")
"""Beginnings of names: counts of 85 named groups, eigenvalues undefined for most metals, a sum that overflows, and the slowest."""

DESCRIPTORS = {
    name: function for name, function in Descriptors.descList if not name.startswith(SKIPPED)
}
"""By name; 122 in RDKit 2025."""

LARGEST = 5.0
"""Standard deviations beyond which a standardised value is cut: a few descriptors have tails of hundreds."""


def descriptors(mol: Chem.Mol) -> Float[ndarray, " descriptors"]:
    """Value of each of `DESCRIPTORS`, NaN where RDKit knows none."""
    with rdBase.BlockLogs():
        return np.array([function(mol) for function in DESCRIPTORS.values()], dtype=np.float64)


def standardised(
    values: Float[ndarray, "molecules descriptors"],
) -> Float[ndarray, "molecules descriptors"]:
    """In standard deviations from the column's mean, cut at `LARGEST`; NaN stays NaN, a constant column becomes zero."""
    known = np.where(np.isfinite(values), values, np.nan)
    low, high = np.nanpercentile(known, [0.5, 99.5], axis=0)
    usual = np.clip(known, low, high)  # outliers must not decide the scale
    deviation = np.nanstd(usual, axis=0)
    spread = np.where(deviation > 1e-9, deviation, np.inf)
    return np.clip((known - np.nanmean(usual, axis=0)) / spread, -LARGEST, LARGEST)
