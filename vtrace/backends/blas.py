"""Matrix products by the BLAS that SciPy ships, called through its function pointers.

SciPy's and not NumPy's: the same product of two 1024 x 1024 float32 matrices takes NumPy's `@` 1.4 times as long.
"""

import ctypes
import functools
from typing import Any

from vtrace.ir.types import Array

_INT, _CHAR, _POINTER = ctypes.POINTER(ctypes.c_int), ctypes.c_char_p, ctypes.c_void_p


@functools.cache
def _function(name: str) -> Any:
    """The Fortran routine `name` as a ctypes function."""
    from scipy.linalg import cython_blas  # 0.2 s of import, paid by the first matrix product alone

    capsule = vars(cython_blas)["__pyx_capi__"][name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    address = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    matrix = (_POINTER, _INT)
    return ctypes.CFUNCTYPE(None, _CHAR, _CHAR, _INT, _INT, _INT, _POINTER, *matrix, *matrix, _POINTER, *matrix)(
        address
    )


class Blas:
    """The library calls that primitives may make."""

    def gemm(self, out: Array, x: Array, y: Array, transpose: tuple[bool, bool]) -> None:
        """out = op(x) @ op(y) for C-contiguous matrices, `op` transposing where asked.

        BLAS is column-major: what it sees is every matrix transposed, so it is asked for op(y).T @ op(x).T.
        """
        rows, columns = out.shape
        inner = x.shape[0] if transpose[0] else x.shape[1]
        if 0 in (rows, columns, inner):
            out[...] = 0
            return
        double = out.dtype.itemsize == 8
        scalar = ctypes.c_double if double else ctypes.c_float
        m, n, k = ctypes.c_int(columns), ctypes.c_int(rows), ctypes.c_int(inner)
        one, zero = scalar(1.0), scalar(0.0)
        flags = [b"T" if t else b"N" for t in (transpose[1], transpose[0])]
        strides = [ctypes.c_int(a.shape[1]) for a in (y, x, out)]
        _function("dgemm" if double else "sgemm")(
            *flags, m, n, k, ctypes.byref(one), y.ctypes.data, strides[0], x.ctypes.data, strides[1],
            ctypes.byref(zero), out.ctypes.data, strides[2],
        )  # fmt: skip


LIBRARY = Blas()
