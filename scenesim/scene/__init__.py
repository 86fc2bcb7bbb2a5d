"""Floor 5: the world frozen over the interval of one trigger, as flat arrays."""
