"""A series drawn alike: the core that its molecules share lies in the same place in each.

The core is named, or found once in the first molecules of the input, before any is drawn. So every
worker draws alike, and a run that is resumed draws as the one that was stopped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from rdkit import Chem, rdBase

from graphormer.graphs.molecules import Molecule, molecule, shortened
from molxai.explanation.account import Account
from molxai.explanation.cores import core_of, core_query
from molxai.explanation.inputs import Inputs
from molxai.rendering.core_layout import layout_on
from molxai.rendering.depiction import flat_copy

MCS = "mcs"
"""In the place of a core: it is to be found."""

SAMPLE = 60
"""Molecules from the beginning of the input in which a core is looked for."""

LEAST_CORE = 6
"""Atoms of a core that is found: a smaller one gives a drawing no direction."""

MOST_MATCHES = 500
"""Ways to lay the core onto a molecule that are compared."""

A = TypeVar("A", bound=Account)


@dataclass(frozen=True)
class Orientation:
    """A core, and the molecule in which it lies as it is to lie in all.

    Example:
        >>> series = [molecule("Oc1ccccc1"), molecule("COc1ccccc1")]
        >>> orientation = orientation_of(series, "c1ccccc1")
        >>> orientation
        Orientation(core='c1ccccc1', reference='Oc1ccccc1')
        >>> orientation.lay_out(Chem.MolFromSmiles("CCO")).GetNumConformers()
        0
    """

    core: str
    """SMARTS."""
    reference: str
    """SMILES of the first molecule that has it."""

    def lay_out(self, mol: Chem.Mol) -> Chem.Mol:
        """The molecule with a layout in which the core lies in its place; as it is without one."""
        reference, match = _reference(self)
        own = _match(mol, self.core, _attached(reference, match))
        if not own:
            return mol
        with rdBase.BlockLogs():  # a drawing needs no warning that it is one
            drawn = layout_on(mol, reference, list(zip(match, own, strict=True)))
        copy = Chem.Mol(mol, True)  # without a layout, but with its aromatic bonds
        copy.AddConformer(drawn.GetConformer())
        return copy

    def explanation(self, explanation: A) -> A:
        """The same of what was explained, if that is a molecule."""
        subject = explanation.subject
        if not isinstance(subject, Molecule):
            return explanation
        mol = self.lay_out(subject.mol)
        return replace(explanation, subject=replace(subject, kept=mol))


def orientation_of(molecules: Iterable[Molecule], core: str) -> Orientation:
    """How a series is laid out: as its first molecule that has the core.

    Args:
        molecules: the series.
        core: SMARTS or SMILES; labels of R groups are passed over. `mcs`: it is found in the first
            molecules.

    Raises:
        ValueError: the core cannot be read, none of the molecules has it, or they have none in
            common.
    """
    smarts = core
    if core == MCS:
        molecules = list(islice(molecules, SAMPLE))
        mols = [subject.mol for subject in molecules]
        smarts, _ = core_of(mols, least=LEAST_CORE)
    _query(smarts)  # refuses one that cannot be read
    for subject in molecules:
        if _match(subject.mol, smarts, frozenset()):
            return Orientation(smarts, subject.explained_smiles)
    raise ValueError(f"none of the molecules has the core {_short(smarts)}")


def orientation_in(inputs: Inputs, core: str, max_atoms: int) -> Orientation:
    """The same of the inputs that can be read.

    Raises:
        FileNotFoundError: a named file does not exist.
        ValueError: as `orientation_of`, or these are no molecules.
    """
    if inputs.reads != "molecules":
        raise ValueError(f"a common core is of molecules, and these are {inputs.reads}")
    subjects = (row.subject for row in inputs.read(max_atoms))
    molecules = (subject for subject in subjects if isinstance(subject, Molecule))
    return orientation_of(molecules, core)


def on_core(explanations: Sequence[A], core: str) -> list[A]:
    """The explanations with their molecules on the common core; other things as they are.

    Raises:
        ValueError: as `orientation_of`.
    """
    subjects = (explanation.subject for explanation in explanations)
    molecules = [subject for subject in subjects if isinstance(subject, Molecule)]
    orientation = orientation_of(molecules, core)
    return [orientation.explanation(explanation) for explanation in explanations]


@lru_cache(maxsize=8)
def _query(core: str) -> Chem.Mol:
    """The core without labels of R groups, which would not match a hydrogen.

    Raises:
        ValueError: it cannot be read.
    """
    query = Chem.RWMol(core_query(core)[0])
    query.BeginBatchEdit()
    for atom in query.GetAtoms():
        is_label = atom.GetAtomicNum() == 0 and atom.GetDegree() == 1
        if is_label and (atom.GetAtomMapNum() or atom.GetSmarts() == "*" or atom.GetIsotope()):
            query.RemoveAtom(atom.GetIdx())
    query.CommitBatchEdit()
    if query.GetNumAtoms() < 2:
        raise ValueError(
            f"the core {_short(core)} has fewer than two atoms: two or more are needed"
        )
    return query.GetMol()


@lru_cache(maxsize=8)
def _reference(orientation: Orientation) -> tuple[Chem.Mol, tuple[int, ...]]:
    """The molecule in which the core lies as it is to lie, and the core's atoms in it."""
    most = len(orientation.reference)  # letters, of which each atom has one: it was read before
    mol = molecule(orientation.reference, max_atoms=most).mol
    return flat_copy(mol), _match(mol, orientation.core, frozenset())


def _match(mol: Chem.Mol, core: str, attached: frozenset[int]) -> tuple[int, ...]:
    """The core's atoms in a molecule, in the order of the core; empty if it has none.

    A symmetric core can lie in several ways. That one counts in which most atoms of the core that
    have something attached are those of the reference, and otherwise the first ones.
    """
    matches = mol.GetSubstructMatches(_query(core), uniquify=False, maxMatches=MOST_MATCHES)
    if not matches:
        return ()

    def order(match: tuple[int, ...]) -> tuple[int, list[int], tuple[int, ...]]:
        own = _attached(mol, match)
        return -len(own & attached), sorted(own), match

    return min(matches, key=order)


def _attached(mol: Chem.Mol, match: Sequence[int]) -> frozenset[int]:
    """The places in the core of atoms that have something attached."""
    core = set(match)
    return frozenset(
        place
        for place, index in enumerate(match)
        if any(
            neighbour.GetIdx() not in core for neighbour in mol.GetAtomWithIdx(index).GetNeighbors()
        )
    )


def _short(core: str) -> str:
    return repr(shortened(core, 80))
