"""Tables as users have them: what is read, what is refused, in one line that says what to do."""

import math
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from pyarrow import parquet
from rdkit import Chem

from graphormer.data.labelled_tables import collect, labelled
from graphormer.data.missing import is_missing
from graphormer.data.targets import known_label, targets
from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.model import Config
from graphormer.readers.tables import Layout, read_rows

ALKANES = [f"{'C' * n}O" for n in range(1, 25)]


def table(path: Path, rows, header="smiles,y"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def alcohols(path, label=lambda i: i % 2):
    return table(path, [f"{smiles},{label(i)}" for i, smiles in enumerate(ALKANES)])


def test_the_same_table_in_four_formats(tmp_path):
    rows = [{"smiles": smiles, "y": str(i % 2)} for i, smiles in enumerate(ALKANES)]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    table(tmp_path / "t.tsv", [f"{row['smiles']}\t{row['y']}" for row in rows], "smiles\ty")
    alcohols(tmp_path / "t.csv")
    with Chem.SDWriter(str(tmp_path / "t.sdf")) as writer:
        for row in rows:
            mol = Chem.MolFromSmiles(row["smiles"])
            mol.SetProp("y", row["y"])
            writer.write(mol)
    found = [
        collect(tmp_path / f"t.{kind}", Layout(), ["y"])
        for kind in ("csv", "tsv", "parquet", "sdf")
    ]
    assert all(
        torch.equal(one.targets.labels, found[0].targets.labels) and one.texts == found[0].texts
        for one in found
    )


def test_blanks_around_the_names_of_columns_are_no_part_of_them(tmp_path):
    rows = [{" smiles": smiles, "y ": str(i % 2)} for i, smiles in enumerate(ALKANES)]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    table(tmp_path / "t.csv", [f"{row[' smiles']},{row['y ']}" for row in rows], "smiles , y")
    with Chem.SDWriter(str(tmp_path / "t.sdf")) as writer:
        for row in rows:
            mol = Chem.MolFromSmiles(row[" smiles"])
            mol.SetProp("y ", row["y "])
            writer.write(mol)
    for kind in ("csv", "parquet", "sdf"):
        assert collect(tmp_path / f"t.{kind}", Layout(), ["y"]).targets.names == ("y",)


def test_salts_stay_whole_and_numbers_of_atoms_are_the_users(tmp_path):
    rows = ["CC(=O)[O-].[Na+],0", *(f"{smiles},{i % 2}" for i, smiles in enumerate(ALKANES))]
    assert collect(table(tmp_path / "t.csv", rows), Layout(), ["y"]).graphs[0].nodes == 5


def test_repeated_molecules_are_merged_and_contradictions_dropped(tmp_path):
    rows = [f"{smiles},{i % 2}" for i, smiles in enumerate(ALKANES)] + ["OC,0", "OCC,0", "OC,"]
    found = collect(table(tmp_path / "t.csv", rows), Layout(), ["y"])
    assert found.merged == 2 and found.conflicts == 1
    assert found.texts.count("CO") == 1 and "CCO" not in found.texts
    assert sorted((one.row, one.reason) for one in found.skipped) == [
        (1, "rows of this molecule name different classes"),
        (26, "no label"),
    ]
    assert len(found.graphs) + found.merged + len(found.skipped) == found.count
    said = " ".join(found.summary)
    assert "2 rows repeat a molecule" in said and "1 labels were dropped" in said


def test_repeated_values_are_averaged(tmp_path):
    rows = [f"{smiles},{i / 7}" for i, smiles in enumerate(ALKANES)] + ["OC,3"]
    found = collect(table(tmp_path / "t.csv", rows), Layout(), ["y"])
    assert found.targets.task == "regression" and float(found.targets.labels[0]) == 1.5
    assert (
        found.spread == (3,)
        and "their values were averaged, which differed by up to 3 in 'y'" in found.summary[2]
    )
    two = table(
        tmp_path / "t.csv",
        [f"{smiles},{i},{i * 9}" for i, smiles in enumerate(ALKANES)] + ["OC,,0", "OCC,7,"],
        "smiles,a,b",
    )
    assert collect(two, Layout(), ["a,b"]).spread == (6, 0)


def test_missing_labels_of_one_target_are_kept(tmp_path):
    rows = [f"{smiles},{i % 2},{'' if i % 3 else i % 2}" for i, smiles in enumerate(ALKANES)]
    found = collect(table(tmp_path / "t.csv", rows, "smiles,a,b"), Layout(), ["a,b"])
    assert (
        found.targets.names == ("a", "b")
        and found.targets.labels.isnan().sum() == 16
        and len(found.graphs) == 24
    )


def test_garbage_is_listed_or_stops(tmp_path):
    rows = [f"{'nonsense' if i % 10 == 3 else smiles},{i % 2}" for i, smiles in enumerate(ALKANES)]
    path = table(tmp_path / "t.csv", rows)
    found = collect(path, Layout(), ["y"])
    assert [one.row for one in found.skipped] == [3, 13, 23] and all(
        "cannot read" in one.reason for one in found.skipped
    )
    with pytest.raises(ValueError, match="row 3: RDKit cannot read"):
        collect(path, Layout(), ["y"], strict=True)


@pytest.mark.parametrize(
    ("texts", "kind", "task", "classes"),
    [
        (["0", "1", "1.0", ""], "auto", "binary", ("0", "1")),
        (["no", "yes", "no", "NA"], "auto", "binary", ("no", "yes")),
        (["+", "-", "+", "", "-"], "auto", "binary", ("-", "+")),
        (
            ["none", "mild", "strong", "none", "mild", "strong", "nan"],
            "auto",
            "multiclass",
            ("mild", "none", "strong"),
        ),
        (["a", "b", "c", "a", "b", "c"], "auto", "multiclass", ("a", "b", "c")),
        (["1", "2", "3", "1", "2", "3"], "auto", "regression", ()),
        (["10", "9", "1", "1", "9", "10"], "multiclass", "multiclass", ("1", "9", "10")),
        (["1", "2", "1", "2"], "regression", "regression", ()),
        (["1000002", "1000001", "1000002.0"], "auto", "binary", ("1000001", "1000002")),
        (["0.1000001", "-0", "0", "0.10000010"], "auto", "binary", ("0", "0.1000001")),
    ],
)
def test_the_task_is_found(texts, kind, task, classes):
    found = targets({"y": texts}, kind)
    assert (found.task, found.classes) == (task, classes)
    assert int(found.labels.isnan().sum()) == sum(map(is_missing, texts))


@pytest.mark.parametrize(
    ("texts", "kind", "message"),
    [
        (["", "nan", "None"], "auto", "all 3 labels in 'y' are missing"),
        (["1", "1.0"], "auto", "all labels in 'y' are '1'"),
        (["inf", "1", "2"], "auto", "holds numbers and other text like 'inf'"),
        (
            ["1", "2", "inf", "1e40"],
            "regression",
            "holds 'inf' in row 2, the first of 2 such cells among 4: finite numbers are needed",
        ),
        (
            ["0", "1"] * 9 + ["", "inf"],
            "auto",
            "holds 'inf' in row 19 among 19: .* empty such cells, or name --task multiclass",
        ),
        ([str(i / 3) for i in range(9)] + ["0,5"], "auto", "holds '0,5' in row 9 among 10"),
        (
            ["0", "1"] * 9 + [">10", "#DIV/0!"],
            "classification",
            "holds '>10' in row 18, the first of 2 such cells",
        ),
        (
            [f"name {i}" for i in range(9)],
            "auto",
            "too many for classes; name a column of classes or numbers",
        ),
        (
            [str(i / 3) for i in range(9)],
            "classification",
            "too many for classes; use --task regression",
        ),
        (["0", "1"], "ranking", "task 'ranking'"),
    ],
)
def test_labels_that_make_no_task(texts, kind, message):
    with pytest.raises(ValueError, match=message):
        targets({"y": texts}, kind)


def test_a_dash_among_numbers_is_no_value(tmp_path):
    assert targets({"y": ["1", "2.5", "-", "?", "None", "3"]}).labels.isnan()[:, 0].tolist() == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]
    assert (
        math.isnan(known_label("y", "-", "regression", ()))
        and known_label("y", "-", "binary", ("+", "-")) == 1
    )
    found = collect(
        table(
            tmp_path / "t.csv",
            [f"{smiles},{i / 7}" for i, smiles in enumerate(ALKANES)] + ["OCCOC,-"],
        ),
        Layout(),
        ["y"],
    )
    assert [(one.row, one.reason) for one in found.skipped] == [(24, "no label")] and len(
        found.graphs
    ) == 24


