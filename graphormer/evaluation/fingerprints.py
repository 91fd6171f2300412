"""Extended-connectivity fingerprints: how near a molecule is to those that a model learnt from, and the input of a forest.

ECFP4 is RDKit's Morgan fingerprint of radius 2 in 2048 places (Rogers & Hahn 2010, "Extended-Connectivity Fingerprints").
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from numpy import ndarray
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator

from graphormer.files import write_file
from graphormer.readers.arrays import read_array

RADIUS, PLACES = 2, 2048

BITS = "bits"
"""Name of the array in a file of fingerprints."""


@cache
def _generator() -> Any:
    return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=PLACES)


def _mols(smiles: Sequence[str]) -> list[Chem.Mol]:
    with rdBase.BlockLogs():
        return [Chem.MolFromSmiles(one) for one in smiles]


def ecfp_counts(smiles: Sequence[str]) -> Int[ndarray, "molecules places"]:
    """Count fingerprints, for forests."""
    return np.stack([_generator().GetCountFingerprintAsNumPy(mol) for mol in _mols(smiles)]).astype(
        np.int32
    )


def ecfp_bits(molecules: Sequence[str | Chem.Mol]) -> UInt8[ndarray, "molecules bytes"]:
    """Bit fingerprints, eight bits a byte."""
    mols = [_mols([one])[0] if isinstance(one, str) else one for one in molecules]
    return np.packbits(
        np.stack([_generator().GetFingerprintAsNumPy(mol) for mol in mols]).astype(bool), axis=1
    )


def nearest(
    bits: UInt8[ndarray, "molecules bytes"], known: UInt8[ndarray, "known bytes"]
) -> Float[ndarray, " molecules"]:
    """Tanimoto similarity of each molecule to its nearest neighbour among the known ones: 1 where the bits are equal."""
    one, other = (
        np.unpackbits(bits, axis=1).astype(np.float32),
        np.unpackbits(known, axis=1).astype(np.float32),
    )
    common = one @ other.T
    union = one.sum(1)[:, None] + other.sum(1)[None, :] - common
    return (common / np.maximum(union, 1)).max(1)


def bits_beside(weights: Path) -> Path:
    """The file of the train part's fingerprints that belongs to a weights file."""
    return weights.with_suffix(".bits.npz")


def write_bits(bits: UInt8[ndarray, "molecules bytes"], path: Path) -> None:
    """Keep fingerprints in an .npz file."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **{BITS: bits})
    write_file(path, content.getvalue())


def read_bits(path: Path) -> UInt8[ndarray, "molecules bytes"]:
    """The fingerprints in a file of `write_bits`.

    Raises:
        ValueError: it is no such file.
    """
    try:
        bits: UInt8[ndarray, "molecules bytes"] = read_array(path, BITS)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{path} holds no fingerprints ({error}): train the model again, or delete the file to go without"
        ) from error
    if bits.ndim != 2 or bits.dtype != np.uint8 or bits.shape[1] * 8 != PLACES:
        raise ValueError(
            f"{path} holds {bits.dtype} of shape {bits.shape}: fingerprints of {PLACES} bits are needed"
        )
    return bits
