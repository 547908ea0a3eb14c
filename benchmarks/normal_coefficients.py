"""Computes the polynomial coefficients of the primitive `uniform_to_normal`.

With w = -log(1 - u * u), the normal number of u is u * g(w). g is fitted in w - 2.5 for w up to 5, and in sqrt(w) - 4
(float64) or sqrt(w) - 3 (float32) beyond, by Chebyshev's series; the logarithm too. Run
`python -m benchmarks.normal_coefficients`.
"""

from collections.abc import Callable

import mpmath
from mpmath import mp, mpf

mp.dps = 50

SPLIT = 5
"""The value of w at which the two polynomials meet."""


def slope(w: mpf) -> mpf:
    """sqrt(2) * erfinv(u) / u where w = -log(1 - u * u)."""
    if w < mpf(10) ** -40:
        return mpmath.sqrt(mpmath.pi / 2)
    u = mpmath.sqrt(-mpmath.expm1(-w))
    rest = mpmath.exp(-w) / (1 + u)  # 1 - u
    x = mpmath.erfinv(u) if w < 20 else mpmath.sqrt(w - mpmath.log(mpmath.pi * w) / 2)
    for _ in range(8):  # Newton's steps for log(erfc(x)), which is nearly a parabola
        value = mpmath.erfc(x)
        x += mpmath.log(value / rest) * value * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(x * x)
    return mpmath.sqrt(2) * x / u


def arctanh_rest(z: mpf) -> mpf:
    """(log((1 + s) / (1 - s)) - 2 s) / s**3 in z = s**2."""
    if z < mpf("1e-6"):
        return mpmath.fsum(mpf(2) / (2 * k + 3) * z**k for k in range(12))
    s = mpmath.sqrt(z)
    return (2 * mpmath.atanh(s) - 2 * s) / s**3


def log_slope(f: mpf) -> mpf:
    """log(1 + f) / f."""
    return mpmath.log1p(f) / f if f else mpf(1)


ROOT = mpmath.sqrt(mpf(2))
FITS: list[tuple[str, Callable[[mpf], mpf], mpf, mpf, int]] = [
    ("LOG[4]", log_slope, 1 / ROOT - 1, ROOT - 1, 9),
    ("LOG[8]", arctanh_rest, mpf(0), ((ROOT - 1) / (ROOT + 1)) ** 2, 7),
    ("CENTRE[4]", lambda t: slope(t + mpf("2.5")), mpf("-2.5"), mpf("2.5"), 10),
    ("CENTRE[8]", lambda t: slope(t + mpf("2.5")), mpf("-2.5"), mpf("2.5"), 23),
    ("TAIL[4]", lambda t: slope((t + 3) ** 2), mpmath.sqrt(SPLIT) - 3, mpf("4.1") - 3, 10),
    ("TAIL[8]", lambda t: slope((t + 4) ** 2), mpmath.sqrt(SPLIT) - 4, mpf("6.1") - 4, 33),
]
"""Name, function, range, and number of coefficients."""


def main() -> None:
    for name, function, low, high, count in FITS:
        coefficients, error = mpmath.chebyfit(function, [low, high], count, error=True)
        print(f"# {name}: error 2**{float(mpmath.log(error, 2)):.1f}")
        print(f"({', '.join(mpmath.nstr(c, 17 if '8' in name else 9) for c in coefficients)})")


if __name__ == "__main__":
    main()
