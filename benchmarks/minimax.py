"""Computes the polynomial coefficients and split constants of the vector math functions.

Prints the text of `vtrace/backends/vecmath/coefficients.py`. Each polynomial is a Chebyshev fit in high precision of
what is left of a function once its leading terms, which the code adds exactly, are taken away; its degree is the
smallest one that meets the stated error. Run `python benchmarks/minimax.py | ruff format - > .../coefficients.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import mpmath
import numpy as np
from mpmath import mp, mpf

mp.dps = 60

Function = Callable[[mpf], mpf]
DTYPES = {4: np.float32, 8: np.float64}


@dataclass(frozen=True)
class Fit:
    """A polynomial called `name` for `function` on [low, high], to an absolute error of 2**-bits for each item size."""

    name: str
    function: Function
    low: mpf
    high: mpf
    bits: dict[int, int]
    comment: str
    weight: Function | None = None
    """Where given, the error matters in proportion to it, and the fit is by weighted least squares."""


def series(closed: Function, terms: Callable[[int], mpf], first: int, count: int = 40) -> Function:
    """`closed`, except near 0, where it cancels: there the power series whose term k has coefficient `terms(k)`."""

    def function(x: mpf) -> mpf:
        if abs(x) < mpf("1e-3"):
            return mpmath.fsum(terms(k) * x ** (k - first) for k in range(first, count))
        return closed(x)

    return function


def root(x: mpf) -> mpf:
    return mpmath.sqrt(x)


def arcsin_term(k: int) -> mpf:
    return mpmath.binomial(2 * k, k) / (mpf(4) ** k * (2 * k + 1))


def erfc_scaled(t: mpf) -> mpf:
    x = 4 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mpmath.exp(x * x) * mpmath.erfc(x)


SQRT2 = root(mpf(2))
S_MAX = ((SQRT2 - 1) / (SQRT2 + 1)) ** 2 * mpf("1.0001")
ERF_SPLIT, ERF_CENTRE = mpf("0.921875"), mpf(2)

FITS = [
    Fit(
        "EXP",
        series(lambda r: (mpmath.exp(r) - 1 - r) / r**2, lambda k: 1 / mpmath.factorial(k), 2),
        -mpmath.log(2) / 2 * mpf("1.0001"),
        mpmath.log(2) / 2 * mpf("1.0001"),
        {4: 26, 8: 55},
        "(exp(r) - 1 - r) / r**2",
    ),
    Fit(
        "LOG",
        series(lambda z: (mpmath.atanh(root(z)) / root(z) - 1 - z / 3) / z**2 * 2, lambda k: mpf(2) / (2 * k + 1), 2),
        mpf(0),
        S_MAX,
        {4: 18, 8: 49},
        "(log((1 + s) / (1 - s)) - 2 s - 2/3 s**3) / s**5 in z = s**2",
    ),
    Fit(
        "LOG_LONG",
        series(lambda z: (mpmath.atanh(root(z)) / root(z) - 1 - z / 3) / z**2, lambda k: mpf(1) / (2 * k + 1), 2),
        mpf(0),
        S_MAX,
        {4: 32, 8: 58},
        "half of LOG, with the precision that power needs; the first entry serves float32 power, computed in float64",
    ),
    Fit(
        "LOG_DIRECT",
        lambda f: (mpmath.log(1 + f) - f) / f**2,
        root(mpf(1) / 2) - 1 - mpf("1e-5"),
        SQRT2 - 1 + mpf("1e-5"),
        {4: 25},
        "(log(1 + f) - f) / f**2",
    ),
    Fit(
        "EXP2",
        lambda r: (mpf(2) ** r - 1) / r if r else mpmath.log(2),
        -mpf("0.5001"),
        mpf("0.5001"),
        {4: 26, 8: 56},
        "(2**r - 1) / r",
    ),
    Fit(
        "TANH",
        lambda z: (mpmath.tanh(root(z)) - root(z)) / root(z) ** 3,
        mpf(0),
        mpf("0.83"),
        {4: 27},
        "(tanh(x) - x) / x**3 in z = x**2, for x up to 0.91",
    ),
    Fit(
        "SIN",
        series(
            lambda z: (mpmath.sin(root(z)) - root(z)) / root(z) ** 3,
            lambda k: mpf(-1) ** k / mpmath.factorial(2 * k + 1),
            1,
        ),
        mpf(0),
        (mpmath.pi / 4) ** 2 * mpf("1.01"),
        {4: 27, 8: 57},
        "(sin(r) - r) / r**3 in z = r**2",
        weight=lambda z: z,
    ),
    Fit(
        "COS",
        series(lambda z: (mpmath.cos(root(z)) - 1 + z / 2) / z**2, lambda k: mpf(-1) ** k / mpmath.factorial(2 * k), 2),
        mpf(0),
        (mpmath.pi / 4) ** 2 * mpf("1.01"),
        {4: 27, 8: 57},
        "(cos(r) - 1 + r**2 / 2) / r**4 in z = r**2",
        weight=lambda z: z**2,
    ),
    Fit(
        "SINH",
        series(lambda z: (mpmath.sinh(root(z)) - root(z)) / root(z) ** 3, lambda k: 1 / mpmath.factorial(2 * k + 1), 1),
        mpf(0),
        mpf(1),
        {4: 27, 8: 56},
        "(sinh(x) - x) / x**3 in z = x**2, for x up to 1",
    ),
    Fit(
        "ARCTAN",
        series(lambda z: (mpmath.atan(root(z)) - root(z)) / root(z) ** 3, lambda k: mpf(-1) ** k / (2 * k + 1), 1),
        mpf(0),
        (SQRT2 - 1) ** 2 * mpf("1.001"),
        {4: 25, 8: 55},
        "(arctan(t) - t) / t**3 in z = t**2, for t up to tan(pi / 8)",
    ),
    Fit(
        "ARCSIN",
        series(lambda z: (mpmath.asin(root(z)) - root(z)) / root(z) ** 3, arcsin_term, 1),
        mpf(0),
        mpf(1) / 4,
        {4: 25, 8: 55},
        "(arcsin(x) - x) / x**3 in z = x**2, for x up to 1/2",
    ),
    Fit(
        "CBRT",
        lambda m: m ** (-mpf(1) / 3),
        SQRT2 / 16 * mpf("0.9999"),
        SQRT2 / 2 * mpf("1.0001"),
        {4: 6, 8: 14},
        "m**(-1/3) for m from sqrt(2) / 16 to sqrt(2) / 2, the start of Newton's iteration",
    ),
    Fit(
        "ERF",
        series(
            lambda z: mpmath.erf(root(z)) / root(z) - 1,
            lambda k: 2 / mpmath.sqrt(mpmath.pi) * mpf(-1) ** k / (mpmath.factorial(k) * (2 * k + 1)) - (k == 0),
            0,
        ),
        mpf(0),
        ERF_SPLIT**2,
        {4: 28, 8: 57},
        "erf(x) / x - 1 in z = x**2, for x up to 0.921875",
    ),
    Fit(
        "ERF_TAIL",
        lambda t: mpmath.exp((t + ERF_CENTRE) ** 2) * mpmath.erfc(t + ERF_CENTRE),
        ERF_SPLIT - ERF_CENTRE,
        6 - ERF_CENTRE,
        {8: 57},
        "(1 - erf(x)) exp(x**2) in t = x - 2, for x from 0.921875 to 6",
        weight=lambda t: mpmath.exp(-((t + ERF_CENTRE) ** 2)),
    ),
    Fit(
        "ERFC_LOG2",
        lambda t: mpmath.log(mpmath.erfc(t + 1), 2),
        ERF_SPLIT - 1,
        mpf(3),
        {4: 29},
        "log2(1 - erf(x)) in t = x - 1, for x from 0.921875 to 4",
        weight=lambda t: mpmath.erfc(t + 1),
    ),
    Fit(
        "ERFC",
        erfc_scaled,
        mpf("-3.351") / mpf("4.649"),
        mpf("24.001") / mpf("32.001"),
        {4: 30, 8: 56},
        "(1 + 2 x) exp(x**2) erfc(x) in t = (x - 4) / (x + 4), for x from 0.65 to 28",
    ),
]


WIDE = ("LOG_LONG", "ERFC")
"""Those whose coefficients for float32 are float64 too."""


def fitted(fit: Fit, bits: int) -> list[mpf]:
    """The coefficients, highest power first, of the lowest degree that is good to 2**-bits."""
    for count in range(1, 40):
        if fit.weight is None:
            coefficients, error = mpmath.chebyfit(fit.function, [fit.low, fit.high], count, error=True)
        else:
            coefficients, error = least_squares(fit, fit.weight, count)
        if error < mpf(2) ** -bits:
            return list(coefficients)
    raise ValueError(f"no polynomial for {fit.name} reaches 2**-{bits}")


def least_squares(fit: Fit, weight: Function, count: int) -> tuple[list[mpf], mpf]:
    """The coefficients that minimise the weighted squares at Chebyshev nodes, and the largest weighted error there."""
    nodes = [mpmath.cos(mpmath.pi * (k + mpf(1) / 2) / (4 * count)) for k in range(4 * count)]
    points = [fit.low + (fit.high - fit.low) * (node + 1) / 2 for node in nodes]
    weights = [weight(x) for x in points]
    matrix = mpmath.matrix(
        [[w * x ** (count - 1 - k) for k in range(count)] for w, x in zip(weights, points, strict=True)]
    )
    wanted = mpmath.matrix([w * fit.function(x) for w, x in zip(weights, points, strict=True)])
    solution, _ = mpmath.qr_solve(matrix, wanted)
    return list(solution), max(abs(e) for e in matrix * solution - wanted)


def rounded(x: mpf, size: int) -> float:
    """x rounded to the float of `size` bytes, as a float64."""
    if size == 8:
        return float(x)
    exponent = math.frexp(float(x))[1]
    return float(mpmath.nint(mpmath.ldexp(x, 24 - exponent)) * mpf(2) ** (exponent - 24))


def parts(x: mpf, size: int, count: int) -> list[float]:
    """x as an unevaluated sum of `count` floats."""
    result = []
    for _ in range(count):
        result.append(rounded(x, size))
        x -= mpf(result[-1])
    return result


SPLITS = [
    ("LN2", mpmath.log(2), 3),
    ("LOG2_E", 1 / mpmath.log(2), 2),
    ("LOG10_E", 1 / mpmath.log(10), 2),
    ("LOG10_2", mpmath.log(2) / mpmath.log(10), 3),
    ("HALF_PI", mpmath.pi / 2, 4),
    ("TWO_OVER_PI", 2 / mpmath.pi, 2),
    ("QUARTER_PI", mpmath.pi / 4, 2),
]


def stepwise(x: mpf, size: int, middle: int) -> list[float]:
    """x as a sum of three floats, of which the second has `middle` bits only."""
    first = rounded(x, size)
    rest = x - mpf(first)
    exponent = math.frexp(float(rest))[1]
    second = float(mpmath.nint(mpmath.ldexp(rest, middle - exponent)) * mpf(2) ** (exponent - middle))
    return [first, second, rounded(rest - mpf(second), size)]


STEPS = {4: 14, 8: 31}
"""Bits of the second part of pi/2; this many fewer than a float has are left for the multiple of pi/2."""


def limbs(x: Callable[[], mpf], count: int) -> list[int]:
    """The first bits of x < 1 after the point, 32 at a time."""
    with mpmath.workprec(32 * count + 64):
        bits = int(mpmath.floor(x() * mpf(2) ** (32 * count)))
    return [bits >> 32 * (count - 1 - k) & 0xFFFFFFFF for k in range(count)]


def main() -> None:
    print('"""Polynomial coefficients, highest power first, and constants split into sums of floats, by item size.')
    print('\nGenerated by `benchmarks/minimax.py`; do not edit.\n"""\n')
    for name, value, count in SPLITS:
        print(f"{name} = {{{', '.join(f'{size}: {tuple(parts(value, size, count))}' for size in DTYPES)}}}")
    steps = ", ".join(f"{size}: {tuple(stepwise(mpmath.pi / 2, size, bits))}" for size, bits in STEPS.items())
    print(f"\n# HALF_PI with a short second part\nHALF_PI_STEPS = {{{steps}}}")
    print("\n# The bits of 2 / pi after the point, 32 at a time.")
    bits = limbs(lambda: 2 / +mpmath.pi, 38)
    print("# fmt: off\nTWO_OVER_PI_BITS = (")
    for k in range(0, len(bits), 8):
        print("    " + ", ".join(map(str, bits[k : k + 8])) + ",")
    print(")\n# fmt: on")
    for fit in FITS:
        print(f"\n# {fit.comment}")
        rows = {
            size: tuple(rounded(c, 8 if fit.name in WIDE else size) for c in fitted(fit, bits))
            for size, bits in fit.bits.items()
        }
        print(f"{fit.name} = {{{', '.join(f'{size}: {row}' for size, row in rows.items())}}}")


if __name__ == "__main__":
    main()
