"""Two threads for everybody. Import this before anything that makes a thread pool."""

import os

THREADS = 2

for _name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VTRACE"):
    os.environ[f"{_name}_NUM_THREADS"] = str(THREADS)
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")
if hasattr(os, "sched_setaffinity"):
    # XLA takes the number of its threads from here
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
