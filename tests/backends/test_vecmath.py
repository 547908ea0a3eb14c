"""The vector math functions on the NumPy emitter: error bounds, special values, landmarks. No compiler is involved."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import scipy.special

from vtrace.backends.vecmath import FUNCTIONS
from vtrace.backends.vecmath.numpy_emitter import NumpyEmitter
from vtrace.ir.types import Array

EMITTER = NumpyEmitter()
UNARY = [name for name in FUNCTIONS if name not in ("power", "hypot", "arctan2", "fmod")]
BINARY = ["power", "hypot", "arctan2", "fmod"]
EXACT = {
    "erf": mpmath.erf,
    "erfc": mpmath.erfc,
    "gammaln": lambda x: mpmath.re(mpmath.loggamma(x)),
    "digamma": mpmath.digamma,
    "ndtri": lambda p: mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1),
    "erfinv": mpmath.erfinv,
    "erfcinv": lambda y: mpmath.erfinv(1 - y),
}
"""Those that NumPy does not have."""
DOMAINS = {
    "erf": (-99.0, 99.0),
    "erfc": (-99.0, 99.0),
    "gammaln": (1e-20, 1e300),
    "digamma": (1e-20, 1e300),
    "ndtri": (1e-15, 1.0),
    "erfinv": (-1.0, 1.0),
    "erfcinv": (1e-15, 2.0),
}
"""Where these are tested in float64."""
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e30, -1e30, np.inf, -np.inf, np.nan]
LIMIT = 1.0
"""In units in the last place; what the documentation promises."""
LIMITS = {("gammaln", 8): 2.0, ("digamma", 8): 2.0, ("ndtri", 8): 1.25, ("erfcinv", 8): 1.25}
"""The same where it is not that good, by item size."""


def compute(name: str, *args: Array) -> Array:
    return np.asarray(FUNCTIONS[name](EMITTER, *args))


def reference(name: str, *args: Array) -> Array:
    """The function with more bits than the float that is tested."""
    wide = np.float64 if args[0].dtype == np.float32 else np.longdouble
    with np.errstate(all="ignore"), mpmath.workprec(120):
        if name not in EXACT:
            return np.asarray(getattr(np, name)(*(a.astype(wide) for a in args)), np.longdouble)
        if wide is np.float64:
            return np.asarray(getattr(scipy.special, name)(args[0].astype(wide)), np.longdouble)
        exact = [EXACT[name](mpmath.mpf(float(x))) for x in args[0]]
        return np.array([np.longdouble(float(y)) + np.longdouble(float(y - mpmath.mpf(float(y)))) for y in exact])


def errors(got: Array, exact: Array) -> Array:
    """Distances in units in the last place; huge where a special value or the sign of a zero is wrong."""
    form = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        nearest = exact.astype(got.dtype)
        _, exponent = np.frexp(np.where(np.isfinite(exact), exact, 1))
        unit = np.ldexp(np.longdouble(1), np.maximum(exponent - 1, form.minexp) - form.nmant)
        distance = np.abs(got.astype(np.longdouble) - exact) / unit
    same = (got == nearest) | (np.isnan(got) & np.isnan(nearest))
    special = ~np.isfinite(nearest) | ~np.isfinite(got)
    distance = np.where(special, np.where(same, 0.0, 1e9), distance)
    return np.asarray(np.where((got == 0) & (nearest == 0) & (np.signbit(got) != np.signbit(nearest)), 1e9, distance))


def check(name: str, *args: Array) -> None:
    got = compute(name, *args)
    assert got.dtype == args[0].dtype
    distance = errors(got, reference(name, *args))
    worst = int(np.argmax(distance))
    found = ", ".join(repr(a[worst]) for a in args)
    assert distance[worst] <= LIMITS.get((name, got.dtype.itemsize), LIMIT), (
        f"{name}({found}) = {got[worst]!r} is off by {distance[worst]} ulp"
    )


def spread(dtype: type, count: int, seed: int) -> Array:
    """Numbers of all sizes: random bit patterns, and more where functions do interesting things."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2 ** (8 * np.dtype(dtype).itemsize) - 1, count, dtype=np.uint64)
    patterns = bits.astype(np.uint32).view(np.float32) if dtype is np.float32 else bits.view(np.float64)
    usual = [rng.normal(size=count) * scale for scale in (0.01, 1.0, 10.0, 300.0)]
    near_one = 1 + rng.normal(size=count) * 1e-3
    multiples = np.pi / 2 * rng.integers(-1000, 1000, count)
    return np.concatenate([patterns, *(a.astype(dtype) for a in (*usual, near_one, multiples))])


@pytest.mark.parametrize("name", UNARY)
def test_float32_over_all_magnitudes(name: str) -> None:
    check(name, np.arange(0, 2**32, 40961, dtype=np.uint64).astype(np.uint32).view(np.float32))
    check(name, spread(np.float32, 3000, seed=1))


@pytest.mark.parametrize("name", UNARY)
def test_float64_over_all_magnitudes(name: str) -> None:
    if name not in EXACT:
        check(name, spread(np.float64, 3000, seed=2))
        return
    x, (low, high) = spread(np.float64, 300, seed=2), DOMAINS[name]
    check(name, x[(x >= low) & (x <= high)])


