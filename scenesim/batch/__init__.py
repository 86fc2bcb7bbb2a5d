"""Many scenarios, many processes: a recipe becomes a plan of shards, and the shards a dataset that survives what happens."""
