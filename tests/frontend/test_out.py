"""`out=` and `where=`, against NumPy: the result is the array that was given, and what views it shows the change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.frontend.tracing import check, run
from vtrace import UnsupportedError, VTraceError

X = np.array([[1.5, -2.0, 0.0], [np.nan, np.inf, -0.0]])
Y = np.array([[0.0, 3.0, 0.0], [1.0, np.inf, -1.0]])
I = np.array([[1, -2, 3], [0, 5, -6]])  # noqa: E741  # an array of integers


def reached(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of operands and an array for its result: what it returns, that array and a view of it."""

    def program(*operands: Any) -> Any:
        out = operands[-1].copy()
        view = out.T
        result = function(*operands[:-1], out)
        assert result is out
        return result, out, view

    return program


UFUNCS = [np.add, np.divide, np.maximum, np.arctan2, np.power, np.greater, np.floor_divide]
OUTS: dict[str, Callable[[Any], Any]] = {
    **{name: lambda x, name=name: x.astype(name) for name in ("float64", "float32", "complex128", "int64", "bool")},
    "row": lambda x: x[0] * 1.0,
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("out", OUTS)
@pytest.mark.parametrize("ufunc", UFUNCS)
@pytest.mark.parametrize("operands", [(X, Y), (X.astype(np.float32), I), (I, Y[0]), (X[:, :1], Y[0])], ids=range(4))
@pytest.mark.parametrize("where", [False, True])
def test_ufuncs(where: bool, operands: tuple[Any, Any], ufunc: np.ufunc, out: str) -> None:
    """Also that both refuse: a cast of another kind, and a result that is larger than the array."""

    @reached
    def program(x: Any, y: Any, out: Any) -> Any:
        return ufunc(x, y, out=out, where=y != 0) if where else ufunc(x, y, out=out)

    def made(x: Any, y: Any, out_of: Any) -> Any:
        return [part(r) for r in program(x, y, OUTS[out](out_of)) for part in (np.real, np.imag)]

    try:
        made(*operands, I)
    except (TypeError, ValueError) as error:
        with pytest.raises(TypeError if isinstance(error, TypeError) else ValueError) as caught:
            run(made, *operands, I)
        assert isinstance(caught.value, VTraceError)
    else:
        check(made, *operands, I)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "operands"),
    [
        (lambda x, out: np.sum(x, axis=1, out=out), (X, X[:, 0])),
        (lambda x, out: x.max(axis=0, out=out), (X, X[0])),
        (lambda x, out: np.mean(x, 0, out=out), (X, X[0])),
        (lambda x, out: np.median(x, 0, out=out, overwrite_input=True), (X.copy(), X[0])),
        (lambda x, out: np.cumsum(x, 1, out=out), (X, X)),
        (lambda x, out: np.clip(x, -1.0, 1.0, out), (X, X)),
        (lambda x, out: np.clip(x, -1.0, 1.0, out=out), (X, X)),
        (lambda x, out: np.concatenate([x[0], x[1]], out=out), (X, X.ravel())),
        (lambda x, out: np.stack([x[0], x[1]], out=out), (X, X)),
        (lambda x, out: np.take(x, [0, 2], axis=1, out=out, mode="clip"), (X, X[:, 1:])),
        (lambda x, out: np.dot(x, x.T, out=out), (Y, np.zeros((2, 2)))),
        (lambda x, out: np.matmul(x, x.T, out=out), (Y, np.zeros((2, 2)))),
        (lambda x, out: np.any(x > 0, axis=1, out=out), (X, I[:, 0] > 0)),
        (lambda x, out: np.add.accumulate(x, axis=1, out=out), (X, X)),
        (lambda x, out: np.maximum.reduce(x, axis=1, out=out), (X, X[:, 0])),
        (lambda x, out: np.einsum("ij,kj", x, x, out=out), (Y[:, :2], np.zeros((2, 2)))),
    ],
    ids=range(16),
)
def test_functions(function: Any, operands: Any) -> None:
    check(reached(function), *operands)


def test_several_results() -> None:
    def program(x: Any) -> Any:
        whole = np.zeros_like(x)
        part, same = np.modf(x, out=(None, whole))
        assert same is whole
        return part, whole

    check(program, Y)


def test_an_array_is_its_own_result() -> None:
    def program(x: Any) -> Any:
        row = x[0]
        np.multiply(row, 2, out=row)
        np.sqrt(x, out=x, where=x > 1)
        np.nan_to_num(x, copy=False)
        np.nan_to_num(x[1], copy=False, nan=2.0)[0] = 7.0
        return x

    check(program, X)
    check(lambda z: (np.nan_to_num(z, copy=False), z)[1], np.array([1.0, 2.0]))


def test_what_is_broadcast_follows_what_it_is_made_of() -> None:
    """A view that cannot be assigned to itself."""

    def program(x: Any) -> Any:
        wide = np.broadcast_to(x[:, None, :], (2, 4, 3))
        x[0, 1] = 8.0
        return wide

    check(program, Y)
    with pytest.raises(ValueError, match="assignment destination is read-only"):
        run(lambda x: np.broadcast_to(x, (4, 2, 3)).__setitem__(0, 1.0), Y)


def test_what_is_refused() -> None:
    for function, text in [
        (lambda x: np.exp(x, where=x > 0), "np.exp with where= and without out="),
        (lambda x: np.exp(x, out=np.zeros((2, 3))), "cannot write a traced value into a plain NumPy array"),
        (
            lambda x: np.sum(x, axis=0, out=x[0].astype(np.float32)),
            r"np.sum with out= of another type, f32\[3\], than",
        ),
        (lambda x: np.clip(x, 0, 1, np.zeros((2, 3))), "np.clip with out= cannot write"),
    ]:
        with pytest.raises(UnsupportedError, match=text):
            run(function, X)
