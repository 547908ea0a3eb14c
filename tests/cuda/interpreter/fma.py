"""x * y + z rounded once, for whole arrays: NumPy has no such function."""

import ctypes
import functools
from typing import Any

import numpy as np

from vtrace.backends.jit import Machine
from vtrace.ir.types import Array

_TEXT = """
declare FLOAT @llvm.fma.SUFFIX(FLOAT, FLOAT, FLOAT)
define void @fma_all(ptr %x, ptr %y, ptr %z, ptr %out, i64 %count) {
entry:
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %each, label %done
each:
  %i = phi i64 [ 0, %entry ], [ %next, %each ]
  %px = getelementptr FLOAT, ptr %x, i64 %i
  %py = getelementptr FLOAT, ptr %y, i64 %i
  %pz = getelementptr FLOAT, ptr %z, i64 %i
  %po = getelementptr FLOAT, ptr %out, i64 %i
  %a = load FLOAT, ptr %px
  %b = load FLOAT, ptr %py
  %c = load FLOAT, ptr %pz
  %r = call FLOAT @llvm.fma.SUFFIX(FLOAT %a, FLOAT %b, FLOAT %c)
  store FLOAT %r, ptr %po
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %each, label %done
done:
  ret void
}
"""


@functools.cache
def _code(itemsize: int) -> tuple[Machine, Any]:
    text = _TEXT.replace("FLOAT", "float" if itemsize == 4 else "double").replace("SUFFIX", f"f{8 * itemsize}")
    machine = Machine(text, lambda: text)
    prototype = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_int64)
    return machine, prototype(machine.address("fma_all"))


def fma(x: Array, y: Array, z: Array) -> Array:
    """The exact product, plus z, rounded once."""
    x, y, z = (np.ascontiguousarray(a) for a in np.broadcast_arrays(x, y, z))
    out = np.empty_like(x)
    _, function = _code(x.dtype.itemsize)
    function(x.ctypes.data, y.ctypes.data, z.ctypes.data, out.ctypes.data, x.size)
    return out
