"""Control flow inside of control flow, of vmap and of jit, to depth 3."""

import numpy as np

import vtrace
from tests.lax.oracle import check, floats, integers
from vtrace import lax

X = floats()
N = integers(0, 6)


def test_loops_in_loops_in_loops() -> None:
    def f(x, n):
        def outer(i, c):
            def middle(j, c):
                return lax.fori_loop(0, j + 1, lambda k, c: c + x * (i - j + k), c)

            return lax.fori_loop(0, i, middle, c * 0.5)

        return lax.fori_loop(0, n, outer, 1.0)

    check(f, X, N, ulps=1 << 14)


def test_branches_in_loops_in_branches() -> None:
    def f(x, n):
        def loop(x):
            def body(c):
                i, v = c
                return i + 1, lax.switch(
                    i % 3, [lambda: v + x, lambda: v * 2, lambda: lax.cond(v > 1, lambda: v - 3, lambda: v)]
                )

            return lax.while_loop(lambda c: c[0] < n, body, (0, x))[1]

        return lax.cond(n > 2, loop, lambda x: x * 10, x)

    check(f, X, N, ulps=1 << 14)


def test_scans_in_scans() -> None:
    def f(m):
        def row(c, r):
            total, ys = lax.scan(lambda c, x: (c * 0.5 + x, c), c, r)
            return total, ys[::-1]

        return lax.scan(row, 0.0, m, reverse=True)

    check(f, floats(4, 3), ulps=1 << 12)


def test_a_while_inside_a_scan_inside_a_branch() -> None:
    def f(v):
        def loop():
            def step(c, x):
                k = lax.while_loop(lambda k: k * k < np.abs(c) + 1, lambda k: k + 1, 0)
                return c + x * k, k

            return lax.scan(step, v[0], v)

        return lax.cond(v[0] > 0, loop, lambda: (v.sum(), np.zeros(v.shape, int)))

    check(f, floats(5), ulps=1 << 14)


def test_vmap_inside_of_a_loop() -> None:
    def newton(a):
        return lax.while_loop(lambda x: np.abs(x * x - a) > 1e-9 * a, lambda x: (x + a / x) / 2, a)

    def f(v, n):
        return lax.fori_loop(0, n, lambda i, v: vtrace.vmap(newton)(v + i), v)

    def oracle(v, n):
        for i in range(int(n)):
            v = np.array([newton(a) for a in v + i])
        return v

    v = np.abs(floats(4)) + 0.5
    result = vtrace.vmap(f)(v, N)
    np.testing.assert_allclose(result, np.stack([oracle(a, n) for a, n in zip(v, N, strict=True)]), rtol=1e-13)


def test_a_loop_in_vmap_of_vmap_of_vmap() -> None:
    def count(x, n):
        return lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, c[1] * x), (0, 1.0))[1]

    x, n = floats(2, 3), integers(0, 5, 3)
    every = vtrace.vmap(vtrace.vmap(vtrace.vmap(count), in_axes=(0, None)))
    np.testing.assert_allclose(every(x, n), x ** n[:, None, :], rtol=1e-14)
    crossed = vtrace.vmap(
        vtrace.vmap(vtrace.vmap(count, in_axes=(0, None)), in_axes=(None, 0)), in_axes=(0, 0), out_axes=1
    )
    wanted = x[:, 0, None, :] ** n[:, :, None]
    np.testing.assert_allclose(crossed(x[:, 0], n), np.moveaxis(wanted, 0, 1), rtol=1e-14)


def test_vmap_over_a_loop_of_vmap_with_a_captured_value() -> None:
    def f(x, v):
        y = x * 2
        return vtrace.vmap(
            lambda e: lax.cond(e > y, lambda: e - y, lambda: lax.fori_loop(0, 3, lambda i, c: c * y, e))
        )(v)

    def oracle(x, v):
        y = x * 2
        return np.array([e - y if e > y else e * y * y * y for e in v])

    v = floats(5, seed=3)
    np.testing.assert_allclose(
        vtrace.vmap(f)(X, v), np.stack([oracle(a, b) for a, b in zip(X, v, strict=True)]), rtol=1e-14
    )


def test_jit_around_and_inside() -> None:
    inner = vtrace.jit(lambda c: c * 1.5 + 1)

    @vtrace.jit
    def f(x, n):
        return lax.fori_loop(0, n, lambda i, c: inner(c), x)

    assert f(2.0, 3) == ((2.0 * 1.5 + 1) * 1.5 + 1) * 1.5 + 1
    check(lambda x, n: lax.fori_loop(0, n, lambda i, c: c * 1.5 + 1, x), X, N, ulps=64)
    np.testing.assert_allclose(
        vtrace.vmap(f)(X, N)[:3], [f(x, n) for x, n in zip(X[:3], N[:3], strict=True)], rtol=1e-14
    )


def test_jit_of_loops_without_a_batch() -> None:
    @vtrace.jit
    def f(m, n):
        a = lax.fori_loop(0, n, lambda i, a: a @ m, np.eye(3))
        total, ys = lax.scan(lambda c, r: (c + r.sum(), c * r), 0.0, a)
        return lax.cond(total > 0, lambda: ys, lambda: -ys), total, np.sqrt(np.abs(a) + 1).sum()

    m = floats(3, 3)[0]
    a = np.linalg.matrix_power(m, 3)
    sums = np.concatenate([[0], np.cumsum(a.sum(1))])
    ys = sums[:-1, None] * a
    results = f(m, 3)
    np.testing.assert_allclose(results[0], ys if sums[-1] > 0 else -ys, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(results[1], sums[-1], rtol=1e-12)
    np.testing.assert_allclose(results[2], np.sqrt(np.abs(a) + 1).sum(), rtol=1e-12)


def test_values_around_loops_are_part_of_the_same_program() -> None:
    def f(v, x):
        w = np.exp(-np.abs(v)) / 3
        c, ys = lax.scan(lambda c, e: (c * e + x, c), w.sum(), w)
        k = ys.argmax()
        return np.sin(c) * w[k] + lax.fori_loop(0, k, lambda i, s: s + ys[i] * w[i], 0.0)

    check(f, floats(6), X, ulps=1 << 12)


def test_a_batch_of_one_program_is_one_kernel() -> None:
    def f(v, x):
        c, ys = lax.scan(lambda c, e: (c * e + x, c), v.sum(), v)
        return lax.cond(c > 0, lambda: ys * 2, lambda: ys + x) @ v

    kernels = vtrace.vmap(f).inspect("f64[b,6]", "f64[b]").kernels
    assert [e.primitive.name for e in kernels.equations] == ["kernel"]
