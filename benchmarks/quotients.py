"""Computes the quotients of polynomials, and the constants, of the gamma functions and the normal quantile.

Prints the text of `vtrace/backends/vecmath/quotients.py`; run
`python -m benchmarks.quotients | ruff format --line-length 120 - > vtrace/backends/vecmath/quotients.py`.
"""

from dataclasses import dataclass

import mpmath
from mpmath import mp, mpf

from benchmarks.minimax import Function, parts, root, rounded


@dataclass(frozen=True)
class Ratio:
    """A quotient of two polynomials for `function` on [low, high]; all coefficients are float64."""

    name: str
    function: Function
    low: mpf
    high: dict[int, mpf]
    degrees: dict[int, tuple[int, int]]
    comment: str
    weight: Function = mpf
    """The error matters in proportion to it."""


def gamma_quotient(t: mpf) -> mpf:
    y = t + mpf("1.75")
    if abs(y - 1) < mpf("1e-12"):
        return mp.euler - mpf("0.5")
    if abs(y - 2) < mpf("1e-12"):
        return mpf("0.5") - mp.euler
    return mpmath.loggamma(y) / ((y - 1) * (y - 2)) - mpf("0.5")


def stirling(z: mpf) -> mpf:
    x = 1 / root(z)
    return (mpmath.loggamma(x) - ((x - mpf("0.5")) * mpmath.log(x) - x + mpmath.log(2 * mpmath.pi) / 2)) * x


DIGAMMA_ROOT = mpmath.findroot(mpmath.digamma, mpf("1.4616321449683623"))


def normal_quantile(p: mpf) -> mpf:
    """The x below 0 with a probability of p below it, by Newton's method with Halley's correction."""
    r = root(-2 * mpmath.log(p))
    x = -r + (mpmath.log(2 * mpmath.pi) + 2 * mpmath.log(r)) / (2 * r) if r > 2 else (p - mpf("0.5")) * mpf("2.5")
    for _ in range(60):
        density = mpmath.exp(-x * x / 2) / root(2 * mpmath.pi)
        step = (mpmath.erfc(-x / root(mpf(2))) / 2 - p) / density
        step /= 1 + x * step / 2
        x -= step
        if abs(step) < abs(x) * mpf(10) ** -50:
            break
    return x


def beyond_normal(centre: int) -> Function:
    """r - x - 5/8 + 3/4 (r - 4) / (r + 4) in (r - centre) / (r + centre), where exp(-r**2 / 2) of a normal distribution
    is beyond x."""

    def function(t: mpf) -> mpf:
        r = centre * (1 + t) / (1 - t)
        return r + normal_quantile(mpmath.exp(-r * r / 2)) - mpf("0.625") + mpf("0.75") * (r - 4) / (r + 4)

    return function


def centred(r: str, centre: int) -> mpf:
    return (mpf(r) - centre) / (mpf(r) + centre)


