"""Calls that run on a GPU: because `device="cuda"` was asked for, or because arguments lie there already."""

import functools
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from vtrace.api.call import Call
from vtrace.api.debugging import is_debugging
from vtrace.api.device_program import Warm
from vtrace.api.leaves import is_weak, ready_array
from vtrace.api.memory_views import as_pairs
from vtrace.api.program import Program
from vtrace.errors import ArgumentError, DeviceError, UnsupportedError
from vtrace.frontend.pytree import PyTreeSpec
from vtrace.ir.types import Array, ArrayType, type_of

CPU = "cpu"
_CUDA_DEVICE = 2
"""The number that DLPack has for the kind of device."""
_ORDINARY = (np.ndarray, int, float, bool, list)
_MOST_PROGRAMS = 4096
_OURS: set[type] = set()
"""The class of our arrays on GPUs, once it is loaded."""

ProgramOf = Callable[[list[ArrayType], Sequence[bool]], Program]
"""The program for arguments of these types, of which some are Python numbers."""


@functools.cache
def _cuda() -> Any:
    """The half of the backend that is for GPUs; nothing of CUDA is loaded before this."""
    from vtrace.backends import cuda

    _OURS.add(cuda.DeviceArray)
    return cuda


def check_device(what: str, device: Any) -> str | None:
    """`device` if it is one: None, "cpu", "cuda" or "cuda:1"; ArgumentError otherwise."""
    if device is None or device == CPU or (isinstance(device, str) and re.fullmatch(r"cuda(:\d+)?", device)):
        return device  # type: ignore[no-any-return]  # it was looked at
    raise ArgumentError(f"{what}: device must be None, 'cpu', 'cuda' or 'cuda:<number>', got {device!r}")


def lies_on_device(leaf: Any) -> bool:
    """Whether an argument is an array of any library that lies on a CUDA device."""
    if type(leaf) in _ORDINARY or type(leaf) in _OURS:
        return type(leaf) in _OURS
    if getattr(leaf, "__cuda_array_interface__", None) is not None:
        return True
    where = getattr(leaf, "__dlpack_device__", None)
    return where is not None and int(where()[0]) == _CUDA_DEVICE


def type_on_device(leaf: Any, what: str, name: Callable[[], str]) -> ArrayType:
    """The type of an array on a GPU."""
    return type_of(leaf if type(leaf) in _OURS else _cuda().find(leaf, what, name))


