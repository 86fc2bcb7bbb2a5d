"""How far simulated sweeps are from real ones: measures of sets of sweeps, bands that real sensors keep, a classifier."""
