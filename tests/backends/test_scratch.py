"""Scratch that is too large for a thread's stack comes from the heap, and is right all the same."""

import numpy as np

import vtrace
from vtrace import lax


def test_results_of_a_scan_larger_than_a_stack():
    x = np.random.default_rng(0).random((2, 1_500_000))
    np.testing.assert_allclose(vtrace.vmap(np.cumsum)(x), np.cumsum(x, axis=1))


def test_carries_larger_than_a_stack():
    x = np.random.default_rng(0).random((3, 700, 800))

    def step(i, a):
        return 0.5 * a + a[::-1]

    want = x
    for _ in range(3):
        want = 0.5 * want + want[:, ::-1]
    np.testing.assert_allclose(vtrace.vmap(lambda a: lax.fori_loop(0, 3, step, a))(x), want)
