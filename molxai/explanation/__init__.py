"""One input, one target, one explanation."""
