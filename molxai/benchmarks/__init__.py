"""Studies that take minutes or hours: speed, faithfulness, and attribution against a known truth."""
