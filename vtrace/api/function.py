"""The callable that `vmap` and `jit` return."""

import functools
import sys
from collections.abc import Callable, Sequence
from inspect import signature as signature_of
from threading import RLock
from types import MethodType
from typing import Any, Generic, ParamSpec, TypeVar, overload

import numpy as np

from vtrace.api.call import Call
from vtrace.api.capture import capture
from vtrace.api.chunks import is_divided, run_chunks
from vtrace.api.debugging import is_debugging
from vtrace.api.device import DeviceCalls, lies_on_device, type_on_device
from vtrace.api.fast_path import FastPath
from vtrace.api.forecast import MemoryForecast, batch_extent, forecast
from vtrace.api.inspection import Inspection
from vtrace.api.leaves import is_weak, ready_array
from vtrace.api.nested import arrays_for_tracing, call_inline
from vtrace.api.out import apart_from, check_out, new_arrays
from vtrace.api.program import Program
from vtrace.api.signature import Mapping, Signature, Signatures
from vtrace.errors import ArgumentError
from vtrace.frontend.pytree import Tree, unflatten
from vtrace.frontend.trace import Frame, current_frame
from vtrace.frontend.tracer import Tracer
from vtrace.ir.parser import parse_type
from vtrace.ir.types import Array, ArrayType, type_of

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class Function(Generic[P, R_co]):
    """A function that is traced, batched if it comes from `vmap`, compiled when first called, and then run as a kernel.

    One compilation serves every batch size: it depends on the structure of the arguments, and on the dtype and shape
    of one example of each. Arrays that the function closes over are constants of the compiled program, so changing them
    later has no effect.
    """

    def __init__(self, function: Callable[P, R_co], mapping: Mapping | None, device: str | None = None) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._mapping = mapping
        self._chunk = None if mapping is None else mapping.chunk_size
        self._what = f"{'jit' if mapping is None else 'vmap'} of {_name(function)}"
        self._device = device
        self._on_device = DeviceCalls(self._what, device)
        self._lock = RLock()
        self._fast = FastPath(any_size=mapping is None or mapping.axis_size is None)
        self._programs: dict[Signature, Program] = {}
        self._signatures = Signatures(self._what, mapping)

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: Any, out: Any, **kwargs: Any) -> R_co: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        frame = current_frame()
        if frame is not None:
            return self._call_traced(frame, args, kwargs)
        if kwargs and "out" in kwargs and self._takes_out:
            return self._call_into(args, kwargs)
        if not kwargs and not is_debugging():
            results = self._fast.entry(args)
            if results is not None:
                return results
            program = self._fast.find_plain(args)
            if program is not None:
                return program(args)
            results = self._on_device.again(args)
            if results is not None:
                return results
        return self._call(args, kwargs)

    def inspect(self, *args: Any, **kwargs: Any) -> Inspection:
        """Every stage of this function for arguments like these: arrays, or types such as `"f64[b,3]"`."""
        call = Call(self._function, args, kwargs)

        def type_at(position: int, leaf: Any) -> ArrayType:
            if isinstance(leaf, ArrayType):
                return leaf
            if isinstance(leaf, str):
                return parse_type(leaf)
            if lies_on_device(leaf):
                return type_on_device(leaf, self._what, lambda: call.names()[position])
            return type_of(ready_array(leaf, self._what, lambda: call.names()[position]))

        types = [type_at(position, leaf) for position, leaf in enumerate(call.leaves)]
        signature = self._signatures.of(call, types, list(map(is_weak, call.leaves)))
        title = f"{self._what}({', '.join(f'{n}: {t}' for n, t in zip(call.names(), types, strict=True))})"
        program = self._program(call, signature)

        def memory() -> MemoryForecast:
            size = batch_extent(self._what, types, signature)
            return forecast(program, signature, types, _copied(call.leaves), size, self._chunk)

        return Inspection(program, title, memory, self._device)

    @property
    def compilations(self) -> int:
        """How many programs have been compiled for this function."""
        with self._lock:
            return sum(p.is_compiled for p in self._programs.values())

    def cache_clear(self) -> None:
        """Forget every compiled program."""
        with self._lock:
            self._programs.clear()
            self._fast.clear()
            self._on_device.clear()

    def _call(self, args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> Any:
        """A call on arrays, whatever their structure."""
        call = Call(self._function, args, kwargs)
        if self._on_device.takes(call.leaves):
            return self._call_on_device(call)
        arrays = [self._array(call, position, leaf) for position, leaf in enumerate(call.leaves)]
        weak = tuple(map(is_weak, call.leaves))
        program = self._fast.find(call.spec, weak, arrays)
        if program is None:
            signature = self._signatures.of(call, list(map(type_of, arrays)), weak)
            program = self._program(call, signature)
            if is_divided(signature, arrays, self._chunk):
                return self._run_into(program, signature, arrays, new_arrays(program, signature, arrays))
            results = program(arrays)
            if self._chunk is None:
                self._fast.remember(args, call.spec, weak, arrays, program)
            return results
        return program(arrays)

    def _call_on_device(self, call: Call) -> Any:
        """A call that runs on a GPU."""
        if self._chunk is not None:
            self._on_device.refuse("chunk_size")

        def program_of(types: list[ArrayType], weak: Sequence[bool]) -> Program:
            return self._program(call, self._signatures.of(call, types, weak))

        return self._on_device(call, program_of)

    def _call_into(self, args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> Any:
        """A call whose results go into the arrays that the caller gives."""
        out = kwargs.pop("out")
        call = Call(self._function, args, kwargs)
        if self._on_device.takes(call.leaves):
            self._on_device.refuse("out=")
        arrays = [self._array(call, position, leaf) for position, leaf in enumerate(call.leaves)]
        signature = self._signatures.of(call, list(map(type_of, arrays)), tuple(map(is_weak, call.leaves)))
        program = self._program(call, signature)
        targets = check_out(out, program, signature, arrays, self._what)
        apart = apart_from(arrays, targets)
        self._run_into(program, signature, arrays, apart)
        for target, computed in zip(targets, apart, strict=True):
            if target is not computed:
                np.copyto(target, computed)
        return out

    def _run_into(
        self, program: Program, signature: Signature, arrays: Sequence[Array], targets: Sequence[Array]
    ) -> Any:
        """Compute the results in `targets`, chunk by chunk if so asked."""
        mapping = self._mapping
        if mapping is None or self._chunk is None or not is_divided(signature, arrays, self._chunk):
            program.write(arrays, targets)
        else:
            title = self._what if mapping.progress else None
            run_chunks(program, signature, arrays, targets, self._chunk, title)
        return program.structured(targets)

    @functools.cached_property
    def _takes_out(self) -> bool:
        """Whether `out=` is ours: the function has no parameter of that name, or NumPy's, which means the same."""
        if str(getattr(self._function, "__module__", "")).partition(".")[0] == "numpy":
            return True
        try:
            return "out" not in signature_of(self._function).parameters
        except (ValueError, TypeError):  # a function written in C may have no signature
            return True

    def _array(self, call: Call, position: int, leaf: Any) -> Array:
        if isinstance(leaf, Tracer):
            Frame(None).capture(leaf)  # no trace is under way, so this raises the error of an escaped tracer
        return ready_array(leaf, self._what, lambda: call.names()[position])

    def _call_traced(self, frame: Frame, args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> Any:
        """A call inside a function that is being traced."""
        if "out" in kwargs and self._takes_out:
            raise ArgumentError(f"{self._what}: out= has no meaning inside a traced function; use what is returned")
        call = Call(self._function, args, kwargs)
        if self._mapping is not None:
            return call_inline(frame, call, self._what, self._mapping, self._signatures)
        args, kwargs = unflatten(call.spec, arrays_for_tracing(call, self._what))
        return self._function(*args, **kwargs)

    def _program(self, call: Call, signature: Signature) -> Program:
        program = self._programs.get(signature)
        if program is not None:
            return program
        with self._lock:
            program = self._programs.get(signature)
            if program is None:
                out_axes = None if self._mapping is None else self._mapping.out_axes
                program = Program(
                    capture(self._function, self._what, signature, call.names(), out_axes), signature, self._what
                )
                self._programs[signature] = program
        return program

    @overload
    def __get__(self, instance: None, owner: type) -> "Function[P, R_co]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> MethodType: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        """As a method it gets its instance, as a plain function does."""
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> Any:
        """A decorated function is pickled by its name, any other through the function it wraps."""
        found: Any = sys.modules.get(getattr(self, "__module__", ""))
        name: str = getattr(self, "__qualname__", "")
        for part in name.split("."):
            found = getattr(found, part, None)
        return name if found is self else (Function, (self._function, self._mapping, self._device))

    def __repr__(self) -> str:
        return f"<vtrace {self._what}>"


def _copied(leaves: Sequence[Any]) -> int:
    """How many bytes of arrays a call copies before anything is computed."""
    arrays = ((leaf, ready_array(leaf, "", str)) for leaf in leaves if isinstance(leaf, np.ndarray))
    return sum(ready.nbytes for leaf, ready in arrays if ready is not leaf)


def _name(function: Callable[..., Any]) -> str:
    inner: Any = function.func if isinstance(function, functools.partial) else function
    return str(getattr(inner, "__name__", type(inner).__name__))
