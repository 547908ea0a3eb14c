"""What vtrace is to reach on an H200, next to what was measured there in the same run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

VTRACE, COPY, CUPY, JAX, TORCH = "vtrace", "device copy", "CuPy", "JAX", "PyTorch"
COMPILE = "a first call, all compiled"


@dataclass(frozen=True)
class Times:
    """Of several calls, in seconds."""

    median: float
    least: float


Row = Mapping[str, Times]
"""The times of one workload, by contestant: those that were measured."""


@dataclass(frozen=True)
class Bar:
    """A limit for the median, and how it is found; None where what it needs was not measured."""

    text: str
    limit: Callable[[Row], float | None]

    def verdict(self, row: Row) -> str:
        """Whether it is met, and by how much."""
        limit = self.limit(row)
        if limit is None or VTRACE not in row:
            return f"{self.text}: not measured"
        part = row[VTRACE].median / limit
        return f"{self.text}: {'met' if part <= 1 else 'MISSED'}, {part:.2f} of it"


def _seconds(limit: float) -> Callable[[Row], float | None]:
    return lambda row: limit


def _of(contestant: str, factor: float) -> Callable[[Row], float | None]:
    """The median of a contestant, times a factor."""
    return lambda row: row[contestant].median * factor if contestant in row else None


def _of_best_peer(factor: float) -> Callable[[Row], float | None]:
    def limit(row: Row) -> float | None:
        peers = [row[name].median for name in (CUPY, JAX, TORCH) if name in row]
        return min(peers) * factor if peers else None

    return limit


BARS = {
    "x + 1, 2^28": Bar("95 % of a device copy", _of(COPY, 1 / 0.95)),
    # a copy writes as much as it reads, the product reads only
    "row dot, 200k x 1024": Bar("90 % of the copy's bandwidth", _of(COPY, 0.5 / 0.9)),
    "Black-Scholes, 1e8": Bar("1.05 of the best peer", _of_best_peer(1.05)),
    "Mandelbrot, 4096^2": Bar("10 times JAX", _of(JAX, 1 / 10)),
    "Runge-Kutta, 1e6 x 1000 steps": Bar("5 times JAX", _of(JAX, 1 / 5)),
    # as many bytes are read and written as by a copy
    "3 x 3 inverse, 1e7": Bar("1.3 of its bytes, copied", _of(COPY, 1.3)),
    "matmul, 8192 x 1024 x 1024": Bar("1.03 of PyTorch", _of(TORCH, 1.03)),
    "a small call": Bar("15 us", _seconds(15e-6)),
    COMPILE: Bar("60 ms", _seconds(60e-3)),
}
"""By workload."""
