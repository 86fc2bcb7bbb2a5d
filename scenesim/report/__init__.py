"""What a dataset holds, for people to look at: a page of statistics and frames, and a log for a viewer in 3D."""
