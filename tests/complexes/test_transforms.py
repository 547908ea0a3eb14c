"""Complex numbers through vmap, jit, loops, closures, nested maps and out=; how they are shown; what cannot be."""

from typing import Any

import numpy as np
import pytest
from scipy import special

import vtrace
from tests.complexes.oracle import check, numbers
from vtrace import lax, random

Z = numbers(np.complex64, 5, 4)


def test_arguments_are_views() -> None:
    """Strided, reversed, foreign-endian and read-only arrays, lists and Python numbers."""
    f = vtrace.vmap(lambda z: z * 1j)
    wide = numbers(complex, 6, 8)
    frozen = wide.copy()
    frozen.flags.writeable = False
    for z in (wide, wide[::2], wide[:, ::2], wide.T, wide[::-1, ::-1], wide.astype(">c16"), frozen, wide[:0]):
        np.testing.assert_array_equal(f(z), z * 1j)
    np.testing.assert_array_equal(f([1j, 2]), [-1, 2j])
    assert vtrace.jit(lambda z: z + 1)(2j) == 1 + 2j
    assert vtrace.jit(lambda z, x: z * x)(2j, np.float32(1)).dtype == np.complex64


def test_axes_chunks_and_out() -> None:
    f = vtrace.vmap(lambda z, w: (z * w, np.abs(z)), in_axes=(1, None), out_axes=(1, 0))
    w = numbers(np.complex64, 5, seed=1)
    product, size = f(Z, w)
    np.testing.assert_allclose(product, Z * w[:, None], rtol=1e-6)
    np.testing.assert_allclose(size, np.abs(Z.T), rtol=1e-6)
    g = vtrace.vmap(lambda z: z * 2, chunk_size=2)
    np.testing.assert_array_equal(g(Z), Z * 2)
    out = np.zeros_like(Z)
    assert vtrace.vmap(lambda z: z * 2)(Z, out=out) is out
    np.testing.assert_array_equal(out, Z * 2)


def test_results_of_every_structure() -> None:
    got = vtrace.vmap(lambda z: {"z": z, "parts": [z.real, z.imag], "one": 1j, "same": z})(Z)
    np.testing.assert_array_equal(got["z"], Z)
    np.testing.assert_array_equal(got["parts"][1], Z.imag)
    np.testing.assert_array_equal(got["one"], np.full(5, 1j))
    got["same"][0] = 0
    assert Z[0, 0] != 0
    assert got["z"][0, 0] != 0


def test_constants_and_closures() -> None:
    weights = numbers(np.complex64, 3, 4, seed=2)
    check(lambda z: weights @ z + weights[0, 0], Z)
    inner = lambda z: vtrace.vmap(lambda w: np.vdot(w, z))(weights)  # noqa: E731
    np.testing.assert_allclose(vtrace.vmap(inner)(Z), Z @ weights.conj().T, rtol=1e-5)


def test_nested_maps() -> None:
    product = vtrace.vmap(vtrace.vmap(lambda a, b: a * np.conj(b), in_axes=(None, 0)), in_axes=(0, None))
    np.testing.assert_allclose(product(Z[:, 0], Z[0]), np.multiply.outer(Z[:, 0], Z[0].conj()), rtol=1e-6)


def escape(c: Any) -> Any:
    """How many steps z ** 2 + c stays near 0: the numbers of each example differ."""
    step = lambda s: (s[0] * s[0] + c, s[1] + 1)  # noqa: E731
    return lax.while_loop(lambda s: (np.abs(s[0]) < 2) & (s[1] < 30), step, (np.zeros_like(c), 0))


@pytest.mark.parametrize("layout", [None, "batch", "inner"])
def test_loops(layout: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if layout:
        monkeypatch.setenv("VTRACE_LAYOUT", layout)
    z = numbers(complex, 11, 4) / 2
    check(escape, z[:, 0])
    check(lambda z: lax.fori_loop(0, 5, lambda i, w: w * 1j + z[i % 4], z), z)
    check(lambda z: lax.scan(lambda c, x: (c * x, (c, x.imag)), 1 + 0j, z)[1], z)
    check(lambda z: lax.cond(z[0].real > 0, lambda w: w * 2, lambda w: w.conj(), z), z)
    if layout:
        return
    check(lambda z: lax.switch(np.sum(z.real > 0) % 2, [lambda w: w.imag * 1j, lambda w: w**2], z), z)
    check(lambda z: lax.map(lambda x: np.exp(x), z), z)


def test_carries_that_become_complex() -> None:
    """A Python number does, as it has no dtype of its own; an array has one."""
    z = numbers(complex, 2, 3)
    check(lambda z: lax.fori_loop(0, 3, lambda i, x: x + z[i], 0.0), z)
    with pytest.raises(TypeError, match="c128"):
        vtrace.vmap(lambda z: lax.fori_loop(0, 3, lambda i, x: x + z[i], np.float64(0)))(z)


def test_inspection_shows_complex_types() -> None:
    f = vtrace.vmap(lambda z: z * 2)
    assert "z: c64[b,3]" in str(f.inspect("c64[b,3]"))
    assert "c64[5,4]" in str(f.inspect(Z))


def test_debug_print(capfd: pytest.CaptureFixture[str]) -> None:
    vtrace.vmap(lambda z: lax.debug_print("{} {x:.1f}", z, x=z) or z)(np.array([1 + 2j]))
    assert "(1+2j) 1.0+2.0j" in capfd.readouterr().out


def test_what_numpy_refuses_is_a_type_error_at_the_users_line() -> None:
    z = np.ones((2, 3), complex)
    for name in ("floor", "ceil", "trunc", "cbrt", "degrees", "invert", "signbit", "fabs"):
        refuse(lambda z, name=name: getattr(np, name)(z), z)
    for name in ("remainder", "floor_divide", "fmod", "arctan2", "hypot", "logaddexp", "copysign", "bitwise_and"):
        refuse(lambda z, name=name: getattr(np, name)(z, z), z)
    refuse(lambda z: vtrace.special.softmax(z), z)
    refuse(lambda z: special.expit(z), z)
    refuse(lambda z: special.gammaln(z), z)
    refuse(lambda z: random.bernoulli(random.key(0), z), z)
    refuse(lambda z: random.gamma(random.key(0), z), z)
    refuse(lambda z: random.poisson(random.key(0), z), z)
    refuse(lambda z: np.bincount(z), z)
    refuse(add_complex_to_real, z)
    refuse(assign_complex_to_real, z)
    refuse(multiply_at, z)


def assign_complex_to_real(z: Any) -> Any:
    z.real[0] = 1j
    return z


def add_complex_to_real(z: Any) -> Any:
    x = z.real
    x += 1j
    return x


def multiply_at(z: Any) -> Any:
    np.multiply.at(z, z.real.astype(int), 1j)
    return z


def refuse(function: Any, z: Any) -> None:
    with pytest.raises(TypeError, match=r"test_transforms\.py:\d+"):
        vtrace.vmap(function)(z)
