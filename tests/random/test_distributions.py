"""Each sampler against the distribution function that SciPy has for it; seeds are fixed, so nothing here is random."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import vtrace
from vtrace import random

KEY = random.key(20)
COUNT = 20_000
DOUBTFUL = 1e-3
"""A good sampler falls below this p-value for one seed in a thousand; a wrong one is far below."""

CONTINUOUS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "uniform": (lambda key, dtype: random.uniform(key, COUNT, dtype), stats.uniform()),
    "uniform in a range": (lambda key, dtype: random.uniform(key, COUNT, dtype, -2.0, 3.0), stats.uniform(-2, 5)),
    "normal": (lambda key, dtype: random.normal(key, COUNT, dtype), stats.norm()),
    "exponential": (lambda key, dtype: random.exponential(key, COUNT, dtype), stats.expon()),
    "gumbel": (lambda key, dtype: random.gumbel(key, COUNT, dtype), stats.gumbel_r()),
    "laplace": (lambda key, dtype: random.laplace(key, COUNT, dtype), stats.laplace()),
    "logistic": (lambda key, dtype: random.logistic(key, COUNT, dtype), stats.logistic()),
    "cauchy": (lambda key, dtype: random.cauchy(key, COUNT, dtype), stats.cauchy()),
    "truncated_normal": (
        lambda key, dtype: random.truncated_normal(key, -1.0, 2.0, COUNT, dtype),
        stats.truncnorm(-1, 2),
    ),
    "gamma 0.3": (lambda key, dtype: random.gamma(key, 0.3, COUNT, dtype), stats.gamma(0.3)),
    "gamma 1": (lambda key, dtype: random.gamma(key, 1.0, COUNT, dtype), stats.gamma(1)),
    "gamma 20": (lambda key, dtype: random.gamma(key, 20.0, COUNT, dtype), stats.gamma(20)),
    "loggamma": (lambda key, dtype: random.loggamma(key, 0.5, COUNT, dtype), stats.loggamma(0.5)),
    "beta": (lambda key, dtype: random.beta(key, 0.5, 2.0, COUNT, dtype), stats.beta(0.5, 2)),
    "chisquare": (lambda key, dtype: random.chisquare(key, 3.0, COUNT, dtype), stats.chi2(3)),
    "t": (lambda key, dtype: random.t(key, 4.0, COUNT, dtype), stats.t(4)),
    "dirichlet": (lambda key, dtype: random.dirichlet(key, np.array([1.0, 2.0]), COUNT, dtype)[:, 0], stats.beta(1, 2)),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_distribution(name: str, dtype: type) -> None:
    draw, distribution = CONTINUOUS[name]
    numbers = draw(KEY, dtype)
    assert numbers.dtype == dtype
    assert stats.kstest(numbers, distribution.cdf).pvalue > DOUBTFUL


def _check_counts(numbers: Any, probabilities: Any) -> None:
    """A chi-squared test of how often 0, 1, 2... occur; what is rare is counted together."""
    expected = np.asarray(probabilities) * numbers.size
    found = np.bincount(numbers, minlength=expected.size)[: expected.size].astype(float)
    common = expected > 5
    assert found[common].sum() > 0.99 * numbers.size
    scale = found[common].sum() / expected[common].sum()
    assert stats.chisquare(found[common], expected[common] * scale).pvalue > DOUBTFUL


@pytest.mark.parametrize("mean", [0.01, 1.0, 9.99, 10.0, 33.3, 1000.0])
def test_poisson(mean: float) -> None:
    _check_counts(random.poisson(KEY, mean, COUNT), stats.poisson(mean).pmf(np.arange(int(mean) * 2 + 50)))


def test_poisson_of_special_means() -> None:
    assert random.poisson(KEY, [0.0, -1.0, np.nan, np.inf]).tolist() == [0, -1, -1, -1]
    large = random.poisson(KEY, 1e12, 1000)
    assert abs((large - 1e12).mean()) < 1e5
    assert abs((large - 1e12).std() / 1e6 - 1) < 0.1


def test_gamma_of_special_parameters() -> None:
    assert np.isnan(random.gamma(KEY, [0.0, -1.0, np.nan])).all()
    assert np.isfinite(random.loggamma(KEY, 1e-6, 100)).all()
    assert abs(random.gamma(KEY, 1e10, 100).mean() / 1e10 - 1) < 1e-5


def test_whole_numbers_and_choices() -> None:
    _check_counts(random.randint(KEY, COUNT, 0, 7), np.full(7, 1 / 7))
    _check_counts(random.choice(KEY, 5, COUNT), np.full(5, 1 / 5))
    weights = np.array([1.0, 0.0, 3.0, 0.5, 2.5, 0.0])
    _check_counts(random.choice(KEY, 6, COUNT, p=weights), weights / 7)
    assert not np.isin(random.choice(KEY, 6, COUNT, p=weights), [1, 5]).any()
    _check_counts(random.categorical(KEY, np.log([0.1, 0.2, 0.7]), shape=(COUNT,)), [0.1, 0.2, 0.7])
    _check_counts(random.bernoulli(KEY, 0.3, COUNT).astype(int), [0.7, 0.3])
    _check_counts(random.rademacher(KEY, COUNT) // 2 + 1, [0.5, 0.5])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 16, 17, 1000])
def test_weights_of_any_number(size: int) -> None:
    """The binary search finds what np.searchsorted finds."""
    weights = np.random.default_rng(size).uniform(size=size) * (np.arange(size) % 3 > 0)
    weights[size // 2] += 1
    ends = np.cumsum(weights)
    expected = np.searchsorted(ends, random.uniform(KEY, 500) * ends[-1], side="right")
    assert random.choice(KEY, size, 500, p=weights).tolist() == expected.tolist()


def test_rows_are_chosen_whole() -> None:
    rows = np.arange(12.0).reshape(4, 3)
    chosen = random.choice(KEY, rows, (2, 5))
    assert chosen.shape == (2, 5, 3)
    assert {tuple(r) for r in chosen.reshape(10, 3)} <= {tuple(r) for r in rows}
    assert random.choice(KEY, rows, (7,), axis=1).shape == (4, 7)


def test_logits_for_each_of_several_rows() -> None:
    logits = np.log([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    drawn = random.categorical(KEY, logits, shape=(COUNT, 3))
    assert np.abs(drawn.mean(axis=0) - [0.1, 0.8, 0.5]).max() < 0.02
    assert random.categorical(KEY, logits.T, axis=0).shape == (3,)


def test_numbers_of_different_keys_are_independent() -> None:
    keys = random.split(KEY, 200)
    numbers = vtrace.vmap(lambda key: random.normal(key, 500))(keys)
    assert stats.kstest(numbers.ravel(), stats.norm.cdf).pvalue > DOUBTFUL
    for products in (numbers[1:] * numbers[:-1], numbers[:, 1:] * numbers[:, :-1]):  # of neighbours: variance 1
        assert abs(np.mean(products)) < 4 / np.sqrt(products.size)


def test_the_tails_of_the_normal_distribution() -> None:
    numbers = np.abs(vtrace.vmap(lambda key: random.normal(key, 10_000))(random.split(KEY, 300)))
    for limit in (3.0, 4.0, 5.0):
        expected = numbers.size * 2 * stats.norm.sf(limit)
        assert abs((numbers > limit).sum() - expected) < 4 * np.sqrt(expected)