@pytest.mark.parametrize(("name", "seam"), [("ndtri", 0.15), ("ndtri", 0.85), ("erfinv", 0.7), ("erfcinv", 0.3)])
def test_quantiles_where_their_pieces_meet(name: str, seam: float) -> None:
    """There the errors are the largest."""
    rng = np.random.default_rng(6)
    check(name, seam + 0.1 * rng.uniform(-1, 1, 1000))
    check(name, seam * (1 + 1e-14 * rng.uniform(-1, 1, 100)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BINARY)
def test_two_operands_over_all_magnitudes(name: str, dtype: type) -> None:
    x, y = spread(dtype, 2000, seed=3), np.random.default_rng(5).permutation(spread(dtype, 2000, seed=4))
    check(name, x, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_special_values_are_numpys(name: str, dtype: type) -> None:
    tiny, least = np.finfo(dtype).tiny, np.finfo(dtype).smallest_subnormal
    values = np.array([*SPECIAL, tiny, -tiny, least, -least, np.finfo(dtype).max, -np.finfo(dtype).max], dtype)
    if name in EXACT and dtype is np.float64:
        values = values[np.abs(values) != least]  # of which SciPy says that gammaln is infinite
        with np.errstate(all="ignore"):
            wanted = getattr(scipy.special, name)(values)
        np.testing.assert_allclose(compute(name, values), wanted, rtol=1e-14, atol=1e-15)
        return
    grid = np.meshgrid(values, values) if name in BINARY else [values]
    check(name, *(np.ravel(g) for g in grid))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_that_users_expect_to_be_exact(dtype: type) -> None:
    last = int(np.log10(np.finfo(dtype).max))
    tens = np.array([float(f"1e{k}") for k in range(-last + 1, last + 1)], dtype)
    np.testing.assert_array_equal(compute("log10", tens), np.arange(-last + 1, last + 1))
    least, most = np.finfo(dtype).minexp - np.finfo(dtype).nmant, np.finfo(dtype).maxexp
    exponents = np.arange(least, most).astype(dtype)
    powers = np.ldexp(dtype(1), np.arange(least, most))
    np.testing.assert_array_equal(compute("exp2", exponents), powers)
    np.testing.assert_array_equal(compute("log2", powers), exponents)
    one = np.array([1.0], dtype)
    assert compute("exp", 0 * one)[0] == 1.0
    assert compute("power", 10 * one, -one)[0] == dtype(0.1)
    assert compute("cos", np.array([np.pi], dtype))[0] == -1.0
    assert compute("arctan2", one, -one)[0] == dtype(3 * np.pi / 4)
    assert compute("arcsin", one)[0] == dtype(np.pi / 2)
    integers = np.arange(1, 100).astype(dtype)
    np.testing.assert_array_equal(compute("power", integers, 2 * one), integers**2)
    np.testing.assert_array_equal(compute("cbrt", integers**3), integers)
    np.testing.assert_array_equal(compute("hypot", 3 * integers, 4 * integers), 5 * integers)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_landmarks(dtype: type) -> None:
    def at(name: str, *args: float) -> Array:
        return np.asarray(compute(name, *(np.array([a], dtype) for a in args))[0])

    zeros = ("sin", "tan", "arcsin", "arctan", "sinh", "tanh", "arcsinh", "arctanh", "expm1", "log1p", "erf", "cbrt")
    for name in zeros:
        assert at(name, 0.0) == 0
        assert np.signbit(at(name, -0.0))
    for name, x in (
        ("log", 1.0),
        ("arccos", 1.0),
        ("arccosh", 1.0),
        ("gammaln", 1.0),
        ("gammaln", 2.0),
        ("ndtri", 0.5),
    ):
        assert at(name, x) == 0
    for name in ("exp", "cos", "cosh", "erfc", "exp2"):
        assert at(name, 0.0) == 1
    for quarters in range(1, 400, 2):
        assert abs(at("sin", dtype(quarters * (np.pi / 2)))) == 1
        assert abs(at("cos", dtype((quarters - 1) * (np.pi / 2)))) == 1
    assert at("sin", dtype(np.pi)) == dtype(np.sin(np.float64(dtype(np.pi))))
    assert at("arccos", -1.0) == dtype(np.pi)
    assert at("arctan2", 1.0, 1.0) == dtype(np.pi / 4)
    assert at("log10", 1000.0) == 3
    assert at("log2", 8.0) == 3
    assert at("power", 2.0, 0.5) == dtype(np.sqrt(2))
    assert at("power", 9.0, 0.5) == 3
    assert at("gammaln", 3.0) == dtype(np.log(2))
    for k in range(-100, 100):
        assert at("power", 2.0, k) == dtype(2.0) ** k
    around = np.array([np.nextafter(dtype(n * np.pi / 2), dtype(s)) for n in range(40) for s in (-np.inf, np.inf)])
    assert np.abs(compute("sin", around)).max() <= 1
    assert np.abs(compute("cos", around)).max() <= 1


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_numbers_closest_to_multiples_of_half_pi(name: str) -> None:
    check(
        name,
        np.array(
            [
                6381956970095103.0 * 2.0**797,
                5.319372648326541e255,
                1.6e22,
                2.0**1023,
                2.0**36,
                2.0**22,
                1.5 * 2.0**22,
                6291457.0,
            ]
        ),
    )
    check(
        name, np.array([16367173.0 * 2.0**72, 2.0**16, 65537.0, 3.4e38, 1e22, 5.8735794e12, 1536.0, 1537.0], np.float32)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_emulated_fma_is_rounded_once(dtype: type) -> None:
    rng = np.random.default_rng(6)
    x, y = (np.ldexp(rng.normal(size=1000), rng.integers(-60, 60, 1000)).astype(dtype) for _ in range(2))
    z = (-x * y * (1 + rng.integers(-4, 5, 1000) * np.finfo(dtype).eps)).astype(dtype)
    got = EMITTER.fma(x, y, z)
    # Python rounds rationals correctly to float64; to float32 they are compared by distance.
    for a, b, c, d in zip(x, y, z, np.asarray(got), strict=True):
        exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
        gap = Fraction(float(np.spacing(np.abs(d))))
        assert abs(exact - Fraction(float(d))) * 2 <= gap
