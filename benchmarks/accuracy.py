"""Measures the errors of the vector math functions, and NumPy's or SciPy's, and writes docs/accuracy.md.

float32 is compared with our own float64 function, whose error is below 2**-27 units of a float32; float64 with the
64-bit significands of long double, and with mpmath where there is no such function. How far long double itself is from
mpmath is measured on some of the points.

    python -m benchmarks.accuracy                      every 257th float32, 1,000,000 float64: some minutes
    python -m benchmarks.accuracy --stride 1 --skip float64      every float32, a minute each

Rows that are not measured stay as they are in docs/accuracy.md.
"""

import argparse
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import scipy
import scipy.special
from tqdm import tqdm

import vtrace

Array = npt.NDArray[np.floating]

UNARY = [
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "arcsin",
    "arccos",
    "arctan",
    "cbrt",
    "erf",
    "erfc",
    "gammaln",
    "digamma",
    "ndtri",
    "erfinv",
    "erfcinv",
]
BINARY = ["arctan2", "power", "hypot", "fmod"]
CHUNK = 1 << 16
PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
HARD = {
    name: [6381956970095103.0 * 2.0**797, 5.319372648326541e255, 1.6e22, 2.0**1023, 2.0**22, np.pi, 3 * np.pi / 2, 1e7]
    for name in ("sin", "cos", "tan")
} | {
    "gammaln": [1 - 2.0**-53, 1 + 2.0**-52, 2 - 2.0**-52, 2 + 2.0**-51, 0.75, 2.5],
    "digamma": [1.4616321449683622, 1.4616321449683625, 1 - 2.0**-53],
    "log": [1 - 2.0**-53, 1 + 2.0**-52],
}
"""float64s that are close to zeros of the function, or where the way of computing it changes."""


def library(name: str) -> np.ufunc:
    """NumPy's or SciPy's function."""
    function: np.ufunc = getattr(np, name, None) or getattr(scipy.special, name)
    return function


def normal_quantile(p: mpmath.mpf) -> mpmath.mpf:
    """By Newton's method from SciPy's."""
    tail = min(p, 1 - p)
    x = mpmath.mpf(float(scipy.special.ndtri(float(tail))))
    for _ in range(3):
        density = mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)
        step = (mpmath.erfc(-x / mpmath.sqrt(mpmath.mpf(2))) / 2 - tail) / density
        x -= step / (1 + x * step / 2)
    return x if p < 0.5 else -x


SLOW: dict[str, Callable[[mpmath.mpf], mpmath.mpf]] = {
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "gammaln": lambda x: mpmath.re(mpmath.loggamma(x)),
    "digamma": mpmath.digamma,
    "ndtri": normal_quantile,
    "erfinv": mpmath.erfinv,
    "erfcinv": lambda y: -normal_quantile(y / 2) / mpmath.sqrt(mpmath.mpf(2)),
}
"""What long double has not."""
RANGES = {
    "gammaln": (2.0**-70, 1e300),
    "digamma": (2.0**-70, 1e300),
    "ndtri": (1e-300, 1.0),
    "erfinv": (-1.0, 1.0),
    "erfcinv": (1e-300, 2.0),
}
"""Where these are measured in float64."""


def exact(function: Callable[..., mpmath.mpf], *args: Array) -> Array:
    """By mpmath, as long doubles."""
    with mpmath.workprec(150):
        values = [function(*(mpmath.mpf(float(x)) for x in point)) for point in zip(*args, strict=True)]
        return np.array([np.longdouble(float(y)) + np.longdouble(float(y - mpmath.mpf(float(y)))) for y in values])


def errors(got: Array, reference: Array) -> Array:
    """Distances in units in the last place of the exact result; infinite for a wrong special value.

    In plain NumPy, so that it can be compiled as well.
    """
    form = np.finfo(got.dtype)
    nearest = reference.astype(got.dtype)
    if reference.dtype == np.float64:  # the exponent by its bits, which is many times faster
        unit = (reference.view(np.int64) & 0x7FF0000000000000).view(np.float64) * 2.0**-form.nmant
    else:
        _, exponent = np.frexp(np.where(np.isfinite(reference), reference, 1))
        unit = np.ldexp(np.longdouble(1), exponent - 1 - form.nmant)
    unit = np.maximum(unit, reference.dtype.type(2) ** (form.minexp - form.nmant))
    distance = np.abs(got - reference) / unit
    special = ~np.isfinite(distance) | ~np.isfinite(nearest)
    same = (got == nearest) | (np.isnan(got) & np.isnan(nearest))
    return np.where(special, np.where(same, 0, np.inf), distance)


