"""NumPy's functions on complex arrays, and assignment in place, against a loop over the examples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
import vtrace.numpy as vnp
from tests.complexes.oracle import check, numbers

FUNCTIONS: list[Callable[[Any], Any]] = [
    # moving elements
    lambda z: z.reshape(6, 4),
    lambda z: z.T,
    lambda z: np.moveaxis(z, 0, 2),
    lambda z: np.concatenate([z, z.real], axis=1),
    lambda z: np.stack([z, np.abs(z)]),
    lambda z: np.pad(z, ((1, 0), (0, 0), (2, 1)), constant_values=1j),
    lambda z: np.flip(z, 1),
    lambda z: np.roll(z, 1, axis=2),
    lambda z: np.take(z, [1, 0], axis=1),
    lambda z: np.take_along_axis(z, np.array([[[0, 1]]]), axis=2),
    lambda z: z[1:, ::2],
    lambda z: z[0, [1, 2], 1],
    lambda z: z[[0, 1], [1, 2]][..., None],
    lambda z: np.broadcast_to(z, (2, 2, 3, 4)),
    lambda z: np.repeat(z, 2, axis=0),
    lambda z: np.tile(z, 2),
    lambda z: np.split(z, 2)[1],
    lambda z: np.tril(z),
    lambda z: np.diag(z[0, 0]),
    lambda z: np.meshgrid(z[0, 0], z[0, 1])[0],
    lambda z: vnp.array([z[0, 0, 0], 1, 2j]),
    # choosing
    lambda z: np.where(z.real > 0, z, 1j),
    lambda z: np.where(z.real > 0, z.imag, z),
    lambda z: np.select([z.real > 0], [z], 1j),
    lambda z: np.clip(z, 0, 1j),
    lambda z: np.round(z, 1),
    lambda z: np.nan_to_num(z / (z - z)),
    lambda z: np.isclose(z, z + 1e-9),
    lambda z: np.array_equal(z, z.conj()),
    lambda z: np.any(z, axis=0),
    lambda z: np.count_nonzero(z),
    lambda z: np.logical_and(z, z.imag),
    # parts and kinds
    lambda z: (z.real, z.imag, z.conj(), z.conjugate()),
    lambda z: (np.angle(z), np.angle(z, deg=True), np.angle(z.real)),
    lambda z: (np.iscomplex(z), np.isreal(z), np.isreal(z.real)),
    lambda z: z * 2 if np.iscomplexobj(z) and not np.isrealobj(z) and np.isrealobj(z.real) else z,
    lambda z: (z.astype(np.complex64), z.astype(bool), z.real.astype(complex)),
    lambda z: (np.zeros_like(z), np.full_like(z, 1j), np.ones_like(z.real, dtype=complex)),
    lambda z: np.linspace(z[0, 0, 0], z[0, 0, 1], 5),
    # windows and updates at positions
    lambda z: (np.convolve(z[0, 0], z[0, 1] * 1j), np.convolve(z.real[0, 0], [1, 2j], "same")),
    lambda z: (np.correlate(z[0, 0], z[0, 1, :2]), np.correlate(z[0, 0, :2], z[0, 1], "full")),
    lambda z: np.lib.stride_tricks.sliding_window_view(z, 2, axis=2).sum(-1),
    lambda z: add_at(z.copy(), (np.abs(z[0, :, 0]) * 5).astype(int) % 2),
    # sums and products
    lambda z: (z.sum(), z.sum((0, 2), keepdims=True), np.sum(z, initial=1j), np.nansum(z)),
    lambda z: (z.prod(), np.prod(z, axis=2), np.prod(z, axis=(0, 1))),
    lambda z: (z.mean(), z.mean(axis=0), np.average(z, axis=2, weights=np.array([1, 2, 3, 4]))),
    lambda z: (z.var(), z.std(axis=1, ddof=1)),
    lambda z: (np.cumsum(z, axis=1), np.cumprod(z, axis=2), np.cumprod(z), np.multiply.accumulate(z, axis=1)),
    lambda z: (np.dot(z, z[0].T), z @ z[0].T, z @ z.mT, np.inner(z, z), np.outer(z[0, 0], z[0, 1])),
    lambda z: (np.vdot(z, z * 1j), np.vecdot(z, z * 1j), np.vdot(z.real, z)),
    lambda z: (np.einsum("ijk,ilk->ijl", z, z.conj()), np.tensordot(z, z, axes=([0, 1], [0, 1]))),
    lambda z: (np.trace(z, axis1=1, axis2=2), np.diagonal(z, 0, 1, 2)),
    lambda z: (np.linalg.norm(z), np.linalg.norm(z, axis=1), np.linalg.norm(z, 1, axis=2)),
    lambda z: (np.linalg.norm(z, axis=(1, 2)), np.linalg.norm(z, 0, axis=0), np.linalg.norm(z, 3, axis=0)),
    lambda z: (np.kron(z[0], z[1]), np.cross(z[..., :3], z[..., :3] * 1j), np.cov(z[0])),
    lambda z: (np.diff(z), np.polyval([1, 2j, 3], z), np.trapezoid(z), np.sinc(z)),
    # with numbers
    lambda z: (1j * z, z + np.float32(2), 1 - z, 2 / z, z / (1 + 2j), z.real * 1j, 2**z, (1 + 1j) ** z),
    lambda z: z.real**2 + 1j * z.imag,
    lambda z: np.exp(1j * z.real),
]


def add_at(z: Any, index: Any) -> Any:
    np.add.at(z, index, 1j)
    return z


@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
def test_functions(number: int) -> None:
    dtype = (np.complex64, np.complex128)[number % 2]
    with np.errstate(all="ignore"):
        check(FUNCTIONS[number], numbers(dtype, 5, 2, 3, 4))


def test_long_products_are_loops() -> None:
    check(lambda z: (np.prod(z), np.prod(z.reshape(5, 8), axis=0)), np.exp(1j * numbers(complex, 3, 40).real))


def assign_parts(z: Any) -> Any:
    z.real[0, 0] = 7
    z.imag = z.imag * 2
    z.real += 1
    y = z.real
    y[1] = 3
    return z


def assign_through_views(z: Any) -> Any:
    row = z[1]
    row[:] = row * 1j
    turned = z.T
    turned[0, 0] = 5
    z[..., 0] += z[..., 1]
    z[1, 1] *= 2
    return z, row, turned


def assign_parts_of_itself(z: Any) -> Any:
    i = slice(0, 1)
    z[i] = z.real[i]
    z[i] = z[i]
    z[[0, 1], [1, 2]] = 1 - 1j
    z[z.real > 0] = 0
    return z


def assign_at_traced_positions(z: Any) -> Any:
    k = (np.abs(z[0, 0, 0]) * 10).astype(int) % 3
    z[0, k] = 9j
    z[1, k, 1] += 1
    return z, z[:, k]


def assign_to_new_arrays(z: Any) -> Any:
    wide, narrow = vnp.zeros(3, complex), vnp.zeros(3, np.complex64)
    wide[1] = z[0, 0, 0]
    wide[2] = 1
    narrow[:] = wide
    return wide, narrow, vnp.ones((2,), complex), vnp.full((2,), z[0, 0, 0])


@pytest.mark.parametrize(
    ("function", "dtype"),
    [
        (assign_parts, np.complex64),
        (assign_through_views, np.complex128),
        (assign_parts_of_itself, np.complex64),
        (assign_at_traced_positions, np.complex128),
        (assign_to_new_arrays, np.complex64),
    ],
)
def test_assignment(function: Callable[[Any], Any], dtype: Any) -> None:
    check(lambda z: function(z.copy()), numbers(dtype, 5, 2, 3, 4))


def updated_at(ufunc: np.ufunc, z: Any, index: Any, value: Any) -> Any:
    ufunc.at(z, index, value)
    return z


@pytest.mark.parametrize("index", [1, (0, slice(None, None, -1)), (..., slice(1, 3)), (slice(0), None)])
@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum])
def test_updates_of_known_parts(ufunc: np.ufunc, index: Any) -> None:
    """Of parts that are known while tracing, all ufuncs make updates; at traced positions, `add` and `subtract`."""
    check(lambda z: updated_at(ufunc, z.copy(), index, z[0, 0, 0]), numbers(complex, 5, 2, 3, 4))
    check(lambda z: updated_at(ufunc, z.copy(), index, 2), numbers(np.complex64, 5, 2, 3, 4))


INTERPOLATIONS: list[Callable[[Any, Any], Any]] = [
    lambda x, fp: np.interp(x, [-1.0, 0.0, 0.5, 2.0], fp),
    lambda x, fp: np.interp(x, [-1.0, 0.0, 0.5, 2.0], fp, left=1j, right=fp[1]),
    lambda x, fp: np.interp(x, [0.5], fp[:1], left=3),
    lambda x, fp: np.interp(x, [0.0, 2.0, 1.0, 0.5], fp, period=3),
    lambda x, fp: np.interp(x, [-1.0, 0.0, 0.5, np.inf], fp),
]


@pytest.mark.parametrize("number", range(len(INTERPOLATIONS)))
def test_interpolation_of_complex_values(number: int) -> None:
    x = np.tile([np.nan, -5, -1, 0, 0.25, 0.5, 1.7, 2, 7, np.inf, -np.inf], (5, 1))
    x = x[:, :-2] if number == 3 else x
    with np.errstate(invalid="ignore"):
        check(INTERPOLATIONS[number], x, numbers(complex, 5, 4))


@pytest.mark.parametrize(
    "function",
    [
        lambda z: np.bincount(np.arange(4), weights=z, minlength=4),
        lambda z: np.histogram(z),
        lambda z: np.histogram_bin_edges(z),
        lambda z: np.interp(z.real, [0.0, 1.0], [0.0, 1.0], left=1j),
        lambda z: np.quantile(z, 0.5),
        lambda z: np.quantile(z, 0.5, weights=np.ones(4), method="inverted_cdf"),
        lambda z: np.nanpercentile(z.real, 50, weights=z, method="inverted_cdf"),
    ],
)
def test_what_wants_real_numbers_takes_no_complex_ones(function: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"test_arrays\.py.*(real numbers|complex numbers)"):
        vtrace.vmap(function)(numbers(complex, 3, 4))


def test_casts_to_real_warn_at_the_users_line() -> None:
    with pytest.warns(np.exceptions.ComplexWarning, match="discards the imaginary part") as caught:
        assert vtrace.vmap(lambda z: z.astype(float))(np.array([1 + 2j])) == 1
    assert caught[0].filename == __file__


LAYOUTS = {
    "flat": lambda z, w: z * w + np.abs(z),
    "rows": lambda z, w: z * w.sum() + w,
    "reversed": lambda z, w: (z[::-1] * 1j, z.real[::-1] + w.imag),
    "every second": lambda z, w: z[::2] * w[::2],
    "parts apart": lambda z, w: (z.real, np.conj(z), np.cumsum(z)),
    "a scalar": lambda z, w: (np.vdot(z, w), z[0] * w[-1] if len(z) else 1j),
}


@pytest.mark.parametrize("layout", [None, "batch", "inner"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout(name: str, layout: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pairs are read and written in ways of their own, by rows that fill vectors and rows that do not."""
    if layout:
        monkeypatch.setenv("VTRACE_LAYOUT", layout)
    sizes = (
        ((np.complex64, 20, 37), (np.complex128, 5, 2)) if layout else ((np.complex64, 37, 5), (np.complex128, 1, 8))
    )
    for dtype, examples, length in sizes:
        check(LAYOUTS[name], numbers(dtype, examples, length), numbers(dtype, examples, length, seed=1))


@pytest.mark.parametrize("name", LAYOUTS)
def test_bits_do_not_depend_on_the_batch(name: str) -> None:
    for length in (2, 33):
        z, w = numbers(np.complex64, 40, length), numbers(np.complex64, 40, length, seed=1)
        mapped = vtrace.vmap(LAYOUTS[name])

        def results(start: int, stop: int) -> Any:
            got = mapped(z[start:stop], w[start:stop])  # noqa: B023  # called at once
            return got if isinstance(got, tuple) else (got,)

        for start, stop in ((0, 1), (3, 20), (39, 40)):
            for whole, part in zip(results(0, 40), results(start, stop), strict=True):
                assert whole[start:stop].tobytes() == part.tobytes()
