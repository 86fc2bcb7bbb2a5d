"""Floor 0: frames, keys, errors, taxonomy; knows nothing of the rest."""
