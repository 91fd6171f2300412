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
"""Names of the isotopes that are read as hydrogen. One of another number stays an atom of its
own."""

PLACE = "_molxai_place"
"""Property of a hydrogen while it is folded: its index in the input."""

HYDROGEN = Chem.MolFromSmarts("[#1]")
MARKED = rdqueries.HasPropQueryAtom(PLACE)
STEREO_NONE = Chem.BondStereo.STEREONONE
STEREO_BOND = Chem.MolFromSmarts("*=*")


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
    folded = isotopes.keys() - _kept_hydrogens(mol) if isotopes else set()
    if not folded:
        return mol, None, _notes(isotopes, folded)
    atoms = tuple(atom for atom in range(written.GetNumAtoms()) if atom not in folded)
    return mol, atoms, _notes(isotopes, folded)


def _mark_hydrogens(mol: Chem.Mol) -> dict[int, int]:
    """Isotope of each hydrogen by its index, which it carries from now on as a property."""
    isotopes: dict[int, int] = {}
    for (place,) in mol.GetSubstructMatches(HYDROGEN, maxMatches=mol.GetNumAtoms() + 1):
        atom = mol.GetAtomWithIdx(place)
        atom.SetIntProp(PLACE, place)
        isotopes[place] = atom.GetIsotope()
    return isotopes


def _kept_hydrogens(mol: Chem.Mol) -> set[int]:
    kept = set()
    for atom in mol.GetAtomsMatchingQuery(MARKED):
        kept.add(atom.GetIntProp(PLACE))
        atom.ClearProp(PLACE)
    return kept


def _make_protium(mol: Chem.Mol) -> None:
    for atom in mol.GetAtomsMatchingQuery(MARKED):
        if atom.GetIsotope() in ISOTOPES:
            atom.SetIsotope(0)
    Chem.AssignStereochemistry(mol, cleanIt=True, force=True)


def _free_terminal_double_bonds(mol: Chem.Mol) -> None:
    """Take the stereo from double bonds with two hydrogens at one end: RDKit would keep one."""
    for pair in mol.GetSubstructMatches(STEREO_BOND, maxMatches=mol.GetNumBonds() + 1):
        bond = mol.GetBondBetweenAtoms(*pair)
        if bond.GetStereo() == STEREO_NONE:
            continue
        for end, other in (pair, pair[::-1]):
            atom = mol.GetAtomWithIdx(end)
            singles = [single for single in atom.GetBonds() if single.GetOtherAtomIdx(end) != other]
            hydrogens = [
                single for single in singles if single.GetOtherAtom(atom).GetAtomicNum() == 1
            ]
            if len(hydrogens) == len(singles) and len(singles) + atom.GetTotalNumHs() > 1:
                bond.SetStereo(STEREO_NONE)
                for single in hydrogens:
                    single.SetBondDir(Chem.BondDir.NONE)


def _notes(isotopes: Mapping[int, int], folded: Set[int]) -> list[str]:
    """One note for each kind of hydrogen that was folded, or read as another isotope."""
    counts = Counter(
        (ISOTOPES.get(isotope, ""), place in folded) for place, isotope in isotopes.items()
    )
    notes = []
    for (name, is_folded), count in sorted(counts.items()):
        if not name and not is_folded:
            continue  # H2, a hydride and the like: nothing was changed
        noun = f"{name} atom" if name else "explicit hydrogen"
        many, into = ("", "its heavy atom") if count == 1 else ("s", "their heavy atoms")
        how = "folded as hydrogen into" if name else "folded into"
        notes.append(
            f"{count} {noun}{many} {how} {into}"
            if is_folded
            else f"{count} {noun}{many} read as hydrogen"
        )
    return notes
