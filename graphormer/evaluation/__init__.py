"""How good predictions are, and the bar that a forest on fingerprints sets."""
