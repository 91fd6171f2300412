"""Explicit hydrogens folded into their heavy atoms: deuterium and tritium are hydrogens, too.

- The graph of a deuterated molecule is that of its protium form: no feature knows isotopes.
- A centre or a double bond that is stereogenic only because of deuterium is unspecified after
  folding.
- What RDKit keeps as an atom stays one: H2, hydrides, protons, bridging hydrogens, and the hydrogen
  of an imine that defines its E or Z.
"""

from collections import Counter
from collections.abc import Mapping, Set

from rdkit import Chem, rdBase
from rdkit.Chem import rdqueries

ISOTOPES = {2: "deuterium", 3: "tritium"}
"""Names of the isotopes that are read as hydrogen. Those of other numbers stay atoms."""

INPUT_INDEX = "_molxai_place"
"""Property of a hydrogen while it is folded: its index in the input."""

HYDROGEN = Chem.MolFromSmarts("[#1]")
MARKED = rdqueries.HasPropQueryAtom(INPUT_INDEX)
STEREO_NONE = Chem.BondStereo.STEREONONE
DOUBLE_BOND = Chem.MolFromSmarts("*=*")


def fold_hydrogens(written: Chem.Mol) -> tuple[Chem.Mol, tuple[int, ...] | None, list[str]]:
    """The molecule without hydrogens that its heavy atoms can count, its stereo labels made anew.

    Returns:
        The molecule, the index in `written` of each of its atoms (None if nothing was folded), and
        notes.

    Raises:
        ValueError: RDKit cannot sanitise it.
    """
    mol = Chem.Mol(written)  # the caller's own stays as it is
    isotopes = _mark_hydrogens(mol)
    with rdBase.BlockLogs():
        if any(isotope in ISOTOPES for isotope in isotopes.values()):
            _make_protium(mol)
        if isotopes:
            _free_terminal_double_bonds(mol)
        mol = Chem.RemoveHs(mol)
        Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    folded = isotopes.keys() - _unmark_hydrogens(mol) if isotopes else set()
    notes = _notes(isotopes, folded)
    if not folded:
        return mol, None, notes
    atoms = tuple(atom for atom in range(written.GetNumAtoms()) if atom not in folded)
    return mol, atoms, notes


def _mark_hydrogens(mol: Chem.Mol) -> dict[int, int]:
    """Isotope of each hydrogen by its index, which it carries from now on as a property."""
    isotopes: dict[int, int] = {}
    for (index,) in mol.GetSubstructMatches(HYDROGEN, maxMatches=mol.GetNumAtoms() + 1):
        atom = mol.GetAtomWithIdx(index)
        atom.SetIntProp(INPUT_INDEX, index)
        isotopes[index] = atom.GetIsotope()
    return isotopes


def _unmark_hydrogens(mol: Chem.Mol) -> set[int]:
    """Indices in the input of the hydrogens that are still there, without the property."""
    indices = set()
    for atom in mol.GetAtomsMatchingQuery(MARKED):
        indices.add(atom.GetIntProp(INPUT_INDEX))
        atom.ClearProp(INPUT_INDEX)
    return indices


def _make_protium(mol: Chem.Mol) -> None:
    for atom in mol.GetAtomsMatchingQuery(MARKED):
        if atom.GetIsotope() in ISOTOPES:
            atom.SetIsotope(0)
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)


def _free_terminal_double_bonds(mol: Chem.Mol) -> None:
    """Take the stereo from double bonds with two hydrogens at one end: RDKit would keep one."""
    for start, end in mol.GetSubstructMatches(DOUBLE_BOND, maxMatches=mol.GetNumBonds() + 1):
        bond = mol.GetBondBetweenAtoms(start, end)
        if bond.GetStereo() == STEREO_NONE:
            continue
        for index, opposite in ((start, end), (end, start)):
            atom = mol.GetAtomWithIdx(index)
            others = [
                single for single in atom.GetBonds() if single.GetOtherAtomIdx(index) != opposite
            ]
            to_hydrogens = [
                single for single in others if single.GetOtherAtom(atom).GetAtomicNum() == 1
            ]
            has_only_hydrogens = len(to_hydrogens) == len(others)
            if has_only_hydrogens and len(others) + atom.GetTotalNumHs() > 1:
                bond.SetStereo(STEREO_NONE)
                for single in to_hydrogens:
                    single.SetBondDir(Chem.BondDir.NONE)


def _notes(isotopes: Mapping[int, int], folded: Set[int]) -> list[str]:
    """One note for each kind of hydrogen that was folded, or read as another isotope."""
    counts = Counter(
        (ISOTOPES.get(isotope, ""), index in folded) for index, isotope in isotopes.items()
    )
    notes = []
    for (isotope_name, is_folded), count in sorted(counts.items()):
        if not isotope_name and not is_folded:
            continue  # H2, a hydride and the like: nothing was changed
        noun = f"{isotope_name} atom" if isotope_name else "explicit hydrogen"
        if count > 1:
            noun += "s"
        if not is_folded:
            notes.append(f"{count} {noun} read as hydrogen")
            continue
        heavy_atoms = "its heavy atom" if count == 1 else "their heavy atoms"
        how = "folded as hydrogen into" if isotope_name else "folded into"
        notes.append(f"{count} {noun} {how} {heavy_atoms}")
    return notes
