"""Floor 2: instruments, each a frozen spec with pure functions; they know nothing of scenarios."""
