"""What the kernels are measured with; `python -m tools.bench raycast`."""
