"""Ufuncs of complex numbers, as machine code, against NumPy: ordinary and special values, dtypes, promotion."""

from typing import Any

import numpy as np
import pytest

import vtrace
from tests.complexes.specials import drawn, grid, kinds, units

DTYPES = [np.complex64, np.complex128]
UNARY = {
    "negative": 0, "positive": 0, "conjugate": 0, "reciprocal": 0, "rint": 0, "sign": 2,
    "exp": 2, "exp2": 2, "expm1": 4, "log": 2, "log2": 2, "log10": 2, "log1p": 64,
    "sqrt": 2, "sin": 2, "cos": 2, "tan": 4, "sinh": 2, "cosh": 2, "tanh": 4,
    "arcsin": 4, "arccos": 4, "arctan": 4, "arcsinh": 4, "arccosh": 4, "arctanh": 4,
}  # fmt: skip
"""Ufunc -> how many units in the last place a result may be from NumPy's, both measured by their sizes."""
PREDICATES = ["isnan", "isinf", "isfinite"]
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
EXTREMA = ["maximum", "minimum", "fmax", "fmin"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_functions(name: str, dtype: Any) -> None:
    ufunc, z = getattr(np, name), np.concatenate([grid(dtype), drawn(dtype)])
    with np.errstate(all="ignore"):
        got, wanted = vtrace.vmap(lambda z: ufunc(z))(z), ufunc(z)
    assert got.dtype == wanted.dtype
    for part in ("real", "imag"):
        wrong = kinds(getattr(got, part)) != kinds(getattr(wanted, part))
        assert not wrong.any(), (part, z[wrong][:5], got[wrong][:5], wanted[wrong][:5])
    finite = np.isfinite(wanted)
    far = units(got[finite], wanted[finite])
    assert far.max() <= UNARY[name], (z[finite][far.argmax()], far.max())
    for part in ("real", "imag"):  # beside an infinity or a NaN
        g, w = getattr(got, part)[~finite], getattr(wanted, part)[~finite]
        known = np.isfinite(w)
        np.testing.assert_allclose(g[known], w[known], rtol=1e-5 if dtype == np.complex64 else 1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sqrt", "log", "power"])
def test_branch_cuts_follow_the_sign_of_zero(name: str, dtype: Any) -> None:
    z = np.array([complex(-2, 0.0), complex(-2, -0.0), complex(-0.0, 0.0), complex(-0.0, -0.0), complex(-np.inf, -0.0)])
    function: Any = {"power": lambda z: z**0.5}.get(name, getattr(np, name))
    with np.errstate(all="ignore"):
        wanted = function(z.astype(dtype))
    got = vtrace.vmap(function)(z.astype(dtype))
    for part in (np.real, np.imag):
        np.testing.assert_array_equal(np.signbit(part(got)), np.signbit(part(wanted)))
        np.testing.assert_allclose(part(got), part(wanted), rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*PREDICATES, "absolute"])
def test_real_answers(name: str, dtype: Any) -> None:
    ufunc, z = getattr(np, name), np.concatenate([grid(dtype), drawn(dtype)])
    with np.errstate(all="ignore"):
        got, wanted = vtrace.vmap(lambda z: ufunc(z))(z), ufunc(z)
    assert got.dtype == wanted.dtype
    if wanted.dtype == bool:
        np.testing.assert_array_equal(got, wanted)
    else:
        np.testing.assert_allclose(got, wanted, rtol=2 * np.finfo(wanted.dtype).eps, atol=0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*COMPARISONS, *EXTREMA, "add", "subtract", "divide"])
def test_of_two(name: str, dtype: Any) -> None:
    """The same bits as NumPy's, but for the sign of a zero."""
    ufunc, special = getattr(np, name), grid(dtype)
    x, y = (a.ravel() for a in np.meshgrid(special[::3], special[::2]))
    x, y = np.concatenate([x, drawn(dtype)]), np.concatenate([y, drawn(dtype, seed=1)])
    with np.errstate(all="ignore"):
        got, wanted = vtrace.vmap(lambda x, y: ufunc(x, y))(x, y), ufunc(x, y)
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(got.real, wanted.real)
    np.testing.assert_array_equal(got.imag, wanted.imag)


