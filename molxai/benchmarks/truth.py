"""Molecules whose atoms' contributions are known: by a pattern, by the file, or by a formula."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem, RDConfig, rdBase
from rdkit.Chem import rdMolDescriptors

from graphormer.files import digest
from graphormer.graphs.molecules import Molecule, molecule, shortened
from graphormer.names import unknown
from graphormer.readers.sdf import SdfRecord, sdf_records
from graphormer.readers.tables import TABLES, Layout, read_rows
from molxai.explanation.inputs import read_inputs
from molxai.explanation.kinds import MOLECULE_FILES

SPLIT = "split"
"""Column of a table that names each row's set: train or test; rows of other sets are left alone."""

NCI = Path(RDConfig.RDDataDir, "NCI", "first_5K.smi")
"""The first 5000 compounds of the National Cancer Institute, which come with RDKit."""

RECORD_INDEX = "molxai_place"
"""Property of an atom with its number in the record, by which it is traced after reading."""


@dataclass(frozen=True)
class Fields:
    """Where a file holds what, and which patterns are the truth."""

    smiles: str = ""
    """Column of SMILES; empty: it is found by its name."""
    label: str = "activity"
    """SDF property with the molecule's label."""
    truth: str = "lbls"
    """SDF property with a number for each atom, separated by commas."""
    smarts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Example:
    """A molecule, its label, and what each of its atoms contributes."""

    molecule: Molecule
    row: int
    """Row of the file, counted from 0."""
    label: float
    """Class 0 or 1, or the value of a regression."""
    truth: Float[ndarray, " nodes"]
    """1 for atoms that speak for the label, −1 for those against it, or the contribution in the
    label's unit."""
    matches: tuple[frozenset[int], ...] = ()
    """Atoms of each reason that alone suffices for the label; empty if the truth is additive."""
    part: str = ""
    """Train or test, if the file says so."""


@dataclass(frozen=True)
class Reading:
    """The molecules of a file, and those that could not be used."""

    molecules: list[Example]
    skipped: list[str]
    """A line for each: where and why."""
    sha256: dict[str, str]
    parts: str = "the file's own parts"
    """How the sets were made, if molecules name theirs."""


Truth = tuple[float, Float[ndarray, " nodes"], tuple[frozenset[int], ...]]
"""Label, contribution of each atom, and matches, of a molecule."""


def with_patterns(path: Path, fields: Fields) -> Reading:
    """Molecules of a table; a molecule is 1 if any pattern matches, and the matches are the truth.

    Raises:
        ValueError: no pattern, one that is no SMARTS, or a file that cannot be read.
    """
    if not fields.smarts:
        raise ValueError("no pattern: give at least one with --smarts")
    patterns = [_pattern(text) for text in fields.smarts]
    return read_examples(path, fields, lambda molecule: _match_truth(molecule, patterns))


def _match_truth(molecule: Molecule, patterns: Sequence[Chem.Mol]) -> Truth:
    matches = [
        frozenset(match)
        for pattern in patterns
        for match in molecule.mol.GetSubstructMatches(pattern)
    ]
    distinct = tuple(dict.fromkeys(matches))
    truth = np.zeros(molecule.graph.nodes)
    truth[list(frozenset().union(*distinct))] = 1.0
    return float(bool(distinct)), truth, distinct


def with_crippen(path: Path, fields: Fields) -> Reading:
    """Molecules of a table; the truth is the logP contribution of each atom, the label their sum.

    Hydrogens count for the heavy atom that they are bound to.

    Source:
        Wildman and Crippen 1999, "Prediction of physicochemical parameters by atomic
        contributions", as in RDKit.
    """
    return read_examples(path, fields, _crippen_truth)


def _crippen_truth(molecule: Molecule) -> Truth:
    truth = crippen_contributions(molecule)
    return float(truth.sum()), truth, ()


def crippen_contributions(molecule: Molecule) -> Float[ndarray, " nodes"]:
    """LogP contribution of each atom with its hydrogens; they sum to RDKit's `MolLogP`.

    Example:
        >>> crippen_contributions(molecule("CO")).round(2)  # methyl, hydroxyl
        array([ 0.17, -0.56])
    """
    whole = Chem.AddHs(molecule.mol)
    contributions = [logp for logp, _ in rdMolDescriptors._CalcCrippenContribs(whole)]
    nodes = molecule.graph.nodes
    truth = np.array(contributions[:nodes])
    for hydrogen in range(nodes, len(contributions)):  # `AddHs` puts them after the heavy atoms
        heavy = whole.GetAtomWithIdx(hydrogen).GetNeighbors()[0]
        truth[heavy.GetIdx()] += contributions[hydrogen]
    return truth


def with_tpsa(path: Path, fields: Fields) -> Reading:
    """Molecules of a table; the truth is the polar surface of each atom, the label their sum.

    Source:
        Ertl, Rohde and Selzer 2000, "Fast calculation of molecular polar surface area as a sum of
        fragment-based contributions", as in RDKit: in Å², of nitrogens and oxygens.
    """
    return read_examples(path, fields, _tpsa_truth)


def _tpsa_truth(molecule: Molecule) -> Truth:
    truth = tpsa_contributions(molecule)
    return float(truth.sum()), truth, ()


def tpsa_contributions(molecule: Molecule) -> Float[ndarray, " nodes"]:
    """Polar surface of each atom with its hydrogens, in Å²; they sum to RDKit's `CalcTPSA`.

    Example:
        >>> tpsa_contributions(molecule("CO"))
        array([ 0.  , 20.23])
    """
    return np.array(rdMolDescriptors._CalcTPSAContribs(molecule.mol))


