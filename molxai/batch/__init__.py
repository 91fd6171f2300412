"""Rows in, records out, in any number."""
