"""What a small table cannot teach: descriptors, and the votes of a forest."""
