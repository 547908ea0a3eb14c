"""A table of NumPy calls: each traced and run, and compared with NumPy itself, shapes and dtypes included."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace.numpy as vnp
from tests.frontend.tracing import check

DTYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")


def array(dtype: str, *shape: int) -> Any:
    values = np.random.default_rng(len(shape)).integers(-4, 5, shape)
    if dtype == "bool":
        return values > 0
    if dtype.startswith("u"):
        values = np.abs(values)
    return (values + (0.25 if dtype.startswith("f") else 0)).astype(dtype)


REDUCTIONS: list[Callable[[Any], Any]] = [
    lambda x: np.sum(x),
    lambda x: np.sum(x, axis=0),
    lambda x: x.sum(-1, keepdims=True),
    lambda x: x.sum(axis=(0, 1)),
    lambda x: np.sum(x, dtype=np.float32),
    lambda x: np.sum(x, axis=1, initial=3),
    lambda x: np.prod(x, axis=1),
    lambda x: x.prod(),
    lambda x: np.mean(x),
    lambda x: x.mean(axis=0, keepdims=True),
    lambda x: np.mean(x, dtype=np.float32),
    lambda x: np.var(x, axis=1),
    lambda x: x.std(ddof=1),
    lambda x: np.std(x, 0, keepdims=True),
    lambda x: np.max(x),
    lambda x: x.min(axis=1),
    lambda x: np.amax(x, axis=(0, 1), keepdims=True),
    lambda x: np.max(x, initial=2),
    lambda x: np.max(x[:, :0], axis=1, initial=2),
    lambda x: np.min(x[:0], initial=2, keepdims=True),
    lambda x: np.argmax(x),
    lambda x: x.argmin(axis=0),
    lambda x: np.argmax(x, 1, keepdims=True),
    lambda x: np.any(x > 2, axis=0),
    lambda x: x.all(),
    lambda x: np.count_nonzero(x, axis=1),
    lambda x: np.cumsum(x),
    lambda x: x.cumsum(axis=1),
    lambda x: np.cumprod(x, axis=0),
    lambda x: np.add.reduce(x),
    lambda x: np.multiply.reduce(x, axis=1),
    lambda x: np.maximum.reduce(x, axis=None),
    lambda x: np.add.accumulate(x, axis=1),
    lambda x: np.average(x, axis=0),
    lambda x: np.average(x, axis=1, weights=np.array([1.0, 2.0, 3.0])),
    lambda x: np.nansum(x),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", range(len(REDUCTIONS)))
def test_reductions(number: int, dtype: str) -> None:
    check(REDUCTIONS[number], array(dtype, 4, 3))


MOVEMENT: list[Callable[[Any], Any]] = [
    lambda x: x.reshape(6, 4),
    lambda x: x.reshape((-1, 2)),
    lambda x: np.reshape(x, 24),
    lambda x: np.ravel(x),
    lambda x: x.flatten(),
    lambda x: x.T,
    lambda x: x.mT,
    lambda x: x.transpose(1, 0, 2),
    lambda x: np.transpose(x, (2, 0, 1)),
    lambda x: np.moveaxis(x, 0, -1),
    lambda x: np.moveaxis(x, [0, 1], [-1, -2]),
    lambda x: np.rollaxis(x, 2),
    lambda x: x.swapaxes(0, 2),
    lambda x: np.expand_dims(x, (0, 2)),
    lambda x: np.squeeze(x[:1], 0),
    lambda x: x[None].squeeze(),
    lambda x: np.broadcast_to(x, (5, 2, 3, 4)),
    lambda x: np.broadcast_to(x[:, :1], (2, 3, 4)),
    lambda x: np.broadcast_arrays(x, x[0, 0]),
    lambda x: np.atleast_1d(x[0, 0, 0]),
    lambda x: np.atleast_2d(x[0, 0], x),
    lambda x: np.atleast_3d(x[0]),
    lambda x: np.flip(x),
    lambda x: np.flip(x, (0, 2)),
    lambda x: np.fliplr(np.flipud(x)),
    lambda x: [np.rot90(x, k) for k in range(5)],
    lambda x: np.concatenate([x, x[:1], np.ones((1, 3, 4), np.int16)]),
    lambda x: np.concatenate((x, x), axis=None),
    lambda x: np.stack([x, x], axis=-1),
    lambda x: np.vstack([x[0, 0], x[0]]),
    lambda x: np.hstack([x[0], x[1]]),
    lambda x: np.hstack([x[0, 0], 1]),
    lambda x: np.dstack([x[0], x[1]]),
    lambda x: np.column_stack([x[0, 0], x[0].T]),
    lambda x: np.append(x, 3),
    lambda x: np.split(x, 2, axis=2),
    lambda x: np.array_split(x, 3, axis=2),
    lambda x: np.split(x, [1, 3], axis=-1),
    lambda x: np.roll(x, 5),
    lambda x: np.roll(x, -1, axis=1),
    lambda x: np.roll(x, (1, 2), axis=(0, 2)),
    lambda x: np.tile(x, (2, 1, 2)),
    lambda x: np.tile(x[0, 0], (2, 2)),
    lambda x: np.repeat(x, 2),
    lambda x: x.repeat([1, 0, 2], axis=1),
    lambda x: np.pad(x, 1),
    lambda x: np.pad(x, ((0, 1), (2, 0), (0, 0)), constant_values=1),
    lambda x: np.pad(x, 1, mode="edge"),
    lambda x: np.pad(x, 1, mode="reflect"),
    lambda x: np.tril(x),
    lambda x: np.triu(x[0], 1),
    lambda x: np.diag(x[0, 0], 1),
    lambda x: np.diag(x[0], -1),
    lambda x: np.diagonal(x, 0, 1, 2),
    lambda x: np.trace(x),
    lambda x: x[0].trace(1),
    lambda x: np.take(x, [0, 5, -1]),
    lambda x: x.take([[1, 0]], axis=1),
    lambda x: np.take(x, 1, axis=2),
    lambda x: np.take_along_axis(x, np.array([[[0], [2], [1]]]), 2),
    lambda x: np.zeros_like(x),
    lambda x: np.ones_like(x, dtype=float),
    lambda x: np.full_like(x, 1, shape=(2, 2)),
    lambda x: x.astype(np.float32),
    lambda x: x.copy(),
    lambda x: np.meshgrid(x[0, 0], x[0, :, 0]),
    lambda x: np.meshgrid(x[0, 0], x[0, :, 0], indexing="ij", sparse=True),
    lambda x: np.where(x > 0, x, 0),
    lambda x: np.where(x, x, 1.5),
    lambda x: np.select([x > 2, x > 0], [x, -1.0], 7),
    lambda x: np.clip(x, 0, 2),
    lambda x: x.clip(max=1),
    lambda x: np.nan_to_num(x),
    lambda x: np.isclose(x, 1),
    lambda x: np.allclose(x, x),
    lambda x: np.array_equal(x, x),
    lambda x: np.unstack(x),
    lambda x: [*x],
    lambda x: np.linspace(x[0, 0, 0], x[1, 1, 1] + 3, 5),
    lambda x: np.linspace(0, x[0], 4, endpoint=False),
    lambda x: np.outer(x[0, 0], x[0, 1]),
    lambda x: np.kron(x[0], x[1]),
    lambda x: vnp.array([x[0, 0, 0], [1, 2][0], x[1, 1, 1]]),
    lambda x: vnp.asarray([[x[0, 0], x[0, 1]], [x[1, 0], x[1, 1]]]),
    lambda x: vnp.full((2, 4), x[0, 0]),
    lambda x: np.multiply.outer(x[0, 0], x[0]),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("number", range(len(MOVEMENT)))
def test_movement(number: int, dtype: str) -> None:
    check(MOVEMENT[number], array(dtype, 2, 3, 4))


NUMBERS: list[Callable[[Any], Any]] = [
    lambda x: np.diff(x),
    lambda x: np.diff(x, n=2, axis=0, prepend=1),
    lambda x: np.trapezoid(x, dx=2.0, axis=0),
    lambda x: np.trapezoid(x, np.arange(3.0)),
    lambda x: np.polyval([1, 2, 3], x),
    lambda x: np.sinc(x),
    lambda x: np.linalg.norm(x),
    lambda x: np.linalg.norm(x, axis=1),
    lambda x: np.linalg.norm(x, 1, axis=0),
    lambda x: np.linalg.norm(x, np.inf, axis=1, keepdims=True),
    lambda x: np.linalg.norm(x, "fro"),
    lambda x: np.linalg.norm(x, 1),
    lambda x: np.linalg.norm(x, -np.inf),
    lambda x: np.linalg.norm(x[0], 3),
    lambda x: np.linalg.norm(x, axis=(0, 1)),
    lambda x: np.linalg.vector_norm(x, axis=0),
    lambda x: np.cross(x, x[::-1]),
    lambda x: np.cov(x),
    lambda x: np.ptp(x, axis=1),
    lambda x: np.round(x),
    lambda x: np.round(x, 1),
    lambda x: round(x[0, 0] * 3.7),
    lambda x: -x // 2 % 3,
    lambda x: divmod(x, 2),
    lambda x: [abs(x), +x, -x],
]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32"])
@pytest.mark.parametrize("number", range(len(NUMBERS)))
def test_numbers(number: int, dtype: str) -> None:
    check(NUMBERS[number], array(dtype, 4, 3))


PRODUCTS: list[tuple[Callable[[Any, Any], Any], tuple[int, ...], tuple[int, ...]]] = [
    (np.dot, (3,), (3,)),
    (np.dot, (2, 3), (3,)),
    (np.dot, (3,), (3, 2)),
    (np.dot, (2, 3), (3, 4)),
    (np.dot, (2, 2, 3), (4, 3, 5)),
    (np.dot, (), (3,)),
    (np.matmul, (3,), (3,)),
    (np.matmul, (2, 3), (3,)),
    (np.matmul, (3,), (5, 3, 2)),
    (np.matmul, (5, 2, 3), (3,)),
    (np.matmul, (5, 2, 3), (3, 4)),
    (np.matmul, (2, 3), (5, 3, 4)),
    (np.matmul, (6, 1, 2, 3), (5, 3, 4)),
    (lambda x, y: x @ y, (2, 3), (3, 2)),
    (np.inner, (2, 3), (4, 3)),
    (np.outer, (2, 3), (4,)),
    (np.vdot, (2, 3), (2, 3)),
    (np.vecdot, (2, 3), (4, 1, 3)),
    (np.tensordot, (2, 3, 4), (3, 4, 5)),
    (lambda x, y: np.tensordot(x, y, ([0, 2], [1, 0])), (2, 3, 4), (4, 2, 5)),
    (lambda x, y: np.einsum("ij,jk->ik", x, y), (2, 3), (3, 4)),
    (lambda x, y: np.einsum("ij,jk", x, y), (2, 3), (3, 4)),
    (lambda x, y: np.einsum("ii,i->i", x, y), (3, 3), (3,)),
    (lambda x, y: np.einsum("ij,k->k", x, y), (2, 3), (4,)),
    (lambda x, y: np.einsum("...ij,...jk->...ik", x, y), (5, 2, 3), (3, 4)),
    (lambda x, y: np.einsum("ij,ij->j", x, y), (2, 3), (1, 3)),
    (lambda x, y: np.einsum("i,j->ji", x, y), (2,), (3,)),
    (lambda x, y: np.einsum(x, [0, 1], y, [1], [0]), (2, 3), (3,)),
    (lambda x, y: np.einsum("ij,jk,kl->il", x, y, x), (2, 3), (3, 2)),
    (lambda x, y: np.einsum("ii->", x @ y), (2, 3), (3, 2)),
    (lambda x, y: x.dot(y), (2, 3), (3,)),
]
if hasattr(np, "matvec"):  # since NumPy 2.2
    PRODUCTS += [(np.matvec, (5, 2, 3), (3,)), (np.vecmat, (3,), (5, 3, 2))]


@pytest.mark.parametrize("dtypes", [("float64", "float64"), ("float32", "int32"), ("int32", "uint8"), ("bool", "bool")])
@pytest.mark.parametrize("number", range(len(PRODUCTS)))
def test_products(number: int, dtypes: tuple[str, str]) -> None:
    function, left, right = PRODUCTS[number]
    check(function, array(dtypes[0], *left), array(dtypes[1], *right))
