"""How a model is learnt, from a request to a folder with a model."""
