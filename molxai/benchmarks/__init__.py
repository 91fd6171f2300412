"""Studies that take minutes or hours: speed, faithfulness, attribution against a known truth."""
