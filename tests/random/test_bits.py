"""The generator: known answers, JAX's bits, and one result whichever way a sampler is called."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import vtrace
from vtrace import lax, random
from vtrace.ops.threefry import Threefry2x32

ZEROS, ONES = (0, 0, 0, 0), (0xFFFFFFFF,) * 4
PI = (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3)
KNOWN = {ZEROS: (0x6B200159, 0x99BA4EFE), ONES: (0x1CB996FC, 0xBB002BE7), PI: (0xC4923A9C, 0x483DF7A0)}
"""Key and counter -> words: the known answers that come with Random123."""


@pytest.mark.parametrize("operands", KNOWN)
def test_known_answers(operands: tuple[int, ...]) -> None:
    words = [np.array(x, np.uint32) for x in operands]
    first, second = KNOWN[operands]
    expected = {"first": first, "second": second, "mixed": first ^ second, "both": first << 32 | second}
    for part in Threefry2x32.parts:
        assert int(Threefry2x32(part).evaluate(*words)) == expected[part]


KEY = random.key(1701)


def test_bits_are_those_of_jax() -> None:
    """Written down from jax.random 0.10, with the partitionable threefry, and 64-bit dtypes."""
    assert random.PRNGKey(2**40 + 3).tolist() == [256, 3]
    assert random.key(-1).tolist() == [2**32 - 1, 2**32 - 1]
    assert random.split(KEY).tolist() == [[741045208, 1847055613], [85238482, 2594297577]]
    assert random.fold_in(KEY, 77).tolist() == [2368875011, 559684240]
    assert random.bits(KEY, (2,), np.uint8).tolist() == [37, 59]
    assert random.bits(KEY, (2,), np.uint16).tolist() == [42789, 29755]
    assert random.bits(random.key(42), (2,), np.uint32).tolist() == [1832780943 ^ 270669613, 64467757 ^ 2916123636]
    assert random.bits(KEY, (2,), np.uint64).tolist() == [3182764935064573181, 366096495144982249]
    assert random.uniform(KEY, (2,)).round(8).tolist() == [0.17253803, 0.01984613]
    assert random.uniform(KEY, (2,), np.float32).tolist() == [np.float32(0.25873792), np.float32(0.6238625)]


def test_floats_are_those_of_jax_up_to_rounding() -> None:
    np.testing.assert_allclose(random.normal(KEY, (2,)), [-0.94418315, -2.05693726], rtol=1e-8)
    np.testing.assert_allclose(random.normal(KEY, (2,), np.float32), [-0.6472411, 0.3156411], rtol=1e-6)
    np.testing.assert_allclose(random.exponential(KEY, (2,)), [0.18939213, 0.02004571], rtol=1e-6)


def test_the_numbers_of_a_shape_are_those_of_a_row() -> None:
    np.testing.assert_array_equal(random.bits(KEY, (3, 5)).ravel(), random.bits(KEY, 15))
    np.testing.assert_array_equal(random.split(KEY, (2, 3)).reshape(6, 2), random.split(KEY, 6))
    assert random.bits(KEY) == random.bits(KEY, 1)[0]
    assert random.normal(KEY, (0, 3)).shape == (0, 3)


SAMPLERS: list[Callable[[Any], Any]] = [
    lambda key: random.split(key, 3),
    lambda key: random.fold_in(key, 5),
    lambda key: random.bits(key, (2, 3), np.uint8),
    lambda key: random.bits(key, (4,), np.uint64),
    lambda key: random.uniform(key, (5,)),
    lambda key: random.uniform(key, (5,), np.float32, -1.0, [1.0, 2.0, 3.0, 4.0, 5.0]),
    lambda key: random.normal(key, (40,)),
    lambda key: random.normal(key, (40,), np.float32),
    lambda key: random.exponential(key, (4,)),
    lambda key: random.gumbel(key, (4,), np.float32),
    lambda key: random.laplace(key, (4,)),
    lambda key: random.logistic(key, (4,)),
    lambda key: random.cauchy(key, (4,)),
    lambda key: random.truncated_normal(key, -1.0, 0.5, (4,)),
    lambda key: random.randint(key, (5,), -10, 10),
    lambda key: random.randint(key, (5,), 0, 2**64, np.uint64),
    lambda key: random.bernoulli(key, 0.3, (9,)),
    lambda key: random.rademacher(key, (3,)),
    lambda key: random.categorical(key, np.log([0.2, 0.3, 0.5]), shape=(7,)),
    lambda key: random.choice(key, 10, (7,)),
    lambda key: random.choice(key, np.array([2.0, 3.0, 5.0]), (7,), p=np.array([1.0, 0.0, 2.0])),
    lambda key: random.gamma(key, [0.3, 2.5, 40.0]),
    lambda key: random.gamma(key, 0.7, dtype=np.float32),
    lambda key: random.loggamma(key, 0.001, (3,)),
    lambda key: random.beta(key, 2.0, 3.0, (2,)),
    lambda key: random.chisquare(key, 5.0),
    lambda key: random.t(key, 5.0, (2,)),
    lambda key: random.dirichlet(key, np.array([1.0, 2.0, 3.0])),
    lambda key: random.poisson(key, [0.5, 9.0, 11.0, 1e6]),
]


@pytest.mark.parametrize("number", range(len(SAMPLERS)))
def test_one_result_whichever_way_it_is_called(number: int) -> None:
    """Run by NumPy, under jit, under vmap, in a loop: the same bits for the same key."""
    draw = SAMPLERS[number]
    keys = random.split(random.key(number), 19)
    eagerly = np.stack([draw(key) for key in keys])
    np.testing.assert_array_equal(np.stack([vtrace.jit(draw)(key) for key in keys[:3]]), eagerly[:3])
    np.testing.assert_array_equal(vtrace.vmap(draw)(keys), eagerly)
    np.testing.assert_array_equal(vtrace.vmap(lambda key: lax.map(draw, key[None])[0])(keys[:5]), eagerly[:5])
    assert len(np.unique(eagerly, axis=0)) > 1


def test_bounds_may_be_traced() -> None:
    keys, low, high = random.split(random.key(3), 50), np.arange(50), np.arange(50) ** 3 + 1
    rolled = vtrace.vmap(lambda key, a, b: random.randint(key, (), a, b))(keys, low, high)
    assert rolled.tolist() == [int(random.randint(k, (), a, b)) for k, a, b in zip(keys, low, high, strict=True)]
    assert np.all((low <= rolled) & (rolled < np.maximum(high, low + 1)))


def test_a_seed_may_be_traced() -> None:
    seeds = np.array([0, 5, -1, 2**40 + 3])
    np.testing.assert_array_equal(vtrace.vmap(random.key)(seeds), np.stack([random.key(int(s)) for s in seeds]))


def test_integers_reach_both_ends() -> None:
    for dtype in (np.int8, np.uint8, np.int16, np.int64, np.uint64):
        info = np.iinfo(dtype)
        whole = random.randint(KEY, (4000,), info.min, info.max + 1, dtype)
        assert whole.dtype == dtype
        middle, width = (int(info.max) + int(info.min)) / 2, 2.0 ** (8 * info.dtype.itemsize)
        assert abs(whole.mean(dtype=float) - middle) < 0.02 * width
    assert set(random.randint(KEY, (200,), info.max - 2, info.max, np.uint64).tolist()) == {info.max - 2, info.max - 1}
    assert random.randint(KEY, (5,), 7, 7).tolist() == [7] * 5
    assert random.randint(KEY, (3,), 7, -7).tolist() == [7] * 3


def test_integers_are_the_upper_half_of_exact_products() -> None:
    words = random.bits(KEY, (500,), np.uint64)
    for span in (1, 3, 2**32 - 1, 2**32, 2**33 + 5, 2**63 + 11, 2**64 - 1):
        expected = [int(w) * span >> 64 for w in words]
        assert random.randint(KEY, (500,), 0, span, np.uint64).tolist() == expected
