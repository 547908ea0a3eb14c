"""Functions of `scipy.linalg` that work on traced matrices, with SciPy's names and arguments.

>>> import numpy as np, vtrace
>>> factors = np.array([[[2.0, 0.0], [1.0, 4.0]]])
>>> vtrace.vmap(lambda l: vtrace.linalg.solve_triangular(l, np.array([2.0, 5.0]), lower=True))(factors)
array([[1., 1.]])

Outside of traced functions they are SciPy's own. Inside, each is about ONE matrix, or a stack of them; real matrices
alone are supported; `check_finite` and `overwrite_...` change nothing. Functions that NumPy has too (`np.linalg.norm`,
`pinv`, `lstsq`...) are used as they are.
"""

from vtrace.linalg.factorisations import cho_factor as cho_factor
from vtrace.linalg.factorisations import cholesky as cholesky
from vtrace.linalg.factorisations import lu as lu
from vtrace.linalg.factorisations import lu_factor as lu_factor
from vtrace.linalg.factorisations import polar as polar
from vtrace.linalg.factorisations import qr as qr
from vtrace.linalg.factorisations import svd as svd
from vtrace.linalg.functions import det as det
from vtrace.linalg.functions import eigh as eigh
from vtrace.linalg.functions import expm as expm
from vtrace.linalg.functions import inv as inv
from vtrace.linalg.solvers import cho_solve as cho_solve
from vtrace.linalg.solvers import lu_solve as lu_solve
from vtrace.linalg.solvers import solve as solve
from vtrace.linalg.solvers import solve_triangular as solve_triangular
from vtrace.linalg.structured import block_diag as block_diag
from vtrace.linalg.structured import circulant as circulant
from vtrace.linalg.structured import hankel as hankel
from vtrace.linalg.structured import toeplitz as toeplitz
