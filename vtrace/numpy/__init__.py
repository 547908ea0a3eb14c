"""NumPy's names for traced code: `import vtrace.numpy as np`.

All of NumPy is here. Its functions take traced arrays by NumPy's own protocols; the few that make arrays, and so have
no argument to dispatch on, are replaced by ones that make traced arrays while a function is traced, and so are `r_` and
`c_`. `vectorize` is a `vmap`; `nonzero`, `unique` and their like take a size, and `roots`, `polymul` and `polydiv`
can leave no zeros out, as traced arrays have shapes that are known.
"""

from typing import Any

import numpy

from vtrace.frontend.numpy_creation import asarray as asarray
from vtrace.numpy.creation import array as array
from vtrace.numpy.creation import empty as empty
from vtrace.numpy.creation import full as full
from vtrace.numpy.creation import ones as ones
from vtrace.numpy.creation import zeros as zeros
from vtrace.numpy.joining import c_ as c_
from vtrace.numpy.joining import r_ as r_
from vtrace.numpy.polynomials import polydiv as polydiv
from vtrace.numpy.polynomials import polymul as polymul
from vtrace.numpy.polynomials import roots as roots
from vtrace.numpy.positions import argwhere as argwhere
from vtrace.numpy.positions import flatnonzero as flatnonzero
from vtrace.numpy.positions import nonzero as nonzero
from vtrace.numpy.positions import where as where
from vtrace.numpy.sets import intersect1d as intersect1d
from vtrace.numpy.sets import setdiff1d as setdiff1d
from vtrace.numpy.sets import setxor1d as setxor1d
from vtrace.numpy.sets import union1d as union1d
from vtrace.numpy.sets import unique as unique
from vtrace.numpy.sets import unique_all as unique_all
from vtrace.numpy.sets import unique_counts as unique_counts
from vtrace.numpy.sets import unique_inverse as unique_inverse
from vtrace.numpy.sets import unique_values as unique_values
from vtrace.numpy.vectorized import vectorize as vectorize


def __getattr__(name: str) -> Any:
    if name.startswith("__"):  # what Python asks of a module is asked of this one
        raise AttributeError(f"module 'vtrace.numpy' has no attribute {name!r}")
    return getattr(numpy, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(numpy)})
