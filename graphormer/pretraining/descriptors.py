"""RDKit's molecular descriptors as targets to pretrain on: free labels for any molecule."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors

SKIPPED = ("fr_", "BCUT2D_", "Ipc", "qed")
"""Prefixes of descriptors that are not learnt.

They are counts of 85 named groups, eigenvalues that are undefined for most metals, a sum that
overflows, and the slowest descriptor.
"""

DESCRIPTORS = {
    name: function for name, function in Descriptors.descList if not name.startswith(SKIPPED)
}
"""Descriptors by name; 122 in RDKit 2025."""

LARGEST = 5.0
"""Standard deviations beyond which a standardised value is cut.

A few descriptors have tails of hundreds.
"""

USUAL = (0.5, 99.5)
"""Percentiles between which values decide a descriptor's mean and standard deviation."""

SMALLEST_DEVIATION = 1e-9
"""Standard deviation below which a descriptor is taken for a constant."""


def descriptors(mol: Chem.Mol) -> Float[ndarray, " descriptors"]:
    """Value of each of `DESCRIPTORS`, NaN if RDKit has none."""
    with rdBase.BlockLogs():
        return np.array([function(mol) for function in DESCRIPTORS.values()], dtype=np.float64)


def standardise(
    values: Float[ndarray, "molecules descriptors"],
) -> Float[ndarray, "molecules descriptors"]:
    """Values in standard deviations from the mean of their column, cut at `LARGEST`.

    NaN stays NaN, a constant column becomes zero.

    Example:
        >>> standardise(np.array([[1.0, 7.0], [3.0, 7.0], [np.nan, 7.0]])).round(3)
        array([[-1.01,  0.  ],
               [ 1.01,  0.  ],
               [  nan,  0.  ]])
    """
    finite = np.where(np.isfinite(values), values, np.nan)
    low, high = np.nanpercentile(finite, USUAL, axis=0)  # (descriptors,) each
    usual = np.clip(finite, low, high)  # outliers must not decide the scale
    deviation = np.nanstd(usual, axis=0)  # (descriptors,)
    scale = np.where(deviation > SMALLEST_DEVIATION, deviation, np.inf)
    mean = np.nanmean(usual, axis=0)  # (descriptors,)
    return np.clip((finite - mean) / scale, -LARGEST, LARGEST)  # (molecules, descriptors)
