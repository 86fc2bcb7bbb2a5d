"""Floor 2: things, made from recipes in assets/; they know nothing of scenarios."""
