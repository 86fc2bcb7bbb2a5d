"""Floor 3: what was asked for: scenario files, road networks, their readers."""
