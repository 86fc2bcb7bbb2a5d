"""Floor 0: numba over spans of flat arrays; SI units, the local frame, no checks."""
