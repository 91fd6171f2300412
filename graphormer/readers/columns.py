"""Which column of a table holds what: structures, ids, and whatever the user asks for by name."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from graphormer.graphs.molecules import molecule, shortened
from graphormer.names import listing, unknown

SMILES_NAMES = (
    ("smiles",),
    ("isomericsmiles", "isosmiles", "cxsmiles"),
    ("canonicalsmiles", "cansmiles", "rdkitsmiles", "smilesstring", "smilesstr"),
    ("smi", "isosmi", "isomericsmi", "cansmi", "canonicalsmi", "smile"),
)
"""Usual names of a column of SMILES, without case, blanks and marks. If there are several such
columns, the first kind is taken: isomeric SMILES say more than canonical ones do in some data
bases."""

OTHER_NAMES = (
    ("mol", "romol", "structure", "structures", "molecule", "molecules"),
    ("chemicalstructure", "compoundstructure", "molecularstructure", "moleculestructure"),
    ("inchi", "standardinchi", "stdinchi"),
)
"""Names that a column of SMILES, or of InChI, may have, after all with SMILES in their name."""

ID_SUBJECTS = frozenset(
    """
        compound cmpd cpd molecule mol drug ligand substance sample chemical structure inhibitor
        catalog catalogue registry reg vendor supplier product corporate corp entry lead hit batch
        lab database monomer internal external verbindung verbindungs substanz of chembl pubchem
        zinc drugbank enamine chemspider cas chebi kegg bindingdb mcule molport
    """.split()  # noqa: SIM905
)
"""Words for what a column of ids may be of."""

ID_QUALITIES = frozenset(
    """
        iupac preferred pref common generic trivial systematic unique
    """.split()  # noqa: SIM905
)
"""Words for what kind of names they may be."""

ID_NOUNS = frozenset(
    """
        id ids identifier name names number no nr nummer code key title rn cid sid compound
    """.split()  # noqa: SIM905
)
"""Words for ids and names themselves, one of which comes last."""

ID_ALONE = frozenset(
    """
        id name title compound cid sid molecule drug ligand iupac cas casrn casno identifier
        idnumber compoundid molregno dtxsid dtxcid verbindung substanz
    """.split()  # noqa: SIM905
)
"""Names of a column of ids that are one word."""

UNNAMED = re.compile(r"unnamed: ?\d+([._]\w+)*", re.IGNORECASE)
"""How pandas calls a column without a name, such as an index that was saved with a table."""

ENOUGH = 0.9
"""Share of a sample's cells that must hold molecules for a column to count as one of structures."""

LEAST = 0.1
"""Share below which a column does not count as one of structures, whatever its name."""

SMILES_OPTION = "-s/--smiles-column"
"""The option that names the column of SMILES."""

TEXT_OPTION = "--text-column"
"""The option that names the column of texts."""

TEXT_NAMES = (
    *("text", "texts", "sentence", "sentences", "review", "reviews", "comment", "comments"),
    *("document", "content", "message", "tweet", "headline", "abstract", "body"),
)
"""Usual names of a column of texts in any case; an earlier one is taken before a later one."""

SAMPLED = 20
"""Cells by which that is judged."""

SHORTEST_MOLECULE = 3
"""Letters of the longest cell from which on a column is looked through for molecules."""


def is_named(name: str) -> bool:
    """Whether a column has a name.

    The index of pandas, separators at the ends of lines and empty columns of Excel give none.
    """
    text = name.strip()
    return bool(text) and not UNNAMED.fullmatch(text)


def named_column(path: Path, columns: Sequence[str], wanted: str, option: str) -> str:
    """The column of exactly that name.

    Raises:
        ValueError: there is none; names the nearest.
    """
    name = wanted.strip()
    if name in columns:
        return name
    raise ValueError(unknown("column", name, columns, f"name one with {option}", f"in {path}"))


def smiles_column(
    path: Path, columns: Sequence[str], sample: Sequence[Mapping[str, str]], wanted: str = ""
) -> str:
    """The column of SMILES: the wanted one, or the one with a usual name in any case and spelling.

    Args:
        path: of the table, for messages.
        columns: of the table.
        sample: cells of its first rows by column.
        wanted: empty if the user names none.

    Raises:
        ValueError: there is none, there are several of one usual name, or it holds no molecules and
            another does.
    """
    column = (
        named_column(path, columns, wanted, SMILES_OPTION)
        if wanted
        else _usual_column(path, columns, sample)
    )
    if column and _share(sample, column) >= LEAST:
        return column
    alternatives = [name for name in columns if name != column and _share(sample, name) >= ENOUGH]
    if column and not alternatives:
        return column  # its rows are errors one by one
    raise ValueError(_no_smiles(path, columns, sample, column, alternatives))


def _no_smiles(
    path: Path,
    columns: Sequence[str],
    sample: Sequence[Mapping[str, str]],
    column: str,
    alternatives: Sequence[str],
) -> str:
    """Why no column can be taken for the one of SMILES, and what to do.

    Args:
        path: of the table.
        columns: of the table.
        sample: cells of its first rows by column.
        column: that holds no molecules although its name says so; empty if no name does.
        alternatives: columns that hold molecules.
    """
    remedy = f"name it with {SMILES_OPTION}"
    hint = f"column {alternatives[0]!r} seems to hold SMILES: {remedy}" if alternatives else ""
    if column:
        cell = next((row[column] for row in sample if row.get(column)), "")
        return f"{path}: column {column!r} holds no molecules, like {shortened(cell)!r}; {hint}"
    if alternatives and is_molecule(alternatives[0]):
        start = f"{path} begins with {shortened(alternatives[0])!r}, which is a molecule"
        return f"{start}: put a line with names above it, like smiles"
    there = f"{path} has the columns {listing(columns)}"
    return f"{there}: a column named SMILES is needed; {hint or remedy}"


