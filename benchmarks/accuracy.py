"""Measures the errors of the vector math functions and writes docs/accuracy.md.

The functions run on the NumPy emitter, whose results have the bits of compiled code. float32 is compared with float64
functions, at every STRIDE-th bit pattern; float64 with the 64-bit significands of long double, and erf, which that
lacks, with mpmath.

    python benchmarks/accuracy.py --quick       every 257th float32, two minutes
    python benchmarks/accuracy.py               every float32, many hours
"""

import argparse
import platform
from collections.abc import Iterator
from pathlib import Path

import mpmath
import numpy as np
import numpy.typing as npt
import scipy.special
from tqdm import tqdm

from vtrace.backends.vecmath import FUNCTIONS
from vtrace.backends.vecmath.numpy_emitter import NumpyEmitter

Array = npt.NDArray[np.floating]

BINARY = ("power", "hypot", "arctan2", "fmod")
CHUNK = 1 << 16
EMITTER = NumpyEmitter()


def reference(name: str, *args: Array) -> Array:
    """The function with more bits than the dtype under test has."""
    single = args[0].dtype == np.float32
    if name not in ("erf", "erfc"):
        wide = np.float64 if single else np.longdouble
        return np.asarray(getattr(np, name)(*(a.astype(wide) for a in args)), np.longdouble)
    if single:
        return np.asarray(getattr(scipy.special, name)(args[0].astype(np.float64)), np.longdouble)
    with mpmath.workprec(120):
        exact = [getattr(mpmath, name)(mpmath.mpf(float(x))) for x in np.clip(args[0], -99, 99)]
        return np.array([np.longdouble(float(y)) + np.longdouble(float(y - float(y))) for y in exact])


def errors(got: Array, exact: Array) -> Array:
    """Distances in units in the last place of the exact result; infinite for a wrong special value."""
    form = np.finfo(got.dtype)
    nearest = exact.astype(got.dtype)
    _, exponent = np.frexp(np.where(np.isfinite(exact), exact, 1))
    unit = np.ldexp(np.longdouble(1), np.maximum(exponent - 1, form.minexp) - form.nmant)
    same = (got == nearest) | (np.isnan(got) & np.isnan(nearest))
    special = ~np.isfinite(nearest) | ~np.isfinite(got)
    return np.where(special, np.where(same, 0, np.inf), np.abs(got.astype(np.longdouble) - exact) / unit)


def patterns(stride: int) -> Iterator[tuple[Array, ...]]:
    """Every stride-th float32, in chunks."""
    for start in range(0, 2**32, CHUNK * stride):
        stop = min(start + CHUNK * stride, 2**32)
        yield (np.arange(start, stop, stride, dtype=np.uint64).astype(np.uint32).view(np.float32),)


def random(dtype: type, operands: int, count: int) -> Iterator[tuple[Array, ...]]:
    """Random bit patterns, and normally distributed numbers of four sizes; operands in independent order."""
    rng = np.random.default_rng(0)
    each = min(CHUNK, count) // 6
    for _ in range(0, count, 6 * each):
        columns = []
        for _ in range(operands):
            integer = np.uint32 if dtype is np.float32 else np.uint64
            bits = rng.integers(0, np.iinfo(integer).max, each, integer, endpoint=True).view(dtype)
            usual = [rng.normal(size=each) * scale for scale in (1e-3, 1.0, 10.0, 300.0)]
            near_one = 1 + rng.normal(size=each) * 1e-3
            columns.append(rng.permutation(np.concatenate([bits, *(a.astype(dtype) for a in (*usual, near_one))])))
        yield tuple(columns)


def measure(name: str, chunks: Iterator[tuple[Array, ...]]) -> tuple[float, float, str, int]:
    """The largest error, the share of results that are not correctly rounded, where the largest is, and the count."""
    worst, where, wrong, count = -1.0, "", 0, 0
    for args in chunks:
        got = np.asarray(FUNCTIONS[name](EMITTER, *args))
        exact = reference(name, *args)
        distance = errors(got, exact)
        at = int(np.argmax(distance))
        if distance[at] > worst:
            worst, where = float(distance[at]), ", ".join(str(a[at]) for a in args)
        nearest = exact.astype(got.dtype)
        wrong += int(np.sum((got != nearest) & ~(np.isnan(got) & np.isnan(nearest))))
        count += got.size
    return worst, wrong / count, where, count


def rows(names: list[str], stride: int, count: int) -> Iterator[str]:
    for name in tqdm(names):
        for dtype in (np.float32, np.float64):
            if dtype is np.float32 and name not in BINARY:
                chunks, sampled = patterns(stride), f"every {stride}th bit pattern" if stride > 1 else "all"
            else:
                size = min(count, 20_000) if name in ("erf", "erfc") and dtype is np.float64 else count
                chunks, sampled = random(dtype, 2 if name in BINARY else 1, size), "random"
            worst, wrong, where, done = measure(name, chunks)
            short = np.dtype(dtype).name
            yield f"| {name} | {short} | {worst:.3f} | {100 * wrong:.2f} % | {where} | {sampled}, {done:,} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every 257th float32 instead of all")
    parser.add_argument("--stride", type=int, help="every STRIDE-th float32")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many random operands")
    parser.add_argument("--only", nargs="*", default=list(FUNCTIONS), help="names of functions")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent.parent / "docs" / "accuracy.md")
    options = parser.parse_args()
    stride = options.stride or (257 if options.quick else 1)
    with np.errstate(all="ignore"):
        table = list(rows(options.only, stride, options.count))
    options.output.write_text(
        "# Accuracy of the vector math functions\n\n"
        "Errors are in units in the last place (ULP) of the exact result; 0.5 is a correctly rounded one. Special\n"
        "values (NaN, infinities, signed zeros, subnormals) are NumPy's; `tests/backends/test_vecmath.py` holds them\n"
        "and a limit of 1 ULP at the numbers it looks at; this table looks at more, and tanh goes beyond. The last\n"
        "column says what was measured, which is not a proof for the rest.\n\n"
        f"Written by `benchmarks/accuracy.py`; references by NumPy {np.__version__} on {platform.system()}"
        f" {platform.machine()} (float64 for float32, long double for float64) and mpmath for float64 erf and erfc.\n\n"
        "| function | dtype | largest error | not correctly rounded | at | sampled |\n|---|---|---|---|---|---|\n"
        + "\n".join(table)
        + "\n"
    )


if __name__ == "__main__":
    main()
