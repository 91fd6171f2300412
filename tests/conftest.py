"""Small models and graphs that every test file uses. Shapes in annotations are checked here, and
only here."""

import os

os.environ.setdefault(
    "OMP_NUM_THREADS", "1"
)  # tests share the processors already, and their models are small

from jaxtyping import install_import_hook

hook = install_import_hook(["graphormer", "molxai"], "shape_checks.checked")
hook.__enter__()

from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
import pytest  # noqa: E402
import torch  # noqa: E402

from graphormer.graphs.graph import Graph, GraphBatch, collate  # noqa: E402
from graphormer.graphs.molecules import MOLECULES, molecule  # noqa: E402
from graphormer.graphs.superpixels import SUPERPIXELS, digit  # noqa: E402
from graphormer.network.card import Card  # noqa: E402
from graphormer.network.checkpoint import save  # noqa: E402
from graphormer.network.model import Config, Graphormer  # noqa: E402

ROOT = Path(__file__).parent.parent

SMILES = (
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "C",
    "CC(=O)[O-].[Na+]",
    "N[C@@H](C)C(=O)O",
    "c1ccc2ccccc2c1",
    "F/C=C/Cl",
    "C[Si](C)(C)C#N",
)
"""Ibuprofen, one atom, a salt, a stereocentre, fused rings, a stereo bond, an uncommon element."""

SMALL = Config("binary", outputs=1, width=16, heads=2, layers=2, feedforward=24)

CONFIGS = {
    "bias-free relu": SMALL,
    "biases gelu": replace(SMALL, bias=True, activation="gelu"),
    "biases silu post-norm": replace(SMALL, bias=True, activation="silu", norm="post"),
    "biases tanh mean": replace(SMALL, bias=True, activation="tanh", readout="mean"),
    "output bias three classes": replace(SMALL, task="multiclass", outputs=3, output_bias=True),
    "regression": replace(SMALL, task="regression", output_bias=True, readout="mean"),
}


def random_model(config: Config, seed: int = 0, dtype: torch.dtype = torch.float64) -> Graphormer:
    """A model none of whose parameters is zero, so that every term of the ledger is met."""
    torch.manual_seed(seed)
    model = Graphormer(config, MOLECULES).to(dtype).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model


def graphs(smiles: tuple[str, ...] = SMILES) -> list[Graph]:
    return [molecule(one).graph for one in smiles]


def batch(smiles: tuple[str, ...] = SMILES, dtype: torch.dtype = torch.float64) -> GraphBatch:
    return collate(graphs(smiles)).to(dtype)


def stroke_image() -> np.ndarray:
    """A picture of a vertical stroke with a foot."""
    image = np.zeros((28, 28))
    image[5:22, 13:15] = 1.0
    image[20:22, 9:19] = 0.8
    return image


@pytest.fixture(scope="session")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained binary model."""
    folder = tmp_path_factory.mktemp("model")
    save(
        random_model(SMALL, dtype=torch.float32),
        Card("untrained", SMALL, MOLECULES.name, ("effect",), ("no", "yes")),
        folder,
    )
    return folder


@pytest.fixture(scope="session")
def saved_pair_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained binary model of two endpoints."""
    config, folder = replace(SMALL, outputs=2), tmp_path_factory.mktemp("pair")
    save(
        random_model(config, dtype=torch.float32),
        Card("pair", config, MOLECULES.name, ("first", "second"), ("no", "yes")),
        folder,
    )
    return folder


@pytest.fixture(scope="session")
def saved_digit_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained model of ten digits."""
    torch.manual_seed(0)
    config = replace(SMALL, task="multiclass", outputs=10)
    folder = tmp_path_factory.mktemp("digits")
    card = Card("untrained-digits", config, SUPERPIXELS.name, ("digit",), tuple("0123456789"))
    save(Graphormer(config, SUPERPIXELS).eval(), card, folder)
    return folder


@pytest.fixture
def command(saved_model, capsys, monkeypatch, tmp_path):
    """Run a command with the untrained model in an empty folder: its exit code, and what it wrote
    on both streams."""
    from molxai.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def go(name, *arguments, model=saved_model):
        capsys.readouterr()
        code = main([name, *map(str, arguments), "-m", str(model)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return go


@pytest.fixture(scope="session")
def stroke() -> Graph:
    return digit(stroke_image()).graph
