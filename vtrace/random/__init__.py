"""Random numbers from keys, with JAX's names: `from vtrace import random`.

A key is two uint32 words, and the numbers it stands for never change: there is no hidden state. `split` makes new keys
of one, so every use has its own.

>>> import numpy as np, vtrace
>>> from vtrace import random
>>> @vtrace.vmap
... def pi(key):                               # one experiment: darts at a square
...     x, y = random.uniform(key, (2, 1000))
...     return 4 * np.mean(x * x + y * y < 1)
>>> estimates = pi(random.split(random.key(0), 10000))
>>> round(float(estimates.mean()), 2)
3.14

The numbers are the same in a function that is traced, under `vmap` and `jit`, and in one that NumPy runs: there each
call is a compiled program of its own. Shapes are those of one example. Floats are float64 unless `dtype` says float32.
"""

from vtrace.random.bits import bits as bits
from vtrace.random.bits import randint as randint
from vtrace.random.bits import uniform as uniform
from vtrace.random.continuous import cauchy as cauchy
from vtrace.random.continuous import exponential as exponential
from vtrace.random.continuous import gumbel as gumbel
from vtrace.random.continuous import laplace as laplace
from vtrace.random.continuous import logistic as logistic
from vtrace.random.continuous import normal as normal
from vtrace.random.continuous import truncated_normal as truncated_normal
from vtrace.random.counts import poisson as poisson
from vtrace.random.discrete import bernoulli as bernoulli
from vtrace.random.discrete import categorical as categorical
from vtrace.random.discrete import choice as choice
from vtrace.random.discrete import rademacher as rademacher
from vtrace.random.gammas import beta as beta
from vtrace.random.gammas import chisquare as chisquare
from vtrace.random.gammas import dirichlet as dirichlet
from vtrace.random.gammas import gamma as gamma
from vtrace.random.gammas import loggamma as loggamma
from vtrace.random.gammas import t as t
from vtrace.random.keys import PRNGKey as PRNGKey
from vtrace.random.keys import fold_in as fold_in
from vtrace.random.keys import key as key
from vtrace.random.keys import split as split
