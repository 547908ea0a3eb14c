"""All workloads by name."""

from benchmarks.divergent import DIVERGENT
from benchmarks.workloads import PLAIN

WORKLOADS = {w.name: w for w in (*PLAIN, *DIVERGENT)}