def summary(got: Array, reference: Array) -> tuple[Any, Any, Any]:
    """The largest error, where it is, and how many results are not the nearest ones."""
    distance = errors(got, reference)
    return np.max(distance), np.argmax(distance), np.sum(distance > 0.5)


compiled_summary = vtrace.jit(summary)
"""It takes a tenth of the time. On the first chunk of each function it is compared with NumPy's."""


def patterns(stride: int) -> Iterator[tuple[Array, ...]]:
    """Every stride-th float32, in chunks."""
    for start in range(0, 2**32, CHUNK * stride):
        stop = min(start + CHUNK * stride, 2**32)
        yield (np.arange(start, stop, stride, dtype=np.uint64).astype(np.uint32).view(np.float32),)


def random(dtype: type, name: str, count: int) -> Iterator[tuple[Array, ...]]:
    """Random bit patterns, and normally distributed numbers of four sizes; operands in independent order."""
    rng = np.random.default_rng(0)
    each = min(CHUNK, count) // 6
    for first in range(0, count, 6 * each):
        columns = []
        for _ in range(2 if name in BINARY else 1):
            integer = np.uint32 if dtype is np.float32 else np.uint64
            bits: Array = rng.integers(0, np.iinfo(integer).max, each, integer, endpoint=True).view(dtype)
            usual = [rng.normal(size=each) * scale for scale in (1e-3, 1.0, 10.0, 300.0)]
            near_one = 1 + rng.normal(size=each) * 1e-3
            column = rng.permutation(np.concatenate([bits, *(a.astype(dtype) for a in (*usual, near_one))]))
            columns.append(column)
        if name in SLOW and dtype is np.float64:
            low, high = RANGES.get(name, (-99.0, 99.0))
            columns = [c[(c >= low) & (c <= high)] for c in columns]
        if first == 0 and dtype is np.float64 and name in HARD:
            columns = [np.concatenate([columns[0], HARD[name]])]
        yield tuple(columns)


def reference(name: str, *args: Array) -> Array:
    """The function of float64s with more bits."""
    if name in SLOW:
        return exact(SLOW[name], *args)
    return np.asarray(library(name)(*(a.astype(np.longdouble) for a in args)))


class Worst:
    """The largest error so far and where it was, and how many results are not the nearest ones."""

    def __init__(self) -> None:
        self.error, self.where, self.wrong, self.count = -1.0, "", 0, 0

    def add(self, args: tuple[Array, ...], got: Array, wanted: Array) -> None:
        fast = wanted.dtype == np.float64 and got.dtype == np.float32
        found = (compiled_summary if fast else summary)(got, wanted)
        if fast and self.count == 0:
            assert tuple(map(float, found)) == tuple(map(float, summary(got, wanted)))
        largest, at, wrong = found
        if largest > self.error:
            self.error, self.where = float(largest), ", ".join(str(a[int(at)]) for a in args)
        self.wrong += int(wrong)
        self.count += got.size


def measure(name: str, dtype: type, chunks: Iterator[tuple[Array, ...]], sampled: str) -> str:
    """A row of the table."""
    function = library(name)
    single = dtype is np.float32
    if single:
        compiled = vtrace.vmap(lambda *x: (function(*x), function(*(a.astype(np.float64) for a in x))))
    else:
        compiled = vtrace.vmap(lambda *x: function(*x))
    ours, theirs = Worst(), Worst()
    for args in chunks:
        results: Any = compiled(*args) if single else (compiled(*args), reference(name, *args))
        got, wanted = results
        ours.add(args, got, wanted)
        theirs.add(args, function(*args), wanted)
    share = 100 * ours.wrong / ours.count
    other = f"{theirs.error:.3g}" if np.isfinite(theirs.error) else "wrong value"
    return (
        f"| {name} | {np.dtype(dtype).name} | {ours.error:.3f} | {share:.2f} % | {ours.where} | {other} |"
        f" {sampled}, {ours.count:,} |"
    )


