"""Dense linear algebra on one matrix: factorisations, solvers, determinants.

Each operation is a procedure, so that small matrices are done inside of kernels, 16 examples at a time; its meaning,
and what large ones are done by, is NumPy's or SciPy's own function.
"""

from vtrace.ops.linalg import cholesky as cholesky
from vtrace.ops.linalg import complex_matrix as complex_matrix
from vtrace.ops.linalg import determinant as determinant
from vtrace.ops.linalg import eig as eig
from vtrace.ops.linalg import eigh as eigh
from vtrace.ops.linalg import inverse as inverse
from vtrace.ops.linalg import lapack as lapack
from vtrace.ops.linalg import lu as lu
from vtrace.ops.linalg import qr as qr
from vtrace.ops.linalg import solve as solve
from vtrace.ops.linalg import svd as svd
from vtrace.ops.linalg import triangular as triangular
