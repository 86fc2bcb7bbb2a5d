"""Floor 4: what moves, and along what: roads, routes, behaviours, the timeline."""