RATIOS = [
    Ratio(
        "LOG_GAMMA",
        gamma_quotient,
        mpf("-0.75"),
        {4: mpf("0.75"), 8: mpf("0.75")},
        {4: (12, 0), 8: (23, 0)},
        "log(gamma(y)) / ((y - 1) (y - 2)) - 1/2 in t = y - 1.75, for y from 1 to 2.5",
        weight=lambda t: mpf(1),
    ),
    Ratio(
        "STIRLING",
        stirling,
        mpf("1e-12"),
        {4: mpf("0.16"), 8: mpf("0.16")},
        {4: (2, 2), 8: (5, 5)},
        "x times what is left of log(gamma(x)) after Stirling's formula, in z = x**-2, for x from 2.5",
        weight=root,
    ),
    Ratio(
        "DIGAMMA",
        lambda t: mpmath.digamma(t + mpf("1.5")) / (t + mpf("1.5") - DIGAMMA_ROOT) - 1,
        mpf("-0.5"),
        {4: mpf("0.5"), 8: mpf("0.5")},
        {4: (3, 3), 8: (6, 6)},
        "digamma(y) / (y - its root) - 1 in t = y - 1.5, for y from 1 to 2",
        weight=lambda t: mpf(1),
    ),
    Ratio(
        "DIGAMMA_TAIL",
        lambda z: (mpmath.log(1 / root(z)) - mpmath.digamma(1 / root(z)) - root(z) / 2) / z,
        mpf("1e-12"),
        {4: mpf("0.25"), 8: mpf("0.25")},
        {4: (3, 3), 8: (6, 6)},
        "(log(x) - digamma(x) - 1 / (2 x)) x**2 in z = x**-2, for x from 2",
        weight=lambda z: z,
    ),
    Ratio(
        "QUANTILE",
        lambda t: -normal_quantile(mpf("0.5") - root(t + mpf("0.0625"))) / root(t + mpf("0.0625")) - mpf("2.5"),
        mpf("1e-20") - mpf("0.0625"),
        {4: mpf("0.0605"), 8: mpf("0.0605")},
        {4: (10, 0), 8: (21, 0)},
        "x / q - 5/2 in t = q**2 - 1/16, where 1/2 + q of a normal distribution is below x, for q up to 0.35",
        weight=lambda t: mpf(1),
    ),
    Ratio(
        "QUANTILE_TAIL",
        beyond_normal(4),
        centred("1.94", 4),
        {4: centred("14.5", 4), 8: centred("6.01", 4)},
        {4: (13, 0), 8: (19, 0)},
        "r - x - 5/8 + 3/4 t in t = (r - 4) / (r + 4), r from 1.94, where exp(-r**2 / 2) of a normal is beyond x",
        weight=lambda t: mpf(1),
    ),
    Ratio(
        "QUANTILE_FAR",
        beyond_normal(16),
        centred("5.99", 16),
        {8: centred("38.7", 16)},
        {8: (8, 8)},
        "the same in (r - 16) / (r + 16), for r from 6",
        weight=lambda t: mpf(1),
    ),
]


def quotient(ratio: Ratio, size: int) -> tuple[list[mpf], list[mpf]]:
    """Both polynomials, highest power first, by least squares that are weighted anew by the denominator found."""
    (above, below), high = ratio.degrees[size], ratio.high[size]
    count = 3 * (above + below + 1)
    nodes = [mpmath.cos(mpmath.pi * (k + mpf(1) / 2) / count) for k in range(count)]
    points = [ratio.low + (high - ratio.low) * (node + 1) / 2 for node in nodes]
    values = [ratio.function(t) for t in points]
    bottom = [mpf(1)]
    for _ in range(3):
        scales = [ratio.weight(t) / mpmath.polyval(bottom, t) for t in points]
        rows = [
            [s * t**k for k in range(above + 1)] + [-s * v * t**k for k in range(1, below + 1)]
            for s, t, v in zip(scales, points, values, strict=True)
        ]
        wanted = mpmath.matrix([s * v for s, v in zip(scales, values, strict=True)])
        solution, _ = mpmath.qr_solve(mpmath.matrix(rows), wanted)
        top, bottom = list(solution[: above + 1])[::-1], [*list(solution[above + 1 :])[::-1], mpf(1)]
    return top, bottom


SPLITS = [
    ("PI", mpmath.pi, 2),
    ("LOG_PI", mpmath.log(mpmath.pi), 2),
    ("ROOT_HALF", root(mpf(1) / 2), 2),
    ("LOG_ROOT_TWO_PI_LESS_HALF", mpmath.log(2 * mpmath.pi) / 2 - mpf(1) / 2, 2),
    ("DIGAMMA_ROOT", DIGAMMA_ROOT, 2),
]


def main() -> None:
    print('"""Numerators and denominators, highest power first, by item size, and constants as sums of float64s.')
    print('\nGenerated by `benchmarks/quotients.py`; do not edit.\n"""\n')
    for name, value, count in SPLITS:
        print(f"{name} = {tuple(parts(+value, 8, count))}")
    for ratio in RATIOS:
        print(f"\n# {ratio.comment}")
        fits = {size: quotient(ratio, size) for size in ratio.degrees}
        names = ("_TOP", "_BOTTOM") if ratio.degrees[8][1] else ("",)
        for part, suffix in enumerate(names):
            rows = {size: tuple(rounded(c, 8) for c in fits[size][part]) for size in fits}
            print(f"{ratio.name}{suffix} = {{{', '.join(f'{size}: {row}' for size, row in rows.items())}}}")


if __name__ == "__main__":
    main()