def with_labels(path: Path, fields: Fields) -> Reading:
    """Molecules of an SDF, plain or zipped, with properties for the label and the atoms.

    Contributions are listed in the order of the record's atoms, for all atoms or for the nodes.

    Raises:
        ValueError: no such file kind, not exactly one SDF in the archive, or no record with both
            properties.
    """
    molecules: list[Example] = []
    skipped: list[str] = []
    for row, record in enumerate(sdf_records(_text(path).splitlines(keepends=True))):
        try:
            molecules.append(_read_record(record, row, fields))
        except ValueError as error:
            skipped.append(f"{path.name}#{row + 1}: {error}")
    if not molecules:
        first = f"; {skipped[0]}" if skipped else ""
        raise ValueError(
            f"{path} holds no record that can be read and has the properties "
            f"{fields.label!r} and {fields.truth!r}{first}"
        )
    return Reading(molecules, skipped, {path.name: digest(path)})


def _pattern(text: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        pattern = Chem.MolFromSmarts(text)
    if pattern is None or not pattern.GetNumAtoms():
        raise ValueError(
            f"{shortened(text)!r} is no SMARTS that RDKit can read: "
            "check brackets and ring closures"
        )
    return pattern


def read_examples(path: Path, fields: Fields, truth_of: Callable[[Molecule], Truth]) -> Reading:
    """The molecules of a table with the truth that a function has for each.

    Raises:
        ValueError: the file is no table, or no molecule can be read.
    """
    if path.suffix.lower() not in MOLECULE_FILES:
        endings = ", ".join(MOLECULE_FILES)
        raise ValueError(f"{path}: a table of molecules is needed, a file ending in {endings}")
    parts = column(path, SPLIT) if path.exists() else []
    molecules: list[Example] = []
    skipped: list[str] = []
    for row in read_inputs([str(path)], Layout(fields.smiles)):
        if not isinstance(row.subject, Molecule):
            skipped.append(f"{path.name}, row {row.row}: {row.error}")
            continue
        label, truth, matches = truth_of(row.subject)
        part = parts[row.row].strip().lower() if parts else ""
        molecules.append(Example(row.subject, row.row, label, truth, matches, part))
    if not molecules:
        first = f": {skipped[0]}" if skipped else ""
        raise ValueError(f"{path} holds no molecule that can be read{first}")
    return Reading(molecules, skipped, {path.name: digest(path)})


def column(path: Path, name: str) -> list[str]:
    """The named column of a table, row by row; empty if there is none, or no table."""
    if path.suffix.lower() not in TABLES:
        return []
    table = read_rows(path)
    return [row.fields[name] for row in table.rows] if name in table.columns else []


def _text(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in (".sdf", ".zip"):
        raise ValueError(f"{path}: an .sdf, or a .zip with one inside, is needed")
    if kind == ".sdf":
        return path.read_text(encoding="utf-8", errors="replace")
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [name for name in archive.namelist() if name.lower().endswith(".sdf")]
            if len(inside) != 1:
                raise ValueError(f"{path} holds {len(inside)} .sdf files: exactly one is needed")
            return archive.read(inside[0]).decode("utf-8", errors="replace")
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is no zip archive ({error}): copy it again") from error


def _read_record(record: SdfRecord, row: int, fields: Fields) -> Example:
    """The molecule of an SDF record with its label and truth.

    Raises:
        ValueError: RDKit cannot read it, or a property is missing or does not fit.
    """
    mol = _record_mol(record)
    for name in (fields.label, fields.truth):
        if name not in record.fields:
            raise ValueError(unknown("property", name, record.fields))
    label = _numbers(record.fields[fields.label], fields.label)
    if len(label) != 1:
        raise ValueError(f"{fields.label!r} holds {len(label)} numbers: one is needed")
    for atom in mol.GetAtoms():
        atom.SetIntProp(RECORD_INDEX, atom.GetIdx())
    subject = molecule(mol, record.title)
    indices = [atom.GetIntProp(RECORD_INDEX) for atom in subject.mol.GetAtoms()]
    contributions = _numbers(record.fields[fields.truth], fields.truth)
    truth = _in_node_order(contributions, indices, mol.GetNumAtoms())
    return Example(subject, row, label[0], truth)


def _record_mol(record: SdfRecord) -> Chem.Mol:
    with rdBase.BlockLogs():
        mol = Chem.MolFromMolBlock(record.block, removeHs=False)
    if mol is None:
        raise ValueError(
            "RDKit cannot read the record: check its atom block, valences and aromatic bonds"
        )
    return mol


def _in_node_order(
    contributions: Sequence[float], indices: Sequence[int], atoms: int
) -> Float[ndarray, " nodes"]:
    """The contributions of the nodes, whose numbers in the record are `indices`.

    Example:
        >>> _in_node_order([0.5, 0.0, -1.0], indices=[0, 2], atoms=3)  # atom 1 is a hydrogen
        array([ 0.5, -1. ])
    """
    if len(contributions) == atoms:
        return np.array([contributions[index] for index in indices])
    if len(contributions) == len(indices):
        return np.array(contributions)
    raise ValueError(f"{len(contributions)} contributions for {len(indices)} heavy atoms")


def _numbers(text: str, name: str) -> list[float]:
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"{name!r} is {shortened(text)!r}: numbers, separated by commas, are needed"
        ) from error
    if not all(map(isfinite, numbers)):
        raise ValueError(f"{name!r} holds numbers that are not finite")
    return numbers
