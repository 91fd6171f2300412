"""A model is trained once, and what is in its folder is checked before it is used again."""

from dataclasses import replace

import pytest
import torch
from conftest import SMALL, random_model

from graphormer.graphs.molecules import MOLECULES
from graphormer.network.card import Card
from graphormer.network.checkpoint import save
from graphormer.training.recipe import Recipe
from graphormer.training.reuse import load_or_train

RECIPE = Recipe(epochs=1)


@pytest.fixture
def train(tmp_path):
    """Save a model in place of training one, and count how often."""

    def run():
        run.calls += 1
        training = {"recipe": RECIPE.to_dict(), "data": "alcohols"}
        card = Card("small", SMALL, MOLECULES.name, ("effect",), ("no", "yes"), training=training)
        save(random_model(SMALL, dtype=torch.float32), card, tmp_path)

    run.calls = 0
    return run


def test_a_model_is_trained_unless_it_is_there(tmp_path, train):
    training = {"recipe": RECIPE.to_dict()}
    trained, _ = load_or_train(tmp_path, "small", train, training, SMALL)
    loaded, card = load_or_train(tmp_path, "small", train, training, SMALL)
    assert train.calls == 1
    assert card.name == "small"
    assert torch.equal(trained.head.weight, loaded.head.weight)


@pytest.mark.parametrize(
    ("training", "config", "difference"),
    [
        ({"recipe": replace(RECIPE, seed=1).to_dict()}, SMALL, "another recipe:"),
        ({"data": "acids", "split": "random"}, None, "another data, split:"),
        ({}, replace(SMALL, width=32), "another configuration:"),
    ],
)
def test_another_model_in_the_folder_is_refused(tmp_path, train, training, config, difference):
    train()
    with pytest.raises(ValueError, match=difference):
        load_or_train(tmp_path, "small", train, training, config)
