"""Molecules of which it is known what each atom contributes: by a pattern, by the file, or by a formula."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from graphormer.files import digest
from graphormer.graphs.molecules import Molecule, molecule, shortened
from graphormer.names import unknown
from graphormer.readers.tables import TABLES, Layout, read_rows
from molxai.explanation.inputs import MOLECULE_FILES, read_inputs

SPLIT = "split"
"""Column of a table that names each row's part: train or test; other parts are left alone."""


@dataclass(frozen=True)
class Fields:
    """Where a file holds what, and which patterns are the truth."""

    smiles: str = ""
    """Column of SMILES; empty: found by its name."""
    label: str = "activity"
    """SDF property with the molecule's label."""
    truth: str = "lbls"
    """SDF property with a number for each atom, separated by commas."""
    smarts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """A molecule, its label, and what each of its atoms contributes."""

    molecule: Molecule
    row: int
    """Place in the file, counted from 0."""
    label: float
    """Class 0 or 1, or the value of a regression."""
    truth: Float[ndarray, " nodes"]
    """1 for atoms that speak for the label, −1 for those against it, or the contribution in the label's unit."""
    matches: tuple[frozenset[int], ...] = ()
    """Atoms of each reason that alone suffices for the label; empty where the truth is additive."""
    part: str = ""
    """Train or test, where the file says so."""


@dataclass(frozen=True)
class Reading:
    """The molecules of a file, and those that could not be used."""

    molecules: list[Known]
    skipped: list[str]
    """A line for each: where and why."""
    sha256: dict[str, str]


Contributions = Callable[
    [Molecule], tuple[float, Float[ndarray, " nodes"], tuple[frozenset[int], ...]]
]
"""Label, contribution of each atom, and matches, of a molecule."""


def with_patterns(path: Path, fields: Fields) -> Reading:
    """Molecules of a table; a molecule is 1 where any pattern matches, and the matches are the truth.

    Raises:
        ValueError: no pattern, one that is no SMARTS, or a file that cannot be read.
    """
    if not fields.smarts:
        raise ValueError("no pattern: give at least one with --smarts")
    patterns = [_pattern(text) for text in fields.smarts]

    def matched(one: Molecule) -> tuple[float, ndarray, tuple[frozenset[int], ...]]:
        found = [
            frozenset(match)
            for pattern in patterns
            for match in one.mol.GetSubstructMatches(pattern)
        ]
        matches = tuple(dict.fromkeys(found))
        truth = np.zeros(one.graph.nodes)
        truth[list(frozenset().union(*matches))] = 1.0
        return float(bool(matches)), truth, matches

    return _table(path, fields, matched)


def with_crippen(path: Path, fields: Fields) -> Reading:
    """Molecules of a table; the truth is Wildman and Crippen's logP contribution of each atom, the label their sum.

    Hydrogens count for the heavy atom that they are bound to.

    Source:
        Wildman and Crippen 1999, "Prediction of physicochemical parameters by atomic contributions", as in RDKit.
    """
    return _table(
        path, fields, lambda one: (float((truth := crippen_contributions(one)).sum()), truth, ())
    )


def crippen_contributions(one: Molecule) -> Float[ndarray, " nodes"]:
    """LogP contribution of each atom with its hydrogens; they sum to RDKit's `MolLogP`."""
    whole = Chem.AddHs(one.mol)
    each = [logp for logp, _ in rdMolDescriptors._CalcCrippenContribs(whole)]
    truth = np.array(each[: one.graph.nodes])
    for hydrogen, contribution in enumerate(each[one.graph.nodes :], one.graph.nodes):
        truth[whole.GetAtomWithIdx(hydrogen).GetNeighbors()[0].GetIdx()] += contribution
    return truth


