"""Tables as Excel, pandas, R, databases and vendors write them are read as what they mean, or
refused in one plain line."""

import datetime
import json
import random
import re
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from test_tables import ALKANES, table

from graphormer.data.labelled_tables import collect, labelled
from graphormer.data.targets import targets
from graphormer.readers.columns import says_id
from graphormer.readers.delimited import records, separator_of
from graphormer.readers.numerals import numerals
from graphormer.readers.sdf import sdf_records
from graphormer.readers.tables import Layout, read_rows
from graphormer.readers.text import encoding_of
from molxai.explanation.inputs import Inputs, entries, read_inputs

MOLECULES = [("alpha", "CCO", "1.5"), ("beta", "c1ccccc1O", "-2.25"), ("gamma", "CC(=O)N", "1200")]
"""Id, SMILES and a value, the same in every kind of table below."""


def ids_and_smiles(path, layout=Layout()):  # noqa: B008 - a frozen value
    return [(one.id, one.text) for one in entries([str(path)], layout)]


WANTED = [(id, smiles) for id, smiles, _ in MOLECULES]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("index of pandas", ",id,smiles,y\n0,{0}\n1,{1}\n2,{2}\n"),
        ("index saved twice", "Unnamed: 0,id,smiles,y\n0,{0}\n1,{1}\n2,{2}\n"),
        ("comma at the header's end", "id,smiles,y,\n{0},\n{1},\n{2},\n"),
        ("commas at the rows' ends", "id,smiles,y\n{0},,\n{1},\n{2}\n"),
        (
            "unnamed columns between",
            "id,,smiles,y,,\n{0}\n".replace(
                "{0}", "alpha,,CCO,1.5\nbeta,,c1ccccc1O,2\ngamma,,CC(=O)N,3"
            ),
        ),
        ("emptied rows at the end", "id,smiles,y\n{0}\n{1}\n{2}\n,,\n,,\n"),
        ("blank lines", "\n\nid,smiles,y\n{0}\n\n{1}\n{2}\n\n"),
        ("row names of R", "id,smiles,y\n1,{0}\n2,{1}\n3,{2}\n"),
    ],
)
def test_columns_without_a_name_are_no_columns(tmp_path, name, content):
    rows = [",".join(cells) for cells in MOLECULES]
    path = tmp_path / "t.csv"
    path.write_text(content.format(*rows))
    assert ids_and_smiles(path) == WANTED
    assert read_rows(path).columns == ["id", "smiles", "y"]
    assert all(list(one.extras) == ["y"] for one in entries([str(path)]))


def test_the_index_in_a_parquet_of_pandas_is_no_column(tmp_path):
    content = {"smiles": ["CCO"], "__index_level_0__": [7]}
    parquet.write_table(pa.table(content), tmp_path / "t.parquet")
    assert read_rows(tmp_path / "t.parquet").columns == ["smiles"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "smiles",
            "SMILES",
            "Smiles",
            "Canonical SMILES",
            "canonical_smiles",
            "CanonicalSMILES",
            "isomeric smiles",
            "smi",
        ),
        *(
            "SMI",
            "structure",
            "Structure",
            "mol",
            "Molecule",
            "cxsmiles",
            "Ligand SMILES",
            "smiles_string",
            " SMILES ",
        ),
        *("canonical_smi", "SMILE", "ROMol", "Molecular Structure", "Standard InChI"),
    ],
)
def test_smiles_are_found_under_their_usual_names(tmp_path, name):
    assert ids_and_smiles(table(tmp_path / "t.csv", ["a,CCO,1"], f"id,{name},y")) == [("a", "CCO")]


def test_the_more_telling_of_several_columns_of_smiles_is_taken(tmp_path):
    path = table(
        tmp_path / "t.csv", ["CCO,C[C@H](N)O,CC(N)O"], "mol,IsomericSMILES,CanonicalSMILES"
    )
    assert ids_and_smiles(path) == [("", "C[C@H](N)O")]
    two = table(tmp_path / "two.csv", ["CCO,CCN"], "ligand smiles,solvent smiles")
    with pytest.raises(
        ValueError,
        match="several columns of SMILES .ligand smiles, solvent smiles.: name one with -s",
    ):
        list(entries([str(two)]))