def rows(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """The names of functions and dtypes that are asked for, with their rows."""
    for name in tqdm(options.only):
        for dtype in (np.float32, np.float64):
            if np.dtype(dtype).name in options.skip:
                continue
            if dtype is np.float32 and name not in BINARY:
                chunks = patterns(options.stride)
                sampled = f"every {options.stride}th float32" if options.stride > 1 else "every float32"
            else:
                slow = name in SLOW and dtype is np.float64
                chunks = random(dtype, name, min(options.count, 40_000) if slow else options.count)
                sampled = "against mpmath" if slow else "random"
            yield f"| {name} | {np.dtype(dtype).name} |", measure(name, dtype, chunks, sampled)


def long_double_errors() -> float:
    """The largest distance of a long double reference from mpmath, in units of a float64, on 100 points of each."""
    named = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"}
    own: dict[str, Callable[[mpmath.mpf], mpmath.mpf]] = {
        "exp2": lambda x: mpmath.mpf(2) ** x,
        "log2": lambda x: mpmath.log(x) / mpmath.log(2),
        "arctanh": mpmath.atanh,
    }
    worst = 0.0
    for name in UNARY:
        if name in SLOW:
            continue
        (x,) = next(random(np.float64, name, 600))
        wanted = library(name)(x.astype(np.longdouble))
        usual = np.isfinite(wanted) & (np.abs(wanted) > 1e-290) & (np.abs(wanted) < 1e290)
        function = own.get(name) or getattr(mpmath, named.get(name, name))
        if name == "cbrt":
            x, usual = np.abs(x), usual & (x > 0)
        with mpmath.workprec(1200):
            true = [function(mpmath.mpf(float(v))) for v in x[usual][:100]]
            rest = [float(t - mpmath.mpf(float(w))) for t, w in zip(true, wanted[usual][:100], strict=True)]
        low = (wanted[usual][:100] - wanted[usual][:100].astype(np.float64)).astype(np.float64)
        gaps = np.abs(np.array(rest) - low) / np.spacing(np.abs(wanted[usual][:100].astype(np.float64)))
        worst = max(worst, float(gaps.max()))
    return worst


def text(table: list[str], long_double: float) -> str:
    return (
        "# Accuracy of the vector math functions\n\n"
        "Errors are in units in the last place (ULP) of the exact result; 0.5 is a correctly rounded one. Special\n"
        "values (NaN, infinities, signed zeros, subnormals) are NumPy's; `tests/backends/test_vecmath.py` holds them,\n"
        "and the exact results that people look for, such as cos(pi) and 10.0**-1. NumPy's column is the error of\n"
        "NumPy's function on the same points, or of SciPy's where NumPy has none; *wrong value* says that it gives\n"
        "infinity or NaN where there is a result, or the other way around. The last column says what was measured,\n"
        "which is a proof where it is every float32.\n\n"
        "float64 gammaln and digamma are measured for positive numbers. For negative ones they are sums with zeros\n"
        "between the poles; near those it is the absolute error that is small, as it is in SciPy. For comparison, JAX\n"
        "publishes for float64 on CPUs: sinh 496 ULP, exp2 719, erfc 350.\n\n"
        f"Written by `benchmarks/accuracy.py` with NumPy {np.__version__} and SciPy {scipy.__version__} on"
        f" {platform.system()} {platform.machine()}.\nThe reference for float32 is our float64 function; for float64,"
        f" long double, which is within {long_double:.4f} ULP\nof mpmath on 100 points of each function, or mpmath"
        " itself.\n\n"
        "| function | dtype | largest error | not the nearest | at | NumPy's error | sampled |\n"
        "|---|---|---|---|---|---|---|\n" + "\n".join(table) + "\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stride", type=int, default=257, help="every STRIDE-th float32")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many random operands")
    parser.add_argument("--only", nargs="*", default=[*UNARY, *BINARY], help="names of functions")
    parser.add_argument("--skip", nargs="*", default=[], help="float32 or float64")
    options = parser.parse_args()
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and line.count("|") == 8]
    known = {"|".join(line.split("|")[:3]) + "|": line for line in lines}
    with np.errstate(all="ignore"):
        known |= dict(rows(options))
        long_double = long_double_errors()
    order = [f"| {name} | {dtype} |" for name in [*UNARY, *BINARY] for dtype in ("float32", "float64")]
    PAGE.write_text(text([known[key] for key in order if key in known], long_double))


if __name__ == "__main__":
    main()