def with_labels(path: Path, fields: Fields) -> Reading:
    """Molecules of an SDF, plain or in a zip archive, whose label and whose atoms' contributions are properties of each record.

    Contributions are listed in the order of the record's atoms, of all of them or of those that are nodes.

    Raises:
        ValueError: no such file kind, not exactly one SDF in the archive, or no record with both properties.
    """
    known, skipped = [], []
    for row, record in enumerate(_records(path)):
        try:
            known.append(_labelled(record, row, fields))
        except ValueError as error:
            skipped.append(f"{path.name}#{row + 1}: {error}")
    if not known:
        first = f"; {skipped[0]}" if skipped else ""
        raise ValueError(
            f"{path} holds no record that can be read and has the properties {fields.label!r} and {fields.truth!r}{first}"
        )
    return Reading(known, skipped, {path.name: digest(path)})


def _pattern(text: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        pattern = Chem.MolFromSmarts(text)
    if pattern is None or not pattern.GetNumAtoms():
        raise ValueError(
            f"{shortened(text)!r} is no SMARTS that RDKit can read: check brackets and ring closures"
        )
    return pattern


def _table(path: Path, fields: Fields, contributions: Contributions) -> Reading:
    if path.suffix.lower() not in MOLECULE_FILES:
        raise ValueError(
            f"{path}: a table of molecules is needed, a file ending in {', '.join(MOLECULE_FILES)}"
        )
    parts = column(path, SPLIT) if path.exists() else []
    known, skipped = [], []
    for one in read_inputs([str(path)], Layout(fields.smiles)):
        if isinstance(one.subject, Molecule):
            part = parts[one.row].strip().lower() if parts else ""
            known.append(Known(one.subject, one.row, *contributions(one.subject), part=part))
        else:
            skipped.append(f"{path.name}, row {one.row}: {one.error}")
    if not known:
        raise ValueError(
            f"{path} holds no molecule that can be read" + (f": {skipped[0]}" if skipped else "")
        )
    return Reading(known, skipped, {path.name: digest(path)})


def column(path: Path, name: str) -> list[str]:
    """The named column of a table, row by row; empty where there is none, or no table."""
    if path.suffix.lower() not in TABLES:
        return []
    table = read_rows(path)
    return [row.fields[name] for row in table.rows] if name in table.columns else []


def _records(path: Path) -> Iterator[str]:
    """The text of each record of an SDF: each is parsed alone, so that a broken one costs no other."""
    record: list[str] = []
    for line in _text(path).splitlines():
        record.append(line)
        if line.rstrip() == "$$$$":
            yield "\n".join(record) + "\n"
            record = []
    if any(line.strip() for line in record):
        yield "\n".join([*record, "$$$$", ""])


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


def _labelled(record: str, row: int, fields: Fields) -> Known:
    with rdBase.BlockLogs():
        supplier = Chem.SDMolSupplier()
        supplier.SetData(record, removeHs=False)
        written = supplier[0] if len(supplier) else None
    if written is None:
        raise ValueError(
            "RDKit cannot read the record: check its atom block, valences and aromatic bonds"
        )
    for name in (fields.label, fields.truth):
        if not written.HasProp(name):
            raise ValueError(unknown("property", name, written.GetPropNames()))
    label = _numbers(written.GetProp(fields.label), fields.label)
    if len(label) != 1:
        raise ValueError(f"{fields.label!r} holds {len(label)} numbers: one is needed")
    for atom in written.GetAtoms():
        atom.SetIntProp("molxai_place", atom.GetIdx())
    one = molecule(written, written.GetProp("_Name"))
    places = [atom.GetIntProp("molxai_place") for atom in one.mol.GetAtoms()]
    return Known(
        one,
        row,
        label[0],
        _in_node_order(
            _numbers(written.GetProp(fields.truth), fields.truth), places, written.GetNumAtoms()
        ),
    )


def _in_node_order(
    truth: Sequence[float], places: Sequence[int], atoms: int
) -> Float[ndarray, " nodes"]:
    if len(truth) == atoms:
        return np.array([truth[place] for place in places])
    if len(truth) == len(places):
        return np.array(truth)
    raise ValueError(f"{len(truth)} contributions for {len(places)} heavy atoms")


def _numbers(text: str, name: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"{name!r} is {shortened(text)!r}: numbers, separated by commas, are needed"
        ) from error
    if not all(map(isfinite, numbers)):
        raise ValueError(f"{name!r} holds numbers that are not finite")
    return numbers
