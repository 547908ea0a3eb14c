"""Programs with loops and branches as a user of vtrace writes them: functions of ONE example, NumPy and `vtrace.lax`.

The plain-array programs are in programs.py.
"""

from typing import Any

import numpy as np

from vtrace import lax

Array = Any

RK_END, RK_TOLERANCE = 5.0, 1e-5


def mandelbrot(cr: Array, ci: Array) -> Array:
    """The number of iterations before the point escapes."""

    def inside(state: Any) -> Array:
        zr, zi, count = state
        return (count < 256) & (zr * zr + zi * zi < 4)

    def iterate(state: Any) -> Any:
        zr, zi, count = state
        return zr * zr - zi * zi + cr, 2 * zr * zi + ci, count + 1

    return lax.while_loop(inside, iterate, (0.0, 0.0, 0))[2]


def cube_root(a: Array) -> Array:
    """By Newton's method, to a relative tolerance."""

    def far(state: Any) -> Array:
        x, trips = state
        return (trips < 100) & (abs(x * x * x - a) > 1e-5 * a)

    def improve(state: Any) -> Any:
        x, trips = state
        return x - (x * x * x - a) / (3 * x * x), trips + 1

    return lax.while_loop(far, improve, (1.0, 0))[0]


def kepler(mean: Array, eccentricity: Array, tolerance: Array) -> Array:
    """The root of E - e sin E = M by bisection."""

    def wide(bracket: Any) -> Array:
        low, high = bracket
        return high - low > tolerance

    def halve(bracket: Any) -> Any:
        low, high = bracket
        middle = 0.5 * (low + high)
        right = middle - eccentricity * np.sin(middle) < mean
        return np.where(right, middle, low), np.where(right, high, middle)

    low, high = lax.while_loop(wide, halve, (np.zeros_like(mean), np.full_like(mean, np.pi)))
    return 0.5 * (low + high)


def van_der_pol(mu: Array) -> Array:
    """The oscillator at time 5, by a Runge-Kutta method of order 3 that adapts its steps."""

    def slope(x: Array, y: Array) -> tuple[Array, Array]:
        return y, mu * (1 - x * x) * y - x

    def step(state: Any) -> Any:
        x, y, time, size = state
        h = np.minimum(size, RK_END - time)
        a1, b1 = slope(x, y)
        a2, b2 = slope(x + 0.5 * h * a1, y + 0.5 * h * b1)
        a3, b3 = slope(x + 0.75 * h * a2, y + 0.75 * h * b2)
        next_x = x + h * (2 * a1 + 3 * a2 + 4 * a3) / 9
        next_y = y + h * (2 * b1 + 3 * b2 + 4 * b3) / 9
        a4, b4 = slope(next_x, next_y)
        error_x = abs(-5 / 72 * a1 + a2 / 12 + a3 / 9 - a4 / 8)
        error_y = abs(-5 / 72 * b1 + b2 / 12 + b3 / 9 - b4 / 8)
        error = h * np.maximum(error_x, error_y)
        good = error <= RK_TOLERANCE
        factor = np.clip(0.9 * np.cbrt(RK_TOLERANCE / (error + 1e-12)), 0.2, 5)
        return np.where(good, next_x, x), np.where(good, next_y, y), np.where(good, time + h, time), h * factor

    return lax.while_loop(lambda state: state[2] < RK_END - 1e-6, step, (2.0, 0.0, 0.0, 0.01))[0]


def low_pass(x: Array) -> Array:
    """A recursive filter of one pole."""

    def step(y: Array, sample: Array) -> Any:
        y = 0.9 * y + 0.1 * sample
        return y, y

    return lax.scan(step, 0.0, x)[1]


def kalman(measurements: Array) -> Array:
    """Positions of a body of constant velocity; the covariance is [[a, b], [b, d]]."""

    def step(state: Any, measured: Array) -> Any:
        x, v, a, b, d = state
        x = x + v
        a, b, d = a + 2 * b + d + 0.01, b + d, d + 0.01
        gain_x, gain_v = a / (a + 1), b / (a + 1)
        surprise = measured - x
        x, v = x + gain_x * surprise, v + gain_v * surprise
        return (x, v, (1 - gain_x) * a, (1 - gain_x) * b, d - gain_v * b), x

    return lax.scan(step, (0.0, 0.0, 1.0, 0.0, 1.0), measurements)[1]


