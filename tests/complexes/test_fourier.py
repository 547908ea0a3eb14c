"""Fourier transforms of NumPy and SciPy: every name and option against NumPy, where they are called and in loops."""

import itertools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import scipy.fft

import vtrace
from tests.complexes.oracle import check, numbers
from vtrace import lax

COMPLEX = ["fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "irfft", "irfft2", "irfftn", "hfft"]
REAL = ["rfft", "rfft2", "rfftn", "ihfft"]
ALONG_ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]


def argument(name: str, dtype: Any = np.complex128, shape: tuple[int, ...] = (5, 3, 4, 6)) -> Any:
    """Examples for the transform: real ones if it takes nothing else."""
    z = numbers(dtype, *shape)
    return np.ascontiguousarray(z.real) if name in REAL else z


@pytest.mark.parametrize("name", [*COMPLEX, *REAL])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_as_numpy(name: str, dtype: Any) -> None:
    check(getattr(np.fft, name), argument(name, dtype))


@pytest.mark.parametrize("name", ALONG_ONE)
def test_options(name: str) -> None:
    transform, x = getattr(np.fft, name), argument(name)
    for n, axis, norm in itertools.product((None, 1, 5, 9), (0, -1), (None, "ortho", "forward")):
        if n is not None and (axis, norm) not in ((0, "forward"), (-1, None)):
            continue  # the options do not depend on each other
        check(lambda x, n=n, axis=axis, norm=norm: transform(x, n=n, axis=axis, norm=norm), x)


@pytest.mark.parametrize("name", ["fft2", "ifft2", "rfft2", "irfft2", "fftn", "ifftn", "rfftn", "irfftn"])
def test_options_of_several_axes(name: str) -> None:
    transform, x = getattr(np.fft, name), argument(name)
    for s, axes, norm in (((5, 3), (0, 2), "ortho"), (None, (2, 0), "forward"), ((2, 8), (1, 2), None)):
        check(lambda x, s=s, axes=axes, norm=norm: transform(x, s=s, axes=axes, norm=norm), x)


@pytest.mark.parametrize("name", [*COMPLEX, *REAL])
def test_as_scipy(name: str) -> None:
    transform, x = getattr(scipy.fft, name), argument(name)
    check(transform, x)
    check(lambda x: transform(x, norm="ortho", overwrite_x=True, workers=2), x)


@pytest.mark.parametrize("dtype", [bool, np.int16, np.float32, np.float64])
def test_other_dtypes(dtype: Any) -> None:
    x = np.arange(12).reshape(2, 6).astype(dtype)
    check(np.fft.fft, x)
    check(np.fft.rfft, x)
    check(np.fft.irfft, x)


def test_frequencies_and_shifts() -> None:
    def f(x: Any) -> Any:
        weights = np.fft.fftfreq(6, 0.5) + np.fft.fftshift(np.fft.rfftfreq(11))
        return np.fft.fftshift(x * weights), np.fft.ifftshift(x, axes=0), scipy.fft.fftshift(x, axes=(0, 2))

    check(f, numbers(complex, 3, 5, 4, 6))


@pytest.mark.parametrize("name", [*COMPLEX, *REAL])
def test_inside_of_loops(name: str) -> None:
    """No library can be called there."""
    transform, x = getattr(np.fft, name), argument(name, shape=(3, 2, 4, 5))
    wanted = np.stack([[transform(row) for row in rows] for rows in x])
    got = vtrace.vmap(lambda rows: lax.map(transform, rows))(x)
    assert got.dtype == wanted.dtype
    np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-10)


def test_of_closures_nested_maps_and_other_axes() -> None:
    kernel = numbers(complex, 6, seed=1)
    z = numbers(complex, 6, 5, 4)

    def filtered(x: Any) -> Any:
        return np.fft.ifft(np.fft.fft(x) * np.fft.fft(kernel))

    wanted = np.stack([[filtered(z[:, i, j]) for j in range(4)] for i in range(5)])
    got = vtrace.vmap(vtrace.vmap(filtered, in_axes=1), in_axes=1)(z)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(vtrace.jit(filtered)(z[:, 0, 0]), wanted[0, 0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["fft", "rfft", "irfft", "ifftn"])
def test_bits_of_a_row_do_not_depend_on_the_batch(name: str) -> None:
    """Pocketfft transforms several rows at a time where there are several."""
    transform = vtrace.vmap(getattr(np.fft, name))
    for dtype, length in itertools.product((np.complex64, np.complex128), (7, 64, 251)):
        x = argument(name, dtype, (300, length))
        whole = transform(x)
        for start, stop in ((0, 1), (5, 8), (100, 117), (299, 300)):
            assert whole[start:stop].tobytes() == transform(x[start:stop]).tobytes()


def test_an_argument_that_is_complex_is_not_copied() -> None:
    graph = vtrace.vmap(np.fft.fft).inspect("c64[b,256]").kernels
    assert [e.primitive.name for e in graph.equations] == ["fft"]


def test_mistakes_name_the_line() -> None:
    z = numbers(complex, 2, 4)
    for function, error, message in (
        (lambda z: np.fft.rfft(z), TypeError, "rfft takes real numbers"),
        (lambda z: np.fft.fft(z, n=0), ValueError, "Invalid number of data points"),
        (lambda z: np.fft.fft(z, norm="full"), ValueError, "Invalid norm value full"),
        (lambda z: np.fft.fftn(z, s=(2, 3), axes=(0,)), ValueError, "Shape and axes have different lengths"),
        (lambda z: scipy.fft.dct(z), vtrace.UnsupportedError, "scipy.fft.dct is not supported"),
    ):
        with pytest.raises(error, match=message) as raised:
            vtrace.vmap(function)(z)
        assert "test_fourier.py" in str(raised.value)


def test_tracing_does_not_import_scipy_fft() -> None:
    program = "import sys, numpy as np, vtrace; vtrace.vmap(np.fft.fft).inspect(np.ones((2, 4)))"
    program += "; print('scipy.fft' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
