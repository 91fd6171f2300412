"""SMILES, InChI and mol blocks to RDKit molecules, with each refusal in plain words."""
