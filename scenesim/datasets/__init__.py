"""Floor 8: writers; they rename, reorder and encode, and compute nothing."""
