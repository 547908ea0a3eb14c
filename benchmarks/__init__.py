"""Named workloads, each side by side with NumPy, JAX and Numba. `make bench`, or `python -m benchmarks.run --help`."""
