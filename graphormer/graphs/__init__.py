"""What the network reads: molecules, digits and PyG graphs as one kind of value."""
