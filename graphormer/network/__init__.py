"""Graphs in, logits out, and the file that a model is kept in."""