def test_cells_decide_between_two_names(tmp_path):
    assert ids_and_smiles(
        table(tmp_path / "t.csv", ["CCO,3", "CCN,3"], "compound_smiles,smiles_len")
    ) == [("", "CCO"), ("", "CCN")]
    assert (
        ids_and_smiles(table(tmp_path / "u.csv", ["CHEMBL1,CCO"], "molecule,structure"))[0][1]
        == "CCO"
    )


def test_a_smi_file_as_people_have_them(tmp_path):
    (tmp_path / "t.smi").write_text(
        "isomeric_smiles name\nCCO first one\nCCN\tamine\t5.3\n# remark\nCC |^1:0|\tradical\n"
    )
    assert ids_and_smiles(tmp_path / "t.smi") == [
        ("first one", "CCO"),
        ("amine", "CCN"),
        ("radical", "CC |^1:0|"),
    ]


def test_a_file_of_another_kind_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file 'absent.txt'"):
        list(entries(["absent.txt"]))


def test_old_line_ends_of_a_structure_file(tmp_path):
    (tmp_path / "t.sdf").write_bytes(
        (block("a") + "M  END\n> <y>\n1\n\n$$$$\n").replace("\n", "\r").encode()
    )
    (one,) = read_inputs([str(tmp_path / "t.sdf")])
    assert one.id == "a" and one.subject.graph.nodes == 2 and one.extras == {"y": "1"}


def test_a_column_that_holds_no_molecules_is_told_with_the_one_that_does(tmp_path):
    path = table(tmp_path / "t.csv", ["img1.png,CCO", "img2.png,c1ccccc1"], "structure,drawn")
    with pytest.raises(
        ValueError,
        match="'structure' holds no molecules, like 'img1.png'; column 'drawn' seems to hold",
    ):
        list(entries([str(path)]))
    with pytest.raises(
        ValueError,
        match="a column named SMILES is needed; column 'drawn' seems to hold SMILES: name it",
    ):
        list(entries([str(table(tmp_path / "u.csv", ["x,CCO"], "note,drawn"))]))
    with pytest.raises(
        ValueError, match="begins with 'CCCO', which is a molecule: put a line with names above it"
    ):
        list(entries([str(table(tmp_path / "v.csv", ["CCO,2", "CCCC,3"], "CCCO,1"))]))


def test_a_mistyped_column_is_answered_by_the_nearest_and_a_short_line(tmp_path):
    names = [f"descriptor number {i}" for i in range(600)]
    path = table(
        tmp_path / "t.csv", [",".join(["CCO", *["0"] * 600])], ",".join(["smiles", *names])
    )
    with pytest.raises(ValueError, match="did you mean 'descriptor number 17'") as caught:
        list(entries([str(path)], Layout(), "descriptor numbr 17"))
    assert len(str(caught.value)) < 1000


IDS = (
    "id",
    "Name",
    "Compound ID",
    "compound_id",
    "Compound_ID",
    "mol_id",
    "Molecule Name",
    "molecule_chembl_id",
    "drug_name",
)
MORE_IDS = (
    *(
        "PubChem CID",
        "DATABASE_ID",
        "Cmpd #",
        "Compound Name (IUPAC)",
        "Molecule ID (internal)",
        "Batch ID",
    ),
    *("Name of compound", "Substanz-Nr."),
)
OTHER_IDS = (
    "iupac",
    "Catalog ID",
    "CMPD_CHEMBLID",
    "zinc_id",
    "CAS Number",
    "IDNUMBER",
    "Title",
    "drugName",
    "Molecule ChEMBL ID",
)


@pytest.mark.parametrize("name", IDS + OTHER_IDS + MORE_IDS)
def test_ids_are_found_under_their_usual_names(tmp_path, name):
    assert ids_and_smiles(table(tmp_path / "t.csv", ["1.5,CCO,first"], f"value,smiles,{name}")) == [
        ("first", "CCO")
    ]


def test_what_identifies_something_else_is_no_id():
    others = (
        "Assay ChEMBL ID",
        "Target Name",
        "Document ID",
        "MW",
        "Molecule Type",
        "Model",
        "hidden",
        "valid",
        "pIC50",
        "split",
    )
    assert not [name for name in others if says_id(name)]


