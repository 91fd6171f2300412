"""One series in five files as people have them: every command reads them as it reads the clean
file."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from rdkit import Chem

from molxai.cli import main

GROUPS = ("", "C", "CC", "F", "Cl", "OC", "C#N", "C(F)(F)F", "N", "O", "Br", "C(=O)O")

SERIES = [
    (f"MX-{number:02d}", smiles, round(0.37 * number - 3.5, 2))
    for number, smiles in enumerate(
        [f"c1ccc({group})cc1C(=O)N" if group else "c1ccccc1C(=O)N" for group in GROUPS]
        + [f"c1ccc({group})cc1C(=O)NC" if group else "c1ccccc1C(=O)NC" for group in GROUPS]
    )
]
"""Id, SMILES and log S of benzamides around one core."""

CORE = "c1ccccc1C(=O)N"


def clean(path, series=SERIES):
    rows = [f"{id},{smiles},{value}" for id, smiles, value in series]
    path.write_text("\n".join(["id,smiles,logS", *rows]) + "\n")


def german_excel(path, series=SERIES):
    """Semicolons, decimal commas, Windows' encoding, empty columns at the end, emptied rows below.
    Semicolons, decimal commas, Windows' encoding, empty columns at the end, emptied rows below."""
    rows = [f"{id};{smiles};{str(value).replace('.', ',')};µM;;" for id, smiles, value in series]
    text = "\r\n".join(["sep=;", "Verbindung Name;SMILES;logS;Größe;;", *rows, ";;;;;", ";;;;;"])
    path.write_bytes(text.replace("Verbindung Name", "Compound Name").encode("cp1252"))


def pandas_with_index(path, series=SERIES):
    """An index without a name, and again from a second round of saving."""
    rows = [
        f"{place},{place},{id},{smiles},{value}" for place, (id, smiles, value) in enumerate(series)
    ]
    path.write_text("\n".join([",Unnamed: 0,compound_id,canonical_smiles,logS", *rows]) + "\n")


def vendor_sdf(path, series=SERIES):
    """Both versions of connection tables, titles left blank, fields of several lines, blanks in
    blank lines, `µ` in Latin-1."""
    records = []
    for place, (id, smiles, value) in enumerate(series):
        block = Chem.MolToMolBlock(Chem.MolFromSmiles(smiles), forceV3000=place % 2 == 1)
        fields = (
            f">  <Catalog ID>  ({place + 1})\n{id}\n \n>  <logS>\n{value}\n\n"
            "> <Comment>\nfirst line\n\nunit <µM>\n> 3 g\n \n"
        )
        records.append(f"{block}{fields}$$$$\n")
    path.write_bytes("".join(records).encode("latin-1"))


def chembl_download(path, series=SERIES):
    """ChEMBL's web page: semicolons, everything quoted, a byte order mark."""
    header = '"Molecule ChEMBL ID";"Molecule Name";"Smiles";"logS"'
    rows = [f'"{id}";"";"{smiles}";"{value}"' for id, smiles, value in series]
    path.write_bytes("\n".join([header, *rows]).encode("utf-8-sig"))


def polars_parquet(path, series=SERIES):
    """Long strings, categories, nulls and numbers that are numbers."""
    categories = pa.array(
        [None if i % 3 == 0 else "ab"[i % 2] for i in range(len(series))], pa.large_string()
    ).dictionary_encode()
    content = {
        "compound_id": pa.array([id for id, _, _ in series], pa.large_string()),
        "SMILES": pa.array([smiles for _, smiles, _ in series], pa.large_string()),
        "logS": pa.array([value for _, _, value in series], pa.float64()),
        "series": categories,
        "count": pa.array([None if i % 4 == 0 else i for i in range(len(series))], pa.int32()),
    }
    parquet.write_table(pa.table(content), path)


MESSY = {
    "german.csv": german_excel,
    "pandas.csv": pandas_with_index,
    "vendor.sdf": vendor_sdf,
    "chembl.csv": chembl_download,
    "polars.parquet": polars_parquet,
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the clean table and a model of it."""
    folder = tmp_path_factory.mktemp("clean")
    clean(folder / "clean.csv")
    assert train(folder / "clean.csv", folder / "model") == 0
    return folder


def train(table, folder):
    return main(
        [
            "train",
            str(table),
            "--target-columns",
            "logS",
            "-o",
            str(folder),
            "--epochs",
            "1",
            "--ensemble",
            "1",
            "--no-tune",
            "-q",
            "--device",
            "cpu",
        ]
    )


def records(table, *options):
    out = table.parent / f"{table.stem}.records.json"
    assert main(["explain", str(table), "-o", str(out), "-q", *options]) == 0
    return json.loads(out.read_text())


@pytest.mark.parametrize("name", MESSY)
def test_a_messy_table_gives_the_numbers_of_the_clean_one(trained, name, tmp_path, capsys):
    table = tmp_path / name
    MESSY[name](table)
    model = ["-m", str(trained / "model")]

    # Training sees the same molecules with the same values.
    assert train(table, tmp_path / "model") == 0
    split = [(tmp_path / "model/split.csv").read_text(), (trained / "model/split.csv").read_text()]
    assert split[0] == split[1]

    # Records say the same of the same ids.
    wanted = records(trained / "clean.csv", *model)
    found = records(table, *model)
    assert [(one["id"], one["status"]) for one in found] == [(id, "ok") for id, _, _ in SERIES]
    for one, other in zip(found, wanted, strict=True):
        assert one["logit"] == pytest.approx(other["logit"], abs=1e-6)
        assert one["relevance"] == pytest.approx(other["relevance"], abs=1e-6)

    # The report, R groups and a matched pair go by the same ids and numbers.
    assert (
        main(
            [
                "report",
                str(table),
                *model,
                "-o",
                str(tmp_path / "r.html"),
                "--methods",
                "lrp",
                "--target-columns",
                "logS",
                "-q",
            ]
        )
        == 0
    )
    page = (tmp_path / "r.html").read_text()
    assert all(id in page for id, _, _ in SERIES)
    tables = []
    for source in (table, trained / "clean.csv"):
        out = tmp_path / f"{source.stem}-groups.json"
        assert main(["fragments", str(source), "--core", CORE, *model, "-o", str(out), "-q"]) == 0
        tables.append(json.loads(out.read_text()))
    assert [row["id"] for row in tables[0]["rows"]] == [row["id"] for row in tables[1]["rows"]]
    for one, other in zip(tables[0]["rows"], tables[1]["rows"], strict=True):
        assert one["core"]["relevance"] == pytest.approx(other["core"]["relevance"], abs=1e-6)
    capsys.readouterr()


@pytest.mark.parametrize("name", MESSY)
def test_a_pair_of_single_rows_is_compared(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    made = []
    for folder, write, ending in (
        ("messy", MESSY[name], Path(name).suffix),
        ("clean", clean, ".csv"),
    ):
        Path(folder).mkdir()
        paths = [f"{folder}/{place}{ending}" for place in (0, 4)]
        for path, place in zip(paths, (0, 4), strict=True):
            write(Path(path), SERIES[place : place + 1])
        assert main(["compare", *paths, "-m", "bace-pic50", "-o", f"{folder}.json"]) == 0
        said = json.loads(Path(f"{folder}.json").read_text())
        texts = [said[side].pop("smiles") for side in "ab"]
        assert [Chem.CanonSmiles(text) for text in texts] == [
            Chem.CanonSmiles(SERIES[place][1]) for place in (0, 4)
        ]
        made.append(said)
    assert made[0] == made[1]
    capsys.readouterr()
