"""Measures linear algebra of many small matrices: the CPU time of NumPy's function divided by that of ours.

    python -m benchmarks.linalg            the table of docs/linalg.md, some minutes
    python -m benchmarks.linalg inv qr     some of its rows

CPU time, as other work on the machine matters less to it. Each figure is the ratio of the shortest of several runs,
which take turns. NumPy uses one thread of its BLAS.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import vtrace
from vtrace.backends.lapack import one_thread

ROWS = (1, 3, 4, 8, 16, 24, 32)
DTYPES = ("float32", "float64", "complex64", "complex128")
RUNS = 5
SECONDS = 0.02
"""About how long NumPy takes for a batch."""


def definite(a: Any) -> Any:
    return a @ np.conj(np.swapaxes(a, 1, 2)) + np.eye(a.shape[-1])


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "inv": (np.linalg.inv, lambda a: a),
    "solve": (lambda a: np.linalg.solve(a, a[..., :1]), lambda a: a),
    "det": (np.linalg.det, lambda a: a / a.shape[-1]),
    "cholesky": (np.linalg.cholesky, definite),
    "qr": (np.linalg.qr, lambda a: a),
    "eigh": (np.linalg.eigh, definite),
    "svd": (np.linalg.svd, lambda a: a),
}
"""The function, and what makes its operand of a matrix with a large diagonal."""


def matrices(count: int, rows: int, dtype: str) -> Any:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(count, rows, rows)) + rows * np.eye(rows)
    return (a + 1j * rng.normal(size=a.shape) if dtype.startswith("c") else a).astype(dtype)


def alone(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """NumPy's function with one thread of the BLAS: where there are more, they spend time waiting for each other."""

    def call(a: Any) -> None:
        with one_thread():
            function(a)

    return call


def spent(function: Callable[[Any], Any], a: Any) -> float:
    start = time.process_time()
    function(a)
    return time.process_time() - start


def ratio(name: str, rows: int, dtype: str) -> float:
    function, prepared = FUNCTIONS[name]
    few = prepared(matrices(100, rows, dtype)).astype(dtype)
    plain = alone(function)
    plain(few)
    count = max(50, int(100 * SECONDS / max(min(spent(plain, few) for _ in range(3)), 1e-6)))
    batch = prepared(matrices(count, rows, dtype)).astype(dtype)
    ours = vtrace.vmap(function)
    ours(batch)
    times = [(spent(plain, batch), spent(ours, batch)) for _ in range(RUNS)]
    theirs, own = (min(column) for column in zip(*times, strict=True))
    return theirs / own


def main() -> None:
    print(f"| function | dtype | {' | '.join(map(str, ROWS))} |")
    print("|---" * (len(ROWS) + 2) + "|")
    for name in sys.argv[1:] or FUNCTIONS:
        for n, dtype in enumerate(DTYPES):
            figures = " | ".join(f"{ratio(name, rows, dtype):.2g}" for rows in ROWS)
            print(f"| {'' if n else f'`{name}`'} | {dtype} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
