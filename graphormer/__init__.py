"""The model: graphs in, logits out. Knows nothing of explanations."""
