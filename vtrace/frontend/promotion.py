"""The dtypes NumPy would compute in: NEP 50, answered by NumPy's own resolution."""

from typing import Any

import numpy as np

from vtrace.errors import DTypeError
from vtrace.frontend.core import check_dtype
from vtrace.frontend.dispatch import qualified_name
from vtrace.frontend.source import at_user_line
from vtrace.frontend.tracer import Tracer
from vtrace.ir.types import DType

_FLOAT32: DType = np.dtype(np.float32)
_WEAK: dict[str, tuple[type, Any]] = {"i": (int, 0), "u": (int, 0), "f": (float, 0.0), "c": (complex, 0j)}
"""Kind of a Python number -> its type, and a number that stands for it."""


def resolve(ufunc: np.ufunc, operands: tuple[Tracer, ...], dtype: DType | None = None) -> tuple[DType, ...]:
    """The dtypes of the operands and of the results of a ufunc.

    Raises DTypeError with NumPy's words where the ufunc does not take them, and where it would compute in a dtype that
    the IR does not have.
    """
    alone = all(t.weak for t in operands)  # Python integers among themselves compare as objects, which are never here
    types = tuple(_WEAK[t.dtype.kind][0] if t.weak and not alone else t.dtype for t in operands)
    wanted = (*types, *(None,) * ufunc.nout)
    try:
        if dtype is None:
            dtypes = ufunc.resolve_dtypes(wanted)
        else:
            dtypes = ufunc.resolve_dtypes(wanted, signature=(*(None,) * ufunc.nin, *(dtype,) * ufunc.nout))
    except TypeError as error:
        given = ", ".join(str(t.dtype) for t in operands)
        raise DTypeError(f"{at_user_line()}: {qualified_name(ufunc)} of {given}: {error}") from None
    given = ", ".join(str(t.dtype) for t in operands)
    results = tuple(check_dtype(d, f"{qualified_name(ufunc)} of {given}") for d in dtypes[ufunc.nin :])
    # np.signbit looks at an int8 as a float16 and answers with a bool: float32 holds the same numbers.
    return (*(_FLOAT32 if d == np.float16 else d for d in dtypes[: ufunc.nin]), *results)


def result_type(*operands: Tracer) -> DType:
    """The dtype NumPy gives an array that holds all of `operands`."""
    dtype = np.result_type(*(_WEAK[t.dtype.kind][1] if t.weak else t.dtype for t in operands))
    return check_dtype(dtype, "the combination of " + ", ".join(str(t.dtype) for t in operands))


def accumulator(dtype: DType) -> DType:
    """The dtype in which NumPy sums and multiplies: small integers and bools widen to 64 bits."""
    if dtype.kind in "bi":
        return np.dtype(np.int64)
    return np.dtype(np.uint64) if dtype.kind == "u" else dtype
