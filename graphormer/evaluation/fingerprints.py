"""Extended-connectivity fingerprints: the input of a forest, and how alike two molecules are.

ECFP4 is RDKit's Morgan fingerprint of radius 2 in 2048 places (Rogers & Hahn 2010,
"Extended-Connectivity Fingerprints").
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8, UInt64
from numpy import ndarray
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator

from graphormer.files import write_file
from graphormer.readers.arrays import read_array

RADIUS = 2
"""Bonds from an atom to the edge of its environment."""

PLACES = 2048
"""Places of a fingerprint, into which environments are hashed."""

BITS = "bits"
"""Name of the array in a file of fingerprints."""


@cache
def _generator(places: int = PLACES) -> Any:
    return rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=places)


def _mols(smiles: Sequence[str]) -> list[Chem.Mol]:
    with rdBase.BlockLogs():
        return [Chem.MolFromSmiles(text) for text in smiles]


def ecfp_counts(smiles: Sequence[str]) -> Int[ndarray, "molecules places"]:
    """Count fingerprints, for forests."""
    generator = _generator()
    counts = [generator.GetCountFingerprintAsNumPy(mol) for mol in _mols(smiles)]
    return np.stack(counts).astype(np.int32)  # (molecules, places)


def ecfp_flags(smiles: Sequence[str], places: int) -> UInt8[ndarray, "molecules places"]:
    """Bit fingerprints of so many places, for kernels: 1 for a place that is set."""
    generator = _generator(places)
    flags = [generator.GetFingerprintAsNumPy(mol) for mol in _mols(smiles)]
    return np.stack(flags)  # (molecules, places)


def ecfp_bits(molecules: Sequence[str | Chem.Mol]) -> UInt8[ndarray, "molecules bytes"]:
    """Bit fingerprints, eight bits a byte."""
    generator = _generator()
    bits = []
    for molecule in molecules:
        mol = _mols([molecule])[0] if isinstance(molecule, str) else molecule
        bits.append(generator.GetFingerprintAsNumPy(mol))
    return np.packbits(np.stack(bits).astype(bool), axis=1)  # (molecules, places / 8)


def nearest(
    bits: UInt8[ndarray, "molecules bytes"], known: UInt8[ndarray, "known bytes"]
) -> Float[ndarray, " molecules"]:
    """Similarity of each molecule to the nearest of the known ones: 1 if their bits are equal.

    It is the Tanimoto similarity: common bits divided by the bits that either has.

    Example:
        >>> nearest(ecfp_bits(["CCO", "CCCCCl"]), ecfp_bits(["CCO", "c1ccccc1"]))
        array([1.        , 0.21428572], dtype=float32)
    """
    words = np.ascontiguousarray(known.view(np.uint64).T)  # (words, known)
    own = np.bitwise_count(words).sum(0, dtype=np.float32)  # (known,)
    return np.array([_to_nearest(one, words, own) for one in bits.view(np.uint64)], np.float32)


def _to_nearest(
    bits: UInt64[ndarray, " words"],
    known: UInt64[ndarray, "words known"],
    known_bits: Float[ndarray, " known"],
) -> np.float32:
    """Similarity of one molecule to the nearest of the known ones, which have so many bits."""
    common = np.bitwise_count(bits[:, None] & known).sum(0, dtype=np.float32)  # (known,)
    either = np.bitwise_count(bits).sum(dtype=np.float32) + known_bits - common
    return (common / np.maximum(either, 1)).max()


def bits_beside(weights: Path) -> Path:
    """The file with the training set's fingerprints that belongs to a weights file."""
    return weights.with_suffix(".bits.npz")


def write_bits(bits: UInt8[ndarray, "molecules bytes"], path: Path) -> None:
    """Write fingerprints to an .npz file."""
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
            f"{path} holds no fingerprints ({error}): "
            "train the model again, or delete the file to go without"
        ) from error
    if bits.ndim != 2 or bits.dtype != np.uint8 or bits.shape[1] * 8 != PLACES:
        raise ValueError(
            f"{path} holds {bits.dtype} of shape {bits.shape}: "
            f"fingerprints of {PLACES} bits are needed"
        )
    return bits
