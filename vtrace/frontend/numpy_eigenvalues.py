"""Eigenvalues of matrices that are not symmetric: complex, also where NumPy would find that none of them is."""

from typing import Any

import numpy as np

from vtrace.errors import UnsupportedError
from vtrace.frontend.complex_tracer import ComplexTracer, split
from vtrace.frontend.dispatch import implements
from vtrace.frontend.numpy_matrices import matrices
from vtrace.frontend.source import at_user_line
from vtrace.frontend.trace import emit_all, inside_loop
from vtrace.ops.linalg.eig import Eig

EigResult: Any = type(np.linalg.eig(np.eye(1)))


def _results(name: str, a: Any, vectors: bool) -> list[ComplexTracer]:
    x = matrices(a)
    if inside_loop():
        raise UnsupportedError(
            f"{at_user_line()}: np.linalg.{name} inside of a loop or branch is not supported, as no library can be "
            f"called there; compute it before, or use np.linalg.eigh for a symmetric matrix"
        )
    parts = emit_all(Eig(vectors), *split(x))
    return [ComplexTracer(re, im) for re, im in zip(parts[::2], parts[1::2], strict=True)]


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    return EigResult(*_results("eig", a, vectors=True))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    (values,) = _results("eigvals", a, vectors=False)
    return values
