"""Several threads explain with one model, as the workbench does: each gets what one alone gets."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from conftest import CONFIGS, batch, random_model

from molxai.explanation.methods import EXPLAINERS

THREADS = 6

RANDOM_METHODS = ["shap", "random", "gnn-explainer"]
"""Methods that draw random numbers."""

DRUGS = (
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "c1ccc2ccccc2c1",
    "CC(=O)Oc1ccccc1C(=O)O",
    "CCOC(=O)c1ccccc1",
)


@pytest.fixture(scope="module")
def model():
    return random_model(CONFIGS["regression"])


def relevances(method, model, smiles):
    return [explanation.relevance for explanation in EXPLAINERS[method](model, batch(smiles))]


@pytest.mark.parametrize("method", RANDOM_METHODS)
def test_threads_do_not_share_random_numbers(model, method):
    alone = {smiles: relevances(method, model, (smiles,)) for smiles in DRUGS}
    asked = DRUGS * THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        together = pool.map(lambda smiles: relevances(method, model, (smiles,)), asked)
        for smiles, relevance in zip(asked, together, strict=True):
            torch.testing.assert_close(relevance, alone[smiles], rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", RANDOM_METHODS)
def test_the_seed_of_the_process_decides_nothing_and_stays(model, method):
    torch.manual_seed(1)
    first = relevances(method, model, DRUGS[:1])
    state = torch.random.get_rng_state()
    torch.manual_seed(2)
    before = torch.random.get_rng_state()
    torch.testing.assert_close(relevances(method, model, DRUGS[:1]), first, rtol=0, atol=0)
    assert torch.equal(torch.random.get_rng_state(), before) and not torch.equal(state, before)


def test_a_model_that_threads_share_keeps_its_own_parameters(model):
    before = dict(model.named_parameters())
    asked = DRUGS * THREADS
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda smiles: relevances("gnn-explainer", model, (smiles,)), asked))
    for name, parameter in model.named_parameters():
        assert parameter is before[name]
        assert isinstance(parameter, torch.nn.Parameter) and parameter.grad is None