def lorenz(rho: Array) -> Array:
    """500 Runge-Kutta steps of the Lorenz system."""

    def slope(s: Array) -> Array:
        x, y, z = s
        return np.stack([10 * (y - x), x * (rho - z) - y, x * y - 8 / 3 * z])

    def step(_: Any, s: Array) -> Array:
        k1 = slope(s)
        k2 = slope(s + 0.005 * k1)
        k3 = slope(s + 0.005 * k2)
        k4 = slope(s + 0.01 * k3)
        return s + 0.01 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    return lax.fori_loop(0, 500, step, np.ones(3, rho.dtype))


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def gated_recurrent(xs: Array, from_input: Array, from_state: Array) -> Array:
    """The last state of a gated recurrent unit of 16 cells."""

    def step(h: Array, x: Array) -> Any:
        a, b = x @ from_input, h @ from_state
        reset, keep = sigmoid(a[:16] + b[:16]), sigmoid(a[16:32] + b[16:32])
        return (1 - keep) * np.tanh(a[32:] + reset * b[32:]) + keep * h, None

    return lax.scan(step, np.zeros(16, xs.dtype), xs)[0]


def jacobi(grid: Array) -> Array:
    """50 relaxations of the Laplace equation with a fixed border."""

    def relax(_: Any, u: Array) -> Array:
        u[1:-1, 1:-1] = 0.25 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
        return u

    return lax.fori_loop(0, 50, relax, grid)


ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry(key: tuple[Array, Array], counter: tuple[Array, Array]) -> tuple[Array, Array]:
    """Random bits from a key and a counter: Threefry 2x32 with 20 rounds."""
    keys = (*key, key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    x, y = counter[0] + keys[0], counter[1] + keys[1]
    for group in range(5):
        for turn in ROTATIONS[group % 2]:
            x = x + y
            y = (y << np.uint32(turn) | y >> np.uint32(32 - turn)) ^ x
        x, y = x + keys[(group + 1) % 3], y + keys[(group + 2) % 3] + np.uint32(group + 1)
    return x, y


def uniform(bits: Array) -> Array:
    """In [0, 1)."""
    return (bits >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)


def pi_by_chance(key: Array) -> Array:
    counter = np.arange(1024, dtype=np.uint32)
    a, b = threefry((key, np.uint32(7)), (counter, np.zeros_like(counter)))
    x, y = uniform(a), uniform(b)
    return 4 * np.mean(x * x + y * y < 1, dtype=np.float32)


def asian_option(key: Array, strike: Array) -> Array:
    """One path of a call on the mean of 64 prices."""

    def step(state: Any, counter: Array) -> Any:
        price, total = state
        a, b = threefry((key, np.uint32(11)), (counter, np.uint32(0)))
        normal = np.sqrt(-2 * np.log(uniform(a) + np.float32(2**-25))) * np.cos(2 * np.pi * uniform(b))
        price = price * np.exp(0.0001 + 0.03 * normal)
        return (price, total + price), None

    (_, total), _ = lax.scan(step, (1.0, 0.0), np.arange(64, dtype=np.uint32))
    return np.maximum(total / 64 - strike, 0)


LOOPS: dict[str, tuple[Any, Any]] = {
    "mandel": (mandelbrot, 0),
    "newton": (cube_root, 0),
    "bisect": (kepler, 0),
    "rk_adaptive": (van_der_pol, 0),
    "iir": (low_pass, 0),
    "kalman": (kalman, 0),
    "lorenz": (lorenz, 0),
    "gru": (gated_recurrent, (0, None, None)),
    "jacobi": (jacobi, 0),
    "mc_pi": (pi_by_chance, 0),
    "mc_option": (asian_option, 0),
}
"""Functions of one example and in_axes, by the name of the workload."""