def test_text_among_numbers_can_be_meant():
    assert targets({"y": ["0", "1"] * 9 + ["both"]}, "multiclass").classes == ("0", "1", "both")


def test_a_bad_cell_is_named_by_its_row_in_the_file(tmp_path):
    rows = ["nonsense,0", *(f"{smiles},{i / 7}" for i, smiles in enumerate(ALKANES)), "CCOCC,1e40"]
    with pytest.raises(ValueError, match="'y' holds '1e40' in row 25 among 25"):
        collect(table(tmp_path / "t.csv", rows), Layout(), ["y"])


def test_targets_of_one_model_are_of_one_kind():
    with pytest.raises(ValueError, match="'a' is binary, 'b' is regression"):
        targets({"a": ["0", "1", "0"], "b": ["1", "2", "3"]})
    with pytest.raises(ValueError, match="the same two are needed"):
        targets({"a": ["0", "1"], "b": ["no", "yes"]})


def test_labels_for_a_model_that_knows_its_classes():
    assert [
        known_label("y", text, "binary", ("inactive", "active"))
        for text in ("inactive", "1", "active")
    ] == [0, 1, 1]
    assert (
        known_label("y", "2.0", "multiclass", ("1", "2")) == 1
        and known_label("y", " 2.5 ", "regression", ()) == 2.5
    )
    assert math.isnan(known_label("y", "", "binary", ("inactive", "active")))
    with pytest.raises(ValueError, match="'y' holds 'maybe': inactive or active is needed"):
        known_label("y", "maybe", "binary", ("inactive", "active"))
    with pytest.raises(ValueError, match="'y' holds '1e40': a finite number is needed"):
        known_label("y", "1e40", "regression", ())


