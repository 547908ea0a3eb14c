"""Small functions to try the command line on: `vtrace dump examples/tour.py:distance --args 'f64[b,3], f64[3]'`."""

import numpy as np

import vtrace


def distance(point, origin):
    """How far one point is from the origin."""
    return np.sqrt(np.sum((point - origin) ** 2))


def softmax(x):
    """One row of numbers to weights that add up to one."""
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


@vtrace.vmap(in_axes=(0, None, None))
def layer(x, weights, bias):
    """One layer of a neural network for a batch of inputs that share the weights."""
    return np.tanh(x @ weights + bias)


@vtrace.vmap(in_axes=(0, None))
def pairwise(point, others):
    """All distances between two sets of points: [n, k], [m, k] -> [n, m]."""
    return vtrace.vmap(distance, in_axes=(None, 0))(point, others)


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    points = rng.normal(size=(5, 3))
    print("distances from the origin:", vtrace.vmap(distance, in_axes=(0, None))(points, np.zeros(3)).round(2))
    print("pairwise:", pairwise(points, points).round(2), sep="\n")
    print("softmax of each row adds up to:", vtrace.vmap(softmax)(points).sum(axis=1))
