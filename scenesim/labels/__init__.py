"""Floor 7: names for what was seen, from the same hits."""
