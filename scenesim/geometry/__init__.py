"""Floor 1: meshes, curves, boxes."""
