"""The fast way into a small call: machine code that takes the arguments as Python has them and gives the results back.

A program of one kernel gets a built-in function of the tuple of arguments. It looks at the ndarrays themselves (see
`objects`): if all are what the kernel was compiled for, and the work is little, it makes the results through NumPy's C
interface, runs the kernel and returns. In any other case, an index out of range included, it returns None, and the call
goes the general way. A whole call takes about 1 us.

The code is the same for all programs (`entry.ll`). What a program's arguments and results are is written down in a list
of words, which the function has as its `self`.
"""

import ctypes
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from vtrace.backends import objects
from vtrace.backends.cost import is_bounded
from vtrace.backends.extents import Extents, symbols_in
from vtrace.backends.jit import Machine
from vtrace.backends.layout import Layout
from vtrace.backends.memory import POOLED_BYTES
from vtrace.backends.record import NO_FAULT, RECORD_LENGTH
from vtrace.backends.threads import WORTH_SHARING
from vtrace.ir.graph import Atom, Graph, Var
from vtrace.ir.types import DTYPES, ArrayType, Shape, Symbol, short_name

Entry = Callable[[tuple[Any, ...]], Any]

READY = 0x0101
"""NPY_ARRAY_C_CONTIGUOUS and NPY_ARRAY_ALIGNED."""
BATCH = -1
"""Stands for the extent of the batch."""
ADDRESS, WORD, RECORD, SIZE = range(4)
"""What a word of the kernel's block is."""
_NDARRAY_IN_TABLE, _PYARRAY_NEW = 2, 93
"""The places of PyArray_Type and PyArray_New in NumPy's table; they never change."""
_ONE_ARGUMENT = 8
"""METH_O."""


@dataclass(frozen=True)
class Plan:
    """A program of one kernel, as its entry sees it."""

    program: Graph
    kernel: Graph
    layout: Layout
    symbols: tuple[Symbol, ...]
    """None, or the extent of the batch."""


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
        or len(results) != len(program.outputs)
        or len(symbols) > 1
        or any(sum(isinstance(d, Symbol) for d in shape) > 1 for shape in shapes)
    ):
        return None
    return Plan(program, kernel, layout, symbols)


class _Words(np.ndarray[Any, Any]):
    """The words of a program's entry, and what must live as long as anybody can call it."""

    needs: Any = None


def connect(machine: Machine, address: int, plan: Plan, nanoseconds: float) -> Entry:
    """The entry to the kernel at `address` of `machine`; `nanoseconds` is the estimated time for one step of it."""
    table = _numpy()
    assert table is not None
    program = plan.program
    length = Extents.of(plan.layout.extents, plan.symbols)
    slots = list(_slots(plan))
    words = [id(np.ndarray), table[_PYARRAY_NEW], id(None), *map(_python, ("Py_IncRef", "Py_DecRef", "PyTuple_New"))]
    words += [_limit(plan, nanoseconds), address, len(program.inputs), len(program.outputs), len(slots)]
    words += [length.count((1,)), bool(length.holes)]
    for var in program.inputs:
        words += [id(DTYPES[short_name(var.type.dtype)]), *_shape(var.type)]
    for atom in program.outputs:
        words += [DTYPES[short_name(atom.type.dtype)].num, *_shape(atom.type)]
    words += [word for slot in slots for word in slot]
    self = np.array(words, np.int64).view(_Words)
    self.needs = (machine, program)
    new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    return new(("PyCFunction_NewEx", ctypes.pythonapi))(ctypes.addressof(_code().method), self, None)  # type: ignore[no-any-return]  # ctypes does not say what its functions give


def _shape(type_: ArrayType) -> list[int]:
    """Rank and extents."""
    return [type_.rank, *_extents(type_.shape)]


def _extents(shape: Shape) -> list[int]:
    return [BATCH if isinstance(d, Symbol) else d for d in shape]


def _slots(plan: Plan) -> Iterator[tuple[int, int]]:
    """The words of the kernel's block: addresses of arrays, then that of the record, then the extents."""
    arguments: dict[Atom, int] = {v: n for n, v in enumerate(plan.program.inputs)}
    results = {v: len(arguments) + n for n, v in enumerate(plan.program.outputs)}
    (equation,) = plan.program.equations
    for atom in equation.inputs:
        if isinstance(atom, Var):
            yield ADDRESS, arguments[atom]
        else:
            assert atom.data is not None, "a program that is compiled has the values of its constants"
            yield WORD, objects.data_address(atom.data)
    for result in equation.outputs:
        yield ADDRESS, results[result]
    yield RECORD, 0
    for _ in symbols_in(plan.kernel):
        yield SIZE, 0


class _Method(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


class _Code:
    """The machine code of all entries, and how Python sees it."""

    def __init__(self) -> None:
        template = Template(Path(__file__).with_suffix(".ll").read_text())
        names = ("DATA", "NDIM", "DIMENSIONS", "DESCR", "FLAGS", "TYPE", "LENGTH", "ITEMS")
        offsets = {name: getattr(objects, name) for name in names}
        text = template.substitute(offsets, READY=READY, RECORD_LENGTH=RECORD_LENGTH, NO_FAULT=NO_FAULT, NAMES="$NAMES")
        self.machine = Machine(text, lambda: text)
        self.method = _Method(b"entry", self.machine.address("vtrace_entry"), _ONE_ARGUMENT, None)


@functools.cache
def _code() -> _Code:
    """That of this process."""
    return _Code()


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