@pytest.mark.parametrize("dtype", DTYPES)
def test_products(dtype: Any) -> None:
    """NumPy uses fused operations for arrays, and others for scalars: products that overflow are not compared."""
    x, y = drawn(dtype), drawn(dtype, seed=1)
    assert units(vtrace.vmap(lambda x, y: x * y)(x, y), x * y).max() <= 2
    assert units(vtrace.vmap(np.square)(x), np.square(x)).max() <= 2
    special = grid(dtype)
    special = special[np.abs(special.real) != np.finfo(special.real.dtype).max]
    special = special[np.abs(special.imag) != np.finfo(special.real.dtype).max]
    with np.errstate(all="ignore"):
        got, wanted = vtrace.vmap(np.square)(special), np.square(special)
    np.testing.assert_array_equal(kinds(got.real), kinds(wanted.real))
    np.testing.assert_array_equal(kinds(got.imag), kinds(wanted.imag))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 5, 7, 0.5, -1, -2, -3, 99, 0j, 2.0, 2 + 0j])
def test_integer_powers(exponent: Any, dtype: Any) -> None:
    z = np.concatenate([drawn(dtype, 300) / 4, np.array([0j, 1, -1, 1j], dtype)])
    with np.errstate(all="ignore"):
        got, wanted = vtrace.vmap(lambda z: z**exponent)(z), z**exponent
    assert got.dtype == wanted.dtype
    np.testing.assert_array_equal(kinds(got.real), kinds(wanted.real))
    finite = np.isfinite(wanted) & (np.abs(wanted) > np.finfo(wanted.dtype).tiny)
    assert units(got[finite], wanted[finite]).max() <= 2 + 3 * abs(exponent)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("exponent", [2.5, 1j, 2 + 1j, -0.5, -3.7j, 100])
def test_general_powers(exponent: Any, dtype: Any) -> None:
    """exp(y log(x)): the error grows with the size of the exponent, here as in NumPy."""
    z = drawn(dtype, 500) / 4
    with np.errstate(all="ignore"):
        got = vtrace.vmap(lambda z, y: z**y)(z, np.full(500, exponent, dtype))
        exact = z.astype(np.clongdouble) ** np.clongdouble(dtype(exponent))
        allowed = 4 + 4 * np.abs(exponent * np.log(z.astype(complex)))
    held = np.isfinite(got) & (np.abs(exact) > np.finfo(got.dtype).tiny)
    assert held.sum() > 100
    assert (units(got[held], exact[held]) <= allowed[held]).all()


@pytest.mark.parametrize("exponent", [1j, 2 + 1j, -1, 0.5, 1, np.nan, 0])
def test_powers_of_zero(exponent: Any) -> None:
    z, y = np.array([0j]), np.array([exponent], complex)
    with np.errstate(all="ignore"):
        wanted = np.power(z, y)
    np.testing.assert_array_equal(vtrace.vmap(np.power)(z, y), wanted)


@pytest.mark.parametrize("left", ["bool", "int8", "int32", "uint64", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("right", [np.complex64, np.complex128, 2j, 1.5, 2])
def test_promotion(left: str, right: Any) -> None:
    x = np.array([1, 0, 1]).astype(left)
    y = right if not isinstance(right, type) else right(1 + 2j)
    for ufunc in (np.add, np.multiply, np.true_divide, np.power):
        for swapped in (False, True):

            def f(x: Any, ufunc: Any = ufunc, swapped: bool = swapped) -> Any:
                return ufunc(y, x) if swapped else ufunc(x, y)

            with np.errstate(all="ignore"), vtrace.disable_jit():  # dtypes alone need no machine code
                got, wanted = vtrace.vmap(f)(x), np.stack([f(a) for a in x])
            assert got.dtype == wanted.dtype, (ufunc, swapped)
            np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_what_a_ufunc_returns_is_an_array_of_its_own() -> None:
    def f(x: Any, z: Any) -> Any:
        results = [np.abs(x), np.floor(x), np.positive(x), np.conj(z), np.positive(z), z.astype(complex), z.copy()]
        for result in results:
            result[0] = 9
        return x, z

    x, z = np.arange(4, dtype=np.uint8).reshape(1, 4), np.arange(4).reshape(1, 4) * 1j
    for got, before in zip(vtrace.vmap(f)(x, z), (x, z), strict=True):
        np.testing.assert_array_equal(got, before)
