"""Outside of a trace the functions of vtrace.lax are the Python loops and branches they stand for."""

import numpy as np

from tests.lax.oracle import once
from vtrace import lax

pytestmark = once


def test_branches_are_python_s() -> None:
    seen = []
    result = lax.cond(np.float64(1) > 0, lambda x: seen.append("true") or x * 2, lambda x: seen.append("false") or x, 3)
    assert isinstance(result, np.ndarray)
    assert (result, seen) == (6, ["true"])
    assert lax.switch(7, [lambda: "never" and 1, lambda: 2]) == 2
    assert lax.switch(np.int8(-1), [lambda: 1, lambda: 2]) == 1


def test_loops_are_python_s() -> None:
    trips = []
    assert lax.fori_loop(2, 5, lambda i, c: trips.append(i) or c * i, 1) == 24
    assert trips == [2, 3, 4]
    assert lax.while_loop(lambda c: c[0] < 4, lambda c: (c[0] + 1, c[1] * 2), (0, 1.0)) == (4, 16.0)


def test_a_carried_bool_is_one_of_numpy_s() -> None:
    """`~` of a Python bool is an integer, and deprecated."""
    body = lambda c: (c[0] + 1, bool(c[0]))  # noqa: E731
    assert lax.while_loop(lambda c: ~c[1], body, (0, False)) == (2, True)
    assert lax.fori_loop(0, 3, lambda i, c: ~c, True) == np.False_
    assert lax.scan(lambda c, x: (~c, ~c), True, np.arange(2))[1].tolist() == [False, True]


def test_scan_stacks() -> None:
    carry, ys = lax.scan(lambda c, x: (c + x["a"], (c, x["b"])), 0, {"a": np.arange(4), "b": np.ones((4, 2))})
    assert carry == 6
    np.testing.assert_array_equal(ys[0], [0, 0, 1, 3])
    assert ys[1].shape == (4, 2)
    assert lax.scan(lambda c, x: (c, None), 1, np.arange(2))[1] is None


def test_a_reversed_scan_keeps_each_y_with_its_x() -> None:
    carry, ys = lax.scan(lambda c, x: (c * 10 + x, c), 0, np.array([1, 2, 3]), reverse=True)
    assert carry == 321
    np.testing.assert_array_equal(ys, [32, 3, 0])


def test_no_trips_have_types_all_the_same() -> None:
    carry, (a, b) = lax.scan(lambda c, x: (c, (x * c, True)), 2.0, np.zeros((0, 3)))
    assert (carry.dtype, a.dtype, a.shape, b.dtype, b.shape) == (np.float64, np.float64, (0, 3), bool, (0,))


def test_arguments_are_never_written_to() -> None:
    v = np.arange(3.0)

    def write(c, x):
        c[0] += 1
        x[0] = 9
        return c, c

    m = np.zeros((2, 2))
    carry, ys = lax.scan(write, v, m)
    np.testing.assert_array_equal(v, [0, 1, 2])
    np.testing.assert_array_equal(m, 0)
    np.testing.assert_array_equal(ys[:, 0], [1, 2])
    assert carry[0] == 2
    lax.cond(True, lambda v: v.sort(), lambda v: None, v)


def test_associative_scan_and_windows() -> None:
    np.testing.assert_array_equal(lax.associative_scan(np.add, np.arange(5)), [0, 1, 3, 6, 10])
    np.testing.assert_array_equal(lax.associative_scan(np.add, np.arange(5), reverse=True), [10, 10, 9, 7, 4])
    np.testing.assert_array_equal(lax.dynamic_slice(np.arange(5), [-2], [2]), [3, 4])
    np.testing.assert_array_equal(lax.dynamic_slice(np.arange(5), [9], [2]), [3, 4])
