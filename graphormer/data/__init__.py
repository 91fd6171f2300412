"""Labelled graphs: the public data sets, your own tables and pictures, and how they are split."""
