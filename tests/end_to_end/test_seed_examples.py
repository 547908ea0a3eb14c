"""The examples the project began with, verbatim but for the import."""

from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import vmap

A, B, C = 4, 3, 5

X = np.array([[2, 2, 2], [3, 3, 3]])
Y = np.array([[4, 4, 4], [5, 5, 5]])


def custom_dot(x: Any, y: Any) -> Any:
    return np.dot(x, y) ** 2


def naive_custom_dot(x_batched: Any, y_batched: Any) -> Any:
    return np.stack([custom_dot(v1, v2) for v1, v2 in zip(x_batched, y_batched, strict=True)])


class TestCustomDot:
    def test_on_one_example(self) -> None:
        assert vtrace.jit(custom_dot)(X[0], Y[0]) == 576

    def test_unbatched_on_a_batch_fails_and_says_why(self) -> None:
        with pytest.raises(vtrace.ShapeError) as caught:
            vtrace.jit(custom_dot)(X, Y)
        message = str(caught.value)
        assert "test_seed_examples.py" in message
        assert message.count("(2, 3)") == 2 or message.count("[2,3]") == 2

    def test_naive(self) -> None:
        np.testing.assert_array_equal(naive_custom_dot(X, Y), [576, 2025])

    def test_naive_inside_a_traced_function(self) -> None:
        result = vtrace.jit(naive_custom_dot)(X, Y)
        np.testing.assert_array_equal(result, [576, 2025])
        assert result.dtype == np.int64

    @pytest.mark.parametrize("in_axes", [0, (0, 0), [0, 0]])
    @pytest.mark.parametrize("as_lists", [False, True])
    def test_mapped(self, in_axes: Any, as_lists: bool) -> None:
        batched = vmap(custom_dot, in_axes=in_axes)
        result = batched(X.tolist(), Y.tolist()) if as_lists else batched(X, Y)
        np.testing.assert_array_equal(result, [576, 2025])
        assert result.dtype == np.int64

    def test_naive_of_batches(self) -> None:
        """The loop inside a function that is itself mapped."""
        x, y = np.stack([X, X + 1]), np.stack([Y, Y - 1])
        expected = np.stack([naive_custom_dot(a, b) for a, b in zip(x, y, strict=True)])
        np.testing.assert_array_equal(vmap(naive_custom_dot)(x, y), expected)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("in_axes", "x", "y", "loop"),
    [
        # [b,a],[b,a] -> [b]
        ((0, 0), (B, A), (B, A), lambda x, y, i: (x[i], y[i])),
        # [a,b],[a,b] -> [b]
        ((1, 1), (A, B), (A, B), lambda x, y, i: (x[:, i], y[:, i])),
        # [a],[a,b] -> [b]
        ((None, 1), (A,), (A, B), lambda x, y, i: (x, y[:, i])),
    ],
)
def test_the_in_axes_table_for_vectors(in_axes: Any, x: Any, y: Any, loop: Any) -> None:
    xs, ys = RNG.normal(size=x), RNG.normal(size=y)
    expected = np.stack([np.dot(*loop(xs, ys, i)) for i in range(B)])
    np.testing.assert_allclose(vmap(lambda x, y: np.dot(x, y), in_axes)(xs, ys), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("in_axes", "x", "y", "loop"),
    [
        # [b,a],[b,c] with (0, 0): one row of each
        ((0, 0), (B, A), (B, C), lambda x, y, i: (x[i], y[i])),
        # [a,b],[c,b] with (1, 1): one column of each
        ((1, 1), (A, B), (C, B), lambda x, y, i: (x[:, i], y[:, i])),
        # [a,b],[b,c] with (None, 1): all of the first, one column of the second
        ((None, 1), (A, B), (B, C), lambda x, y, i: (x, y[:, i])),
    ],
)
def test_the_in_axes_table(in_axes: Any, x: Any, y: Any, loop: Any) -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(x, axis=-1) * np.sum(y, axis=0) if x.ndim == 2 else np.outer(x, y)

    xs, ys = RNG.normal(size=x), RNG.normal(size=y)
    size = ys.shape[in_axes[1]]
    expected = np.stack([f(*loop(xs, ys, i)) for i in range(size)])
    np.testing.assert_allclose(vmap(f, in_axes)(xs, ys), expected, rtol=1e-12)


vv = lambda x, y: np.dot(x, y)  # noqa: E731
mv = vmap(vv, (0, None), 0)  # ([b,a], [a]) -> [b]
mm = vmap(mv, (None, 1), 1)  # ([b,a], [a,c]) -> [b,c]


class TestMatrixProduct:
    def test_values(self) -> None:
        x, y = RNG.normal(size=(B, A)), RNG.normal(size=(A, C))
        np.testing.assert_allclose(mm(x, y), x @ y, rtol=1e-12)

    def test_matrix_times_vector(self) -> None:
        x, y = RNG.normal(size=(B, A)), RNG.normal(size=A)
        np.testing.assert_allclose(mv(x, y), x @ y, rtol=1e-12)

    def test_it_becomes_one_matrix_product(self) -> None:
        big = mm.inspect("f32[512,256]", "f32[256,512]")
        assert [e.primitive.name for e in big.kernels.equations] == ["matmul"]
