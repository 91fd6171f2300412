"""Several threads explain with one model, as the workbench does: each gets what it gets alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from conftest import CONFIGS, batch, random_model

from molxai.explanation.methods import EXPLAINERS

THREADS = 6

WITH_CHANCE = ["shap", "random", "gnn-explainer"]
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
    return [one.relevance for one in EXPLAINERS[method](model, batch(smiles))]


@pytest.mark.parametrize("method", WITH_CHANCE)
def test_threads_do_not_share_random_numbers(model, method):
    alone = [relevances(method, model, (one,)) for one in DRUGS]
    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(lambda smiles: relevances(method, model, (smiles,)), DRUGS * THREADS))
    for place, one in enumerate(made):
        torch.testing.assert_close(one, alone[place % len(DRUGS)], rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", WITH_CHANCE)
def test_the_seed_of_the_process_decides_nothing_and_stays(model, method):
    torch.manual_seed(1)
    first = relevances(method, model, DRUGS[:1])
    state = torch.random.get_rng_state()
    torch.manual_seed(2)
    before = torch.random.get_rng_state()
    torch.testing.assert_close(relevances(method, model, DRUGS[:1]), first, rtol=0, atol=0)
    assert torch.equal(torch.random.get_rng_state(), before) and not torch.equal(state, before)


def test_a_model_that_threads_share_keeps_its_own_parameters(model):
    own = dict(model.named_parameters())
    with ThreadPoolExecutor(THREADS) as pool:
        list(
            pool.map(lambda smiles: relevances("gnn-explainer", model, (smiles,)), DRUGS * THREADS)
        )
    assert all(parameter is own[name] for name, parameter in model.named_parameters())
    assert all(
        isinstance(parameter, torch.nn.Parameter) and parameter.grad is None
        for parameter in model.parameters()
    )