def test_the_id_column_can_be_named(tmp_path):
    path = table(tmp_path / "t.csv", ["a,CCO,x1"], "id,smiles,well")
    (one,) = entries([str(path)], Layout(id_column="well"))
    assert one.id == "x1" and dict(one.extras) == {"id": "a"}
    with pytest.raises(ValueError, match="no column 'wel' in .*did you mean 'well'.*--id-column"):
        list(entries([str(path)], Layout(id_column="wel")))


# -------------------------------------------------------------------------------------------
# separators and encodings


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ending", [".csv", ".tsv"])
@pytest.mark.parametrize("excel", ["", "sep={}\n", '"sep={}"\r\n'])
def test_the_file_tells_its_separator(tmp_path, separator, ending, excel):
    path = tmp_path / f"t{ending}"
    rows = [separator.join(cells) for cells in [("id", "smiles", "y"), *MOLECULES]]
    path.write_text(excel.format(separator) + "\n".join(rows) + "\n", newline="")
    assert ids_and_smiles(path) == WANTED
    usual = "," if ending == ".csv" else "\t"
    assert (separator != usual) == any("separator" in note for note in read_rows(path).notes)


def test_a_comma_in_a_header_is_no_separator(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("Name;SMILES;logS, 25 °C\na;CCO;-0,5\nb;CCN;-1,5\n")
    assert (
        ids_and_smiles(path) == [("a", "CCO"), ("b", "CCN")]
        and "logS, 25 °C" in read_rows(path).columns
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_byte_that_a_named_encoding_lacks_is_told(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,smiles\na\x81,CCO\nb,CCN\n")
    first, second = read_inputs([str(path)], Layout(encoding=encoding))
    assert "line 2: byte 0x81 cannot be read" in first.error and not second.error
    with pytest.raises(ValueError, match=r"t\.csv is not utf-16 .*leave --encoding out"):
        list(read_inputs([str(path)], Layout(encoding="utf-16")))


def test_a_separator_can_be_named(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id/smiles\na/CCO\n")
    assert ids_and_smiles(path, Layout(separator="/")) == [("a", "CCO")]
    path.write_text("id|smiles\na|CCO\n")
    assert ids_and_smiles(path, Layout(separator="pipe")) == [("a", "CCO")]
    with pytest.raises(
        ValueError, match="separator 'xx': one character is needed, or one of comma, semicolon, tab"
    ):
        read_rows(path, Layout(separator="xx"))


def test_commas_in_cells_do_not_outvote_the_separator():
    lines = ["id;name, long;y\n", *[f"{i};a, b, c;{i},5\n" for i in range(20)]]
    assert separator_of(lines, ",") == ";"
    assert separator_of(["smiles\n", "CC |c:1|\n", "CCO\n"], ",") == ","
    assert separator_of(["id,smiles,note\n", "a,CCO,x;y;z\n"], ",") == ","


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"],
)
def test_the_usual_encodings_are_read(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes("id,smiles,unit\nMüller-1,CCO,µM\nß,CCN,µM\n".encode(encoding))
    found = list(entries([str(path)]))
    assert [(one.id, one.extras["unit"]) for one in found] == [("Müller-1", "µM"), ("ß", "µM")]
    assert bool(Inputs([str(path)]).notes()) == (encoding not in ("utf-8", "utf-8-sig"))
    assert [one.id for one in entries([str(path)], Layout(encoding=encoding))] == ["Müller-1", "ß"]


def test_an_encoding_that_is_none_is_told(tmp_path):
    with pytest.raises(ValueError, match="encoding 'utf-9' is not known: utf-8, utf-16"):
        read_rows(table(tmp_path / "t.csv", ["CCO,1"]), Layout(encoding="utf-9"))


def test_a_bad_byte_names_its_line_and_costs_its_row_alone(tmp_path):
    rows = [f"m{i},{'C' * (i % 5 + 1)}O,µ" for i in range(3000)]
    content = "\n".join(["id,smiles,unit", *rows]).encode()
    spoilt = content.replace(b"m2500,", b"m2500\xb0,")
    (tmp_path / "t.csv").write_bytes(spoilt)
    found = list(entries([str(tmp_path / "t.csv")]))
    assert len(found) == 3000 and [one.row for one in found if one.fault] == [2500]
    assert (
        "line 2502: byte 0xB0 cannot be read" in found[2500].read().error
        and "--encoding" in found[2500].fault
    )
    assert found[2500].id == "m2500�" and found[2501].id == "m2501"


def test_other_kinds_of_file_are_named(tmp_path):
    kinds = {
        b"PK\x03\x04\x00": "Excel workbook",
        b"\x1f\x8b\x00": "gzip",
        b"PAR1\x00": "Parquet",
        b"a\x00b\x01\x02\x00": "binary",
    }
    for begin, said in kinds.items():
        (tmp_path / "t.csv").write_bytes(begin * 9)
        with pytest.raises(ValueError, match=said):
            read_rows(tmp_path / "t.csv")


# --------------------------------------------------------------------------------------------------
# ------ broken rows


def test_an_unclosed_quote_costs_its_own_line(tmp_path):
    rows = [f"m{i},{'C' * (i % 5 + 1)}O" for i in range(3000)]
    rows[2499] = '"' + rows[2499]
    found = list(entries([str(table(tmp_path / "t.csv", rows, "id,smiles"))]))
    assert len(found) == 3000 and [one.row for one in found if one.fault] == [2499]
    assert found[2499].id == "m2499" and found[2499].read().error.startswith(
        'line 2501: a quote (") is opened and not closed'
    )


def test_cells_of_several_lines_stay_whole():
    text = 'id,note,smiles\na,"two lines,\nof ""text""",CCO\n"b, c",x,CCN\nd,"a\n\nb",CCC\n'
    found = [
        (one.line, one.cells, one.fault) for one in records(text.splitlines(keepends=True), ",")
    ][1:]
    assert found == [
        (2, ["a", 'two lines,\nof "text"', "CCO"], ""),
        (4, ["b, c", "x", "CCN"], ""),
        (5, ["d", "a\n\nb", "CCC"], ""),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_as_many_records_as_data_lines_whatever_quotes_are_lost(seed):
    """Quotes are dropped at random from rows whose cells are all quoted, and put before cells that
    are not."""
    draw = random.Random(seed)
    rows = [[f"m{i}", "C" * draw.randint(1, 9) + "O", str(i)] for i in range(200)]
    broken = set(draw.sample(range(200), 12))
    lines = ["id,smiles,y\n"]
    for i, cells in enumerate(rows):
        quoted = draw.random() < 0.5
        written = [f'"{cell}"' if quoted else cell for cell in cells]
        if i in broken:
            place = draw.randrange(3)
            written[place] = f'"{cells[place]}'
        lines.append(",".join(written) + "\n")
    found = list(records(lines, ","))[1:]
    assert [one.line for one in found] == list(range(2, 202))
    assert all(
        one.cells == cells
        for i, (one, cells) in enumerate(zip(found, rows, strict=True))
        if i not in broken
    )
    assert {one.line - 2 for one in found if one.fault} <= broken


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('id,smiles,note\n1,CCO,"a\n2,CCN\n3,CCC,c"\n4,CCF,d\n', ["1", "2", "3", "4"]),
        ('id,smiles,note\n1,CCO,"a\n2,CCN,b,extra\n3,CCC,c"\n4,CCF,d\n', ["1", "2", "3", "4"]),
        (
            'comment,smiles\n"soluble, stable\nstore cold",CCO\nok,CCN\n',
            ["soluble, stable\nstore cold", "ok"],
        ),
        ('id,comment,smiles\n1,"temp: 20, 30\npH: 7, 8",CCO\n', ["1"]),
        ('note,smiles\n"Smith, J.\nDoe",CCO\n', ["Smith, J.\nDoe"]),
        ('id,smiles\nm1,"CCO\n', ["m1"]),
        ("id,smiles\nm1,CCO\n\x1a", ["m1"]),
    ],
)
def test_a_cell_of_several_lines_is_told_from_rows_that_a_quote_swallows(text, cells):
    found = list(records(text.splitlines(keepends=True), ","))[1:]
    assert [one.cells[0] for one in found] == cells


# --------------------------------------------------------------------------------------------------
# ----------- numbers


@pytest.mark.parametrize(
    ("cells", "values", "note"),
    [
        (["-0,5", "1,25", "2"], [-0.5, 1.25, 2], "3 numbers with decimal commas"),
        (["1.234,5", "2.000", "0,5"], [1234.5, 2000, 0.5], "3 numbers with decimal commas"),
        (["1 234,5", "0,1"], [1234.5, 0.1], "2 numbers with decimal commas"),
        (
            ["1,234", "0.5", "12,345,678.9"],
            [1234, 0.5, 12345678.9],
            "3 numbers with commas between thousands",
        ),
        (["1'234.5", "12"], [1234.5, 12], "2 numbers with marks between thousands"),
        (["84%", "12.5 %"], [84, 12.5], "2 numbers in percent, 84% read as 84"),
        (["84,5 %", "3,0%"], [84.5, 3], "2 numbers in percent, 84% read as 84 with decimal commas"),
        (
            ["\u22120.6", "1.2", "\u20132"],
            [-0.6, 1.2, -2],
            "3 numbers, 2 with a typographic minus sign",
        ),
        (["1,5e-3", "2e4"], [0.0015, 2e4], "2 numbers with decimal commas"),
        (["1.5", "-2", "3e5"], [1.5, -2, 3e5], ""),
    ],
)
def test_numbers_in_every_notation(cells, values, note):
    found = numerals("y", cells)
    assert [float(cell) for cell in found.cells] == values and found.note == note


def test_what_a_comma_means_is_not_guessed():
    with pytest.raises(
        ValueError, match="'y' holds numbers like '1,234', which may be 1.234 or 1234"
    ):
        numerals("y", ["1,234", "12,345"])
    assert numerals("y", ["1,234", "12,345"], decimal_commas=True).cells == ["1.234", "12.345"]
    mixed = ["1.234", "0,512", "3.141"]
    assert numerals("y", mixed).cells == mixed


def test_whole_numbers_beside_decimal_commas_are_numbers_with_decimal_commas():
    found = numerals("y", ["5", "7", "12", "8", *["3"] * 30, "1,5"])
    assert found.cells[-1] == "1.5" and found.note == "35 numbers with decimal commas"


def test_percent_is_one_scale():
    with pytest.raises(
        ValueError, match="'y' holds numbers in percent, like '84%', and others, like '0.5'"
    ):
        numerals("y", ["84%"] * 24 + ["0.5"])


def test_names_with_underscores_are_no_numbers():
    assert targets({"k": ["1_1", "1_2", "2_1"] * 5}).task == "multiclass"


@pytest.mark.parametrize(
    "cell",
    [
        "1.5×10-3",
        "1.5x10^-3",
        "1.5 ± 0.2",
        "1.5 (0.2)",
        "5.1*",
        "(0.5)",
        "5-10",
        "€5",
        "10 hr",
        "10 micromolar",
        "greater than 10",
    ],
)
def test_a_number_with_something_to_it_is_no_class(cell):
    cells = [re.sub(r"\d", digit, cell, count=1) for digit in "2467"] * 6
    with pytest.raises(ValueError, match="numbers alone are needed"):
        targets({"y": cells})


def test_half_a_column_of_numbers_is_none_of_classes():
    with pytest.raises(ValueError, match="numbers and other text like 'inactive'"):
        targets({"y": ["5.0", "5.5", "6.0", "6.5", "inactive"] * 6})


@pytest.mark.parametrize(
    ("names", "second"),
    [
        (("Active", "Inactive"), "Active"),
        (("Yes", "no"), "Yes"),
        (("TRUE", "false"), "TRUE"),
        (("+", "-"), "+"),
        (("blocker", "non-blocker"), "blocker"),
        (("soluble", "insoluble"), "soluble"),
        (("A", "b"), "b"),
        (("0", "1"), "1"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_class_that_says_no_comes_first(names, second, turned):
    found = targets({"y": list(reversed(names) if turned else names) * 3})
    assert found.classes[1] == second and f"tables explain {second!r}" in found.stated


def test_numbers_with_commas_are_values_and_no_classes():
    found = targets({"logS": [f"{(i % 20) / 2 - 5:.1f}".replace(".", ",") for i in range(225)]})
    assert found.task == "regression" and found.notes == ("logS: 225 numbers with decimal commas",)
    assert float(found.labels[1]) == -4.5


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            ["10 uM", "30 uM", "100 uM", ">100 uM"] * 5,
            "numbers with a unit like '10 uM'.*remove the unit",
        ),
        ([">10", "<5", "3", ">20"] * 5, "limits like '>10'.*leave such rows out"),
        (
            ["1,5", "2.5", "3.5", "0,1"] * 5,
            "several notations like '1,5'.*write all of them with a decimal point",
        ),
        (["5 mg/mL", "7 mg/mL", "9 mg/mL"] * 5, "numbers with a unit"),
    ],
)
def test_quantities_are_never_classes(cells, message):
    with pytest.raises(ValueError, match=message):
        targets({"y": cells})
    assert targets({"y": cells}, "multiclass").task == "multiclass"


def test_spellings_of_a_class_are_one_class():
    found = targets(
        {"y": ["Active", "active", "ACTIVE ", "inactive", "Inactive", "inactive", "active"]}
    )
    assert found.task == "binary" and found.classes == ("inactive", "active")
    assert found.labels[:, 0].tolist() == [1, 1, 1, 0, 0, 0, 1]
    assert found.notes[0] == "'Active', 'active', 'ACTIVE' are read as one class, 'active'"


def test_a_german_table_trains_as_its_clean_form(tmp_path):
    values = [f"{i / 7:.3f}" for i in range(24)]
    clean = table(
        tmp_path / "clean.csv", [f"{smiles},{y}" for smiles, y in zip(ALKANES, values, strict=True)]
    )
    rows = [f"{smiles};{y.replace('.', ',')};;" for smiles, y in zip(ALKANES, values, strict=True)]
    messy = tmp_path / "messy.csv"
    messy.write_bytes("\r\n".join(["Größe SMILES;y;;", *rows, ";;;"]).encode("cp1252"))
    found, wanted = collect(messy, Layout(), ["y"]), collect(clean, Layout(), ["y"])
    assert found.texts == wanted.texts and found.targets.labels.equal(wanted.targets.labels)
    assert (
        found.summary[1]
        == "read with encoding cp1252 (byte 0xF6 in line 1 is not UTF-8), separator ';'"
    )
    assert "y: 24 numbers with decimal commas" in found.summary


# --------------------------------------------------------------------------------------------------
# --------------- SDF


def block(title=""):
    return f"{title}\n  molxai\n\n  2  1  0  0  0  0            999 V2000\n" + (
        "    0.0000    0.0000    0.0000 C   0  0\n    1.5000    0.0000    0.0000 O   0  0\n"
        "  1  2  1  0\n"
    )


@pytest.mark.parametrize(
    ("data", "fields"),
    [
        ("> <A>\n1\n \n> <B>\n2\n \n", {"A": "1", "B": "2"}),
        (">  <A>  (1)\n1\n\n>  <B>\n2\n3\n\n", {"A": "1", "B": "2\n3"}),
        ("> <C>\npart one\n\npart two\n\n> <D>\n4\n", {"C": "part one\n\npart two", "D": "4"}),
        ("> <A>\n> 10 uM\n\n> <IC50 <nM>>\n7\n\n", {"A": "> 10 uM", "IC50 <nM>": "7"}),
        ("> DT12\n5\n\n> 25 <M.P.>\n9\n\n", {"DT12": "5", "M.P.": "9"}),
        ("> <A>\n7\n\n> <A>\n8\n\n> <>\nlost\n\n> <B>\nkept\n", {"A": "7\n8", "B": "kept"}),
        ("> <empty>\n\n> <B>\n2\n", {"empty": "", "B": "2"}),
        ("> <A>\r\n1\r\n\t\r\n> <B>\r\n2\r\n", {"A": "1", "B": "2"}),
        ("> <A>\n1\n> <B>\n2\n\n", {"A": "1", "B": "2"}),
        ("> <A>\n2\n\n>\n9\n\n> <B>\n3\n", {"A": "2", "B": "3"}),
    ],
)
@pytest.mark.parametrize("end", ["M  END\n", "M END\n", "M  END  \n", ""])
def test_data_items_of_records_in_any_state(data, fields, end):
    (one,) = sdf_records((block("t") + end + data).splitlines(keepends=True))
    assert one.fields == fields and one.title == "t"


def test_ids_and_values_of_a_record_that_cannot_be_read_are_kept(tmp_path):
    broken = block("second").replace("1  2  1", "1  9  1")
    text = (
        f"{block('first')}M  END\n> <y>\n1\n\n$$$$\n{broken}M  END\n> <y>\n2\n\n$$$$\n"
        f"{block()}> <y>\n3\n\n$$$$\n"
    )
    (tmp_path / "t.sdf").write_text(text)
    found = list(entries([str(tmp_path / "t.sdf")]))
    assert [one.id for one in found] == ["first", "second", ""] and [
        one.extras["y"] for one in found
    ] == ["1", "2", "3"]
    assert [bool(one.read().error) for one in found][:2] == [False, True]


@pytest.mark.parametrize("ending", [".sdf", ".sd", ".mol", ".mdl", ".SDF"])
def test_every_ending_of_connection_tables(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    path.write_text(block("ethanol fragment") + "M  END\n")
    (one,) = read_inputs([str(path)])
    assert one.id == "ethanol fragment" and one.subject.graph.nodes == 2


def test_a_record_without_a_title_is_called_by_its_catalogue_number(tmp_path):
    text = "".join(
        f"{block(title)}M  END\n> <Catalog ID>\n{number}\n\n$$$$\n"
        for title, number in (("", "Z1"), ("named", "Z2"))
    )
    (tmp_path / "t.sdf").write_text(text)
    assert [one.id for one in entries([str(tmp_path / "t.sdf")])] == ["Z1", "named"]
    assert [
        one.id for one in entries([str(tmp_path / "t.sdf")], Layout(id_column="Catalog ID"))
    ] == ["Z1", "Z2"]


# --------------------------------------------------------------------------------------------------
# - Excel and Parquet


def test_a_workbook_is_a_table(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("data")
    for row in [
        [],
        ["id", "smiles", "y", None],
        *([id, smiles, float(y), None] for id, smiles, y in MOLECULES),
        [None, None],
    ]:
        sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    assert ids_and_smiles(tmp_path / "t.xlsx") == WANTED
    assert [one.extras["y"] for one in entries([str(tmp_path / "t.xlsx")])] == [
        "1.5",
        "-2.25",
        "1200",
    ]


def test_the_sheet_with_molecules_dates_and_percent(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Info"
    book.active.append(["Exported by", "LIMS"])
    hidden = book.create_sheet("old")
    hidden.sheet_state = "hidden"
    for row in (["smiles"], ["C"]):
        hidden.append(row)
    sheet = book.create_sheet("data")
    sheet.append(["SMILES", "made", "yield"])
    sheet.append(["CCO", datetime.datetime(2024, 1, 2), 0.1])
    sheet["C2"].number_format = "0%"
    book.save(tmp_path / "t.xlsx")
    (one,) = entries([str(tmp_path / "t.xlsx")])
    assert one.text == "CCO" and one.extras == {"made": "2024-01-02", "yield": "10%"}
    assert read_rows(tmp_path / "t.xlsx").notes == ("sheet 'data' of 2",)


def test_binary_text_and_whole_numbers_with_gaps_in_parquet(tmp_path):
    parquet.write_table(
        pa.table({"smiles": [b"CCO", b"CCN"], "id": [1001.0, None]}), tmp_path / "t.parquet"
    )
    assert ids_and_smiles(tmp_path / "t.parquet") == [("1001", "CCO"), ("", "CCN")]


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_workbook_is_one_line(tmp_path, seed):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["smiles"])
    book.active.append(["CCO"])
    book.save(tmp_path / "t.xlsx")
    draw = random.Random(seed)
    content = bytearray((tmp_path / "t.xlsx").read_bytes())
    for _ in range(3):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    (tmp_path / "t.xlsx").write_bytes(
        content[: draw.randrange(10, len(content))] if seed % 3 == 0 else content
    )
    try:
        assert len(list(entries([str(tmp_path / "t.xlsx")]))) <= 1
    except ValueError as error:
        assert "\n" not in str(error)


def test_parquet_keeps_the_types_of_what_it_carries(tmp_path, command):
    table = pa.table(
        {
            "smiles": ["CCO", None, "CCN"],
            "count": pa.array([1, None, 3], pa.int16()),
            "kind": pa.array(["a", "b", None]).dictionary_encode(),
            "flag": [True, None, False],
            "when": pa.array([1, None, 3], pa.timestamp("ns", "UTC")),
            "list": [[1.5], [], None],
        }
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    assert command("explain", "t.parquet", "-o", "out.parquet")[0] == 0
    made = parquet.read_table(tmp_path / "out.parquet")
    for name in ("count", "kind", "flag", "when", "list"):
        assert (
            made[name].type == table[name].type
            and made[name].to_pylist() == table[name].to_pylist()
        )
    for name in ("out.json", "out.csv", "out.sdf"):
        assert command("explain", "t.parquet", "-o", name)[0] == 0
    assert json.loads(Path("out.json").read_text())[0]["count"] == 1


def test_records_in_a_workbook(tmp_path, command):
    openpyxl = pytest.importorskip("openpyxl")
    (tmp_path / "t.csv").write_text("id,smiles,note\n=1+1,CCO,=HYPERLINK(1)\nb,nonsense(,x\n")
    assert command("explain", "t.csv", "-o", "out.xlsx")[0] == 0
    header, *rows = openpyxl.load_workbook("out.xlsx").active.iter_rows()
    values = [dict(zip([cell.value for cell in header], row, strict=True)) for row in rows]
    assert values[0]["id"].value == "=1+1" and values[0]["note"].data_type == "s"
    assert (
        len(json.loads(values[0]["relevance"].value)) == 3 and values[1]["status"].value == "error"
    )


# ---------------------------------------------------------------------------------------------- one
# class for a table


def test_every_row_of_a_table_speaks_of_the_second_class(tmp_path, command):
    rows = [f"m{i},{'C' * (i + 1)}{'N' * (i % 3)}" for i in range(12)]
    table(tmp_path / "t.csv", rows, "id,smiles")
    for name in ("predict", "explain"):
        assert command(name, "t.csv", "-o", "all.json")[0] == 0
        made = json.loads(Path("all.json").read_text())
        assert {one["target"] for one in made} == {"yes"}
        assert all((one["probability"] > 0.5) == (one["prediction"] == "yes") for one in made)
        assert command(name, "t.csv", "--target", "pred", "-o", "own.json")[0] == 0
        own = json.loads(Path("own.json").read_text())
        assert all(one["target"] == one["prediction"] and one["probability"] >= 0.5 for one in own)
        assert command(name, "CCO", "-o", "single.json")[0] == 0
        (single,) = json.loads(Path("single.json").read_text())
        assert single["target"] == single["prediction"]
    assert command("predict", "t.csv", "--target", "no", "-o", "no.json")[0] == 0
    other = json.loads(Path("no.json").read_text())
    assert [one["probability"] for one in other] == pytest.approx(
        [1 - one["probability"] for one in made]
    )


def test_values_are_judged_in_the_notation_of_their_table(tmp_path):
    from graphormer.graphs.molecules import MOLECULES as VOCABULARY
    from graphormer.network.card import Card
    from graphormer.network.model import Config

    card = Card("any", Config("regression", outputs=1), VOCABULARY.name, ("y",), ())
    path = tmp_path / "t.csv"
    path.write_text("smiles;y\nCCO;1,5\nCCN;-0,25\n")
    assert labelled(path, card)[0].labels[:, 0].tolist() == [1.5, -0.25]


def test_an_encoding_is_found_once_for_each_state_of_a_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("smiles,µ\n".encode())
    assert encoding_of(path).name == "utf-8"
    path.write_bytes("smiles,µ2\n".encode("cp1252"))
    assert encoding_of(path).name == "cp1252"
