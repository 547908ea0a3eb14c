"""The fast way into a small call: machine code that takes the arguments as Python has them and gives the results back.

A program of one kernel gets a function `entry(args: tuple) -> results`, called with the GIL held. It looks at the
ndarrays themselves (see `objects`): if all are what the kernel was compiled for, and the work is little, it makes the
results through NumPy's C interface, runs the kernel and returns. In any other case, an index out of range included, it
returns None, and the call goes the general way. A whole call takes about 1 us.

`entry_code` writes that function. Addresses differ from process to process and the code is kept on disk, so it finds
them in a global variable: a list of words that `connect` fills in.
"""

import ctypes
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vtrace.backends import objects
from vtrace.backends.cost import is_bounded
from vtrace.backends.extents import Extents
from vtrace.backends.jit import Machine
from vtrace.backends.layout import Layout
from vtrace.backends.memory import POOLED_BYTES
from vtrace.backends.threads import WORTH_SHARING
from vtrace.ir.graph import Graph, Literal
from vtrace.ir.types import DTYPES, Symbol, short_name

Entry = Callable[[tuple[Any, ...]], Any]

ENTRY, WORDS = "vtrace_entry", "vtrace_entry_words"
"""The names of the function and of the variable."""
NDARRAY, NEW_ARRAY, NONE, INCREF, DECREF, NEW_TUPLE, LIMIT, FIRST_FREE = range(8)
"""Which word is what; the dtypes of the arguments follow, then the addresses of the constants."""
_NDARRAY_IN_TABLE, _PYARRAY_NEW = 2, 93
"""The places of PyArray_Type and PyArray_New in NumPy's table; they never change."""


@dataclass(frozen=True)
class Plan:
    """A program of one kernel, as its entry sees it."""

    program: Graph
    kernel: Graph
    layout: Layout
    symbols: tuple[Symbol, ...]
    """None, or the extent of the batch."""

    @property
    def constants(self) -> list[Literal]:
        """The operands of the kernel that are not arguments."""
        return [a for a in self.program.equations[0].inputs if isinstance(a, Literal)]


def plan(program: Graph, kernel: Graph, layout: Layout) -> Plan | None:
    """How `program` can be entered; None where it cannot be."""
    results = program.equations[0].outputs
    symbols = tuple(dict.fromkeys(d for v in program.inputs for d in v.type.shape if isinstance(d, Symbol)))
    shapes = [layout.extents, *(v.type.shape for v in results)]
    if (
        _numpy() is None
        or not is_bounded(kernel)  # it would keep the GIL for as long as it likes
        or len(program.equations) != 1
        or set(results) != set(program.outputs)
        or len(symbols) > 1
        or any(sum(isinstance(d, Symbol) for d in shape) > 1 for shape in shapes)
    ):
        return None
    return Plan(program, kernel, layout, symbols)


def connect(machine: Machine, plan: Plan, nanoseconds: float) -> Entry:
    """The entry in `machine`, ready to be called; `nanoseconds` is the estimated time for one step of the kernel."""
    table = _numpy()
    assert table is not None
    words = [id(np.ndarray), table[_PYARRAY_NEW], id(None), *map(_python, ("Py_IncRef", "Py_DecRef", "PyTuple_New"))]
    words.append(_limit(plan, nanoseconds))
    words += [id(DTYPES[short_name(v.type.dtype)]) for v in plan.program.inputs]
    constants = [c.data for c in plan.constants if c.data is not None]
    words += [objects.data_address(c) for c in constants]
    (ctypes.c_int64 * len(words)).from_address(machine.data(WORDS))[:] = words
    entry: Any = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(machine.address(ENTRY))
    entry.needs = (machine, constants)  # they live as long as anybody can call it
    return entry  # type: ignore[no-any-return]  # ctypes does not say what its functions are


def _limit(plan: Plan, nanoseconds: float) -> int:
    """The largest extent of the batch that is little work and little memory."""
    one = (1,) * len(plan.symbols)
    steps = Extents.of(plan.layout.extents, plan.symbols).count(one)
    limits = [WORTH_SHARING / max(steps * nanoseconds, 1e-9)]
    for atom in plan.program.outputs:
        size = Extents.of(atom.type.shape, plan.symbols).count(one) * atom.type.dtype.itemsize
        limits.append((POOLED_BYTES - 1) / max(size, 1))
    return int(min(limits))


def _python(name: str) -> int:
    address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
    assert address is not None
    return address


@functools.cache
def _numpy() -> Any:
    """NumPy's table of functions; None where this Python or NumPy is not as we know it."""
    if not objects.LAYOUT_IS_KNOWN:
        return None
    from numpy._core import multiarray  # where its C headers look for the table, too

    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
        ("PyCapsule_GetPointer", ctypes.pythonapi)
    )
    table = ctypes.cast(get(vars(multiarray)["_ARRAY_API"], None), ctypes.POINTER(ctypes.c_size_t))
    return table if table[_NDARRAY_IN_TABLE] == id(np.ndarray) else None