def _usual_column(path: Path, columns: Sequence[str], sample: Sequence[Mapping[str, str]]) -> str:
    """The column with a usual name of SMILES; empty if there is none.

    Raises:
        ValueError: there are several, and their cells do not decide.
    """
    candidates = usual_smiles(columns)
    if len(candidates) > 1:
        with_molecules = [name for name in candidates if _share(sample, name) >= ENOUGH]
        candidates = with_molecules or candidates
    if len(candidates) > 1:
        names = listing(candidates)
        raise ValueError(
            f"{path} has several columns of SMILES ({names}): name one with {SMILES_OPTION}"
        )
    return candidates[0] if candidates else ""


def usual_smiles(columns: Sequence[str]) -> list[str]:
    """The columns whose names say best that they hold SMILES."""
    best = smiles_rank(columns)
    if best == NO_RANK:
        return []
    return [name for name in columns if _smiles_rank(name) == best]


NO_RANK = len(SMILES_NAMES) + 1 + len(OTHER_NAMES)
"""The rank of a name that says nothing of SMILES."""


def _smiles_rank(name: str) -> int:
    """How well a column's name says that it holds SMILES: 0 is best."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    contains = (plain,) if "smiles" in plain else ()
    kinds = (*SMILES_NAMES, contains, *OTHER_NAMES)
    return next((rank for rank, kind in enumerate(kinds) if plain in kind), NO_RANK)


def smiles_rank(columns: Sequence[str]) -> int:
    """How well a table's header says which column holds SMILES: 0 is best."""
    return min(map(_smiles_rank, columns), default=NO_RANK)


def says_smiles(name: str) -> bool:
    """Whether a column's name says that it holds SMILES.

    Example:
        >>> [says_smiles(name) for name in ("Canonical SMILES", "smi", "mol", "name")]
        [True, True, True, False]
    """
    return _smiles_rank(name) < NO_RANK


def _share(sample: Sequence[Mapping[str, str]], name: str) -> float:
    """The share of a column's filled cells that hold molecules; 1 if none is filled.

    Letters and numbers alone make no molecules: in a column of them nobody looks for structures.
    """
    cells = [row[name] for row in sample if row.get(name, "").strip()][:SAMPLED]
    if not cells:
        return 1.0 if name else 0.0
    if max(map(len, cells)) < SHORTEST_MOLECULE:
        return 0.0
    return sum(map(is_molecule, cells)) / len(cells)


@lru_cache(maxsize=1024)  # a sample is judged more than once, for its separator and its columns
def is_molecule(text: str) -> bool:
    """Whether a cell holds a molecule."""
    try:
        molecule(text)
    except ValueError:
        return False
    return True


def text_column(path: Path, columns: Sequence[str], wanted: str = "") -> str:
    """The column of texts: the wanted one, the only one, or the one with a usual name.

    Raises:
        ValueError: there is none, or there are several of one usual name.
    """
    if wanted:
        return named_column(path, columns, wanted, TEXT_OPTION)
    if len(columns) == 1:
        return columns[0]
    for name in TEXT_NAMES:
        candidates = [column for column in columns if column.strip().lower() == name]
        if len(candidates) == 1:
            return candidates[0]
    raise ValueError(
        f"{path} has the columns {listing(columns)}: a column named text is needed; "
        f"name it with {TEXT_OPTION}"
    )


def id_column(path: Path, columns: Sequence[str], wanted: str = "", structures: str = "") -> str:
    """The column of ids: the wanted one, or the first with a usual name; empty if there is none.

    Raises:
        ValueError: there is no column of the wanted name.
    """
    if wanted:
        return named_column(path, columns, wanted, "--id-column")
    return next((name for name in columns if name != structures and says_id(name)), "")


def says_id(name: str) -> bool:
    """Whether a column's name says that it identifies molecules.

    Example:
        >>> [says_id(name) for name in ("Compound ID", "molecule_chembl_id", "drugName")]
        [True, True, True]
        >>> [says_id(name) for name in ("Assay ID", "MW")]
        [False, False]
    """
    if _say_id(_words(name)):
        return True
    camel_case = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # drug Name, for drugName
    return _say_id(_words(camel_case))


def _say_id(words: Sequence[str]) -> bool:
    if len(words) < 2:
        return "".join(words) in ID_ALONE
    are_usual = set(words) <= ID_SUBJECTS | ID_QUALITIES | ID_NOUNS
    return are_usual and words[-1] in ID_NOUNS


def _words(name: str) -> list[str]:
    """The words in a column's name, without what stands in brackets.

    Example:
        >>> _words("CMPD_CHEMBLID (old)")
        ['cmpd', 'chembl', 'id']
    """
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", name.lower()).replace("#", " number ")
    words: list[str] = []
    for word in re.findall(r"[^\W_]+", plain):
        compound = re.fullmatch(r"(\w+?)(id|name|number|code)", word)
        if compound and compound[1] in ID_SUBJECTS:
            words += compound.groups()
        else:
            words.append(word)
    return words
