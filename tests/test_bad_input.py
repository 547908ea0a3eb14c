"""Arrays of every unusual sort: NumPy's answer or a clear error, and never a change to the input."""

from typing import Any

import numpy as np
import pytest

from vtrace import VTraceError, jit, vmap

X = np.arange(12.0).reshape(4, 3)


def f(x: Any) -> Any:
    return x * 2 + 1


def unaligned() -> Any:
    data = np.zeros(X.nbytes + 1, np.uint8)
    view = data[1:].view(np.float64).reshape(X.shape)
    view[:] = X
    assert not view.flags.aligned
    return view


def read_only() -> Any:
    x = X.copy()
    x.flags.writeable = False
    return x


class Wrapped:
    """Something that turns into an array, as tensors of other libraries do."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return X.copy()


ARRAYS = {
    "big-endian": lambda: X.astype(">f8"),
    "unaligned": unaligned,
    "read-only": read_only,
    "negative strides": lambda: X[::-1, ::-1],
    "every second": lambda: np.repeat(X, 2, axis=1)[:, ::2],
    "Fortran order": lambda: np.asfortranarray(X),
    "repeated by stride 0": lambda: np.broadcast_to(X[0], (4, 3)),
    "transposed": lambda: X.T,
    "a subclass": lambda: X.view(type("Sub", (np.ndarray,), {})),
    "no examples": lambda: X[:0],
    "examples without elements": lambda: X[:, :0],
    "one example": lambda: X[:1],
    "0-d examples": lambda: X[:, 0],
    "NaN and infinities": lambda: np.array([np.nan, np.inf, -np.inf, -0.0]),
    "nested lists": lambda: X.tolist(),
    "an object with __array__": Wrapped,
}


@pytest.mark.parametrize("name", ARRAYS)
def test_vmap_computes_what_numpy_does(name: str) -> None:
    x = ARRAYS[name]()
    before = np.array(x)
    mapped = vmap(f)
    for _ in range(2):  # the second call may take another path
        result = mapped(x)
        np.testing.assert_array_equal(result, f(np.array(x, dtype=np.float64)))
        assert type(result) is np.ndarray
        assert result.dtype == np.float64
        result[...] = 7
    np.testing.assert_array_equal(np.array(x), before)


@pytest.mark.parametrize("name", ARRAYS)
def test_jit_computes_what_numpy_does(name: str) -> None:
    x = ARRAYS[name]()
    np.testing.assert_array_equal(jit(f)(x), f(np.array(x, dtype=np.float64)))


def test_calls_with_other_layouts_do_not_disturb_each_other() -> None:
    mapped = vmap(f)
    for x in (X, np.asfortranarray(X), X.astype(">f8"), X, unaligned(), X[::-1]):
        np.testing.assert_array_equal(mapped(x), f(x))
    assert mapped.compilations == 1


@pytest.mark.parametrize("x", [np.float32(1.5), np.array(2), 3, True, 2.5, np.int8(-1)])
def test_scalars(x: Any) -> None:
    result = jit(f)(x)
    expected = f(np.asarray(x)) if not isinstance(x, int | float) else np.asarray(f(x))
    np.testing.assert_array_equal(result, expected)
    assert result.shape == ()


@pytest.mark.parametrize(
    "x",
    [
        None,
        "text",
        b"bytes",
        object(),
        [1, [2, 3]],
        [[1], []],
        ["a", "b"],
        [1, None],
        np.array(["a"]),
        np.array([None]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.array([(1, 2.0)], "i4,f8"),
        np.ones(2, np.float16),
        np.ones(2, np.longdouble),
        np.array([1j, 2], np.clongdouble),
        [2**70],
        2**64,
        lambda: 1,
        (i for i in range(3)),
        range(3),
        np.ma.masked_array([1.0], [True]),
        [],
        (),
        {},
    ],
)
def test_what_is_not_an_array_is_a_clear_error(x: Any) -> None:
    with pytest.raises(VTraceError) as caught:
        vmap(f)(x)
    assert str(caught.value).startswith("vmap of f: ")


def test_an_axis_of_two_sizes_in_one_list() -> None:
    with pytest.raises(VTraceError, match="argument 'x' is a ragged list"):
        vmap(f)([[1, 2], [3, 4, 5]])