class DeviceCalls:
    """The calls of one function that run on a GPU.

    `device` is where the function was told to run, None if that is where its arguments lie.
    """

    def __init__(self, what: str, device: str | None) -> None:
        self._what = what
        self._asked = device
        self._number = int(device.partition(":")[2]) if device is not None and ":" in device else None
        self._programs: dict[tuple[Any, ...], Program] = {}
        self._warm: dict[tuple[Any, ...], Warm] = {}

    def again(self, args: tuple[Any, ...]) -> Any:
        """The results of a call like one before, where all arguments are arrays of ours on one GPU and its stream.

        None for any other call.
        """
        if not args or type(args[0]) not in _OURS:
            return None
        first = args[0]
        where = first.where
        stream = where.stream
        key = [where]
        for a in args:
            if type(a) not in _OURS or a.stream != stream or a.where is not where:
                return None
            key += (a.dtype, a.shape)
        warm = self._warm.get(tuple(key))
        if warm is None:
            return None
        with where:
            return warm(stream, args)

    def _remember(self, program: Program, where: Any, leaves: Sequence[Any]) -> None:
        """Serve calls like this one, whose arguments are arrays on one GPU, by `again`, if they can be."""
        if program.prints or program.has_complex or is_debugging() or program.on_device.has_constants:
            return
        if len(self._warm) >= _MOST_PROGRAMS:
            self._warm.clear()
        key = (where, *(part for a in leaves for part in (a.dtype, a.shape)))
        self._warm[key] = program.on_device.warm(where, leaves)

    def takes(self, leaves: Sequence[Any]) -> bool:
        """Whether a call with these arguments runs on a GPU."""
        if self._asked is None:
            return any(map(lies_on_device, leaves))
        return self._asked != CPU

    def clear(self) -> None:
        self._programs.clear()
        self._warm.clear()

    def refuse(self, option: str) -> None:
        """UnsupportedError for what only calls on the CPU can do."""
        raise UnsupportedError(f"{self._what}: {option} cannot be used on a GPU; leave it out, or use device='cpu'")

    def __call__(self, call: Call, program_of: ProgramOf) -> Any:
        """The results: arrays on the GPU if an argument lies there, NumPy arrays if all were NumPy's."""
        cuda = _cuda()
        leaves: list[Any] = []
        for position, leaf in enumerate(call.leaves):
            name = partial(_name, call, position)
            resides = lies_on_device(leaf)
            leaves.append(cuda.adopt(leaf, self._what, name) if resides else ready_array(leaf, self._what, name))
        plain = not call.kwargs and len(call.args) == len(leaves)
        if plain and self._warm and not is_debugging() and (results := self.again(tuple(leaves))) is not None:
            return results
        resident = [(n, a) for n, a in enumerate(leaves) if type(a) is not np.ndarray]
        where = cuda.gpu(self._place(call, leaves, resident))
        stream = where.stream  # those of others end when their libraries like
        weak = tuple(map(is_weak, call.leaves))
        program = self._program(call.spec, leaves, weak, program_of)
        with where:
            for _, array in resident:
                if array.stream != stream:
                    cuda.wait_for(stream, array.stream)
            results = self._run(program, where, stream, leaves, bool(resident))
            for _, array in resident:
                if array.stream != stream:  # whoever gives its memory back, or writes there, does so after our reads
                    cuda.wait_for(array.stream, stream)
            if plain and len(resident) == len(leaves):
                self._remember(program, where, leaves)
            return program.structured(results)

    def _run(self, program: Program, where: Any, stream: int, leaves: Sequence[Any], stay: bool) -> Sequence[Any]:
        """The results, on the GPU if they are to stay there."""
        results: Sequence[Any]
        if program.has_complex_arguments:
            leaves = list(map(as_pairs, leaves))
        if is_debugging() or program.prints:
            results = self._on_host(program, leaves)
        else:
            results = program.on_device.launch(where, stream, [_sent(a, where, stream) for a in leaves])
        return program.as_seen([_stays(r, where, stream) if stay else _fetched(r) for r in results])

    def _program(
        self, spec: PyTreeSpec, leaves: Sequence[Any], weak: tuple[bool, ...], program_of: ProgramOf
    ) -> Program:
        key = (spec, weak, *(part for a in leaves for part in (a.dtype, a.shape)))
        program = self._programs.get(key)
        if program is None:
            if len(self._programs) >= _MOST_PROGRAMS:
                self.clear()
            program = self._programs[key] = program_of(list(map(type_of, leaves)), weak)
        return program

    def _place(self, call: Call, leaves: Sequence[Any], resident: Sequence[tuple[int, Any]]) -> int:
        """The number of the GPU to run on; an error where arguments lie in different places."""
        if not resident:
            return self._number or 0
        first, number = resident[0][0], resident[0][1].where.number
        for n, array in resident:
            if array.where.number != number:
                raise DeviceError(self._differ(call, first, f"cuda:{number}", n, array.device))
        if self._number not in (None, number):
            raise DeviceError(
                f"{self._what}: argument {call.names()[first]!r} lies on cuda:{number}, and device={self._asked!r}; "
                "copy it there first"
            )
        if self._asked is None:
            for n, leaf in enumerate(leaves):
                if type(leaf) is np.ndarray and leaf.ndim:
                    raise DeviceError(self._differ(call, first, f"cuda:{number}", n, "the CPU"))
        return int(number)

    def _differ(self, call: Call, first: int, there: str, second: int, here: str) -> str:
        names = call.names()
        return (
            f"{self._what}: argument {names[first]!r} lies on {there}, argument {names[second]!r} on {here}; copy one "
            "of them first (device='cuda' copies NumPy arrays to the GPU)"
        )

    @staticmethod
    def _on_host(program: Program, leaves: Sequence[Any]) -> Sequence[Array]:
        """The results by the interpreter, as debugging asks for it: on the CPU."""
        return program.leaves(list(map(_fetched, leaves)))


def _name(call: Call, position: int) -> str:
    return call.names()[position]


def _sent(array: Any, where: Any, stream: int) -> Any:
    """An argument, on the GPU."""
    return _cuda().DeviceArray.argument(array, where, stream) if type(array) is np.ndarray else array


def _stays(array: Any, where: Any, stream: int) -> Any:
    """A result, on the GPU: memory of its own, which others may write to."""
    return _cuda().DeviceArray.copy_of(array, where, stream) if type(array) is np.ndarray else array


def _fetched(array: Any) -> Array:
    fetched: Array = array if type(array) is np.ndarray else array.get()
    return fetched