def test_rows_that_a_model_cannot_be_judged_on_are_listed_by_their_number_in_the_file(tmp_path):
    card = Card("any", Config("regression", outputs=1), MOLECULES.name, ("y",), ())
    data, skipped = labelled(
        table(tmp_path / "t.csv", ["nonsense,1", "CCO,2", "CCN,many", "CCC,", "CCCC,3"]), card
    )
    assert data.rows == [1, 4] and data.labels[:, 0].tolist() == [2, 3]
    assert [(one.row, one.reason[:16]) for one in skipped] == [
        (0, "RDKit cannot rea"),
        (2, "'y' holds 'many'"),
        (3, "no label"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"smiles,z\nCCO,1\n",
            "no column 'y' in .*t.csv: there are smiles, z; name one with --target-columns",
        ),
        (b"smiles,y,y\nCCO,1,1\n", "several columns named 'y'"),
        (b"smiles,y, y \nCCO,1,1\n", "several columns named 'y'"),
        ("smiles,y\nCCO,1\n".encode("utf-16"), "all labels in 'y' are '1'"),
        (
            b"smiles,y\nCCO,1\nCCN,0\nCCC,1\n",
            "has 3 usable labelled rows of 3: at least 20 are needed",
        ),
        (b"", "is empty"),
        (b"smiles,y\n", "has no rows below its header"),
        (b"smiles,y\nCCO,\nnonsense,\nCCN,NA\n", "all 3 labels in 'y' are missing"),
        (
            b"smiles,y\nnonsense,1\nrubbish,0\n",
            "no row of 2 has a readable molecule; the first: RDKit cannot .*nonsense.*-s/--smiles",
        ),
        (
            b"smiles,y\nnonsense,1\nCCO,\n",
            "no row of 2 has a molecule and a label: 1 have no readable molecule, like row 0, the",
        ),
        (b'smiles,y\n"CCO,1\n', "no row of 1 has a readable molecule"),
    ],
)
def test_tables_that_cannot_be_learnt_from(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        collect(path, Layout(), ["y"])
    assert "\n" not in str(caught.value)


def test_a_row_with_too_many_cells_is_not_guessed(tmp_path):
    rows = [f"{smiles},{i % 2}" for i, smiles in enumerate(ALKANES)] + ["CC,C,1"]
    found = collect(table(tmp_path / "t.csv", rows), Layout(), ["y"])
    assert "3 cells under 2 names" in found.skipped[0].reason


def test_other_files_are_refused_by_name(tmp_path):
    for name in ("t.xlsx", "t.parquet", "t.ods"):
        (tmp_path / name).write_text("x")
        with pytest.raises(
            ValueError, match="no readable Excel workbook|no readable Parquet|files ending in"
        ):
            read_rows(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="check the path"):
        read_rows(tmp_path / "absent.csv")


def test_a_split_column_decides(tmp_path):
    parts = ["Train"] * 16 + ["val"] * 4 + ["test"] * 4
    rows = [
        f"{smiles},{i % 2},{part}"
        for i, (smiles, part) in enumerate(zip(ALKANES, parts, strict=True))
    ]
    found = collect(
        table(tmp_path / "t.csv", rows, "smiles,y,fold"), Layout(), ["y"], split_column="fold"
    ).split("random", 0)
    assert {name: len(part) for name, part in found.items()} == {"train": 16, "valid": 4, "test": 4}
    rows[3] = rows[3].replace("Train", "later")
    with pytest.raises(ValueError, match="row 3: the split column says 'later'"):
        collect(
            table(tmp_path / "t.csv", rows, "smiles,y,fold"), Layout(), ["y"], split_column="fold"
        )


def test_a_molecule_in_several_parts_stays_in_the_last_with_that_parts_labels(tmp_path):
    parts = ["train"] * 16 + ["valid"] * 4 + ["test"] * 4
    rows = [
        f"{smiles},{i / 7},{part}"
        for i, (smiles, part) in enumerate(zip(ALKANES, parts, strict=True))
    ]
    rows += ["OC,9,test", "OC,8,valid", f"O{ALKANES[20][:-1]},1,train", "OCC,3,train"]
    path = table(tmp_path / "t.csv", rows, "smiles,y,fold")
    found = collect(path, Layout(), ["y"], split_column="fold")
    made = found.split("random", 0)
    assert {name: len(part) for name, part in made.items()} == {
        "train": 15,
        "valid": 4,
        "test": 5,
    } and found.merged == 1
    assert [(one.row, one.reason) for one in found.skipped] == [
        (0, "its molecule stands in test, too: left out of train"),
        (25, "its molecule stands in test, too: left out of valid"),
        (26, "its molecule stands in test, too: left out of train"),
    ]
    test = dict(zip(made["test"].texts, made["test"].labels[:, 0].tolist(), strict=True))
    assert test["CO"] == 9 and test[found.texts[found.rows.index(20)]] == pytest.approx(20 / 7)
    assert found.crossing == 3 and "3 rows are left out of train or valid" in " ".join(
        found.summary
    )


def test_a_split_that_leaves_nothing_to_train_on_says_what_to_do(tmp_path):
    found = collect(alcohols(tmp_path / "t.csv"), Layout(), ["y"])
    with pytest.raises(
        ValueError,
        match="0 graphs to train on: .*choose another --split than scaffold; .*rings count as one",
    ):
        found.split("scaffold", 0)
